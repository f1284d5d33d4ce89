/**
 * Bricks that somebody damaged, by chance or with care: opening them, reading all that they hold and even opening them for
 * writing ends in an answer or in a named error, in bounded time and memory.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { FoundryError } from '../../src/base/errors.ts'
import { FrameType, parseFrameHeader } from '../../src/brick/frame.ts'
import { frameBytes, frameHeaderBytes, headBytes } from '../../src/brick/pointer.ts'
import { openBrick } from '../../src/fold/open-brick.ts'
import { allRegions, regionsAt } from '../../src/read/regions.ts'
import { BrickFile, type Head } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { pastCommits } from '../../src/store/history.ts'
import { nodeTools } from '../../src/store/node-tools.ts'
import { type Chance, chanceOf, seedsOf } from '../fold/chance.ts'
import { makeHostileTree, patternOf } from '../fold/hostile-tree.ts'
import { fold, isLong, type Lab, makeLab, random, Session } from '../fold/lab.ts'
import { verdictOf, witness } from '../fold/witness.ts'
import { BrickSurgeon, operations } from './brick-surgeon.ts'
import { readDeep } from './deep-read.ts'

const caseCount = isLong ? 10_000 : 500
const flipCount = isLong ? 1_000 : 150
const witnessedFlips = isLong ? 40 : 6
const memoryFolder = fs.existsSync('/dev/shm') ? '/dev/shm' : undefined
/** Far above what reading a small brick takes, far below what a hostile one may claim. */
const residentBytesMax = 1.5 * 2 ** 30

type Shape = 'empty' | 'small' | 'tall' | 'many' | 'meaning'

/** Bricks of a few shapes, two commits each. */
async function images(t: TestContext, shapes: readonly Shape[]): Promise<Map<Shape, Buffer>> {
  const made = new Map<Shape, Buffer>()
  for (const shape of shapes) {
    const lab = makeLab(t, memoryFolder)
    if (shape === 'small') makeHostileTree(lab.source, { sizes: 'small', isRoot: false })
    if (shape === 'tall') fs.writeFileSync(join(lab.source, 'large'), patternOf(1, 70_000))
    if (shape === 'tall') fs.truncateSync(join(lab.source, 'large'), 20 * 2 ** 20)
    if (shape === 'many') for (let i = 0; i < 900; i++) fs.writeFileSync(join(lab.source, `file-${i}`), `${i}`)
    if (shape === 'meaning') await foldWithRegions(t, lab)
    else await fold(lab)
    fs.writeFileSync(join(lab.source, 'second'), 'second')
    await fold(lab)
    made.set(shape, fs.readFileSync(lab.brick))
  }
  return made
}

/** Enough regions for index pages, and records in frames of their own. */
async function foldWithRegions(t: TestContext, lab: Lab): Promise<void> {
  fs.writeFileSync(join(lab.source, 'text'), patternOf(1, 90_000))
  const regions = Array.from({ length: 700 }, (_, i) => ({
    ...{ offset: 100 * i, length: i % 50 === 0 ? 10_000 : 99, layer: i % 3, class: 'line', name: `line ${i}` },
    ...(i % 90 === 0 && { attributes: { text: 'x'.repeat(3_000) } }),
    ...(i % 70 === 0 && {
      finding: { severity: 'low', rule: 'r', evidence: ['because'], origin: 'rule', confidence: 0.5 } as const,
    }),
  }))
  const session = new Session(t, lab)
  const { lister } = session
  await session.reconcileAll({
    artifact: { lister, reader: 'files', regions: () => [{ path: utf8('text'), regions }] },
  })
  session.close()
}

