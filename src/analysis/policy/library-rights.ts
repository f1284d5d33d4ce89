/**
 * Programs that act for somebody else and look for their libraries where others can put them: what `hardening` says of the
 * search path, joined with the rights of the file. The loader follows an absolute RPATH or RUNPATH also for setuid.
 */
import { displayPath, utf8 } from '../../base/bytes.ts'
import type { EntryAnalyzer, EntrySubject } from '../analyzer.ts'
import { badSearchPlaces } from '../elf/search-path.ts'
import { find, ownerLine, statLine } from './entry-words.ts'
import { giftOf, isPrivileged } from './open-rights.ts'
import { strangerTo } from './root-paths.ts'
import { shownText } from './shown-text.ts'

export const libraryRights: EntryAnalyzer = {
  name: 'library-rights',
  version: 1,
  analyze(subject, report) {
    const { meta, content } = subject
    if (meta.kind !== 'file' || !isPrivileged(meta)) return
    const hardening = content?.regions.find((region) => region.class === 'hardening')?.attributes
    const paths = [hardening?.['rpath'], hardening?.['runpath']].filter((path) => typeof path === 'string')
    const bad = paths.flatMap((path) => badPlaces(subject, path))[0]
    if (bad === undefined) return
    const { bit, to } = giftOf(meta)
    const place = bad.place === '' ? 'the current folder' : shownText(bad.place, 32)
    find(report, subject, `Program with ${bit} ${to} takes libraries from ${place}`, {
      ...{ severity: 'high', rule: 'setuid-search-path', confidence: 0.95, weakness: 'CWE-426' },
      evidence: [
        statLine(subject),
        `it looks for libraries in ${paths.map((path) => shownText(path)).join(', ')}`,
        bad.why,
        ownerLine(subject),
      ],
      check: "stat -c '%a %U:%G %n' FILE; readelf -dW FILE | grep -E 'R(UN)?PATH'",
    })
  },
}

/** By their names, and where the tree has them by their owners. */
function badPlaces({ host }: EntrySubject, path: string): readonly { readonly place: string; readonly why: string }[] {
  const named = badSearchPlaces(path)
  if (named.length > 0) return named
  return path.split(':').flatMap((place) => {
    const meta = place.startsWith('/') ? host.entryAt?.(utf8(place.replace(/\/+$/, ''))) : undefined
    const who = meta && strangerTo(meta)
    return meta === undefined || who === undefined
      ? []
      : [{ place, why: `${shownText(who, 40)} may put files into ${shownText(displayPath(meta.path), 100)}` }]
  })
}
