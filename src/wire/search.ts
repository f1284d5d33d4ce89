/**
 * The wire's shapes of searching: bytes of a commit, streamed, and names over all bricks. Names and previews are data that
 * anyone may have written: shown as text, never as anything else.
 */
import type { Severity } from '../base/region.ts'
import type { PathText } from './api.ts'

/**
 * GET /b/{uuid}/{commit}/search?q=&as=&case=&limit=&then=&from= : a stream of SearchMessage, one JSON value a line
 * (`application/x-ndjson`). Closing the connection cancels it.
 *
 * - `q`: what to look for, 1 .. searchQueryBytesMax bytes.
 * - `as`: how to read it, see `searchForms`; default `text`.
 * - `case`: `any`: letters of ASCII match in both cases; default `exact`.
 * - `limit`: hits listed, 1 .. searchHitsMax, default searchHitsDefault.
 * - `then`: after so many `stop` (default), or go on to `count`: then every tile with a hit is told of.
 * - `from`: position in the brick's space where to begin, rounded down to 4 MiB; after the end it goes on at 0. Default 0.
 *
 * Refused with 400 (REQUEST_INVALID) where the query says nothing to look for, with 429 (TOO_MANY_REQUESTS) where too many
 * searches wait already.
 */
export const searchForms = [
  /** The bytes of the text in UTF-8, UTF-16LE and UTF-16BE. */
  'text',
  /** Pairs of hex digits, `?` for any half of a byte: `7f 45 ?? 46`, `4?`. White space does not count. */
  'hex',
  /**
   * A regular expression of JavaScript over bytes, `^` and `$` at lines. Characters beyond ASCII stand for their bytes in UTF-8.
   * A match has at most 4,096 bytes and looks at no more on either side; longer ones end there (`isCut`), and the search goes on behind.
   */
  'regex',
] as const
export type SearchForm = (typeof searchForms)[number]

export const searchQueryBytesMax = 1_024
export const searchHitsMax = 10_000
export const searchHitsDefault = 1_000

export type SearchMessage =
  /** Others are being answered; this one waits for its turn. Texts and bytes never wait for expressions. */
  | { readonly kind: 'waiting' }
  | SearchPart
  | SearchEnd
  /** It ended because of that; what was told before holds. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

/** What was found since the last one, or, at least every 500 ms, how far it is. Hits ascend by `start`, counted from `from`. */
export interface SearchPart {
  readonly kind: 'part'
  readonly hits: readonly SearchHit[]
  /** Tiles in which hits begin, with how many; no tile is told of twice, hits beyond the limit count. */
  readonly tiles: readonly (readonly [tile: number, count: number])[]
  readonly done: SearchProgress
}

export interface SearchProgress {
  /** Of the brick's space, not of content. */
  readonly bytes: number
  readonly totalBytes: number
  readonly hits: number
}

export interface SearchEnd {
  readonly kind: 'end'
  /**
   * `complete`: all was looked through. `limit`: so many hits were asked for. `slow`: a regular expression took too long, for
   * one place (2 s) or in all (30 s of work); `message` says which and where, and what was found before holds.
   */
  readonly reason: 'complete' | 'limit' | 'slow'
  readonly message?: string
  readonly done: SearchProgress
  /** Content that nobody has the bytes of: unreadable, pruned, forgotten, damaged. It was not looked through. */
  readonly unknownBytes: number
}

export interface SearchHit extends PathText {
  /** Position in the brick's space. */
  readonly start: number
  /** Bytes. */
  readonly length: number
  /** In the entry's content. */
  readonly offset: number
  /** How a text was written there; of `hex` and `regex`: `bytes`. */
  readonly encoding: 'bytes' | 'utf-8' | 'utf-16le' | 'utf-16be'
  /** For people, at most 40, 120 and 40 characters; what cannot be printed is `.`, white space a space. */
  readonly before: string
  readonly match: string
  readonly after: string
  /** The match would have gone on. */
  readonly isCut?: true
}

/**
 * GET /search?q=&kind=&limit=&brick= : names in the newest commits, the best first. `kind`: one of nameKinds, all by default; `brick`: a uuid, several
 * times for several; all by default. `limit` 1 .. nameHitsMax, default 100.
 */
export interface NamesAnswer {
  readonly hits: readonly NameHit[]
  /** True where more matched. */
  readonly truncated: boolean
  /** Bricks whose names are not all known yet, or not of their newest commit. */
  readonly behind: readonly string[]
}

/** `path`: of an entry. `symbol`: functions and objects of binaries. `label`: every other name of a region, a finding's title included. */
export const nameKinds = ['path', 'symbol', 'label'] as const
export type NameKind = (typeof nameKinds)[number]
export const nameHitsMax = 1_000

export interface NameHit extends PathText {
  readonly uuid: string
  readonly kind: NameKind
  /** What matched: a name of a region; of `path` the path, escaped for display. */
  readonly name: string
  /** Class of the region; of `path` the kind of the entry. */
  readonly class: string
  /** Where it is in the newest commit; length 0: it owns no bytes. */
  readonly start: number
  readonly length: number
  /** In the entry's content. */
  readonly offset: number
  /** Of a finding. */
  readonly severity?: Severity
}
