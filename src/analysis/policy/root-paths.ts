/**
 * Who may change what root runs or loads by a path that a crontab, a unit, sudoers or the loader's settings name: asks the
 * tree that the settings lie in; of what is not in it nothing is said.
 */
import { displayPath, utf8Text } from '../../base/bytes.ts'
import type { EntryMeta } from '../../base/entry.ts'
import { type Region, regionLayers } from '../../base/region.ts'
import type { EntryAnalyzer, EntrySubject, Report } from '../analyzer.ts'
import { octalMode } from './octal-mode.ts'
import { shownText } from './shown-text.ts'
import { rootPathClass } from './startup.ts'

export const rootPaths: EntryAnalyzer = {
  name: 'root-paths',
  version: 1,
  analyze(subject, report) {
    if (subject.host.entryAt === undefined) return
    for (const region of subject.content?.regions ?? []) {
      if (region.class === rootPathClass && region.layer === regionLayers.record) judgePath(subject, region, report)
    }
  },
}

function judgePath({ host }: EntrySubject, region: Region, report: Report): void {
  const path = Buffer.from(String(region.attributes?.['path'] ?? ''), 'hex')
  for (const place of withFolders(path)) {
    const meta = host.entryAt?.(place)
    const who = meta && strangerTo(meta)
    if (meta === undefined || who === undefined) continue
    const { offset, length, attributes } = region
    const use = String(attributes?.['use'] ?? 'root')
    const shown = shownText(displayPath(place), 120)
    const owner = `${meta.userName || meta.uid}:${meta.groupName || meta.gid}`
    report.finding(
      { offset, length, name: `${shownText(who, 24)} may change what ${use} runs or loads as root` },
      {
        ...{ severity: 'high', rule: 'root-path-writable', confidence: 0.95, weakness: 'CWE-732' },
        evidence: [
          `line ${attributes?.['line']} names ${region.name}`,
          `${shown}: mode ${octalMode(meta.mode)}, owner ${shownText(owner, 80)}`,
        ],
        check: checkOf(place),
      },
    )
    return
  }
}

/** Who but root can change or replace it; a link has no mode of its own. */
export function strangerTo({ kind, mode, uid, gid, userName, groupName }: EntryMeta): string | undefined {
  if (kind !== 'file' && kind !== 'dir') return undefined
  const isKept = kind === 'dir' && (mode & stickyBit) !== 0
  if ((mode & 0o002) !== 0 && !isKept) return 'everybody'
  if (uid >= firstPersonUid) return userName || `uid ${uid}`
  return (mode & 0o020) !== 0 && gid >= sharedGid && !isKept ? `the group ${groupName || gid}` : undefined
}

const stickyBit = 0o1000
/** Accounts of the system, such as postgres, have smaller ones: what they own they run. */
const firstPersonUid = 1_000
/** `users` of Debian and what follows: groups that people are in. staff (50) may write /usr/local by Debian's own rule. */
const sharedGid = 100

/** The file, its folder, and so on up to the top. */
function* withFolders(path: Uint8Array): Generator<Uint8Array> {
  for (let end = path.length; end > 0; end = path.lastIndexOf(0x2f, end - 1)) yield path.subarray(0, end)
}

/** Only of a path that stands in a shell as it is. */
function checkOf(path: Uint8Array): string {
  const text = utf8Text(path) ?? ''
  return /^[\w./@%+,:=-]+$/.test(text) ? `stat -c '%a %U:%G %n' ${text}` : `grep -n . FILE`
}
