/**
 * What a brick's space must hold, from the source's bytes and the slots that `sfd ls` tells, and what colour each place
 * of it must have: by the words of the format (planes) and the palette's table, not by the code of the map or its shaders.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pointToPosition } from '../../src/hilbert/curve.ts'
import { level2PageBytes, level4PageBytes, pageTexels, tileBlocks, unpackLevel2 } from '../../src/kernel/pages.ts'
import { describeTile, reducePage, type TileDescription } from '../../src/kernel/reference.ts'
import { cividis, type Palette } from '../../src/map/draw/palette.ts'
import type { ByteMode } from '../../src/map/view/permalink.ts'
import { sfd } from '../daemon/harness.ts'

const tileSize = 65_536
const planeNames = ['entropy', 'mean', 'zero', 'text', 'high', 'coverage'] as const
const tilesAPage = pageTexels / tileBlocks
/** All planes are 0 where nothing is owned. */
const unownedTile: TileDescription = {
  level2: new Uint8Array(level2PageBytes),
  level4: new Uint8Array(planeNames.length * tileBlocks),
}

/** Each plane 0 .. 255. */
type Texel = Readonly<Record<(typeof planeNames)[number], number>>

export interface KnownFile {
  readonly bytes: Uint8Array
  /** Half-open parts that were never written. */
  readonly holes?: readonly (readonly [from: number, to: number])[]
}

export interface Slot {
  readonly start: number
  readonly length: number
}

/** Where `sfd ls` says that each entry lies. Paths that are not UTF-8 are read as latin1. */
export async function slotsOf(state: string): Promise<ReadonlyMap<string, Slot>> {
  const names = readdirSync(join(state, 'bricks')).filter((name) => name.endsWith('.brick'))
  assert.equal(names.length, 1, 'one brick')
  const { code, stdout, stderr } = await sfd(['ls', join(state, 'bricks', names[0] as string), '--json'])
  assert.equal(code, 0, stderr)
  const entries = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { path: string | null; pathHex?: string; slot: Slot | null })
  return new Map(
    entries.flatMap(({ path, pathHex = '', slot }) =>
      slot === null ? [] : [[path ?? Buffer.from(pathHex, 'hex').toString('latin1'), slot]],
    ),
  )
}

export class KnownSpace {
  readonly bytes: Uint8Array
  /** 1 where an entry owns the byte. */
  readonly owned: Uint8Array
  readonly #tiles = new Map<number, TileDescription>()
  readonly #pages = new Map<string, Uint8Array>()

  constructor(options: {
    length: number
    files: ReadonlyMap<string, KnownFile>
    slots: ReadonlyMap<string, Slot>
  }) {
    this.bytes = new Uint8Array(options.length)
    this.owned = new Uint8Array(options.length)
    for (const [path, { bytes, holes = [] }] of options.files) {
      const slot = options.slots.get(path)
      if (bytes.length === 0) continue
      assert.ok(slot !== undefined && slot.length >= bytes.length, `${path} has a slot with room for it`)
      assert.ok(
        this.owned.subarray(slot.start, slot.start + slot.length).every((one) => one === 0),
        `the slot of ${path} is its own`,
      )
      this.bytes.set(bytes, slot.start)
      this.owned.fill(1, slot.start, slot.start + bytes.length)
      for (const [from, to] of holes) this.owned.fill(0, slot.start + from, slot.start + to)
    }
  }

  /** Offset of the byte at a place in units from the brick's corner; undefined outside of [0, N). */
  offsetAt({ x, y }: { x: number; y: number }): number | undefined {
    if (x < 0 || y < 0) return undefined
    const offset = pointToPosition({ x: Math.floor(x), y: Math.floor(y) })
    return offset < this.bytes.length ? offset : undefined
  }

  /** False where the block of 256 bytes has owned bytes and others. */
  isBlockWhole(offset: number): boolean {
    const start = offset - (offset % 256)
    const block = this.owned.subarray(start, start + 256)
    return block.every((one) => one === block[0])
  }

