/** Under what a report on a content is kept: the content, the analyzers, and all else that it depends on. */
import { createHash } from 'node:crypto'
import type { Run } from '../base/entry.ts'
import { contentKey } from '../catalog/content-key.ts'
import { contentSetVersion } from './analyzers.ts'
import type { NameClass } from './name-class.ts'

export interface ReportKeyParts {
  /** 32 bytes. */
  readonly contentId: Uint8Array
  readonly nameClass: NameClass
  readonly missing: readonly Run[]
}

/** 32 bytes. */
export function reportKey({ contentId, nameClass, missing }: ReportKeyParts): Uint8Array {
  const hash = createHash('sha256').update('sfd report\0').update(contentId)
  hash.update(`${contentSetVersion}\0${nameClass}\0`)
  for (const { start, length } of missing) hash.update(`${start}+${length} `)
  return contentKey(contentId, hash.digest())
}
