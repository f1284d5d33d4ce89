/**
 * Power cuts at every step of commits and of recoveries: whatever part of the unsynced writes reached the disk, the brick
 * opens at a commit whose bytes all check, at least as new as the last one that anybody was told of.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BrickWriter } from '../../src/store/brick-writer.ts'
import { type Chance, chanceOf, seedsOf } from '../fold/chance.ts'
import { patternOf } from '../fold/hostile-tree.ts'
import { isLong, type Lab, makeLab, random, Session } from '../fold/lab.ts'
import { readDeep } from './deep-read.ts'
import { afterCut, applied, type CutKind, type DiskStep, record } from './disk-recorder.ts'

const seedCount = isLong ? 2_000 : 200
const memoryFolder = fs.existsSync('/dev/shm') ? '/dev/shm' : undefined

interface History {
  /** The file after its first commit. */
  readonly disk: Uint8Array
  readonly steps: readonly DiskStep[]
  /** How many steps had been done when each generation was told, from 2 on. */
  readonly toldAfter: readonly number[]
}

/** Five commits of a growing and changing tree, the last ones over a reopened brick. */
async function recordHistory(lab: Lab, session: Session): Promise<History> {
  await session.reconcileAll()
  const disk = Uint8Array.from(fs.readFileSync(lab.brick))
  const steps: DiskStep[] = []
  const toldAfter: number[] = []
  for (let generation = 2; generation <= 6; generation++) {
    fs.writeFileSync(join(lab.source, `${generation % 3}`), patternOf(generation, generation * 17_000))
    if (generation === 5) steps.push(...(await record(lab.brick, () => session.reopen())))
    steps.push(...(await record(lab.brick, async () => void (await session.reconcileAll()))))
    toldAfter.push(steps.length)
  }
  return { disk, steps, toldAfter }
}

/** Opens for writing; the generation and what the opening did to the disk. */
async function open(path: string, image: Uint8Array): Promise<{ generation: number; steps: DiskStep[] }> {
  fs.writeFileSync(path, image)
  let generation = 0
  const steps = await record(path, () => {
    const { writer, recovery } = BrickWriter.open(Buffer.from(path), random)
    generation = recovery.head.record.generation
    readDeep(writer.file, recovery.head)
    writer.close()
  })
  return { generation, steps }
}

/** A cut while the brick is written, then some while it is recovered, then a recovery to the end. */
async function cutAgainAndAgain(path: string, history: History, chance: Chance): Promise<void> {
  const kind = chance.pick<CutKind>(['sectors', 'blocks'])
  const count = chance.below(history.steps.length + 1)
  const told = 1 + history.toldAfter.filter((steps) => steps <= count).length
  const image = afterCut(history.disk, history.steps, { count, kind, chance })
  let { generation, steps } = await open(path, image)
  assert.ok(
    generation >= told && generation <= told + 1,
    `generation ${generation} after ${told} was told, step ${count}`,
  )
  let before = image
  for (let cut = 0; cut < 2; cut++) {
    const again = afterCut(before, steps, { count: chance.below(steps.length + 1), kind, chance })
    const next = await open(path, again)
    assert.ok(
      next.generation >= told && next.generation <= generation,
      `recovered ${generation}, then ${next.generation}`,
    )
    before = again
    ;({ generation, steps } = next)
  }
  const end = await open(path, applied(before, steps))
  assert.equal(end.generation, generation, 'what a recovery told is there afterwards')
}

test('a power cut at any moment leaves the old commit or the new one', async (t) => {
  const lab = makeLab(t, memoryFolder)
  const history = await recordHistory(lab, new Session(t, lab))
  assert.ok(history.steps.filter(({ kind }) => kind === 'barrier').length >= 10, 'two barriers a commit')
  const path = join(lab.folder, 'cut.brick')
  for (const seed of seedsOf(seedCount)) {
    try {
      await cutAgainAndAgain(path, history, chanceOf(seed))
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
})

test('no byte below the end of a commit is ever written again, but for the slots', async (t) => {
  const lab = makeLab(t)
  const { disk, steps, toldAfter } = await recordHistory(lab, new Session(t, lab))
  let end = disk.length
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'write')
      assert.ok(step.offset >= end || step.offset + step.bytes.length <= 16_384, `step ${index}`)
    if (step.kind === 'truncate') assert.ok(step.size >= end)
    if (toldAfter.includes(index + 1)) end = applied(disk, steps.slice(0, index + 1)).length
  }
})

test('between the frames and the slot, and after the slot, there is a barrier', async (t) => {
  const lab = makeLab(t)
  const { steps } = await recordHistory(lab, new Session(t, lab))
  for (const [index, step] of steps.entries()) {
    if (step.kind !== 'write' || step.offset >= 16_384) continue
    assert.equal(steps[index - 1]?.kind, 'barrier', `before step ${index}`)
    assert.equal(steps[index + 1]?.kind, 'barrier', `after step ${index}`)
  }
})
