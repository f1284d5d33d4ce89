/** A process folded into a brick, and what the brick says of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { displayPath } from '../../src/base/bytes.ts'
import { TileReader } from '../../src/read/content.ts'
import { fold, openView } from '../fold/lab.ts'

export interface FoldedMapping {
  /** As a line of maps, one space between the fields. */
  readonly line: string
  readonly start: number
  readonly end: number
  readonly unreadable: string | undefined
  /** Address -> 4,096 bytes. */
  readonly pages: ReadonlyMap<number, Uint8Array>
}

/** Path of the brick, which ends with the test. */
export async function foldProcess(t: TestContext, pid: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-process-brick-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const brick = join(folder, 'x.brick')
  await fold({ source: `proc:${pid}`, brick })
  return brick
}

/** Of the newest commit, by address. */
export function bytesOfMappings(t: TestContext, brick: string): FoldedMapping[] {
  const view = openView(t, brick)
  const tiles = new TileReader(view)
  const mappings: FoldedMapping[] = []
  for (const entry of view.entries()) {
    const { mapping, slot, size, extents, unreadable } = entry
    if (mapping === undefined) continue
    const key = Number(mapping.address)
    const pages = new Map<number, Uint8Array>()
    for (const run of slot === undefined || unreadable !== undefined ? [] : (extents ?? [{ start: 0, length: size }])) {
      for (let at = run.start; at < run.start + run.length; at += 4_096) {
        const position = (slot?.start ?? 0) + at
        const tile = tiles.tile(Math.floor(position / 65_536))
        pages.set(key + at, tile.slice(position % 65_536, (position % 65_536) + 4_096))
      }
    }
    const [start, end] = [
      mapping.address + BigInt(mapping.lead),
      mapping.address + BigInt(size + (mapping.unread ?? 0)),
    ]
    const device = `${hex(majorOf(mapping.dev), 2)}:${hex(minorOf(mapping.dev), 2)}`
    const fields = [
      `${hex(start, 8)}-${hex(end, 8)}`,
      mapping.permissions,
      hex(mapping.fileOffset, 8),
      device,
      mapping.ino,
    ]
    const name = displayPath(mapping.name)
    const line = [...fields, ...(name === '' ? [] : [name])].join(' ')
    mappings.push({ line, start: Number(start), end: Number(end), unreadable, pages })
  }
  return mappings.sort((a, b) => a.start - b.start)
}

function hex(value: bigint, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

/** As makedev(3) puts them together. */
function majorOf(dev: bigint): bigint {
  return ((dev >> 32n) & ~0xfffn) | ((dev >> 8n) & 0xfffn)
}

function minorOf(dev: bigint): bigint {
  return ((dev >> 12n) & ~0xffn) | (dev & 0xffn)
}
