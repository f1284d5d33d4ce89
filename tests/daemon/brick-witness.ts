/**
 * Remembers what readers of one brick saw and what its daemon acknowledged, and holds the brick to it: nothing of that
 * may ever be undone, whatever was killed meanwhile.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { verify } from '../../src/read/verify.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { pastCommits } from '../../src/store/history.ts'

/** Its size says which sync was acknowledged. */
const marked = 'acknowledged'

export class BrickWitness {
  readonly name: string
  readonly tree: string
  readonly path: string
  uuid = ''
  /** Commit ids in hex by generation. */
  readonly #ids = new Map<number, string>()
  readonly #tags = new Map<string, number>()
  #highest = 0
  #acknowledged = 0

  constructor({ name, tree, path }: { name: string; tree: string; path: string }) {
    this.name = name
    this.tree = tree
    this.path = path
    fs.writeFileSync(join(tree, marked), '')
  }

  get highest(): number {
    return this.#highest
  }

  /** Somebody was told of this commit. */
  saw({ generation, id }: { generation: number; id: string }): void {
    if (generation === 0) return
    const known = this.#ids.get(generation)
    assert.ok(known === undefined || known === id, `${this.name}: commit ${generation} became another one`)
    this.#ids.set(generation, id)
    this.#highest = Math.max(this.#highest, generation)
  }

  /** Reads the head as any reader would. */
  look(): void {
    this.#with(({ record }) => this.saw({ generation: record.generation, id: toHex(record.id) }))
  }

  /** Before sync number `count` is asked for. */
  mark(count: number): void {
    fs.truncateSync(join(this.tree, marked), count)
  }

  acknowledged(count: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, count)
  }

  /** `generation` null: the name was taken away. */
  tagged(tag: string, generation: number | null): void {
    if (generation === null) this.#tags.delete(tag)
    else this.#tags.set(tag, generation)
  }

  /** Reads everything, while nobody writes. */
  async check(): Promise<void> {
    await this.#with(async (view) => {
      const { record } = view
      const shown = `${this.name} at generation ${record.generation}`
      assert.ok(record.generation >= this.#highest, `${shown}: ${this.#highest} was seen`)
      this.saw({ generation: record.generation, id: toHex(record.id) })
      const size = view.entry(utf8(marked))?.size ?? 0
      assert.ok(size >= this.#acknowledged, `${shown}: sync ${this.#acknowledged} was acknowledged, it holds ${size}`)
      const names = new Map<string, number>()
      for (const { generation, id, tag } of pastCommits(view)) {
        if (this.#ids.has(generation)) this.saw({ generation, id: toHex(id) })
        if (tag !== undefined) names.set(tag, generation)
      }
      for (const [tag, generation] of this.#tags) assert.equal(names.get(tag), generation, `${shown}: the tag ${tag}`)
      const report = await verify({
        view,
        signal: new AbortController().signal,
        pause: async () => {},
        onProgress() {},
      })
      assert.deepEqual(report.damaged, [], shown)
    })
  }

  #with<T>(work: (view: BrickView) => T): T {
    const file = BrickFile.open(utf8(this.path))
    const close = (): void => file.close()
    try {
      const result = work(new BrickView(file, file.readHeadOnce()))
      if (result instanceof Promise) void result.finally(close).catch(() => undefined)
      else close()
      return result
    } catch (error) {
      close()
      throw error
    }
  }
}
