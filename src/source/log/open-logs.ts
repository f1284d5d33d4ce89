/**
 * Files of a log that are held open: as long as one is, its bytes can be read whatever becomes of its name, and its inode
 * is not given to another file.
 */
import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { bytesOfFile, type LogBytes, openLogFile } from './log-bytes.ts'
import type { LogFile } from './log-folder.ts'
import type { Packing } from './rotated-name.ts'

export interface OpenLog {
  readonly handle: FileHandle
  readonly packing: Packing
  readonly bytes: LogBytes
}

/** Which file it is: an inode's number is given to another file soon after it is free. */
export interface FileIdentity {
  readonly dev: bigint
  readonly ino: bigint
  /** When the inode was made; 0 where the filesystem does not tell. */
  readonly bornNs: bigint
}

/** Names were moved on while they were looked at: look again. */
export class FolderChanged extends Error {}

export class OpenLogs {
  readonly #open = new Map<string, OpenLog>()

  get(file: FileIdentity): OpenLog | undefined {
    return this.#open.get(fileKey(file))
  }

  /** Errors: FolderChanged, and errno where it cannot be opened. */
  async open(file: LogFile, links: 'followed' | 'refused'): Promise<OpenLog> {
    const known = this.get(fileOfStat(file.stat))
    if (known !== undefined) return known
    const handle = await openLogFile(file.path, links).catch((failed: NodeJS.ErrnoException) => {
      throw failed.code === 'ENOENT' ? new FolderChanged() : failed
    })
    const stat = await handle.stat({ bigint: true })
    if (fileKey(fileOfStat(stat)) !== fileKey(fileOfStat(file.stat))) {
      await handle.close()
      throw new FolderChanged()
    }
    const opened = { handle, packing: file.packing, bytes: bytesOfFile(handle, file.packing) }
    this.#open.set(fileKey(fileOfStat(stat)), opened)
    return opened
  }

  /** Closes those of which `isNeeded` says no. */
  async release(isNeeded: (stat: BigIntStats) => boolean): Promise<void> {
    for (const { stat, log } of await this.all()) {
      if (isNeeded(stat)) continue
      this.#open.delete(fileKey(fileOfStat(stat)))
      await log.handle.close()
    }
  }

  async all(): Promise<{ readonly stat: BigIntStats; readonly log: OpenLog }[]> {
    return Promise.all(
      [...this.#open.values()].map(async (log) => ({ log, stat: await log.handle.stat({ bigint: true }) })),
    )
  }

  async close(): Promise<void> {
    const all = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(all.map(({ handle }) => handle.close()))
  }
}

export function fileOfStat({ dev, ino, birthtimeNs }: BigIntStats): FileIdentity {
  return { dev, ino, bornNs: birthtimeNs }
}

export function fileKey({ dev, ino, bornNs }: FileIdentity): string {
  return `${dev}:${ino}:${bornNs}`
}
