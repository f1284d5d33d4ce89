/**
 * Searching, over HTTP: the bytes of one commit as a stream of lines, names over all bricks as one answer.
 *
 * Some searches run at once and share the threads, some more wait; a client that went away, or does not read, is searched for
 * no longer, and an expression not for ever. The threads that search end when nobody has asked for a while.
 */
import type { Context } from 'hono'
import { pathText, toHex, utf8 } from '../base/bytes.ts'
import { type Catalog, openCatalog } from '../catalog/catalog-db.ts'
import { behindNames, findNames } from '../catalog/search-query.ts'
import { type FoundEnd, type SearchHit as Hit, parsePattern, SearchCrew, searchBytes } from '../read/search.ts'
import type { BrickView } from '../store/brick-view.ts'
import {
  type NameHit,
  type NameKind,
  type NamesAnswer,
  nameHitsMax,
  nameKinds,
  type SearchHit,
  type SearchMessage,
  searchForms,
  searchHitsDefault,
  searchHitsMax,
  searchQueryBytesMax,
} from '../wire/api.ts'
import { viewAt } from './brick-route.ts'
import type { Foundry, ServerPorts } from './foundry.ts'
import { untrustedHeaders } from './headers.ts'
import { integer } from './params.ts'
import { invalid, Refusal, reasonOf } from './refusal.ts'
import { type SearchTurn, SearchTurns } from './search-turns.ts'

const threadCount = 2
/** An expression that stands still for so long is given up; meanwhile nobody else has its thread. */
const stillMsMax = 2_000
/** Work for one expression, from the first look to the end: see SearchEnd in wire/search.ts. */
const expressionMsDefault = 30_000
/** Threads without work end after that. */
const idleMsMax = 60_000
/** A client that takes nothing for so long is let go. */
const unreadMsMax = 30_000
const lookMs = 5_000
const nameHitsDefault = 100

export interface SearchParts {
  readonly foundry: Foundry
  readonly searches: Searches
  readonly report: (error: unknown) => void
}

/** GET /b/:uuid/:commit/search */
export function searchAnswer({ foundry, searches, report }: SearchParts, c: Context): Response {
  const view = viewAt(foundry, { uuid: c.req.param('uuid') ?? '', commit: c.req.param('commit') ?? '' })
  const request = byteQuery(c, view)
  const stop = new AbortController()
  c.req.raw.signal.addEventListener('abort', () => stop.abort(), { once: true })
  const damaged = (): void => foundry.damaged?.(toHex(view.record.uuid))
  const lines = searches.lines({ ...request, view, stop }, { report, damaged })
  const headers = { ...untrustedHeaders, 'Content-Type': 'application/x-ndjson; charset=utf-8' }
  return c.body(lines, 200, { ...headers, 'Cache-Control': 'private, no-store' })
}

/** GET /search */
export function namesAnswer({ foundry, searches }: SearchParts, c: Context): Response {
  const text = queryText(c)
  const kinds = (c.req.queries('kind') ?? []).map(nameKindOf)
  const limit =
    c.req.query('limit') === undefined
      ? nameHitsDefault
      : integer((name) => c.req.query(name), { name: 'limit', min: 1, max: nameHitsMax })
  const asked = c.req.queries('brick')
  const views = foundry.bricks().flatMap(({ uuid }) => {
    const view = asked === undefined || asked.includes(uuid) ? foundry.newest(uuid) : undefined
    return view === undefined ? [] : [view]
  })
  return c.json(namesIn(searches.catalog(foundry.catalogPath), views, { text, kinds, limit }))
}

interface RunRequest extends ByteQuery {
  readonly view: BrickView
  /** Aborted when the client goes away. */
  readonly stop: AbortController
}

interface Reports {
  readonly report: (error: unknown) => void
  readonly damaged: () => void
}

/** All searches of the server, and the threads that they share. */
export class Searches {
  readonly #ports: ServerPorts
  readonly #expressionMsMax: number
  readonly #turns = new SearchTurns()
  readonly #stopLooking: () => void
  #crew: SearchCrew | undefined
  #catalog: Catalog | undefined
  #idleSinceMs = 0

  constructor(ports: ServerPorts, expressionMsMax: number = expressionMsDefault) {
    this.#ports = ports
    this.#expressionMsMax = expressionMsMax
    this.#stopLooking = ports.every(lookMs, () => this.#look())
  }

