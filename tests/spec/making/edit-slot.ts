/** Changes a slot of a finished file so that its hash holds again. */
import { headBytes } from '../../../src/brick/pointer.ts'
import { nodeTools } from '../../../src/store/node-tools.ts'

export const slotBytes = headBytes / 2
const slotHashAt = 8_160

/** Slot 0 is A. */
export function editSlot(index: 0 | 1, edit: (slot: DataView) => void): (bytes: Uint8Array) => void {
  return (bytes) => {
    const slot = bytes.subarray(index * slotBytes, (index + 1) * slotBytes)
    edit(new DataView(slot.buffer, slot.byteOffset, slotBytes))
    slot.set(nodeTools.sha256(slot.subarray(0, slotHashAt)), slotHashAt)
  }
}
