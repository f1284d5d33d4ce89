/**
 * Finds what looks like a secret: tokens of a known form, passwords in settings, private keys.
 *
 * It says where one is, of what kind, and never what it is: names and attributes hold it masked. Whether one is a finding
 * depends on who may read the file, which the bytes do not say: exposure.ts decides. Regions of class `secret`.
 */
import { regionLayers } from '../../base/region.ts'
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import type { Subject } from '../subject.ts'
import { KeywordScan } from './keyword-scan.ts'
import { maskSecret } from './mask.ts'
import { entropyOf, isPlaceholder, isReference } from './plausible.ts'
import { armourBytesMax, privateKeyAt, privateKeyKeyword } from './private-key.ts'
import { type SecretRule, secretRules } from './rules.ts'

export const secretClass = 'secret'

/** Attributes of a region of class `secret`. */
export interface SecretAttributes {
  /** Id of the rule; `private-key` of keys. */
  readonly kind: string
  readonly masked: string
  /** 0 .. 1: that it is one. */
  readonly confidence: number
  /** Where its line begins, as `grep -n` counts; absent in binary files. */
  readonly line?: number
  /** Of private keys. */
  readonly form?: string
  readonly encrypted?: boolean
}

export const secrets: ContentAnalyzer = {
  name: 'secrets',
  version: 2,
  takes: ({ content, type }) => content.size >= contentBytesMin && !opaque.has(type.kind),
  analyze(subject, report) {
    const { content } = subject
    const search = new SecretSearch(subject, report)
    const end = Math.min(content.size, contentBytesMax)
    for (let at = 0; at < end; at += windowBytes) {
      const start = Math.max(0, at - before)
      const bytes = content.read(start, at - start + windowBytes + armourBytesMax + before)
      search.window({ start, bytes, from: at, until: Math.min(end, at + windowBytes) })
    }
    if (content.size > end) report.problem(`read up to ${end} of ${content.size} bytes`)
    search.tell()
  },
}

const contentBytesMin = 16
const contentBytesMax = 2 ** 30
const windowBytes = 8 * 2 ** 20
/** What is packed or drawn holds no text. */
const opaque: ReadonlySet<string> = new Set(['empty', 'archive', 'compressed', 'image', 'audio'])
/** Around a keyword, in bytes: a setting's name, a URL's beginning, a marker line before it; the longest token after it. */
const before = 128
const after = 1_280
/** Of one content; more tell nothing more. */
const candidatesMax = 200_000
const secretsMax = 200

/** Indexes of rules by keyword, and keywords of them all; the last one is that of private keys. */
const keywords = [...new Set(secretRules.flatMap((rule) => rule.keywords))]
const rulesByKeyword = keywords.map((word) => secretRules.filter((rule) => rule.keywords.includes(word)))
const scan = new KeywordScan([...keywords, privateKeyKeyword])
const privateKey = keywords.length

interface Window {
  /** Of the content: where `bytes` begin. */
  readonly start: number
  readonly bytes: Uint8Array
  /** Of the content: keywords that begin there are looked at. */
  readonly from: number
  readonly until: number
}

interface Found {
  readonly offset: number
  readonly length: number
  readonly name: string
  readonly attributes: SecretAttributes
}

class SecretSearch {
  readonly #report: Report
  readonly #isText: boolean
  /** By rule: up to where it has looked. */
  readonly #searched = new Map<SecretRule, number>()
  /** By offset: of two forms that fit, the surer one. */
  readonly #found = new Map<number, Found>()
  #candidates = 0
  #keysUntil = 0
  /** Line `number` holds byte `at` of the content. */
  #line = { at: 0, number: 1 }

  constructor({ type, nameClass }: Subject, report: Report) {
    this.#report = report
    this.#isText = type.kind === 'text' && nameClass !== 'c-source'
  }

