/**
 * The HTTP side: every request passes Host and Origin, the method, the map's own files, then the token, and only then
 * a route. Answers are data of the foundry or a Refusal; an unexpected error is reported and shown as INTERNAL.
 */
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { SeriesReader } from '../read/series.ts'
import { type BricksAnswer, type ControlPath, controlPaths, type ModelStatusJson } from '../wire/api.ts'
import { type Asked, proofOf, refusedCaller, refusedPlace, refusedSession } from './access.ts'
import type { AnswerCache } from './answer-cache.ts'
import { brickAnswers, limitOf, retainedAnswer } from './brick-answers.ts'
import { newestOf } from './brick-route.ts'
import { Finder, queryBytesMax } from './find.ts'
import { type BrickFindings, findingsAnswer, findingsQuestion } from './findings.ts'
import type { Control, Foundry } from './foundry.ts'
import { defaultHeaders } from './headers.ts'
import type { IndexCache } from './index-cache.ts'
import { readJson } from './json-body.ts'
import { errorAnswer, invalid, Refusal, type RefusalReason, reasonOf } from './refusal.ts'
import { namesAnswer, type Searches, searchAnswer } from './search.ts'
import { seriesAnswer } from './series.ts'
import type { SecretKeeper } from './session.ts'
import type { StaticFile } from './static.ts'

const sessionBodyBytesMax = 1024
const controlBodyBytesMax = 64 * 1024
/** Of Prometheus' text format. */
const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

const shownPaths = ['/api/bricks', '/api/tasks', '/api/find', '/findings', '/model', '/search', '/metrics', '/feed']

const noModel = {
  state: 'off',
  reason: 'This server has no model.',
  ...{ model: null, server: null, serverKind: null, contextTokens: null, tokensLeftToday: null },
  ...{ parallel: 0, queued: 0, running: 0, described: 0, failed: 0 },
} as const satisfies ModelStatusJson

const upgradeNeeded = {
  status: 426,
  code: 'REQUEST_INVALID',
  message: 'The feed is a WebSocket.',
  headers: { Upgrade: 'websocket' },
} as const

export interface AppParts {
  readonly foundry: Foundry
  readonly secrets: SecretKeeper
  readonly indexes: IndexCache
  readonly answers: AnswerCache
  readonly findings: BrickFindings
  readonly searches: Searches
  readonly series: SeriesReader
  readonly files: ReadonlyMap<string, StaticFile>
  readonly port: number
  readonly control: Control | undefined
  /** Errors that nobody expected. */
  readonly report: (error: unknown) => void
}

export function createApp(parts: AppParts): Hono {
  const { foundry, secrets, report } = parts
  const app = new Hono()
  app.onError((error, c) => {
    const reason = reasonOf(error)
    if (reason.code === 'INTERNAL') report(error)
    return refuse(c, reason)
  })
  app.notFound((c) => refuse(c, { status: 404, code: 'NOT_FOUND', message: 'There is nothing at that address.' }))
  app.use(guard(parts))
  app.post('/session', async (c) => {
    const body = await readJson(c.req.raw, sessionBodyBytesMax)
    const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : undefined
    if (typeof token !== 'string') throw invalid('The body must be {"token": ".."}.')
    if (!secrets.isToken(token)) {
      const message = 'That is not the token of this server.'
      throw new Refusal(secrets.countFailure({ status: 403, code: 'TOKEN_WRONG', message }))
    }
    return c.body(null, 204, { 'Set-Cookie': secrets.setCookie })
  })
  app.get('/api/bricks', (c) => {
    const { version, host, epoch, sequence } = foundry
    return c.json({ version, host, epoch, sequence, bricks: foundry.bricks() } satisfies BricksAnswer)
  })
  app.get('/api/tasks', (c) => c.json(foundry.tasks()))
  app.get('/metrics', async (c) => c.body(await foundry.metrics(), 200, { 'Content-Type': metricsType }))
  app.get('/api/find', (c) => findAnswer(parts, c))
  app.get('/findings', (c) => allFindingsAnswer(parts, c))
  app.get('/model', async (c) => c.json((await foundry.model?.()) ?? noModel))
  app.get('/search', (c) => namesAnswer(parts, c))
  app.get('/b/:uuid/:commit/search', (c) => searchAnswer(parts, c))
  app.all('/b/:uuid/:commit/search', wrongMethod('GET'))
  app.get('/b/:uuid/commits', (c) => retainedAnswer(parts, c))
  app.all('/b/:uuid/commits', wrongMethod('GET'))
  app.get('/b/:uuid/series', (c) => seriesAnswer(parts, c))
  app.all('/b/:uuid/series', wrongMethod('GET'))
  for (const [name, answer] of Object.entries(brickAnswers)) {
    app.get(`/b/:uuid/:commit/${name}`, (c) => answer(parts, c))
    app.all(`/b/:uuid/:commit/${name}`, wrongMethod('GET'))
  }
  for (const path of controlPaths) {
    app.post(path, (c) => controlAnswer(parts, c, path))
    app.all(path, wrongMethod('POST'))
  }
  app.all('/session', wrongMethod('POST'))
  app.get('/feed', (c) => refuse(c, upgradeNeeded))
  for (const path of shownPaths) app.all(path, wrongMethod('GET'))
  return app
}

