/** kill -9 at random moments of compactions: every commit that anybody saw is there, and one writer at a time. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { FoundryError } from '../../src/base/errors.ts'
import { BrickWriter } from '../../src/store/brick-writer.ts'
import { type Chance, chanceOf } from '../fold/chance.ts'
import { fold, isLong, type Lab, makeLab, random } from '../fold/lab.ts'
import { statesOf, withFile } from './states.ts'

const killCount = isLong ? 60 : 8
const looksMax = 400

test('whenever a compaction is killed the brick is the old file or the new one', async (t) => {
  const lab = makeLab(t)
  const seed = Number(process.env['SFD_TEST_SEED'] ?? Date.now())
  t.diagnostic(`SFD_TEST_SEED=${seed}`)
  const chance = chanceOf(seed)
  let newest = 0
  for (let kill = 0; kill < killCount; kill++) {
    const told = await compactUntilKilled(t, lab, chance)
    BrickWriter.open(Buffer.from(lab.brick), random).writer.close()
    const states = statesOf(lab.brick)
    const last = states.at(-1)?.generation ?? 0
    assert.ok(last >= told && last >= newest, `generation ${told} was told, ${last} is there`)
    for (const [index, { parentId, generation }] of states.entries()) {
      const before = states[index - 1]
      if (before?.generation === generation - 1) assert.equal(before.id, parentId)
    }
    assert.deepEqual(
      fs.readdirSync(lab.folder).filter((name) => name.includes('.partial')),
      [],
    )
    newest = last
  }
  assert.ok((await fold(lab)).generation > newest)
})

/** Readers look all the time, and never see an older state than before. Gives the last generation that was told. */
async function compactUntilKilled(t: TestContext, lab: Lab, chance: Chance): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'compactor-child.ts'), lab.source, lab.brick], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(lab.folder, 'compiled') },
  })
  t.after(() => child.kill('SIGKILL'))
  const told: string[] = []
  child.stdout.on('data', (text) => told.push(String(text)))
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const begun = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
  await Promise.race([begun, ended])
  let seen = 0
  for (let looks = chance.below(looksMax); looks > 0 && child.exitCode === null; looks--) {
    const now = look(lab) ?? seen
    assert.ok(now >= seen, `generation ${seen} was seen, then ${now}`)
    seen = now
    await turn()
  }
  assert.equal(child.exitCode, null, 'the writer ended by itself')
  child.kill('SIGKILL')
  await ended
  return Math.max(seen, Number(told.join('').trim().split('\n').at(-1)))
}

function look(lab: Lab): number | undefined {
  try {
    return withFile(lab.brick, (file) => file.readHeadOnce().record.generation)
  } catch (error) {
    // Both slots torn at once: a reader looks again.
    if (error instanceof FoundryError && error.code === 'BRICK_DAMAGED') return undefined
    throw error
  }
}
