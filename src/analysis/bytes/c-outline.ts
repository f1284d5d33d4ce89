/**
 * What C and C++ text declares, without a compiler: includes, macros, functions, types. By shape, not by grammar: what
 * macros hide is not seen, and both branches of a condition count.
 */
import { blankC } from './c-blank.ts'

export interface CItem {
  readonly kind: 'include' | 'macro' | 'function' | 'type'
  readonly name: string
  /** Characters of the source. */
  readonly offset: number
  readonly length: number
  /** Of functions: whether there is a body; of types: `struct`, `enum`, `union`, `class`, `typedef`. */
  readonly form?: string
}

export interface COutline {
  /** By offset. */
  readonly items: readonly CItem[]
  /** The source is longer than what was read. */
  readonly isCut: boolean
}

/** Characters that are read. */
export const cSourceMax = 2 * 2 ** 20

/** `source`: one character a byte. */
export function outlineC(source: string): COutline {
  const text = source.slice(0, cSourceMax)
  const { code, directives } = blankC(text)
  const items: CItem[] = []
  for (const { start, end } of directives) {
    const item = directiveItem(text, start, end)
    if (item !== undefined) items.push(item)
  }
  for (const statement of topLevel(code, conditionsOf(text, directives))) {
    const item = statementItem(code, statement)
    if (item !== undefined) items.push(item)
  }
  return { items: items.toSorted((a, b) => a.offset - b.offset), isCut: text.length < source.length }
}

function directiveItem(text: string, start: number, end: number): CItem | undefined {
  const line = text.slice(start, Math.min(end, start + directiveShownMax))
  const place = { offset: start, length: end - start }
  const include = /^#[ \t]*include(?:_next)?[ \t]*([<"][^>"\n]{1,512}[>"])/.exec(line)?.[1]
  if (include !== undefined) return { kind: 'include', name: include, ...place }
  const macro = /^#[ \t]*define[ \t]+([A-Za-z_]\w{0,255})(\()?/.exec(line)
  return macro?.[1] === undefined ? undefined : { kind: 'macro', name: macro[2] ? `${macro[1]}()` : macro[1], ...place }
}

const directiveShownMax = 1_024

type Condition = { readonly at: number; readonly word: 'if' | 'else' | 'endif' }

function conditionsOf(text: string, directives: readonly { readonly start: number }[]): readonly Condition[] {
  return directives.flatMap(({ start }): Condition[] => {
    const word = /^#[ \t]*(if|elif|else|endif)/.exec(text.slice(start, start + 32))?.[1]
    if (word === undefined) return []
    return [{ at: start, word: word === 'elif' ? 'else' : (word as Condition['word']) }]
  })
}

interface Statement {
  readonly start: number
  /** Past its `;` or `}`. */
  readonly end: number
  /** Where its body begins, if it has one. */
  readonly bodyAt?: number
}

/**
 * Cuts code into what stands outside of all braces; those of `extern "C"` and `namespace` do not count. Each branch of a
 * condition begins with the depth of the first.
 */
function topLevel(code: string, conditions: readonly Condition[]): readonly Statement[] {
  const found: Statement[] = []
  const saved: number[] = []
  let depth = 0
  let start = 0
  let bodyAt: number | undefined
  let next = 0
  const braces = /[{};]/g
  for (let match = braces.exec(code); match !== null; match = braces.exec(code)) {
    const at = match.index
    for (
      let condition = conditions[next];
      condition !== undefined && condition.at < at;
      condition = conditions[++next]
    ) {
      if (condition.word === 'if') saved.push(depth)
      else if (condition.word === 'else') depth = saved.at(-1) ?? depth
      else saved.pop()
    }
    const [brace] = match
    if (brace === '{') {
      if (depth === 0 && isTransparent(code.slice(Math.max(start, at - lookBack), at))) start = at + 1
      else if (depth++ === 0) bodyAt = at
      continue
    }
    if (brace === '}') {
      depth = Math.max(0, depth - 1)
      // `};` and `} name;` end with their semicolon: only a function ends with its brace.
      const isBody =
        depth === 0 && bodyAt !== undefined && isFunctionHead(code.slice(Math.max(start, bodyAt - lookBack), bodyAt))
      if (depth > 0 || (bodyAt !== undefined && !isBody)) continue
    } else if (depth > 0) continue
    if (found.length < statementsMax) found.push({ start, end: at + 1, ...(bodyAt !== undefined && { bodyAt }) })
    start = at + 1
    bodyAt = undefined
  }
  return found
}

const statementsMax = 20_000
/** Characters of a head that are looked at: regular expressions over them may take their square. */
const lookBack = 1_024

