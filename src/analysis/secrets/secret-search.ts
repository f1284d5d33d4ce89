/**
 * One pass over a content for everything in the form of a secret, window by window, in bounds.
 *
 * The same secret is told once, where it is first, with how often it is there. Of each rule a bounded number of different
 * secrets is kept, so that many of one kind hide no other; private keys are looked for whatever else there is.
 */
import { regionLayers } from '../../base/region.ts'
import type { Report } from '../analyzer.ts'
import type { Content, Subject } from '../subject.ts'
import { keyBytesMax, keyForms } from './key-forms.ts'
import { KeywordScan } from './keyword-scan.ts'
import { maskSecret } from './mask.ts'
import { entropyOf, isLiteral, isPlaceholder, isReference, isTemplate } from './plausible.ts'
import { derBytesMax, derKey, type PrivateKey } from './private-key.ts'
import { type SecretRule, secretRules } from './rules.ts'
import { type SecretAttributes, secretClass } from './secret-region.ts'

/** Around a keyword, in bytes: a setting's name, a URL's beginning, a marker line before it. */
export const searchBehind = 128
/** The longest key after it. */
export const searchAhead = keyBytesMax + searchBehind
/** The longest token after it. */
const tokenAhead = 2_048
/** Of one content; more tell nothing more. */
const candidatesMax = 200_000
/** Different secrets of one rule. */
const valuesMax = 50
/** Of all rules: the same secret again and again. */
const placesMax = 20_000
/** Further places of a secret that are told. */
const alsoMax = 4

/** Indexes of rules by keyword, and keywords of them all; the last ones are those of private keys. */
const keywords = [...new Set(secretRules.flatMap((rule) => rule.keywords))]
const rulesByKeyword = keywords.map((word) => secretRules.filter((rule) => rule.keywords.includes(word)))
const scan = new KeywordScan([...keywords, ...keyForms.map(({ keyword }) => keyword)])

export interface Window {
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
  /** The secret itself: what makes two of them the same. */
  readonly value: string
  readonly attributes: SecretAttributes
}

/** What kind of text the rules are asked about. */
type Form = 'settings' | 'source' | 'binary'

export class SecretSearch {
  readonly #report: Report
  readonly #form: Form
  readonly #isBigEndian: boolean
  /** By rule: up to where it has looked. */
  readonly #searched = new Map<SecretRule, number>()
  /** By offset: of two forms that fit, the surer one. */
  readonly #found = new Map<number, Found>()
  /** By kind: the different secrets. */
  readonly #values = new Map<string, Set<string>>()
  readonly #full = new Set<string>()
  #candidates = 0
  #keysUntil = 0
  /** Line `number` holds byte `at` of the content. */
  #line = { at: 0, number: 1 }

  constructor(subject: Subject, report: Report) {
    this.#report = report
    this.#form = formOf(subject)
    this.#isBigEndian = subject.type.encoding === 'utf-16be'
  }

