/** Bricks made to keep a reader busy, to fill its disk, or to write elsewhere: each gets an answer, soon and by name. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { createNode, setKind, TileKind } from '../../src/brick/node.ts'
import { ContentHash } from '../../src/read/content-hash.ts'
import { merkle } from '../../src/store/brick-view.ts'
import { emptyRoot, entryOf, type Forgery, forge, repeatedNode, writeNode, writeTile } from './forge.ts'
import { json, makePlace, sfd } from './sfd.ts'

type Make = Parameters<typeof forge>[1]

const tile = 65_536
const largest = 2 ** 47
/** Half of the largest space: one entry's largest slot. */
const half = 2 ** 46

interface Verified {
  readonly ok: boolean
  readonly damaged: readonly { rule: string; detail: string; part: string }[]
}

function verified(brick: string): Verified {
  const run = sfd(['verify', brick, '--json'])
  assert.ok(run.status === 0 || run.status === 1, run.stderr)
  return json(run)
}

/** Five frames that are the whole of 128 TiB. */
const selfSimilar =
  (more: (hashes: readonly Uint8Array[]) => Forgery['entries']): Make =>
  (writer) => {
    let node = writeTile(writer, new Uint8Array(tile).fill(5, 0, 100))
    const hashes = [node.hash]
    for (let height = 1; height <= 4; height++) {
      node = repeatedNode(writer, { height, child: node, length: height === 4 ? largest : 2 ** 48 })
      hashes.push(node.hash)
    }
    return { length: largest, root: node, entries: [entryOf(''), ...more(hashes)] }
  }

test('frames that are all children of one another are walked once', (t) => {
  const { brick } = makePlace(t)
  forge(
    brick,
    selfSimilar(() => []),
  )
  const { ok, damaged } = verified(brick)
  assert.equal(ok, false)
  assert.ok(damaged.length < 300 && damaged.some(({ detail }) => detail.includes('no entry owns')))
  assert.equal(sfd(['render', brick, '-o', `${brick}.png`]).status, 0)
  assert.equal(sfd(['ls', brick]).status, 0)
})

test('so are they where one content owns them, and its id is right', (t) => {
  const { folder, brick } = makePlace(t)
  forge(
    brick,
    selfSimilar((hashes) => {
      const id = new ContentHash()
      id.subtrees({ height: 3, hash: hashes[3] as Uint8Array, count: 64 })
      const slot = { start: 0, length: half }
      return [entryOf('huge', { kind: 'file', size: half, slot, contentId: id.id(half) })]
    }),
  )
  const { damaged } = verified(brick)
  assert.ok(!damaged.some(({ detail }) => detail.includes('content id')))
  assert.ok(damaged.some(({ detail }) => detail.includes('missing though bytes beneath are owned')))
  const extracted = sfd(['extract', brick, '-o', join(folder, 'out'), '--json'])
  assert.deepEqual([extracted.status, json(extracted).error?.['code']], [1, 'DEST_SPACE'])
})

test('a list of extents that cuts shared frames everywhere does not make the walk endless', (t) => {
  const { brick } = makePlace(t)
  const step = half / 1000
  const extents = Array.from({ length: 999 }, (_, i) => ({ start: Math.floor(i * step) + 1000, length: 70_000 }))
  const slot = { start: 0, length: half }
  forge(
    brick,
    selfSimilar(() => [entryOf('cut', { kind: 'file', size: half, slot, extents, contentId: new Uint8Array(32) })]),
  )
  const { ok, damaged } = verified(brick)
  assert.deepEqual([ok, damaged.length], [false, 1000])
})

test('a child of the wrong height, such as its own ancestor, is refused', (t) => {
  const { brick } = makePlace(t)
  forge(brick, (writer) => {
    const data = writeTile(writer, new Uint8Array(tile))
    const leaf = repeatedNode(writer, { height: 1, child: data, length: largest })
    const middle = repeatedNode(writer, { height: 2, child: leaf, length: largest })
    const root = repeatedNode(writer, { height: 2, child: middle, length: 2 ** 30 })
    return { length: 2 ** 30, root, entries: [entryOf('')] }
  })
  const { damaged } = verified(brick)
  assert.ok(damaged.some(({ detail }) => detail.includes('its height is 2 where 1 belongs')))
  assert.equal(sfd(['extract', brick, '--range', '0:100', '-o', '-']).status, 1)
})

