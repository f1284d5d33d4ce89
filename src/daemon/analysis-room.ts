/**
 * What analyses need and is large: analyzers, their threads, the catalog, the model's desk. Loaded with the first analysis;
 * the threads are let go when there was none for a while.
 */
import { join } from 'node:path'
import type { AnalysisPool } from '../analysis/analysis-pool.ts'
import type { analyzeBrick } from '../analysis/analyze-brick.ts'
import type { Host } from '../analysis/host.ts'
import { ExchangeLog } from '../analysis/model/exchange-log.ts'
import type { ModelDesk } from '../analysis/model/model-desk.ts'
import { modelFolder } from '../analysis/model/model-folder.ts'
import type { ModelSettings } from '../analysis/model/model-settings.ts'
import type { LiveHost } from '../analysis/packages.ts'
import type { Clock, Random } from '../base/ports.ts'
import { type Catalog, openCatalog } from '../catalog/catalog-db.ts'
import { openReportCache, type ReportCache } from '../catalog/report-cache.ts'
import { trimMalloc } from '../linux/malloc-trim.ts'
import { type Forgotten, forgetTraces } from './forget-traces.ts'

export interface AnalysisRoomParts {
  /** The state folder. */
  readonly state: string
  /** Undefined: no model is used. */
  readonly model: ModelSettings | undefined
  /** A model described something of that brick. */
  readonly described: (uuid: string) => void
  readonly clock: Clock
  readonly random: Random
  /** Told once of a catalog that cannot be had; what it would keep is found out anew. */
  readonly warn: (error: unknown) => void
}

export interface RoomContent {
  readonly analyzeBrick: typeof analyzeBrick
  /** Of the set of analyzers. */
  readonly version: string
  readonly pool: AnalysisPool
  readonly cache: ReportCache
  /** What this machine says of itself now: the same object for as long as nothing changed. */
  readonly host: () => Host
}

interface OpenCatalog {
  readonly catalog: Catalog
  readonly cache: ReportCache
}

/** A sync follows a sync: then they are needed again. */
const idleMsMax = 10_000

export class AnalysisRoom {
  readonly catalogPath: string
  readonly #parts: AnalysisRoomParts
  #catalog: OpenCatalog | undefined
  #pool: AnalysisPool | undefined
  #host: LiveHost | undefined
  #desk: Promise<ModelDesk> | undefined
  #timer: NodeJS.Timeout | undefined
  #poolClosing: Promise<void> = Promise.resolve()

  constructor(parts: AnalysisRoomParts) {
    this.#parts = parts
    this.catalogPath = join(parts.state, 'catalog.db')
  }

  async enter(): Promise<RoomContent> {
    clearTimeout(this.#timer)
    await this.#poolClosing
    const [{ analyzeBrick: analyze }, { AnalysisPool: Pool }, { analyzerSetVersion: version }, { LiveHost: Machine }] =
      await Promise.all([
        import('../analysis/analyze-brick.ts'),
        import('../analysis/analysis-pool.ts'),
        import('../analysis/analyzers.ts'),
        import('../analysis/packages.ts'),
      ])
    this.#pool ??= new Pool()
    this.#host ??= new Machine()
    const host = this.#host
    return { analyzeBrick: analyze, version, pool: this.#pool, cache: this.#opened().cache, host: () => host.host() }
  }

  /** What the machine says of itself now; undefined where no analysis asked yet. */
  machine(): Host | undefined {
    return this.#host?.host()
  }

  /** Undefined: no model is used. */
  async model(): Promise<ModelDesk | undefined> {
    const { model: settings } = this.#parts
    if (settings === undefined || settings.use === 'off') return undefined
    this.#desk ??= this.#openDesk(settings)
    return this.#desk
  }

  /** Of an entry of a brick; what stays, each a sentence. */
  async forget(forgotten: Forgotten): Promise<readonly string[]> {
    const desk = await this.#desk
    desk?.forget(forgotten.uuid)
    const log = desk?.log ?? new ExchangeLog(modelFolder(this.#parts.state))
    return forgetTraces(forgotten, { ...this.#opened(), log })
  }

  /** Nobody is in it: its threads are let go after a while. */
  leave(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#rest(), idleMsMax)
    this.#timer.unref()
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#closePool()
    await (await this.#desk)?.close()
    await this.#poolClosing
    this.#catalog?.cache.close()
    this.#catalog?.catalog.close()
    this.#catalog = undefined
  }

  async #rest(): Promise<void> {
    this.#closePool()
    await this.#poolClosing
    // What the threads compiled and read was taken from one allocator, which keeps what it has.
    globalThis.gc?.()
    trimMalloc()
  }

  #closePool(): void {
    const pool = this.#pool
    this.#pool = undefined
    if (pool !== undefined) this.#poolClosing = pool.close()
  }

  #opened(): OpenCatalog {
    if (this.#catalog !== undefined) {
      this.#catalog.catalog.retry()
      return this.#catalog
    }
    const catalog = openCatalog(this.catalogPath, this.#parts.warn)
    this.#catalog = { catalog, cache: openReportCache(catalog) }
    return this.#catalog
  }

  async #openDesk(settings: ModelSettings): Promise<ModelDesk> {
    const [{ openModel }, { ModelDesk: Desk }] = await Promise.all([
      import('../analysis/model/open-model.ts'),
      import('../analysis/model/model-desk.ts'),
    ])
    const { state, clock, random, described } = this.#parts
    const timers = {
      after(delayMs: number, run: () => void) {
        const timer = setTimeout(run, delayMs)
        timer.unref()
        return () => clearTimeout(timer)
      },
    }
    const parts = openModel({ settings, state, cache: this.#opened().cache, clock, random, timers })
    return new Desk({ ...parts, onDescribed: described })
  }
}
