/**
 * How much of a brick its retained commits need, all together: whether a compaction would pay.
 *
 * Counts what each commit has that the one before it had not, told by the birth generations: whole subtrees that are older are
 * passed over, and no tile is read. Records with frames of their own (longer than 2 KiB) are not counted.
 */
import type { CommitRecord } from '../brick/commit-record.ts'
import { FrameType } from '../brick/frame.ts'
import { type NodeTable, parseNode, type Section } from '../brick/node.ts'
import { framePointer, hashesPointer } from '../brick/node-table.ts'
import { type MapName, maps, parsePage } from '../brick/page.ts'
import { frameBytes, headBytes, type NodePointer, type Pointer } from '../brick/pointer.ts'
import type { BrickFile, Head } from './brick-file.ts'
import { historyItems } from './history.ts'
import { readOnlyPages } from './page-store.ts'

/** Below this a file is not worth the work, whatever it holds. */
const fileBytesMin = 64 * 2 ** 20
const liveShareMin = 0.5
/** COMMIT, META, history and padding of a commit, about. */
const commitBytes = 8_192

/** A file of more than 64 MiB of which its commits need less than half. */
export function shouldCompact({ record }: Pick<Head, 'record'>, liveBytes: number): boolean {
  return record.fileEnd > fileBytesMin && liveBytes < liveShareMin * record.fileEnd
}

/** Of all retained commits; bytes, about. `pause` is awaited now and then. Errors: BrickDamage. */
export async function estimateLive(
  file: BrickFile,
  { record }: Pick<Head, 'record'>,
  pause: () => Promise<void>,
): Promise<number> {
  const past = historyItems(readOnlyPages(file, record), record.history)
  return bytesOf(file, [...past.map(({ commit }) => file.commit(commit, record).record), record], pause)
}

/** Of these commits of one brick, oldest first; bytes, about. Errors: BrickDamage. */
export async function bytesOf(
  file: BrickFile,
  commits: readonly CommitRecord[],
  pause: () => Promise<void>,
): Promise<number> {
  let bytes = headBytes
  let floor = 0
  for (const each of commits) {
    const count = new LiveCount(file, each, { floor, pause })
    bytes += commitBytes + (await count.commit())
    floor = each.generation
  }
  return bytes
}

class LiveCount {
  readonly #file: BrickFile
  readonly #record: CommitRecord
  /** Frames of this generation and before were counted already. */
  readonly #floor: number
  readonly #pause: () => Promise<void>
  #bytes = 0

  constructor(file: BrickFile, record: CommitRecord, rest: { floor: number; pause: () => Promise<void> }) {
    this.#file = file
    this.#record = record
    this.#floor = rest.floor
    this.#pause = rest.pause
  }

  async commit(): Promise<number> {
    const { root, height, topOverview } = this.#record
    await this.#node(root, height)
    this.#count(topOverview)
    for (const map of ['entries', 'slots', 'regions'] as const) await this.#page(map, this.#record[map].pointer)
    return this.#bytes
  }

  async #node({ node, hashes }: NodePointer, height: number): Promise<void> {
    await this.#pause()
    this.#count(node)
    this.#count(hashes)
    const table = this.#table(node, height)
    for (const section of [table.b, table.c]) for (const frame of this.#young(section)) this.#count(frame.pointer)
    for (const { item, pointer } of this.#young(table.a)) {
      if (height === 1) this.#count(pointer)
      else await this.#node({ node: pointer, hashes: hashesPointer(table.a, item) }, height - 1)
    }
  }

  *#young(section: Section): Generator<{ item: number; pointer: Pointer }> {
    for (let item = 0; item < section.kinds.length; item++) {
      const pointer = framePointer(section, item)
      if (pointer.offset > 0 && (section.births[item] as number) > this.#floor) yield { item, pointer }
    }
  }

  async #page(map: MapName, pointer: Pointer): Promise<void> {
    if (pointer.offset === 0) return
    await this.#pause()
    this.#count(pointer)
    const raw = this.#file.frame(FrameType.pages, pointer, this.#record)
    const page = parsePage(raw, { map: maps[map], offset: pointer.offset })
    if (page.kind === 'leaf') return
    for (const child of page.items) {
      if (child.birth <= this.#floor) continue
      if (page.level === 1) this.#count(child.pointer)
      else await this.#page(map, child.pointer)
    }
  }

  #table({ offset, storedLength }: Pointer, height: number): NodeTable {
    const { generation, fileEnd } = this.#record
    const payload = this.#file.frame(FrameType.node, { offset, storedLength }, this.#record)
    return parseNode(payload, { height, generation, fileEnd, offset })
  }

  #count({ offset, storedLength }: Pointer): void {
    if (offset > 0) this.#bytes += frameBytes(storedLength)
  }
}
