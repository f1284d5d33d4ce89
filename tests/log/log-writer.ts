/** A program that writes numbered lines to a log, and the four ways in which logs are rotated, by their system calls. */
import fs from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'

export class LogWriter {
  readonly path: string
  readonly folder: string
  /** All lines that were written, in order. */
  readonly lines: string[] = []
  #fd: number

  constructor(folder: string, name = 'app.log') {
    this.folder = folder
    this.path = join(folder, name)
    this.#fd = fs.openSync(this.path, 'a')
  }

  write(count: number): void {
    let text = ''
    for (let i = 0; i < count; i++) {
      const line = `2026-01-02T03:04:05.${String(this.lines.length).padStart(9, '0')}Z app[1]: line ${this.lines.length}\n`
      this.lines.push(line)
      text += line
    }
    fs.writeSync(this.#fd, text)
  }

  /** A part of a line; the rest comes with `endLine`. */
  beginLine(): void {
    const line = `2026-01-02T03:04:05Z app[1]: line ${this.lines.length} in two parts\n`
    this.lines.push(line)
    fs.writeSync(this.#fd, line.slice(0, 20))
  }

  endLine(): void {
    fs.writeSync(this.#fd, (this.lines.at(-1) as string).slice(20))
  }

  /** What a daemon does when it is told that its log was rotated. */
  reopen(): void {
    fs.closeSync(this.#fd)
    this.#fd = fs.openSync(this.path, 'a')
  }

  close(): void {
    fs.closeSync(this.#fd)
  }

  get text(): string {
    return this.lines.join('')
  }
}

export interface RotationOptions {
  /** Rotated files that are kept. */
  readonly keep: number
}

/** Moves `.1` to `.2` and so on, packed or not; the oldest goes. */
export function shift(path: string, { keep }: RotationOptions): void {
  for (const ending of ['', '.gz', '.zst', '.xz']) {
    fs.rmSync(`${path}.${keep}${ending}`, { force: true })
    for (let n = keep - 1; n >= 1; n--) {
      const name = `${path}.${n}${ending}`
      if (fs.existsSync(name)) fs.renameSync(name, `${path}.${n + 1}${ending}`)
    }
  }
}

/** `rename`, then a new file made by whoever rotates. */
export function rotateByRename(path: string, options: RotationOptions): void {
  shift(path, options)
  fs.renameSync(path, `${path}.1`)
  fs.closeSync(fs.openSync(path, 'a'))
}

/** Copies, then empties; `between`: what is written in that instant. */
export function rotateByCopy(path: string, options: RotationOptions, between: () => void = () => {}): void {
  shift(path, options)
  fs.copyFileSync(path, `${path}.1`)
  between()
  fs.truncateSync(path, 0)
}

export function pack(path: string, packing: 'gz' | 'zst'): void {
  const { atime, mtime } = fs.statSync(path)
  const bytes = fs.readFileSync(path)
  fs.writeFileSync(`${path}.${packing}`, packing === 'gz' ? gzipSync(bytes) : zstdCompressSync(bytes))
  fs.utimesSync(`${path}.${packing}`, atime, mtime)
  fs.rmSync(path)
}
