/** The folder that an extraction writes into: made where missing, refused where somebody's things are in it. */
import { type Dirent, mkdirSync, readdirSync } from 'node:fs'
import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { Beneath } from '../linux/beneath.ts'
import { asBuffer } from '../linux/libc.ts'
import { filesystemOfPath } from '../linux/statfs.ts'

export interface Destination {
  readonly path: Uint8Array
  /** `replace`: what is in the way of an entry is replaced, everything else stays. */
  readonly existing: 'refuse' | 'replace'
}

/** Open, and its missing parents made. Errors: DEST_NOT_EMPTY, DEST_UNSAFE, LIBC_FAILED. */
export function openDestination({ path, existing }: Destination): Beneath {
  const shown = displayPath(path)
  try {
    mkdirSync(asBuffer(path), { recursive: true, mode: 0o777 })
    if (existing === 'refuse' && firstName(path) !== undefined) {
      throw new FoundryError('DEST_NOT_EMPTY', `${shown} is not empty. Name an empty folder, or use --force.`)
    }
  } catch (error) {
    if (error instanceof FoundryError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new FoundryError('DEST_UNSAFE', `${shown} cannot be made or listed as a folder (${code}). Name another.`, error)
  }
  return Beneath.open(path)
}

/** Errors: DEST_SPACE where less is free than asked for. */
export function checkSpace(path: Uint8Array, neededBytes: number): void {
  const { freeBytes } = filesystemOfPath(path)
  if (neededBytes <= freeBytes) return
  throw new FoundryError(
    'DEST_SPACE',
    `${neededBytes} bytes are needed beneath ${displayPath(path)}, ${freeBytes} are free. Free some, or use --force.`,
  )
}

function firstName(path: Uint8Array): Dirent<Buffer> | undefined {
  return readdirSync(asBuffer(path), { encoding: 'buffer', withFileTypes: true })[0]
}
