/**
 * Content ids of files longer than a tile, computed while their tiles go by (spec section 6).
 *
 * Holds one node's hashes per height, whatever the length. Runs of equal subtrees (holes) cost what their few nodes
 * cost, so a hole of 1 TiB is hashed in no time.
 */
import { assert } from '../base/assert.ts'
import { fanOut, hashBytes, heightFor, tileCount, tilesAt } from '../brick/merkle.ts'
import { merkle } from '../store/brick-view.ts'

/** Equal subtrees one after another: tiles at height 0, nodes above. */
export interface SubtreeRun {
  readonly height: number
  readonly hash: Uint8Array
  readonly count: number
}

interface Level {
  /** Of the items of the node being filled. */
  readonly hashes: Uint8Array
  count: number
}

export class ContentHash {
  readonly #levels: Level[] = []
  #tiles = 0

  /** The next tile's leaf hash. */
  tile(hash: Uint8Array): void {
    this.#push({ height: 0, hash, count: 1 })
    this.#tiles++
  }

  /** The next tiles are zeros. */
  zeros(count: number): void {
    this.subtrees({ height: 0, hash: merkle.zero(0), count })
  }

  /** The next subtrees; the tiles so far must be a multiple of theirs. */
  subtrees(run: SubtreeRun): void {
    assert(this.#tiles % tilesAt(run.height) === 0, `a subtree of height ${run.height} came after ${this.#tiles} tiles`)
    this.#push(run)
    this.#tiles += run.count * tilesAt(run.height)
  }

  /** The id of the `length` > 65,536 bytes whose tiles were given; the hash is used up. */
  id(length: number): Uint8Array {
    assert(this.#tiles === tileCount(length), `${this.#tiles} tiles were given for ${length} bytes`)
    const top = heightFor(length)
    for (let height = 0; height < top; height++) {
      const level = this.#level(height)
      const isWhole = level.count === 0 && this.#tiles > 0
      if (isWhole) continue
      for (; level.count < fanOut; level.count++) level.hashes.set(merkle.zero(height), level.count * hashBytes)
      this.#close(height)
    }
    return merkle.contentRoot(length, this.#level(top).hashes.slice(0, hashBytes))
  }

  #push({ height, hash, count }: SubtreeRun): void {
    const level = this.#level(height)
    let left = count
    while (left > 0 && (level.count > 0 || left < fanOut)) {
      level.hashes.set(hash, level.count * hashBytes)
      level.count++
      left--
      if (level.count === fanOut) this.#close(height)
    }
    if (left === 0) return
    const parents = Math.floor(left / fanOut)
    const repeated = new Uint8Array(fanOut * hashBytes)
    for (let at = 0; at < repeated.length; at += hashBytes) repeated.set(hash, at)
    this.#push({ height: height + 1, hash: merkle.node(height + 1, repeated), count: parents })
    this.#push({ height, hash, count: left - parents * fanOut })
  }

  #close(height: number): void {
    const level = this.#level(height)
    level.count = 0
    this.#push({ height: height + 1, hash: merkle.node(height + 1, level.hashes), count: 1 })
  }

  #level(height: number): Level {
    this.#levels[height] ??= { hashes: new Uint8Array(fanOut * hashBytes), count: 0 }
    return this.#levels[height]
  }
}
