/** The bytes of one file of a log: plain ones as they lie, packed ones unpacked while they are read. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { PackedBytes } from './packed-bytes.ts'
import type { Packing } from './rotated-name.ts'

export interface LogBytes {
  /** Bytes from `offset` on, at most `length`; fewer only where the file ends at the moment. Error: PackedDamage. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** Without blocking on what is no file, and without touching its atime where that is allowed. */
export async function openLogFile(path: Buffer, links: 'followed' | 'refused'): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY
  const all = links === 'followed' ? flags : flags | constants.O_NOFOLLOW
  try {
    return await open(path, all | constants.O_NOATIME)
  } catch (failed) {
    if ((failed as NodeJS.ErrnoException).code !== 'EPERM') throw failed
    return open(path, all)
  }
}

export function bytesOfFile(handle: FileHandle, packing: Packing): LogBytes {
  return packing === 'plain' ? new PlainBytes(handle) : new PackedBytes(handle, packing)
}

class PlainBytes implements LogBytes {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const target = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(target, filled, length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return target.subarray(0, filled)
  }
}
