/**
 * The work of one look that is not idle: lists the mappings, asks which pages are there, compares those that are known,
 * and lists the mappings again. What is another one by then is done once more; what is another one again is torn.
 */
import { closeFd } from '../../linux/directory.ts'
import type { KnownMapping } from './known-mapping.ts'
import type { LookedMapping, MemoryRules } from './look-protocol.ts'
import { choice, identOf } from './mapping-ident.ts'
import { listedBytes, reasonNotToRead } from './mapping-kind.ts'
import { type Match, matchMappings, thingOf } from './mapping-match.ts'
import { type MapsEntry, mapsBytesMax, nameBytes, parseMaps, parseSmaps, smapsBytesMax } from './maps.ts'
import { changedPages } from './page-compare.ts'
import { PageSums } from './page-sums.ts'
import { pageBytes, presentRuns } from './present-pages.ts'
import { gone, type ProcFolder } from './proc-folder.ts'
import { commonRuns, joinedRuns, roundedRuns, runsMax, totalOf } from './rounded-runs.ts'
import { dirtyRuns } from './soft-dirty.ts'
import { stackBytesMax } from './status-fields.ts'

export interface SurveyParts {
  readonly startTicks: bigint
  readonly rules: MemoryRules
  readonly isCancelled: () => boolean
  readonly folder: ProcFolder
  /** In front of `mem` and `maps`, see `memoryPlace`. */
  readonly place: string
  /** The kernel's note of what was written can be believed. */
  readonly usesSoftDirty: boolean
  /** As the last look left it, ascending. */
  readonly formers: readonly KnownMapping[]
}

export interface Surveyed {
  readonly kind: 'surveyed'
  /** Both ascending by address, one for one. */
  readonly known: readonly KnownMapping[]
  readonly mappings: readonly LookedMapping[]
}

export type SurveyOutcome =
  | Surveyed
  /** The memory went away: an exit, or an exec. */
  | { readonly kind: 'gone' | 'cancelled' }
  | { readonly kind: 'unreadable'; readonly why: string }

export function surveyMemory(parts: SurveyParts): SurveyOutcome {
  const { folder, place } = parts
  const memory = folder.openFile(`${place}mem`)
  const pagemap = folder.openFile(`${place}pagemap`)
  try {
    const survey = new Survey(parts, { memory, pagemap })
    const first = survey.attempt()
    if (first.kind !== 'surveyed') return first
    const moved = survey.moved(first)
    if (moved === 'gone') return { kind: 'gone' }
    if (moved.size === 0) return first
    survey.forget(moved)
    const second = survey.attempt()
    if (second.kind !== 'surveyed') return second
    const torn = survey.moved(second)
    if (torn === 'gone') return { kind: 'gone' }
    const known = second.known.map((each) => (torn.has(each.entry.text) ? { ...each, isTorn: true } : each))
    return { ...second, known }
  } finally {
    for (const fd of [memory, pagemap]) if (typeof fd === 'number') closeFd(fd)
  }
}

interface Scanned {
  readonly known: KnownMapping
  readonly mapping: LookedMapping
}

/** Each an fd, or the errno's name. */
interface Opened {
  readonly memory: number | string
  readonly pagemap: number | string
}

class Survey {
  readonly #parts: SurveyParts
  readonly #opened: Opened
  /** By key and line: what the second attempt need not do again. */
  readonly #done = new Map<string, Scanned>()

  constructor(parts: SurveyParts, opened: Opened) {
    this.#parts = parts
    this.#opened = opened
  }

  attempt(): SurveyOutcome {
    const { folder, place, formers } = this.#parts
    const listed = folder.read(`${place}smaps`, smapsBytesMax)
    if (typeof listed === 'string') return listed === gone ? { kind: 'gone' } : { kind: 'unreadable', why: listed }
    const entries = parseSmaps(listed)
    const lines = entries.map((entry) => ({ ...entry, growsDown: entry.numbers.flags.includes('gd') }))
    const matches = matchMappings(formers, lines, { stackBytesMax: stackBytesMax(folder) })
    const found: Scanned[] = []
    for (const [at, entry] of entries.entries()) {
      const match = matches[at] as Match<KnownMapping>
      const name = `${match.key} ${entry.text}`
      const scanned = this.#done.get(name) ?? this.#scan(entry, match)
      if (scanned === 'gone' || scanned === 'cancelled') return { kind: scanned }
      this.#done.set(name, scanned)
      found.push(scanned)
    }
    return {
      kind: 'surveyed',
      known: found.map(({ known }) => known),
      mappings: found.map(({ mapping }) => mapping),
    }
  }