  /** A content that is one key, without armour. */
  whole(content: Content): void {
    if (content.size > derBytesMax || this.#form !== 'binary') return
    const key = derKey(content.read(0, content.size))
    if (key !== undefined) this.#addKey(key, { offset: 0, masked: 'DER', value: 'whole' })
  }

  window(window: Window): void {
    const { start, from, until } = window
    scan.scan(window.bytes, ({ at, keyword }) => {
      if (start + at < from) return undefined
      if (start + at >= until) return 'stop'
      if (keyword >= keywords.length) this.#key(window, { at, form: keyword - keywords.length })
      else if (this.#candidates < candidatesMax) {
        this.#candidates++
        for (const rule of rulesByKeyword[keyword] as SecretRule[]) this.#rule(rule, window, at)
      }
      return undefined
    })
    this.#lineOf(window, until)
  }

  tell(): void {
    for (const { offset, length, name, attributes } of this.#joined()) {
      const place = { offset, length, layer: regionLayers.finding - 1 }
      this.#report.region({ ...place, class: secretClass, name, attributes: { ...attributes } })
    }
    for (const kind of this.#full) {
      this.#report.problem(`more than ${valuesMax} different ${kind} in one file: too much looks like a secret`)
    }
    if (this.#candidates >= candidatesMax || this.#found.size >= placesMax) {
      this.#report.problem('too much looks like a secret: from there on only private keys were looked for')
    }
  }

  /** One of each secret: where it is first. */
  #joined(): Iterable<Found> {
    const joined = new Map<string, Found>()
    for (const found of [...this.#found.values()].sort((a, b) => a.offset - b.offset)) {
      const { attributes, offset, value } = found
      const key = `${attributes.kind} ${value}`
      const known = joined.get(key)
      if (known === undefined) {
        joined.set(key, found)
        continue
      }
      const { count = 1, also = [] } = known.attributes
      const more = also.length < alsoMax ? [...also, attributes.line ?? offset] : also
      joined.set(key, { ...known, attributes: { ...known.attributes, count: count + 1, also: more } })
    }
    return joined.values()
  }

  #rule(rule: SecretRule, window: Window, at: number): void {
    const { start, bytes } = window
    if (!isLookedFor(rule, this.#form) || start + at < (this.#searched.get(rule) ?? 0)) return
    const from = Math.max(0, at - searchBehind)
    const text = latin1(bytes.subarray(from, at + tokenAhead))
    this.#searched.set(rule, start + at + 1)
    for (const match of text.matchAll(rule.pattern)) {
      // What touches the end of the piece may go on behind it: a later keyword sees it whole, or nothing does.
      if (match.index + match[0].length === text.length && from + text.length < bytes.length) continue
      const secret = match.groups?.['secret'] ?? match[0]
      if (!isPlausible(rule, secret, this.#form)) continue
      const offset = start + from + match.index + match[0].lastIndexOf(secret)
      const { id: kind, title, confidence } = rule
      const masked = maskSecret(secret)
      const attributes = { kind, masked, confidence, ...this.#lineOf(window, offset) }
      this.#add({ offset, length: secret.length, name: `${title} ${masked}`, value: secret, attributes })
    }
  }

  /** `at`: of what tells that there may be a key of that form. */
  #key(window: Window, { at, form }: { readonly at: number; readonly form: number }): void {
    const key = keyForms[form]?.read(window.bytes, at)
    if (key === undefined) return
    const offset = window.start + key.begin - (this.#isBigEndian && form === 1 ? 1 : 0)
    if (offset < this.#keysUntil) return
    this.#keysUntil = offset + key.length
    this.#addKey(key, { offset, masked: '-----BEGIN', value: key.text, ...this.#lineOf(window, offset) })
  }

  #addKey(
    { form, isEncrypted, length }: PrivateKey,
    { offset, masked, value, line }: { offset: number; masked: string; value: string; line?: number },
  ): void {
    this.#add({
      ...{ offset, length, value, name: `${isEncrypted ? 'Encrypted private key' : 'Private key'} (${form})` },
      attributes: {
        ...{ kind: 'private-key', masked: `${masked}… (${length} characters)`, confidence: 0.99 },
        ...{ form, encrypted: isEncrypted, ...(line !== undefined && { line }) },
      },
    })
  }

  #add(found: Found): void {
    const { kind, confidence } = found.attributes
    const known = this.#found.get(found.offset)
    if (known !== undefined && known.attributes.confidence >= confidence) return
    const values = this.#values.get(kind) ?? new Set()
    if (!values.has(found.value)) {
      if (values.size >= valuesMax) {
        this.#full.add(kind)
        return
      }
      this.#values.set(kind, values.add(found.value))
    } else if (this.#found.size >= placesMax) return
    this.#found.set(found.offset, found)
  }

  /** Moves on to the line of a byte of the content; a byte before the last one asked for may be in an earlier line by then. */
  #lineOf({ start, bytes }: Window, offset: number): { line?: number } {
    if (this.#form === 'binary') return {}
    const { at, number } = this.#line
    const isBack = offset < at
    const passed = isBack ? bytes.subarray(offset - start, at - start) : bytes.subarray(at - start, offset - start)
    this.#line = { at: offset, number: number + (isBack ? -1 : 1) * lineEnds(passed) }
    return { line: this.#line.number }
  }
}

function formOf({ type, nameClass }: Subject): Form {
  if (type.kind !== 'text' && type.kind !== 'script') return 'binary'
  if (nameClass === 'c-source' || nameClass === 'source') return 'source'
  return sourceTypes.test(type.mimeType) ? 'source' : 'settings'
}

/** What a text shows itself, whatever it is called. Scripts of a shell are settings as much as code. */
const sourceTypes = /^(?:text\/x-(?!shellscript|diff)|application\/javascript)/

function isLookedFor({ where }: SecretRule, form: Form): boolean {
  return where === 'everywhere' || form === 'settings' || (where === 'text' && form === 'source')
}

const loose: ReadonlySet<string> = new Set(['password-setting', 'password-in-url', 'password-in-command'])

function isPlausible({ id, entropyMin }: SecretRule, secret: string, form: Form): boolean {
  if (isPlaceholder(secret) || entropyOf(secret) < entropyMin) return false
  if (!loose.has(id)) return true
  return !isReference(secret) && !isTemplate(secret) && (form !== 'source' || isLiteral(secret))
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
