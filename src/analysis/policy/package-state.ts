/**
 * What the package manager knows of a file, and where the file differs from it.
 *
 * A program that is not what its package brought is a planted or a damaged one. A configuration file is meant to be
 * changed. What nobody owns beside packaged programs is worth a word. Only for bricks of this machine.
 */
import { displayPath } from '../../base/bytes.ts'
import { regionLayers, type Severity } from '../../base/region.ts'
import type { EntryAnalyzer, EntrySubject, Report } from '../analyzer.ts'
import type { PackagedFile } from '../host.ts'
import { ownerOf } from './packaged.ts'
import { shownText } from './shown-text.ts'

export const packageState: EntryAnalyzer = {
  name: 'package',
  version: 1,
  analyze(subject, report) {
    if (subject.host.packages === undefined || subject.meta.kind !== 'file') return
    const owner = ownerOf(subject)
    if (owner === undefined) judgeUnowned(subject, report)
    else judgeOwned(subject, owner, report)
  },
}

function judgeOwned(subject: EntrySubject, owner: PackagedFile, report: Report): void {
  const { meta, content } = subject
  const known = owner.md5 !== undefined && content?.md5 !== undefined
  const isChanged = known && owner.md5 !== content.md5
  report.region({
    ...{ offset: 0, length: meta.size, layer: regionLayers.whole, class: 'package' },
    name: `${owner.package} ${owner.version}`,
    attributes: {
      ...{ package: owner.package, version: owner.version },
      ...(known && { unchanged: !isChanged }),
      ...(owner.isConfiguration && { configuration: true }),
    },
  })
  if (!isChanged || owner.isConfiguration) return
  const severity = severityOfChange(subject)
  const what = severity === 'info' ? 'File' : 'Program'
  report.finding(
    { offset: 0, length: meta.size, name: `${what} that differs from the one in its package ${owner.package}` },
    {
      ...{ severity, rule: 'package-changed', confidence: 0.99, check: `md5sum FILE; dpkg -V ${owner.package}` },
      evidence: [
        `${owner.package} ${owner.version} brought it with MD5 ${owner.md5}`,
        `it has MD5 ${content.md5} and ${meta.size} bytes`,
      ],
      weakness: 'CWE-506',
    },
  )
}

function severityOfChange(subject: EntrySubject): Severity {
  const { meta } = subject
  if (!isProgram(subject)) return 'info'
  const isPrivileged = (meta.mode & 0o4000) !== 0 && meta.uid === 0
  return isPrivileged ? 'critical' : 'high'
}

/** What runs when somebody calls, loads or imports it. */
function isProgram({ meta, content, path }: EntrySubject): boolean {
  const kind = content?.type.kind
  if (kind === 'elf' || kind === 'bytecode' || (meta.mode & 0o111) !== 0) return true
  return /\.(?:py|pm|pl|rb|js|mjs|cjs|php|sh|jar|service|so)$/.test(displayPath(path))
}

function judgeUnowned(subject: EntrySubject, report: Report): void {
  const { path, meta, content, host } = subject
  const kind = content?.type.kind
  const text = displayPath(path)
  if ((kind !== 'elf' && kind !== 'script') || (meta.mode & 0o111) === 0) return
  if (!/^\/(?:usr|bin|sbin|lib|lib64)\//.test(text) || text.startsWith('/usr/local/')) return
  if (host.packages?.ownsFolder(path.subarray(0, Math.max(1, path.lastIndexOf(slash)))) !== true) return
  report.finding(
    { offset: 0, length: meta.size, name: 'Program among packaged ones that no package brought' },
    {
      ...{ severity: 'low', rule: 'package-unowned', confidence: 0.9, check: 'dpkg -S FILE' },
      evidence: [`no package owns ${text}`, `it is ${shownText(content?.type.description ?? '')}`],
    },
  )
}

const slash = 0x2f
