/**
 * The text of a task file as plain values, each with its place. JSON and YAML 1.2 without anchors, aliases and tags.
 *
 * Hostile text costs no more than honest text: what is read is bounded in bytes, words and depth BEFORE the parser
 * builds anything (it takes minutes for 300,000 aliases, and aborts the whole process on 5,000 nested brackets).
 */
import {
  Composer,
  CST,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  type YAMLMap,
} from 'yaml'
import { utf8Text } from '../base/bytes.ts'
import type { Place, TaskError } from './condition.ts'
import { escapedText } from './escaped-text.ts'
import { jsonFault } from './json-fault.ts'

export const taskBytesMax = 2 ** 20
/** Words, spaces and line ends: a list of 1,000 patterns has 6,000. */
const lexemesMax = 50_000
const depthMax = 32

export type Syntax = 'json' | 'yaml'

/** Plain values as JSON knows them; of an object, a Map: no key of it can be mistaken for something inherited. */
export type Value = null | boolean | number | string | readonly Value[] | ReadonlyMap<string, Value>

export type Path = readonly (string | number)[]

export interface ReadDocument {
  readonly kind: 'read'
  readonly value: Value
  /** Of the value at `path`, or of its key; where there is none, of the nearest that holds it. */
  placeOf(path: Path, what: 'key' | 'value'): Place
}

export type DocumentResult = ReadDocument | { readonly kind: 'broken'; readonly errors: readonly TaskError[] }

export function readDocument(bytes: Uint8Array, syntax: Syntax): DocumentResult {
  try {
    return new Reading(textOf(bytes), syntax).run()
  } catch (error) {
    if (error instanceof Broken) return { kind: 'broken', errors: error.errors }
    throw error
  }
}

class Broken extends Error {
  readonly errors: readonly TaskError[]

  constructor(errors: readonly TaskError[]) {
    super('the text is no document')
    this.errors = errors
  }
}

class Reading {
  readonly #text: string
  readonly #syntax: Syntax
  readonly #lines = new LineCounter()
  readonly #places = new Map<string, { readonly key: number; readonly value: number }>()

  constructor(text: string, syntax: Syntax) {
    this.#text = text
    this.#syntax = syntax
  }

