/**
 * A tree of everything that goes wrong elsewhere: names that are no text, contents around every boundary of the format,
 * holes, links in all directions, things without bytes, attributes and times at their edges.
 */
import { closeSync, ftruncateSync, writeSync } from 'node:fs'
import { utf8 } from '../../src/base/bytes.ts'
import type { Timestamp } from '../../src/base/entry.ts'
import { Beneath } from '../../src/linux/beneath.ts'
import { LibcError } from '../../src/linux/libc.ts'

export interface HostileOptions {
  /** `small`: nothing above a few tiles, for tests that do it often. */
  readonly sizes: 'small' | 'all'
  /** Devices and foreign owners need root. */
  readonly isRoot: boolean
  /** Any permutation of the parts: the tree is the same whatever comes first. */
  readonly order?: (count: number) => readonly number[]
}

const tile = 65_536
const leaf = 256 * tile
export const tebibyte = 2 ** 40

const smallSizes = [0, 1, 63, 64, 65, 127, 128, 129, 191, 192, 193, 255, 256, 257, 1023, 4095, 4096, 4097]
const tileSizes = [49_151, 49_152, 49_153, tile - 1, tile, tile + 1, 2 * tile, 3 * tile + 1, 4 * tile, 5 * tile]
const leafSizes = [leaf - 1, leaf, leaf + 1]

/** Fills the existing, empty folder `root`. */
export function makeHostileTree(root: string, options: HostileOptions): void {
  const tree = Beneath.open(utf8(root))
  try {
    const folders = ['deep', 'deep/er', 'links', 'empty', 'odd', 'sizes', 'holes', 'special', 'attributes']
    for (const folder of folders) tree.makeDirectory(utf8(folder), 0o755)
    const parts = [oddNames, sizes, holes, attributes, special].map((part) => () => part(tree, options))
    const order = options.order?.(parts.length) ?? parts.keys()
    for (const index of order) parts[index]?.()
    links(tree)
    setDirectoryTimes(tree, [...folders].reverse())
  } finally {
    tree.close()
  }
}

/** Not constant, not the same for two names, cheap to make and to compress. */
export function patternOf(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (seed * 31 + (i >> 8) * 7 + i * ((seed & 3) + 1)) & 0xff
  return bytes
}

function oddNames(tree: Beneath): void {
  const names: Uint8Array[] = [
    ...[
      '-rf',
      '--',
      '*',
      ' ',
      '"\'`$(id)',
      'a\nb',
      '\t',
      '\\',
      '\u202egnp.exe',
      'é',
      '...',
      '.hidden',
      '\u{1f600}',
    ].map(utf8),
    Uint8Array.of(0xff, 0xfe, 0x80),
    Uint8Array.of(0x01),
    Uint8Array.of(0xc3),
    new Uint8Array(255).fill(0x6e),
    new Uint8Array(255).fill(0xff),
  ]
  for (const [index, name] of names.entries()) write(tree, within('odd', name), patternOf(index, 10 + index))
  const long = new Uint8Array(250).fill(0x64)
  let path: Uint8Array = utf8('deep/er')
  for (let depth = 0; depth < 12; depth++) {
    path = joined(path, long)
    tree.makeDirectory(path, 0o700)
  }
  write(tree, joined(path, utf8('bottom')), utf8('far down'))
  // "a" sorts before "a-b" as a name and after it as the beginning of "a/c".
  for (const folder of ['odd/a', 'odd/a-b', 'odd/a.b']) tree.makeDirectory(utf8(folder), 0o755)
  for (const file of ['odd/a/c', 'odd/a-b/c', 'odd/a.b/c']) write(tree, utf8(file), utf8(file))
}

function sizes(tree: Beneath, { sizes: wanted }: HostileOptions): void {
  for (const size of smallSizes) write(tree, utf8(`sizes/${size}`), patternOf(size, size))
  for (const size of wanted === 'all' ? tileSizes : [tile, tile + 1])
    write(tree, utf8(`sizes/${size}`), patternOf(size, size))
  write(tree, utf8('sizes/zeros-tile'), new Uint8Array(tile))
  write(tree, utf8('sizes/zeros'), new Uint8Array(1000))
  write(tree, utf8('sizes/sevens'), new Uint8Array(2 * tile + 5).fill(7))
  if (wanted === 'small') return
  // Constant but for their ends: FILL tiles keep the reader's time short.
  for (const size of leafSizes) {
    const content = new Uint8Array(size).fill(size & 0xff)
    content.set(utf8('begin'))
    content.set(utf8('end'), size - 3)
    write(tree, utf8(`sizes/leaf-${size}`), content)
  }
}

