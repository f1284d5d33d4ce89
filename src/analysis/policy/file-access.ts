/** Who may change or read what only root, or the system's accounts, should. */
import { displayPath } from '../../base/bytes.ts'
import type { Severity } from '../../base/region.ts'
import type { EntrySubject, Report } from '../analyzer.ts'
import { find, isSystemPlace, ownerLine, statCheck, statLine } from './entry-words.ts'
import { strangersWho } from './open-rights.ts'
import { shownText } from './shown-text.ts'

/** Of a file or a folder. */
export function judgeAccess(subject: EntrySubject, report: Report): void {
  const { kind, mode } = subject.meta
  if ((mode & writableByAll) !== 0) judgeWritable(subject, report)
  else judgeOwner(subject, report)
  if (kind === 'file' && (mode & readableByAll) !== 0) judgeReadable(subject, report)
}

const stickyBit = 0o1000
const executableBits = 0o111
const writableByAll = 0o002
const readableByAll = 0o004

function judgeWritable(subject: EntrySubject, report: Report): void {
  const { kind, mode } = subject.meta
  const isFolder = kind === 'dir'
  if (isFolder && (mode & stickyBit) !== 0) return
  // Said already, as the graver thing that it is.
  if (!isFolder && strangersWho(subject.meta) !== undefined) return
  const runs = !isFolder && (mode & executableBits) !== 0
  const path = displayPath(subject.path)
  const isSystem = isSystemPlace(path) || isLoginPlace(path)
  const severity: Severity = isSystem ? 'high' : isFolder || runs ? 'medium' : 'low'
  find(report, subject, isFolder ? 'Folder in which everybody may replace files' : 'File that everybody may change', {
    ...{ severity, rule: 'world-writable', confidence: 1, check: statCheck, weakness: 'CWE-732' },
    evidence: [
      statLine(subject),
      ...(isFolder ? ['without the sticky bit, everybody may rename what others own'] : []),
    ],
  })
}

/** Who writes here logs in as somebody else. */
function isLoginPlace(path: string): boolean {
  return /\/\.ssh(?:\/(?:authorized_keys2?|rc|config|environment))?$/.test(path)
}

/** What root runs or believes belongs to root, or to an account of the system. */
function judgeOwner(subject: EntrySubject, report: Report): void {
  const { uid, userName } = subject.meta
  if (uid < firstPersonUid || !isRunByRoot(displayPath(subject.path))) return
  const who = shownText(userName || `uid ${uid}`, 32)
  find(report, subject, `${who} may change what root runs`, {
    ...{ severity: 'medium', rule: 'owned-by-user', confidence: 0.9, check: statCheck, weakness: 'CWE-708' },
    evidence: [statLine(subject), ownerLine(subject)],
  })
}

/** Smaller ones are of the system. */
const firstPersonUid = 1_000

function isRunByRoot(path: string): boolean {
  return /^\/(?:usr\/)?(?:bin|sbin|lib|lib32|lib64|libexec)(?:\/|$)|^\/etc(?:\/|$)/.test(path)
}

function judgeReadable(subject: EntrySubject, report: Report): void {
  if (!/\/etc\/g?shadow-?$/.test(displayPath(subject.path))) return
  find(report, subject, "Everybody may read the passwords' hashes", {
    ...{ severity: 'high', rule: 'shadow-readable', confidence: 1, check: statCheck, weakness: 'CWE-732' },
    evidence: [statLine(subject)],
  })
}
