/** A page store in memory that knows what was written and what is read. For tests alone. */
import { BrickDamage } from '../damage.ts'
import type { PageStore } from '../page-map.ts'
import { align16, frameBytes, headBytes, type Pointer } from '../pointer.ts'
import type { Tools } from '../tools.ts'

export class MemoryPages implements PageStore {
  readonly tools: Tools
  generation = 1
  readonly pages = new Map<number, Uint8Array>()
  writtenBytes = 0
  readCount = 0
  #end = headBytes

  constructor(tools: Tools) {
    this.tools = tools
  }

  readPage(pointer: Pointer): Uint8Array {
    this.readCount++
    const raw = this.pages.get(pointer.offset)
    if (raw === undefined || raw.length !== pointer.storedLength) {
      throw new BrickDamage('frame', 'there is no such frame', pointer.offset)
    }
    return raw
  }

  writePage(raw: Uint8Array, _map: number): Pointer {
    const pointer = { offset: this.#end, storedLength: raw.length }
    this.#end = align16(this.#end + frameBytes(raw.length))
    this.pages.set(pointer.offset, raw)
    this.writtenBytes += raw.length
    return pointer
  }
}
