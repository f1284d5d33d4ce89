import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import type { EntryMeta } from '../../src/base/entry.ts'
import { mappingAt, mappingPath, offsetsOf, shownMapping } from '../../src/read/mapping-path.ts'
import type { Lister } from '../../src/source/artifact.ts'
import type { Listed } from '../../src/source/describe.ts'
import type { BrickView } from '../../src/store/brick-view.ts'
import { makeLab, Session } from '../fold/lab.ts'

const page = 4_096
const noBytes = new Uint8Array(0)
const start = { seconds: 1_700_000_000, nanoseconds: 0 }

interface Map {
  readonly address: bigint
  readonly name: string
  readonly permissions: string
  readonly pages?: number
  readonly lead?: number
}

const maps: readonly Map[] = [
  { address: 0x5581_0000_0000n, name: '/usr/bin/leak', permissions: 'r-xp' },
  { address: 0x5581_1000_0000n, name: '[heap]', permissions: 'rw-p', pages: 3 },
  { address: 0x7f00_0000_0000n, name: '/usr/lib/libc.so.6', permissions: 'r--p' },
  { address: 0x7f00_0000_1000n, name: '/usr/lib/libc.so.6', permissions: 'r-xp' },
  { address: 0x7f00_1000_0000n, name: '', permissions: 'rw-p', pages: 2 },
  { address: 0x7f00_2000_0000n, name: '/usr/lib/[heap]', permissions: 'r--p' },
  { address: 0x7ffc_ffe8_0000n, name: '/dev/zero (deleted)', permissions: 'rw-s', pages: 2 },
  { address: 0x7ffc_ffe0_0000n, name: '', permissions: 'rwxp', pages: 258, lead: 256 * page },
  { address: 0x7ffd_0000_0000n, name: '[stack]', permissions: 'rw-p', pages: 4, lead: 2 * page },
]

test('a mapping is found by what the kernel calls it, by its file, and with its permissions behind', async (t) => {
  const view = await brickOf(t)
  const expected: [named: string, address: bigint][] = [
    ['[heap]', 0x5581_1000_0000n],
    ['[heap] rw-p', 0x5581_1000_0000n],
    ['leak', 0x5581_0000_0000n],
    ['/usr/bin/leak', 0x5581_0000_0000n],
    ['libc.so.6 r-xp', 0x7f00_0000_1000n],
    ['/usr/lib/libc.so.6 r--p', 0x7f00_0000_0000n],
    ['anonymous rw-p', 0x7f00_1000_0000n],
    ['00007ffd00000000', 0x7ffd_0000_0000n],
    ['0x7ffd00003fff', 0x7ffd_0000_0000n],
    // Room to grow down is nobody's but where nothing is mapped.
    ['0x7ffcffe81fff', 0x7ffc_ffe8_0000n],
    ['0x7ffcffe70000', 0x7ffc_ffe0_0000n],
    ['0x7ffd00000000', 0x7ffd_0000_0000n],
  ]
  for (const [named, address] of expected) assert.equal(found(view, named), pathOf(address), named)
  for (const none of ['heap', '[heap] r--x', 'libm.so.6', '', '0x1000', '0000000000001000', '0x7ffd00004000'])
    assert.equal(found(view, none), undefined, none)
})

test('a name that several mappings have is refused, and all of them are listed', async (t) => {
  const view = await brickOf(t)
  assert.throws(() => mappingPath(view, utf8('libc.so.6')), {
    code: 'USAGE',
    message:
      '2 mappings are called libc.so.6: 0x7f0000000000 libc.so.6 r--p, 0x7f0000001000 libc.so.6 r-xp. Name one by its address, or with its permissions behind.',
  })
})

test('addresses are offsets of the one mapping that holds them all, and nothing else', async (t) => {
  const view = await brickOf(t)
  const heap = mappingAt(view, 0x5581_1000_0fffn)
  assert.ok(heap !== undefined)
  const placed = offsetsOf(view, { from: 0x5581_1000_0010n, to: 0x5581_1000_2000n })
  assert.equal(placed && shownMapping(placed.entry), '0x558110000000 [heap] rw-p')
  assert.deepEqual(placed?.range, { from: 0x10, to: 0x2000 })
  assert.deepEqual(offsetsOf(view, { from: 0x5581_1000_1000n, to: undefined }, heap)?.range, {
    from: 0x1000,
    to: 0x3000,
  })
  assert.equal(offsetsOf(view, { from: 0x5581_1000_0010n, to: 0x5581_1000_3001n }), undefined)
  assert.equal(offsetsOf(view, { from: 0x5581_1000_0010n, to: 0x5581_1000_0000n }), undefined)
  assert.equal(offsetsOf(view, { from: 0x7f00_0000_0000n, to: undefined }, heap), undefined)
  assert.equal(offsetsOf(view, { from: 0x1000n, to: 0x2000n }), undefined)
})

test('the room below a stack belongs to it, and it is shown where it begins', async (t) => {
  const view = await brickOf(t)
  const stack = mappingAt(view, 0x7ffd_0000_0000n)
  assert.equal(stack && shownMapping(stack), '0x7ffd00002000 [stack] rw-p')
})

function found(view: BrickView, named: string): string | undefined {
  const path = mappingPath(view, utf8(named))
  return path && utf8Text(path)
}

async function brickOf(t: TestContext): Promise<BrickView> {
  const session = new Session(t, makeLab(t))
  const listed = [rootEntry(), ...maps.map(mappingEntry)]
  const lister: Lister = {
    stat: (path) => listed.find(({ meta }) => utf8Text(meta.path) === utf8Text(path)),
    walk: () => listed,
  }
  await session.reconcileAll({ lister })
  return session.view
}

function pathOf(address: bigint): string {
  return address.toString(16).padStart(16, '0')
}

function rootEntry(): Listed {
  return { meta: metaOf({ path: noBytes, kind: 'dir', size: 0, ino: 1n }) }
}

function mappingEntry({ address, name, permissions, pages = 1, lead = 0 }: Map): Listed {
  const size = pages * page
  const mapping = { address, lead, permissions, fileOffset: 0n, dev: 0n, ino: 0n, name: utf8(name) }
  const meta = metaOf({ path: utf8(pathOf(address)), kind: 'file', size, ino: address / 4096n })
  return { meta: { ...meta, mapping }, content: new Uint8Array(size).fill(pages) }
}

function metaOf(given: Pick<EntryMeta, 'path' | 'kind' | 'size' | 'ino'>): EntryMeta {
  const nobody = { uid: 0, gid: 0, userName: '', groupName: '', dev: 0n, rdev: 0n, nlink: 1 }
  return { ...nobody, ...given, mode: 0o600, mtime: start, ctime: start, xattrs: [] }
}
