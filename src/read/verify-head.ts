/** The few things that a commit has only one of: slots, IDENT, COMMIT, META. */
import { equalBytes } from '../base/bytes.ts'
import { encodeCommitRecord } from '../brick/commit.ts'
import { BrickDamage } from '../brick/damage.ts'
import { FrameType } from '../brick/frame.ts'
import { checkIdent } from '../brick/ident.ts'
import { type BrickMeta, parseMeta } from '../brick/meta.ts'
import { frameHeaderBytes, headBytes, slotBytes } from '../brick/pointer.ts'
import type { ParsedSlot, ValidSlot } from '../brick/slot.ts'
import type { BrickView } from '../store/brick-view.ts'
import { nodeTools } from '../store/node-tools.ts'
import type { DamageList } from './damage-list.ts'
import type { VerifyRequest } from './verify.ts'

/** A writer may be at work: a slot that is wrong is looked at again this often. */
const slotAttempts = 5
const identStoredBytes = 24

/** META, where it is what the commit names. */
export async function checkHead({ view, pause }: VerifyRequest, damages: DamageList): Promise<BrickMeta | undefined> {
  const slots = await settledSlots(view, pause)
  for (const [index, slot] of slots.entries()) {
    const part = `superblock slot ${'AB'[index]}`
    if (slot.kind === 'damaged') damages.add({ rule: 'slot', offset: index * slotBytes, detail: slot.why, part })
    if (slot.kind === 'valid' && slot.record.generation === view.record.generation) checkCommit(view, slot, damages)
  }
  damages.catch({ part: 'IDENT' }, () => {
    const payload = view.file.frame(FrameType.ident, { offset: headBytes, storedLength: identStoredBytes }, view.record)
    checkIdent(payload, view.record)
  })
  damages.catch({ part: 'parent' }, () => checkParent(view))
  return damages.catch({ part: 'META' }, () => {
    const { pointer, hash } = view.record.meta
    const payload = view.file.frame(FrameType.meta, pointer, view.record)
    if (!equalBytes(nodeTools.sha256(payload), hash)) {
      throw new BrickDamage('meta', 'its hash is not the one that the commit names', pointer.offset)
    }
    return parseMeta(payload, pointer.offset)
  })
}

/** BrickDamage where a slot is refused, which the open brick's were not: then its head was written over. */
async function settledSlots(view: BrickView, pause: () => Promise<void>): Promise<readonly [ParsedSlot, ParsedSlot]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const slots = view.file.readSlots()
      if (attempt === slotAttempts || slots.every(({ kind }) => kind !== 'damaged')) return slots
    } catch (error) {
      if (attempt === slotAttempts || !(error instanceof BrickDamage)) throw error
    }
    await pause()
  }
}

/** A parent that is not retained has no pointer. */
function checkParent(view: BrickView): void {
  const { parent, parentId, generation } = view.record
  if (parent.offset === 0) return
  const { record } = view.file.commit(parent, view.record)
  if (record.generation === generation - 1 && equalBytes(record.id, parentId)) return
  throw new BrickDamage('commit', 'it is not the parent that the commit names', parent.offset)
}

function checkCommit(view: BrickView, slot: ValidSlot, damages: DamageList): void {
  const { offset } = slot.commit
  damages.catch({ part: 'COMMIT' }, () => {
    const { record } = view.file.commit(slot.commit, view.record)
    if (equalBytes(encodeCommitRecord(record), encodeCommitRecord(slot.record))) return
    throw new BrickDamage('commit', 'it is not the commit that the superblock slot describes', offset)
  })
  const { inline } = slot
  if (inline === undefined) return
  const { node } = view.record.root
  const stored = view.file.readAt(node.offset, frameHeaderBytes + node.storedLength)
  if (equalBytes(stored, inline)) return
  const detail = 'its copy of the root node is not the root node'
  damages.add({ rule: 'slot', offset: node.offset, detail, part: 'directory' })
}