test('a small brick that unpacks to more than the disk has is refused before anything is written', (t) => {
  const { folder, brick } = makePlace(t)
  forge(brick, (writer) => {
    const table = createNode(1)
    for (let item = 0; item < 256; item++) setKind(table.a, item, { kind: TileKind.fill, fillByte: 9 })
    const hash = merkle.subtree({ kind: TileKind.fill, height: 0, fillByte: 9 })
    const hashes = new Uint8Array(8192)
    for (let at = 0; at < hashes.length; at += 32) hashes.set(hash, at)
    let node = writeNode(writer, table, hashes)
    for (let height = 2; height <= 4; height++) node = repeatedNode(writer, { height, child: node, length: half })
    const file = entryOf('bomb', {
      kind: 'file',
      size: half,
      slot: { start: 0, length: half },
      contentId: new Uint8Array(32),
    })
    return { length: half, root: node, entries: [entryOf(''), file] }
  })
  const run = sfd(['extract', brick, '-o', join(folder, 'out'), '--json'])
  assert.equal(json(run).error?.['code'], 'DEST_SPACE')
  assert.deepEqual(existsSync(join(folder, 'out')) ? readdirSync(join(folder, 'out')) : [], [])
})

test('entries beneath a link, a file or nothing are not written anywhere', (t) => {
  const { folder, brick } = makePlace(t)
  mkdirSync(join(folder, 'outside'))
  const file = { kind: 'file', size: 0, contentId: merkle.contentIdOf({ bytes: new Uint8Array(0) }) } as const
  forge(brick, (writer) => ({
    length: tile,
    root: emptyRoot(writer, tile),
    entries: [
      entryOf(''),
      entryOf('link', { kind: 'symlink', target: utf8('../outside') }),
      entryOf('link/in', file),
      entryOf('link/dir'),
      entryOf('file', file),
      entryOf('file/in', file),
      entryOf('nowhere/in', file),
      entryOf('good', file),
      entryOf('zz', { ...file, linkTo: utf8('link/in') }),
    ],
  }))
  const { damaged } = verified(brick)
  for (const path of ['link/in', 'link/dir', 'file/in', 'nowhere/in']) {
    assert.ok(
      damaged.some(({ detail }) => detail.includes(`${path}: its parent is not a directory`)),
      path,
    )
  }
  const out = join(folder, 'out')
  for (const force of [[], ['--force']]) {
    assert.equal(sfd(['extract', brick, '-o', out, ...force]).status, 1)
    assert.deepEqual(readdirSync(join(folder, 'outside')), [])
    assert.ok(existsSync(join(out, 'good')))
  }
})

test('a slot outside the space, of no shape, or of another entry is found, and not followed', (t) => {
  const { folder, brick } = makePlace(t)
  const contentId = merkle.contentIdOf({ bytes: new Uint8Array(100) })
  const file = (start: number, length: number) =>
    ({ kind: 'file', size: 100, contentId, slot: { start, length } }) as const
  forge(brick, (writer) => ({
    length: tile,
    root: emptyRoot(writer, tile),
    entries: [
      entryOf(''),
      entryOf('beyond', file(2 ** 40, 128)),
      entryOf('crooked', file(100, 128)),
      entryOf('first', file(4096, 128)),
      entryOf('second', file(4096, 128)),
      entryOf('over', file(4096 - 128, 192)),
    ],
  }))
  const { damaged } = verified(brick)
  for (const expected of ['ends beyond', 'no allowed shape', 'slots overlap', 'is not the slot of its entry']) {
    assert.ok(
      damaged.some(({ detail }) => detail.includes(expected)),
      expected,
    )
  }
  const run = sfd(['extract', brick, '-o', join(folder, 'out'), '--json'])
  assert.equal(run.status, 1)
  const { damaged: refused } = json(run)
  assert.deepEqual(refused.map(({ path }) => path).sort(), ['beyond', 'crooked', 'over'])
})

test('what a brick says of itself reaches the terminal as text only', (t) => {
  const { brick } = makePlace(t)
  forge(brick, (writer) => ({
    length: tile,
    root: emptyRoot(writer, tile),
    entries: [entryOf(''), entryOf('\x1b[2J\x9b\u202e', { kind: 'symlink', target: utf8('\x1b[0m') })],
  }))
  for (const command of ['show', 'log', 'ls', 'verify']) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not appear
    assert.doesNotMatch(sfd([command, brick]).stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/, command)
  }
})

test('bytes at random in place of a brick crash nothing', (t) => {
  const { folder, source, brick } = makePlace(t)
  writeFileSync(join(source, 'x'), 'x'.repeat(1000))
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  const good = readFileSync(brick)
  for (const [name, bytes] of [
    ['head', good.subarray(0, 16_384)],
    ['odd', good.subarray(0, 12_345)],
    ['twice', Buffer.concat([good, good])],
    ['zeros', Buffer.alloc(100_000)],
  ] as const) {
    writeFileSync(join(folder, name), bytes)
    for (const args of [['verify'], ['extract', '-o', join(folder, `${name}-out`)]]) {
      const [command = '', ...rest] = args
      const { status, stderr } = sfd([command, join(folder, name), ...rest])
      assert.ok(status === (name === 'twice' ? 0 : 1), `${command} ${name}: ${status} ${stderr}`)
      assert.doesNotMatch(stderr, /defect of sfd/)
    }
  }
})
