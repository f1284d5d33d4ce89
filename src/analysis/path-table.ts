/**
 * Absolute paths by number: each kept once as bytes, one after the other, found by a hash of them and compared byte by
 * byte. For hundreds of thousands of paths, of which strings in a Map would take ten times as much.
 */

/** No path is longer; what is cannot be kept and is not found. */
const pathBytesMax = 65_535
const lengthBytes = 2

export class PathTable {
  /** Of each path its length, little-endian, then its bytes. */
  #bytes = new Uint8Array(1 << 16)
  #used = 0
  /** By row: where the path begins in `#bytes`. */
  #starts = new Uint32Array(1 << 10)
  /** Open addressing: the row and 1; 0 where there is none. Always a power of two, at most half full. */
  #slots = new Uint32Array(1 << 11)
  #count = 0

  get count(): number {
    return this.#count
  }

  /** The row of the path, a new one where it was not there; undefined where it is too long. */
  add(path: Uint8Array): number | undefined {
    if (path.length > pathBytesMax) return undefined
    const slot = this.#slotOf(path)
    const known = this.#slots[slot] as number
    if (known !== 0) return known - 1
    const row = this.#count++
    if (row === this.#starts.length) this.#starts = grown(this.#starts, 2 * row)
    const end = this.#used + lengthBytes + path.length
    if (end > this.#bytes.length) this.#bytes = grown(this.#bytes, Math.max(2 * this.#bytes.length, end))
    this.#starts[row] = this.#used
    this.#bytes[this.#used] = path.length & 0xff
    this.#bytes[this.#used + 1] = path.length >> 8
    this.#bytes.set(path, this.#used + lengthBytes)
    this.#used = end
    this.#slots[slot] = row + 1
    if (2 * this.#count > this.#slots.length) this.#rehash()
    return row
  }

  rowOf(path: Uint8Array): number | undefined {
    if (path.length > pathBytesMax) return undefined
    const known = this.#slots[this.#slotOf(path)] as number
    return known === 0 ? undefined : known - 1
  }

  /** Takes no more room than it needs, until the next path comes. */
  trim(): void {
    this.#bytes = this.#bytes.slice(0, this.#used)
    this.#starts = this.#starts.slice(0, this.#count)
  }

  /** Where it is, or where it would be. */
  #slotOf(path: Uint8Array): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(path) & mask
    for (let known = this.#slots[slot] as number; known !== 0; known = this.#slots[slot] as number) {
      if (this.#isAt(known - 1, path)) break
      slot = (slot + 1) & mask
    }
    return slot
  }

  #isAt(row: number, path: Uint8Array): boolean {
    const held = this.#pathAt(row)
    if (held.length !== path.length) return false
    for (let at = path.length - 1; at >= 0; at--) if (held[at] !== path[at]) return false
    return true
  }

  #pathAt(row: number): Uint8Array {
    const start = this.#starts[row] as number
    const length = (this.#bytes[start] as number) | ((this.#bytes[start + 1] as number) << 8)
    return this.#bytes.subarray(start + lengthBytes, start + lengthBytes + length)
  }

  #rehash(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length)
    const mask = this.#slots.length - 1
    for (let row = 0; row < this.#count; row++) {
      let slot = hashOf(this.#pathAt(row)) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = row + 1
    }
  }
}

/** FNV-1a, then mixed. Who names files so that they collide makes lookups slow, never wrong. */
function hashOf(path: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of path) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

function grown<T extends Uint8Array | Uint32Array>(old: T, length: number): T {
  const now = new (old.constructor as new (length: number) => T)(length)
  now.set(old)
  return now
}
