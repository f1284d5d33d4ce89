/**
 * All bricks of a state: those that are followed, each with its keeper, and those that are only shown.
 *
 * A brick is one or the other; when its keeper goes, what it committed stays to be shown.
 */
import { statSync, unlinkSync } from 'node:fs'
import { must } from '../base/assert.ts'
import { bytesKey, equalBytes, toHex, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import type { LeafPool } from '../fold/leaf-pool.ts'
import { ExcludeMatcher } from '../source/exclude.ts'
import { type Source, sourceName } from '../source/open.ts'
import { storedSource } from '../source/stored-source.ts'
import type { BrickView } from '../store/brick-view.ts'
import { type LabelPace, labelPace } from '../sync/label-timing.ts'
import type { BrickInfo } from '../wire/api.ts'
import type { AnalysisDesk } from './analysis-desk.ts'
import type { Announcer } from './announce.ts'
import { type Assignment, plainRules } from './assignment.ts'
import { storedInfo } from './brick-info.ts'
import { Districts } from './districts.ts'
import { Keeper } from './keeper.ts'
import type { KeeperCare } from './keeper-care.ts'
import type { KeeperLabels } from './keeper-labels.ts'
import type { BrickFigures } from './metrics.ts'
import { ServedViews } from './served-views.ts'
import { watchedRoot } from './source-rules.ts'
import type { StoredBrick, StoredBricks } from './stored-bricks.ts'
import { Turns } from './turns.ts'
import type { WatchHub } from './watch-hub.ts'

export interface KeepersParts {
  readonly bricks: StoredBricks
  /** Never part of a source. */
  readonly statePath: string
  readonly hub: WatchHub
  readonly pool: LeafPool
  readonly clock: Clock
  readonly random: Random
  readonly announcer: Announcer
  /** Undefined: nothing is analysed. */
  readonly analysis?: AnalysisDesk
  readonly labelPace?: LabelPace
  /** Why nothing may be written for now; undefined where it may. */
  readonly noRoom: () => string | undefined
  readonly warn: (error: unknown) => void
}

/** Not followed. */
interface Shown {
  readonly name: string
  readonly path: Uint8Array
  readonly views: ServedViews
}

interface Followed {
  readonly keeper: Keeper
  readonly assignment: Assignment
  readonly root: number
}

export class Keepers {
  readonly #parts: KeepersParts
  readonly #districts = new Districts()
  readonly #turns = new Turns()
  /** By brick path. */
  readonly #followed = new Map<string, Followed>()
  /** By uuid. */
  readonly #stored = new Map<string, Shown>()

  constructor(parts: KeepersParts) {
    this.#parts = parts
    for (const stored of parts.bricks.open()) this.#takeIn(stored)
  }

  /** Shows a brick that lies elsewhere than the others, as a task says or said. */
  adopt(name: string): void {
    const path = this.#parts.bricks.pathOf(name)
    const isShown = [...this.#stored.values()].some((shown) => equalBytes(shown.path, utf8(path)))
    if (isShown || this.#followed.has(bytesKey(utf8(path)))) return
    const stored = this.#parts.bricks.openOne(name)
    if (stored !== undefined) this.#takeIn(stored)
  }

  get all(): readonly Keeper[] {
    return [...this.#followed.values()].map(({ keeper }) => keeper)
  }

  infos(): BrickInfo[] {
    return [...this.all.map((keeper) => keeper.info()), ...this.#shownViews().map((view) => storedInfo(view))]
  }

  figures(): BrickFigures[] {
    return this.all.map((keeper) => keeper.figures())
  }

  /** Any retained commit. */
  view(uuid: string, commit: string): BrickView | undefined {
    return this.#viewsOf(uuid)?.get(commit)
  }

  newest(uuid: string): BrickView | undefined {
    return this.#viewsOf(uuid)?.newest
  }

  /** Whether a brick of that name is followed. */
  isTaken(name: string): boolean {
    return this.all.some((keeper) => keeper.name === name)
  }

  /** The brick as which somebody else than that task follows the source; undefined where nobody does. */
  followedElsewhere(source: Source, taskId: string): string | undefined {
    const name = sourceName(source)
    const others = [...this.#followed.values()].filter(({ assignment }) => assignment.taskId !== taskId)
    const isIt = (other: Source): boolean => other.kind === source.kind && equalBytes(sourceName(other), name)
    return others.find(({ assignment }) => isIt(assignment.source))?.keeper.name
  }

  /** What followed every brick of the state would be. One whose source has ended is only shown. */
  resumed(exclude: readonly string[]): Assignment[] {
    const resumed: Assignment[] = []
    for (const { views, path: brickPath, name } of this.#stored.values()) {
      const meta = views.newest?.meta
      if (meta === undefined || meta.ended !== undefined) continue
      try {
        resumed.push({ source: storedSource(meta), name, brickPath, taskId: null, rules: plainRules(exclude) })
      } catch (error) {
        // Anyone may have written the brick.
        this.#parts.warn(error)
      }
    }
    return resumed
  }

  /** The keeper begins when it is started. */
  follow(assignment: Assignment): Keeper {
    const { hub, pool, clock, random, announcer, noRoom, warn } = this.#parts
    const { source, brickPath, rules } = assignment
    this.adopt(assignment.name)
    this.#unstore(brickPath)
    const keeper = new Keeper({
      assignment,
      ownFolders: [utf8(this.#parts.statePath)],
      clock,
      random,
      pool,
      turns: this.#turns,
      district: this.#districts.ticket(),
      announcer,
      analysis: this.#parts.analysis,
      labelPace: this.#parts.labelPace ?? labelPace,
      noRoom,
      warn,
      watch: async () => {
        const watched = watchedRoot(source)
        return watched === undefined
          ? null
          : hub.add({ ...watched, index: root, exclude: this.#matcher(rules.exclude) })
      },
    })
    const root = hub.register(keeper.ears)
    this.#followed.set(bytesKey(brickPath), { keeper, assignment, root })
    return keeper
  }

  /** Ends a keeper; its brick is shown from now on. */
  async unfollow(keeper: Keeper): Promise<void> {
    const { assignment, root } = this.#of(keeper)
    this.#parts.hub.forget(root)
    await keeper.close()
    this.#followed.delete(bytesKey(assignment.brickPath))
    const stored = this.#parts.bricks.openOne(assignment.name)
    if (stored === undefined) return
    this.#parts.announcer.publish({ kind: 'brick', brick: storedInfo(this.#show(stored)) })
  }

  /** Stops following a brick and deletes its file. Errors: BRICK_MISSING, BRICK_BUSY where a task keeps it. */
  async remove(given: string): Promise<void> {
    const name = bareName(given)
    const followed = [...this.#followed.values()].find(({ keeper }) => keeper.name === name)
    if (followed !== undefined) {
      const { taskId } = followed.assignment
      if (taskId !== null) {
        const message = `The brick ${name} is kept by the task ${taskId}. Delete the task's file first.`
        throw new FoundryError('BRICK_BUSY', message)
      }
      await this.unfollow(followed.keeper)
    }
    const stored = [...this.#stored].find(([, brick]) => brick.name === name)
    if (stored === undefined && followed === undefined) throw missing(name)
    if (stored !== undefined) {
      const [uuid, { views, path }] = stored
      this.#stored.delete(uuid)
      views.close()
      unlinkSync(Buffer.from(path))
    }
    const uuid = stored?.[0] ?? followed?.keeper.uuid
    if (uuid !== undefined) this.#parts.announcer.publish({ kind: 'removed', uuid })
  }

  /** Of a brick that is followed. */
  labelsOf(given: string): { readonly labels: KeeperLabels; readonly generation: () => number } | undefined {
    const name = bareName(given)
    const keeper = this.all.find((each) => each.name === name)
    return keeper && { labels: keeper.labels, generation: () => keeper.views.newest?.record.generation ?? 0 }
  }

  /** Of a brick that is followed. */
  careOf(given: string): KeeperCare | undefined {
    const name = bareName(given)
    return this.all.find((keeper) => keeper.name === name)?.care
  }

  /** Works on the file of a brick that is only shown. Error: BRICK_MISSING. */
  async withStored<T>(given: string, work: (path: Uint8Array) => Promise<T>): Promise<T> {
    const name = bareName(given)
    const stored = [...this.#stored.values()].find((brick) => brick.name === name)
    if (stored === undefined) throw missing(name)
    try {
      return await work(stored.path)
    } finally {
      stored.views.reopen()
      const view = stored.views.newest
      if (view !== undefined) this.#parts.announcer.publish({ kind: 'brick', brick: storedInfo(view) })
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((keeper) => keeper.close()))
    for (const { views } of this.#stored.values()) views.close()
  }

  #takeIn(stored: StoredBrick): void {
    const { record, meta } = stored.view
    this.#districts.add(meta.district, { kind: meta.kind, length: record.length })
    this.#show(stored)
  }

  #show({ view, path, name }: StoredBrick): BrickView {
    view.file.close()
    const views = new ServedViews(path)
    views.reopen()
    this.#stored.set(toHex(view.record.uuid), { name, path, views })
    return must(views.newest, 'newest commit')
  }

  #shownViews(): BrickView[] {
    return [...this.#stored.values()].flatMap(({ views }) => views.newest ?? [])
  }

  #unstore(path: Uint8Array): void {
    for (const [uuid, stored] of this.#stored) {
      if (!equalBytes(stored.path, path)) continue
      stored.views.close()
      this.#stored.delete(uuid)
    }
  }

  #matcher(exclude: readonly string[]): ExcludeMatcher {
    const { dev, ino } = statSync(this.#parts.statePath, { bigint: true })
    return new ExcludeMatcher({ patterns: exclude, inodes: [{ dev, ino }] })
  }

  #viewsOf(uuid: string): ServedViews | undefined {
    return this.#stored.get(uuid)?.views ?? this.all.find((keeper) => keeper.uuid === uuid)?.views
  }

  #of(keeper: Keeper): Followed {
    for (const followed of this.#followed.values()) if (followed.keeper === keeper) return followed
    throw new FoundryError('BRICK_MISSING', `The brick ${keeper.name} is not followed.`)
  }
}

/** A brick's name, as people write it with or without its suffix. */
function bareName(given: string): string {
  return given.replace(/\.brick$/, '')
}

function missing(name: string): FoundryError {
  return new FoundryError('BRICK_MISSING', `There is no brick ${name}; \`sfd status\` lists them.`)
}
