/**
 * Makes a brick true again: lists what the scopes name, reads what differs, rewrites the tiles that changed and the path
 * above them, and commits. Nothing is visible before the commit, and nothing is committed that was not read twice alike
 * or is marked torn. Long because one run carries one state from the look to the commit.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { assert, must } from '../base/assert.ts'
import { bytesKey, equalBytes } from '../base/bytes.ts'
import { type Run, timestampOf } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import { type EntryRecord, pathOfKey } from '../brick/entry-record.ts'
import { heightFor } from '../brick/merkle.ts'
import type { BrickMeta } from '../brick/meta.ts'
import type { Artifact, Lister } from '../source/artifact.ts'
import type { Head } from '../store/brick-file.ts'
import { diskError } from '../store/disk-error.ts'
import { keepHeapSmall } from '../store/heap.ts'
import { ContentOutcomes } from './contents.ts'
import { DirtyTiles } from './dirty-tiles.ts'
import { Doubts } from './doubts.ts'
import { bytesOfKey } from './entry-table.ts'
import { withoutForgotten } from './forgotten.ts'
import { leafItem } from './leaf-items.ts'
import type { FileOutcome, LeafJob, LeafResult } from './leaf-job.ts'
import { type JobPlan, planJob, readingAt } from './leaf-jobs.ts'
import type { LeafPool } from './leaf-pool.ts'
import { type Difference, findDifferences, hasLostFiles, type Scope } from './listing.ts'
import { entryChanges, writeMaps } from './maps.ts'
import type { PathKey } from './model.ts'
import { fanOut, type NodeItem } from './node-edit.ts'
import type { OpenBrick } from './open-brick.ts'
import { type Placing, placeContents, type Reading } from './placing.ts'
import { writeRegions } from './regions.ts'
import { bytesIn } from './runs.ts'
import { markTiles } from './tile-marks.ts'
import type { TilePlan } from './tile-plan.ts'
import { changeTree, type TreeRoot } from './tree.ts'
import { TreeReader } from './tree-reader.ts'

/** A file that keeps changing is read this often, then taken as it comes and marked torn. */
const attemptsMax = 10
const backoffMsMax = 50
/** Slots of removed entries stay free for this many commits. */
const graceCommits = 50

export interface Progress {
  readonly phase: 'listing' | 'folding' | 'committing'
  readonly doneBytes: number
  readonly totalBytes: number
  readonly entries: number
}

export interface ReconcileRequest {
  readonly scopes: readonly Scope[]
  readonly lister: Lister
  /** How the contents are read, and what is known of them; left out: plain files. */
  readonly artifact?: Artifact
  /** Absolute path of the directory that entry paths start from. */
  readonly root: Uint8Array
  /** META for a brick of that length; asked once, before anything is read. */
  readonly meta: (length: number) => Promise<BrickMeta>
  readonly clock: Clock
  readonly pool: LeafPool
  readonly signal: AbortSignal
  readonly reason: string
  /** `changed`: a commit only where something is different. */
  readonly commit: 'always' | 'changed'
  /** What is gone may be on its way back, as editors do it: gone is what is gone for that long. Default 0. */
  readonly goneGraceMs?: number
  readonly onProgress: (progress: Progress) => void
}

export type ReconcileResult =
  | ({ readonly kind: 'unchanged' } & Findings)
  | ({
      readonly kind: 'committed'
      readonly head: Head
      readonly dirty: readonly Run[]
      readonly racy: readonly Uint8Array[]
      readonly changed: ChangedEntries
    } & Findings)

/** Entries of a commit that are not as the commit before says, or not there any more. */
export interface ChangedEntries {
  /** The first `changedNamedMax`, by folder and name. */
  readonly named: readonly { readonly path: Uint8Array; readonly change: EntryChangeKind }[]
  readonly count: number
}
/** `meta`: same content, other mode, owner, time or attributes. */
export type EntryChangeKind = 'added' | 'removed' | 'modified' | 'meta'
export const changedNamedMax = 1_000

export interface Findings {
  /** Files that changed each time they were read, or were not there each time. */
  readonly torn: readonly Uint8Array[]
  /** Appended to the brick's file. */
  readonly writtenBytes: number
}

