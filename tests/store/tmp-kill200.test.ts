/** kill -9 at random moments of a running update: old or new, and nothing that anybody saw is undone. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { toHex } from '../../src/base/bytes.ts'
import { FoundryError } from '../../src/base/errors.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { pastCommits } from '../../src/store/history.ts'
import { type Chance, chanceOf } from '../fold/chance.ts'
import { fold, isLong, type Lab, makeLab } from '../fold/lab.ts'
import { assertWitnessed, witness } from '../fold/witness.ts'
import { readDeep } from './deep-read.ts'

const killCount = 200
/** Every so many kills the brick is begun anew, so that first folds are killed too. */
const lifeKills = 5
const looksMax = 500

/** Commit ids that a reader saw, by generation. */
type Seen = Map<number, string>

test('whenever a writer is killed the brick is old or new', async (t) => {
  const lab = makeLab(t)
  const seed = Number(process.env['SFD_TEST_SEED'] ?? Date.now())
  t.diagnostic(`SFD_TEST_SEED=${seed}`)
  const chance = chanceOf(seed)
  let seen: Seen = new Map()
  for (let kill = 0; kill < killCount; kill++) {
    if (kill % lifeKills === 0) {
      fs.rmSync(lab.brick, { force: true })
      seen = new Map()
    }
    await updateUntilKilled(t, lab, { chance, seen, first: kill % lifeKills === 0 })
    assertNothingUndone(lab, seen)
    if (!witness.skip && kill % lifeKills === lifeKills - 1) await assertWitnessed(lab.brick, { overviews: 'presence' })
  }
  const { generation } = await fold(lab)
  assert.ok(generation > Math.max(...seen.keys()))
  assertNothingUndone(lab, seen)
  const left = fs.readdirSync(lab.folder).filter((name) => name.endsWith('.brick'))
  assert.deepEqual(left, ['x.brick'], 'nothing else looks like a brick')
})

/** A reader looks all the time; after a random number of looks the writer dies, of first folds often before they end. */
async function updateUntilKilled(
  t: TestContext,
  lab: Lab,
  { chance, seen, first }: { chance: Chance; seen: Seen; first: boolean },
): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'updater-child.ts'), lab.source, lab.brick], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Starting it is most of the time: nothing is compiled twice.
    env: { ...process.env, NODE_COMPILE_CACHE: join(lab.folder, 'compiled') },
  })
  t.after(() => child.kill('SIGKILL'))
  const told: string[] = []
  child.stdout.on('data', (text) => told.push(String(text)))
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const begins = () => fs.readdirSync(lab.folder).some((name) => name.startsWith('x.brick.'))
  while (child.exitCode === null && told.length === 0 && !(first && begins())) await sleep(1)
  for (let looks = chance.below(looksMax); looks > 0 && child.exitCode === null; looks--) {
    look(lab, seen)
    await turn()
  }
  assert.equal(child.exitCode, null, 'the writer ended by itself')
  child.kill('SIGKILL')
  await ended
  const last = Number(told.join('').trim().split('\n').at(-1))
  const newest = look(lab, seen)
  assert.ok(last <= newest, `generation ${last} was told, ${newest} is there`)
}

/** What a reader sees now; 0 where there is no brick yet. */
function look(lab: Lab, seen: Seen): number {
  try {
    const file = BrickFile.open(Buffer.from(lab.brick))
    try {
      const { record } = file.readHeadOnce()
      seen.set(record.generation, toHex(record.id))
      return record.generation
    } finally {
      file.close()
    }
  } catch (error) {
    // Both slots torn at once: a reader looks again.
    if (error instanceof FoundryError && (error.code === 'BRICK_MISSING' || error.code === 'BRICK_DAMAGED')) return 0
    throw error
  }
}

function assertNothingUndone(lab: Lab, seen: Seen): void {
  if (seen.size === 0) return
  const file = BrickFile.open(Buffer.from(lab.brick))
  try {
    const head = file.readHeadOnce()
    readDeep(file, head)
    const view = new BrickView(file, head)
    const kept = new Map([[head.record.generation, toHex(head.record.id)]])
    for (const { generation, id } of pastCommits(view)) kept.set(generation, toHex(id))
    const oldest = Math.min(...kept.keys())
    for (const [generation, id] of seen) {
      assert.ok(generation <= head.record.generation, `generation ${generation} was seen and is gone`)
      if (generation >= oldest) assert.equal(kept.get(generation), id, `generation ${generation} is another one now`)
    }
  } finally {
    file.close()
  }
}
