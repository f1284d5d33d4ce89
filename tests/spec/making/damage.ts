/** What a damaged fixture is, and the tools to make one: a change while it is made, or an edit of the finished file. */
import { concatBytes } from '../../../src/base/bytes.ts'
import type { MapItem, MapName } from '../../../src/brick/page-map.ts'
import { frameHeaderBytes, headBytes } from '../../../src/brick/pointer.ts'
import { type BrickPlan, type Changes, type CommitPlan, makeBrick } from './brick-maker.ts'
import { goodBrick, makeGood } from './good-bricks.ts'

export interface DamagedBrick {
  readonly name: string
  readonly base: string
  /** One sentence for other implementers: what is wrong, or which rule of the text it breaks. */
  readonly breaks: string
  /** What `sfd verify` names: a rule of DamageRule, or the code of the error with which it refuses. */
  readonly rule: string
  /** What verifier.py names. */
  readonly readerRule: string
  /** Can its commit be shown at all? */
  readonly opens: 'yes' | 'no'
  readonly bytes: () => Uint8Array
}

/** From the plan of a good one, with one change. */
export function changed(base: string, changes: Changes): () => Uint8Array {
  return () => makeBrick(goodBrick(base).plan, changes)
}

/** With another last commit. */
export function replanned(base: string, replan: (last: CommitPlan) => CommitPlan): () => Uint8Array {
  return () => {
    const { plan } = goodBrick(base)
    const last = plan.commits.at(-1) as CommitPlan
    const commits = [...plan.commits.slice(0, -1), replan(last)]
    return makeBrick({ ...plan, commits } satisfies BrickPlan)
  }
}

/** The finished file of a good one, with some bytes changed in place. */
export function edited(base: string, edit: (bytes: Uint8Array) => void): () => Uint8Array {
  return derived(base, (bytes) => {
    edit(bytes)
    return bytes
  })
}

/** Another file from the finished file of a good one. */
export function derived(base: string, derive: (bytes: Uint8Array) => Uint8Array): () => Uint8Array {
  return () => derive(makeGood(goodBrick(base)))
}

/** File offset of the payload of the first frame of a type. */
export function payloadOf(bytes: Uint8Array, type: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  for (let at = headBytes; at < bytes.length; ) {
    if (bytes[at + 4] === type) return at + frameHeaderBytes
    at += Math.ceil((frameHeaderBytes + view.getUint32(at + 8, true)) / 16) * 16
  }
  throw new Error(`there is no frame of type ${type}`)
}

/** Changes the items of one map. */
export function inMap(name: MapName, change: (items: readonly MapItem[]) => readonly MapItem[]): Changes {
  return { items: (map, items) => (map === name ? change(items) : items) }
}

/** A copy with one byte replaced. */
export function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = value
  return copy
}

/** A copy in which the first `from` is `to`. Both as hex. */
export function withHex(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const at = Buffer.from(bytes).indexOf(Buffer.from(from, 'hex'))
  if (at < 0) throw new Error(`there is no ${from}`)
  return concatBytes([bytes.subarray(0, at), Buffer.from(to, 'hex'), bytes.subarray(at + from.length / 2)])
}

interface Field {
  readonly tag: number
  readonly value: Uint8Array
}

/** A record of ENTRIES as its fields, without any of the checks; tags and lengths below 2^14. */
export function recordFields(record: Uint8Array): Field[] {
  const fields: Field[] = []
  for (let at = 0; at < record.length; ) {
    const tag = record[at++] as number
    let length = record[at++] as number
    if (length > 127) length = (length & 127) + 128 * (record[at++] as number)
    fields.push({ tag, value: record.subarray(at, at + length) })
    at += length
  }
  return fields
}

export function recordOf(fields: readonly Field[]): Uint8Array {
  return concatBytes(
    fields.map(({ tag, value }) => concatBytes([Uint8Array.of(tag), shortVarint(value.length), value])),
  )
}

export function shortVarint(value: number): Uint8Array {
  return value < 128 ? Uint8Array.of(value) : Uint8Array.of((value & 127) | 128, value >> 7)
}
