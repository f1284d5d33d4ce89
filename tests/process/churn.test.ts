/** A process that changes all the time while it is folded: each commit is whole, and says of every mapping what it has. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fold, isLong } from '../fold/lab.ts'
import { assertWitnessed, witness } from '../fold/witness.ts'
import { bytesOfMappings } from './brick.ts'
import { compiled, start, withCompiler } from './subject.ts'

const folds = isLong ? 30 : 2

test(
  'a process that maps and unmaps all the time is folded again and again into a sound brick',
  withCompiler,
  async (t) => {
    const child = start(t, compiled('churn'), [])
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    const folder = mkdtempSync(join(tmpdir(), 'sfd-process-churn-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const brick = join(folder, 'x.brick')
    for (let i = 0; i < folds; i++) {
      const { generation } = await fold({ source: `proc:${child.pid}`, brick })
      assert.equal(generation, i + 1)
      const mappings = bytesOfMappings(t, brick)
      assert.ok(mappings.length > 20, `${mappings.length} mappings`)
      for (const { pages, unreadable, start: first, end } of mappings) {
        assert.ok(unreadable === undefined || pages.size === 0)
        for (const [address] of pages) assert.ok(first <= address && address < end)
      }
    }
    if (witness.skip === false) await assertWitnessed(brick, { overviews: 'presence' })
    assert.equal(child.exitCode, null, 'the program was not hurt')
  },
)
