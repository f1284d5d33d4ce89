/**
 * Forged bricks at random: sizes, slots, extents, links and directories that do not fit each other. Every reader gives an
 * answer or a named error, and nothing appears outside the destination.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../../src/base/bytes.ts'
import type { Run } from '../../src/base/entry.ts'
import { FoundryError } from '../../src/base/errors.ts'
import type { EntryRecord } from '../../src/brick/entry-record.ts'
import { heightFor } from '../../src/brick/merkle.ts'
import { createNode, setFrame, setKind, TileKind } from '../../src/brick/node.ts'
import { extract } from '../../src/read/extract.ts'
import { rangeBytes, rangeTarget } from '../../src/read/range.ts'
import { renderBrick } from '../../src/read/render.ts'
import { verify } from '../../src/read/verify.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView, merkle } from '../../src/store/brick-view.ts'
import { entryOf, type ForgedNode, forge, writeNode, writeTile } from './forge.ts'
import { makeFolder } from './sfd.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const tile = 65_536

const names = fc.constantFrom('a', 'b', 'a/b', 'a/b/c', 'b/x', 'c', 'c/d')
const numbers = fc.oneof(
  fc.constantFrom(0, 1, 63, 64, 100, 4096, tile - 1, tile, tile + 1, 2 * tile, 256 * tile, 2 ** 40, 2 ** 46),
  fc.nat(1_000_000),
)

/** Ascending runs inside [0, size), apart from each other: touching ones cannot be encoded. */
function runsIn(size: number): fc.Arbitrary<readonly Run[]> {
  return fc.array(fc.tuple(numbers, numbers), { maxLength: 4 }).map((pairs) => {
    const runs: Run[] = []
    let at = 0
    for (const [gap, length] of pairs) {
      if (length === 0 || at + gap + length > size || (gap === 0 && runs.length > 0)) continue
      runs.push({ start: at + gap, length })
      at += gap + length
    }
    return runs
  })
}

const file = numbers.chain((size) =>
  fc.record({
    size: fc.constant(size),
    extents: fc.option(runsIn(size), { nil: undefined }),
    unreadableRanges: fc.option(runsIn(size), { nil: undefined, freq: 4 }),
    slotStart: numbers,
    slotLength: fc.option(numbers, { nil: undefined, freq: 5 }),
    link: fc.option(names, { nil: undefined, freq: 4 }),
    hasId: fc.boolean(),
  }),
)

const entry = fc
  .tuple(names, fc.constantFrom('file', 'file', 'dir', 'symlink', 'fifo'), file)
  .map(([path, kind, of]) => {
    if (kind !== 'file')
      return entryOf(path, kind === 'symlink' ? { kind, target: utf8('../outside') } : { kind: kind as 'dir' })
    const length = of.slotLength ?? 4 ** Math.ceil(Math.log(Math.max(64, of.size)) / Math.log(4))
    const fits = of.link === undefined && of.size > 0 && length >= of.size && of.slotStart + length <= 2 ** 47
    return entryOf(path, {
      kind: 'file',
      size: of.size,
      ...(of.extents && { extents: of.extents }),
      ...(of.unreadableRanges && { unreadableRanges: of.unreadableRanges, unreadable: 'EIO' }),
      ...(of.link !== undefined && { linkTo: utf8(of.link) }),
      ...(fits && { slot: { start: of.slotStart - (of.slotStart % Math.min(length, tile)), length } }),
      ...(of.hasId && { contentId: new Uint8Array(32) }),
    } as Partial<EntryRecord>)
  })

/** Kinds of the items of every node, from the leaf up. */
const items = fc.array(fc.constantFrom(0, 1, 2, 3, 4, 5, 6), { minLength: 1, maxLength: 256 })
const forgery = fc.record({
  length: numbers.filter((length) => length <= 2 ** 42),
  entries: fc.uniqueArray(entry, { maxLength: 6, selector: ({ path }) => Buffer.from(path).toString() }),
  items: fc.array(items, { minLength: 4, maxLength: 4 }),
})

test('no forged brick crashes a reader, keeps it busy, or leads it out of the destination', async (t: TestContext) => {
  const folder = makeFolder(t)
  const brick = join(folder, 'x.brick')
  mkdirSync(join(folder, 'outside'))
  await fc.assert(
    fc.asyncProperty(forgery, async (made) => {
      rmSync(brick, { force: true })
      rmSync(join(folder, 'out'), { recursive: true, force: true })
      write(brick, made)
      await readEverything(brick, join(folder, 'out'))
      assert.deepEqual(readdirSync(join(folder, 'outside')), [])
      assert.deepEqual(
        readdirSync(folder).filter((name) => !['x.brick', 'out', 'outside'].includes(name)),
        [],
      )
    }),
    { numRuns: isLong ? 2_000 : 150 },
  )
})

function write(
  brick: string,
  made: { length: number; entries: readonly EntryRecord[]; items: readonly (readonly number[])[] },
): void {
  forge(brick, (writer) => {
    let child: ForgedNode = writeTile(writer, new Uint8Array(tile).fill(1, 0, 50))
    for (let height = 1; height <= heightFor(made.length); height++) {
      const table = createNode(height)
      const kinds = made.items[height - 1] ?? [3]
      const hashes = new Uint8Array(256 * 32)
      for (let item = 0; item < 256; item++) {
        const kind = kinds[item % kinds.length] as 0 | 1 | 2 | 3 | 4 | 5 | 6
        hashes.set(kind === 1 || kind === 6 ? child.hash : merkle.zero(height - 1), item * 32)
        if (kind === 1 || kind === 6) {
          const frames = { frame: child.pointer.node, ...(height > 1 && { hashes: child.pointer.hashes }) }
          setFrame(table.a, item, { kind, birth: 1, ...frames })
        } else if (kind !== TileKind.fill) setKind(table.a, item, { kind })
        else setKind(table.a, item, height === 1 ? { kind, fillByte: item } : { kind: TileKind.hole })
      }
      child = writeNode(writer, table, hashes)
    }
    return { length: made.length, root: child, entries: [entryOf(''), ...made.entries] }
  })
}

async function readEverything(brick: string, dest: string): Promise<void> {
  const file = BrickFile.open(Buffer.from(brick))
  const view = new BrickView(file, file.readHeadOnce())
  const signal = new AbortController().signal
  const pause = async () => {}
  try {
    await verify({ view, signal, pause, onProgress: () => {} })
    await named(() => renderBrick({ view, mode: 'entropy', size: 64 }))
    await named(() => {
      const target = rangeTarget(view, undefined)
      for (const _ of rangeBytes(view, target, { from: 0, to: Math.min(target.length, 300_000) }));
    })
    const ownership = { owner: 'ignore', uid: 0, gid: 0 } as const
    const common = { view, dest: utf8(dest), paths: [], ownership, workers: 0, signal, pause, onProgress: () => {} }
    await named(() => extract({ ...common, existing: 'refuse' }))
    await named(() => extract({ ...common, existing: 'refuse', paths: [utf8('a')] }))
  } finally {
    file.close()
  }
}

/** Lets named errors pass, and no others. */
async function named(action: () => unknown): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!(error instanceof FoundryError)) throw error
  }
}
