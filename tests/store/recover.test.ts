/** Opening a brick for writing after something went wrong: old or new, never between, and nothing that was told is undone. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { headBytes, slotBytes } from '../../src/brick/pointer.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickWriter } from '../../src/store/brick-writer.ts'
import { patternOf } from '../fold/hostile-tree.ts'
import { fold, type Lab, makeLab, random } from '../fold/lab.ts'
import { assertWitnessed, witness } from '../fold/witness.ts'
import { readDeep } from './deep-read.ts'

/** The file's bytes after each of three commits. */
async function threeCommits(lab: Lab): Promise<readonly Buffer[]> {
  const states: Buffer[] = []
  for (let generation = 1; generation <= 3; generation++) {
    fs.writeFileSync(join(lab.source, `${generation}`), patternOf(generation, 90_000))
    await fold(lab)
    states.push(fs.readFileSync(lab.brick))
  }
  return states
}

interface Recovered {
  readonly generation: number
  readonly rolledForward: number
  readonly cutBytes: number
}

/** Writes the image, opens it for writing and closes it; everything in it reads well, for us and for a second opening. */
function recovered(lab: Lab, image: Uint8Array): Recovered {
  fs.writeFileSync(lab.brick, image)
  const { writer, recovery } = BrickWriter.open(Buffer.from(lab.brick), random)
  readDeep(writer.file, recovery.head)
  writer.close()
  const { generation, fileEnd } = recovery.head.record
  assert.equal(fs.statSync(lab.brick).size, fileEnd)
  const file = BrickFile.open(Buffer.from(lab.brick))
  assert.equal(file.readHeadOnce().record.generation, generation, 'a reader sees what the writer recovered')
  file.close()
  const { rolledForward, cutBytes } = recovery
  return { generation, rolledForward, cutBytes }
}

function withHead(image: Buffer, head: Buffer): Buffer {
  return Buffer.concat([head.subarray(0, headBytes), image.subarray(headBytes)])
}

function damaged(image: Buffer, at: number): Buffer {
  const copy = Buffer.from(image)
  copy[at] = (copy[at] as number) ^ 0xff
  return copy
}

async function setUp(t: TestContext): Promise<{ lab: Lab; first: Buffer; second: Buffer; third: Buffer }> {
  const lab = makeLab(t)
  const [first, second, third] = (await threeCommits(lab)) as [Buffer, Buffer, Buffer]
  return { lab, first, second, third }
}

test('a sound brick opens at its newest commit, untouched', async (t) => {
  const { lab, third } = await setUp(t)
  assert.deepEqual(recovered(lab, third), { generation: 3, rolledForward: 0, cutBytes: 0 })
  assert.deepEqual(fs.readFileSync(lab.brick), third)
})

test('a complete commit that no slot names yet is taken up, and its slot is written', witness, async (t) => {
  const { lab, second, third } = await setUp(t)
  assert.deepEqual(recovered(lab, withHead(third, second)), { generation: 3, rolledForward: 1, cutBytes: 0 })
  assert.deepEqual(fs.readFileSync(lab.brick), third)
  await assertWitnessed(lab.brick)
})

test('so are two of them, one after the other', async (t) => {
  const { lab, first, third } = await setUp(t)
  assert.deepEqual(recovered(lab, withHead(third, first)), { generation: 3, rolledForward: 2, cutBytes: 0 })
})

test('a slot that was torn while it was written is made again from the frames', async (t) => {
  const { lab, second, third } = await setUp(t)
  for (const written of [512, 4096, 7680]) {
    const torn = Buffer.from(third)
    torn.set(second.subarray(slotBytes + written, 2 * slotBytes), slotBytes + written)
    assert.deepEqual(recovered(lab, torn), { generation: 3, rolledForward: 1, cutBytes: 0 }, `after ${written} bytes`)
  }
})

test('frames that are not all there are cut off, wherever they end', async (t) => {
  const { lab, second, third } = await setUp(t)
  for (let length = second.length; length < third.length; length += 4096) {
    const cut = withHead(third, second).subarray(0, length + 1)
    assert.deepEqual(recovered(lab, cut), { generation: 2, rolledForward: 0, cutBytes: length + 1 - second.length })
    assert.deepEqual(fs.readFileSync(lab.brick), second)
  }
})

test('of a newest commit whose frames are damaged the one before is left', async (t) => {
  const { lab, second, third } = await setUp(t)
  for (let at = second.length; at < third.length; at += 5003) {
    const { generation, cutBytes } = recovered(lab, damaged(third, at))
    assert.deepEqual({ generation, cutBytes }, { generation: 2, cutBytes: third.length - second.length }, `byte ${at}`)
  }
})

test('a file that is shorter than its newest slot says opens at the other one', async (t) => {
  const { lab, second, third } = await setUp(t)
  assert.equal(recovered(lab, third.subarray(0, third.length - 1)).generation, 2)
  assert.equal(recovered(lab, third.subarray(0, second.length)).generation, 2)
})

test('what follows the last commit is cut off, frames of another epoch too', async (t) => {
  const { lab, third } = await setUp(t)
  const other = makeLab(t)
  const [, foreign] = (await threeCommits(other)) as [Buffer, Buffer]
  for (const tail of [
    Buffer.alloc(1),
    Buffer.alloc(100_000, 0x42),
    foreign.subarray(headBytes),
    third.subarray(headBytes),
  ]) {
    const image = Buffer.concat([third, tail])
    assert.deepEqual(recovered(lab, image), { generation: 3, rolledForward: 0, cutBytes: tail.length })
    assert.deepEqual(fs.readFileSync(lab.brick), third)
  }
})

test('the fold after a recovery goes on from what was recovered', witness, async (t) => {
  const { lab, second, third } = await setUp(t)
  fs.writeFileSync(lab.brick, damaged(withHead(third, second), third.length - 5000))
  const { generation } = await fold(lab)
  assert.equal(generation, 3)
  await assertWitnessed(lab.brick)
})

test('where no commit checks, nothing is repaired and nothing is changed', async (t) => {
  const { lab, first, third } = await setUp(t)
  const noSlot = damaged(damaged(third, 100), slotBytes + 100)
  const noFrames = Buffer.concat([third.subarray(0, headBytes), Buffer.alloc(third.length - headBytes)])
  const noFirst = Buffer.concat([first.subarray(0, headBytes), Buffer.alloc(first.length - headBytes)])
  for (const image of [noSlot, noFrames, noFirst]) {
    fs.writeFileSync(lab.brick, image)
    assert.throws(() => BrickWriter.open(Buffer.from(lab.brick), random), { code: 'BRICK_DAMAGED' })
    assert.deepEqual(fs.readFileSync(lab.brick), image)
  }
})

test('what is no brick is said to be none, and is left alone', async (t) => {
  const { lab } = await setUp(t)
  for (const image of [Buffer.alloc(0), Buffer.from('#!/bin/sh\n'), Buffer.alloc(20_000)]) {
    fs.writeFileSync(lab.brick, image)
    assert.throws(() => BrickWriter.open(Buffer.from(lab.brick), random), { code: 'BRICK_FOREIGN' })
    assert.deepEqual(fs.readFileSync(lab.brick), image)
  }
})
