/** Damage of the head: slots, the record in them, files that are no brick. */
import { type DamagedBrick, derived, edited, replanned } from './damage.ts'
import { editSlot, slotBytes } from './edit-slot.ts'

const inlineAt = 668
const frameHeaderBytes = 32

export const damagedHeads: readonly DamagedBrick[] = [
  {
    name: 'slot-both-bad',
    base: 'two-commits',
    breaks: 'A bit is flipped in each slot: neither hash holds.',
    rule: 'BRICK_DAMAGED',
    readerRule: 'slot',
    opens: 'no',
    bytes: edited('two-commits', (bytes) => {
      flip(bytes, 700)
      flip(bytes, slotBytes + 700)
    }),
  },
  {
    name: 'slot-a-bad',
    base: 'two-commits',
    breaks: 'A bit is flipped in slot A, which names generation 2: generation 1 in slot B is current.',
    rule: 'slot',
    readerRule: 'slot',
    opens: 'yes',
    bytes: edited('two-commits', (bytes) => flip(bytes, 700)),
  },
  {
    name: 'slot-inline-wrong',
    base: 'one-file',
    breaks: 'The copy of the root NODE frame in the slot is not that frame.',
    rule: 'slot',
    readerRule: 'slot-inline',
    opens: 'yes',
    bytes: edited(
      'one-file',
      editSlot(1, (slot) => slot.setUint8(inlineAt + frameHeaderBytes + 8, 0xee)),
    ),
  },
  {
    name: 'slot-rest-not-zero',
    base: 'one-file',
    breaks: 'Between the copy of the root NODE frame and the hash is a byte that is not zero.',
    rule: 'BRICK_DAMAGED',
    readerRule: 'slot-inline',
    opens: 'no',
    bytes: edited(
      'one-file',
      editSlot(1, (slot) => slot.setUint8(8_000, 1)),
    ),
  },
  {
    name: 'slot-generation-other',
    base: 'one-file',
    breaks: 'Generation 1 is named by slot A.',
    rule: 'BRICK_DAMAGED',
    readerRule: 'record',
    opens: 'no',
    bytes: edited('one-file', (bytes) =>
      bytes.copyWithin(0, slotBytes, 2 * slotBytes).fill(0, slotBytes, 2 * slotBytes),
    ),
  },
  foreign('png', '89504e470d0a1a0a0000000d49484452', 'A PNG image.'),
  foreign('brck', Buffer.from('BRCK executable of another program').toString('hex'), 'An executable BRCK.'),
  foreign('nothing', '', 'A file of no bytes.'),
  refused('version-newer', 'Major version 3.', (slot) => slot.setUint16(8, 3, true), 'version'),
  refused('incompat-bit', 'An unknown bit of the incompat mask.', (slot) => slot.setUint32(12, 2, true), 'incompat'),
  refused('geometry-other', 'The geometry says tiles of 2^17 bytes.', (slot) => slot.setUint8(24, 17), 'geometry'),
  {
    name: 'newer-slot-refused',
    base: 'two-commits',
    breaks: 'Slot A, generation 2, has an unknown incompat bit: the brick is refused, though slot B is good.',
    rule: 'BRICK_VERSION_NEWER',
    readerRule: 'incompat',
    opens: 'no',
    bytes: edited(
      'two-commits',
      editSlot(0, (slot) => slot.setUint32(12, 4, true)),
    ),
  },
  {
    name: 'truncated',
    base: 'one-file',
    breaks: 'The file ends before the fileEnd of its only commit.',
    rule: 'BRICK_DAMAGED',
    readerRule: 'record',
    opens: 'no',
    bytes: derived('one-file', (bytes) => bytes.subarray(0, -1_000)),
  },
  {
    name: 'truncated-to-parent',
    base: 'two-commits',
    breaks: 'The file ends with the frames of generation 1: slot A is refused for its fileEnd, and with it the brick.',
    rule: 'BRICK_DAMAGED',
    readerRule: 'record',
    opens: 'no',
    bytes: derived('two-commits', (bytes) => bytes.subarray(0, -4_096)),
  },
  {
    name: 'truncated-head',
    base: 'one-file',
    breaks: 'The file ends within slot B.',
    rule: 'BRICK_DAMAGED',
    readerRule: 'slot',
    opens: 'no',
    bytes: derived('one-file', (bytes) => bytes.subarray(0, 9_000)),
  },
  damagedRecord('record-height', 'Height 2 for an N of 64.', (slot) => slot.setUint32(48 + 44, 2, true)),
  damagedRecord('record-commit-id', 'The commit id is not the hash of the record.', (slot) =>
    slot.setUint8(48 + 536, 0),
  ),
  damagedRecord('record-pointer-outside', 'The pointer to META lies beyond fileEnd.', (slot) => {
    slot.setBigUint64(48 + 344, 1n << 40n, true)
  }),
  {
    name: 'record-nanoseconds',
    base: 'one-file',
    breaks: 'The time of the commit has 10^9 nanoseconds.',
    rule: 'BRICK_DAMAGED',
    readerRule: 'record',
    opens: 'no',
    bytes: edited(
      'one-file',
      editSlot(1, (slot) => slot.setUint32(48 + 40, 1_000_000_000, true)),
    ),
  },
  {
    name: 'slot-beyond-n',
    base: 'one-file',
    breaks: 'The slot of the entry ends beyond N.',
    rule: 'slots',
    readerRule: 'slots',
    opens: 'yes',
    bytes: replanned('one-file', (last) => ({ ...last, length: 32 })),
  },
]

function flip(bytes: Uint8Array, at: number): void {
  bytes[at] = (bytes[at] as number) ^ 1
}

/** A head of 16 KiB with these first bytes; nothing at all where there are none. */
function foreign(what: string, hex: string, breaks: string): DamagedBrick {
  const file = new Uint8Array(hex === '' ? 0 : 64)
  file.set(Buffer.from(hex, 'hex'))
  return {
    name: `magic-foreign-${what}`,
    base: '',
    breaks: `No brick: ${breaks}`,
    rule: 'BRICK_FOREIGN',
    readerRule: 'foreign',
    opens: 'no',
    bytes: () => file,
  }
}

function refused(name: string, breaks: string, edit: (slot: DataView) => void, readerRule: string): DamagedBrick {
  const bytes = edited('one-file', editSlot(1, edit))
  return { name, base: 'one-file', breaks, rule: 'BRICK_VERSION_NEWER', readerRule, opens: 'no', bytes }
}

function damagedRecord(name: string, breaks: string, edit: (slot: DataView) => void): DamagedBrick {
  const bytes = edited('one-file', editSlot(1, edit))
  return { name, base: 'one-file', breaks, rule: 'BRICK_DAMAGED', readerRule: 'record', opens: 'no', bytes }
}
