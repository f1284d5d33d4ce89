/**
 * What every analyzer must keep to, whatever it looks at, as sentences of what it did not keep to.
 *
 * A content analyzer: does not throw; says the same twice; says nothing outside the content; leaves
 * the bytes as they are; does not rely on bytes that it was lent before; gives values that can be kept as JSON; and each
 * finding has a rule, evidence, a confidence, and where it is deterministic a check by a public tool. The same for entry
 * analyzers, as far as it means something for them.
 */
import assert from 'node:assert/strict'
import { utf8 } from '../../base/bytes.ts'
import type { Finding, Region } from '../../base/region.ts'
import type { ContentAnalyzer, EntryAnalyzer, EntrySubject, Report } from '../analyzer.ts'
import { fileTypeOf } from '../bytes/file-type.ts'
import type { FileType } from '../file-type.ts'
import { openBytes } from '../live-content.ts'
import { HeldContent, makeSubject } from '../make-subject.ts'
import type { Content, Subject } from '../subject.ts'
import type { CorpusItem } from './corpus.ts'
import { plainMeta } from './plain-meta.ts'

/** Empty where it kept to everything. Await `prepare` before. */
export async function contentProblems(analyzer: ContentAnalyzer, item: CorpusItem): Promise<string[]> {
  const problems = new Set<string>()
  const said: string[] = []
  for (const lending of ['whole', 'whole', 'windows'] as const) {
    const bytes = item.bytes.slice()
    const place = said.length === 1 ? elsewhere(item) : item
    const subject = await subjectOf(place, bytes, lending)
    const recorder = record(bytes.length, problems)
    try {
      if (analyzer.takes(subject)) analyzer.analyze(subject, recorder.report)
    } catch (error) {
      problems.add(`it threw where ${lending} bytes were lent: ${String((error as Error).stack ?? error)}`)
    }
    const held = lending === 'whole' ? subject.whole() : bytes
    if (held === undefined || !sameBytes(held, item.bytes)) problems.add('it changed the bytes')
    if (lending === 'whole') said.push(JSON.stringify(recorder.said))
  }
  if (said[0] !== said[1]) problems.add('it said something else the second time, of the same bytes at another path')
  return [...problems].map((problem) => `${analyzer.name}, ${item.name}: ${problem}`)
}

/** What is said of a content is kept for all places of the same kind, and for all owners and modes. */
function elsewhere({ name, path, bytes }: CorpusItem): CorpusItem {
  return { name, path: `/another/place${path}`, bytes }
}

/** The same of an analyzer of entries. */
export function entryProblems(analyzer: EntryAnalyzer, subject: EntrySubject, name: string): string[] {
  const problems = new Set<string>()
  const said: string[] = []
  for (let round = 0; round < 2; round++) {
    const recorder = record(subject.meta.kind === 'file' ? subject.meta.size : 0, problems)
    try {
      analyzer.analyze(subject, recorder.report)
    } catch (error) {
      problems.add(`it threw: ${String((error as Error).stack ?? error)}`)
    }
    said.push(JSON.stringify(recorder.said))
  }
  if (said[0] !== said[1]) problems.add('it said something else the second time')
  return [...problems].map((problem) => `${analyzer.name}, ${name}: ${problem}`)
}

/** `windows`: as of a content that is too long to be given in one piece; what was lent before is overwritten. */
async function subjectOf(item: CorpusItem, bytes: Uint8Array, lending: 'whole' | 'windows'): Promise<Subject> {
  const { path } = item
  const raw = openBytes(bytes)
  const content = new HeldContent(raw)
  const type = await typeOf(item, content)
  const isElsewhere = path.startsWith('/another/')
  const owner = isElsewhere ? { uid: 1_234, gid: 1_234, userName: 'other', mode: 0o6777, ino: 2n } : {}
  const meta = plainMeta(path.slice(1), { size: bytes.length, ...owner })
  const subject = makeSubject({ path: utf8(path), meta, content, type })
  if (lending === 'whole') return subject
  const lent = new LentContent(bytes)
  const windows = makeSubject({ path: utf8(path), meta, content: lent as unknown as HeldContent, type })
  return { ...windows, whole: () => undefined, missing: [] }
}

