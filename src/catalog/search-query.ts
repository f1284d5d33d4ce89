/** Asking the index of names: which names hold a text, the best first, and where they are. */
import { bytesKey, toHex, utf8, utf8Text } from '../base/bytes.ts'
import type { Severity } from '../base/region.ts'
import { severities } from '../base/region.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { Catalog } from './catalog-db.ts'
import { type NameKind, nameKinds } from './search-names.ts'
import { readIndexState } from './search-state.ts'

export interface NameQuery {
  /** Letters match in both cases. */
  readonly text: string
  /** Empty: all. */
  readonly kinds: readonly NameKind[]
  /** Of these bricks, hex. */
  readonly uuids: readonly string[]
  readonly limit: number
}

export interface FoundName {
  readonly uuid: string
  readonly path: Uint8Array
  readonly kind: NameKind
  readonly name: string
  /** Of the region; of a path the kind of the entry. */
  readonly class: string
  /** In the content. */
  readonly offset: number
  readonly length: number
  readonly severity?: Severity
}

export interface FoundNames {
  readonly hits: readonly FoundName[]
  /** More matched. */
  readonly truncated: boolean
}

/** Nothing where the catalog cannot be read. */
export function findNames(catalog: Catalog, query: NameQuery): FoundNames {
  const bricks = bricksOf(catalog, query.uuids)
  const texts = textsOf(query.text, bricks)
  const ranked: Ranked[] = []
  let truncated = false
  for (const { text, brick } of texts) {
    const among = brick === undefined ? [...bricks.keys()] : [brick]
    const candidates = candidatesOf(catalog, { text, kinds: query.kinds, among })
    if (candidates.length > candidatesMax) truncated = true
    for (const candidate of candidates) {
      const rank = rankOf(candidate, text)
      if (rank !== undefined) ranked.push({ ...candidate, rank, brick })
    }
  }
  ranked.sort((a, b) => a.rank - b.rank || a.text.length - b.text.length || (a.text < b.text ? -1 : 1))
  const hits: FoundName[] = []
  const seen = new Set<string>()
  for (const candidate of ranked) {
    for (const hit of placesOf(catalog, candidate, { bricks, limit: query.limit + 1 })) {
      const key = `${hit.uuid} ${hit.kind} ${hit.offset} ${bytesKey(hit.path)} ${hit.name}`
      if (seen.has(key)) continue
      seen.add(key)
      if (hits.length === query.limit) return { hits, truncated: true }
      hits.push(hit)
    }
  }
  return { hits, truncated }
}

/** Those of the commits whose names are not all known. */
export function behindNames(catalog: Catalog, views: readonly BrickView[]): string[] {
  return views
    .filter(({ record }) => readIndexState(catalog, toHex(record.uuid))?.commit !== toHex(record.id))
    .map(({ record }) => toHex(record.uuid))
}

/** Names that are looked at for one question. */
export const candidatesMax = 50_000
/** Trigrams find nothing shorter. */
const trigramLength = 3

interface Brick {
  readonly id: number
  readonly uuid: string
  readonly source: Uint8Array
}

function bricksOf(catalog: Catalog, uuids: readonly string[]): ReadonlyMap<number, Brick> {
  const wanted = new Set(uuids)
  const rows = catalog.run((sql) => sql.prepare('select id, uuid, source from search_brick').all()) ?? []
  const bricks = rows.map((row) => ({
    id: Number(row['id']),
    uuid: String(row['uuid']),
    source: row['source'] as Uint8Array,
  }))
  return new Map(bricks.filter(({ uuid }) => wanted.has(uuid)).map((brick) => [brick.id, brick]))
}

/** What is looked for in one brick only, or in all. */
interface Sought {
  readonly text: string
  readonly brick: number | undefined
}

/** /usr/bin/ls in the brick of /usr/bin is the path ls. */
function textsOf(text: string, bricks: ReadonlyMap<number, Brick>): Sought[] {
  const texts: Sought[] = [{ text, brick: undefined }]
  if (!text.startsWith('/')) return texts
  const bytes = utf8(text)
  for (const { id, source } of bricks.values()) {
    const root = bytesKey(source) === '/' ? '' : bytesKey(source)
    if (!bytesKey(bytes).startsWith(`${root}/`)) continue
    const inside = utf8Text(bytes.subarray(root.length + 1)) ?? ''
    if (inside !== '') texts.push({ text: inside, brick: id })
  }
  return texts
}

interface Candidate {
  readonly id: number
  readonly kind: NameKind
  readonly text: string
}

interface Ranked extends Candidate {
  readonly rank: number
  readonly brick: number | undefined
}

interface CandidateQuery extends Pick<NameQuery, 'text' | 'kinds'> {
  /** Numbers of bricks. */
  readonly among: readonly number[]
}

