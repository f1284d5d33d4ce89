/** A V2BR file as somebody gives it to us: checked before anything of it is believed, read in pieces. */
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { displayPath, equalBytes, toHex, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { parseV2brHeader, type V2brHeader, v2brFlags, v2brHeaderBytes } from './v2br-header.ts'
import { readTexture } from './v2br-texture.ts'

/** `other`: it is no SHA-256 of the content, though a hash is there. */
export type V2brHash = 'right' | 'absent' | 'other'

export class V2brFile {
  readonly header: V2brHeader
  readonly stat: Stats
  readonly #fd: number
  readonly #shown: string

  private constructor(fd: number, stat: Stats, shown: string) {
    this.#fd = fd
    this.#shown = shown
    this.stat = stat
    const head = new Uint8Array(v2brHeaderBytes)
    this.header = parseV2brHeader(head.subarray(0, this.#read(head, 0)), { fileBytes: stat.size, shown })
  }

  /** Errors: SOURCE_MISSING, SOURCE_UNREADABLE, SOURCE_KIND; BRICK_FOREIGN, BRICK_VERSION_NEWER, BRICK_LIMIT, BRICK_DAMAGED. */
  static open(path: Uint8Array): V2brFile {
    const shown = displayPath(path)
    const fd = openFile(path, shown)
    try {
      const stat = fstatSync(fd)
      if (!stat.isFile()) throw new FoundryError('SOURCE_KIND', `${shown} is no regular file. Name a V2BR file.`)
      return new V2brFile(fd, stat, shown)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /** The content, in pieces that are overwritten; its end says what the hash is worth. Error: BRICK_DAMAGED where it shrinks. */
  *content(): Generator<Uint8Array, V2brHash> {
    const { order, originalSize: size, hash } = this.header
    const sha256 = createHash('sha256')
    for (const piece of readTexture({ order, size }, (start, target) => this.#fill(start, target))) {
      sha256.update(piece)
      yield piece
    }
    return hashWorth(hash, sha256.digest())
  }

  close(): void {
    closeSync(this.#fd)
  }

  #fill(start: number, target: Uint8Array): void {
    if (this.#read(target, v2brHeaderBytes + start) === target.length) return
    throw new FoundryError('BRICK_DAMAGED', `${this.#shown} became shorter while it was read.`)
  }

  #read(target: Uint8Array, offset: number): number {
    let done = 0
    while (done < target.length) {
      const count = readSync(this.#fd, target, done, target.length - done, offset + done)
      if (count === 0) break
      done += count
    }
    return done
  }
}

/** What the file says of itself that makes its content not what it seems; nothing where all is plain. */
export function v2brDoubts({ flags }: V2brHeader, hash: V2brHash): readonly string[] {
  const encrypted = 'its flags say that the content is encrypted; it was imported as it is'
  const compressed = 'its flags say that the content is compressed; it was imported as it is'
  const other = 'its hash is not the SHA-256 of the content: either is damaged, or it is a hash of another kind'
  return [
    ...((flags & v2brFlags.isEncrypted) !== 0 ? [encrypted] : []),
    ...((flags & v2brFlags.isCompressed) !== 0 ? [compressed] : []),
    ...(hash === 'other' ? [other] : []),
  ]
}

/** 32 bytes and zeros, or the first 48 hex digits: the origin's words for it allow both. */
function hashWorth(recorded: Uint8Array, sha256: Uint8Array): V2brHash {
  if (recorded.every((byte) => byte === 0)) return 'absent'
  const padded = new Uint8Array(recorded.length)
  padded.set(sha256)
  const digits = utf8(toHex(sha256)).subarray(0, recorded.length)
  return equalBytes(recorded, padded) || equalBytes(recorded, digits) ? 'right' : 'other'
}

function openFile(path: Uint8Array, shown: string): number {
  try {
    return openSync(Buffer.from(path), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new FoundryError('SOURCE_MISSING', `${shown} does not exist. Check the path.`, error)
    }
    throw new FoundryError('SOURCE_UNREADABLE', `${shown} cannot be read: ${code}.`, error)
  }
}
