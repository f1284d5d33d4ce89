/** A log, its writer, the brick that follows it, and the question whether all of it is there. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '../../src/base/bytes.ts'
import { logArtifact } from '../../src/source/log/log-artifact.ts'
import { openLog } from '../../src/source/log/open-log.ts'
import type { StreamLimits } from '../../src/source/log/stream-artifact.ts'
import { LogWriter } from './log-writer.ts'
import { ModelBrick, type Outcome } from './model-brick.ts'

export class LogBench {
  readonly folder = fs.mkdtempSync(join(tmpdir(), 'log-'))
  readonly log = new LogWriter(this.folder)
  readonly brick = new ModelBrick()
  readonly #limits: Partial<StreamLimits>
  /** Real time; `later` moves it on. */
  #laterNs = 0n
  readonly clock = { nowNs: () => BigInt(Date.now()) * 1_000_000n + this.#laterNs, monotonicMs: () => 0 }
  artifact: ReturnType<typeof logArtifact>

  constructor(limits: Partial<StreamLimits> = {}) {
    this.#limits = limits
    this.artifact = this.#open()
  }

  #open(): ReturnType<typeof logArtifact> {
    const { signal } = new AbortController()
    const source = { ...openLog(utf8(`${this.folder}/app.log`)) }
    return logArtifact(source, { clock: this.clock, signal, held: this.brick.held, limits: this.#limits })
  }

  later(ns: bigint): void {
    this.#laterNs += ns
  }

  /** Until the clock of the filesystem has gone on: a file made now is younger than all others. */
  passInstant(): void {
    const probe = join(this.folder, 'probe')
    const made = (): bigint => {
      fs.writeFileSync(probe, '')
      const { birthtimeNs } = fs.statSync(probe, { bigint: true })
      fs.rmSync(probe)
      return birthtimeNs
    }
    const first = made()
    while (first !== 0n && made() === first) {}
  }

  /** The source stays what it was: a log may be away while it is rotated. */
  async restart(whileAway: () => void = () => {}): Promise<void> {
    await this.artifact.close?.()
    whileAway()
    const isThere = fs.existsSync(this.log.path)
    if (!isThere) fs.closeSync(fs.openSync(this.log.path, 'a'))
    this.artifact = this.#open()
    if (!isThere) fs.rmSync(this.log.path)
  }

  async look(outcome?: Outcome): Promise<void> {
    do await this.brick.round(this.artifact, outcome)
    while (this.artifact.isBehind)
  }

  /** Everything that was written is in the brick once, in order. */
  assertWhole(): void {
    assert.equal(this.brick.content.toString(), this.log.text)
    assert.deepEqual(this.brick.gaps, [])
  }

  /** What is wrong: lines that are not what comes next, with nothing that says so at that place. */
  missingWithoutGap(): string[] {
    const wrong: string[] = []
    const gaps = new Set(this.brick.gaps.map(({ offset }) => offset))
    const { lines } = this.log
    let at = 0
    let next = 0
    for (const [line] of this.brick.content.toString().matchAll(/.+\n?/g)) {
      const isBegun = !line.endsWith('\n') && lines[next]?.startsWith(line) === true
      if (line !== lines[next] && !isBegun) {
        const found = lines.indexOf(line, next)
        if (found < 0) wrong.push(`at ${at}: ${JSON.stringify(line)} was not written after line ${next}`)
        else if (!gaps.has(at)) wrong.push(`at ${at}: lines ${next} to ${found - 1} are missing, and no gap says so`)
        if (found >= 0) next = found
      }
      if (wrong.length > 3) return wrong
      if (line === lines[next]) next++
      at += line.length
    }
    if (next < lines.length && !this.brick.hasGapAtEnd) wrong.push(`lines from ${next} on are missing at the end`)
    return wrong
  }

  async close(): Promise<void> {
    await this.artifact.close?.()
    this.log.close()
    fs.rmSync(this.folder, { recursive: true })
  }
}
