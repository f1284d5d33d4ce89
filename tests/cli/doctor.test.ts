import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sfd, temporaryFolder } from '../daemon/harness.ts'

interface Diagnosis {
  readonly check: string
  readonly status: string
  readonly message: string
  readonly fix: string | null
}

function diagnoses(stdout: string): Diagnosis[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Diagnosis)
}

test('doctor says for each source how it will be followed, and fails for one that is not there', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'tree/a/b'), { recursive: true })
  const missing = join(folder, 'missing')
  const { code, stdout } = await sfd(['doctor', join(folder, 'tree'), '/proc', missing, '--state', folder, '--json'])
  const found = diagnoses(stdout)
  const of = (check: string): Diagnosis | undefined => found.find((each) => each.check === check)
  assert.match(of(join(folder, 'tree'))?.message ?? '', /3 directories/)
  assert.match(of('/proc')?.message ?? '', /polled/)
  assert.equal(of(missing)?.status, 'fail')
  assert.equal(code, 1)
})

test('doctor warns of a state folder that others may read, with the command that closes it', async (t) => {
  const folder = temporaryFolder(t)
  const state = join(folder, 'state of mine')
  mkdirSync(state, { mode: 0o755 })
  const { stdout } = await sfd(['doctor', '--state', state, '--min-free', '0', '--json'])
  const found = diagnoses(stdout).find(({ check }) => check === 'state folder')
  if (found?.message.includes('tmpfs')) return t.skip('the temporary folder is a tmpfs: it warns of that first')
  assert.equal(found?.status, 'warn')
  assert.equal(found?.fix, `chmod 700 '${state}'`)
})

test('doctor fails where less is free than has to stay free', async (t) => {
  const folder = temporaryFolder(t)
  const state = join(folder, 'state')
  mkdirSync(state, { mode: 0o700 })
  const { code, stdout } = await sfd(['doctor', '--state', state, '--min-free', '99.9', '--json'])
  const found = diagnoses(stdout).find(({ check }) => check === 'state folder')
  if (found?.message.includes('tmpfs')) return t.skip('the temporary folder is a tmpfs: it warns of that first')
  assert.equal(found?.status, 'fail')
  assert.equal(code, 1)
})

test('the unit is one that systemd takes and calls well protected', async (t) => {
  if (!existsSync('/usr/bin/systemd-analyze')) return t.skip('systemd-analyze is not installed')
  const { code, stdout } = await sfd(['install-service', '--print', '--state', '/var/lib/a b%c'])
  assert.equal(code, 0)
  assert.match(stdout, /^ReadWritePaths="\/var\/lib\/a b%%c"$/m)
  const unit = join(temporaryFolder(t), 'system-foundry.service')
  writeFileSync(unit, stdout)
  const args = ['security', '--offline=yes', '--no-pager', '--threshold=40', unit]
  assert.match(execFileSync('systemd-analyze', args, { encoding: 'utf8' }), /exposure level for system-foundry/)
})