  /** One message a line. Throws a Refusal, 429, where too many wait. */
  lines(request: RunRequest, reports: Reports): ReadableStream<Uint8Array> {
    const turn = this.#turns.take(isExpression(request) ? 'expression' : 'plain')
    if (turn === undefined) {
      const message = 'Too many searches wait already; end one, or ask again later.'
      throw new Refusal({ status: 429, code: 'TOO_MANY_REQUESTS', message, headers: { 'Retry-After': '5' } })
    }
    const messages = this.#messages(request, { ...reports, turn })
    const { every, monotonicMs } = this.#ports
    let unreadSinceMs = monotonicMs()
    const end = (): void => {
      stopLooking()
      request.stop.abort()
      // Never begun, it would not end itself.
      turn.end()
      void messages.return(undefined)
    }
    const stopLooking = every(lookMs, () => {
      if (monotonicMs() - unreadSinceMs > unreadMsMax) end()
    })
    request.stop.signal.addEventListener('abort', end, { once: true })
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      unreadSinceMs = Number.POSITIVE_INFINITY
      const next = await messages.next()
      unreadSinceMs = monotonicMs()
      if (next.done !== true) return controller.enqueue(utf8(`${JSON.stringify(next.value)}\n`))
      stopLooking()
      controller.close()
    }
    return new ReadableStream({ pull, cancel: end }, { highWaterMark: 0 })
  }

  /** Where names are; undefined where nobody keeps any. */
  catalog(path: string | undefined): Catalog | undefined {
    if (path === undefined) return undefined
    this.#catalog ??= openCatalog(path)
    return this.#catalog
  }

  async close(): Promise<void> {
    this.#stopLooking()
    this.#catalog?.close()
    await this.#crew?.close()
    this.#crew = undefined
  }

  async *#messages(
    request: RunRequest,
    { turn, report, damaged }: Reports & { readonly turn: SearchTurn },
  ): AsyncGenerator<SearchMessage> {
    try {
      if (turn.mustWait) yield { kind: 'waiting' }
      await turn.mine(request.stop.signal)
      yield* this.#search(request, damaged)
    } catch (error) {
      if (request.stop.signal.aborted) return
      const { code, message } = reasonOf(error)
      if (code === 'INTERNAL') report(error)
      yield { kind: 'failed', code, message }
    } finally {
      turn.end()
      this.#idleSinceMs = this.#ports.monotonicMs()
    }
  }

  async *#search(request: RunRequest, damaged: () => void): AsyncGenerator<SearchMessage> {
    this.#crew ??= new SearchCrew({ threadCount, ports: this.#ports, here: 'never', stillMsMax })
    const limits = isExpression(request) ? { workMsMax: this.#expressionMsMax } : {}
    const found = searchBytes({ ...request, ...limits, signal: request.stop.signal, crew: this.#crew })
    try {
      for (;;) {
        const next = await found.next()
        if (next.done === true) {
          if (next.value.damage !== undefined) damaged()
          yield endOf(next.value)
          return
        }
        const { hits, tiles, done } = next.value
        yield { kind: 'part', hits: hits.map(hitJson), tiles, done }
      }
    } finally {
      await found.return(undefined as never)
    }
  }

  #look(): void {
    const isIdle = this.#turns.isIdle && this.#ports.monotonicMs() - this.#idleSinceMs > idleMsMax
    if (!isIdle || this.#crew === undefined) return
    void this.#crew.close()
    this.#crew = undefined
  }
}

function isExpression({ pattern }: ByteQuery): boolean {
  return pattern.kind === 'regex'
}

interface ByteQuery {
  readonly pattern: ReturnType<typeof parsePattern>
  readonly limit: number
  readonly beyond: 'stop' | 'count'
  readonly from: number
}

function byteQuery(c: Context, view: BrickView): ByteQuery {
  const number = (name: string, otherwise: number, range: { readonly min: number; readonly max: number }): number =>
    c.req.query(name) === undefined ? otherwise : integer((one) => c.req.query(one), { name, ...range })
  const form = choiceOf(c, { name: 'as', choices: searchForms })
  const letterCase = choiceOf(c, { name: 'case', choices: ['exact', 'any'] })
  return {
    pattern: parsePattern({ form, letterCase, query: utf8(queryText(c)) }),
    limit: number('limit', searchHitsDefault, { min: 1, max: searchHitsMax }),
    beyond: choiceOf(c, { name: 'then', choices: ['stop', 'count'] }),
    from: number('from', 0, { min: 0, max: Math.max(0, view.record.length - 1) }),
  }
}

function queryText(c: Context): string {
  const text = c.req.query('q') ?? ''
  const bytes = Buffer.byteLength(text)
  if (bytes > 0 && bytes <= searchQueryBytesMax) return text
  throw invalid(`q is what to look for, 1 to ${searchQueryBytesMax} bytes.`)
}

/** The first of them where the query does not say. */
function choiceOf<T extends string>(c: Context, { name, choices }: { name: string; choices: readonly T[] }): T {
  const text = c.req.query(name)
  const choice = text === undefined ? choices[0] : choices.find((one) => one === text)
  if (choice === undefined) throw invalid(`${name} must be one of ${choices.join(', ')}.`)
  return choice
}

function nameKindOf(text: string): NameKind {
  const kind = nameKinds.find((one) => one === text)
  if (kind === undefined) throw invalid(`kind must be one of ${nameKinds.join(', ')}.`)
  return kind
}

function endOf({ reason, message, done, unknownBytes }: FoundEnd): SearchMessage {
  return { kind: 'end', reason, ...(message !== undefined && { message }), done, unknownBytes }
}

function hitJson({ path, start, length, offset, encoding, before, match, after, isCut }: Hit): SearchHit {
  return { ...pathText(path), start, length, offset, encoding, before, match, after, ...(isCut && { isCut }) }
}

interface NamesAsked {
  readonly text: string
  readonly kinds: readonly NameKind[]
  readonly limit: number
}

function namesIn(catalog: Catalog | undefined, views: readonly BrickView[], asked: NamesAsked): NamesAnswer {
  const uuids = views.map(({ record }) => toHex(record.uuid))
  if (catalog === undefined) return { hits: [], truncated: false, behind: uuids }
  const { hits, truncated } = findNames(catalog, { ...asked, uuids })
  const byUuid = new Map(views.map((view) => [toHex(view.record.uuid), view]))
  const placed = hits.flatMap(({ path, offset, length, ...hit }): NameHit[] => {
    const entry = byUuid.get(hit.uuid)?.entry(path)
    // It is gone since: the index is behind.
    if (entry === undefined) return []
    const slot = entry.linkTo === undefined ? entry.slot : byUuid.get(hit.uuid)?.entry(entry.linkTo)?.slot
    const place = slot === undefined ? { start: 0, length: 0 } : { start: slot.start + offset, length }
    return [{ ...hit, ...pathText(path), ...place, offset }]
  })
  return { hits: placed, truncated, behind: behindNames(catalog, views) }
}