export function askedBy(method: string, header: (name: string) => string | undefined): Asked {
  return {
    method,
    host: header('host'),
    origin: header('origin'),
    fetchSite: header('sec-fetch-site'),
    authorization: header('authorization'),
    cookie: header('cookie'),
  }
}

function guard({ secrets, files, port }: AppParts): MiddlewareHandler {
  return async (c, next) => {
    for (const [name, value] of Object.entries(defaultHeaders)) c.header(name, value)
    const asked = askedBy(c.req.method, (name) => c.req.header(name))
    const misplaced = refusedPlace(asked, port)
    if (misplaced !== undefined) throw new Refusal(misplaced)
    const file = files.get(c.req.path)
    if (asked.method !== 'GET' && (file !== undefined || asked.method !== 'POST')) return wrongMethod('GET')(c, next)
    if (file !== undefined) return fileAnswer(c, file)
    const proof = proofOf(asked, secrets)
    const refused = c.req.path === '/session' ? refusedSession(asked, proof) : refusedCaller(asked, proof)
    if (refused !== undefined) throw new Refusal(proof === 'wrong' ? secrets.countFailure(refused) : refused)
    return next()
  }
}

/** The map's code is the same for everyone: kept by the browser, asked for again each time. */
function fileAnswer(c: Context, { bytes, type, etag }: StaticFile): Response {
  const headers = { 'Cache-Control': 'no-cache', ETag: etag }
  if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers)
  return c.body(bytes, 200, { ...headers, 'Content-Type': type })
}

async function findAnswer({ foundry, indexes, report }: AppParts, c: Context): Promise<Response> {
  const query = (c.req.query('q') ?? '').trim()
  if (query === '' || query.includes('\0') || Buffer.byteLength(query) > queryBytesMax) {
    throw invalid(`q must be a part of a path, 1 to ${queryBytesMax} bytes.`)
  }
  const finder = new Finder(query, limitOf(c))
  for (const { uuid } of foundry.bricks()) {
    if (c.req.raw.signal.aborted) break
    const view = foundry.newest(uuid)
    if (view === undefined) continue
    try {
      const { index } = await indexes.of(view)
      finder.search({ uuid, source: view.meta.source, index })
    } catch (error) {
      // One brick that cannot be searched must not hide the others.
      report(error)
      finder.miss()
    }
  }
  return c.json(finder.answer())
}

/** Of all bricks at their newest commits. */
async function allFindingsAnswer(parts: AppParts, c: Context): Promise<Response> {
  const { foundry } = parts
  const wanted = c.req.query('brick')
  const uuids = wanted === undefined ? foundry.bricks().map(({ uuid }) => uuid) : [wanted]
  const question = findingsQuestion((name) => c.req.query(name))
  const views = uuids.flatMap((uuid) => (wanted === undefined ? foundry.newest(uuid) : newestOf(foundry, uuid)) ?? [])
  return c.json(await findingsAnswer(parts, views, question))
}

async function controlAnswer({ control }: AppParts, c: Context, path: ControlPath): Promise<Response> {
  if (control === undefined) {
    throw new Refusal({ status: 404, code: 'NOT_FOUND', message: 'This server only shows; it has nothing to control.' })
  }
  const body = await readJson(c.req.raw, controlBodyBytesMax)
  return c.json((await control(path, body)) ?? {})
}

function wrongMethod(allowed: 'GET' | 'POST'): MiddlewareHandler {
  return async (c) => {
    const message = `This address takes ${allowed} and nothing else.`
    return refuse(c, { status: 405, code: 'METHOD_REFUSED', message, headers: { Allow: allowed } })
  }
}

function refuse(c: Context, reason: RefusalReason): Response {
  return c.json(errorAnswer(reason), reason.status, { ...reason.headers })
}
