import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Run } from '../base/entry.ts'
import { directoryRuns, runsMax } from './directory-runs.ts'
import { findOutlines } from './outlines.ts'
import type { PathIndex } from './path-index.ts'
import { finish, indexOf, pathsOf, type Sketch } from './testing/sketch-index.ts'

/** Paths of few letters, so that they share directories and beginnings; slots of 64 to 256 bytes with gaps. */
const sketchesArbitrary = fc
  .array(
    fc.record({
      parts: fc.array(fc.constantFrom('a', 'b', 'A', 'ab', 'ba', 'a.b', '\xff', 'b!'), { minLength: 1, maxLength: 4 }),
      gapCells: fc.nat(4),
      cells: fc.nat(3),
    }),
    { maxLength: 60 },
  )
  .map((items) => {
    let end = 0
    return items.map(({ parts, gapCells, cells }): Sketch => {
      if (cells === 0) return { path: parts.join('/') }
      const slot = { start: end + 64 * gapCells, length: 64 * cells }
      end = slot.start + slot.length
      return { path: parts.join('/'), slot }
    })
  })

test('every path is found at its place, and no other path', () => {
  fc.assert(
    fc.property(sketchesArbitrary, (sketches) => {
      const index = indexOf(sketches)
      for (const [entry, path] of pathsOf(index).entries()) {
        assert.equal(index.find(Buffer.from(path, 'latin1')), entry)
        assert.equal(index.find(Buffer.from(`${path}x`, 'latin1')), undefined)
      }
    }),
  )
})

test('the owner of a place is the entry whose slot holds it', () => {
  fc.assert(
    fc.property(sketchesArbitrary, fc.nat(12_000), (sketches, position) => {
      const index = indexOf(sketches)
      const { slotStarts, slotLengths } = index.columns
      const expected = pathsOf(index).findIndex((_, i) => {
        const start = slotStarts[i] as number
        return position >= start && position < start + (slotLengths[i] as number)
      })
      assert.equal(index.slotOwner(position) ?? -1, expected)
    }),
  )
})

/** The same by definition: for each directory, the slots beneath it that follow each other without a stranger or a long gap. */
function runsByDefinition(index: PathIndex): Map<string, Run[]> {
  const paths = pathsOf(index)
  const { slotStarts, slotLengths } = index.columns
  const found = new Map<string, Run[]>()
  for (const [entry, path] of paths.entries()) {
    if (index.kind(entry) !== 'dir') continue
    const runs: Run[] = []
    let last: Run | undefined
    for (const owner of index.bySlot) {
      const slot = { start: slotStarts[owner] as number, length: slotLengths[owner] as number }
      const before = last
      last = slot
      if (path !== '' && !(paths[owner] as string).startsWith(`${path}/`)) continue
      const open = runs.at(-1)
      const end = before === undefined ? Number.NaN : before.start + before.length
      const joins =
        open && open.start + open.length === end && slot.start - end <= Math.max(slot.length, before?.length ?? 0)
      if (joins) runs[runs.length - 1] = { start: open.start, length: slot.start + slot.length - open.start }
      else runs.push(slot)
    }
    if (runs.length > 0) found.set(path, runs)
  }
  return found
}

test('runs of directories are those of all slots beneath', () => {
  fc.assert(
    fc.property(sketchesArbitrary, (sketches) => {
      const index = indexOf(sketches)
      const expected = runsByDefinition(index)
      const directories = finish(directoryRuns(index))
      assert.deepEqual(
        directories.map(({ entry }) => index.path(entry).toString('latin1')),
        [...expected.keys()],
      )
      for (const { entry, runs, slotBytes, first, end, depth } of directories) {
        const path = index.path(entry).toString('latin1')
        const wanted = expected.get(path) as Run[]
        assert.deepEqual(
          runs,
          wanted.flatMap(({ start, length }) => [start, length]),
        )
        assert.equal(
          slotBytes,
          wanted.reduce((sum, { length }) => sum + length, 0),
        )
        assert.equal(first, wanted[0]?.start)
        assert.equal(end, (wanted.at(-1) as Run).start + (wanted.at(-1) as Run).length)
        assert.equal(depth, path === '' ? 0 : path.split('/').length)
      }
    }),
  )
})

test('of a thousand runs the largest 64 are given, in order, and the sum of all', () => {
  const lengths = Array.from({ length: 1000 }, (_, i) => 64 * (1 + ((i * 37) % 101)))
  let end = 0
  const sketches = lengths.map((length, i) => {
    const slot = { start: end + 100_000, length }
    end = slot.start + length
    return { path: `d/${i}`, slot }
  })
  const directory = finish(directoryRuns(indexOf(sketches))).at(-1)
  const given = (directory?.runs ?? []).filter((_, i) => i % 2 === 1)
  const largest = lengths.toSorted((a, b) => b - a).slice(0, runsMax)
  assert.deepEqual(
    given.toSorted((a, b) => b - a),
    largest,
  )
  const starts = (directory?.runs ?? []).filter((_, i) => i % 2 === 0)
  assert.deepEqual(
    starts,
    starts.toSorted((a, b) => a - b),
  )
  assert.equal(
    directory?.slotBytes,
    lengths.reduce((sum, length) => sum + length, 0),
  )
})

test('outlines are what lies inside and is large enough', async () => {
  await fc.assert(
    fc.asyncProperty(
      sketchesArbitrary,
      fc.record({ from: fc.nat(8000), span: fc.integer({ min: 1, max: 4000 }), min: fc.nat(300) }),
      async (sketches, { from, span, min }) => {
        const index = indexOf(sketches)
        const directories = finish(directoryRuns(index))
        const to = from + span
        const answer = await findOutlines({ index, directories: async () => directories }, { from, to, min })
        const touches = ({ start, length }: Run) => start < to && start + length > from
        const { slotStarts, slotLengths } = index.columns
        const slots = index.bySlot.map((owner) => ({
          start: slotStarts[owner] as number,
          length: slotLengths[owner] as number,
        }))
        assert.deepEqual(
          answer.entries.map(({ slot }) => slot),
          slots.filter((slot) => touches(slot) && slot.length >= min),
        )
        const expected = directories.filter(
          ({ runs, slotBytes }) =>
            slotBytes >= min &&
            runs.some((start, i) => i % 2 === 0 && touches({ start, length: runs[i + 1] as number })),
        )
        assert.deepEqual(
          answer.directories.map(({ slotBytes }) => slotBytes),
          expected.map(({ slotBytes }) => slotBytes),
        )
        assert.equal(answer.truncated, false)
      },
    ),
  )
})

test('of more than 4,096 outlines the largest are given and it is said', async () => {
  const sketches = Array.from({ length: 6000 }, (_, i) => ({
    path: `d/${i}`,
    slot: { start: i * 4096, length: i < 5000 ? 64 : 256 },
  }))
  const index = indexOf(sketches)
  const directories = finish(directoryRuns(index))
  const answer = await findOutlines({ index, directories: async () => directories }, { from: 0, to: 2 ** 40, min: 1 })
  assert.equal(answer.truncated, true)
  assert.equal(answer.entries.length + answer.directories.length, 4096)
  assert.equal(answer.directories.length, 2)
  assert.equal(answer.entries.filter(({ slot }) => slot.length === 256).length, 1000)
})
