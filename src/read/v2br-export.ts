/** One entry of a brick as a V2BR file. The content is read twice: for what the header says, then for the picture. */
import { createHash } from 'node:crypto'
import { displayPath, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { BrickView } from '../store/brick-view.ts'
import { piecesOf, TileReader } from './content.ts'
import { type RangeTarget, rangeBytes, rangeDoubt, rangeTarget } from './range.ts'
import { encodeV2brHeader, type V2brHeader, v2brFlags, v2brOrderFor, v2brOrderMax } from './v2br-header.ts'
import { drawTexture } from './v2br-texture.ts'

export interface V2brExport {
  readonly path: Uint8Array
  readonly header: V2brHeader
  /** The file, in pieces; each is overwritten by the next. */
  readonly pieces: Iterable<Uint8Array>
  /** Why the content may not be that of the source. */
  readonly doubt: string | undefined
}

/**
 * `path` undefined: the only file of the brick. Errors: USAGE where there are several, ENTRY_MISSING, ENTRY_KIND,
 * BRICK_LIMIT where it does not fit, BYTES_FORGOTTEN; BrickDamage.
 */
export function exportV2br(view: BrickView, path: Uint8Array | undefined): V2brExport {
  const chosen = path ?? onlyFile(view)
  const target = rangeTarget(view, chosen)
  const size = target.length
  const order = v2brOrderFor(size)
  if (order === undefined) {
    const sideMax = 2 ** v2brOrderMax
    throw new FoundryError(
      'BRICK_LIMIT',
      `${displayPath(chosen)} has ${size} bytes; a V2BR picture of ${sideMax} texels a side has room for ` +
        `${sideMax ** 2}, and readers overflow beyond. Use sfd extract.`,
    )
  }
  const header: V2brHeader = {
    order,
    originalSize: size,
    compressedSize: BigInt(size),
    reserved: new Uint8Array(40),
    ...described(view, target),
  }
  return { path: chosen, header, pieces: piecesOfFile(view, target, header), doubt: doubtOf(target) }
}

function doubtOf(target: RangeTarget): string | undefined {
  return rangeDoubt(target, { from: 0, to: target.length })
}

function* piecesOfFile(view: BrickView, { slot }: RangeTarget, header: V2brHeader): Generator<Uint8Array> {
  yield encodeV2brHeader(header)
  const tiles = new TileReader(view)
  const { order, originalSize } = header
  yield* drawTexture(order, (start, target) => {
    target.fill(0)
    const length = Math.min(target.length, originalSize - start)
    if (slot === undefined || length <= 0) return
    for (const piece of piecesOf(slot, { start, length })) {
      const bytes = tiles.tile(piece.tile).subarray(piece.from, piece.from + piece.length)
      target.set(bytes, piece.offset - start)
    }
  })
}

/** What the header says of the content. */
function described(view: BrickView, target: RangeTarget): Pick<V2brHeader, 'entropy' | 'hash' | 'flags'> {
  const counts = new Float64Array(256)
  const sha256 = createHash('sha256')
  const text = new TextCheck()
  for (const piece of rangeBytes(view, target, { from: 0, to: target.length })) {
    for (const byte of piece) counts[byte] = (counts[byte] as number) + 1
    sha256.update(piece)
    text.take(piece)
  }
  const hash = new Uint8Array(48)
  hash.set(sha256.digest())
  const isText = target.length > 0 && text.isText() && counts[0] === 0
  const isExecutable = ((target.entry?.mode ?? 0) & 0o111) !== 0
  const flags = (isText ? v2brFlags.isUtf8Text : 0) | (isExecutable ? v2brFlags.isExecutable : 0)
  return { entropy: shannon(counts, target.length), hash, flags }
}

/** Bits a byte. */
function shannon(counts: Float64Array, total: number): number {
  let bits = 0
  for (const count of counts) if (count > 0) bits -= (count / total) * Math.log2(count / total)
  return Math.max(0, bits)
}

class TextCheck {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #isText = true

  take(bytes: Uint8Array): void {
    this.#isText = this.#isText && this.#decodes(bytes, { stream: true })
  }

  /** Asked once, at the end. */
  isText(): boolean {
    return this.#isText && this.#decodes(utf8(''), { stream: false })
  }

  #decodes(bytes: Uint8Array, how: { readonly stream: boolean }): boolean {
    try {
      this.#decoder.decode(bytes, how)
      return true
    } catch {
      return false
    }
  }
}

function onlyFile(view: BrickView): Uint8Array {
  let only: Uint8Array | undefined
  for (const { kind, path } of view.entries()) {
    if (kind !== 'file') continue
    if (only !== undefined) {
      throw new FoundryError('USAGE', 'A V2BR file holds one file, and this brick has several. Name one: `sfd ls`.')
    }
    only = path
  }
  if (only === undefined) throw new FoundryError('ENTRY_MISSING', 'The brick holds no file that could be exported.')
  return only
}
