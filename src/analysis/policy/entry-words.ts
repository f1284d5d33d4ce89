/** What findings about an entry as a whole say in the same words: its mode, its owner, its package, how to check them. */
import type { Finding } from '../../base/region.ts'
import type { EntrySubject, Report } from '../analyzer.ts'
import { octalMode } from './octal-mode.ts'
import { isAsPackaged, ownerOf } from './packaged.ts'
import { shownText } from './shown-text.ts'

/** Where what lies is run or believed by all users. */
export function isSystemPlace(path: string): boolean {
  return /^\/(?:usr|etc|bin|sbin|lib|lib32|lib64|libx32|boot|opt|root)(?:\/|$)/.test(path)
}

export const statCheck = "stat -c '%a %U:%G %n' FILE"

export function statLine({ meta: { mode, userName, groupName, uid, gid } }: EntrySubject): string {
  return `mode ${octalMode(mode)}, owner ${shownText(`${userName || uid}:${groupName || gid}`, 80)}`
}

export function ownerLine(subject: EntrySubject): string {
  if (subject.host.packages === undefined) return 'no package database was asked'
  const owner = ownerOf(subject)
  if (owner === undefined) return 'no package brought it (dpkg -S finds none)'
  return `it belongs to ${owner.package} ${owner.version}${isAsPackaged(subject) ? ', unchanged' : ''}`
}

/** Over all of the entry's content. */
export function find(report: Report, { meta }: EntrySubject, name: string, finding: Omit<Finding, 'origin'>): void {
  report.finding({ offset: 0, length: meta.kind === 'file' ? meta.size : 0, name }, finding)
}
