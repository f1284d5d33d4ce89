/** The work of `sfd search`: names out of the index, brought up to date before; bytes by threads, told as they are found. */
import { join } from 'node:path'
import { toHex } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { type Catalog, openCatalog, temporaryCatalog } from '../catalog/catalog-db.ts'
import { indexBrick } from '../catalog/search-index.ts'
import type { NameKind } from '../catalog/search-names.ts'
import { type FoundName, findNames } from '../catalog/search-query.ts'
import { parseAt, viewBehind } from '../read/at.ts'
import { type FoundEnd, parsePattern, SearchCrew, type SearchPattern, searchBytes } from '../read/search.ts'
import { pause, workerCount } from './adapters.ts'
import { argumentBytes } from './arguments.ts'
import type { Call } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { type OpenBrick, openBricks } from './open-bricks.ts'
import type { SearchOptions } from './search.ts'
import { endJson, hitJson, hitLine, nameJson, nameLine } from './search-text.ts'
import { counted, grouped, iec } from './text.ts'

interface Asked {
  readonly query: string
  /** Empty: all. */
  readonly bricks: readonly string[]
}

/** Errors: USAGE, BRICK_*, COMMIT_MISSING, CANCELLED. */
export async function search(call: Call, asked: Asked, options: SearchOptions): Promise<ExitCode> {
  const plan = planOf(asked.query, options)
  const newest = await openBricks(call, asked.bricks)
  try {
    const bricks = newest.map((brick) => atTime(call, brick, options.at))
    const screen = { call, shared: bricks.length > 1 }
    const names =
      plan.kinds === undefined ? 0 : await searchNames(screen, { bricks, asked, options, kinds: plan.kinds })
    if (plan.pattern === undefined) {
      if (names === 0) call.warn(`no name holds that; looked through ${counted(bricks.length, ofBricks)}`)
      return names > 0 ? exitCode.ok : exitCode.no
    }
    const found = await searchAll(screen, { bricks, pattern: plan.pattern, options })
    if (names + found.hits === 0) {
      const bytes = `${iec(found.bytes)} of ${counted(bricks.length, ofBricks)}`
      call.warn(`nothing was found; looked through ${bytes}${plan.kinds === undefined ? '' : ', names and bytes'}`)
    }
    if (found.isDoubtful) return exitCode.doubtful
    return names + found.hits > 0 ? exitCode.ok : exitCode.no
  } finally {
    for (const { view } of newest) view.file.close()
  }
}

const ofBricks = { one: 'brick', many: 'bricks' } as const

interface Plan {
  /** Undefined: no names; empty: all kinds. */
  readonly kinds: readonly NameKind[] | undefined
  readonly pattern: SearchPattern | undefined
}

function planOf(query: string, options: SearchOptions): Plan {
  const forms = (['text', 'hex', 'regex', 'path', 'symbol'] as const).filter((form) => options[form] === true)
  if (forms.length > 1) throw usage(`--${forms.join(' and --')} exclude each other.`)
  if (query.includes('\0') || query === '') throw usage('There is nothing to look for: the query is empty.')
  const form = forms[0]
  const pattern = (as: 'text' | 'hex' | 'regex'): SearchPattern =>
    parsePattern({ form: as, query: argumentBytes(query), letterCase: options.ignoreCase === true ? 'any' : 'exact' })
  if (form === undefined) return { kinds: [], pattern: pattern('text') }
  if (form === 'path' || form === 'symbol') return { kinds: [form], pattern: undefined }
  return { kinds: undefined, pattern: pattern(form) }
}

function atTime(call: Call, { name, view }: OpenBrick, at: string | undefined): OpenBrick {
  return { name, view: at === undefined ? view : viewBehind(view, parseAt(at, call.clock.nowNs())) }
}

interface Screen {
  readonly call: Call
  /** Several bricks: each line names its own. */
  readonly shared: boolean
}

interface NameSearch {
  readonly bricks: readonly OpenBrick[]
  readonly asked: Asked
  readonly options: SearchOptions
  readonly kinds: readonly NameKind[]
}

/** How many were found. */
async function searchNames({ call, shared }: Screen, { bricks, asked, options, kinds }: NameSearch): Promise<number> {
  // The index knows newest commits; older ones are read for this one question.
  const catalog = options.at === undefined ? openCatalog(join(call.state, 'catalog.db')) : temporaryCatalog()
  const aside = temporaryCatalog()
  try {
    const groups = new Map<Catalog, OpenBrick[]>()
    for (const brick of bricks) {
      const holder = (await index(call, brick, catalog)) ? catalog : aside
      if (holder === aside) await index(call, brick, aside)
      groups.set(holder, [...(groups.get(holder) ?? []), brick])
    }
    const limit = kinds.length === 0 ? Math.min(options.limit, besideBytesMax) : options.limit
    let count = 0
    for (const [holder, group] of groups) {
      const byUuid = new Map(group.map((brick) => [toHex(brick.view.record.uuid), brick]))
      const { hits, truncated } = findNames(holder, { text: asked.query, kinds, uuids: [...byUuid.keys()], limit })
      for (const hit of hits) {
        const { name } = byUuid.get(hit.uuid) as OpenBrick
        await printName({ call, shared }, name, hit)
      }
      count += hits.length
      if (truncated) call.warn(`more names match than the ${grouped(hits.length)} shown; --limit lists more`)
    }
    await call.output.flush()
    return count
  } finally {
    catalog.close()
    aside.close()
  }
}