/** One more than `candidatesMax` where there are more; then the best of them. */
function candidatesOf(catalog: Catalog, { text, kinds, among }: CandidateQuery): Candidate[] {
  const numbers = (kinds.length === 0 ? nameKinds : kinds).map((kind) => nameKinds.indexOf(kind)).join(', ')
  const trigrams = trigramsOf(text)
  const held = trigrams.length === 0 ? likes(text) : undefined
  const from = held
    ? `search_name n where (${held.map(() => "n.text like ? escape '\\'").join(' or ')})`
    : 'search_text t join search_name n on n.id = t.rowid where search_text match ?'
  const wanted = held ?? [trigrams.map((part) => `"${part.replaceAll('"', '""')}"`).join(' AND ')]
  const select = `select n.id as id, n.kind as kind, n.text as text from ${from} and n.kind in (${numbers})`
  const rows = catalog.run((sql) => {
    const some = sql.prepare(`${select} limit ?`).all(...wanted, candidatesMax + 1)
    if (some.length <= candidatesMax) return some
    const whole = escapedLike(text)
    const best = [whole, `%/${whole}`, `${whole}%`, `%/${whole}%`, `%/${whole}%/%`]
    return sql
      .prepare(`${select} and exists (select 1 from search_place p join search_entry e on e.id = p.entry
          where p.name = n.id and e.brick in (${among.join(', ')}))
        order by case when n.text like ? escape '\\' or n.kind = 0 and n.text like ? escape '\\' then 0
          when n.text like ? escape '\\' or n.kind = 0 and n.text like ? escape '\\' and n.text not like ? escape '\\' then 1
          else 2 end, length(n.text) limit ?`)
      .all(...wanted, ...best, candidatesMax + 1)
  })
  return (rows ?? []).map((row) => ({
    id: Number(row['id']),
    kind: nameKinds[Number(row['kind'])] as NameKind,
    text: String(row['text']),
  }))
}

function escapedLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}

/** SQLite folds letters of ASCII only: others as they are written, and in either case. */
function likes(text: string): string[] {
  let spellings = ['']
  for (const character of text) {
    const cases = new Set([character, character.toLowerCase(), character.toUpperCase()])
    const forms = character < '\x80' ? [character] : [...cases]
    spellings = spellings.flatMap((spelling) => forms.map((form) => spelling + form))
  }
  return spellings.map((spelling) => `%${escapedLike(spelling)}%`)
}

/** Letter by letter, so that a part of a text is a part of the folded text: a sigma at the end of a word folds otherwise. */
function foldedCase(text: string): string {
  return Array.from(text, (character) => character.toLowerCase()).join('')
}

/** As they are written: the index folds what it keeps, and what it is asked, alike. */
function trigramsOf(text: string): string[] {
  const characters = [...text]
  const parts = new Set<string>()
  for (let at = 0; at + trigramLength <= characters.length; at++) {
    parts.add(characters.slice(at, at + trigramLength).join(''))
  }
  return [...parts]
}

/** 0 is the name itself, 1 begins it, 2 begins a word of it, 3 anywhere, 4 above the last part of a path; undefined: not in it. */
function rankOf({ kind, text }: Candidate, wanted: string): number | undefined {
  const [folded, needle] = [foldedCase(text), foldedCase(wanted)]
  if (folded === needle) return 0
  const name = kind === 'path' && !needle.includes('/') ? folded.slice(folded.lastIndexOf('/') + 1) : folded
  const at = name.indexOf(needle)
  if (at < 0) return folded.includes(needle) ? 4 : undefined
  if (at === 0) return name.length === needle.length ? 0 : 1
  return /[\p{L}\p{N}]/u.test(name.charAt(at - 1)) ? 3 : 2
}

function placesOf(
  catalog: Catalog,
  { id, kind, text, brick }: Ranked,
  { bricks, limit }: { readonly bricks: ReadonlyMap<number, Brick>; readonly limit: number },
): FoundName[] {
  const among = brick === undefined ? [...bricks.keys()] : [brick]
  const rows = catalog.run((sql) =>
    sql
      .prepare(`select e.brick as brick, e.path as path, p.start as start, p.length as length, p.class as class, p.severity as severity
        from search_place p join search_entry e on e.id = p.entry
        where p.name = ? and e.brick in (${among.join(', ')}) order by e.path limit ?`)
      .all(id, limit),
  )
  return (rows ?? []).map((row) => {
    const severity = severities.find((one) => one === row['severity'])
    return {
      uuid: (bricks.get(Number(row['brick'])) as Brick).uuid,
      path: row['path'] as Uint8Array,
      kind,
      name: text,
      class: String(row['class']),
      offset: Number(row['start']),
      length: Number(row['length']),
      ...(severity && { severity }),
    }
  })
}
