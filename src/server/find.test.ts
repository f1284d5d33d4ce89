import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { entriesWithPrefix, Finder } from './find.ts'
import { indexOf, pathsOf, type Sketch } from './testing/sketch-index.ts'

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

const partsArbitrary = fc.constantFrom('a', 'b', 'A', 'ab', 'ba', 'a.b', '\xff', 'b!')
const sketchesArbitrary = fc
  .array(fc.array(partsArbitrary, { minLength: 1, maxLength: 4 }), { maxLength: 60 })
  .map((paths) => paths.map((parts): Sketch => ({ path: parts.join('/') })))

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
