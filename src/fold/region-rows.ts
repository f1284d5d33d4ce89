/**
 * Regions on their way into a map: encoded one after another in one piece of memory, sorted as REGIONS is.
 *
 * A first commit may have a million of them; as objects they would take ten times as much. Keys and values are made anew
 * each time they are asked for.
 */
import { assert } from '../base/assert.ts'
import { ordinalMax, type RegionPlace, regionKey } from '../brick/region-key.ts'

export interface RegionRow {
  readonly key: Uint8Array
  /** A view: copy what must live long. */
  readonly value: Uint8Array
}

export class RegionRows {
  #starts = new Float64Array(64)
  /** Size class, layer, and after sorting the ordinal. */
  #rests = new Uint32Array(64)
  #offsets = new Float64Array(65)
  #bytes = new Uint8Array(4_096)
  #count = 0
  /** Rows in order of keys; those beyond the largest ordinal are left out. */
  #order: Uint32Array = new Uint32Array(0)
  #isSorted = true

  add({ sizeClass, start, layer }: Omit<RegionPlace, 'ordinal'>, value: Uint8Array): void {
    const row = this.#count++
    this.#makeRoom(value.length)
    this.#starts[row] = start
    this.#rests[row] = sizeClass * 2 ** 24 + layer * 2 ** 16
    const at = this.#offsets[row] as number
    this.#bytes.set(value, at)
    this.#offsets[row + 1] = at + value.length
    this.#isSorted = false
  }

  /** Rows that are left when sorted; what begins at one place in one layer and class in the order in which it was added. */
  get count(): number {
    this.#sort()
    return this.#order.length
  }

  /** `index` counts in order of keys. */
  row(index: number): RegionRow {
    return new Row(this, index)
  }

  key(index: number): Uint8Array {
    this.#sort()
    return regionKey(this.#place(this.#order[index] as number))
  }

  value(index: number): Uint8Array {
    this.#sort()
    const row = this.#order[index] as number
    return this.#bytes.subarray(this.#offsets[row], this.#offsets[row + 1])
  }

  /** Index of the first row of this class that begins at `start` or later, or of what comes after the class. */
  firstAtOrAfter({ sizeClass, start }: { readonly sizeClass: number; readonly start: number }): number {
    this.#sort()
    let [low, high] = [0, this.#order.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const place = this.#place(this.#order[middle] as number)
      if (place.sizeClass < sizeClass || (place.sizeClass === sizeClass && place.start < start)) low = middle + 1
      else high = middle
    }
    return low
  }

  #place(row: number): RegionPlace {
    const rest = this.#rests[row] as number
    const start = this.#starts[row] as number
    return { sizeClass: rest >>> 24, start, layer: (rest >>> 16) & 0xff, ordinal: rest & 0xffff }
  }

  #sort(): void {
    if (this.#isSorted) return
    this.#isSorted = true
    const [starts, rests] = [this.#starts, this.#rests]
    for (let row = 0; row < this.#count; row++) rests[row] = ((rests[row] as number) & 0xffff0000) >>> 0
    const order = Uint32Array.from({ length: this.#count }, (_, row) => row)
    order.sort((a, b) => {
      const [restA, restB] = [rests[a] as number, rests[b] as number]
      return (restA >>> 24) - (restB >>> 24) || (starts[a] as number) - (starts[b] as number) || restA - restB || a - b
    })
    this.#order = this.#numbered(order)
  }

  /** Gives ordinals to rows that are alike; the ones that are one too many go. */
  #numbered(order: Uint32Array): Uint32Array {
    const [starts, rests] = [this.#starts, this.#rests]
    let kept = 0
    let ordinal = 0
    let before = -1
    for (const row of order) {
      const isAlike = before >= 0 && starts[row] === starts[before] && rests[row] === rests[before]
      ordinal = isAlike ? ordinal + 1 : 0
      if (!isAlike) before = row
      if (ordinal > ordinalMax) continue
      order[kept++] = row
      // The first of a run is what the others are compared with, and has the ordinal 0.
      if (ordinal > 0) rests[row] = (rests[row] as number) + ordinal
    }
    return order.subarray(0, kept)
  }

  #makeRoom(valueBytes: number): void {
    if (this.#count > this.#starts.length) {
      this.#starts = grown(this.#starts, new Float64Array(2 * this.#starts.length))
      this.#rests = grown(this.#rests, new Uint32Array(2 * this.#rests.length))
      this.#offsets = grown(this.#offsets, new Float64Array(this.#starts.length + 1))
    }
    const needed = (this.#offsets[this.#count - 1] as number) + valueBytes
    if (needed <= this.#bytes.length) return
    assert(needed < bytesMax, 'the regions of one commit took 2 GiB')
    this.#bytes = grown(this.#bytes, new Uint8Array(Math.min(bytesMax, Math.max(needed, 2 * this.#bytes.length))))
  }
}

const bytesMax = 2 ** 31

class Row implements RegionRow {
  readonly #rows: RegionRows
  readonly #index: number

  constructor(rows: RegionRows, index: number) {
    this.#rows = rows
    this.#index = index
  }

  get key(): Uint8Array {
    return this.#rows.key(this.#index)
  }

  get value(): Uint8Array {
    return this.#rows.value(this.#index)
  }
}

function grown<T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from)
  return to
}
