/** A reader of the feed over many daemons of one state: every number once, no commit undone, no generation left out. */
import assert from 'node:assert/strict'
import WebSocket from 'ws'
import type { FeedMessage } from '../../src/wire/api.ts'
import type { RunningDaemon } from './harness.ts'

export interface ToldCommit {
  readonly uuid: string
  readonly name: string
  readonly generation: number
  readonly id: string
}

export class FeedWitness {
  readonly #commit: (told: ToldCommit) => void
  #epoch: string | undefined
  #sequence = 0
  /** By uuid. */
  readonly #generations = new Map<string, number>()
  #failure: unknown

  constructor(commit: (told: ToldCommit) => void) {
    this.#commit = commit
  }

  readonly #waiting = new Set<{ left: number; readonly done: () => void }>()

  /** Newest generation that was told, by uuid. */
  get generations(): ReadonlyMap<string, number> {
    return this.#generations
  }

  /** Goes on where the last daemon's feed ended. */
  follow({ url, token }: RunningDaemon): void {
    const address = new URL(`/feed?since=${this.#sequence}`, url.replace(/^http/, 'ws'))
    address.hash = ''
    if (this.#epoch !== undefined) address.searchParams.set('epoch', this.#epoch)
    const socket = new WebSocket(address, { headers: { Authorization: `Bearer ${token}` } })
    socket.on('error', () => undefined)
    socket.on('message', (data) => {
      try {
        this.#hear(JSON.parse(String(data)) as FeedMessage)
      } catch (error) {
        this.#failure ??= error
      }
    })
  }

  /** Resolves when that many commits were heard of, from now on. */
  heard(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (count === 0) resolve()
      else this.#waiting.add({ left: count, done: resolve })
    })
  }

  /** Throws what was wrong with anything that was heard. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  #hear(message: FeedMessage): void {
    if (message.kind === 'hello') {
      this.#epoch ??= message.epoch
      assert.deepEqual([message.epoch, message.fresh], [this.#epoch, false], 'the feed began anew')
      return
    }
    assert.notEqual(message.kind, 'gap')
    if (!('sequence' in message)) return
    assert.equal(message.sequence, this.#sequence + 1)
    this.#sequence = message.sequence
    if (message.kind !== 'commit') return
    const { uuid, name, generation, commit } = message.brick
    const before = this.#generations.get(uuid) ?? 0
    assert.ok(
      message.fromGeneration <= before && generation > before,
      `${message.fromGeneration} to ${generation} after ${before}`,
    )
    this.#generations.set(uuid, generation)
    for (const each of this.#waiting) {
      if (--each.left > 0) continue
      this.#waiting.delete(each)
      each.done()
    }
    this.#commit({ uuid, name, generation, id: commit })
  }
}
