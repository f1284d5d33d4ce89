/**
 * Tells of commits: to the feed and, where a task has one, to its hook, in one transaction of the state database.
 *
 * A commit is durable in its brick before it is told. One that was not told when the daemon was killed is told at the
 * next start, from the generation that was told last; its list of changes is not known any more and left out.
 */
import { pathText, toHex } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import { rfc3339 } from '../base/entry-text.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import type { ChangedEntries } from '../fold/reconcile.ts'
import type { HookChange } from '../hook/hook-event.ts'
import type { HookQueue } from '../hook/hook-queue.ts'
import type { BrickInfo } from '../wire/api.ts'
import type { Assignment } from './assignment.ts'
import { dirtyTuples } from './brick-info.ts'
import type { Feed, FeedNews } from './feed.ts'

export interface NewsOfCommit {
  readonly assignment: Assignment
  readonly info: BrickInfo
  readonly record: CommitRecord
  /** Undefined: it is not known what changed. */
  readonly changes: { readonly dirty: readonly Run[]; readonly entries: ChangedEntries } | undefined
}

export class Announcer {
  readonly #feed: Feed
  readonly #hooks: HookQueue
  /** By brick, where commits that only say more followed: the generation that hooks were told of. */
  readonly #contentsOf = new Map<string, number>()

  constructor({ feed, hooks }: { feed: Feed; hooks: HookQueue }) {
    this.#feed = feed
    this.#hooks = hooks
  }

  publish(news: FeedNews): void {
    this.#feed.publish(news)
  }

  commit(news: NewsOfCommit): void {
    this.#tell(news, news.record.generation - 1)
  }

  /** Of a commit with the same contents: nobody's hook is to run again. */
  labels({ info, record }: Pick<NewsOfCommit, 'assignment' | 'info' | 'record'>): void {
    const from = record.generation - 1
    this.#contentsOf.set(info.uuid, this.#contentsOf.get(info.uuid) ?? from)
    this.#feed.publish({ kind: 'commit', brick: info, fromGeneration: from, dirtyTiles: [], changed: 'none' })
  }

  /** Tells of a commit that nobody was told of, where there is one. `isSame`: whether that generation has the same contents. */
  catchUp(news: NewsOfCommit, isSame: (generation: number) => boolean): void {
    const told = this.#feed.lastGeneration(news.info.uuid) ?? 0
    if (told === news.record.generation) return
    if (told > 0 && told < news.record.generation && isSame(told)) this.labels(news)
    else this.#tell(news, Math.min(told, news.record.generation - 1))
  }

  #tell({ assignment, info, record, changes }: NewsOfCommit, from: number): void {
    const dirtyTiles = changes === undefined ? null : dirtyTuples(changes.dirty)
    const hookFrom = this.#contentsOf.get(info.uuid) ?? from
    this.#contentsOf.delete(info.uuid)
    this.#feed.together(() => {
      this.#feed.publish({ kind: 'commit', brick: info, fromGeneration: from, dirtyTiles })
      const { taskId, brickPath } = assignment
      if (taskId === null) return
      this.#hooks.enqueue({
        task: taskId,
        brick: Buffer.from(brickPath).toString(),
        uuid: info.uuid,
        from: hookFrom,
        generation: record.generation,
        contentRoot: toHex(record.contentRoot),
        time: rfc3339(record.time) ?? '',
        changed: changes?.entries.named.map(hookChange) ?? [],
        truncated: changes === undefined || changes.entries.count > changes.entries.named.length,
      })
    })
  }
}

function hookChange({ path, change }: ChangedEntries['named'][number]): HookChange {
  return { change, ...pathText(path) }
}
