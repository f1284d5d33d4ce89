/**
 * What lies inside a content that is known by its own pattern: constants of algorithms, files in files, certificates, keys.
 *
 * YARA says where a pattern is, embedded-shapes what is really there. Contents above `wholeScanMax` are read in part: both
 * ends and pieces in between at even distances, always the same.
 */
import type { Content } from '../subject.ts'
import { type Rule, rules } from './embedded-rules.ts'
import { RuleMarks } from './rule-marks.ts'
import type { Shape } from './shape.ts'
import { keyShapes } from './shapes-key.ts'
import { packedShapes } from './shapes-packed.ts'
import { programShapes } from './shapes-program.ts'
import type { Yara, YaraMatch } from './yara.ts'

export interface Embedded {
  readonly offset: number
  readonly length: number
  readonly name: string
  readonly rule: string
  /** Name of the check, or `constant`. */
  readonly shape: string
  readonly extent: 'whole' | 'header' | 'marker'
}

export interface EmbeddedScan {
  /** By offset; what lies inside another found whole is left out, constants apart. */
  readonly found: readonly Embedded[]
  readonly problems: readonly string[]
}

export const wholeScanMax = 128 * 2 ** 20

/** Errors: those of `content.read`. */
export function embeddedIn(content: Content, yara: Yara): EmbeddedScan {
  const problems: string[] = []
  const matches = new Map<string, YaraMatch>()
  const pieces = piecesOf(content.size)
  for (const { start, length } of pieces) {
    const piece = content.read(start, length)
    if (!marks.mayMatch(piece, start)) continue
    const found = yara.scan(piece)
    if (found === undefined) problems.push(`the scan of ${length} bytes from ${start} on was given up`)
    for (const match of found ?? []) {
      const offset = start + match.offset
      matches.set(`${offset} ${match.rule}`, { ...match, offset })
    }
  }
  if (content.size > wholeScanMax) {
    const read = 2 * endBytes + sampleCount * sampleBytes
    problems.push(`read ${read} of ${content.size} bytes: both ends and pieces in between`)
  }
  const ordered = [...matches.values()].toSorted((a, b) => a.offset - b.offset)
  return { found: checked(content, ordered, problems), problems }
}

const pieceBytes = 8 * 2 ** 20
/** Longer than every pattern: one that crosses a border is whole in the second piece. */
const overlapBytes = 256
const endBytes = 8 * 2 ** 20
const sampleBytes = 2 ** 20
const sampleCount = 48

function piecesOf(size: number): readonly { readonly start: number; readonly length: number }[] {
  if (size <= wholeScanMax) return inPieces(0, size)
  const middle = size - 2 * endBytes
  const samples = Array.from({ length: sampleCount }, (_, index) => ({
    start: endBytes + Math.floor(((index + 0.5) * middle) / sampleCount - sampleBytes / 2),
    length: sampleBytes,
  }))
  return [...inPieces(0, endBytes), ...samples, ...inPieces(size - endBytes, size)]
}

function inPieces(from: number, to: number): { readonly start: number; readonly length: number }[] {
  const pieces: { readonly start: number; readonly length: number }[] = []
  for (let start = from; start < to; start += pieceBytes) {
    pieces.push({ start, length: Math.min(pieceBytes + overlapBytes, to - start) })
  }
  return pieces
}

const marks = new RuleMarks(rules)
const byName = new Map<string, Rule>(rules.map((rule) => [rule.name, rule]))
const shapes = new Map<string, Shape>(Object.entries({ ...keyShapes, ...packedShapes, ...programShapes }))

/** Files inside a file that is known whole are for who looks at that one: they are not checked. */
function checked(content: Content, matches: readonly YaraMatch[], problems: string[]): readonly Embedded[] {
  const found: Embedded[] = []
  const failed = new Map<string, number>()
  let end = 0
  for (const match of matches) {
    const rule = byName.get(match.rule)
    const isConstant = rule?.shape === 'constant'
    const failures = failed.get(match.rule) ?? 0
    if (rule === undefined || (!isConstant && match.offset < end) || failures === failuresMax) continue
    const thing = thingAt(content, match, rule)
    if (thing !== undefined) {
      found.push(thing)
      if (!isConstant && thing.extent === 'whole') end = thing.offset + thing.length
    }
    failed.set(match.rule, thing === undefined ? failures + 1 : 0)
    if (failed.get(match.rule) === failuresMax)
      problems.push(`${match.rule}: ${failuresMax} matches in a row were none`)
  }
  return found
}

/** In a row, of one rule: who writes thousands of headers wants their checks to take long. */
const failuresMax = 256

function thingAt(content: Content, { offset, length }: YaraMatch, { name, label, shape }: Rule): Embedded | undefined {
  const isThere = shapes.get(shape)
  if (isThere === undefined) return { offset, length, name: label, rule: name, shape, extent: 'whole' }
  const thing = isThere(content, offset)
  // What begins with the content is the content itself.
  if (thing === undefined || (thing.offset ?? offset) === 0) return undefined
  return { offset, name: label, rule: name, shape, ...thing }
}