const types = new WeakMap<CorpusItem, FileType>()

/** Recognised once: every analyzer sees every item. */
async function typeOf(item: CorpusItem, content: Content): Promise<FileType> {
  const type = types.get(item) ?? (await fileTypeOf(content))
  types.set(item, type)
  return type
}

class LentContent implements Content {
  readonly size: number
  readonly #bytes: Uint8Array
  #lent = new Uint8Array(0)

  constructor(bytes: Uint8Array) {
    this.size = bytes.length
    this.#bytes = bytes
  }

  read(offset: number, length: number): Uint8Array {
    assert.ok(Number.isSafeInteger(offset) && offset >= 0, `it read at ${offset}`)
    assert.ok(Number.isSafeInteger(length) && length >= 0, `it read ${length} bytes`)
    this.#lent.fill(0xa5)
    this.#lent = this.#bytes.slice(offset, offset + length)
    return this.#lent
  }
}

interface Recorder {
  readonly report: Report
  readonly said: unknown[]
}

function record(size: number, problems: Set<string>): Recorder {
  const said: unknown[] = []
  const report: Report = {
    region(region) {
      said.push(region)
      regionProblems(region, size, problems)
      if (region.class === 'finding') problems.add('a region of the class finding is none')
      if (!/^[a-z][a-z0-9-]*$/.test(region.class)) problems.add(`the class ${region.class} is no lower-case word`)
    },
    finding(place, finding) {
      said.push(place, finding)
      regionProblems({ ...place, layer: 128 }, size, problems)
      if ([...place.name].length > 80) problems.add(`the title ${place.name} is longer than 80 characters`)
      findingProblems(finding, problems)
    },
    problem(text) {
      said.push(text)
      if (text === '') problems.add('a problem without words')
      if (/[\p{Cc}]/u.test(text)) problems.add(`the problem ${JSON.stringify(text)} has control characters`)
    },
  }
  return { report, said }
}

type Placed = Pick<Region, 'offset' | 'length' | 'layer' | 'name' | 'attributes'>

function regionProblems(
  { offset, length, layer, name, attributes }: Placed,
  size: number,
  problems: Set<string>,
): void {
  const where = `region ${JSON.stringify(name.slice(0, 40))} at ${offset} + ${length}`
  const isInside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
  if (!isInside || offset + length > size) problems.add(`${where} lies outside ${size} bytes`)
  if (!Number.isInteger(layer) || layer < 0 || layer > 255) problems.add(`${where} has the layer ${layer}`)
  if (attributes === undefined) return
  if (Object.keys(attributes).length === 0) problems.add(`${where} has empty attributes`)
  if (!isKept(attributes)) problems.add(`${where} has attributes that JSON does not keep`)
}

function findingProblems(
  { rule, evidence, confidence, check, origin = 'deterministic', weakness }: Omit<Finding, 'origin'> & Partial<Finding>,
  problems: Set<string>,
): void {
  if (!/^[a-z0-9][a-z0-9./-]*$/.test(rule)) problems.add(`the rule ${rule} is no stable name`)
  if (evidence.length === 0 || evidence.some((text) => text === '')) problems.add(`${rule} has no evidence`)
  if (!(confidence >= 0 && confidence <= 1)) problems.add(`${rule} has the confidence ${confidence}`)
  if (origin === 'deterministic' && check === undefined) problems.add(`${rule} has no check`)
  if (check !== undefined && (check === '' || /[\r\n]/.test(check)))
    problems.add(`the check of ${rule} is not one line`)
  if (check?.includes('FILE') === false) problems.add(`the check of ${rule} names no FILE`)
  if (weakness !== undefined && !/^CWE-[0-9]+$/.test(weakness)) problems.add(`${rule}: ${weakness} is no CWE number`)
}

function isKept(value: unknown): boolean {
  try {
    assert.deepEqual(JSON.parse(JSON.stringify(value)), value)
    return true
  } catch {
    return false
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
