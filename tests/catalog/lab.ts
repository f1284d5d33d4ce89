/** State databases in folders of their own, opened as the daemon opens them; everything ends with the test. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { FeedJournal, type JournalBounds } from '../../src/catalog/feed-journal.ts'
import type { FeedPart } from '../../src/catalog/feed-rows.ts'
import { openStateDb, type StateDb } from '../../src/catalog/state-db.ts'
import type { Outcome } from '../../src/catalog/state-table.ts'

export const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) }

export interface Lab {
  /** The state folder. */
  readonly folder: string
  /** Its state.db. */
  readonly path: string
  /** What was reported, all openings together. */
  readonly said: string[]
  /** Milliseconds; the clock of every database of the lab. */
  nowMs: number
  open(bounds?: JournalBounds): Opened
}

export interface Opened {
  readonly db: StateDb
  readonly journal: FeedJournal
  /** Appends a message; how it went. */
  say(text: string, told?: { uuid: string; generation: number }): Outcome
  /** All that is kept after a number. */
  after(sequence: number): FeedPart[]
}

export function makeLab(t: TestContext): Lab {
  const outside = mkdtempSync(join(tmpdir(), 'sfd-state-'))
  t.after(() => rmSync(outside, { recursive: true, force: true }))
  const folder = join(outside, 'state')
  mkdirSync(folder)
  const lab: Lab = {
    folder,
    path: join(folder, 'state.db'),
    said: [],
    nowMs: 0,
    open(bounds) {
      const opened = openAt(lab.path, { report: (text) => lab.said.push(text), monotonicMs: () => lab.nowMs, bounds })
      t.after(() => opened.db.close())
      return opened
    },
  }
  return lab
}

export function openAt(
  path: string,
  parts: { report?: (text: string) => void; monotonicMs?: () => number; bounds?: JournalBounds | undefined } = {},
): Opened {
  const { report = () => undefined, monotonicMs = () => performance.now(), bounds } = parts
  const db = openStateDb(path, { random, clock: { monotonicMs }, report })
  const journal = new FeedJournal(db, bounds)
  return {
    db,
    journal,
    say(text, told) {
      let outcome: Outcome | undefined
      journal.append(
        (sequence) => JSON.stringify({ sequence, text }),
        told && { kind: 'generation', ...told },
        (how) => {
          outcome = how
        },
      )
      if (outcome === undefined) throw new Error('nobody was told')
      return outcome
    },
    after: (sequence) => allAfter(journal, sequence),
  }
}

/** In batches of a few, as readers get them. */
export function allAfter(journal: Pick<FeedJournal, 'since'>, sequence: number): FeedPart[] {
  const parts: FeedPart[] = []
  for (let after = sequence; ; ) {
    const batch = journal.since({ after, limit: { rows: 7, bytes: 100_000 } })
    const last = batch.at(-1)
    if (last === undefined) return parts
    parts.push(...batch)
    after = last.kind === 'row' ? last.sequence : last.to
  }
}

/** Such as `1 a, 2 b, gap 3-5`. */
export function shown(parts: readonly FeedPart[]): string {
  return parts
    .map((part) => {
      if (part.kind === 'gap') return `gap ${part.from}-${part.to}`
      const { sequence, text } = JSON.parse(part.text) as { sequence: number; text: string }
      return `${sequence} ${text}`
    })
    .join(', ')
}
