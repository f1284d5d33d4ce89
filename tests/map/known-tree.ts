/** A small source tree of which every byte is known: each class, each kind of tile, shared tiles, a directory of height 2. */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Chance, chanceOf } from '../fold/chance.ts'
import type { KnownFile } from './known-space.ts'

const mebibyte = 1024 * 1024
/** More than the 16 MiB of a directory of height 1. */
const largeSize = 17 * mebibyte
const holeUnit = 65_536
const smallCount = 48

export const knownSeed = 20_260_731

/** Writes the tree into `folder`, which must exist and be empty; returns its files by path. */
export function writeKnownTree(folder: string): Map<string, KnownFile> {
  const chance = chanceOf(knownSeed)
  const files = new Map<string, KnownFile>([
    ['all-values.bin', { bytes: Uint8Array.from({ length: 4096 }, (_, i) => i & 255) }],
    ['ramp.bin', { bytes: Uint8Array.from({ length: 65_536 }, (_, i) => i >> 8) }],
    ['zeros.bin', { bytes: new Uint8Array(131_072) }],
    ['ones.bin', { bytes: new Uint8Array(131_072).fill(0xff) }],
    ['random.bin', { bytes: chance.bytes(200_001) }],
    ['large.bin', { bytes: patchwork(largeSize, chance) }],
    ['hole.bin', { bytes: withHole(chance), holes: [[holeUnit, 3 * holeUnit]] }],
    ['empty', { bytes: new Uint8Array(0) }],
  ])
  for (let i = 0; i < smallCount; i++) {
    files.set(`small/${i}.txt`, { bytes: chance.bytes(1 + chance.below(3000)).map((byte) => 32 + (byte % 95)) })
  }
  for (const [path, file] of files) writeKnownFile(join(folder, path), file)
  return files
}

export function writeKnownFile(path: string, { bytes, holes = [] }: KnownFile): void {
  mkdirSync(dirname(path), { recursive: true })
  if (holes.length === 0) {
    writeFileSync(path, bytes)
    return
  }
  const file = openSync(path, 'w')
  let from = 0
  for (const [holeFrom, holeTo] of [...holes, [bytes.length, bytes.length] as const]) {
    if (holeFrom > from) writeSync(file, bytes, from, holeFrom - from, from)
    from = holeTo
  }
  ftruncateSync(file, bytes.length)
  closeSync(file)
}

function withHole(chance: Chance): Uint8Array {
  const bytes = chance.bytes(4 * holeUnit)
  return bytes.fill(0, holeUnit, 3 * holeUnit)
}

/** Stretches of each class and of mixtures, some within a texel of level 4, some over many tiles. */
function patchwork(length: number, chance: Chance): Uint8Array {
  const bytes = new Uint8Array(length)
  const noise = chance.bytes(mebibyte)
  for (let from = 0; from < length; ) {
    const span = 1 + chance.below(chance.pick([16, 300, 5000, 60_000, 200_000]))
    const to = Math.min(length, from + span)
    const kind = chance.below(8)
    const single = chance.below(256)
    const shift = chance.below(noise.length)
    for (let at = from; at < to; at++)
      bytes[at] = patchByte({ kind, single, at, noise: noise[(at + shift) % mebibyte] as number })
    from = to
  }
  return bytes
}

function patchByte(options: { kind: number; single: number; at: number; noise: number }): number {
  const { kind, single, at, noise } = options
  if (kind === 0) return 0
  if (kind === 1) return 0xff
  if (kind === 2) return single
  if (kind === 3) return 32 + (noise % 95)
  if (kind === 4) return noise
  if (kind === 5) return at & 255
  if (kind === 6) return noise < 200 ? 0 : noise
  return 1 + (noise % 8)
}