/** Names shown where bytes are looked through as well. */
const besideBytesMax = 20

/** False where the catalog would not take it. */
async function index(call: Call, { name, view }: OpenBrick, catalog: Catalog): Promise<boolean> {
  const what = `reading the names of ${name}`
  call.progress.update({ what, doneBytes: 0, totalBytes: 0 })
  const report = await indexBrick(view, catalog, { signal: call.signal, pause })
  call.progress.end()
  return report.how !== 'refused'
}

async function printName({ call, shared }: Screen, brick: string, hit: FoundName): Promise<void> {
  if (call.json) await call.output.json(nameJson(brick, hit))
  else await call.output.text(nameLine({ brick: shared ? brick : undefined, hit, isTerminal: isTerminal() }))
}

interface ByteSearch {
  readonly bricks: readonly OpenBrick[]
  readonly pattern: SearchPattern
  readonly options: SearchOptions
}

async function searchAll(
  screen: Screen,
  work: ByteSearch,
): Promise<{ hits: number; bytes: number; isDoubtful: boolean }> {
  const { call } = screen
  const ports = {
    monotonicMs: () => call.clock.monotonicMs(),
    pause,
    every(periodMs: number, run: () => void) {
      const timer = setInterval(run, periodMs)
      return () => clearInterval(timer)
    },
  }
  const crew = new SearchCrew({ threadCount: workerCount, ports, here: 'until-ready' })
  let listed = 0
  let hits = 0
  let bytes = 0
  let isDoubtful = false
  try {
    for (const brick of work.bricks) {
      const limit = work.options.limit - listed
      const found = await searchOne(screen, { ...work, brick, crew, limit })
      listed += found.listed
      hits += found.end.done.hits
      bytes += found.end.done.bytes
      isDoubtful ||= warnOf(call, brick.name, found.end)
      if (work.options.count !== true && listed >= work.options.limit) {
        call.warn(`stopped after ${grouped(listed)}; --limit lists more, --count counts all`)
        break
      }
    }
    if (work.options.count === true && !call.json) call.warn(counted(hits, { one: 'match', many: 'matches' }))
    return { hits, bytes, isDoubtful }
  } finally {
    await crew.close()
  }
}

async function searchOne(
  screen: Screen,
  { brick, crew, pattern, limit, options }: ByteSearch & { brick: OpenBrick; crew: SearchCrew; limit: number },
): Promise<{ listed: number; end: FoundEnd }> {
  const { call, shared } = screen
  const beyond = options.count === true ? 'count' : 'stop'
  const parts = searchBytes({ view: brick.view, pattern, crew, signal: call.signal, limit, beyond, from: 0 })
  const tiles: (readonly [tile: number, count: number])[] = []
  let listed = 0
  for (;;) {
    const next = await parts.next()
    if (next.done === true) {
      call.progress.end()
      if (call.json) await call.output.json(endJson(brick.name, next.value, tiles))
      return { listed, end: next.value }
    }
    const { hits, done } = next.value
    if (call.json) for (const tile of next.value.tiles) tiles.push(tile)
    listed += hits.length
    if (hits.length > 0) call.progress.end()
    for (const hit of hits) {
      if (call.json) await call.output.json(hitJson(brick.name, hit))
      else await call.output.text(hitLine({ brick: shared ? brick.name : undefined, hit, isTerminal: isTerminal() }))
    }
    if (hits.length > 0) await call.output.flush()
    const count = { done: done.hits, unit: done.hits === 1 ? 'match' : 'matches' }
    call.progress.update({ what: 'searching', doneBytes: done.bytes, totalBytes: done.totalBytes, count })
  }
}

/** True where not all was looked through. */
function warnOf(call: Call, name: string, { reason, message, unknownBytes, damage }: FoundEnd): boolean {
  if (reason === 'slow' && message !== undefined) call.warn(`${name}: ${message}`)
  if (damage !== undefined) call.warn(`${name} is damaged (${damage}); 'sfd verify' says where`)
  if (unknownBytes > 0) call.warn(`${name}: ${iec(unknownBytes)} were not looked through: nobody has these bytes`)
  return reason === 'slow' || damage !== undefined || unknownBytes > 0
}

function isTerminal(): boolean {
  return process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined
}

function usage(message: string): FoundryError {
  return new FoundryError('USAGE', message)
}
