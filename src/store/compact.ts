/**
 * Compaction: the retained commits of a brick in a new file of their own, which then takes the brick's place.
 *
 * The brick stays whole and readable throughout: until the rename it is the old file, after it the new one, and both say
 * the same of every commit that is retained. Readers that have the old file open go on with it. A failure, a kill or a power cut
 * before the rename leaves a temporary file, which the next opening for writing removes.
 *
 * The old writer may commit meanwhile; what it adds is copied at the end, alone with the brick.
 */
import { fchmodSync, fchownSync, fstatSync, realpathSync, rmSync, statfsSync } from 'node:fs'
import { must } from '../base/assert.ts'
import { displayPath, equalBytes } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Random } from '../base/ports.ts'
import type { Commit } from '../brick/commit.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import { BrickDamage } from '../brick/damage.ts'
import { epochBytes } from '../brick/frame.ts'
import type { BrickMeta } from '../brick/meta.ts'
import { BrickCopy, type BrickCopyParts } from './brick-copy.ts'
import { BrickFile, type Head } from './brick-file.ts'
import { BrickWriter } from './brick-writer.ts'
import { CopyTarget } from './copy-target.ts'
import { diskError, guard } from './disk-error.ts'
import { folderOf, openTemporary, replace } from './exclusive-file.ts'
import { type HistoryItem, historyItems } from './history.ts'
import { bytesOf } from './live-bytes.ts'
import { readOnlyPages } from './page-store.ts'
import { contentsText, PastContents } from './past-contents.ts'
import { type RetentionPolicy, retainedOf } from './retention.ts'

export interface CompactParts {
  readonly path: Uint8Array
  readonly random: Random
  readonly signal: AbortSignal
  /** Lets signals, timers and other work in between. */
  readonly pause: () => Promise<void>
  readonly onProgress: (progress: CompactProgress) => void
  /** Who has the brick open for writing in this process; left out: it is opened, and locked, as long as this takes. */
  readonly writer?: BrickWriter
  /** Runs what must be alone with `writer`: no commit is under way, none begins. Left out: that is so anyway. */
  readonly exclusively?: <T>(work: () => Promise<T>) => Promise<T>
  /** What is kept, instead of what META says. */
  readonly retention?: RetentionPolicy
  readonly prune?: NonNullable<BrickCopyParts['prune']>
  readonly regionsWithout?: NonNullable<BrickCopyParts['regionsWithout']>
  readonly meta?: (meta: BrickMeta) => BrickMeta
}

export interface CompactProgress {
  readonly doneBytes: number
  /** About. */
  readonly totalBytes: number
}

export interface CompactReport {
  readonly beforeBytes: number
  readonly afterBytes: number
  readonly commits: number
  /** Commits of the history that were left out. */
  readonly droppedCommits: number
  readonly prunedTiles: number
}

/**
 * Afterwards `writer` is closed: open the brick anew. After an error the brick is as it was; the writer may be closed, too.
 * Errors: those of BrickWriter.open; BRICK_DAMAGED where a frame that is needed is wrong, DISK_FULL, DISK_FAILED, CANCELLED.
 */
export async function compactBrick(parts: CompactParts): Promise<CompactReport> {
  const path = realpathSync(Buffer.from(parts.path), { encoding: 'buffer' })
  if (parts.writer !== undefined) return new Compaction({ ...parts, path, writer: parts.writer }).run()
  const { writer } = BrickWriter.open(path, parts.random)
  try {
    return await new Compaction({ ...parts, path, writer }).run()
  } finally {
    writer.close()
  }
}

/** Bytes written between two pauses. */
const stepBytes = 1 << 20
/** Bytes that wait for the disk: the last barrier is not to take long, as nobody else works then. */
const writeOutBytes = 64 << 20
/** Commits that come while others are copied are copied so often while more may come. */
const roundsMax = 2

class Compaction {
  readonly #parts: CompactParts & { readonly writer: BrickWriter }
  #doneAtPause = 0
  #writtenOut = 0
  #totalBytes = 0

  constructor(parts: CompactParts & { readonly writer: BrickWriter }) {
    this.#parts = parts
  }

  async run(): Promise<CompactReport> {
    const { path, random, writer } = this.#parts
    // A descriptor of our own: the writer may be closed and opened again meanwhile.
    const source = BrickFile.open(path)
    try {
      refuseOther(source, writer)
      const head = must(writer.head, 'a commit to compact')
      await this.#checkSpace(source, head)
      const { fd, temporary } = guard(path, () => openTemporary(path, random))
      const target = new CopyTarget(path, fd, { uuid: writer.uuid, epoch: random.bytes(epochBytes) })
      try {
        keepOwnerAndMode(source.fd, fd)
        return await this.#copy({ source, target, temporary, head })
      } catch (error) {
        rmSync(Buffer.from(temporary), { force: true })
        throw diskError(path, error)
      } finally {
        target.close()
      }
    } finally {
      source.close()
    }
  }

