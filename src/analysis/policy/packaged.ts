/** What the package database says of an entry, as several rules ask it. */
import type { EntrySubject } from '../analyzer.ts'
import type { PackagedFile } from '../host.ts'

export function ownerOf({ path, host }: EntrySubject): PackagedFile | undefined {
  return host.packages?.ownerOf(path)
}

/** A package brought it, and it holds the same bytes as then. */
export function isAsPackaged(subject: EntrySubject): boolean {
  const owner = ownerOf(subject)
  return owner?.md5 !== undefined && owner.md5 === subject.content?.md5
}