function isTransparent(head: string): boolean {
  return /(?:\bextern\s*|\bnamespace(?:\s+[\w:]+)?\s*)$/.test(head)
}

/** Ends like a function's parameters, perhaps with words after them: `) const`, `) __attribute__((x))`. */
function isFunctionHead(head: string): boolean {
  return (
    /\)\s*(?:\b[A-Za-z_]\w*\b\s*(?:\([^(){}]*(?:\([^(){}]*\)[^(){}]*)*\)\s*)?)*$/.test(head) &&
    !/=\s*$/.test(head) &&
    !/\benum\b[^)]*$/.test(head)
  )
}

function statementItem(code: string, { start, end, bodyAt }: Statement): CItem | undefined {
  const offset = start + (/\S/.exec(code.slice(start, end))?.index ?? 0)
  const place = { offset, length: end - offset }
  const head = code.slice(offset, Math.min(bodyAt ?? end - 1, offset + lookBack))
  const tail = bodyAt === undefined ? '' : code.slice(Math.max(offset, end - tailMax), end)
  if (/^(?:__extension__\s+)?typedef\b/.test(head)) {
    const name = typedefName(bodyAt === undefined ? head : tail.slice(tail.lastIndexOf('}') + 1, -1))
    return name === undefined ? undefined : { kind: 'type', name, form: 'typedef', ...place }
  }
  const type =
    /^(?:[A-Z_]+\s+)?(struct|union|enum|class)\s+(?:class\s+)?(?:\w+\s*\([^)]*\)\s*)*([A-Za-z_]\w{0,255})/.exec(head)
  if (bodyAt !== undefined && type?.[1] !== undefined && type[2] !== undefined && !isFunctionHead(head)) {
    return { kind: 'type', name: type[2], form: type[1], ...place }
  }
  const isDefinition = bodyAt !== undefined && isFunctionHead(head)
  if (bodyAt !== undefined && !isDefinition) return undefined
  const name = functionName(head)
  return name === undefined
    ? undefined
    : { kind: 'function', name, form: isDefinition ? 'defined' : 'declared', ...place }
}

const tailMax = 512

/** `int (*name)(void)`, `name[4]`, or the last word. */
function typedefName(text: string): string | undefined {
  const pointer = /\(\s*\*+\s*([A-Za-z_]\w{0,255})\s*(?:\[[^\]]*\])?\s*\)/.exec(text)?.[1]
  if (pointer !== undefined) return pointer
  const plain = text.replace(/\b__attribute__\s*\(\(.*?\)\)/gs, ' ')
  return /([A-Za-z_]\w{0,255})\s*(?:\[[^\]]*\]\s*|\([^()]*\)\s*)*$/.exec(plain)?.[1]
}

/** The word before the first bracket; not of a call, an assignment or a variable that points to a function. */
function functionName(head: string): string | undefined {
  const plain = head.replace(
    /\b(?:__attribute__|__declspec|_Alignas|alignas|__asm__|__nonnull)\s*\(\(?[^()]*(?:\([^()]*\)[^()]*)*\)?\)/g,
    ' ',
  )
  const open = plain.indexOf('(')
  if (open < 0 || /=/.test(plain.slice(0, open))) return undefined
  const before = plain.slice(0, open).trim()
  // `void (*signal (int))(int)` declares signal; `void (*handler)(int)` a variable.
  const nested = /^\(\s*\*\s*([A-Za-z_]\w{0,255})\s*\(/.exec(plain.slice(open))?.[1]
  if (nested !== undefined) return nested
  if (/^\(\s*\*/.test(plain.slice(open))) return undefined
  const name = /(?:[A-Za-z_]\w*::)*~?[A-Za-z_]\w{0,255}$/.exec(before)?.[0]
  if (name === undefined || notNames.has(name)) return undefined
  // `__REDIRECT (name, (int), other)` and `name OF((int))`: macros around a name, and around its parameters.
  if (/^__(?:REDIRECT|NTH)/.test(name)) return /^\(\s*([A-Za-z_]\w{0,255})/.exec(plain.slice(open))?.[1]
  if (/^\(\s*\(/.test(plain.slice(open))) {
    const wrapped = /([A-Za-z_]\w{0,255})\s+\w+$/.exec(before)
    if (wrapped?.[1] !== undefined && wrapped.index > 0) return wrapped[1]
  }
  // One word alone is a macro that is used, unless it is a constructor's.
  const type = before.slice(0, -name.length)
  return /[A-Za-z_]/.test(type) || name.includes('::') ? name : undefined
}

const notNames = new Set(['if', 'while', 'for', 'switch', 'return', 'sizeof', 'static_assert', '_Static_assert', 'asm'])
