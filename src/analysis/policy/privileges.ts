/**
 * Rights that a file gives to whoever runs it, and files and folders that everybody may write.
 *
 * A distribution's own setuid programs are no findings: they are told as regions of class `privilege`. A finding is what
 * nobody brought, what does anything for its caller, or what everybody may change.
 */
import { displayPath, utf8Text } from '../../base/bytes.ts'
import type { EntryMeta } from '../../base/entry.ts'
import { regionLayers, type Severity } from '../../base/region.ts'
import type { EntryAnalyzer, EntrySubject, Report } from '../analyzer.ts'
import { find, isSystemPlace, ownerLine, statCheck, statLine } from './entry-words.ts'
import { judgeAccess } from './file-access.ts'
import {
  capabilitiesText,
  type FileCapabilities,
  parseFileCapabilities,
  rootLikeCapabilities,
} from './file-capabilities.ts'
import { type Identity, identityOf } from './identity.ts'
import { usualPrivileged } from './known-programs.ts'
import { octalMode } from './octal-mode.ts'
import { type Gift, giftOf, isPrivileged, judgeOpenRights } from './open-rights.ts'
import { ownerOf } from './packaged.ts'
import { shownText } from './shown-text.ts'

export const privileges: EntryAnalyzer = {
  name: 'privileges',
  version: 3,
  analyze(subject, report) {
    const { kind } = subject.meta
    if (kind === 'file') {
      judgeOpenRights(subject, report)
      if (isPrivileged(subject.meta)) judgeRights(subject, report)
      judgeCapabilities(subject, report)
    }
    if (kind === 'file' || kind === 'dir') judgeAccess(subject, report)
  },
}

function judgeRights(subject: EntrySubject, report: Report): void {
  const gift = giftOf(subject.meta)
  const { bit, to } = gift
  tellPrivilege(report, subject, `${bit} ${to}`, { mode: octalMode(subject.meta.mode) })
  if (subject.content?.type.kind === 'script') {
    find(report, subject, `Script with ${bit}, which Linux ignores`, {
      ...{ severity: 'low', rule: 'setuid-script', confidence: 1, check: statCheck, weakness: 'CWE-732' },
      evidence: [statLine(subject), `it is a script: #!${shownText(subject.content.type.interpreter ?? '')}`],
    })
    return
  }
  const identity = identityOf(subject)
  if (identity !== undefined && !isItself(subject, identity)) findPowerful(report, subject, { gift, identity })
  else findUnexpected(report, subject, gift)
}

function findPowerful(
  report: Report,
  subject: EntrySubject,
  { gift, identity }: { gift: Gift; identity: Identity },
): void {
  const { bit, to, isRoot } = gift
  const { name, because, check, power } = identity
  const isCopy = lastName(subject) !== name
  const who = runnersOf(subject.meta)
  const most: Severity = bit === 'setuid' && isRoot && who.isEverybody ? 'critical' : 'high'
  find(report, subject, `${isCopy ? `Copy of ${name}` : name} with ${bit} ${to}: it ${power} for ${who.text}`, {
    severity: who.isOwner && bit === 'setuid' ? 'low' : most,
    ...{ rule: 'setuid-shell', confidence: 0.99, check: `stat -c '%a %U:%G %n' FILE; ${check}`, weakness: 'CWE-250' },
    evidence: [statLine(subject), because, ownerLine(subject)],
  })
}

/** One of the few that are both, such as screen: its bits are usual, and nobody hides behind its name. */
function isItself(subject: EntrySubject, { name }: Identity): boolean {
  return lastName(subject) === name && isExpected(subject)
}

interface Runners {
  readonly text: string
  readonly isEverybody: boolean
  readonly isOwner: boolean
}

/** Who may run it by its mode. */
function runnersOf({ mode, gid, groupName }: EntryMeta): Runners {
  if ((mode & 0o001) !== 0) return { text: 'everybody', isEverybody: true, isOwner: false }
  if ((mode & 0o010) === 0) return { text: 'its owner only', isEverybody: false, isOwner: true }
  return { text: `the group ${shownText(groupName || `${gid}`, 16)}`, isEverybody: false, isOwner: false }
}