  /** Lines of the look that are not there any more. New ones count by making others different, or are found next time. */
  moved({ known }: Surveyed): ReadonlySet<string> | 'gone' {
    const { folder, place } = this.#parts
    const bytes = folder.read(`${place}maps`, mapsBytesMax)
    if (typeof bytes === 'string') return 'gone'
    const now = new Set(parseMaps(bytes).map(({ text }) => text))
    return new Set(known.map(({ entry }) => entry.text).filter((text) => !now.has(text)))
  }

  forget(texts: ReadonlySet<string>): void {
    for (const [name, { known }] of this.#done) if (texts.has(known.entry.text)) this.#done.delete(name)
  }

  #scan(entry: MapsEntry, match: Match<KnownMapping>): Scanned | 'gone' | 'cancelled' {
    const { startTicks, rules, isCancelled } = this.#parts
    const { key, former, isMoved } = match
    const { start, fileOffset, dev, ino, permissions } = entry
    const end = start + listedBytes(entry)
    const sums = former === undefined || isMoved ? new PageSums() : former.sums
    const lead = start - key
    const runs = this.#runsOf(entry)
    if (runs === gone) return 'gone'
    const unreadable = typeof runs === 'string' ? runs : undefined
    const present = typeof runs === 'string' ? [] : runs
    const content = present.map((value, i) => (i % 2 === 0 ? value - key : value))
    const isSettled = former !== undefined && !isMoved && former.isSettled
    const pages = content.map((value) => value / pageBytes)
    const isRounded = content.length > 2 * runsMax
    let changed: readonly number[] = [0, end - key]
    if (isSettled && unreadable === undefined && typeof this.#opened.memory === 'number') {
      const runs = this.#doubtful(entry, present)
      const compared = changedPages({ memoryFd: this.#opened.memory, key, runs, sums, isCancelled })
      if (compared === 'gone' || compared === 'cancelled') return compared
      const unknown = runs === present ? [] : sums.unknownIn(pages).map((value) => value * pageBytes)
      changed = joinedRuns(compared, [...unknown, ...(isRounded ? wentAway(sums, pages) : [])])
    } else if (unreadable !== undefined && isSettled) changed = []
    const known: KnownMapping = {
      key,
      start,
      end: entry.end,
      thing: thingOf(entry),
      entry,
      sums,
      samples: former?.samples ?? [],
      pages,
      presentBytes: totalOf(content),
      unreadable,
      isTorn: false,
      isSettled: isSettled && former?.unreadable === unreadable,
    }
    const extents = isRounded ? roundedRuns(content, { from: lead, to: end - key }) : content
    const mapping: LookedMapping = {
      key,
      lead,
      size: end - key,
      permissions,
      fileOffset,
      dev,
      ino,
      name: nameBytes(entry),
      ident: identOf(startTicks, key, { dev, ino, base: fileOffset - BigInt(lead) }),
      choice: (isRounded ? choice.rounded : 0n) | (rules.readSwapped ? choice.swapped : 0n),
      ...(unreadable !== undefined && { unreadable }),
      extents: Float64Array.from(extents),
      changed: Float64Array.from(changed),
    }
    return { known, mapping }
  }

  /** Pages that may have changed: of private memory that no file stands behind only those that the kernel noted, if it does. */
  #doubtful({ start, end, dev, ino, permissions }: MapsEntry, present: readonly number[]): readonly number[] {
    const { usesSoftDirty } = this.#parts
    const { pagemap } = this.#opened
    const isAnonymous = dev === 0n && ino === 0n && permissions.endsWith('p')
    if (!usesSoftDirty || !isAnonymous || typeof pagemap === 'string') return present
    const dirty = dirtyRuns(pagemap, { start, end })
    return typeof dirty === 'string' ? present : commonRuns(present, dirty)
  }

  /** Pairs of address and length, or the word for why it is not read. */
  #runsOf(entry: MapsEntry): number[] | string {
    const { rules } = this.#parts
    const { memory, pagemap } = this.#opened
    const reason = reasonNotToRead(entry, rules)
    if (reason !== undefined) return reason
    if (typeof memory === 'string') return memory
    if (typeof pagemap === 'string') return pagemap === gone ? 'ENOSYS' : pagemap
    const { start, end } = entry
    const runs = presentRuns(pagemap, { start, end, wanted: rules.readSwapped ? 'present or swapped' : 'present' })
    return runs === 'ESRCH' || runs === 'ENOENT' ? gone : runs
  }
}

/** Known pages that are not in memory any more, as runs of bytes. */
function wentAway(sums: PageSums, pages: readonly number[]): number[] {
  const away = [...sums.outside(pages)].sort((a, b) => a - b)
  return joinedRuns(
    away.flatMap((page) => [page * pageBytes, pageBytes]),
    [],
  )
}
