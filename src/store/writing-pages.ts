/** The page store of a brick being written: pages of this commit are readable as soon as they are written. */

import { FrameType } from '../brick/frame.ts'
import type { PageStore } from '../brick/page-map.ts'
import type { Pointer } from '../brick/pointer.ts'
import type { Tools } from '../brick/tools.ts'
import type { BrickWriter } from './brick-writer.ts'
import { nodeTools } from './node-tools.ts'
import { checkPageHash } from './page-store.ts'

const cachedPagesMax = 512

export class WritingPages implements PageStore {
  readonly tools: Tools = nodeTools
  readonly #writer: BrickWriter
  readonly #cache = new Map<number, Uint8Array>()

  constructor(writer: BrickWriter) {
    this.#writer = writer
  }

  get generation(): number {
    return this.#writer.generation
  }

  readPage(pointer: Pointer, hash?: Uint8Array): Uint8Array {
    const cached = this.#cache.get(pointer.offset)
    if (cached !== undefined) return cached
    const fileEnd = Number(Atomics.load(this.#writer.end, 0))
    const page = this.#writer.file.frame(FrameType.pages, pointer, { epoch: this.#writer.epoch, fileEnd })
    checkPageHash(page, pointer, hash)
    this.#keep(pointer, page)
    return page
  }

  writePage(raw: Uint8Array): Pointer {
    const pointer = this.#writer.append(FrameType.pages, 0n, raw)
    this.#keep(pointer, raw)
    return pointer
  }

  #keep(pointer: Pointer, page: Uint8Array): void {
    if (this.#cache.size >= cachedPagesMax) this.#cache.delete(this.#cache.keys().next().value as number)
    this.#cache.set(pointer.offset, page)
  }
}
