import assert from 'node:assert/strict'
import { closeSync, openSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressOf } from '../../linux/libc.ts'
import { totalOf } from './rounded-runs.ts'
import { DirtySince, dirtyRuns, hasSoftDirty } from './soft-dirty.ts'

test('where the kernel notes writes, the pages that it notes are those that were written', (t) => {
  if (!hasSoftDirty()) return t.skip('this kernel does not note writes (CONFIG_MEM_SOFT_DIRTY)')
  const room = new Uint8Array(64 * 4_096).fill(1)
  const start = Math.ceil(Number(addressOf(room)) / 4_096) * 4_096
  const pagemap = openSync('/proc/self/pagemap', 'r')
  t.after(() => closeSync(pagemap))
  const found = dirtyRuns(pagemap, { start, end: start + 32 * 4_096 })
  assert.ok(Array.isArray(found) && totalOf(found) > 0)
})

/** A process of some pages, with the bits as the kernel keeps them. It may run whenever it is let. */
class ModelProcess {
  readonly pages = [0, 0, 0, 0, 0, 0]
  readonly isDirty = this.pages.map(() => true)
  #counted = 0
  #isRunning = false
  #version = 0
  readonly #moves: Iterator<number>

  constructor(moves: Iterator<number>) {
    this.#moves = moves
  }

  /** Runs for a moment, or begins to run, or writes while it runs, or stops: its run time is counted only then. */
  mayRun(): void {
    const { value, done } = this.#moves.next()
    if (done === true) return
    if (value % 7 === 1) this.#isRunning = true
    this.#write(value)
    if (value % 5 < 3) this.stop()
  }

  /** From now on it does nothing. */
  rest(): void {
    while (this.#moves.next().done !== true);
  }

  stop(): void {
    if (this.#isRunning) this.#counted++
    this.#isRunning = false
  }

  mark(): string | undefined {
    return this.#isRunning ? undefined : String(this.#counted)
  }

  clear(): boolean {
    this.isDirty.fill(false)
    return true
  }

  #write(value: number): void {
    if (!this.#isRunning) return
    const page = value % this.pages.length
    this.pages[page] = ++this.#version
    this.isDirty[page] = true
  }
}

test('no write is missed, whenever the process runs while it is looked at, read, or its bits are cleared', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1_000), { minLength: 90, maxLength: 90 }),
      fc.integer({ min: 1, max: 5 }),
      (moves, looks) => {
        const process = new ModelProcess(moves[Symbol.iterator]())
        const dirty = new DirtySince()
        const sums: (number | undefined)[] = process.pages.map(() => undefined)
        const look = (): number[] => {
          const before = process.mark()
          const isKnown = dirty.isKnown
          for (const [page, sum] of sums.entries()) {
            process.mayRun()
            if (isKnown && !process.isDirty[page]) continue
            if (process.pages[page] !== sum) sums[page] = undefined
          }
          process.mayRun()
          dirty.end(before, {
            mark: () => process.mark(),
            clear: () => {
              process.mayRun()
              const isDone = process.clear()
              process.mayRun()
              return isDone
            },
          })
          return sums.flatMap((sum, page) => (sum === undefined ? [page] : []))
        }
        const brick: (number | undefined)[] = process.pages.map(() => undefined)
        const fold = (changed: readonly number[]): void => {
          for (const page of changed) {
            process.mayRun()
            brick[page] = process.pages[page]
            sums[page] = process.pages[page]
          }
        }
        for (let i = 0; i < looks; i++) fold(look())
        process.stop()
        process.rest()
        fold(look())
        assert.deepEqual(brick, process.pages)
        assert.deepEqual(look(), [])
      },
    ),
    { numRuns: 1_000 },
  )
})