function holes(tree: Beneath, { sizes: wanted }: HostileOptions): void {
  const cases: readonly (readonly [string, number, readonly (readonly [number, number])[]])[] = [
    ['all-hole-small', 10_000, []],
    ['all-hole', 300_000, []],
    ['middle', 300_000, [[131_072, 5]]],
    [
      'ends',
      1_000_000,
      [
        [0, 100],
        [999_000, 1000],
      ],
    ],
    [
      'small-ends',
      60_000,
      [
        [0, 10],
        [50_000, 10_000],
      ],
    ],
    ['many', 700_000, Array.from({ length: 20 }, (_, i) => [i * 32_768, 4096] as const)],
    ...(wanted === 'all'
      ? [
          [
            'tebibyte',
            tebibyte,
            [
              [0, 5],
              [tebibyte / 2, 5],
              [tebibyte - 3, 3],
            ],
          ] as const,
        ]
      : []),
    ...(wanted === 'all' ? [['leaf-hole', leaf + 5, [[leaf, 5]]] as const] : []),
  ]
  for (const [name, size, runs] of cases) {
    const fd = tree.createFile(utf8(`holes/${name}`), 0o644)
    for (const [start, length] of runs) writeSync(fd, patternOf(start, length), 0, length, start)
    ftruncateSync(fd, size)
    closeSync(fd)
  }
}

function special(tree: Beneath, { isRoot }: HostileOptions): void {
  tree.makeNode({ path: utf8('special/fifo'), kind: 'fifo', mode: 0o640, rdev: 0n })
  tree.makeNode({ path: utf8('special/socket'), kind: 'socket', mode: 0o600, rdev: 0n })
  const targets = [
    'loop',
    '../special',
    '/etc/passwd',
    '..',
    '.',
    'nowhere',
    '../../../../..',
    'a\nb',
    '\u00ff'.repeat(1000),
  ]
  for (const [index, target] of targets.entries()) {
    tree.makeSymlink({ path: utf8(index === 0 ? 'special/loop' : `special/link-${index}`), target: utf8(target) })
  }
  tree.makeSymlink({ path: utf8('special/ping'), target: utf8('pong') })
  tree.makeSymlink({ path: utf8('special/pong'), target: utf8('ping') })
  if (!isRoot) return
  tree.makeNode({ path: utf8('special/null'), kind: 'char', mode: 0o666, rdev: 0x103n })
  tree.makeNode({ path: utf8('special/disk'), kind: 'block', mode: 0o660, rdev: 0x700n })
}

function attributes(tree: Beneath, { isRoot }: HostileOptions): void {
  const modes = [0o0, 0o400, 0o777, 0o4755, 0o2755, 0o1777, 0o6711]
  for (const [index, mode] of modes.entries()) {
    const path = utf8(`attributes/mode-${index}`)
    write(tree, path, utf8(`mode ${mode}`))
    if (isRoot) tree.setOwner(path, { uid: 1000 + index, gid: 54_321 })
    // A file that its owner may not read is for root to fold.
    tree.setMode(path, isRoot ? mode : mode | 0o400)
  }
  const times: Timestamp[] = [
    { seconds: -1, nanoseconds: 999_999_999 },
    { seconds: -86_400 * 365, nanoseconds: 1 },
    { seconds: 0, nanoseconds: 0 },
    { seconds: 4_102_444_800, nanoseconds: 123_456_789 },
  ]
  for (const [index, mtime] of times.entries()) {
    const path = utf8(`attributes/time-${index}`)
    write(tree, path, utf8(`time ${index}`))
    tree.setTimes(path, { mtime })
  }
  const path = utf8('attributes/xattrs')
  write(tree, path, utf8('attributes'))
  try {
    tree.setXattr(path, { name: utf8('user.b'), value: utf8('two\0\n') })
    tree.setXattr(path, { name: utf8('user.a'), value: new Uint8Array(2500).fill(0xee) })
    tree.setXattr(path, { name: utf8('user.'.padEnd(200, 'n')), value: new Uint8Array(0) })
  } catch (error) {
    // A filesystem without user attributes has none to keep.
    if (!(error instanceof LibcError) || error.errnoName !== 'ENOTSUP') throw error
  }
}

/** Hard links in several directories, the smallest key last, of files, links and fifos. */
function links(tree: Beneath): void {
  const pairs = [
    ['sizes/4097', 'links/z'],
    ['sizes/4097', 'links/a'],
    ['sizes/4097', 'deep/er/also'],
    ['sizes/0', 'links/empty'],
    ['holes/ends', 'links/holes'],
    [`sizes/${tile + 1}`, 'deep/large'],
    ['special/pong', 'links/symlink'],
    ['special/fifo', 'links/fifo'],
  ]
  for (const [existing = '', path = ''] of pairs) tree.makeHardLink({ path: utf8(path), existing: utf8(existing) })
}

function setDirectoryTimes(tree: Beneath, folders: readonly string[]): void {
  for (const [index, folder] of folders.entries()) {
    tree.setTimes(utf8(folder), { mtime: { seconds: 1_000_000_000 + index, nanoseconds: index } })
  }
  tree.setTimes(new Uint8Array(0), { mtime: { seconds: -5, nanoseconds: 5 } })
}

function write(tree: Beneath, path: Uint8Array, content: Uint8Array): void {
  const fd = tree.createFile(path, 0o644)
  for (let at = 0; at < content.length; ) at += writeSync(fd, content, at, content.length - at)
  closeSync(fd)
}

function within(folder: string, name: Uint8Array): Uint8Array {
  return joined(utf8(folder), name)
}

function joined(folder: Uint8Array, name: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([folder, utf8('/'), name]))
}
