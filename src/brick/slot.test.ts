import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes, toHex, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { nodeTools as tools } from '../store/node-tools.ts'
import { type CommitRecord, encodeCommitRecord } from './commit.ts'
import { BrickDamage } from './damage.ts'
import { noPointer } from './pointer.ts'
import {
  chooseSlot,
  encodeSlot,
  inlineBytesMax,
  type ParsedSlot,
  parseHead,
  parseSlot,
  type ValidSlot,
} from './slot.ts'
import { bytesFrom, sampleCommit, sampleFileEnd } from './testing/commit-samples.ts'

const commit = { offset: 32_992, storedLength: 900 }
const inline = bytesFrom(132, 3)
const firstCommit = { generation: 1, parent: noPointer, parentId: new Uint8Array(32) }

/** The sample commit, generation 7, belongs to slot B. */
function slotB(fields: Partial<CommitRecord> = {}): Uint8Array {
  return encodeSlot({ commit, record: sampleCommit(tools, fields).record, inline, tools })
}

function slotA(): Uint8Array {
  return slotB({ generation: 8 })
}

function read(bytes: Uint8Array, slotIndex: 0 | 1 = 1, fileSize = sampleFileEnd): ParsedSlot {
  return parseSlot(bytes, { slotIndex, fileSize, tools, name: 'x.brick' })
}

function valid(slot: ParsedSlot): ValidSlot {
  if (slot.kind !== 'valid') assert.fail(slot.why)
  return slot
}

function whyNot(bytes: Uint8Array): string {
  const slot = read(bytes)
  if (slot.kind !== 'damaged') assert.fail(`the slot is ${slot.kind}`)
  return slot.why
}

/** Message of the damage for which the brick is refused. */
function whyRefused(bytes: Uint8Array, slotIndex: 0 | 1 = 1, fileSize = sampleFileEnd): string {
  try {
    const { kind } = read(bytes, slotIndex, fileSize)
    assert.fail(`the slot is ${kind}`)
  } catch (error) {
    if (error instanceof BrickDamage) return error.message
    throw error
  }
}

/** With `patch` at `at` and the hash right again. */
function rehashed(slot: Uint8Array, at: number, patch: readonly number[]): Uint8Array {
  const copy = slot.slice()
  copy.set(patch, at)
  copy.set(tools.sha256(copy.subarray(0, 8160)), 8160)
  return copy
}