  /** 0xRRGGBB of the texel of `level` (0: the byte) that covers `offset`. */
  colour(options: { level: number; offset: number; mode: ByteMode; palette: Palette }): number {
    const { level, offset, mode, palette } = options
    if (level > 0) return texelColour(this.#texel(level, offset), { mode, palette })
    const byte = this.bytes[offset] as number
    if (mode === 'class') return classColours(palette)[classIndex(byte)] as number
    const entropy = this.#texel(4, offset).entropy
    if (byte === 0 && (mode === 'value' || entropy === 0)) return palette.ground
    return cividis((mode === 'value' ? byte : entropy) / 255)
  }

  #texel(level: number, offset: number): Texel {
    const index = Math.floor(offset / 4 ** level)
    const page = this.#page(level, Math.floor(index / pageTexels))
    const values = planeNames.map((name, plane) => [name, page[plane * pageTexels + (index % pageTexels)]])
    return Object.fromEntries(values) as Texel
  }

  /** Six planes of 4,096 texels, each 0 .. 255, in curve order. */
  #page(level: number, index: number): Uint8Array {
    const key = `${level} ${index}`
    let page = this.#pages.get(key)
    if (page !== undefined) return page
    page = new Uint8Array(level4PageBytes)
    if (level === 2) unpackLevel2(this.#tile(index).level2, page)
    else {
      for (let part = 0; part < tilesAPage; part++) {
        const child = index * tilesAPage + part
        const texels = level === 4 ? this.#tile(child).level4 : reducePage(this.#page(level - 2, child))
        for (let plane = 0; plane < planeNames.length; plane++) {
          const texelsOfPlane = texels.subarray(plane * tileBlocks, (plane + 1) * tileBlocks)
          page.set(texelsOfPlane, plane * pageTexels + part * tileBlocks)
        }
      }
    }
    this.#pages.set(key, page)
    return page
  }

  #tile(index: number): TileDescription {
    let tile = this.#tiles.get(index)
    if (tile === undefined) {
      const from = index * tileSize
      const bytes = new Uint8Array(tileSize)
      const owned = new Uint8Array(tileSize)
      bytes.set(this.bytes.subarray(from, from + tileSize))
      owned.set(this.owned.subarray(from, from + tileSize))
      tile = owned.includes(1) ? describeTile(bytes, owned) : unownedTile
      this.#tiles.set(index, tile)
    }
    return tile
  }
}

/** In the order zero, control, text, high, 0xFF. */
function classColours({ classes }: Palette): readonly number[] {
  return [classes.zero, classes.control, classes.text, classes.high, classes.ff]
}

function classIndex(byte: number): number {
  if (byte === 0) return 0
  if (byte === 0xff) return 4
  if (byte > 0x7f) return 3
  return (byte > 0x1f && byte < 0x7f) || (byte > 0x08 && byte < 0x0e) ? 2 : 1
}

/** Class shares by their cubes, everything mixed as squares, what is not owned as ground. */
function texelColour(texel: Texel, { mode, palette }: { mode: ByteMode; palette: Palette }): number {
  const covered = texel.coverage / 255
  if (covered === 0) return palette.ground
  const parts: { colour: number; weight: number }[] = []
  if (mode === 'class') {
    const ff = texel.mean === 255 ? texel.high : 0
    const control = Math.max(0, 255 - texel.zero - texel.text - texel.high)
    const cubes = [texel.zero, control, texel.text, texel.high - ff, ff].map((share) => share ** 3)
    const total = cubes.reduce((sum, one) => sum + one, 0)
    const colours = classColours(palette)
    cubes.forEach((cube, at) => {
      parts.push({ colour: colours[at] as number, weight: (covered * cube) / total })
    })
  } else {
    const isNothing = texel.mean === 0 && (mode === 'value' || texel.entropy === 0)
    const colour = isNothing ? palette.ground : cividis((mode === 'value' ? texel.mean : texel.entropy) / 255)
    parts.push({ colour, weight: covered })
  }
  parts.push({ colour: palette.ground, weight: 1 - covered })
  const channel = (shift: number): number => {
    const light = parts.reduce((sum, { colour, weight }) => sum + weight * ((colour >> shift) & 255) ** 2, 0)
    return Math.round(Math.sqrt(light)) << shift
  }
  return channel(16) | channel(8) | channel(0)
}

/** Largest difference of a channel, 0 .. 255. */
export function colourDistance(a: number, b: number): number {
  return Math.max(...[16, 8, 0].map((shift) => Math.abs(((a >> shift) & 255) - ((b >> shift) & 255))))
}
