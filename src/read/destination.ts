/** The folder that an extraction writes into: made where missing, refused where somebody's things are in it. */
import { constants, mkdirSync, openSync, readdirSync } from 'node:fs'
import { displayPath, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { Beneath } from '../linux/beneath.ts'
import { asBuffer, LibcError } from '../linux/libc.ts'
import { filesystemOfFd } from '../linux/statfs.ts'

export interface Destination {
  readonly path: Uint8Array
  /** `replace`: what is in the way of an entry is replaced, everything else stays. */
  readonly existing: 'refuse' | 'replace'
  /** A folder in it, where the extraction begins; made with its parents, without following a link. */
  readonly beneath?: Uint8Array
}

/**
 * Open, and its missing parents made. `fd` is the folder itself, closed with `dest`. Errors: DEST_NOT_EMPTY, DEST_UNSAFE.
 */
export function openDestination({ path, existing, beneath }: Destination): OpenedDestination {
  const outer = openFolder({ path, existing })
  if (beneath === undefined || beneath.length === 0) return outer
  try {
    return openWithin(outer.dest, beneath)
  } catch (error) {
    if (error instanceof FoundryError && !(error instanceof LibcError)) throw error
    const shown = `${displayPath(path)}/${displayPath(beneath)}`
    throw new FoundryError('DEST_UNSAFE', `${shown} cannot be made or opened as a folder. Name another.`, error)
  } finally {
    outer.dest.close()
  }
}

interface OpenedDestination {
  readonly dest: Beneath
  readonly fd: number
}

/** Until the brick that knows its mode says it, if one does. */
const passingMode = 0o755

function openWithin(outer: Beneath, path: Uint8Array): OpenedDestination {
  for (let at = 0; at <= path.length; at++) {
    if (at < path.length && path[at] !== slash) continue
    const folder = path.subarray(0, at)
    if (outer.stat(folder)?.kind !== 'dir') outer.makeDirectory(folder, passingMode)
  }
  const fd = outer.openDirectory(path)
  return { dest: new Beneath(fd), fd }
}

const slash = 0x2f

function openFolder({ path, existing }: Omit<Destination, 'beneath'>): OpenedDestination {
  const shown = displayPath(path)
  try {
    mkdirSync(asBuffer(path), { recursive: true, mode: 0o777 })
    const fd = openSync(asBuffer(path), constants.O_RDONLY | constants.O_DIRECTORY)
    const dest = new Beneath(fd)
    if (existing === 'replace' || firstName(fd) === undefined) return { dest, fd }
    dest.close()
    throw new FoundryError('DEST_NOT_EMPTY', `${shown} is not empty. Name an empty folder, or use --force.`)
  } catch (error) {
    if (error instanceof FoundryError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new FoundryError(
      'DEST_UNSAFE',
      `${shown} cannot be made or listed as a folder (${code}). Name another.`,
      error,
    )
  }
}

/** The folder that another thread has open, opened anew: the same one, whatever its path leads to by now. */
export function shareDestination(fd: number): Beneath {
  return Beneath.open(utf8(`/proc/self/fd/${fd}`))
}

/** Errors: DEST_SPACE where less is free than asked for. */
export function checkSpace(fd: number, neededBytes: number): void {
  const { freeBytes } = filesystemOfFd(fd)
  if (neededBytes <= freeBytes) return
  throw new FoundryError(
    'DEST_SPACE',
    `${neededBytes} bytes are needed, ${freeBytes} are free at the destination. Free some, or use --force.`,
  )
}

/** A name in the folder, if there is one. */
function firstName(fd: number): Buffer | undefined {
  return readdirSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' })[0]
}
