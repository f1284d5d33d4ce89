/** Routes of one brick at one commit: /b/:uuid/:commit/... */
import type { Context } from 'hono'
import { toHex } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { Forgotten } from '../read/forgotten.ts'
import type { BrickView } from '../store/brick-view.ts'
import { commitsMax, diffEntriesMax, regionsMax, tileKindsHeader } from '../wire/api.ts'
import type { AnswerCache } from './answer-cache.ts'
import { newestOf, viewAt } from './brick-route.ts'
import { entryOutline } from './entry-text.ts'
import { explainSteps } from './explain.ts'
import { entriesWithPrefix, findLimitMax, queryBytesMax } from './find.ts'
import { type BrickFindings, findingsAnswer, findingsQuestion } from './findings.ts'
import type { Foundry } from './foundry.ts'
import { untrustedHeaders } from './headers.ts'
import { commitsAnswer, diffAnswer, heatAnswer } from './history-answers.ts'
import type { CommitIndex, IndexCache } from './index-cache.ts'
import { inspectAt } from './inspect.ts'
import { findOutlines } from './outlines.ts'
import { accepts, entryPath, integer, level, range, runs } from './params.ts'
import { invalid } from './refusal.ts'
import { regionsAnswer } from './regions.ts'
import { indexEnd, readTiles } from './tiles.ts'

/** Bytes of one /bytes answer. */
export const bytesMax = 1024 * 1024
const immutable = 'private, max-age=31536000, immutable'
const notKept = 'private, no-store'

export interface BrickRoutes {
  readonly foundry: Foundry
  readonly indexes: IndexCache
  readonly answers: AnswerCache
  readonly findings: BrickFindings
}

/** Handlers by the last part of the address. */
export const brickAnswers: Readonly<Record<string, (routes: BrickRoutes, c: Context) => Response | Promise<Response>>> =
  {
    tiles: tilesAnswer,
    outlines: outlinesAnswer,
    entries: entriesAnswer,
    at: atAnswer,
    regions: meaningAnswer,
    findings: foundAnswer,
    explain: explainedAnswer,
    bytes: bytesAnswer,
    diff: differenceAnswer,
    heat: changesAnswer,
  }

/** /b/:uuid/commits: not of one commit. */
export function retainedAnswer({ foundry }: BrickRoutes, c: Context): Response {
  const newest = newestOf(foundry, c.req.param('uuid') ?? '')
  const query = queryOf(c)
  const limit = query('limit') === undefined ? commitsMax : integer(query, { name: 'limit', min: 1, max: commitsMax })
  const hasBefore = query('before') !== undefined
  const before = hasBefore ? integer(query, { name: 'before', min: 1, max: Number.MAX_SAFE_INTEGER }) : undefined
  return c.json(commitsAnswer(newest, { ...(before !== undefined && { before }), limit }))
}

function tilesAnswer({ foundry }: BrickRoutes, c: Context): Response {
  const view = viewAt(foundry, addressOf(c))
  const wanted = level(queryOf(c), view.record.height)
  const indexes = runs(queryOf(c), { level: wanted, end: indexEnd(view, wanted) })
  const encoding = accepts(c.req.header('accept-encoding'), 'zstd') ? 'zstd' : 'identity'
  const { kinds, body, damagedCount } = readTiles(view, { level: wanted, indexes, encoding })
  if (damagedCount > 0) foundry.damaged?.(toHex(view.record.uuid))
  const isKept = damagedCount === 0 && view.meta.worldReadable
  return c.body(body as Uint8Array<ArrayBuffer>, 200, {
    ...untrustedHeaders,
    [tileKindsHeader]: kinds,
    'Cache-Control': isKept ? immutable : notKept,
    Vary: 'Accept-Encoding',
    ...(encoding === 'zstd' && body.length > 0 && { 'Content-Encoding': 'zstd' }),
  })
}

async function outlinesAnswer(routes: BrickRoutes, c: Context): Promise<Response> {
  const view = viewAt(routes.foundry, addressOf(c))
  const { from, to } = range(queryOf(c), view.record.length)
  const min = c.req.query('min') === undefined ? 1 : integer(queryOf(c), { name: 'min', min: 0, max: 2 ** 53 - 1 })
  return c.json(await withIndex(routes, c, (index) => findOutlines(index, { from, to, min })))
}

async function atAnswer(routes: BrickRoutes, c: Context): Promise<Response> {
  const view = viewAt(routes.foundry, addressOf(c))
  const offset = integer(queryOf(c), { name: 'offset', min: 0, max: Math.max(0, view.record.length - 1) })
  const answer = await withIndex(routes, c, ({ index }, view) => inspectAt({ view, index }, offset))
  if (answer.regionsDamaged) routes.foundry.damaged?.(toHex(view.record.uuid))
  return c.json(answer)
}

/** Regions of a run, or of all of it. */
async function meaningAnswer({ foundry, answers }: BrickRoutes, c: Context): Promise<Response> {
  return c.json(
    await withView(foundry, c, (view) => {
      const { length } = view.record
      const start = number(c, { name: 'start', min: 0, max: length, otherwise: 0 })
      const end = number(c, { name: 'end', min: start, max: length, otherwise: length })
      const lengthMin = number(c, { name: 'min', min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 })
      const limit = number(c, { name: 'limit', min: 1, max: regionsMax, otherwise: regionsMax })
      const which = c.req.query('findings') === '1' ? 'findings' : 'all'
      return answers.fresh(() => regionsAnswer(view, { start, end, lengthMin, limit, which }))
    }),
  )
}

