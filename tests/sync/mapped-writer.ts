/** A process that writes to a file through mmap: a store into a page that is dirty already changes no time and tells nobody. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import type { TestContext } from 'node:test'

/** One store for each line `offset value`, answered with a line. */
const program = `
import mmap, sys
with open(sys.argv[1], 'r+b') as file:
    view = mmap.mmap(file.fileno(), 0)
    for line in sys.stdin:
        offset, value = line.split()
        view[int(offset)] = int(value)
        print('stored', flush=True)
`

export class MappedWriter {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #answers: Interface

  constructor(t: TestContext, path: string) {
    this.#child = spawn('python3', ['-c', program, path])
    this.#answers = createInterface({ input: this.#child.stdout })
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    t.after(async () => {
      this.#child.kill('SIGKILL')
      await ended
    })
  }

  /** Resolves when the byte is in the file as everybody sees it. */
  async store(offset: number, value: number): Promise<void> {
    const answer = new Promise<void>((resolve, reject) => {
      this.#answers.once('line', () => resolve())
      this.#child.once('exit', () => reject(new Error('the writer ended')))
    })
    this.#child.stdin.write(`${offset} ${value}\n`)
    await answer
  }
}
