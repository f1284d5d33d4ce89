/**
 * Changes one part of a brick and makes everything around it right again: new frames at the end with crcs that hold, page
 * hashes, commit id, slot hash. So a change reaches the check that is meant for it.
 */
import { concatBytes } from '../../src/base/bytes.ts'
import { encodeCommitPayload, encodeExtras } from '../../src/brick/commit.ts'
import { type CommitRecord, commitId, encodeCommitRecord, type MapRoot } from '../../src/brick/commit-record.ts'
import { encodeFrame, FrameType, frameId } from '../../src/brick/frame.ts'
import { encodeNode, parseNode } from '../../src/brick/node.ts'
import { encodePad, padBytesAfter } from '../../src/brick/pad.ts'
import { encodePage, type Item, type MapName, maps, type Page, parsePage } from '../../src/brick/page.ts'
import { frameBytes, frameHeaderBytes, headBytes, type Pointer, slotBytes } from '../../src/brick/pointer.ts'
import { encodeSlot } from '../../src/brick/slot.ts'
import type { Head } from '../../src/store/brick-file.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { nodeTools } from '../../src/store/node-tools.ts'
import type { Chance } from '../fold/chance.ts'

const tools = nodeTools
const slotHashedBytes = 8_160

export const operations = [
  'node',
  'child node',
  'hashes',
  'tile',
  'overview',
  'meta',
  'extras',
  'record',
  'slot',
  'root page',
  'leaf page',
  'item',
] as const
export type Operation = (typeof operations)[number]

/** A brick's bytes taken apart; every operation gives a new image. */
export class BrickSurgeon {
  readonly #image: Uint8Array
  readonly #file: BrickFile
  readonly #head: Head
  readonly #chance: Chance

  /** `path` holds `image`. The caller closes the surgeon. */
  constructor(path: string, image: Uint8Array, chance: Chance) {
    this.#image = image
    this.#file = BrickFile.open(Buffer.from(path))
    this.#head = this.#file.readHeadOnce()
    this.#chance = chance
  }

  close(): void {
    this.#file.close()
  }

  operate(operation: Operation): Uint8Array {
    const { record } = this.#head
    switch (operation) {
      case 'node':
        return this.#withFrame(FrameType.node, record.root.node, (node) => ({ root: { ...record.root, node } }))
      case 'child node':
        return this.#withChildNode()
      case 'hashes':
        return this.#withFrame(FrameType.hashes, record.root.hashes, (hashes) => ({ root: { ...record.root, hashes } }))
      case 'tile':
        return this.#withTile()
      case 'overview':
        return this.#withFrame(FrameType.overview, record.topOverview, (topOverview) => ({ topOverview }))
      case 'meta':
        return this.#withMeta()
      case 'extras':
        return this.#committed([], {}, this.#mutated(encodeExtras(new BrickView(this.#file, this.#head).extras)))
      case 'record':
        return this.#withRecord()
      case 'slot':
        return this.#withSlot()
      case 'root page':
        return this.#withPage(this.#chance.pick(['entries', 'slots', 'history', 'regions']), 'root')
      case 'leaf page':
        return this.#withPage(this.#chance.pick(['entries', 'slots', 'regions']), 'leaf')
      case 'item':
        return this.#withItem(this.#chance.pick(['entries', 'slots', 'history', 'regions']))
    }
  }

