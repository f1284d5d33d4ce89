/**
 * What is done to a brick's history on somebody's word, or because it pays: tags, compaction, forgetting. For the daemon, whose
 * keepers hold the brick open, and for the command line, which opens it itself.
 *
 * Compaction and forgetting close the writer that they are given: the keeper opens the brick anew, turns its views to
 * the new file, and tells. Decides nothing about when; `CompactionNeed` says whether it would pay.
 */
import { fromHex, pathText, utf8 } from '../base/bytes.ts'
import { timestampOf } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import { type ForgetReport, forgetPath } from '../fold/forget.ts'
import type { OpenBrick } from '../fold/open-brick.ts'
import type { Head } from '../store/brick-file.ts'
import { BrickWriter } from '../store/brick-writer.ts'
import { type CompactParts, type CompactReport, compactBrick } from '../store/compact.ts'
import { estimateLive, shouldCompact } from '../store/live-bytes.ts'
import { tagCommit } from '../store/tags.ts'
import type { PathText } from '../wire/api.ts'
import type { CompactAnswer, ForgetAnswer, ForgetOrder, TagAnswer, TagOrder } from '../wire/care.ts'

export interface CareParts {
  readonly path: Uint8Array
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  readonly onProgress?: CompactParts['onProgress']
}

/** The head afterwards: a new commit, or the same where it was called so already. Errors: USAGE, COMMIT_MISSING, DISK_*. */
export function tagKept(writer: BrickWriter, { generation, tag }: Omit<TagOrder, 'name'>, clock: Clock): Head {
  return tagCommit(writer, { generation, tag, time: timestampOf(clock.nowNs()) })
}

/** Of a brick that nobody keeps. Errors: those of opening and of `tagKept`. */
export function tagStored({ path, random, clock }: CareParts, order: Omit<TagOrder, 'name'>): TagAnswer {
  const { writer } = BrickWriter.open(path, random)
  try {
    return tagAnswer(order, tagKept(writer, order, clock))
  } finally {
    writer.close()
  }
}

export function tagAnswer({ generation, tag }: Omit<TagOrder, 'name'>, { record }: Head): TagAnswer {
  return { generation, tag, newest: record.generation }
}

/**
 * `kept`: the writer that this process holds, and how to be alone with it at the end; it may commit until then. Left out:
 * the brick is opened. Errors: those of compactBrick.
 */
export function compact(
  { path, random, signal, onProgress }: CareParts,
  kept?: Pick<Required<CompactParts>, 'writer' | 'exclusively'> & Pick<CompactParts, 'retention'>,
): Promise<CompactReport> {
  return compactBrick({ path, random, signal, pause, onProgress: onProgress ?? ignore, ...kept })
}

/** `brick`: what this process holds, and nobody uses until this ends; left out: it is opened. Errors: those of forgetPath. */
export function forget(
  { path, clock, random, signal, onProgress }: CareParts,
  entryPath: Uint8Array,
  brick?: OpenBrick,
): Promise<ForgetReport> {
  const progress = onProgress ?? ignore
  return forgetPath({ path, entryPath, clock, random, signal, pause, onProgress: progress, ...(brick && { brick }) })
}

/** Errors: USAGE where the order names no entry. */
export function entryPathOf({ path, pathHex }: PathText): Uint8Array {
  const bytes = typeof path === 'string' ? utf8(path) : typeof pathHex === 'string' ? fromHex(pathHex) : undefined
  if (bytes === undefined) throw new FoundryError('USAGE', 'Name the path to forget.')
  return bytes
}

export function forgetOrder(name: string, entryPath: Uint8Array): ForgetOrder {
  return { name, ...pathText(entryPath) }
}

export function compactAnswer({ beforeBytes, afterBytes, commits }: CompactReport): CompactAnswer {
  return { beforeBytes, afterBytes, commits }
}

/** `stays`: what the state still knows of it. */
export function forgetAnswer(report: ForgetReport, stays: readonly string[]): ForgetAnswer {
  const { names, alsoLost, copies, commits, tiles, compaction } = report
  return {
    names: names.map(pathText),
    alsoLost: alsoLost.map(pathText),
    copies: copies.map(pathText),
    heldCommits: commits,
    tiles,
    stays,
    ...compactAnswer(compaction),
  }
}

/** Asks the brick again only when it has grown by a quarter: looking costs a walk of its directories. */
export class CompactionNeed {
  #askedAtBytes = 0

  /** After a commit. Errors: BrickDamage. */
  async isDue({ file, head }: Pick<BrickWriter, 'file' | 'head'>): Promise<boolean> {
    if (head === undefined) return false
    const { fileEnd } = head.record
    if (!shouldCompact(head, 0)) return false
    if (fileEnd >= this.#askedAtBytes && fileEnd < this.#askedAtBytes * growthBetweenLooks) return false
    this.#askedAtBytes = fileEnd
    let steps = 0
    return shouldCompact(
      head,
      await estimateLive(file, head, async () => {
        if (++steps % nodesBetweenPauses === 0) await pause()
      }),
    )
  }
}

const growthBetweenLooks = 1.25
const nodesBetweenPauses = 16

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function ignore(): void {}
