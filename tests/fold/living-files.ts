/**
 * Files that a test changes in part, and an artifact that says which part: what a source with its own tables of changes is
 * to a fold. The lister is the real one; `changed` is what was written since the last settled look, and a little more.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { bytesKey, utf8, utf8Text } from '../../src/base/bytes.ts'
import type { EntryMeta, Run } from '../../src/base/entry.ts'
import { dataRuns, difference, sortedRuns, wholeOf } from '../../src/fold/runs.ts'
import type { Artifact, Lister } from '../../src/source/artifact.ts'
import type { Listed } from '../../src/source/describe.ts'
import type { Chance } from './chance.ts'

const page = 4_096
const tile = 65_536
const sizes = [1, 100, 5_000, page, 40_000, tile - 1, tile, tile + 1, 3 * tile, 300_000, 1_100_000]
const largeSizes = [17 * 2 ** 20, 20 * 2 ** 20 + 77]

export class LivingFiles implements Artifact {
  readonly reader = 'files'
  readonly lister: Lister
  /** Since the last settled look. */
  #written: { readonly ino: number; readonly run: Run; readonly at: number }[] = []
  /** By inode: when it was made, and nothing of it was known. */
  readonly #unknown = new Map<number, number>()
  #settled: ReadonlyMap<number, EntryMeta> = new Map()
  #looked: ReadonlyMap<number, EntryMeta> = new Map()
  /** Counts what happens. */
  #now = 0
  #lookedAt = 0
  readonly #root: string
  readonly #chance: Chance
  #made = 0
  #isUnsettled = true

  constructor(root: string, real: Lister, chance: Chance) {
    this.#root = root
    this.#chance = chance
    const told = (listed: Listed): Listed => this.#told(listed)
    this.lister = {
      stat(path) {
        const listed = real.stat(path)
        return listed && told(listed)
      },
      *walk(path) {
        for (const listed of real.walk(path)) yield told(listed)
      },
    }
  }

  async look(): Promise<'looked'> {
    const metas = this.names().flatMap((name) => this.lister.stat(utf8(name))?.meta ?? [])
    this.#looked = new Map(metas.map((meta) => [Number(meta.ino), meta]))
    this.#lookedAt = this.#now++
    return 'looked'
  }

  /** What happened after the look may be in the brick or not. */
  settled(): void {
    this.#isUnsettled = false
    this.#settled = this.#looked
    this.#written = this.#written.filter(({ at }) => at > this.#lookedAt)
    for (const [ino, at] of this.#unknown) if (at <= this.#lookedAt) this.#unknown.delete(ino)
  }

  unsettled(): void {
    this.#isUnsettled = true
  }

  names(): string[] {
    return fs.readdirSync(this.#root).sort()
  }

  /** Bytes that a fold of what is there now may read: everything else it has. */
  bytesToRead(): number {
    let sum = 0
    for (const name of this.names()) {
      const listed = this.lister.stat(utf8(name))
      if (listed === undefined) continue
      const before = this.#settled.get(Number(listed.meta.ino))
      const isKnown = before !== undefined && listed.changed !== undefined
      const fresh = isKnown
        ? sortedRuns([...listed.changed, ...difference(dataRuns(listed.meta), dataRuns(before))])
        : wholeOf(listed.meta.size)
      sum += fresh.reduce((bytes, { length }) => bytes + length, 0)
    }
    return sum
  }

  /** One change; says what it was. */
  edit(): string {
    const what = this.#chance.pick(edits)
    const names = this.names()
    const name = names.length === 0 ? this.#create() : this.#chance.pick(names)
    this.#do(what, name)
    return `${what} ${name}`
  }

  /** A write that may happen at any time, also while the file is read. */
  poke(): void {
    const names = this.names()
    if (names.length > 0) this.#overwrite(this.#chance.pick(names))
  }

  #do(what: (typeof edits)[number], name: string): void {
    if (what === 'create' && this.names().length < 8) this.#create()
    else if (what === 'append') this.#write(name, this.#sizeOf(name), this.#content(this.#chance.below(100_000)))
    else if (what === 'truncate') this.#truncate(name)
    else if (what === 'stretch') fs.truncateSync(this.#at(name), this.#sizeOf(name) + this.#chance.pick(sizes))
    else if (what === 'punch') this.#punch(name)
    else if (what === 'rename') fs.renameSync(this.#at(name), this.#at(this.#free()))
    else if (what === 'swap') this.#swap(name)
    else if (what === 'replace') this.#replace(name)
    else if (what === 'delete' && this.#chance.happens(50)) fs.rmSync(this.#at(name))
    else if (what === 'touch') fs.utimesSync(this.#at(name), 1, this.#chance.below(1_000))
    else this.#overwrite(name)
  }

  /** The settled listing of an inode is what `changed` is told against. */
  #told(listed: Listed): Listed {
    const { meta } = listed
    if (meta.kind !== 'file') return listed
    const ino = Number(meta.ino)
    if (this.#isUnsettled || this.#unknown.has(ino) || !this.#settled.has(ino)) {
      return { ...listed, changed: wholeOf(meta.size) }
    }
    const written = this.#written.filter((each) => each.ino === ino).map(({ run }) => run)
    return { ...listed, changed: this.#coarse(sortedRuns(written), meta.size) }
  }

  /** Whole pages, as tables of pages say it. */
  #coarse(runs: readonly Run[], size: number): Run[] {
    const rounded = runs.map(({ start, length }) => {
      const from = Math.floor(start / page) * page
      return { start: from, length: Math.max(0, Math.min(Math.ceil((start + length) / page) * page, size) - from) }
    })
    return sortedRuns(rounded)
  }

  #at(name: string): string {
    return join(this.#root, name)
  }

  #free(): string {
    return `${this.#chance.pick(['a', 'm', 'z'])}${this.#made++}`
  }

  #sizeOf(name: string): number {
    return fs.lstatSync(this.#at(name)).size
  }

  #content(size: number): Uint8Array {
    if (this.#chance.happens(15)) return new Uint8Array(size).fill(this.#chance.pick([0, 0, 7]))
    const seed = this.#chance.below(256)
    return Uint8Array.from({ length: size }, (_, i) => (seed + i * 7 + (i >> 7)) & 0xff)
  }

  #create(): string {
    const name = this.#free()
    if (this.#chance.happens(70)) fs.writeFileSync(this.#at(name), this.#content(this.#chance.pick(sizes)))
    else {
      fs.writeFileSync(this.#at(name), '')
      fs.truncateSync(this.#at(name), this.#chance.pick([...sizes, ...largeSizes]))
    }
    this.#unknown.set(fs.lstatSync(this.#at(name)).ino, this.#now++)
    return name
  }

  #write(name: string, start: number, bytes: Uint8Array): void {
    const fd = fs.openSync(this.#at(name), 'r+')
    fs.writeSync(fd, bytes, 0, bytes.length, start)
    fs.fsyncSync(fd)
    fs.closeSync(fd)
    this.#note(name, { start, length: bytes.length })
  }

  #note(name: string, run: Run): void {
    const { ino } = fs.lstatSync(this.#at(name))
    this.#written.push({ ino, run, at: this.#now++ })
  }

  #overwrite(name: string): void {
    const size = this.#sizeOf(name)
    const start = this.#chance.below(size + 1)
    this.#write(name, start, this.#chance.bytes(Math.min(this.#chance.pick([1, 100, 9_000]), size - start)))
  }

  /** What is cut off reads as zeros if the file grows again. */
  #truncate(name: string): void {
    const size = this.#sizeOf(name)
    const start = this.#chance.below(size + 1)
    fs.truncateSync(this.#at(name), start)
    this.#note(name, { start, length: size - start })
  }

  #punch(name: string): void {
    const size = this.#sizeOf(name)
    const start = page * this.#chance.below(Math.ceil(size / page) + 1)
    const length = this.#chance.pick([page, 8 * page, tile, 2 ** 20])
    const how = ['--punch-hole', '--offset', `${start}`, '--length', `${length}`, this.#at(name)]
    if (spawnSync('fallocate', how).status === 0)
      this.#note(name, { start, length: Math.max(0, Math.min(length, size - start)) })
  }

  #swap(name: string): void {
    const other = this.#chance.pick(this.names())
    if (other === name) return
    const aside = this.#free()
    fs.renameSync(this.#at(name), this.#at(aside))
    fs.renameSync(this.#at(other), this.#at(name))
    fs.renameSync(this.#at(aside), this.#at(other))
  }

  #replace(name: string): void {
    const draft = this.#create()
    fs.renameSync(this.#at(draft), this.#at(name))
  }
}

const edits = [
  'create',
  'append',
  'append',
  'overwrite',
  'overwrite',
  'overwrite',
  'truncate',
  'stretch',
  'punch',
  'rename',
  'swap',
  'replace',
  'delete',
  'touch',
] as const

/** What a brick of these files has to say of their contents. */
export function contentsOf(root: string): Map<string, Uint8Array> {
  const names = fs.readdirSync(root, { encoding: 'buffer' })
  return new Map(names.map((name) => [bytesKey(name), fs.readFileSync(join(root, utf8Text(name) ?? ''))]))
}
