/** What a machine says of places in its file systems, for rules that need more than one entry. */
import type { EntryMeta } from '../base/entry.ts'

export interface Host {
  /** Undefined where this machine has no package database, or the brick is of another machine. */
  readonly packages: Packages | undefined
  /** Of the tree that is looked at: what lies at that absolute path; undefined where it is no part of it. */
  readonly entryAt?: (path: Uint8Array) => EntryMeta | undefined
}

export interface Packages {
  /** The package that brought the file at this absolute path, with the MD5 that it had then where the package says so. */
  ownerOf(path: Uint8Array): PackagedFile | undefined
  /** Whether some package owns files directly in that folder: then what nobody owns there is worth a word. */
  ownsFolder(path: Uint8Array): boolean
  /** The mode that somebody has told the package manager to give to what lies there (dpkg-statoverride). */
  overrideOf?(path: Uint8Array): number | undefined
}

export interface PackagedFile {
  readonly package: string
  readonly version: string
  /** Lower-case hex; undefined for links, folders and files without one. */
  readonly md5: string | undefined
  /** A file that the administrator is meant to change. */
  readonly isConfiguration: boolean
}
