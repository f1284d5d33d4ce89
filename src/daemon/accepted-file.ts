/** The findings that somebody accepts, as commands write them: read again when the file is another one. */
import { statSync } from 'node:fs'
import { Accepted, readAccepted } from '../read/accepted.ts'

export class AcceptedFile {
  readonly #path: string
  readonly #warn: (error: unknown) => void
  #stamp = ''
  #accepted = new Accepted([])

  /** `warn` is told once of a file that cannot be understood; then nothing is accepted. */
  constructor(path: string, warn: (error: unknown) => void) {
    this.#path = path
    this.#warn = warn
  }

  read(): Accepted {
    const stamp = this.#stampNow()
    if (stamp === this.#stamp) return this.#accepted
    this.#stamp = stamp
    try {
      this.#accepted = readAccepted(this.#path)
    } catch (error) {
      this.#accepted = new Accepted([])
      this.#warn(error)
    }
    return this.#accepted
  }

  #stampNow(): string {
    try {
      const { mtimeNs, size, ino } = statSync(this.#path, { bigint: true })
      return `${mtimeNs} ${size} ${ino}`
    } catch {
      return 'none'
    }
  }
}
