/** The files of a log at one moment: the one that is written, and those that were rotated away in the same folder. */
import type { BigIntStats } from 'node:fs'
import { lstat, readdir, readlink, stat } from 'node:fs/promises'
import { bytesKey } from '../../base/bytes.ts'
import { FoundryError } from '../../base/errors.ts'
import { absolutePath, type Source } from '../open.ts'
import { explained, notAFile } from './log-failures.ts'
import { type Packing, type RotationMark, rotatedName } from './rotated-name.ts'

export interface LogFile {
  readonly path: Buffer
  /** Latin1, without the folder; empty of a file that has no name any more. */
  readonly name: string
  readonly mark: RotationMark
  readonly packing: Packing
  readonly stat: BigIntStats
}

export interface LogFolder {
  /** What lies at the log's own path, links followed; undefined: nothing. */
  readonly live: LogFile | undefined
  /** Regular files whose names are of rotation, without `live`. */
  readonly rotated: readonly LogFile[]
}

/** Errors: SOURCE_MISSING where the folder is gone, SOURCE_UNREADABLE, SOURCE_KIND. */
export async function readLogFolder(source: Pick<Source, 'root' | 'path'>): Promise<LogFolder> {
  const base = bytesKey(source.path)
  const path = Buffer.from(absolutePath(source))
  try {
    for (let attempt = 1; ; attempt++) {
      const before = await folderVersion(source.root)
      const live = await statOrNothing(path, 'followed')
      if (live !== undefined && !live.isFile()) throw notAFile(path)
      const target = await targetName(path)
      const rotated = await rotatedFiles(source, target === undefined ? [base] : [base, target])
      // Names that were moved on meanwhile may have been missed.
      if (attempt < attemptsMax && (await folderVersion(source.root)) !== before) continue
      return {
        live: live && { path, name: base, mark: { kind: 'word' }, packing: 'plain', stat: live },
        rotated: rotated.filter(({ stat: { dev, ino } }) => dev !== live?.dev || ino !== live.ino),
      }
    }
  } catch (failed) {
    throw failed instanceof FoundryError ? failed : explained(path, failed as NodeJS.ErrnoException)
  }
}

const attemptsMax = 5

async function folderVersion(folder: Uint8Array): Promise<bigint> {
  return (await stat(Buffer.from(folder), { bigint: true })).mtimeNs
}

async function rotatedFiles({ root }: Pick<Source, 'root'>, bases: readonly string[]): Promise<LogFile[]> {
  const found: LogFile[] = []
  for (const name of await readdir(Buffer.from(root), { encoding: 'buffer' })) {
    const text = name.toString('latin1')
    const [rotated] = bases.flatMap((base) => rotatedName(base, text) ?? [])
    if (rotated === undefined) continue
    const path = Buffer.from(absolutePath({ root, path: name }))
    const info = await statOrNothing(path, 'refused')
    if (info?.isFile() === true) found.push({ ...rotated, path, name: text, stat: info })
  }
  return found
}

async function statOrNothing(path: Buffer, links: 'followed' | 'refused'): Promise<BigIntStats | undefined> {
  try {
    return await (links === 'followed' ? stat(path, { bigint: true }) : lstat(path, { bigint: true }))
  } catch (failed) {
    if ((failed as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw failed
  }
}

/** Of a link to a file of the same folder, the name of that file. */
async function targetName(path: Buffer): Promise<string | undefined> {
  try {
    const target = await readlink(path, { encoding: 'buffer' })
    return target.includes('/') ? undefined : target.toString('latin1')
  } catch {
    return undefined
  }
}