  async #copy(files: {
    source: BrickFile
    target: CopyTarget
    temporary: Uint8Array
    head: Head
  }): Promise<CompactReport> {
    const { source, target, temporary, head } = files
    const { writer, path, prune, regionsWithout, meta, exclusively = (work) => work() } = this.#parts
    const copy = new BrickCopy({
      source,
      target,
      step: () => this.#step(target),
      ...(prune !== undefined && { prune }),
      ...(regionsWithout !== undefined && { regionsWithout }),
      ...(meta !== undefined && { meta }),
    })
    const { commits, droppedCommits } = retainedCommits(source, head, this.#parts.retention)
    for (const commit of commits) await copy.add(commit)
    let newest = head
    for (let round = 0; round < roundsMax; round++) newest = await this.#addNew(copy, source, newest)
    await target.writeOut()
    return exclusively(async () => {
      newest = await this.#addNew(copy, source, newest)
      copy.finish()
      try {
        guard(path, () => replace({ temporary, path }))
      } finally {
        // Whether or not the name could be made durable: nobody may commit to a file that has no name any more.
        writer.close()
      }
      const sizes = { beforeBytes: newest.record.fileEnd, afterBytes: target.end }
      return { ...sizes, commits: copy.commits, droppedCommits, prunedTiles: copy.prunedTiles }
    })
  }

  /** Copies what was committed since `head` and is retained. */
  async #addNew(copy: BrickCopy, source: BrickFile, head: Head): Promise<Head> {
    const { writer, path } = this.#parts
    refuseOther(source, writer)
    const newest = writer.head
    if (newest === undefined || newest.record.generation < head.record.generation) {
      throw new FoundryError('CANCELLED', `${displayPath(path)} was opened anew meanwhile; nothing was changed.`)
    }
    for (const commit of retainedCommits(source, newest, undefined).commits) {
      if (commit.record.generation > head.record.generation) await copy.add(commit)
    }
    return newest
  }

  async #checkSpace(source: BrickFile, head: Head): Promise<void> {
    const { path, pause, retention } = this.#parts
    const { commits } = retainedCommits(source, head, retention)
    const records = commits.map(({ record }) => record)
    this.#totalBytes = await bytesOf(source, records, pause)
    const { bavail, bsize } = statfsSync(folderOf(path))
    if (bavail * bsize >= this.#totalBytes) return
    const needed = Math.ceil(this.#totalBytes / 2 ** 20)
    throw new FoundryError(
      'DISK_FULL',
      `Compacting ${displayPath(path)} needs about ${needed} MiB of free space beside it; free some and try again.`,
    )
  }

  async #step(target: CopyTarget): Promise<void> {
    const { signal, pause, onProgress } = this.#parts
    if (signal.aborted) throw new FoundryError('CANCELLED', 'Compaction was stopped; the brick is as it was.')
    if (target.end - this.#doneAtPause < stepBytes) return
    this.#doneAtPause = target.end
    onProgress({ doneBytes: target.end, totalBytes: Math.max(target.end, this.#totalBytes) })
    await pause()
    if (target.end - this.#writtenOut < writeOutBytes) return
    this.#writtenOut = target.end
    await target.writeOut()
  }
}

/** The commits to keep, oldest first, the newest included. */
function retainedCommits(
  source: BrickFile,
  { record, commit }: Head,
  policy: RetentionPolicy | undefined,
): { commits: readonly Commit[]; droppedCommits: number } {
  const past = historyItems(readOnlyPages(source, record), record.history)
  const named = new Set(past.filter(({ tag = '' }) => tag !== '').map(({ generation }) => generation))
  const contents = new PastContents(source)
  const contentsOf = (item: HistoryItem | CommitRecord): string =>
    'commit' in item ? contents.of(item, record) : contentsText(item)
  const retained =
    policy === undefined
      ? undefined
      : retainedOf<HistoryItem | CommitRecord>([...past, record], policy, named, contentsOf)
  const kept = past.filter(({ generation }) => retained?.has(generation) ?? true)
  const commits = [...kept, { ...record, commit }].map((item) => commitOf(source, item, record))
  return { commits, droppedCommits: past.length - kept.length }
}

/** A commit as HISTORY names it. Errors: BrickDamage. */
function commitOf(
  source: BrickFile,
  item: Pick<HistoryItem, 'generation' | 'id' | 'commit'>,
  record: CommitRecord,
): Commit {
  const commit = source.commit(item.commit, record)
  if (commit.record.generation === item.generation && equalBytes(commit.record.id, item.id)) return commit
  throw new BrickDamage('commit', `generation ${item.generation} is not what HISTORY says`, item.commit.offset)
}

function refuseOther(source: BrickFile, writer: BrickWriter): void {
  const shown = displayPath(source.path)
  if (!writer.isOpen) throw new FoundryError('CANCELLED', `${shown} was closed meanwhile; nothing was changed.`)
  const [a, b] = [source, writer.file].map(({ fd }) => fstatSync(fd, { bigint: true })) as [BigStats, BigStats]
  if (a.ino === b.ino && a.dev === b.dev) return
  throw new FoundryError('BRICK_OTHER_SOURCE', `${shown} is another file now than the one that is written; look at it.`)
}

type BigStats = ReturnType<typeof fstatSync> & { readonly ino: bigint; readonly dev: bigint }

/** As the old file had them: somebody may have chosen so. */
function keepOwnerAndMode(from: number, to: number): void {
  const { uid, gid, mode } = fstatSync(from)
  try {
    fchownSync(to, uid, gid)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
  }
  fchmodSync(to, mode & 0o777)
}
