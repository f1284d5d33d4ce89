/**
 * Makes the index of a commit: of all its entries, or from the index of another commit and what differs.
 *
 * Work is done in slices: each function is a generator that yields where other work of the server may run, and returns
 * the index.
 */
import { assert } from '../base/assert.ts'
import { hexText, mappingLabel } from '../base/mapping-text.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { decodeEntry, pathOfKey } from '../brick/entry-record.ts'
import { diffMaps } from '../brick/page-map.ts'
import type { BrickView } from '../store/brick-view.ts'
import { readOnlyPages } from '../store/page-store.ts'
import { entryKinds, flagNames, type IndexColumns, type MappingOutline, PathIndex } from './path-index.ts'

/** Entries decoded in a slice: some milliseconds. */
const sliceEntries = 500
/** Of an entry. */
const textBytesGuess = 48

export type Steps<T> = Generator<void, T>

/** `entries` in the order of the ENTRIES map, exactly `count` of them. */
export function* indexOfAll({ entries, count }: { entries: Iterable<EntryRecord>; count: number }): Steps<PathIndex> {
  const builder = new IndexBuilder({ entries: count, textBytes: count * textBytesGuess })
  let appended = 0
  for (const entry of entries) {
    builder.append(entry)
    if (++appended % sliceEntries === 0) yield
  }
  return new PathIndex(builder.take())
}

/** The index of another commit of the same file, earlier or later. */
export interface Base {
  readonly before: PathIndex
  readonly beforeRecord: CommitRecord
}

export function* indexOfChanges({ before, beforeRecord }: Base, view: BrickView): Steps<PathIndex> {
  const { text, count } = before.columns
  const builder = new IndexBuilder({ entries: view.record.entries.count, textBytes: text.length })
  let copied = 0
  let changes = 0
  const isLater = beforeRecord.fileEnd > view.record.fileEnd
  const pages = isLater ? readOnlyPages(view.file, beforeRecord) : view.pages
  for (const { key, after } of diffMaps(pages, 'entries', beforeRecord.entries, view.record.entries)) {
    const path = pathOfKey(key)
    const at = before.firstAtOrAfter(path)
    builder.copy(before, { from: copied, to: at })
    copied = at < count && before.path(at).equals(path) ? at + 1 : at
    if (after !== undefined) builder.append(decodeEntry(path, after))
    if (++changes % sliceEntries === 0) yield
  }
  builder.copy(before, { from: copied, to: count })
  yield
  return new PathIndex(builder.take())
}

const slash = 0x2f

class IndexBuilder {
  readonly #starts: Uint32Array
  readonly #names: Uint16Array
  readonly #kinds: Uint8Array
  readonly #flags: Uint8Array
  readonly #sizes: Float64Array
  readonly #slotStarts: Float64Array
  readonly #slotLengths: Float64Array
  readonly #links = new Map<number, Uint8Array>()
  readonly #mappings = new Map<number, MappingOutline>()
  #text: Buffer
  #count = 0
  #end = 0

  /** `entries`: exactly as many as will be appended and copied. */
  constructor({ entries, textBytes }: { entries: number; textBytes: number }) {
    this.#starts = new Uint32Array(entries + 1)
    this.#names = new Uint16Array(entries)
    this.#kinds = new Uint8Array(entries)
    this.#flags = new Uint8Array(entries)
    this.#sizes = new Float64Array(entries)
    this.#slotStarts = new Float64Array(entries)
    this.#slotLengths = new Float64Array(entries)
    this.#text = Buffer.alloc(textBytes + 64)
  }

  append(entry: EntryRecord): void {
    const { path, slot, linkTo, mapping } = entry
    const at = this.#count++
    const start = this.#room(path.length + 2)
    this.#text[start] = slash
    this.#text.set(path, start + 1)
    this.#text[start + 1 + path.length] = 0
    this.#starts[at] = start
    this.#names[at] = path.lastIndexOf(slash) + 2
    this.#kinds[at] = entryKinds.indexOf(entry.kind)
    this.#flags[at] = flagBitsOf(entry)
    this.#sizes[at] = entry.size
    this.#slotStarts[at] = slot?.start ?? 0
    this.#slotLengths[at] = slot?.length ?? 0
    if (linkTo !== undefined) this.#links.set(at, linkTo)
    if (mapping !== undefined) {
      this.#mappings.set(at, { label: mappingLabel(mapping), address: hexText(mapping.address), lead: mapping.lead })
    }
  }

  /** Entries [from, to) of another index. */
  copy(index: PathIndex, { from, to }: { from: number; to: number }): void {
    if (from >= to) return
    const { columns } = index
    const at = this.#count
    const textFrom = columns.starts[from] as number
    const textTo = columns.starts[to] as number
    const start = this.#room(textTo - textFrom)
    this.#text.set(columns.text.subarray(textFrom, textTo), start)
    for (let i = from; i < to; i++) this.#starts[at + i - from] = (columns.starts[i] as number) - textFrom + start
    this.#names.set(columns.names.subarray(from, to), at)
    this.#kinds.set(columns.kinds.subarray(from, to), at)
    this.#flags.set(columns.flags.subarray(from, to), at)
    this.#sizes.set(columns.sizes.subarray(from, to), at)
    this.#slotStarts.set(columns.slotStarts.subarray(from, to), at)
    this.#slotLengths.set(columns.slotLengths.subarray(from, to), at)
    for (const [entry, linkTo] of columns.links) {
      if (entry >= from && entry < to) this.#links.set(at + entry - from, linkTo)
    }
    for (const [entry, mapping] of columns.mappings) {
      if (entry >= from && entry < to) this.#mappings.set(at + entry - from, mapping)
    }
    this.#count += to - from
  }

  take(): IndexColumns {
    assert(this.#count === this.#names.length, `an index of ${this.#names.length} entries got ${this.#count}`)
    this.#starts[this.#count] = this.#end
    const text = this.#text.subarray(0, this.#end)
    return {
      count: this.#count,
      text,
      folded: foldCase(text),
      starts: this.#starts,
      names: this.#names,
      kinds: this.#kinds,
      flags: this.#flags,
      sizes: this.#sizes,
      slotStarts: this.#slotStarts,
      slotLengths: this.#slotLengths,
      links: this.#links,
      mappings: this.#mappings,
    }
  }

  /** Where `length` more bytes of text go. */
  #room(length: number): number {
    const start = this.#end
    this.#end += length
    if (this.#end > this.#text.length) {
      const larger = Buffer.alloc(Math.max(this.#end, 2 * this.#text.length))
      larger.set(this.#text.subarray(0, start))
      this.#text = larger
    }
    return start
  }
}

/** A copy with A-Z as a-z; every other byte as it is. */
export function foldCase(text: Uint8Array): Buffer {
  const folded = Buffer.from(text)
  for (let i = 0; i < folded.length; i++) {
    const byte = folded[i] as number
    if (byte >= 0x41 && byte <= 0x5a) folded[i] = byte + 0x20
  }
  return folded
}

function flagBitsOf({ flags, unreadable, unreadableRanges, extents }: EntryRecord): number {
  const has = {
    torn: flags.torn,
    racy: flags.racy,
    unreadable: unreadable !== undefined || unreadableRanges !== undefined,
    special: flags.special,
    sparse: extents !== undefined,
  }
  return flagNames.reduce((bits, name, i) => bits | (has[name] ? 1 << i : 0), 0)
}
