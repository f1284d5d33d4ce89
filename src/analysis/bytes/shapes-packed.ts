/** Checks of embedded compressed data and archives: what follows a magic number has to be what the format demands. */
import { crc32, inflateRawSync } from 'node:zlib'
import { bytesAt, type EmbeddedThing, type Shape, wholeThing } from './shape.ts'

/** Decompresses the beginning: no other bytes survive that. */
export const gzipShape: Shape = (content, at) => {
  const head = bytesAt(content, at, 10 + gzipNameMax, gzipBytesMin)
  if (head === undefined) return undefined
  let data = 10
  if (((head[3] as number) & 8) !== 0) {
    const end = head.indexOf(0, data)
    if (end < 0) return undefined
    data = end + 1
  }
  const packed = bytesAt(content, at + data, inflatedHeadMax, 2)
  if (packed === undefined || !inflates(packed)) return undefined
  return { length: data, extent: 'header' }
}

const gzipNameMax = 256
const gzipBytesMin = 18
const inflatedHeadMax = 4_096

function inflates(packed: Buffer): boolean {
  try {
    return inflateRawSync(packed, { finishFlush: 2, maxOutputLength: 2 ** 24 }).length > 0
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
  }
}

/** The header's own check sum. */
export const xzShape: Shape = (content, at) => {
  const head = bytesAt(content, at, 12)
  if (head === undefined || crc32(head.subarray(6, 8)) !== head.readUInt32LE(8)) return undefined
  return { length: head.length, extent: 'header' }
}

/** Its ten bytes are what nothing else has. */
export const bzip2Shape: Shape = (content, at) =>
  bytesAt(content, at, 14) === undefined ? undefined : { length: 10, extent: 'header' }

export const sevenZipShape: Shape = (content, at) => {
  const head = bytesAt(content, at, 32)
  if (head === undefined || crc32(head.subarray(12, 32)) !== head.readUInt32LE(8)) return undefined
  return wholeThing(content, at, 32 + Number(head.readBigUInt64LE(12)) + Number(head.readBigUInt64LE(20)))
}

/**
 * One whose list of contents lies at the end of the content, as of a self-extracting archive, is known whole; of another the
 * first header with a name that a file can have.
 */
export const zipShape: Shape = (content, at) => {
  const head = bytesAt(content, at, 30)
  if (head === undefined) return undefined
  const nameBytes = head.readUInt16LE(26)
  const name = bytesAt(content, at + 30, Math.min(nameBytes, zipNameMax))?.toString('latin1')
  if (name === undefined || nameBytes === 0 || nameBytes > zipNameMax || !/^[\w.+@ ()/\\-]+$/.test(name))
    return undefined
  const end = zipEnd(content)
  if (end !== undefined && end.start === at) return wholeThing(content, at, end.end - at)
  return { length: 30 + nameBytes, extent: 'header', name: `Zip archive member ${name.slice(0, 80)}` }
}

const zipNameMax = 512
const zipEndBytes = 22
const zipCommentMax = 65_535

function zipEnd(content: Parameters<Shape>[0]): { readonly start: number; readonly end: number } | undefined {
  const from = Math.max(0, content.size - zipEndBytes - zipCommentMax)
  const tail = bytesAt(content, from, content.size - from)
  const found = tail?.lastIndexOf('PK\x05\x06', undefined, 'latin1') ?? -1
  if (tail === undefined || found < 0 || found + zipEndBytes > tail.length) return undefined
  const start = from + found - tail.readUInt32LE(found + 12) - tail.readUInt32LE(found + 16)
  return { start, end: from + found + zipEndBytes + tail.readUInt16LE(found + 20) }
}

/** `newc`: a chain of headers in hexadecimal digits up to the one that is named TRAILER!!!. */
export const cpioShape: Shape = (content, at) => {
  let here = at
  for (let count = 0; count < cpioEntriesMax; count++) {
    const text = bytesAt(content, here, cpioHeaderBytes)?.toString('latin1')
    if (text === undefined || !/^07070[12][\da-fA-F]{104}$/.test(text)) return undefined
    const field = (index: number) => Number.parseInt(text.slice(6 + 8 * index, 14 + 8 * index), 16)
    const nameBytes = field(11)
    const name = bytesAt(content, here + cpioHeaderBytes, Math.min(nameBytes, 4_096))
    if (name === undefined || nameBytes === 0 || nameBytes > 4_096) return undefined
    here += fourfold(cpioHeaderBytes + nameBytes) + fourfold(field(6))
    if (name.toString('latin1') === 'TRAILER!!!\0') return wholeThing(content, at, Math.min(here, content.size) - at)
  }
  return undefined
}

const cpioHeaderBytes = 110
const cpioEntriesMax = 20_000

function fourfold(length: number): number {
  return Math.ceil(length / 4) * 4
}

/** Version 4.0, and a block size that agrees with its own logarithm. */
export const squashfsShape: Shape = (content, at) => {
  const head = bytesAt(content, at, 96)
  if (head === undefined || head.readUInt16LE(28) !== 4 || head.readUInt16LE(30) !== 0) return undefined
  const blockLog = head.readUInt16LE(22)
  if (blockLog < 12 || blockLog > 20 || head.readUInt32LE(12) !== 2 ** blockLog) return undefined
  return wholeThing(content, at, Number(head.readBigUInt64LE(40)))
}

export const packedShapes = {
  ...{ gzip: gzipShape, xz: xzShape, bzip2: bzip2Shape, sevenzip: sevenZipShape, zip: zipShape },
  ...{ cpio: cpioShape, squashfs: squashfsShape },
} satisfies Record<string, (...at: Parameters<Shape>) => EmbeddedThing | undefined>
