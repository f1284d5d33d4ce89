/** A foundry over brick files, as the daemon is one: its own folding, the real reader, messages sent by hand. */
import { randomBytes } from 'node:crypto'
import { toHex } from '../../src/base/bytes.ts'
import type { FeedLimit, FeedPart } from '../../src/catalog/feed-rows.ts'
import { foldSource } from '../../src/fold/fold-source.ts'
import type { Foundry } from '../../src/server/foundry.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import type { BrickInfo, FeedMessage, NumberedMessage } from '../../src/wire/api.ts'

export const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) }

export async function fold(source: string, brick: string): Promise<void> {
  await foldSource({
    source: Buffer.from(source),
    brick: Buffer.from(brick),
    exclude: [],
    crossFilesystems: 'no',
    workers: 0,
    clock: { nowNs: () => BigInt(Date.now()) * 1_000_000n, monotonicMs: () => performance.now() },
    random,
    signal: new AbortController().signal,
    reason: 'test',
    onProgress: () => undefined,
  })
}

export class BrickFoundry implements Foundry {
  readonly version = '0.0.0-test'
  readonly host = 'test'
  epoch = 'epoch-1'
  sequence = 0
  oldest = 1
  /** The feed as it is kept. */
  readonly kept: NumberedMessage[] = []
  readonly token = randomBytes(32).toString('base64url')
  readonly stateId = randomBytes(8).toString('hex')
  /** Newest last. */
  readonly views = new Map<string, BrickView[]>()
  readonly listeners = new Set<(message: FeedMessage) => void>()

  /** The brick's newest commit, beside those that are served already. */
  open(path: string): BrickView {
    const file = BrickFile.open(Buffer.from(path))
    const view = new BrickView(file, file.readHeadOnce())
    const uuid = toHex(view.record.uuid)
    this.views.set(uuid, [...(this.views.get(uuid) ?? []), view])
    return view
  }

  bricks(): BrickInfo[] {
    return [...this.views.values()].map((views) => infoOf(views.at(-1) as BrickView))
  }

  view(uuid: string, commit: string): BrickView | undefined {
    return this.views.get(uuid)?.find(({ record }) => toHex(record.id) === commit)
  }

  newest(uuid: string): BrickView | undefined {
    return this.views.get(uuid)?.at(-1)
  }

  tasks() {
    return { folder: null, tasks: [] }
  }

  async metrics(): Promise<string> {
    return 'sfd_feed_sequence 0\n'
  }

  subscribe(listener: (message: FeedMessage) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  since({ after, limit }: { after: number; limit: FeedLimit }): FeedPart[] {
    const rows: FeedPart[] = this.kept
      .filter(({ sequence }) => sequence > after)
      .slice(0, limit.rows)
      .map((message) => ({ kind: 'row', sequence: message.sequence, text: JSON.stringify(message) }))
    return after + 1 < this.oldest ? [{ kind: 'gap', from: after + 1, to: this.oldest - 1 }, ...rows] : rows
  }

  send(message: FeedMessage): void {
    if ('sequence' in message) this.sequence = message.sequence
    for (const listener of this.listeners) listener(message)
  }

  close(): void {
    for (const view of [...this.views.values()].flat()) view.file.close()
  }
}

export function infoOf({ record, meta }: BrickView): BrickInfo {
  return {
    uuid: toHex(record.uuid),
    name: meta.name,
    source: Buffer.from(meta.source).toString(),
    kind: meta.kind,
    state: 'live',
    message: null,
    generation: record.generation,
    commit: toHex(record.id),
    time: null,
    length: record.length,
    height: record.height,
    district: meta.district,
    entryCount: record.entries.count,
    contentBytes: 0,
    unreadableCount: 0,
    progress: null,
    verifiedAt: null,
  }
}