function lastName({ path }: EntrySubject): string {
  const text = displayPath(path)
  return text.slice(text.lastIndexOf('/') + 1)
}

function findUnexpected(report: Report, subject: EntrySubject, { bit, to, isRoot }: Gift): void {
  if (isExpected(subject)) return
  const owner = ownerOf(subject)
  const isKnownMachine = subject.host.packages !== undefined
  const evidence = [statLine(subject), ownerLine(subject)]
  const rest = { confidence: 0.9, check: statCheck, weakness: 'CWE-250', evidence }
  if (owner !== undefined) {
    const severity: Severity = bit === 'setuid' ? 'medium' : 'low'
    const rule = 'setuid-unusual'
    find(report, subject, `Program with ${bit} ${to} that usually has none`, { ...rest, severity, rule })
  } else if (isKnownMachine || !isSystemPlace(displayPath(subject.path))) {
    const severity: Severity = bit === 'setuid' || isRoot ? 'high' : 'medium'
    const whose = isKnownMachine ? 'no package brought' : 'lies outside the system'
    find(report, subject, `Program with ${bit} ${to} that ${whose}`, { ...rest, severity, rule: 'setuid-unowned' })
  } else {
    find(report, subject, `Program with ${bit} ${to} that is not known`, {
      ...{ ...rest, severity: bit === 'setuid' ? 'medium' : 'low', rule: 'setuid-unusual', confidence: 0.5 },
    })
  }
}

/** A package's, with a name that is known for it, or somebody has told the package manager so. */
function isExpected(subject: EntrySubject): boolean {
  const text = displayPath(subject.path)
  const name = lastName(subject)
  const { packages } = subject.host
  if (packages === undefined) return usualPrivileged.has(name) && isSystemPlace(text)
  if (isOtherSystem(text) && usualPrivileged.has(name)) return true
  if (ownerOf(subject) === undefined) return false
  const overridden = packages.overrideOf?.(subject.path)
  const isOrdered = overridden !== undefined && (overridden & 0o6000) === (subject.meta.mode & 0o6000)
  return isOrdered || usualPrivileged.has(name)
}

/** The files of a container or of a packed application: its own packages brought them. */
function isOtherSystem(path: string): boolean {
  return /^\/(?:snap|var\/lib\/(?:docker|containers|containerd|lxc|lxd|machines|flatpak|snapd|schroot))\//.test(path)
}

const capabilityName = 'security.capability'

function judgeCapabilities(subject: EntrySubject, report: Report): void {
  const xattr = subject.meta.xattrs.find(({ name }) => utf8Text(name) === capabilityName)
  if (xattr === undefined) return
  const capabilities = parseFileCapabilities(xattr.value)
  if (capabilities === undefined) {
    report.problem('the attribute security.capability is of no known form')
    return
  }
  const text = capabilitiesText(capabilities)
  tellPrivilege(report, subject, text, { capabilities: text })
  const severity = severityOfCapabilities(subject, capabilities)
  if (severity === undefined) return
  const identity = identityOf(subject)
  find(report, subject, `${identity?.name ?? 'Program'} with ${text}`, {
    ...{ severity, rule: 'file-capabilities', confidence: 0.95, check: 'getcap -n FILE', weakness: 'CWE-250' },
    evidence: [`getcap -n says: ${text}`, ...(identity === undefined ? [] : [identity.because]), ownerLine(subject)],
  })
}

function severityOfCapabilities(subject: EntrySubject, { permitted }: FileCapabilities): Severity | undefined {
  const isStrong = permitted.some((name) => rootLikeCapabilities.has(name))
  if (permitted.length === 0) return undefined
  if (isStrong && identityOf(subject) !== undefined) return 'critical'
  if (ownerOf(subject) !== undefined) return isStrong && !isExpected(subject) ? 'medium' : undefined
  if (subject.host.packages === undefined && isSystemPlace(displayPath(subject.path)))
    return isStrong ? 'medium' : undefined
  return isStrong ? 'high' : 'medium'
}

function tellPrivilege(report: Report, { meta }: EntrySubject, name: string, attributes: Record<string, string>): void {
  report.region({ offset: 0, length: meta.size, layer: regionLayers.whole, class: 'privilege', name, attributes })
}