  window(window: Window): void {
    const { start, bytes, from, until } = window
    if (this.#isFull) return
    scan.scan(bytes, ({ at, keyword }) => {
      if (start + at < from) return undefined
      if (start + at >= until) return 'stop'
      this.#candidates++
      if (keyword === privateKey) this.#key(window, at)
      else for (const rule of rulesByKeyword[keyword] as SecretRule[]) this.#rule(rule, window, at)
      if (!this.#isFull) return undefined
      this.#report.problem(`stopped at byte ${start + at}: too much looks like a secret`)
      return 'stop'
    })
    this.#lineOf(window, until)
  }

  tell(): void {
    const found = [...this.#found.values()].sort((a, b) => a.offset - b.offset)
    for (const { offset, length, name, attributes } of found) {
      const place = { offset, length, layer: regionLayers.finding - 1 }
      this.#report.region({ ...place, class: secretClass, name, attributes: { ...attributes } })
    }
  }

  get #isFull(): boolean {
    return this.#candidates >= candidatesMax || this.#found.size >= secretsMax
  }

  #rule(rule: SecretRule, window: Window, at: number): void {
    const { start, bytes } = window
    if (rule.where === 'text' && !this.#isText) return
    if (start + at < (this.#searched.get(rule) ?? 0)) return
    const from = Math.max(0, at - before)
    const text = latin1(bytes.subarray(from, at + after))
    this.#searched.set(rule, start + at + 1)
    for (const match of text.matchAll(rule.pattern)) {
      const secret = match.groups?.['secret'] ?? match[0]
      if (!isPlausible(rule, secret)) continue
      const offset = start + from + match.index + match[0].lastIndexOf(secret)
      const { id: kind, title, confidence } = rule
      const masked = maskSecret(secret)
      const attributes = { kind, masked, confidence, ...this.#lineOf(window, offset) }
      this.#add({ offset, length: secret.length, name: `${title} ${masked}`, attributes })
    }
  }

  /** `at`: of the words in the marker line, which begins a little before. */
  #key(window: Window, at: number): void {
    const { start, bytes } = window
    const lineFrom = Math.max(0, at - markerBytesMax)
    const dashes = latin1(bytes.subarray(lineFrom, at)).lastIndexOf('-----BEGIN ')
    const begin = lineFrom + dashes
    const offset = start + begin
    if (dashes < 0 || offset < this.#keysUntil) return
    const key = privateKeyAt(latin1(bytes.subarray(begin, begin + armourBytesMax + markerBytesMax)))
    if (key === undefined) return
    const { form, isEncrypted, length } = key
    this.#keysUntil = offset + length
    this.#add({
      ...{ offset, length, name: `${isEncrypted ? 'Encrypted private key' : 'Private key'} (${form})` },
      attributes: {
        ...{ kind: 'private-key', masked: `-----BEGIN… (${length} characters)`, confidence: 0.99 },
        ...{ form, encrypted: isEncrypted },
        ...this.#lineOf(window, offset),
      },
    })
  }

  #add(found: Found): void {
    const known = this.#found.get(found.offset)
    if (known === undefined || known.attributes.confidence < found.attributes.confidence) {
      this.#found.set(found.offset, found)
    }
  }

  /** Moves on to the line of a byte of the content; a byte before the last one asked for may be in an earlier line by then. */
  #lineOf({ start, bytes }: Window, offset: number): { line?: number } {
    if (!this.#isText) return {}
    const { at, number } = this.#line
    const isBack = offset < at
    const passed = isBack ? bytes.subarray(offset - start, at - start) : bytes.subarray(at - start, offset - start)
    this.#line = { at: offset, number: number + (isBack ? -1 : 1) * lineEnds(passed) }
    return { line: this.#line.number }
  }
}

/** `-----BEGIN ENCRYPTED ` is the longest that comes before the words. */
const markerBytesMax = 64

function isPlausible(rule: SecretRule, secret: string): boolean {
  if (isPlaceholder(secret) || entropyOf(secret) < rule.entropyMin) return false
  const isLoose = rule.id === 'password-setting' || rule.id === 'password-in-url'
  return !isLoose || !isReference(secret)
}

function lineEnds(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) count++
  return count
}

const lineFeed = 0x0a

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
