/**
 * Whether something lies at a path that the user named: there, nothing there, or hidden from this user.
 *
 * `statSync` with `throwIfNoEntry: false` still throws for what is hidden, and for a path through a file on some versions
 * of Node.js only. Nothing here opens anything.
 */
import { type Stats, statSync } from 'node:fs'
import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'

/** `code`: of the operating system, where that says more than that nothing is there. */
export type Look =
  | { readonly kind: 'there'; readonly stat: Stats }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'hidden'; readonly code: string }

/** Links are followed. A path that cannot be (through a file, too long) has nothing. */
export function lookAt(path: Uint8Array): Look {
  try {
    return { kind: 'there', stat: statSync(Buffer.from(path)) }
  } catch (error) {
    const code = refusalOf(error)
    return nothingCodes.has(code) ? { kind: 'nothing' } : { kind: 'hidden', code }
  }
}

/** What is read from there; undefined where nothing is. Error: BRICK_MISSING where it is hidden. */
export function statToRead(path: Uint8Array): Stats | undefined {
  const look = lookAt(path)
  if (look.kind === 'hidden') throw hiddenBrick(path, look.code)
  return look.kind === 'there' ? look.stat : undefined
}

/** What would be written over; undefined where nothing is. Error: DEST_UNSAFE where a file there cannot be written. */
export function statToWrite(path: Uint8Array): Stats | undefined {
  try {
    return statSync(Buffer.from(path))
  } catch (error) {
    const code = refusalOf(error)
    if (code === 'ENOENT') return undefined
    throw new FoundryError('DEST_UNSAFE', `${displayPath(path)} cannot be written (${code}). Name another file.`, error)
  }
}

export function hiddenBrick(path: Uint8Array, code: string): FoundryError {
  const advice = code === 'EACCES' ? 'Run with more rights, or check the path.' : 'Check the path.'
  return new FoundryError('BRICK_MISSING', `${displayPath(path)} cannot be looked at (${code}). ${advice}`)
}

/** What the operating system said; throws what it did not say. */
function refusalOf(error: unknown): string {
  const { code, errno } = error as NodeJS.ErrnoException
  if (code === undefined || errno === undefined) throw error
  return code
}

const nothingCodes: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'])