/** Findings of one commit. */
async function foundAnswer(routes: BrickRoutes, c: Context): Promise<Response> {
  const { uuid, commit } = addressOf(c)
  const question = findingsQuestion(queryOf(c))
  const view = viewAt(routes.foundry, { uuid, commit })
  return c.json(await findingsAnswer(routes, [view], question))
}

/** What an entry, or a byte, is. */
async function explainedAnswer(routes: BrickRoutes, c: Context): Promise<Response> {
  const query = queryOf(c)
  const { length } = viewAt(routes.foundry, addressOf(c)).record
  const hasPosition = query('position') !== undefined
  const about = hasPosition
    ? { position: integer(query, { name: 'position', min: 0, max: Math.max(0, length - 1) }) }
    : { path: entryPath(query) }
  const answer = await withView(routes.foundry, c, (view) => routes.answers.fresh(() => explainSteps(view, about)))
  if (answer.damaged) routes.foundry.damaged?.(answer.uuid)
  return c.json(answer)
}

/** One by `path` or `pathHex`, or those that begin with `prefix`. */
async function entriesAnswer(routes: BrickRoutes, c: Context): Promise<Response> {
  const view = viewAt(routes.foundry, addressOf(c))
  const uuid = toHex(view.record.uuid)
  const prefix = c.req.query('prefix')
  if (prefix !== undefined) {
    if (prefix.length > queryBytesMax || prefix.includes('\0')) throw invalid('prefix is not the beginning of a path.')
    const limit = limitOf(c)
    return c.json(await withIndex(routes, c, ({ index }) => entriesWithPrefix({ uuid, index }, { prefix, limit })))
  }
  const path = entryPath(queryOf(c))
  return c.json(
    await withIndex(routes, c, ({ index }) => {
      const entry = index.find(path)
      if (entry === undefined)
        throw new FoundryError('ENTRY_MISSING', 'The brick has no entry of that path at that commit.')
      return { hits: [{ ...entryOutline(index, entry), uuid }], truncated: false }
    }),
  )
}

function bytesAnswer({ foundry }: BrickRoutes, c: Context): Response {
  const { uuid, commit } = addressOf(c)
  const view = viewAt(foundry, { uuid, commit })
  const { from, to } = range(queryOf(c), view.record.length)
  if (to - from > bytesMax) throw new FoundryError('RANGE_INVALID', `At most ${bytesMax} bytes at once.`)
  if (new Forgotten(view).has({ start: from, length: to - from })) {
    throw new FoundryError('BYTES_FORGOTTEN', 'Bytes of that range were forgotten in that commit.')
  }
  const bytes = view.bytes({ start: from, length: to - from })
  return c.body(bytes as Uint8Array<ArrayBuffer>, 200, {
    ...untrustedHeaders,
    'Content-Disposition': `attachment; filename="${uuid.slice(0, 8)}-${from}-${to}.bin"`,
  })
}

async function differenceAnswer({ foundry, answers }: BrickRoutes, c: Context): Promise<Response> {
  const { uuid, commit } = addressOf(c)
  const query = queryOf(c)
  const from = query('from') ?? ''
  const max = diffEntriesMax
  const limit = query('limit') === undefined ? max : integer(query, { name: 'limit', min: 1, max })
  const key = `diff ${uuid} ${from} ${commit} ${limit}`
  return c.json(
    await withView(foundry, c, async (after) => {
      const before = viewAt(foundry, { uuid, commit: from })
      return answers.of(key, () => diffAnswer({ before, after }, limit))
    }),
  )
}

async function changesAnswer({ foundry, answers }: BrickRoutes, c: Context): Promise<Response> {
  const { uuid, commit } = addressOf(c)
  return c.json(
    await withView(foundry, c, async (view) => {
      const newest = newestOf(foundry, uuid)
      const key = `heat ${uuid} ${commit} ${toHex(newest.record.id)}`
      return answers.of(key, () => heatAnswer({ newest, view }))
    }),
  )
}

/**
 * What takes time may fail because its commit was dropped meanwhile (that is answered then), or because the brick is
 * another file now: then once more.
 */
async function withView<T>(foundry: Foundry, c: Context, use: (view: BrickView) => Promise<T>): Promise<T> {
  const view = viewAt(foundry, addressOf(c))
  try {
    return await use(view)
  } catch (error) {
    const now = viewAt(foundry, addressOf(c))
    if (now === view) throw error
    return use(now)
  }
}

/** 1 .. findLimitMax, by default half of that. */
export function limitOf(c: Context): number {
  if (c.req.query('limit') === undefined) return findLimitMax / 2
  return integer(queryOf(c), { name: 'limit', min: 1, max: findLimitMax })
}

function withIndex<T>(
  { foundry, indexes }: BrickRoutes,
  c: Context,
  use: (index: CommitIndex, view: BrickView) => T | Promise<T>,
): Promise<T> {
  return withView(foundry, c, async (view) => use(await indexes.of(view), view))
}

/** A decimal integer in [min, max], or `otherwise` where it is not there. */
function number(c: Context, limits: { name: string; min: number; max: number; otherwise: number }): number {
  return c.req.query(limits.name) === undefined ? limits.otherwise : integer(queryOf(c), limits)
}

function addressOf(c: Context): { uuid: string; commit: string } {
  return { uuid: c.req.param('uuid') ?? '', commit: c.req.param('commit') ?? '' }
}

function queryOf(c: Context): (name: string) => string | undefined {
  return (name) => c.req.query(name)
}
