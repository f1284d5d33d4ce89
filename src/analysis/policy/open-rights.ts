/** Files that act for their owner or group, and that more people may change than should. */
import type { EntryMeta } from '../../base/entry.ts'
import type { EntrySubject, Report } from '../analyzer.ts'
import { find, statCheck, statLine } from './entry-words.ts'
import { shownText } from './shown-text.ts'

/** Who one becomes by running it. */
export interface Gift {
  readonly bit: 'setuid' | 'setgid'
  readonly to: string
  readonly isRoot: boolean
}

export function giftOf({ mode, uid, gid, userName, groupName }: EntryMeta): Gift {
  return (mode & setuidBit) !== 0
    ? { bit: 'setuid', to: shownText(userName || `${uid}`, 24), isRoot: uid === 0 }
    : { bit: 'setgid', to: shownText(groupName || `${gid}`, 24), isRoot: gid === 0 }
}

/** Setuid or setgid on what can be run. */
export function isPrivileged({ mode }: EntryMeta): boolean {
  return (mode & (setuidBit | setgidBit)) !== 0 && (mode & executableBits) !== 0
}

/**
 * Who may change it and should not. Of everybody also where nobody can run it yet: setuid then is a right that waits, and
 * setgid alone means nothing.
 */
export function strangersWho(meta: EntryMeta): 'everybody' | 'a group' | undefined {
  const { mode, gid } = meta
  if ((mode & writableByAll) !== 0) return isPrivileged(meta) || (mode & setuidBit) !== 0 ? 'everybody' : undefined
  return isPrivileged(meta) && (mode & writableByGroup) !== 0 && gid !== 0 ? 'a group' : undefined
}

/** Of a file of any kind. */
export function judgeOpenRights(subject: EntrySubject, report: Report): void {
  const who = strangersWho(subject.meta)
  if (who === undefined) return
  const { bit, to } = giftOf(subject.meta)
  const what = kindWord(subject)
  find(report, subject, `${what} with ${bit} ${to} that ${who} may change`, {
    severity: who === 'everybody' && bit === 'setuid' ? 'critical' : 'high',
    ...{ rule: 'setuid-writable', confidence: 1, check: statCheck, weakness: 'CWE-732' },
    evidence: [statLine(subject)],
  })
}

function kindWord({ content, meta }: EntrySubject): string {
  if (content?.type.kind === 'script') return 'Script'
  return isPrivileged(meta) ? 'Program' : 'File'
}

const setuidBit = 0o4000
const setgidBit = 0o2000
const executableBits = 0o111
const writableByAll = 0o002
const writableByGroup = 0o020