/** Damage without knowledge. */
function damaged(image: Buffer, chance: Chance): Buffer {
  let result = Buffer.from(image)
  for (let changes = 1 + chance.below(3); changes > 0; changes--) {
    const at = chance.below(result.length)
    const how = chance.below(7)
    if (how === 0) result[at] = (result[at] as number) ^ (1 << chance.below(8))
    else if (how === 1) result.set(chance.bytes(Math.min(1 + chance.below(64), result.length - at)), at)
    else if (how === 2) result.fill(chance.pick([0, 0xff]), at, Math.min(result.length, at + chance.below(5000)))
    else if (how === 3) result = result.subarray(0, at)
    else if (how === 4) result = Buffer.concat([result, chance.bytes(chance.below(5000))])
    else if (how === 5) result.copyWithin(at, chance.below(result.length), chance.below(result.length))
    else result.copyWithin(chance.below(Math.min(headBytes, result.length)), 0, headBytes)
    if (result.length === 0) break
  }
  return result
}

/** True where the action gave an answer, false where it failed by name; anything else is thrown on. */
function answers(action: () => unknown): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (error instanceof FoundryError) return false
    throw error
  }
}

/** Everything that a reader may ask, each on its own: one refusal does not hide the next question. */
function readEverything(path: string, chance: Chance): void {
  let file: BrickFile | undefined
  let head: Head | undefined
  answers(() => {
    file = BrickFile.open(Buffer.from(path))
    head = file.readHeadOnce()
  })
  if (file === undefined) return
  const opened = file
  try {
    answers(() => opened.readSlots())
    if (head === undefined) return
    const view = new BrickView(opened, head)
    answers(() => readDeep(opened, head as Head))
    answers(() => view.meta)
    answers(() => view.extras)
    answers(() => view.rootHashes())
    const tiles = [0, 1, 255, 256, view.tileCount - 1, view.tileCount, 2 ** 31 - 1, chance.below(2 ** 31)]
    for (const tile of tiles) if (tile >= 0) answers(() => [view.tile(tile), view.tileHash(tile)])
    for (let level = 2; level <= 18; level += 2)
      for (const index of [0, 15, chance.below(2 ** 31)]) answers(() => view.locatePage(level, index))
    answers(() => readEntries(view))
    answers(() => [...view.slots({ start: 0, length: view.record.length })])
    answers(() => [...allRegions(view)])
    answers(() => regionsAt(view, chance.below(2 ** 31), 8))
    answers(() => view.slotAt(chance.below(2 ** 31)))
    answers(() => [...pastCommits(view)].map(({ commit }) => opened.commit(commit, view.record)))
  } finally {
    opened.close()
  }
}

/** All of them, and some with a look-up of their own and their bytes. */
function readEntries(view: BrickView): void {
  let count = 0
  for (const entry of view.entries()) {
    if (count++ % 40 !== 0) continue
    answers(() => view.entry(entry.path))
    if (entry.slot !== undefined)
      answers(() => view.bytes({ start: entry.slot?.start ?? 0, length: Math.min(entry.size, 200_000) }))
  }
}

/** As a writer opens it: recovery, the model of all entries, the directory's root. */
function openForWriting(path: string): void {
  answers(() => {
    const { writer } = openBrick(Buffer.from(path), random)
    writer.close()
  })
}

function check(path: string, image: Uint8Array, chance: Chance): void {
  fs.writeFileSync(path, image)
  readEverything(path, chance)
  if (chance.happens(30)) openForWriting(path)
}

