/**
 * A brick as an artifact sees it, without a file: what was committed last, and a commit that can fail before it is
 * durable, or after it without anybody hearing of it.
 */
import assert from 'node:assert/strict'
import type { JsonValue, Region } from '../../src/base/region.ts'
import type { Artifact } from '../../src/source/artifact.ts'
import type { Held } from '../../src/source/log/held.ts'
import { stateOf } from '../../src/source/log/log-state.ts'

export type Outcome = 'committed' | 'lost' | 'unheard'

export class ModelBrick {
  content: Buffer = Buffer.alloc(0)
  commits = 0
  prunedBytes = 0
  regions: Region[] = []
  #about: { readonly [key: string]: JsonValue } | undefined

  readonly held = (): Held | undefined => {
    if (this.#about === undefined) return undefined
    // As META keeps it.
    const about = JSON.parse(JSON.stringify(this.#about))
    return {
      about,
      sizeBytes: this.content.length,
      read: (start, length) => Uint8Array.from(this.content.subarray(start, start + length)),
    }
  }

  /** One look, and a commit of it that goes as `outcome` says. */
  async round(artifact: Artifact, outcome: Outcome = 'committed'): Promise<'looked' | 'same' | undefined> {
    const looked = await artifact.look?.(new AbortController().signal)
    if (looked === 'same') return looked
    if (outcome === 'lost') {
      artifact.unsettled?.()
      return looked
    }
    this.#commit(artifact)
    if (outcome === 'committed') artifact.settled?.()
    else artifact.unsettled?.()
    return looked
  }

  #commit(artifact: Artifact): void {
    const [listed, ...others] = artifact.lister.walk(new Uint8Array(0))
    assert.ok(listed !== undefined && others.length === 0, 'a log is one entry')
    const { meta, changed = [], pieces = [], prunedBytes = 0 } = listed
    const content = Buffer.alloc(meta.size)
    this.content.copy(content)
    let piecedTo = this.content.length
    for (const { start, bytes } of pieces) {
      assert.equal(start % 65_536, 0, 'a piece begins with a tile')
      const known = content.subarray(start, Math.min(this.content.length, start + bytes.length))
      assert.ok(known.equals(bytes.subarray(0, known.length)), 'what was there before is given as it was')
      content.set(bytes, start)
      piecedTo = Math.max(piecedTo, start + bytes.length)
    }
    assert.ok(piecedTo === meta.size, 'every new byte comes with the listing')
    if (this.content.length < meta.size) assert.ok((changed[0]?.start ?? Infinity) <= this.content.length)
    this.content = content
    this.prunedBytes = prunedBytes
    for (const { kept, regions } of artifact.regions?.() ?? []) {
      const stays = this.regions.filter(({ offset }) => kept !== undefined && offset < kept.start + kept.length)
      this.regions = [...stays, ...regions]
    }
    this.#about = artifact.about?.()
    assert.ok(JSON.stringify(this.#about).length < 60_000, 'META holds 64 KiB')
    this.commits++
  }

  /** One that cannot be shown yet: no byte follows it. */
  get hasGapAtEnd(): boolean {
    const state = stateOf(Object(this.#about?.['stream'])['log'])
    return state?.gaps.some(({ at }) => at === this.content.length) === true
  }

  get gaps(): Region[] {
    return this.regions.filter((region) => region.class === 'gap')
  }
}
