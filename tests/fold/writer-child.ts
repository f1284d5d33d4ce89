/**
 * A process of its own that changes one file without a pause, in the way that its argument names, until it is killed.
 * Every state of the file is made of 8-byte blocks that say the version and their own number, so a mix gives itself away.
 */
import fs from 'node:fs'

export const writerModes = ['rewrite', 'grow', 'shrink', 'replace', 'come and go'] as const
export type WriterMode = (typeof writerModes)[number]

/** More than a leaf: two jobs read it. */
export const contentBytes = 20 * 2 ** 20
const chunkBytes = 2 ** 20

/** Bytes [from, from + length) of a version; both multiples of 8. */
export function blocks(version: number, from: number, length: number): Uint8Array {
  const words = new Uint32Array(length / 4)
  for (let i = 0; i < words.length; i += 2) {
    words[i] = version
    words[i + 1] = from / 8 + i / 2
  }
  return new Uint8Array(words.buffer)
}

/**
 * The version of the first block, where the bytes are a state that the file had: all of that version, or, of a file that
 * is rewritten in place from its beginning, the rest still of the one before. Else undefined.
 */
export function stateOf(bytes: Uint8Array, mode: WriterMode): number | undefined {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
  const first = words[0] as number
  const oldest = mode === 'rewrite' ? first - 1 : first
  let version = first
  for (let i = 0; i < words.length; i += 2) {
    const next = words[i] as number
    if (next > version || next < oldest || words[i + 1] !== i / 2) return undefined
    version = next
  }
  return first
}

export function writeVersion(path: string, version: number, flags: 'w' | 'r+' = 'w'): void {
  const fd = fs.openSync(path, flags)
  for (let at = 0; at < contentBytes; at += chunkBytes)
    fs.writeSync(fd, blocks(version, at, chunkBytes), 0, chunkBytes, at)
  fs.closeSync(fd)
}

/** Ends with its parent, and never writes without a bound. */
function run(path: string, mode: WriterMode): void {
  const parent = process.ppid
  const fd = fs.openSync(path, 'r+')
  for (let version = 2; process.ppid === parent; version++) {
    if (mode === 'rewrite') writeVersion(path, version, 'r+')
    if (mode === 'grow') grow(fd)
    if (mode === 'shrink') fs.ftruncateSync(fd, version % 2 === 0 ? contentBytes / 2 : contentBytes)
    if (mode === 'come and go')
      fs.renameSync(version % 2 === 0 ? path : `${path}.away`, version % 2 === 0 ? `${path}.away` : path)
    if (mode !== 'replace') continue
    writeVersion(`${path}.new`, version)
    fs.renameSync(`${path}.new`, path)
  }
}

function grow(fd: number): void {
  const { size } = fs.fstatSync(fd)
  if (size >= 2 * contentBytes) fs.ftruncateSync(fd, contentBytes)
  else fs.writeSync(fd, blocks(1, size, 4096), 0, 4096, size)
  Atomics.wait(pause, 0, 0, 1)
}

const pause = new Int32Array(new SharedArrayBuffer(4))

if (import.meta.main) run(process.argv[2] as string, process.argv[3] as WriterMode)
