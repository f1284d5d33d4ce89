/**
 * The one interface of all analyzers.
 *
 * An analyzer is a pure function of what it is given: no clock, no chance, no file, no network; the same subject gives the
 * same report. It never throws because of what it reads, never loops without a bound, says nothing of bytes outside the
 * content, and every finding cites evidence that a named public tool can check. The conformance suite
 * (testing/conformance.ts) holds each of them to that.
 */
import type { EntryMeta } from '../base/entry.ts'
import type { Finding, Region } from '../base/region.ts'
import type { FileType } from './file-type.ts'
import type { Host } from './host.ts'
import type { Subject } from './subject.ts'

/** Looks at bytes. What it says is kept by content: it must not depend on the path but through `nameClass`. */
export interface ContentAnalyzer {
  /** Lower-case word, such as `hardening`; part of the detector `name/version`. */
  readonly name: string
  /** Raised whenever the same content would give another report. */
  readonly version: number
  /** Awaited once in a thread before the first `analyze`: loads what is compiled or large. */
  prepare?(): Promise<void>
  /** Whether there is anything to do; cheap, decided from type, size and name. */
  takes(subject: Subject): boolean
  analyze(subject: Subject, report: Report): void
}

/** Looks at what is known of an entry: owner, mode, place, package. Cheap, run for every entry and never kept. */
export interface EntryAnalyzer {
  readonly name: string
  readonly version: number
  analyze(subject: EntrySubject, report: Report): void
}

export interface EntrySubject {
  /** Absolute, as the source's system names it. */
  readonly path: Uint8Array
  readonly meta: EntryMeta
  /** Of its bytes; undefined where it has none, or they could not be looked at. */
  readonly content: ContentReport | undefined
  /** What the machine says of the place; of a brick of another machine, nothing. */
  readonly host: Host
}

/** What content analyzers say of one content; kept by content id and versions. */
export interface ContentReport {
  readonly type: FileType
  /** Lower-case hex of the MD5 of all bytes, as package databases have it; undefined where bytes are missing. */
  readonly md5: string | undefined
  /** Findings included, each with its detector. */
  readonly regions: readonly Region[]
  /** What was not looked at, and why, by analyzer. */
  readonly problems: readonly { readonly analyzer: string; readonly text: string }[]
  /** An analyzer was ended because of the time or the memory that it took: another try may say more. */
  readonly interrupted?: true
}

export type PlainRegion = Omit<Region, 'detector' | 'finding'>

export interface Report {
  region(region: PlainRegion): void
  /** Layer and class are `regionLayers.finding` and `finding`; `name` is the title, at most 80 characters. */
  finding(place: FindingPlace, finding: Omit<Finding, 'origin'> & Partial<Pick<Finding, 'origin'>>): void
  /** What was not looked at, and why: `strings: read up to 67108864 of 90000000 bytes`. */
  problem(text: string): void
}

export interface FindingPlace extends Pick<Region, 'offset' | 'length' | 'name' | 'attributes'> {}

/** Of one analyzer and one entry: what is beyond is left out, and a problem says so. */
export const regionsMaxPerEntry = 4_096
export const findingsMaxPerEntry = 256