  run(): ReadDocument {
    for (let at = 0; at >= 0; at = this.#text.indexOf('\n', at) + 1 || -1) this.#lines.addNewLine(at)
    if (this.#text.trim() === '') {
      this.#fail(0, emptyText, taskWords)
    }
    if (this.#syntax === 'json') this.#checkJson()
    const value = this.#valueOf(this.#compose(), [])
    const places = this.#places
    const lines = this.#lines
    return {
      kind: 'read',
      value,
      placeOf(path, what) {
        for (let count = path.length; ; count--) {
          const known = places.get(pathKey(path.slice(0, count)))
          if (known !== undefined) return placeIn(lines, known[count === path.length ? what : 'value'])
          if (count === 0) return { line: 1, column: 1 }
        }
      },
    }
  }

  /** The strict half: YAML would let a trailing comma or a comment pass. */
  #checkJson(): void {
    try {
      JSON.parse(this.#text)
    } catch {
      const { offset, message } = jsonFault(this.#text) ?? { offset: 0, message: 'the text is none' }
      this.#fail(offset, `not JSON: ${message}`, 'JSON as in RFC 8259')
    }
  }

  #compose(): Node {
    try {
      return this.#composed()
    } catch (error) {
      if (error instanceof Broken) throw error
      // Whatever the parser stumbles over is the file's fault, and never the end of the daemon.
      this.#fail(0, `the parser gave up: ${firstLine(String(error))}`, 'a plain task')
    }
  }

  #composed(): Node {
    const tokens = this.#tokens()
    const composer = new Composer({ lineCounter: this.#lines, prettyErrors: false, uniqueKeys: false, version: '1.2' })
    const documents = [...composer.compose(tokens, true, this.#text.length)]
    const [document, second] = documents
    const wrong = [...(document?.errors ?? []), ...(document?.warnings ?? [])]
    if (wrong.length > 0) {
      throw new Broken(
        wrong
          .slice(0, errorsMax)
          .map(({ pos, message }) => this.#error(pos[0], firstLine(message), this.#yamlAt(pos[0]))),
      )
    }
    if (second !== undefined) this.#fail(second.range[0], 'a second document begins', 'one task a file')
    const contents = document?.contents
    if (!contents) this.#fail(0, emptyText, taskWords)
    return contents
  }

  /** Ends at the first word that no task needs, long before anything is built of it. */
  #tokens(): ReturnType<Parser['next']> {
    const parser = new Parser()
    const text = this.#text
    const refuse = this.#fail.bind(this)
    function* parse(): ReturnType<Parser['next']> {
      let count = 0
      let before = ''
      for (const lexeme of new Lexer().lex(text)) {
        if (++count > lexemesMax) refuse(parser.offset, 'the file is too long', `at most ${lexemesMax} words and signs`)
        // What follows a word of its own is a plain scalar, whatever it begins with.
        const refused = before === CST.SCALAR ? undefined : refusedLexeme(lexeme)
        if (refused !== undefined) refuse(parser.offset + refused.at, refused.message, refused.expected)
        before = lexeme
        yield* parser.next(lexeme)
        if (parser.stack.length > depthMax) refuse(parser.offset, 'nested too deeply', `at most ${depthMax} levels`)
      }
      yield* parser.end()
    }
    return parse()
  }

  #valueOf(node: unknown, path: Path): Value {
    if (isMap(node)) return this.#mapOf(node, path)
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const offset = offsetOf(item, offsetOf(node, 0))
        this.#places.set(pathKey([...path, index]), { key: offset, value: offset })
        return this.#valueOf(item, [...path, index])
      })
    }
    if (node === null) return null
    if (!isScalar(node)) this.#fail(offsetOf(node, 0), 'a value of an unknown kind', 'a plain value')
    const { value } = node
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
    if (typeof value === 'number') return value
    return String(value)
  }

  #mapOf(node: YAMLMap, path: Path): Value {
    const values = new Map<string, Value>()
    if (path.length === 0) this.#places.set(pathKey(path), { key: offsetOf(node, 0), value: offsetOf(node, 0) })
    for (const pair of node.items as Pair[]) {
      const keyAt = offsetOf(pair.key, offsetOf(node, 0))
      const key = isScalar(pair.key) ? pair.key.value : undefined
      if (typeof key !== 'string') this.#fail(keyAt, 'the name of a field is no text', 'a field such as task_id')
      if (key === '__proto__') this.#fail(keyAt, 'a field named __proto__', 'a field such as task_id')
      if (values.has(key))
        this.#fail(keyAt, `the field ${JSON.stringify(key.slice(0, 60))} is there twice`, 'each field once')
      this.#places.set(pathKey([...path, key]), { key: keyAt, value: offsetOf(pair.value, keyAt) })
      values.set(key, this.#valueOf(pair.value, [...path, key]))
    }
    return values
  }

  #fail(offset: number, message: string, expected: string): never {
    throw new Broken([this.#error(offset, message, expected)])
  }

  /** What is expected there: a value such as `devices:` is taken for a key. */
  #yamlAt(offset: number): string {
    const start = this.#text.lastIndexOf('\n', offset - 1) + 1
    const [line = ''] = this.#text.slice(start, start + lineMax).split('\n')
    return colonAtEnd.test(line)
      ? `valid YAML, with a value that ends in : in quotes, such as "devices:"`
      : 'valid YAML'
  }

  #error(offset: number, message: string, expected: string): TaskError {
    return { message: escapedText(message), expected, ...placeIn(this.#lines, Math.min(offset, this.#text.length)) }
  }
}

const errorsMax = 20
const lineMax = 1_000
/** A value after its key, or in a list in brackets, with nothing between its colon and what follows. */
const colonAtEnd = /:[ \t]+[^\s"'#:][^\s"'#]*:[ \t]*(?:#|\r?$)/
const emptyText = 'the file is empty'
const taskWords = 'a task: at least task_id, type and source'

function textOf(bytes: Uint8Array): string {
  const fail = (message: string, expected: string): never => {
    throw new Broken([{ message, expected, line: 1, column: 1 }])
  }
  if (bytes.length > taskBytesMax) {
    fail(`the file has ${bytes.length} bytes`, `at most ${taskBytesMax} bytes`)
  }
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    fail('the file is UTF-16', 'UTF-8: save it again with that encoding')
  }
  const hasMark = first === 0xef && second === 0xbb && bytes[2] === 0xbf
  const content = hasMark ? bytes.subarray(3) : bytes
  const text = utf8Text(content)
  if (text !== undefined) return text
  const good = new TextDecoder().decode(content).split('\ufffd')[0] as string
  const line = good.split('\n').length
  const column = good.length - good.lastIndexOf('\n')
  throw new Broken([{ message: 'a byte that is no UTF-8', expected: 'UTF-8', line, column }])
}

interface Refusal {
  readonly at: number
  readonly message: string
  readonly expected: string
}

function refusedLexeme(lexeme: string): Refusal | undefined {
  const first = lexeme[0]
  if (first === '*')
    return { at: 0, message: 'an alias', expected: 'a value; in quotes where it is text with a * first' }
  if (first === '&')
    return { at: 0, message: 'an anchor', expected: 'a value; in quotes where it is text with a & first' }
  if (first === '!') return { at: 0, message: 'a tag', expected: 'a value; in quotes where it is text with a ! first' }
  if (first === '%') return { at: 0, message: 'a directive', expected: 'a task without directives' }
  if (first !== '"') return undefined
  const at = lexeme.replaceAll(goodEscape, (good) => '.'.repeat(good.length)).indexOf('\\')
  return at < 0
    ? undefined
    : { at, message: 'an unknown escape', expected: 'an escape such as \\n, or \\\\ for a backslash' }
}

/** Of YAML 1.2, beyond U+10FFFF none. The parser makes an error object of each bad one, however many there are. */
const goodEscape =
  /\\(?:[0abtnvfre "/\\N_LP\t\r\n]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U000[0-9a-fA-F]{5}|U0010[0-9a-fA-F]{4})/g

function pathKey(path: Path): string {
  return JSON.stringify(path)
}

function offsetOf(node: unknown, otherwise: number): number {
  const range = (node as { range?: readonly number[] | null } | null)?.range
  return range?.[0] ?? otherwise
}

function placeIn(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}

function firstLine(text: string): string {
  return text.split('\n')[0] as string
}
