/**
 * C and C++ text with everything that is not code made blank, character for character: comments, strings, character
 * constants, preprocessor lines. Offsets stay what they were.
 */

export interface BlankedC {
  /** As long as the source; line ends stay. */
  readonly code: string
  /** Preprocessor lines, continued ones joined: [start, end) in the source, `#` first. */
  readonly directives: readonly { readonly start: number; readonly end: number }[]
}

/** `source`: one character a byte. */
export function blankC(source: string): BlankedC {
  const parts: string[] = []
  const directives: { start: number; end: number }[] = []
  let copied = 0
  const blank = (start: number, end: number): void => {
    parts.push(source.slice(copied, start), blankText(source, start, end))
    copied = end
  }
  interesting.lastIndex = 0
  for (let found = interesting.exec(source); found !== null; found = interesting.exec(source)) {
    const start = found.index
    const end = isDirective(source, start, found[0]) ? directiveEnd(source, start) : tokenEnd(source, start, found[0])
    if (end === start + 1 && found[0] === '#') continue
    if (found[0] === '#') directives.push({ start, end })
    blank(start, end)
    interesting.lastIndex = end
  }
  parts.push(source.slice(copied))
  return { code: parts.join(''), directives }
}

const interesting = /\/\*|\/\/|["'#]/g

/** A `#` that is the first of its line but for blanks. */
function isDirective(source: string, at: number, token: string): boolean {
  if (token !== '#') return false
  let before = at - 1
  while (source[before] === ' ' || source[before] === '\t') before--
  return before < 0 || source[before] === '\n'
}

/** Up to its line end; a backslash or a comment carries it on. */
function directiveEnd(source: string, start: number): number {
  for (let at = start; at < source.length; ) {
    const stop = directiveStop.exec(source.slice(at, at + directiveLineMax))
    if (stop === null) return Math.min(at + directiveLineMax, source.length)
    const here = at + stop.index
    if (stop[0] === '\n') return here
    if (stop[0] === '/*') {
      const close = source.indexOf('*/', here + 2)
      at = close < 0 ? source.length : close + 2
    } else at = here + stop[0].length
  }
  return source.length
}

const directiveLineMax = 65_536
const directiveStop = /\\\r?\n|\n|\/\*/

function tokenEnd(source: string, start: number, token: string): number {
  if (token === '#') return start + 1
  if (token === '/*') {
    const close = source.indexOf('*/', start + 2)
    return close < 0 ? source.length : close + 2
  }
  if (token === '//') {
    const line = source.indexOf('\n', start)
    return line < 0 ? source.length : line
  }
  // A quote that its line does not close is an apostrophe in text that is no code.
  for (let at = start + 1; at < source.length; at++) {
    const character = source[at]
    if (character === '\\') at++
    else if (character === token) return at + 1
    else if (character === '\n') return at
  }
  return source.length
}

function blankText(source: string, start: number, end: number): string {
  return source.slice(start, end).replace(/[^\n]/g, ' ')
}
