/**
 * One mapping listed anew, in the calling thread: for a fold that found it to be another one than the look said.
 *
 * The same key, the same file or none: otherwise it is gone, and what is there now is found by the next look.
 */
import { closeFd } from '../../linux/directory.ts'
import type { LookedMapping, MemoryRules } from './look-protocol.ts'
import { choice } from './mapping-ident.ts'
import { listedBytes, reasonNotToRead } from './mapping-kind.ts'
import { thingOf } from './mapping-match.ts'
import { type MapsLine, mapsBytesMax, nameBytes, parseMaps } from './maps.ts'
import { presentRuns } from './present-pages.ts'
import { gone, ProcFolder } from './proc-folder.ts'
import { hasEnded } from './proc-stat.ts'
import type { ProcessIdentity } from './process-name.ts'
import { roundedRuns, runsMax } from './rounded-runs.ts'

export function relist(
  root: Uint8Array,
  before: LookedMapping,
  { identity, rules }: { readonly identity: ProcessIdentity; readonly rules: MemoryRules },
): LookedMapping | undefined | 'ended' {
  const folder = ProcFolder.open(root)
  if (typeof folder === 'string') return 'ended'
  try {
    const stat = folder.stat()
    if (typeof stat === 'string' || hasEnded(stat) || stat.startTicks !== identity.startTicks) return 'ended'
    const place = folder.memoryPlace(stat)
    const maps = folder.read(`${place}maps`, mapsBytesMax)
    if (maps === gone) return 'ended'
    const line = typeof maps === 'string' ? undefined : parseMaps(maps).find((each) => isSame(each, before))
    return line === undefined ? undefined : describe(line, before, { folder, place, rules })
  } finally {
    folder.close()
  }
}

function isSame(line: MapsLine, before: LookedMapping): boolean {
  const start = before.key + before.lead
  const overlaps = line.start < before.key + before.size && line.end > start && line.start >= before.key
  return overlaps && thingOf(line) === thingOf({ ...before, start })
}

function describe(
  line: MapsLine,
  before: LookedMapping,
  { folder, place, rules }: { readonly folder: ProcFolder; readonly place: string; readonly rules: MemoryRules },
): LookedMapping {
  const { key } = before
  const size = line.start - key + listedBytes(line)
  const common = {
    ...before,
    lead: line.start - key,
    size,
    permissions: line.permissions,
    fileOffset: line.fileOffset,
    name: nameBytes(line),
    changed: Float64Array.of(0, size),
  }
  const runs = runsNow(line, before, { folder, place, rules })
  if (typeof runs === 'string') return { ...common, unreadable: runs, extents: new Float64Array(0) }
  const content = runs.map((value, i) => (i % 2 === 0 ? value - key : value))
  const isRounded = content.length > 2 * runsMax
  const extents = isRounded ? roundedRuns(content, { from: common.lead, to: size }) : content
  const rounded = isRounded ? choice.rounded : 0n
  return { ...common, extents: Float64Array.from(extents), choice: rounded | (before.choice & choice.swapped) }
}

/** Flags of the look are believed: what may not be read then is not read now either. */
function runsNow(
  line: MapsLine,
  before: LookedMapping,
  { folder, place, rules }: { readonly folder: ProcFolder; readonly place: string; readonly rules: MemoryRules },
): number[] | string {
  const { unreadable } = before
  if (unreadable !== undefined && unreadable !== 'PROT_NONE') return unreadable
  const numbers = { rssBytes: 0, pssBytes: 0, swapBytes: 0, privateDirtyBytes: 0, flags: [] }
  const reason = reasonNotToRead({ ...line, numbers }, rules)
  if (reason !== undefined) return reason
  const pagemap = folder.openFile(`${place}pagemap`)
  if (typeof pagemap === 'string') return pagemap
  try {
    const wanted = rules.readSwapped ? 'present or swapped' : 'present'
    return presentRuns(pagemap, { start: line.start, end: line.end, wanted })
  } finally {
    closeFd(pagemap)
  }
}