test('bricks damaged by chance', async (t) => {
  const lab = makeLab(t, memoryFolder)
  const made = await images(t, ['empty', 'small', 'tall', 'many', 'meaning'])
  const path = join(lab.folder, 'fuzz.brick')
  for (const seed of seedsOf(caseCount / 2)) {
    const chance = chanceOf(seed)
    try {
      check(path, damaged(chance.pick([...made.values()]), chance), chance)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
  assert.ok(process.resourceUsage().maxRSS * 1024 < residentBytesMax)
})

test('bricks changed with care: every crc and hash around the change is right', async (t) => {
  const lab = makeLab(t, memoryFolder)
  const made = await images(t, ['small', 'tall', 'many', 'meaning'])
  const path = join(lab.folder, 'fuzz.brick')
  let accepted = 0
  for (const seed of seedsOf(caseCount / 2)) {
    const chance = chanceOf(seed)
    const operation = chance.pick(operations)
    try {
      const image = chance.pick([...made.values()])
      fs.writeFileSync(path, image)
      const surgeon = new BrickSurgeon(path, image, chance)
      const changed = surgeon.operate(operation)
      surgeon.close()
      check(path, changed, chance)
      const file = new BrickFile(Buffer.from(path), fs.openSync(path, 'r'))
      if (answers(() => file.readHeadOnce())) accepted++
      file.close()
    } catch (error) {
      throw new Error(`seed ${seed}: ${operation}`, { cause: error })
    }
  }
  assert.ok(accepted > caseCount / 8, `only ${accepted} of the changed bricks had a head that opens`)
  assert.ok(process.resourceUsage().maxRSS * 1024 < residentBytesMax)
})

test('a fold onto a brick that was changed with care ends in a commit or in a named error', async (t) => {
  const lab = makeLab(t, memoryFolder)
  makeHostileTree(lab.source, { sizes: 'small', isRoot: false })
  const large = join(lab.source, 'large')
  fs.writeFileSync(large, patternOf(1, 70_000))
  fs.truncateSync(large, 20 * 2 ** 20)
  await fold(lab)
  const image = fs.readFileSync(lab.brick)
  for (const seed of seedsOf(caseCount / 10)) {
    const chance = chanceOf(seed)
    const operation = chance.pick(operations)
    try {
      fs.writeFileSync(lab.brick, image)
      const surgeon = new BrickSurgeon(lab.brick, image, chance)
      const changed = surgeon.operate(operation)
      surgeon.close()
      fs.writeFileSync(lab.brick, changed)
      fs.writeFileSync(join(lab.source, 'small'), patternOf(seed, seed))
      fs.truncateSync(large, 20 * 2 ** 20 + seed)
      await fold(lab)
    } catch (error) {
      if (!(error instanceof FoundryError)) throw new Error(`seed ${seed}: ${operation}`, { cause: error })
    }
  }
})

interface Place {
  readonly type: FrameType
  readonly offset: number
  readonly length: number
}

/** Header and stored payload of every frame. */
function framesOf(image: Buffer, epoch: Uint8Array): Place[] {
  const places: Place[] = []
  for (let offset = headBytes; offset < image.length; ) {
    const { type, storedLength } = parseFrameHeader(image.subarray(offset), { offset, epoch, tools: nodeTools })
    places.push({ type, offset, length: frameHeaderBytes + storedLength })
    offset += frameBytes(storedLength)
  }
  return places
}

test('any flipped bit of a live frame is noticed by whoever reads it all', witness, async (t) => {
  const lab = makeLab(t, memoryFolder)
  makeHostileTree(lab.source, { sizes: 'small', isRoot: false })
  await fold(lab)
  const image = fs.readFileSync(lab.brick)
  const file = BrickFile.open(Buffer.from(lab.brick))
  const { record } = file.readHeadOnce()
  file.close()
  // The one commit there is needs all frames but these.
  const notNeeded: readonly FrameType[] = [FrameType.pad, FrameType.ident]
  const live = framesOf(image, record.epoch).filter(({ type }) => !notNeeded.includes(type))
  for (const seed of seedsOf(flipCount)) {
    const chance = chanceOf(seed)
    const { offset, length } = chance.pick(live)
    const flipped = Buffer.from(image)
    const at = offset + chance.below(length)
    flipped[at] = (flipped[at] as number) ^ (1 << chance.below(8))
    fs.writeFileSync(lab.brick, flipped)
    const damage = BrickFile.open(Buffer.from(lab.brick))
    assert.throws(() => readDeep(damage, damage.readHeadOnce()), FoundryError, `byte ${at}, seed ${seed}`)
    damage.close()
    if (seed <= witnessedFlips)
      assert.equal((await verdictOf(lab.brick, { overviews: 'presence' })).ok, false, `byte ${at}`)
  }
})
