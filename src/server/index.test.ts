import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes } from '../base/bytes.ts'
import type { EntryKind, Run } from '../base/entry.ts'
import { type EntryRecord, keyOfPath } from '../brick/entry-record.ts'
import { directoryRuns, runsMax } from './directory-runs.ts'
import { entriesWithPrefix, Finder } from './find.ts'
import { indexOfAll, type Steps } from './index-build.ts'
import { findOutlines } from './outlines.ts'
import type { PathIndex } from './path-index.ts'

interface Sketch {
  readonly path: string
  readonly kind?: EntryKind
  readonly slot?: Run
  readonly linkTo?: string
}

function entryOf({ path, kind = 'file', slot, linkTo }: Sketch): EntryRecord {
  const zero = { seconds: 0, nanoseconds: 0 }
  return {
    path: Buffer.from(path, 'latin1'),
    kind,
    mode: 0o644,
    uid: 0,
    gid: 0,
    userName: '',
    groupName: '',
    size: slot?.length ?? 0,
    mtime: zero,
    ctime: zero,
    ino: 0n,
    dev: 0n,
    rdev: 0n,
    nlink: 1,
    xattrs: [],
    flags: { torn: false, racy: false, special: false },
    grown: 0,
    unknown: [],
    ...(slot && { slot }),
    ...(linkTo && { linkTo: Buffer.from(linkTo, 'latin1') }),
  }
}

function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** With every directory above the files. */
function indexOf(sketches: readonly Sketch[]): PathIndex {
  const all = new Map<string, Sketch>([['', { path: '', kind: 'dir' }]])
  for (const sketch of sketches) {
    for (let cut = sketch.path.indexOf('/'); cut > 0; cut = sketch.path.indexOf('/', cut + 1)) {
      const path = sketch.path.slice(0, cut)
      all.set(path, { path, kind: 'dir' })
    }
  }
  for (const sketch of sketches) if (!all.has(sketch.path)) all.set(sketch.path, sketch)
  const entries = [...all.values()].map(entryOf)
  entries.sort((a, b) => compareBytes(keyOfPath(a.path), keyOfPath(b.path)))
  return finish(indexOfAll({ entries, count: entries.length }))
}

const pathsOf = (index: PathIndex) =>
  Array.from({ length: index.columns.count }, (_, entry) => index.path(entry).toString('latin1'))

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

function find(
  sketches: readonly Sketch[],
  query: string,
  limit = 50,
): { paths: (string | undefined)[]; truncated: boolean } {
  const finder = new Finder(query, limit)
  finder.search({ uuid: 'u', source: Buffer.from('/usr/bin'), index: indexOf(sketches) })
  const { hits, truncated } = finder.answer()
  return { paths: hits.map(({ path }) => path), truncated }
}

const tree = ['ls', 'lsblk', 'false', 'perl/ls', 'ls.d/x', 'x/tools', 'x/Also', 'lib/python3/os.py'].map((path) => ({
  path,
}))

test('names come before paths, whole names first, shorter paths before longer ones; case does not matter', () => {
  assert.deepEqual(find(tree, 'ls').paths, ['ls', 'perl/ls', 'ls.d', 'lsblk', 'false', 'x/Also', 'x/tools', 'ls.d/x'])
  assert.deepEqual(find(tree, 'ALSO').paths, ['x/Also'])
  assert.deepEqual(find(tree, 'python').paths, ['lib/python3', 'lib/python3/os.py'])
  assert.deepEqual(find(tree, 'nothing'), { paths: [], truncated: false })
})

test('a query with a slash is looked for in paths, one that begins with the source inside it alone', () => {
  assert.deepEqual(find(tree, 'perl/ls').paths, ['perl/ls'])
  assert.deepEqual(find(tree, '/ls').paths, ['ls', 'ls.d', 'lsblk', 'ls.d/x', 'perl/ls'])
  assert.deepEqual(find(tree, '/usr/bin/ls').paths, ['ls', 'ls.d', 'lsblk', 'ls.d/x'])
  assert.deepEqual(find(tree, 'ls.d/').paths, ['ls.d/x'])
})

test('a search gives no more than its limit and says so', () => {
  assert.deepEqual(find(tree, 'ls', 2), { paths: ['ls', 'perl/ls'], truncated: true })
})

test('a search over a great many matches stops, and says that there are more', () => {
  const many = Array.from({ length: 25_000 }, (_, i) => ({ path: `f${i}` }))
  const { paths, truncated } = find(many, 'f')
  assert.equal(paths.length, 50)
  assert.ok(truncated)
})

test('a search finds what a plain look at every path finds', () => {
  fc.assert(
    fc.property(
      sketchesArbitrary,
      fc.constantFrom('a', 'b', 'ab', 'A.', 'a/b', '/a', 'b!/', '/'),
      (sketches, query) => {
        const finder = new Finder(query, 100_000)
        const index = indexOf(sketches)
        finder.search({ uuid: 'u', source: Buffer.from('/nowhere'), index })
        const text = ({ path, pathHex }: { path?: string; pathHex?: string }) =>
          path ?? Buffer.from(pathHex ?? '', 'hex').toString('latin1')
        const expected = pathsOf(index).filter((path) => `/${path}`.toLowerCase().includes(query.toLowerCase()))
        assert.deepEqual(finder.answer().hits.map(text).sort(), expected.sort())
      },
    ),
  )
})

test('a prefix is exact, and its hits are in the order of the entries', () => {
  const index = indexOf(tree)
  const answer = entriesWithPrefix({ uuid: 'u', index }, { prefix: 'ls', limit: 3 })
  assert.deepEqual(
    answer.hits.map(({ path }) => path),
    ['ls', 'ls.d', 'lsblk'],
  )
  assert.equal(answer.truncated, true)
  assert.equal(entriesWithPrefix({ uuid: 'u', index }, { prefix: 'LS', limit: 3 }).hits.length, 0)
})

test('a hard link is shown where its content lies, an entry without bytes nowhere', () => {
  const sketches: Sketch[] = [
    { path: 'a', slot: { start: 640, length: 64 } },
    { path: 'b', linkTo: 'a' },
    { path: 'c' },
  ]
  const finder = new Finder('/', 50)
  finder.search({ uuid: 'u', source: Buffer.from('/x'), index: indexOf(sketches) })
  const slots = new Map(finder.answer().hits.map(({ path, slot }) => [path, slot]))
  assert.deepEqual(slots.get('b'), { start: 640, length: 64 })
  assert.deepEqual(slots.get('c'), { start: 0, length: 0 })
})
