/** The part of spec/examples.md on mappings and regions, computed from the fixture `memory`. */
import { utf8Text } from '../../../src/base/bytes.ts'
import { ByteReader } from '../../../src/brick/byte-io.ts'
import { FrameType } from '../../../src/brick/frame.ts'
import { type LeafItem, maps, parsePage } from '../../../src/brick/page.ts'
import { annotated, type Part, table } from './annotate.ts'
import { recordFields } from './damage.ts'
import { frameOf, framesOf } from './examples-brick.ts'
import { goodBrick, makeGood } from './good-bricks.ts'

const mappingTag = 26
/** Address 8, letters 4, file offset, dev, ino 8 each; the lead of a stack has several bytes. */
const fixedBytes = 8 + 1 + 4 + 3 * 8

export function meaningExamples(): string[] {
  const frames = framesOf(makeGood(goodBrick('memory')))
  const entries = leafItems(frameOf(frames, FrameType.pages, 0).payload, 'entries')
  const regions = leafItems(frameOf(frames, FrameType.pages, 2).payload, 'regions')
  return [
    '### 7.1 Field 26 of the stack',
    mapping(entries),
    '### 7.2 The keys of REGIONS',
    keys(regions),
    '### 7.3 A region that is a finding',
    finding(regions),
  ]
}

function leafItems(payload: Uint8Array, map: 'entries' | 'regions'): readonly Extract<LeafItem, { kind: 'inline' }>[] {
  const page = parsePage(payload, { map: maps[map], offset: 0 })
  if (page.kind !== 'leaf') throw new Error('the map has index pages')
  return page.items.filter((item) => item.kind === 'inline')
}

function mapping(entries: ReturnType<typeof leafItems>): string {
  const stack = entries.map(({ value }) => recordFields(value).find(({ tag }) => tag === mappingTag)?.value)
  const name = '[stack]'
  const value = stack.find((field) => field !== undefined && Buffer.from(field).includes(name))
  if (value === undefined) throw new Error('there is no stack')
  const leadBytes = value.length - fixedBytes - name.length
  return annotated(value, [
    [8, 'address', '00007ffe10000000, of byte 0 of the content'],
    [leadBytes, 'lead', '32,768: eight pages of room; the stack itself begins at 7ffe10008000'],
    [1, 'unread', '0: it has content'],
    [4, 'letters', '`rw-p`'],
    [8, 'file offset', '0'],
    [8, 'dev', '0: no file'],
    [8, 'ino', '0'],
    [name.length, 'name', `\`${name}\``],
  ])
}

function keys(regions: ReturnType<typeof leafItems>): string {
  const rows = regions.map(({ key, value }) => {
    const view = new DataView(key.buffer, key.byteOffset)
    const fields = new Map(recordFields(value).map((field) => [field.tag, field.value]))
    const length = new ByteReader(fields.get(1) ?? new Uint8Array(0), 'regions').varint()
    return [
      `\`${Buffer.from(key).toString('hex')}\``,
      String(length),
      String(view.getUint8(0)),
      String(view.getBigUint64(1)),
      String(view.getUint8(9)),
      String(view.getUint16(10)),
      utf8Text(fields.get(4) ?? new Uint8Array(0)) ?? '',
    ]
  })
  const head = ['key', 'length', 'size class', 'start', 'layer', 'ordinal', 'name']
  return `${table(head, rows)}\n\nWhat the byte at position 70 lies in: of class 0 all that begins after 70 - 256 and up to 70, of class 1 after 70 - 4,096, and so on; the two symbols and the section.`
}

function finding(regions: ReturnType<typeof leafItems>): string {
  const all = regions.map(({ value }) => value)
  const record = all.find((value) => recordFields(value).some(({ tag }) => tag === 7))
  if (record === undefined) throw new Error('there is no finding')
  const says = new Map([
    [1, '163,840'],
    [2, 'what it is'],
    [4, ''],
    [5, 'keys sorted, no space'],
    [6, 'medium'],
    [7, ''],
    [8, 'two texts, each with its length before it'],
    [9, 'deterministic'],
    [10, '950 thousandths'],
  ])
  const names = ['', 'length', 'class', 'flags', 'name', 'attributes', 'severity', 'rule', 'evidence', 'origin']
  const parts = recordFields(record).flatMap(({ tag, value }): Part[] => {
    const text = [2, 4, 5, 7].includes(tag) ? `\`${utf8Text(value)}\`` : ''
    const lengthBytes = value.length < 128 ? 1 : 2
    return [
      [1 + lengthBytes, 'tag, length', `${tag}, ${value.length}`],
      [value.length, names[tag] ?? 'confidence', [says.get(tag) ?? '', text].filter((part) => part !== '').join(' ')],
    ]
  })
  return annotated(record, parts)
}
