/**
 * The entries of one commit in memory, as columns: by path for searching, by place for drawing.
 *
 * Entry numbers count in the order of the ENTRIES map: a directory's children stand together, the root directory first.
 * Everything is a typed array, about 60 bytes an entry and twice its path. Never changes once made.
 */
import { bytesKey } from '../base/bytes.ts'
import type { EntryKind } from '../base/entry.ts'

export const entryKinds: readonly EntryKind[] = ['file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block']
/** Bit i of an entry's flags. */
export const flagNames = ['torn', 'racy', 'unreadable', 'special', 'sparse'] as const

export interface IndexColumns {
  readonly count: number
  /** `/`, path, NUL of each entry. */
  readonly text: Buffer
  /** `text` with ASCII letters in lower case. */
  readonly folded: Buffer
  /** Where an entry's `/` is in `text`; count + 1 of them. */
  readonly starts: Uint32Array
  /** From there to its name. */
  readonly names: Uint16Array
  /** Index in entryKinds. */
  readonly kinds: Uint8Array
  readonly flags: Uint8Array
  readonly sizes: Float64Array
  readonly slotStarts: Float64Array
  /** 0: no slot. */
  readonly slotLengths: Float64Array
  /** Entry number of a hard link -> path of the entry that holds its content. */
  readonly links: ReadonlyMap<number, Uint8Array>
  /** Entry number of a mapping of memory -> what it is called and where it is. */
  readonly mappings: ReadonlyMap<number, MappingOutline>
}

export interface MappingOutline {
  /** `[heap] rw-p`. */
  readonly label: string
  /** Of byte 0 of its content; `0x` and hex. */
  readonly address: string
  /** Bytes at the beginning that are not mapped yet. */
  readonly lead: number
}

export class PathIndex {
  readonly columns: IndexColumns
  /** Entry numbers of those with a slot, by its start. */
  readonly bySlot: readonly number[]

  constructor(columns: IndexColumns) {
    this.columns = columns
    const { count, slotStarts, slotLengths } = columns
    const owners: number[] = []
    for (let entry = 0; entry < count; entry++) if (slotLengths[entry] !== 0) owners.push(entry)
    this.bySlot = owners.sort((a, b) => (slotStarts[a] as number) - (slotStarts[b] as number))
  }

  /** A view. */
  path(entry: number): Buffer {
    const { text, starts } = this.columns
    return text.subarray((starts[entry] as number) + 1, (starts[entry + 1] as number) - 1)
  }

  kind(entry: number): EntryKind {
    return entryKinds[this.columns.kinds[entry] as number] as EntryKind
  }

  /** A view; empty for what stands in the root, and for the root. */
  directoryPath(entry: number): Buffer {
    const { text, starts, names } = this.columns
    const start = (starts[entry] as number) + 1
    return text.subarray(start, Math.max(start, start + (names[entry] as number) - 2))
  }

  /** Number of the entry with that path, or undefined. */
  find(path: Uint8Array): number | undefined {
    const at = this.firstAtOrAfter(path)
    return at < this.columns.count && this.path(at).equals(path) ? at : undefined
  }

  /** Number of the first entry whose key is not below that of `path`; count where all are. */
  firstAtOrAfter(path: Uint8Array): number {
    const cut = path.lastIndexOf(slash)
    const directory = path.subarray(0, Math.max(0, cut))
    const name = path.subarray(cut + 1)
    return lowerBound(this.columns.count, (entry) => {
      const order = Buffer.compare(this.directoryPath(entry), directory)
      return (order === 0 ? Buffer.compare(this.#name(entry), name) : order) < 0
    })
  }

  /** The entry whose slot holds `position`, or undefined. */
  slotOwner(position: number): number | undefined {
    const { slotStarts, slotLengths } = this.columns
    const entry = this.bySlot[this.firstSlotAfter(position) - 1]
    if (entry === undefined) return undefined
    return position < (slotStarts[entry] as number) + (slotLengths[entry] as number) ? entry : undefined
  }

  /** Index in bySlot of the first slot that begins after `position`. */
  firstSlotAfter(position: number): number {
    const { slotStarts } = this.columns
    return lowerBound(this.bySlot.length, (i) => (slotStarts[this.bySlot[i] as number] as number) <= position)
  }

  /** Number of the directory that each entry stands in; -1 where it is the root, or there is none. */
  parents(): Int32Array {
    const { count } = this.columns
    const directories = new Map<string, number>()
    for (let entry = 0; entry < count; entry++) {
      if (this.kind(entry) === 'dir') directories.set(bytesKey(this.path(entry)), entry)
    }
    const parents = new Int32Array(count).fill(-1)
    let siblings: Buffer | undefined
    let parent = -1
    for (let entry = 0; entry < count; entry++) {
      const path = this.directoryPath(entry)
      if (siblings === undefined || !siblings.equals(path)) parent = directories.get(bytesKey(path)) ?? -1
      siblings = path
      if (parent !== entry) parents[entry] = parent
    }
    return parents
  }

  #name(entry: number): Buffer {
    const { text, starts, names } = this.columns
    return text.subarray((starts[entry] as number) + (names[entry] as number), (starts[entry + 1] as number) - 1)
  }
}

const slash = 0x2f

/** The first of 0 .. count - 1 that is not `isBelow`, which holds for a beginning of them; count where it holds for all. */
function lowerBound(count: number, isBelow: (i: number) => boolean): number {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBelow(middle)) low = middle + 1
    else high = middle
  }
  return low
}
