/** A brick open for writing, with its model in memory: what a reconcile works on. Worthless after a failed one. */
import type { Random } from '../base/ports.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { BrickView } from '../store/brick-view.ts'
import { BrickWriter } from '../store/brick-writer.ts'
import { isPruned } from '../store/pruned.ts'
import type { Recovery } from '../store/recover.ts'
import { createFoldContext } from './leaf-pool.ts'
import { BrickModel, isLinked, type PathKey } from './model.ts'
import type { FoldContext } from './node-edit.ts'
import type { TreeRoot } from './tree.ts'

export interface OpenBrick {
  readonly writer: BrickWriter
  readonly model: BrickModel
  readonly context: FoldContext
  /** Of the last commit. */
  tree: TreeRoot | undefined
  /** Records of the last commit that a second look has settled since: worth a line in the next commit, not a commit. */
  readonly settled: Map<PathKey, EntryRecord | undefined>
}

/** A new brick; its file appears with its first commit. */
export function createBrick(path: Uint8Array, random: Random): OpenBrick {
  const writer = BrickWriter.create(path, random)
  return { writer, model: new BrickModel(), context: contextOf(writer), tree: undefined, settled: new Map() }
}

/** Errors: those of BrickWriter.open, BRICK_DAMAGED. */
export function openBrick(path: Uint8Array, random: Random): OpenBrick & { recovery: Recovery } {
  const { writer, recovery } = BrickWriter.open(path, random)
  try {
    const { record } = recovery.head
    const view = new BrickView(writer.file, recovery.head)
    const context = contextOf(writer)
    const model = BrickModel.load(view.entries())
    const hash = rootHash(view, context)
    const tree = { height: record.height, pointer: record.root, hash, top: record.topOverview }
    return { writer, model, context, tree, settled: notePruned(model, view), recovery }
  } catch (error) {
    writer.close()
    throw error
  }
}

/**
 * Contents whose bytes are not here any more have to be read again: a recovery may have gone back to a commit that is
 * older than what was forgotten. Gives the records as they were.
 */
function notePruned(model: BrickModel, view: BrickView): Map<PathKey, EntryRecord | undefined> {
  const settled = new Map<PathKey, EntryRecord | undefined>()
  if (view.meta.forgotten === undefined) return settled
  for (const [key, entry] of [...model.entries]) {
    if (entry.slot === undefined || !isPruned(view, entry)) continue
    const { contentId: _id, sha256: _sha256, unreadableRanges: _ranges, ...rest } = entry
    settled.set(key, entry)
    model.set({ ...rest, unreadable: 'PRUNED' })
    for (const link of isLinked(entry) ? model.linksOf(entry) : []) settled.set(link, model.entries.get(link))
    model.shareContent(key)
  }
  return settled
}

function contextOf(writer: BrickWriter): FoldContext {
  return createFoldContext({ fd: writer.file.fd, end: writer.end, epoch: writer.epoch })
}

function rootHash(view: BrickView, context: FoldContext): Uint8Array {
  return context.merkle.node(view.record.height, view.rootHashes())
}
