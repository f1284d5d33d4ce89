/**
 * Text that talks to AI tools instead of people: an attempt to steer whoever has a model read this.
 *
 * Four families of phrases. It is only ever pointed at, never followed, and nothing that it says lowers a severity. In a
 * program it has no honest purpose (none in 1,693 Debian binaries); in documents it may be what the document is about.
 */
import type { Severity } from '../../base/region.ts'
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import { visibleBytes, visibleText } from '../bytes/hidden-characters.ts'
import { KeywordScan } from '../secrets/keyword-scan.ts'
import type { Subject } from '../subject.ts'
import { shownText } from './shown-text.ts'

export const injection: ContentAnalyzer = {
  name: 'injection',
  version: 3,
  takes: ({ content, type }) => content.size >= contentBytesMin && !opaque.has(type.kind),
  analyze(subject, report) {
    const { content } = subject
    const end = Math.min(content.size, contentBytesMax)
    const found: Found[] = []
    const scan = scanFor(subject)
    for (let at = 0; at < end && found.length < foundMax; at += windowBytes) {
      const start = Math.max(0, at - phraseBytesMax)
      const bytes = content.read(start, at - start + windowBytes + phraseBytesMax)
      const window = { start, bytes, from: at, until: Math.min(end, at + windowBytes) }
      search(scan, window, found)
      searchHidden(window, found)
    }
    if (content.size > end) report.problem(`read up to ${end} of ${content.size} bytes`)
    tell(subject, found, report)
  },
}

/** Whether a text (a name of a symbol, of a section) talks to AI tools; for those who hand texts to a model. */
export function isAddressedToModels(text: string): boolean {
  const visible = visibleText(text)
  return families.some(({ pattern }) => new RegExp(pattern.source, 'i').test(visible))
}

type FamilyName = 'override' | 'chat-template' | 'role' | 'verdict'

interface Family {
  readonly name: FamilyName
  readonly title: string
  /** Each of its phrases begins with one of them. */
  readonly keywords: readonly string[]
  /** Sticky. */
  readonly pattern: RegExp
}

const gap = '[\\s"\'`*_,:.-]{1,6}'
const models = '(?:ai|a\\.i\\.|artificial intelligence|llm|large language model|language model|chatbot|gpt|assistant)'

const families: readonly Family[] = [
  {
    name: 'override',
    title: 'Text that tells a reader to forget its instructions',
    keywords: ['ignore', 'disregard', 'forget', 'override'],
    pattern: pattern(
      `\\b(?:ignore|disregard|forget|override)${gap}(?:(?:all|any|every|the|your|of|these|those|my)${gap}){0,4}` +
        `(?:previous|prior|above|preceding|earlier|foregoing|system|original)${gap}` +
        '(?:instructions?|prompts?|directions?|directives?|context|messages?|rules|guidelines)\\b',
    ),
  },
  {
    name: 'chat-template',
    title: 'Control marks of a chat template',
    keywords: [
      '<|im_start|>',
      '<|im_end|>',
      '<|endoftext|>',
      '<|eot_id|>',
      '<|start_header_id|>',
      '<|end_header_id|>',
      '[/INST]',
      '<<SYS>>',
      '<start_of_turn>',
    ],
    pattern: pattern(
      '<\\|(?:im_start|im_end|endoftext|eot_id|start_header_id|end_header_id)\\|>|\\[/INST\\]|<<SYS>>|<start_of_turn>',
    ),
  },
  {
    name: 'role',
    title: 'Text that addresses an AI',
    keywords: ['you are', 'if you are', 'attention ', 'dear ', 'note to', 'instructions for'],
    pattern: pattern(
      `\\b(?:you${gap}are${gap}(?:now${gap})?(?:an?${gap}|the${gap})?(?:helpful${gap}|large${gap})?${models}\\b|` +
        `if${gap}you${gap}are${gap}(?:an?${gap}|the${gap})${models}\\b|` +
        `(?:attention|dear|note${gap}to|instructions${gap}for)${gap}(?:all${gap}|any${gap}|the${gap})?${models}s?\\b)`,
    ),
  },
  {
    name: 'verdict',
    title: 'Text that dictates a verdict',
    keywords: [
      'classify',
      'report th',
      'report it',
      'mark th',
      'mark it',
      'label th',
      'label it',
      'describe th',
      'flag th',
      'flag it',
      'treat th',
      'treat it',
      'this file is',
      'this binary is',
      'this program is',
      'this code is',
      'this sample is',
      'respond with',
      'respond only',
      'answer with',
      'answer only',
      'reply with',
      'reply only',
    ],
    pattern: pattern(
      `\\b(?:(?:classify|report|mark|label|describe|flag|treat)${gap}(?:this|it|the)${gap}(?:(?:file|binary|program|code|sample|function|region)${gap}){0,2}` +
        `as${gap}(?:an?${gap})?(?:benign|safe|clean|harmless|trusted|legitimate|not malicious)\\b|` +
        `this${gap}(?:file|binary|program|code|sample)${gap}is${gap}(?:completely${gap}|entirely${gap}|known${gap}|100%${gap})?(?:benign|harmless|not malicious|no malware)\\b|` +
        `(?:respond|answer|reply)${gap}(?:only${gap})?with${gap}(?:only${gap})?(?:the${gap})?(?:word${gap}|verdict${gap})?(?:"|'|\`)?(?:no malware|benign|safe|clean|harmless)\\b)`,
    ),
  },
]

const contentBytesMin = 8
const contentBytesMax = 256 * 2 ** 20
const windowBytes = 8 * 2 ** 20
/** From its keyword on, in bytes; in two-byte text half as many characters. */
const phraseBytesMax = 512
const foundMax = 64
const opaque: ReadonlySet<string> = new Set(['empty', 'archive', 'compressed', 'image', 'audio'])

