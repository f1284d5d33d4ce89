/**
 * Where a text stops being JSON (RFC 8259). The engine's own parser says no place for a short text, and its messages
 * are nobody's promise; it stays the judge of whether there is a fault at all.
 */

export interface JsonFault {
  readonly offset: number
  readonly message: string
}

/** Undefined where there is none. Time grows with the text alone, and nesting costs no stack. */
export function jsonFault(text: string): JsonFault | undefined {
  const open: ('[' | '{')[] = []
  let state: State = 'value'
  for (let at = skip(text, 0); ; at = skip(text, at)) {
    if (at >= text.length) {
      return state === 'end' ? undefined : { offset: at, message: `the text ends where ${wanted[state]} should follow` }
    }
    const sign = text[at] as string
    const length = isScalarState(state) ? scalarLength(text, at) : 0
    if (length instanceof Object) return length
    if (length > 0 && !(isKeyState(state) && sign !== '"')) {
      state = isKeyState(state) ? 'colon' : afterValue(open)
      at += length
      continue
    }
    const next = afterSign(state, { sign, open })
    if (next === undefined) {
      return { offset: at, message: `${JSON.stringify(sign)} stands where ${wanted[state]} should` }
    }
    state = next
    at++
  }
}

type State = 'value' | 'first' | 'key' | 'firstKey' | 'colon' | 'next' | 'nextKey' | 'end'

const wanted: Readonly<Record<State, string>> = {
  value: 'a value',
  first: 'a value or ]',
  key: 'a field in double quotes',
  firstKey: 'a field in double quotes or }',
  colon: 'a colon',
  next: 'a comma or ]',
  nextKey: 'a comma or }',
  end: 'nothing more',
}

function isKeyState(state: State): boolean {
  return state === 'key' || state === 'firstKey'
}

function isScalarState(state: State): boolean {
  return state === 'value' || state === 'first' || isKeyState(state)
}

function afterValue(open: readonly ('[' | '{')[]): State {
  const top = open.at(-1)
  if (top === undefined) return 'end'
  return top === '[' ? 'next' : 'nextKey'
}

/** The state after one of []{},: and what is open then; undefined where it does not belong. */
function afterSign(state: State, { sign, open }: { sign: string; open: ('[' | '{')[] }): State | undefined {
  if ((sign === '[' || sign === '{') && (state === 'value' || state === 'first')) {
    open.push(sign)
    return sign === '[' ? 'first' : 'firstKey'
  }
  const closes = (sign === ']' && (state === 'first' || state === 'next')) || isObjectEnd(state, sign)
  if (closes) {
    open.pop()
    return afterValue(open)
  }
  if (sign === ',' && state === 'next') return 'value'
  if (sign === ',' && state === 'nextKey') return 'key'
  return sign === ':' && state === 'colon' ? 'value' : undefined
}

function isObjectEnd(state: State, sign: string): boolean {
  return sign === '}' && (state === 'firstKey' || state === 'nextKey')
}

const space = /[ \t\n\r]*/y
const openString = /"(?:[ !#-[\]-\uffff]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y
const word = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y

function skip(text: string, at: number): number {
  return at + matched(space, text, at)
}

/** Of the string, number or word at `at`; 0 where none begins. */
function scalarLength(text: string, at: number): number | JsonFault {
  const length = matched(openString, text, at)
  if (length === 0) return matched(word, text, at)
  const end = at + length
  if (text[end] === '"') return length + 1
  if (end >= text.length) return { offset: end, message: 'the text ends inside a string' }
  const message = text[end] === '\\' ? 'an unknown escape in a string' : 'a control character in a string'
  return { offset: end, message }
}

function matched(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}
