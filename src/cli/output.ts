/**
 * stdout: results and nothing else. Small writes are gathered; a slow reader is waited for; one that went away (`| head`)
 * ends the program quietly.
 */
import { utf8 } from '../base/bytes.ts'

const gatherBytes = 64 * 1024

export class Output {
  readonly #stream: NodeJS.WriteStream
  #pending: Uint8Array[] = []
  #pendingBytes = 0

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }

  /** One value on a line of its own. Integers beyond 2^53 do not occur; undefined is left out. */
  json(value: unknown): Promise<void> {
    return this.text(`${JSON.stringify(value)}\n`)
  }

  text(text: string): Promise<void> {
    return this.bytes(utf8(text))
  }

  /** The bytes must not change afterwards. */
  async bytes(bytes: Uint8Array): Promise<void> {
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes >= gatherBytes) await this.flush()
  }

  /** Resolves when everything so far has been taken by the reader. */
  flush(): Promise<void> {
    if (this.#pending.length === 0) return Promise.resolve()
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, (error) => (error ? reject(error) : resolve()))
    })
  }
}
