/** Shell globs on byte strings (one character per byte), without a regular expression and without exponential cost. */

/** One part of a pattern. */
export type Glob = { readonly kind: 'anyParts' } | { readonly kind: 'name'; readonly tokens: readonly Token[] }

type Token = { readonly kind: 'run' } | { readonly kind: 'one'; readonly accepts: (byte: number) => boolean }

/** Parses one part without slashes; `**` alone stands for any number of parts. */
export function parseName(text: string): Glob {
  if (text === '**') return { kind: 'anyParts' }
  const tokens: Token[] = []
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    const closed = character === '[' ? classEnd(text, at) : -1
    if (character === '*') {
      if (tokens.at(-1)?.kind !== 'run') tokens.push({ kind: 'run' })
    } else if (character === '?') tokens.push({ kind: 'one', accepts: () => true })
    else if (closed > 0) {
      tokens.push({ kind: 'one', accepts: parseClass(text.slice(at + 1, closed)) })
      at = closed
    } else {
      if (character === '\\' && at + 1 < text.length) at++
      const wanted = text.charCodeAt(at)
      tokens.push({ kind: 'one', accepts: (byte) => byte === wanted })
    }
  }
  return { kind: 'name', tokens }
}

/** Whether one name matches one part of a pattern. */
export function matchesName(glob: Glob, name: string): boolean {
  if (glob.kind === 'anyParts') return true
  const { tokens } = glob
  return matchesRuns({
    patternLength: tokens.length,
    textLength: name.length,
    isRun: (i) => tokens[i]?.kind === 'run',
    matches: (i, k) => {
      const token = tokens[i]
      return token?.kind === 'one' && token.accepts(name.charCodeAt(k))
    },
  })
}

/** Whether a whole path matches a whole pattern, both split at their slashes. */
export function matchesParts(globs: readonly Glob[], parts: readonly string[]): boolean {
  return matchesRuns({
    patternLength: globs.length,
    textLength: parts.length,
    isRun: (i) => globs[i]?.kind === 'anyParts',
    matches: (i, k) => matchesName(globs[i] as Glob, parts[k] as string),
  })
}

interface Sequence {
  readonly patternLength: number
  readonly textLength: number
  /** Pattern item `i` stands for any number of text items. */
  readonly isRun: (i: number) => boolean
  /** Pattern item `i`, not a run, accepts text item `k`. */
  readonly matches: (i: number, k: number) => boolean
}

/** Only the last run ever has to grow, so the cost is at most patternLength * textLength. */
function matchesRuns(sequence: Sequence): boolean {
  const { patternLength, textLength, isRun, matches } = sequence
  let i = 0
  let runAt = -1
  let runEnd = 0
  for (let k = 0; k < textLength; ) {
    if (i < patternLength && isRun(i)) {
      runAt = i++
      runEnd = k
    } else if (i < patternLength && matches(i, k)) {
      i++
      k++
    } else if (runAt >= 0) {
      i = runAt + 1
      k = ++runEnd
    } else return false
  }
  while (i < patternLength && isRun(i)) i++
  return i === patternLength
}

/** Index of the `]` that ends the class beginning at `start`, -1 where none does: then `[` is itself. */
function classEnd(text: string, start: number): number {
  let at = start + 1
  if (text[at] === '!' || text[at] === '^') at++
  if (text[at] === ']') at++
  for (; at < text.length; at++) {
    if (text[at] === ']') return at
    if (text[at] === '\\') at++
  }
  return -1
}

/** What stands between `[` and `]`: bytes and ranges, `!` or `^` first for all others. */
function parseClass(text: string): (byte: number) => boolean {
  const accepted = new Set<number>()
  const negated = text[0] === '!' || text[0] === '^'
  let at = negated ? 1 : 0
  const next = (): number => {
    if (text[at] === '\\' && at + 1 < text.length) at++
    return text.charCodeAt(at++)
  }
  while (at < text.length) {
    const low = next()
    const ranged = text[at] === '-' && at + 1 < text.length
    if (ranged) at++
    const high = ranged ? next() : low
    for (let byte = low; byte <= high; byte++) accepted.add(byte)
  }
  return (byte) => accepted.has(byte) !== negated
}
