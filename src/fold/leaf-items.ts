/** Finds a leaf in a directory that may not be committed yet. */
import { TileKind } from '../brick/node.ts'
import { framePointer, hashesPointer } from '../brick/node-table.ts'
import { noPointer, type Pointer } from '../brick/pointer.ts'
import { bareKind, type FoldContext, fanOut, openNode, type PreviousNode } from './node-edit.ts'
import type { TreeRoot } from './tree.ts'

export interface LeafItem {
  readonly previous: PreviousNode
  /** Its level-6 page. */
  readonly page: Pointer
}

/** `generation`: of the commit that is being written. */
export function leafItem(
  context: FoldContext,
  root: TreeRoot | undefined,
  { leaf, generation }: { leaf: number; generation: number },
): LeafItem {
  if (root === undefined || leaf >= fanOut ** (root.height - 1))
    return { previous: { kind: TileKind.absent }, page: noPointer }
  let previous: PreviousNode = root.pointer
  let page = root.top
  for (let height = root.height; height > 1; height--) {
    if ('kind' in previous) return { previous, page: noPointer }
    const { table } = openNode(context, { height, index: 0, generation }, previous)
    const child = Math.floor(leaf / fanOut ** (height - 2)) % fanOut
    const node = framePointer(table.a, child)
    previous =
      node.offset === 0
        ? { kind: bareKind(table.a.kinds[child] as number) }
        : { node, hashes: hashesPointer(table.a, child) }
    page = framePointer(table.b, child)
  }
  return { previous, page }
}
