/**
 * Who else could change a task file. Its hook runs with the daemon's rights, so what others can write must not have one.
 *
 * Looked at: the file, and every folder above it, along the path as given and along the real one.
 */
import { lstatSync, realpathSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { displayPath } from '../base/bytes.ts'

export type HookTrust =
  | { readonly kind: 'trusted' }
  /** Why a hook of such a file is not run, and what to do. */
  | { readonly kind: 'refused'; readonly message: string }

/** What of a stat decides. */
export type Ownership = Pick<Stats, 'uid' | 'gid' | 'mode'>

/** `euid`, whose rights hooks have, and what is at `path`. */
export interface TrustQuestion {
  readonly path: Uint8Array
  readonly stat: Ownership
  readonly euid: number
}

/** Of the folder itself and all above it. Error: those of lstat. */
export function folderTrust(path: Uint8Array, euid: number): HookTrust {
  const real = realpathSync.native(Buffer.from(path), { encoding: 'buffer' })
  const seen = new Set<string>()
  for (const start of [Buffer.from(path), real]) {
    for (const folder of upwards(start.toString('latin1'))) {
      if (seen.has(folder)) continue
      seen.add(folder)
      const bytes = Buffer.from(folder, 'latin1')
      const trust = trustOf({ path: bytes, stat: lstatSync(bytes), euid })
      if (trust.kind === 'refused') return trust
    }
  }
  return { kind: 'trusted' }
}

/** Of one file or folder by its own. */
export function trustOf({ path, stat, euid }: TrustQuestion): HookTrust {
  const shown = displayPath(path)
  if (stat.uid !== 0 && stat.uid !== euid) {
    return refused(`${shown} belongs to user ${stat.uid}. Give it to ${euid === 0 ? 'root' : `user ${euid}`}.`)
  }
  const isLink = (stat.mode & kindBits) === linkKind
  const isSticky = (stat.mode & kindBits) === folderKind && (stat.mode & stickyBit) !== 0
  if (isLink || isSticky) return { kind: 'trusted' }
  if ((stat.mode & 0o002) !== 0) return refused(`everybody can write ${shown}. Say: chmod o-w ${shown}`)
  // Beside root, a user's own group is a habit (umask 002); root's hooks are worth more care.
  if (euid === 0 && (stat.mode & 0o020) !== 0 && stat.gid !== 0) {
    return refused(`group ${stat.gid} can write ${shown}. Say: chmod g-w ${shown}`)
  }
  return { kind: 'trusted' }
}

const kindBits = 0o170000
const linkKind = 0o120000
const folderKind = 0o040000
/** In such a folder nobody removes or renames what is somebody else's. */
const stickyBit = 0o1000

function refused(why: string): HookTrust {
  return { kind: 'refused', message: `on_brick is not run: ${why}` }
}

function* upwards(path: string): Generator<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    yield folder
    if (dirname(folder) === folder) return
  }
}
