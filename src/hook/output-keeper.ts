/** What a hook printed: the first half and the last half of a bounded size, however much it was. */

const keptBytesMax = 64 * 1024
const headBytesMax = keptBytesMax / 2
const tailBytesMax = keptBytesMax / 2

export interface HookOutput {
  /** stdout and stderr as they came; where something was left out a line says how much. */
  readonly text: string
  readonly bytes: number
  readonly truncated: boolean
}

export class OutputKeeper {
  readonly #head: Buffer[] = []
  #tail: Buffer[] = []
  #headBytes = 0
  #tailBytes = 0
  #bytes = 0

  /** More has come than is kept. */
  get isFull(): boolean {
    return this.#bytes > keptBytesMax
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length
    const forHead = chunk.subarray(0, headBytesMax - this.#headBytes)
    if (forHead.length > 0) this.#head.push(Buffer.from(forHead))
    this.#headBytes += forHead.length
    const rest = chunk.subarray(forHead.length).subarray(-tailBytesMax)
    if (rest.length === 0) return
    this.#tail.push(Buffer.from(rest))
    this.#tailBytes += rest.length
    if (this.#tailBytes < 2 * tailBytesMax) return
    this.#tail = [Buffer.concat(this.#tail).subarray(-tailBytesMax)]
    this.#tailBytes = tailBytesMax
  }

  /** Bytes that are no UTF-8 are shown as U+FFFD. */
  result(): HookOutput {
    const tail = Buffer.concat(this.#tail).subarray(-tailBytesMax)
    const lost = this.#bytes - this.#headBytes - tail.length
    const head = Buffer.concat(this.#head)
    const parts = lost === 0 ? [head, tail] : [head, Buffer.from(`\n[${lost} bytes left out]\n`), tail]
    return { text: Buffer.concat(parts).toString('utf8'), bytes: this.#bytes, truncated: lost > 0 }
  }
}