  #frame(type: FrameType, pointer: Pointer): Uint8Array {
    return pointer.offset === 0 ? new Uint8Array(16) : this.#file.frame(type, pointer, this.#head.record).slice()
  }

  /** Bytes changed, inserted, left out or doubled: a little of it, anywhere. */
  #mutated(bytes: Uint8Array): Uint8Array {
    const chance = this.#chance
    let result: Uint8Array = Uint8Array.from(bytes)
    for (let changes = 1 + chance.below(3); changes > 0 && result.length > 0; changes--) {
      const at = chance.below(result.length)
      const how = chance.below(6)
      if (how === 0) result[at] = chance.below(256)
      else if (how === 1) result[at] = (result[at] as number) ^ (1 << chance.below(8))
      else if (how === 2)
        result = concatBytes([result.subarray(0, at), chance.bytes(1 + chance.below(4)), result.subarray(at)])
      else if (how === 3) result = concatBytes([result.subarray(0, at), result.subarray(at + 1 + chance.below(8))])
      else if (how === 4) result.set(chance.pick(extremes).subarray(0, result.length - at), at)
      else result = concatBytes([result.subarray(0, at), result.subarray(chance.below(result.length))])
    }
    return result.subarray(0, bytesMax)
  }

  #withFrame(type: FrameType, pointer: Pointer, change: (pointer: Pointer) => Partial<CommitRecord>): Uint8Array {
    const payload = this.#mutated(this.#frame(type, pointer))
    return this.#committed([{ type, payload }], (pointers) => change(pointers[0] as Pointer))
  }

  #withChildNode(): Uint8Array {
    const { record } = this.#head
    const place = {
      height: record.height,
      generation: record.generation,
      fileEnd: record.fileEnd,
      offset: record.root.node.offset,
    }
    const table = parseNode(this.#frame(FrameType.node, record.root.node), place)
    const child = table.a.kinds.indexOf(1)
    if (record.height === 1 || child < 0) return this.operate('node')
    const pointer = { offset: table.a.offsets[child] as number, storedLength: table.a.lengths[child] as number }
    const payload = this.#mutated(this.#frame(FrameType.node, pointer))
    const first = this.#appended([{ type: FrameType.node, payload }])
    table.a.offsets[child] = first.pointers[0]?.offset as number
    table.a.lengths[child] = first.pointers[0]?.storedLength as number
    const root = { type: FrameType.node, payload: encodeNode(table) }
    const frames = [{ type: FrameType.node, payload }, root]
    return this.#committed(frames, ([, node]) => ({ root: { ...record.root, node: node as Pointer } }))
  }

  #withTile(): Uint8Array {
    const view = new BrickView(this.#file, this.#head)
    const { pointer } = view.locateTile(this.#chance.below(Math.max(1, Math.min(view.tileCount, 256))))
    if (pointer.offset === 0) return this.operate('node')
    return this.#sealedInPlace(pointer)
  }

  /** The payload as it is stored is changed where it lies; both crcs are made right. */
  #sealedInPlace(pointer: Pointer): Uint8Array {
    const image = Uint8Array.from(this.#image)
    const frame = image.subarray(pointer.offset, pointer.offset + frameHeaderBytes + pointer.storedLength)
    const header = new DataView(frame.buffer, frame.byteOffset, frameHeaderBytes)
    const at = this.#chance.below(frame.length)
    if (at >= 4) frame[at] = this.#chance.below(256)
    header.setUint32(24, tools.crc32(frame.subarray(frameHeaderBytes)), true)
    header.setUint32(28, tools.crc32(this.#head.record.epoch, tools.crc32(frame.subarray(0, 28))), true)
    return image
  }

  #withMeta(): Uint8Array {
    const payload = this.#mutated(this.#frame(FrameType.meta, this.#head.record.meta.pointer))
    const hash = tools.sha256(payload)
    return this.#committed([{ type: FrameType.meta, payload }], ([pointer]) => ({
      meta: { pointer: pointer as Pointer, hash },
    }))
  }

  #withRecord(): Uint8Array {
    const { record } = this.#head
    const chance = this.#chance
    const numbers = [0, 1, 65_536, 2 ** 24, 2 ** 32, 2 ** 40, 2 ** 46, 2 ** 47, 2 ** 47 + 1, 2 ** 53 - 1]
    const number = chance.pick(numbers)
    const pointer = {
      offset: 16 * chance.below(Math.ceil(record.fileEnd / 16)),
      storedLength: chance.pick([0, 100, 2 ** 31, 2 ** 32 - 1]),
    }
    const map: MapRoot = { pointer, count: number, hash: record.entries.hash }
    const changes: readonly Partial<CommitRecord>[] = [
      { length: number },
      { height: 1 + chance.below(5) },
      { length: 2 ** 47, height: 4 },
      { length: 2 ** 40, height: 3 },
      { generation: number },
      { liveBytes: number },
      { entries: map },
      { slots: map },
      { history: map },
      { regions: map },
      { entries: { ...record.entries, count: number } },
      { slots: record.entries },
      { history: record.slots },
      { root: { node: pointer, hashes: record.root.hashes } },
      { root: { node: record.root.hashes, hashes: record.root.node } },
      { topOverview: record.root.node },
      { parent: pointer },
      { meta: { ...record.meta, pointer } },
      { uuid: chance.bytes(16) },
      { contentRoot: chance.bytes(32) },
      { treeHash: chance.bytes(32) },
      { epoch: chance.bytes(8) },
      { time: { seconds: -(2 ** 52), nanoseconds: 1 } },
    ]
    return this.#committed([], chance.pick(changes))
  }

  /** A field of the slot itself; its hash is right. */
  #withSlot(): Uint8Array {
    const image = Uint8Array.from(this.#image)
    const start = (this.#head.record.generation % 2) * slotBytes
    const slot = image.subarray(start, start + slotBytes)
    for (let changes = 1 + this.#chance.below(4); changes > 0; changes--)
      slot[this.#chance.below(700)] = this.#chance.below(256)
    slot.set(tools.sha256(slot.subarray(0, slotHashedBytes)), slotHashedBytes)
    return image
  }

  /** The root page of a map, or the first leaf page beneath it, with the page hash that the change asks for. */
  #withPage(map: MapName, which: 'root' | 'leaf'): Uint8Array {
    const root = this.#head.record[map]
    if (root.pointer.offset === 0) return this.operate('record')
    const raw = this.#frame(FrameType.pages, root.pointer)
    const page = parsePage(raw, { map: maps[map], offset: root.pointer.offset })
    if (which === 'root' || page.kind === 'leaf') return this.#withRootPage(map, this.#mutated(raw))
    const index = this.#chance.below(page.items.length)
    const item = page.items[index] as (typeof page.items)[number]
    const payload = this.#mutated(this.#frame(FrameType.pages, item.pointer))
    const pointer = this.#appended([{ type: FrameType.pages, payload }]).pointers[0] as Pointer
    const items = page.items.with(index, { ...item, pointer, hash: tools.sha256(payload) })
    const newRoot = encodePage(maps[map], { ...page, items })
    const frames = [payload, newRoot].map((each) => ({ type: FrameType.pages, payload: each }))
    return this.#committed(frames, ([, last]) => ({
      [map]: { ...root, pointer: last as Pointer, hash: tools.sha256(newRoot) },
    }))
  }

  #withRootPage(map: MapName, payload: Uint8Array): Uint8Array {
    const change = ([pointer]: readonly Pointer[]) => ({
      [map]: { ...this.#head.record[map], pointer: pointer as Pointer, hash: tools.sha256(payload) },
    })
    return this.#committed([{ type: FrameType.pages, payload }], change)
  }

  /** One item of the root page, its fields changed or its pointer to anywhere; the page is one by the rule. */
  #withItem(map: MapName): Uint8Array {
    const root = this.#head.record[map]
    if (root.pointer.offset === 0) return this.operate('record')
    const page = parsePage(this.#frame(FrameType.pages, root.pointer), { map: maps[map], offset: 0 })
    const index = this.#chance.below(page.items.length)
    const item = page.items[index] as Item
    const pointer = {
      offset: headBytes + 16 * this.#chance.below(2 ** 40),
      storedLength: this.#chance.pick([0, 2 ** 31, 2 ** 32 - 1]),
    }
    const changed: Item =
      item.kind === 'inline' ? { ...item, value: this.#mutated(item.value).slice(0, 2_000) } : { ...item, pointer }
    const items = (page.items as readonly Item[]).with(index, changed)
    return this.#withRootPage(map, encodePage(maps[map], { ...page, items } as Page))
  }

  #appended(frames: readonly { type: FrameType; payload: Uint8Array }[]): {
    pointers: Pointer[]
    parts: Uint8Array[]
    end: number
  } {
    const { record } = this.#head
    const pointers: Pointer[] = []
    const parts: Uint8Array[] = []
    let end = record.fileEnd
    for (const { type, payload } of frames) {
      const { bytes, storedLength } = encodeFrame({ type, id: frameId(0, 0), payload, epoch: record.epoch, tools })
      pointers.push({ offset: end, storedLength })
      parts.push(bytes)
      end += bytes.length
    }
    return { pointers, parts, end }
  }

  /** The image with these frames behind it, the commit that names them, and its slot. */
  #committed(
    frames: readonly { type: FrameType; payload: Uint8Array }[],
    change: Partial<CommitRecord> | ((pointers: readonly Pointer[]) => Partial<CommitRecord>),
    extras?: Uint8Array,
  ): Uint8Array {
    const { record: before } = this.#head
    const { pointers, parts, end } = this.#appended(frames)
    const extrasBytes = extras ?? this.#file.commit(this.#head.commit, before).extrasBytes
    const fields = typeof change === 'function' ? change(pointers) : change
    const commitEnd = end + frameBytes(encodeCommitRecord(before).length + extrasBytes.length)
    const unnamed = {
      ...before,
      fileEnd: commitEnd + padBytesAfter(commitEnd),
      extrasHash: tools.sha256(extrasBytes),
      ...fields,
    }
    const record: CommitRecord = { ...unnamed, id: commitId(unnamed, tools) }
    const payload = encodeCommitPayload({ record, extras: extrasBytes, tools })
    const { bytes, storedLength } = encodeFrame({
      type: FrameType.commit,
      id: 0n,
      payload,
      epoch: before.epoch,
      tools,
      codec: 'raw',
    })
    const padBytes = padBytesAfter(commitEnd)
    const pad = padBytes === 0 ? new Uint8Array(0) : encodePad({ totalBytes: padBytes, epoch: before.epoch, tools })
    const image = concatBytes([this.#image.subarray(0, before.fileEnd), ...parts, bytes, pad])
    image.set(encodeSlot({ commit: { offset: end, storedLength }, record, tools }), (before.generation % 2) * slotBytes)
    return image
  }
}

/** What every frame may hold. */
const bytesMax = 32_768
const extremes = [
  new Uint8Array(8),
  new Uint8Array(8).fill(0xff),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
  Uint8Array.of(0x80, 0x80, 0x01),
]
