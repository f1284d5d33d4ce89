/**
 * The trees that are measured: those of the machine, and generated ones, alike in every run (seeded).
 */
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

export interface TreeSize {
  /** Everything but the root itself: files, folders, links. */
  readonly entries: number
  /** Of regular files, a hard link counted again. */
  readonly bytes: number
}

const chunkBytes = 1024 * 1024

/** Does not cross into other filesystems. */
export function treeSize(path: string): TreeSize {
  return walk(path, () => undefined)
}

/** Reads every file once, so that all that follow find it in the page cache. */
export function warm(path: string): TreeSize {
  const buffer = new Uint8Array(chunkBytes)
  return walk(path, (file) => {
    const fd = openSync(file, 'r')
    while (readSync(fd, buffer) > 0);
    closeSync(fd)
  })
}

function walk(root: string, visitFile: (path: string) => void): TreeSize {
  const device = lstatSync(root).dev
  let entries = 0
  let bytes = 0
  const pending = [root]
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      const stat = lstatSync(path)
      entries++
      if (stat.isDirectory() && stat.dev === device) pending.push(path)
      if (!stat.isFile()) continue
      bytes += stat.size
      visitFile(path)
    }
  }
  return { entries, bytes }
}

export interface SmallFiles {
  readonly count: number
  /** Sizes lie between 0 and three times that, most of them small. */
  readonly meanBytes: number
}

const filesPerFolder = 100

/** Lines of words: about as compressible as documentation. Returns the paths. */
export function makeSmallFiles(root: string, { count, meanBytes }: SmallFiles): string[] {
  const next = generator(1)
  const text = Buffer.from(wordsOf(next, 4 * 65_536))
  return Array.from({ length: count }, (_, index) => {
    const folder = join(root, `folder-${Math.floor(index / filesPerFolder)}`)
    if (index % filesPerFolder === 0) mkdirSync(folder, { recursive: true })
    const size = Math.floor(3 * meanBytes * (next() / 2 ** 32) ** 2)
    const start = next() % (text.length / 2)
    const path = join(folder, `file-${index}.txt`)
    writeFileSync(path, Buffer.concat([Buffer.from(`${index}\n`), text.subarray(start, start + size)]))
    return path
  })
}

/** Bytes that no codec makes smaller. `bytes`: a multiple of 1 MiB. */
export function makeRandomFile(path: string, bytes: number): void {
  const next = generator(2)
  const chunk = new Uint32Array(chunkBytes / 4)
  const fd = openSync(path, 'wx')
  for (let written = 0; written < bytes; written += chunkBytes) {
    for (let at = 0; at < chunk.length; at++) chunk[at] = next()
    writeSync(fd, new Uint8Array(chunk.buffer))
  }
  closeSync(fd)
}

/** Throws where less than `bytes` are free. */
export function checkFreeSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder)
  const gibibytes = (count: number): string => (count / 2 ** 30).toFixed(1)
  if (bavail * bsize >= bytes) return
  const free = gibibytes(bavail * bsize)
  throw new Error(`${folder} has ${free} GiB free and the bench needs ${gibibytes(bytes)}; name another with --tmp.`)
}

const tmpfsType = 0x01021994

/** There "durable" means nothing, and bytes cost memory. */
export function isInMemory(folder: string): boolean {
  return statfsSync(folder).type === tmpfsType
}

/** xorshift32: 0 .. 2^32 - 1, never the same twice in a row. */
function generator(seed: number): () => number {
  let state = seed * 0x9e3779b9
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

function wordsOf(next: () => number, characters: number): string {
  const syllables = [
    'ta',
    'ri',
    'mon',
    'el',
    'ker',
    'su',
    'pa',
    'nel',
    'or',
    'di',
    'vas',
    'ti',
    'on',
    'fo',
    'ly',
    'gra',
  ]
  let text = ''
  while (text.length < characters) {
    const count = 1 + (next() % 3)
    for (let at = 0; at < count; at++) text += syllables[next() % syllables.length]
    text += next() % 12 === 0 ? '\n' : ' '
  }
  return text
}
