/**
 * The header of a V2BR file, version 1: the brick format of System Foundry's origin, 132 packed bytes, little-endian.
 *
 *   0 magic "V2BR"   4 version u32   8 width u32   12 height u32   16 Hilbert order u32   20 original size u64
 *   28 compressed size u64   36 entropy f32   40 hash, 48 bytes   88 flags u32   92 reserved, 40 bytes
 *
 * Then width x height texels RGBA8, row by row. The picture is a square of a power of two; a byte is a texel, read from
 * its red. Only read and written on demand: our own bricks are never kept this way.
 */
import { FoundryError } from '../base/errors.ts'

export const v2brHeaderBytes = 132
/** Side 16,384: beyond it the origin's own readers compute sizes in 32 bits that overflow. */
export const v2brOrderMax = 14
export const v2brTexelBytes = 4
const hashBytes = 48
const reservedBytes = 40

/** Bits of `flags`, as the origin names them. */
export const v2brFlags = {
  hasMetadata: 1,
  isCompressed: 2,
  isExecutable: 4,
  isEncrypted: 8,
  isUtf8Text: 16,
} as const

export interface V2brHeader {
  /** The picture has 2^order texels to a side; 0 .. 14. */
  readonly order: number
  /** Bytes of content, at most 4^order. */
  readonly originalSize: number
  /** No reader of the origin looks at it; 0 .. 2^64 - 1. */
  readonly compressedSize: bigint
  /** Shannon entropy of the content, bits a byte. */
  readonly entropy: number
  /** 48 bytes; zeros where nobody knew. */
  readonly hash: Uint8Array
  readonly flags: number
  /** 40 bytes. */
  readonly reserved: Uint8Array
}

/** The smallest picture for so many bytes; undefined where none is large enough. */
export function v2brOrderFor(size: number): number | undefined {
  for (let order = 0; order <= v2brOrderMax; order++) if (4 ** order >= size) return order
  return undefined
}

/** Bytes of a whole file of that order. */
export function v2brFileBytes(order: number): number {
  return v2brHeaderBytes + v2brTexelBytes * 4 ** order
}

export function encodeV2brHeader(header: V2brHeader): Uint8Array {
  const bytes = new Uint8Array(v2brHeaderBytes)
  const view = new DataView(bytes.buffer)
  const side = 2 ** header.order
  bytes.set(magic)
  view.setUint32(4, 1, true)
  view.setUint32(8, side, true)
  view.setUint32(12, side, true)
  view.setUint32(16, header.order, true)
  view.setBigUint64(20, BigInt(header.originalSize), true)
  view.setBigUint64(28, header.compressedSize, true)
  view.setFloat32(36, header.entropy, true)
  bytes.set(header.hash.subarray(0, hashBytes), 40)
  view.setUint32(88, header.flags, true)
  bytes.set(header.reserved.subarray(0, reservedBytes), 92)
  return bytes
}

/**
 * `bytes`: what the file begins with; `fileBytes`: its length; `shown`: how to call it. Errors: BRICK_FOREIGN,
 * BRICK_VERSION_NEWER, BRICK_LIMIT, BRICK_DAMAGED.
 */
export function parseV2brHeader(bytes: Uint8Array, file: { fileBytes: number; shown: string }): V2brHeader {
  const { shown, fileBytes } = file
  if (magic.some((byte, at) => bytes[at] !== byte)) {
    throw new FoundryError('BRICK_FOREIGN', `${shown} is no V2BR file: it does not begin as one does. Check the path.`)
  }
  if (bytes.length < v2brHeaderBytes) {
    throw damaged(shown, `it is cut: it has ${bytes.length} bytes, and its header alone takes ${v2brHeaderBytes}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const version = view.getUint32(4, true)
  if (version !== 1) {
    throw new FoundryError('BRICK_VERSION_NEWER', `${shown} is V2BR version ${version}; only version 1 is known.`)
  }
  const order = orderOf(view, shown)
  const originalSize = Number(view.getBigUint64(20, true))
  if (originalSize > 4 ** order) {
    throw damaged(shown, `it claims ${originalSize} bytes of content in ${4 ** order} texels`)
  }
  if (fileBytes !== v2brFileBytes(order)) {
    throw damaged(shown, `it has ${fileBytes} bytes, and its header asks for ${v2brFileBytes(order)}`)
  }
  return {
    order,
    originalSize,
    compressedSize: view.getBigUint64(28, true),
    entropy: view.getFloat32(36, true),
    hash: bytes.slice(40, 40 + hashBytes),
    flags: view.getUint32(88, true),
    reserved: bytes.slice(92, 92 + reservedBytes),
  }
}

/** The picture's side as an order, where width, height and order say the same. */
function orderOf(view: DataView, shown: string): number {
  const width = view.getUint32(8, true)
  const height = view.getUint32(12, true)
  const order = view.getUint32(16, true)
  const side = `${width} x ${height} texels`
  if (width !== height || width === 0 || (width & (width - 1)) !== 0) {
    throw damaged(shown, `its picture of ${side} is no square of a power of two`)
  }
  const sideMax = 2 ** v2brOrderMax
  if (width > sideMax) {
    throw new FoundryError(
      'BRICK_LIMIT',
      `${shown} has ${side}; beyond ${sideMax} to a side V2BR readers overflow, and what they wrote cannot be trusted.`,
    )
  }
  if (2 ** order !== width) throw damaged(shown, `its Hilbert order is ${order}, which is not that of ${side}`)
  return order
}

function damaged(shown: string, what: string): FoundryError {
  return new FoundryError('BRICK_DAMAGED', `${shown} is damaged: ${what}. Fetch it again, or make it anew.`)
}

const magic = [0x56, 0x32, 0x42, 0x52] as const
