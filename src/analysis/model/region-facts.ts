/**
 * What analyzers said of an entry as facts for a model, the most telling first; and whether it holds text that speaks to
 * models. Facts are what was measured: never what a model said, never a string that a rule took for a secret.
 */
import { type JsonValue, type Region, severities, severityRank } from '../../base/region.ts'
import { isAddressedToModels } from '../policy/injection.ts'
import { descriptionClass } from './description.ts'
import { SymbolNames, stringsMax } from './prompt-data.ts'
import type { Fact, RegionQuestion } from './region-question.ts'

export interface LabelledEntry {
  /** As the brick has it. */
  readonly path: Uint8Array
  readonly contentId: Uint8Array | undefined
  /** Bytes of content. */
  readonly size: number
  /** What was said of it, findings included. */
  readonly regions: readonly Region[]
  /** Every user of the machine may read it. */
  readonly isPublic: boolean
}

/** Lines of a text, in order, with the bytes that they take. */
export type Sample = readonly { readonly offset: number; readonly length: number; readonly text: string }[]

/** Of the entry as a whole; `sample`: how a text begins, where somebody has it at hand. */
export function entryQuestion(entry: LabelledEntry, sample: Sample = []): RegionQuestion {
  const { contentId, size, regions, isPublic } = entry
  const lines = sampleFacts(regions, sample)
  return {
    about: 'file',
    place: { offset: 0, length: size },
    contentId,
    facts: factsOf(regions, size, lines),
    isSuspected: isSuspected(regions) || isAddressedToModels(sample.map(({ text }) => text).join('\n')),
    isPrivate: !isPublic,
  }
}

export interface PartOfEntry {
  readonly region: Region
  /** Instructions as text, in order; empty where there are none. */
  readonly instructions: readonly string[]
}

/** Of one region of it. */
export function partQuestion(entry: LabelledEntry, { region, instructions }: PartOfEntry): RegionQuestion {
  const { offset, length } = region
  const inside = entry.regions.filter(
    (each) => each !== region && each.offset < offset + length && offset < each.offset + each.length,
  )
  const parts = inside.filter((each) => each.length < length || each.finding !== undefined)
  const around = inside.filter((each) => each.length > length && each.class === 'section')
  const names = new SymbolNames()
  const facts: Fact[] = [
    ...typeFacts(entry.regions),
    { what: `this ${region.class}`, value: { name: names.of(region.name), bytes: length, ...plainAttributes(region) } },
    ...around.map(({ class: what, name }) => ({ what: `inside the ${what}`, value: names.of(name) })),
    ...findingFacts(parts),
    ...chunks(instructions, instructionsPerFact).map((value) => ({ what: 'instructions', value })),
    ...classFacts(parts, names),
  ]
  const isCode = instructions.length > 0 || region.class === 'function'
  return {
    about: isCode ? 'function' : 'region',
    place: { offset, length },
    contentId: entry.contentId,
    facts,
    isSuspected: isSuspected([region, ...parts]),
    isPrivate: !entry.isPublic,
  }
}

/** The lower, the earlier it is worth a description. Undefined: too little is known. */
export function priorityOf({ regions }: LabelledEntry): number | undefined {
  const told = regions.filter(({ class: kind }) => kind !== descriptionClass)
  const gravest = Math.max(-1, ...told.map(({ finding }) => (finding ? severityRank(finding.severity) : -1)))
  if (gravest >= severityRank('low')) return severities.length - gravest
  const kinds = new Set(told.map(({ class: kind }) => kind))
  if (kinds.size < kindsMin) return undefined
  return severities.length + (kinds.has('hardening') ? 1 : 2)
}

const kindsMin = 3
/** Before any length. */
const complexityWeight = 1e9
const findingFactsMax = 6
const namesPerFact = 12
const stringsPerFact = 8
const instructionsPerFact = 24
const attributesMax = 24
const wholesMax = 8
const abilitiesPerFact = 6
const factTextMax = 240
/** Not facts of their own: said elsewhere, the same in every file, or by a model. */
const leftOut: ReadonlySet<string> = new Set([
  'finding',
  'file-type',
  'string',
  'segment',
  'note',
  'problem',
  descriptionClass,
])
/** Said whole, with what is known of them. */
const wholeClasses: ReadonlySet<string> = new Set([
  'hardening',
  'package',
  'privilege',
  'elf',
  'script',
  'log',
  'packer',
])

function factsOf(regions: readonly Region[], size: number, lines: readonly Fact[]): readonly Fact[] {
  const types = typeFacts(regions)
  const names = new SymbolNames()
  const others = [...findingFacts(regions), ...classFacts(regions, names), ...lines]
  return others.length === 0 ? [] : [...types, { what: 'size in bytes', value: size }, ...others]
}

function typeFacts(regions: readonly Region[]): Fact[] {
  const type = regions.find(({ class: kind }) => kind === 'file-type')
  return type === undefined ? [] : [{ what: 'kind of file', value: type.name }]
}