/** Errors: CANCELLED, DISK_FULL, DISK_FAILED, SOURCE_*, BRICK_*; after any of them the brick must be closed. */
export async function reconcile(brick: OpenBrick, request: ReconcileRequest): Promise<ReconcileResult> {
  const { artifact } = request
  try {
    const result = await new Reconcile(brick, withWholeScope(request)).run()
    artifact?.settled?.()
    return result
  } catch (error) {
    artifact?.unsettled?.()
    throw diskError(brick.writer.file.path, error)
  }
}

/** A look is settled as a whole: nothing of what it saw may be left out. */
function withWholeScope(request: ReconcileRequest): ReconcileRequest {
  const isWhole = request.scopes.some(({ path, reach }) => path.length === 0 && reach === 'subtree')
  if (request.artifact?.look === undefined || isWhole) return request
  return { ...request, scopes: [...request.scopes, { path: new Uint8Array(0), reach: 'subtree' }] }
}

class Reconcile {
  readonly #brick: OpenBrick
  readonly #request: ReconcileRequest
  /** What the last commit says of every entry that was looked at as different. */
  readonly #before = new Map<PathKey, EntryRecord | undefined>()
  readonly #dirty = new DirtyTiles()
  #meta: BrickMeta | undefined
  #tree: TreeRoot | undefined
  #length: number
  #replacedBytes = 0
  #doneBytes = 0
  #totalBytes = 0
  readonly #doubts = new Doubts()
  readonly #endBefore: bigint
  /** When the round's look at the artifact began. */
  #lookedAtNs = 0n

  constructor(brick: OpenBrick, request: ReconcileRequest) {
    this.#brick = brick
    this.#request = request
    this.#tree = brick.tree
    this.#endBefore = Atomics.load(brick.writer.end, 0)
    this.#length = brick.writer.head?.record.length ?? 0
    for (const [key, record] of brick.settled) this.#before.set(key, record)
  }

  async run(): Promise<ReconcileResult> {
    const { model } = this.#brick
    const generation = this.#brick.writer.generation
    model.space.releaseRetired(generation - graceCommits)
    let differences = await this.#lookPatiently(this.#request.scopes)
    for (let attempt = 1; differences.length > 0 || this.#tree === undefined; attempt++) {
      const placing = this.#place(differences)
      const again = await this.#round(placing, attempt >= attemptsMax ? 'any' : 'same version')
      if (again.length === 0) break
      await sleep(Math.min(2 ** attempt, backoffMsMax))
      assert(attempt < attemptsMax + 3, 'a content that is taken as it comes is asked for again and again')
      differences = await this.#look(again.map((path) => ({ path, reach: 'entry' })))
    }
    this.#stopIfAsked()
    this.#report('committing')
    await this.#request.pool.rest()
    keepHeapSmall()
    return this.#commit(this.#meta ?? (await this.#request.meta(this.#length)))
  }