function codeOf(action: () => unknown): { code: string; message: string } {
  try {
    action()
  } catch (error) {
    if (error instanceof FoundryError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('it was accepted')
}

function headOf(a: Uint8Array, b: Uint8Array): Uint8Array {
  return concatBytes([a, b])
}

const zeros = new Uint8Array(8192)
const headPlace = { fileSize: sampleFileEnd, tools, name: 'x.brick' }

test('the fields of a slot lie at the offsets of the specification', () => {
  const { record } = sampleCommit(tools)
  const slot = Buffer.from(slotB())
  assert.equal(slot.length, 8192)
  const fixed = `895342524b0d0a1a02000000${'00'.repeat(12)}10080201010c0300`
  assert.equal(slot.toString('hex', 0, 32), fixed)
  assert.equal(slot.toString('hex', 32, 48), 'e080000000000000' + '84030000' + '00000000')
  assert.equal(slot.toString('hex', 48, 664), toHex(encodeCommitRecord(record)))
  assert.equal(slot.readUInt32LE(664), 132)
  assert.equal(slot.toString('hex', 668, 800), toHex(inline))
  assert.equal(slot.toString('hex', 800, 8160), '00'.repeat(7360))
  assert.equal(slot.toString('hex', 8160), toHex(tools.sha256(slot.subarray(0, 8160))))
})

test('a slot comes back as it was, with and without the inline copy', () => {
  const { record } = sampleCommit(tools)
  assert.deepEqual(read(slotB()), { kind: 'valid', commit, record, inline, readOnly: false })
  const bare = encodeSlot({ commit, record, tools })
  assert.deepEqual(read(bare), { kind: 'valid', commit, record, readOnly: false })
})

test('the longest inline copy fits, a longer one is a mistake of the caller', () => {
  const root = (storedLength: number): Partial<CommitRecord> => ({
    root: { node: { offset: 20_000, storedLength }, hashes: { offset: 28_384, storedLength: 8192 } },
  })
  const { record } = sampleCommit(tools, root(inlineBytesMax - 32))
  const longest = new Uint8Array(inlineBytesMax).fill(9)
  assert.deepEqual(valid(read(encodeSlot({ commit, record, inline: longest, tools }))).inline, longest)
  const tooLong = sampleCommit(tools, root(inlineBytesMax - 31)).record
  const encode = (): unknown =>
    encodeSlot({ commit, record: tooLong, inline: new Uint8Array(inlineBytesMax + 1), tools })
  assert.throws(encode, { name: 'AssertionError' })
  const claimed = rehashed(encodeSlot({ commit, record: tooLong, tools }), 664, [0x41, 0x1d])
  assert.match(whyRefused(claimed), /inline copy has 7489/)
})

test('zeros are an empty slot, every flipped bit makes a damaged one', () => {
  assert.equal(read(zeros).kind, 'empty')
  assert.equal(read(new Uint8Array(0)).kind, 'empty')
  const slot = slotB()
  for (let at = 0; at < 8192; at += 37) {
    assert.notEqual(read(slot.with(at, (slot[at] as number) ^ 4)).kind, 'valid', `byte ${at}`)
  }
  assert.match(whyNot(slot.subarray(0, 8191)), /cut/)
})

test('what is wrong under a right hash refuses the brick, and says why', () => {
  const slot = slotB()
  assert.match(whyNot(rehashed(slot, 0, [0x88])), /no magic/)
  assert.match(whyRefused(rehashed(slot, 32, [1])), /not a multiple of 16/)
  assert.match(whyRefused(rehashed(slot, 36, [1])), /COMMIT frame .* ends beyond/)
  assert.match(whyRefused(rehashed(slot, 32, [0, 0, 0, 0, 0, 0, 0, 0])), /a pointer to nothing/)
  assert.match(whyRefused(rehashed(slot, 32, new Array(16).fill(0))), /no pointer to the COMMIT/)
  assert.match(whyRefused(rehashed(slot, 48 + 44, [2])), /height is 2/)
  assert.match(whyRefused(rehashed(slot, 48 + 392, [1, 2, 3])), /commit id/)
  assert.match(whyRefused(rehashed(slot, 664, [131])), /inline copy has 131/)
  assert.match(whyRefused(rehashed(slot, 664, [0x41, 0x1d])), /inline copy has 7489/)
  assert.match(whyRefused(rehashed(slot, 900, [1])), /not zero/)
  assert.match(whyRefused(slot, 0), /generation 7 is not named by this slot/)
  assert.match(whyRefused(slot, 1, sampleFileEnd - 4096), /the file at 61440/)
})

test('a larger minor version and unknown compat bits are read, unknown ro_compat bits forbid writing', () => {
  const minor = rehashed(rehashed(slotB(), 10, [9]), 900, [1])
  assert.equal(valid(read(minor)).readOnly, false)
  assert.equal(valid(read(rehashed(slotB(), 20, [0, 0, 0, 0x80]))).readOnly, false)
  assert.equal(valid(read(rehashed(slotB(), 16, [4]))).readOnly, true)
})

test('another major version, incompat bits and another geometry are refused, with both numbers named', () => {
  const major = codeOf(() => read(rehashed(slotB(), 8, [3])))
  assert.equal(major.code, 'BRICK_VERSION_NEWER')
  assert.match(major.message, /x\.brick is a brick of version 3, this build reads version 2/)
  assert.equal(codeOf(() => read(rehashed(slotB(), 12, [1]))).code, 'BRICK_VERSION_NEWER')
  assert.equal(codeOf(() => read(rehashed(slotB(), 24, [17]))).code, 'BRICK_VERSION_NEWER')
})

test('of two valid slots the one with the larger generation is current', () => {
  const { current, slots } = parseHead(headOf(slotA(), slotB()), headPlace)
  assert.equal(current.record.generation, 8)
  assert.deepEqual(
    slots.map((slot) => slot.kind),
    ['valid', 'valid'],
  )
  const newer = parseHead(headOf(slotA(), slotB({ generation: 9 })), headPlace)
  assert.equal(newer.current.record.generation, 9)
})

test('one valid slot is enough, whichever it is, and the first commit is in slot B alone', () => {
  assert.equal(parseHead(headOf(zeros, slotB(firstCommit)), headPlace).current.record.generation, 1)
  assert.equal(parseHead(headOf(slotA(), slotB().fill(7, 100, 200)), headPlace).current.record.generation, 8)
  assert.equal(parseHead(headOf(slotA().fill(7), slotB()), headPlace).current.record.generation, 7)
  assert.equal(chooseSlot({ kind: 'empty', why: '' }, { kind: 'damaged', why: '' }), undefined)
})

test('a head without a valid slot is damage that says what is wrong with both', () => {
  const head = headOf(slotA().fill(7, 100, 200), zeros)
  assert.throws(
    () => parseHead(head, headPlace),
    (error) =>
      error instanceof BrickDamage &&
      error.rule === 'slot' &&
      /slot A: its hash is wrong; slot B: all zeros/.test(error.message),
  )
  const cut = slotA().subarray(0, 5000)
  assert.throws(() => parseHead(cut, headPlace), BrickDamage)
  assert.throws(() => parseHead(cut.subarray(0, 8), headPlace), BrickDamage)
})

test('a slot of a newer kind refuses the brick even where the other slot is valid', () => {
  const head = headOf(rehashed(slotA(), 12, [2]), slotB())
  assert.equal(codeOf(() => parseHead(head, headPlace)).code, 'BRICK_VERSION_NEWER')
})

test('a slot whose frames end beyond the file refuses the brick even where the other slot is valid', () => {
  const newer = sampleFileEnd + 4096
  const head = headOf(slotB({ generation: 8, fileEnd: newer }), slotB())
  for (const bad of [head, headOf(rehashed(slotA(), 36, [1]), slotB())]) {
    assert.throws(
      () => parseHead(bad, headPlace),
      (error) => error instanceof BrickDamage && /beyond|the file at/.test(error.message),
    )
  }
  assert.equal(parseHead(head, { ...headPlace, fileSize: newer }).current.record.generation, 8)
})

test('another major version is named even where its hash is not where this one looks', () => {
  const head = headOf(slotA().with(8, 3), zeros)
  assert.match(codeOf(() => parseHead(head, headPlace)).message, /version 3, this build reads version 2/)
  const torn = headOf(slotA().with(8, 3), slotB())
  assert.equal(parseHead(torn, headPlace).current.record.generation, 7)
})

test('files of other kinds are refused by name', () => {
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [new Uint8Array(0), /an empty file/],
    [utf8('V2BR\x01\0\0\0'), /V2BR/],
    [utf8('BRICK\x01'), /BRICK/],
    [utf8('KCRB'), /BRCK/],
    [Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), /PNG/],
    [utf8('\x7fELF\x02'), /ELF/],
    [Uint8Array.of(0x1f, 0x8b, 8), /gzip/],
    [utf8('hello'), /x\.brick is not a brick\.$/],
    [new Uint8Array(16_384), /is not a brick/],
  ]
  for (const [head, message] of cases) {
    const refusal = codeOf(() => parseHead(head, headPlace))
    assert.equal(refusal.code, 'BRICK_FOREIGN')
    assert.match(refusal.message, message)
  }
})

test('mutated slots, their hash made right again, are read, damaged or refused, never anything else', () => {
  const slots = [slotA(), slotB(), slotB(firstCommit)]
  const changes = fc.array(fc.tuple(fc.nat(820), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.constantFrom(...slots), changes, fc.nat(2 * sampleFileEnd), (slot, list, fileSize) => {
      let bytes = slot
      for (const [at, to] of list) bytes = rehashed(bytes, at, [to])
      try {
        parseHead(headOf(bytes, bytes), { fileSize, tools })
      } catch (error) {
        assert.ok(error instanceof FoundryError, String(error))
      }
    }),
    { numRuns: 1000 },
  )
})