function findingFacts(regions: readonly Region[]): Fact[] {
  const found = regions.filter(({ finding }) => finding !== undefined && finding.origin !== 'model')
  const gravity = ({ finding }: Region): number => severityRank(finding?.severity ?? 'info')
  return found
    .sort((a, b) => gravity(b) - gravity(a))
    .slice(0, findingFactsMax)
    .map(({ name, finding }) => ({
      what: `finding of severity ${finding?.severity ?? ''}`,
      value: { title: name, evidence: (finding?.evidence ?? []).slice(0, 2) },
    }))
}

/** What is said whole first, then what it can do, its strings, and names by class, the rarer classes first. */
function classFacts(regions: readonly Region[], names: SymbolNames): Fact[] {
  const told = regions.filter(({ class: kind, finding }) => !leftOut.has(kind) && finding === undefined)
  const byClass = Map.groupBy(told, ({ class: kind }) => kind)
  const wholes = told.filter(({ class: kind }) => wholeClasses.has(kind)).slice(0, wholesMax)
  const abilities = (byClass.get('capability') ?? []).map((region) => ability(region, names))
  const others = [...byClass].filter(([kind]) => !wholeClasses.has(kind) && kind !== 'capability')
  const facts = others
    .sort(([, a], [, b]) => a.length - b.length)
    .flatMap(([kind, same]) => nameFacts(kind, same, names))
  return [
    ...wholes.map((region) => ({ what: region.class, value: { name: region.name, ...plainAttributes(region) } })),
    ...chunks(abilities, abilitiesPerFact).map((value) => ({ what: 'what it can do', value })),
    ...stringFacts(regions),
    ...facts,
  ]
}

function ability({ name, attributes }: Region, names: SymbolNames): string {
  const symbols = attributes?.['symbols']
  const list = Array.isArray(symbols) ? symbols.filter((each) => typeof each === 'string').slice(0, 4) : []
  return list.length === 0 ? name : `${name}: ${list.map((each) => names.of(each)).join(', ')}`
}

/** Names that were made of an address tell nothing. */
function nameFacts(kind: string, same: readonly Region[], names: SymbolNames): Fact[] {
  const named = same.filter(({ name }) => name !== '' && !/^sub_[0-9a-f]+/.test(name))
  const [only] = named
  if (only !== undefined && named.length === 1) return [{ what: kind, value: names.of(only.name) }]
  const shown = [...named].sort((a, b) => weight(b) - weight(a)).slice(0, 2 * namesPerFact)
  const given = shown.map(({ name }) => names.of(name))
  const what = shown.length < same.length ? `${kind}: ${shown.length} of ${same.length}` : kind
  return chunks(given, namesPerFact).map((value) => ({ what, value }))
}

/** What a person would look at first. */
function weight({ length, attributes }: Region): number {
  const complexity = attributes?.['complexity']
  return (typeof complexity === 'number' ? complexity * complexityWeight : 0) + length
}

function stringFacts(regions: readonly Region[]): Fact[] {
  const secrets = secretsOf(regions)
  const strings = regions.filter((each) => each.class === 'string' && !overlaps(secrets, each))
  const texts = strings.map(({ name }) => name)
  const shown = [...new Set(texts)].slice(0, stringsMax)
  return chunks(shown, stringsPerFact).map((value) => ({ what: 'strings in it', value }))
}

/** Without lines in which a rule found a secret. */
function sampleFacts(regions: readonly Region[], sample: Sample): Fact[] {
  const secrets = secretsOf(regions)
  const lines = sample.filter((line) => !overlaps(secrets, line))
  const shown = lines.slice(0, stringsMax).map(({ text }) => text)
  return chunks(shown, stringsPerFact).map((value) => ({ what: 'lines of it', value }))
}

function secretsOf(regions: readonly Region[]): readonly Region[] {
  return regions.filter(({ finding }) => finding?.rule.startsWith('secret-'))
}

function overlaps(regions: readonly Region[], { offset, length }: Pick<Region, 'offset' | 'length'>): boolean {
  return regions.some((each) => each.offset < offset + length && offset < each.offset + each.length)
}

function plainAttributes({ attributes = {} }: Region): { readonly [key: string]: JsonValue } {
  const plain: [string, JsonValue][] = []
  for (const [key, value] of Object.entries(attributes)) {
    if (plain.length === attributesMax) break
    const isShort = value === null || typeof value !== 'object' || JSON.stringify(value).length <= factTextMax
    if (isShort) plain.push([key, value])
  }
  return Object.fromEntries(plain)
}

/** By a rule's finding, or by what would be sent. */
function isSuspected(regions: readonly Region[]): boolean {
  return regions.some(({ name, finding, attributes }) => {
    if (finding?.rule.startsWith('injection-')) return true
    if (isAddressedToModels(name)) return true
    return attributes !== undefined && isAddressedToModels(JSON.stringify(attributes))
  })
}

function chunks<T>(all: readonly T[], size: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size))
}
