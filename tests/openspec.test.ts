/** The change in openspec/ is valid for the real tool, and its folders are what the tool expects. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')

test('openspec validate --all --strict finds the change and nothing wrong with it', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'sfd-openspec-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const tool = join(root, 'node_modules/@fission-ai/openspec/bin/openspec.js')
  const args = ['validate', '--all', '--strict', '--json', '--no-interactive']
  const env = { PATH: process.env['PATH'], HOME: home, OPENSPEC_TELEMETRY: '0', DO_NOT_TRACK: '1', CI: 'true' }
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, ...args], { cwd: root, env, encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
  const { items } = JSON.parse(stdout) as { items: { id: string; type: string; valid: boolean; issues: unknown[] }[] }
  const change = items.find(({ id }) => id === 'add-system-foundry-daemon')
  assert.deepEqual([change?.type, change?.valid, change?.issues], ['change', true, []])
  assert.ok(items.every(({ valid }) => valid))
})