type Encoding = 'latin1' | 'utf16le'

interface Mark {
  readonly family: Family
  readonly encoding: Encoding
  /** As the bytes have it, one character a byte. */
  readonly text: string
}

const plainMarks = families.flatMap((family) =>
  family.keywords.map((text): Mark => ({ family, encoding: 'latin1', text })),
)
const wideMarks = plainMarks.map(
  ({ family, text }): Mark => ({ family, encoding: 'utf16le', text: [...text].map((one) => `${one}\0`).join('') }),
)
const marks = [...plainMarks, ...wideMarks]
const plainScan = new KeywordScan(plainMarks.map(({ text }) => text))
/** The same indexes, and more after them. */
const fullScan = new KeywordScan(marks.map(({ text }) => text))

/** Text of one byte a character holds none of two. */
function scanFor({ type: { encoding } }: Subject): KeywordScan {
  return encoding === 'ascii' || encoding === 'utf-8' || encoding === 'latin-1' ? plainScan : fullScan
}

interface Found {
  readonly offset: number
  readonly length: number
  readonly family: Family
  readonly text: string
  readonly encoding: Encoding
  /** So many characters that nobody sees are in it. */
  readonly invisible?: number
}

interface Window {
  readonly start: number
  readonly bytes: Uint8Array
  readonly from: number
  readonly until: number
}

function search(scan: KeywordScan, { start, bytes, from, until }: Window, found: Found[]): void {
  scan.scan(bytes, ({ at, keyword }) => {
    const offset = start + at
    if (offset < from) return undefined
    if (offset >= until || found.length >= foundMax) return 'stop'
    const { family, encoding } = marks[keyword] as Mark
    const isInside = (one: Found): boolean => one.offset <= offset && offset < one.offset + one.length
    if (found.some((one) => one.family === family && isInside(one))) return undefined
    const width = encoding === 'latin1' ? 1 : 2
    // A phrase begins with its keyword; one more character shows whether that begins a word.
    const first = at >= width ? at - width : at
    const piece = bytes.subarray(first, at + phraseBytesMax)
    const text = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString(encoding)
    family.pattern.lastIndex = (at - first) / width
    const match = family.pattern.exec(text)
    if (match !== null) found.push({ offset, length: match[0].length * width, family, text: match[0], encoding })
    return undefined
  })
}

/** What can be read only without the characters that nobody sees, or in their place. */
function searchHidden({ start, bytes, from, until }: Window, found: Found[]): void {
  const visible = visibleBytes(bytes)
  if (visible === undefined) return
  const { places } = visible
  const placeOf = (at: number): number => start + (places[at] as number)
  const more: Found[] = []
  search(plainScan, { start: 0, bytes: visible.bytes, from: 0, until: visible.bytes.length }, more)
  for (const { family, text, offset: at, length: count, encoding } of more) {
    const offset = placeOf(at)
    const length = placeOf(at + count) - offset
    const invisible = visible.invisible(at, at + count)
    if (invisible === 0 || offset < from || offset >= until || found.length >= foundMax) continue
    found.push({ offset, length, family, text, encoding, invisible })
  }
}

/** One finding a family: where it is first, and how often. */
function tell(subject: Subject, found: readonly Found[], report: Report): void {
  const names = new Set(found.map(({ family }) => family.name))
  for (const family of families) {
    const all = found.filter((one) => one.family === family).sort((a, b) => a.offset - b.offset)
    const first = all[0]
    if (first === undefined) continue
    const { offset, length } = placeOf(subject, first)
    const { text, encoding } = first
    const hidden = all.find(({ invisible = 0 }) => invisible > 0)
    const severity = hidden === undefined ? severityOf(subject, family.name, names) : 'medium'
    const shown = shownText(text, 120)
    report.finding(
      { offset, length, name: family.title },
      {
        ...{ severity, rule: `injection-${family.name}`, origin: 'rule', confidence: names.size > 1 ? 0.9 : 0.7 },
        evidence: [
          `'${shown}' at byte ${offset}`,
          ...hiddenLine(hidden),
          ...(all.length > 1 ? [`${all.length} places in this file`] : []),
        ],
        check: `tail -c +${offset + 1} FILE | head -c ${Math.min(length, 200)} | ${first.invisible === undefined ? `strings -n 4${stringsForm(subject, encoding)}` : 'od -An -tx1z'}`,
        weakness: 'CWE-1427',
      },
    )
  }
}

function hiddenLine(hidden: Found | undefined): string[] {
  if (hidden === undefined) return []
  const { offset, invisible, text } = hidden
  return [
    `written with ${invisible} characters that nobody sees, at byte ${offset}: read without them it is '${shownText(text, 120)}'`,
  ]
}

/** Big-endian text is found from the second byte of its first character on: the first one belongs to it. */
function placeOf({ type }: Subject, { offset, length, encoding }: Found): { offset: number; length: number } {
  const isBig = encoding === 'utf16le' && type.encoding === 'utf-16be'
  return { offset: isBig ? offset - 1 : offset, length }
}

/** How strings(1) reads it. */
function stringsForm({ type }: Subject, encoding: Encoding): string {
  if (encoding === 'latin1') return ''
  return type.encoding === 'utf-16be' ? ' -eb' : ' -el'
}

function severityOf({ type }: Subject, family: FamilyName, names: ReadonlySet<FamilyName>): Severity {
  if (family === 'chat-template' && names.size === 1) return 'info'
  const isProgram = type.kind === 'elf' || type.kind === 'bytecode'
  if (isProgram) return 'medium'
  return names.size > 1 ? 'medium' : 'low'
}

function pattern(source: string): RegExp {
  return new RegExp(source, 'iy')
}