  /** Looks twice where a file seems to be gone, unless the look itself took long. */
  async #lookPatiently(scopes: readonly Scope[]): Promise<Difference[]> {
    const { goneGraceMs = 0, clock } = this.#request
    const beganMs = clock.monotonicMs()
    const differences = await this.#look(scopes)
    const leftMs = goneGraceMs - (clock.monotonicMs() - beganMs)
    if (leftMs <= 0 || !hasLostFiles(differences)) return differences
    await sleep(leftMs)
    return this.#look(scopes)
  }

  /** A listing that was stopped half-way says nothing: what it did not list is not gone. */
  async #look(scopes: readonly Scope[]): Promise<Difference[]> {
    this.#stopIfAsked()
    this.#report('listing')
    this.#lookedAtNs = this.#request.clock.nowNs()
    const lister = withoutForgotten(this.#request.lister, this.#brick.writer.meta)
    const differences = await findDifferences(this.#brick.model, lister, { scopes, pause: () => this.#pause() })
    this.#stopIfAsked()
    return differences
  }

  /** Empties the list: what it says is in the model now, and of a large tree it must not stay in memory beside it. */
  #place(differences: Difference[]): Placing {
    const { model, writer } = this.#brick
    for (const { key, before } of differences) if (!this.#before.has(key)) this.#before.set(key, before)
    const placing = placeContents(model, differences)
    differences.length = 0
    for (const { slot } of placing.freed) if (slot !== undefined) model.space.retire(slot, writer.generation)
    return placing
  }

  /** One round: mark, read, rebuild the tree. Returns the contents that have to be read again. */
  async #round(placing: Placing, accept: LeafJob['accept']): Promise<readonly Uint8Array[]> {
    const { model, context, writer } = this.#brick
    const length = model.space.end
    this.#meta ??= await this.#request.meta(length)
    const plan = markTiles(model, placing, { before: this.#length, after: length })
    const outcomes = new ContentOutcomes(context.merkle)
    const leaves = await this.#runJobs({ placing, plan, outcomes, accept })
    const change = { generation: writer.generation, height: heightFor(length), leaves, ranges: plan.ranges }
    const { root, replacedBytes, changedRanges } = changeTree(context, this.#tree, change)
    this.#tree = root
    this.#length = length
    this.#replacedBytes += replacedBytes
    for (const { start, count } of changedRanges) this.#dirty.addRun({ start: start * fanOut, length: count * fanOut })
    const nowNs = this.#request.clock.nowNs()
    const isRacy = (entry: EntryRecord): boolean => this.#doubts.isRacy(entry, { lookedAtNs: this.#lookedAtNs, nowNs })
    const tree = new TreeReader(context, root, writer.generation)
    const again = outcomes.apply(model, placing.readings, { tree, isRacy })
    for (const { holder } of placing.readings) this.#doubts.noteTorn(model, holder)
    return again
  }

  async #runJobs(round: {
    placing: Placing
    plan: TilePlan
    outcomes: ContentOutcomes
    accept: LeafJob['accept']
  }): Promise<Map<number, NodeItem>> {
    const { placing, plan, outcomes, accept } = round
    const { pool } = this.#request
    keepHeapSmall()
    const jobs = this.#jobPlan(placing, accept)
    this.#totalBytes += placing.readings.reduce((sum, reading) => sum + bytesToRead(reading), 0)
    const leaves = new Map<number, NodeItem>()
    const indexes = [...plan.leaves.keys()].sort((a, b) => a - b)
    const failures: unknown[] = []
    const work = async (): Promise<void> => {
      for (let index = indexes.shift(); index !== undefined && failures.length === 0; index = indexes.shift()) {
        try {
          this.#stopIfAsked()
          const result = await this.#runJob(index, { jobs, plan, outcomes })
          leaves.set(index, result.item)
        } catch (error) {
          failures.push(error)
        }
      }
    }
    // One more than there are threads, so that a job is planned while all of them work.
    await Promise.all(Array.from({ length: pool.width + 1 }, work))
    if (failures.length > 0) throw failures[0]
    return leaves
  }

  async #runJob(
    index: number,
    { jobs, plan, outcomes }: { jobs: JobPlan; plan: TilePlan; outcomes: ContentOutcomes },
  ): Promise<LeafResult> {
    const { context, writer } = this.#brick
    const actions = must(plan.leaves.get(index), 'actions of a leaf')
    const item = leafItem(context, this.#tree, { leaf: index, generation: writer.generation })
    const { job, holders } = planJob(jobs, { index, actions, item })
    const result = await this.#request.pool.run(context, job)
    outcomes.take(result.files, holders)
    for (const tile of result.missing) {
      const position = (index * fanOut + tile) * tileSizeBytes
      const reading = readingAt(jobs.large, position)
      if (reading === undefined) continue
      outcomes.takeMissing(reading.holder, { start: position - reading.slot.start, length: tileSizeBytes })
    }
    this.#tellPages(result.files, holders)
    keepHeapSmall()
    this.#replacedBytes += result.item.replacedBytes
    for (const [tile, changed] of result.changedTiles.entries()) {
      if (changed === 1) this.#dirty.add(index * fanOut + tile)
    }
    this.#doneBytes += result.bytesRead
    this.#report('folding')
    return result
  }

  /** What was read is what the brick has now: the artifact compares with that at its next look. */
  #tellPages(outcomes: readonly FileOutcome[], holders: readonly PathKey[]): void {
    const { artifact } = this.#request
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.kind !== 'read' || outcome.pages === undefined) continue
      const path = bytesOfKey(must(holders[index], 'holder of a file'))
      for (const { start, crcs } of outcome.pages) artifact?.noteRead?.({ path, start, crcs })
    }
  }

  #jobPlan(placing: Placing, accept: LeafJob['accept']): JobPlan {
    const readings = new Map<PathKey, Reading>(placing.readings.map((reading) => [reading.holder, reading]))
    const large = placing.readings
      .filter(({ slot }) => slot.length > 65_536)
      .sort((a, b) => a.slot.start - b.slot.start)
    const { model, context, writer } = this.#brick
    const { root, artifact } = this.#request
    const { generation } = writer
    const tiles = new TreeReader(context, this.#tree, generation)
    return { model, generation, readings, large, root, reader: artifact?.reader ?? 'files', tiles, accept }
  }

  #findings(): Findings {
    const torn = this.#doubts.torn(this.#brick.model)
    return { torn, writtenBytes: Number(Atomics.load(this.#brick.writer.end, 0) - this.#endBefore) }
  }

  #commit(meta: BrickMeta): ReconcileResult {
    const { writer, model, context } = this.#brick
    const { clock, reason, commit } = this.#request
    const before = this.#before
    const changes = entryChanges(model, before)
    const isSame = this.#dirty.isEmpty && changes.every(({ settles }) => settles)
    if (writer.head !== undefined && commit === 'changed' && isSame) {
      if (changes.length > 0) for (const [key, record] of before) this.#brick.settled.set(key, record)
      return { kind: 'unchanged', ...this.#findings() }
    }
    const maps = writeMaps(writer, model, { before, entryChanges: changes })
    const regions = writeRegions(writer, model, { before, changes: this.#request.artifact?.regions?.() ?? [] })
    const tree = must(this.#tree, 'the directory of a commit')
    const dirty = this.#dirty.runs()
    const dirtyTiles = dirty.reduce((count, run) => count + run.length, 0)
    const next = writer.commit({
      time: timestampOf(clock.nowNs()),
      length: this.#length,
      height: tree.height,
      root: tree.pointer,
      topOverview: tree.top,
      entries: maps.entries,
      slots: maps.slots,
      regions: regions.root,
      contentRoot: context.merkle.contentRoot(this.#length, tree.hash),
      treeHash: maps.treeHash,
      metaHash: maps.metaHash,
      meta,
      ...(regions.analysis && { analysis: regions.analysis }),
      replacedBytes: this.#replacedBytes + maps.replacedBytes + regions.replacedBytes,
      extras: { reason, dirty, dirtyTiles, counts: model.counts },
    })
    this.#brick.tree = tree
    this.#brick.settled.clear()
    const racy = this.#doubts.racy(model)
    const named = changes.slice(0, changedNamedMax).map(({ key }) => {
      const path = pathOfKey(key)
      const was = before.get(bytesKey(path))
      return { path, change: changeKind(was, model.entries.get(bytesKey(path))) }
    })
    const changed = { named, count: changes.length }
    return { kind: 'committed', head: next, dirty, racy, changed, ...this.#findings() }
  }

  async #pause(): Promise<void> {
    this.#report('listing')
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#stopIfAsked()
  }

  #stopIfAsked(): void {
    if (this.#request.signal.aborted) throw new FoundryError('CANCELLED', 'Folding was stopped; nothing was changed.')
  }

  #report(phase: Progress['phase']): void {
    this.#request.onProgress({
      phase,
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      entries: this.#brick.model.entries.size,
    })
  }
}

function changeKind(was: EntryRecord | undefined, now: EntryRecord | undefined): EntryChangeKind {
  if (was === undefined) return 'added'
  if (now === undefined) return 'removed'
  const isSame = was.kind === now.kind && equalBytes(contentOf(was), contentOf(now))
  return isSame ? 'meta' : 'modified'
}

const noContent = new Uint8Array(0)

function contentOf({ contentId, target }: EntryRecord): Uint8Array {
  return contentId ?? target ?? noContent
}

const tileSizeBytes = 65_536

function bytesToRead({ sizeBytes, part }: Reading): number {
  return part === undefined ? sizeBytes : bytesIn(part.fresh)
}
