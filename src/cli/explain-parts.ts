/** Parts of the page about an entry: its own functions by name, what it is built of, how a text begins. */
import { type FunctionRange, findFunctions, functionName } from '../analysis/elf/functions.ts'
import { hexText } from '../base/mapping-text.ts'
import { type Region, regionLayers } from '../base/region.ts'
import { sampleOf } from './explain-excerpt.ts'
import type { Explained } from './explain-subject.ts'
import { counted, iec, shownText } from './text.ts'

export interface Block {
  readonly title: string
  readonly lines: readonly string[]
}

/** `main` and what symbols name first, the largest first; then those without a name, by how much they decide. */
export function functionsBlock({ regions, subject }: Explained): Block {
  if (subject?.elf() === undefined) return { title: '', lines: [] }
  const branches = new Map(
    regions.flatMap((each) => (each.class === 'complexity' ? [[each.offset, branchesOf(each)]] : [])),
  )
  const all = findFunctions(subject).functions.filter(({ symbol = '', known }) => !isStartup(symbol, known))
  const weight = ({ offset }: FunctionRange): number => branches.get(offset) ?? 0
  const named = all
    .filter(isNamed)
    .sort((a, b) => Number(isMain(b)) - Number(isMain(a)) || b.length - a.length || a.offset - b.offset)
  const unnamed = all
    .filter((each) => !isNamed(each))
    .sort((a, b) => weight(b) - weight(a) || b.length - a.length || a.offset - b.offset)
  const shown = [...named.slice(0, functionsMax - Math.min(unnamed.length, unnamedMin)), ...unnamed].slice(
    0,
    functionsMax,
  )
  const lines = shown.map((range) => {
    const count = branches.get(range.offset)
    const decides = count === undefined ? '' : `, ${counted(count, { one: 'branch', many: 'branches' })}`
    return `${hexText(range.offset).padStart(10)}  ${iec(range.length).padStart(9)}  ${shownText(cut(functionName(range)))}${decides}`
  })
  const kept = all.length > shown.length ? `, ${shown.length} of ${all.length}` : ''
  return { title: `Its functions${kept} (name an offset to go on there)`, lines }
}

/** Sections; segments only where there are none. The largest, in their order. */
export function sectionsBlock(regions: readonly Region[]): Block {
  const of = (layer: number): Region[] =>
    regions.filter((each) => each.finding === undefined && each.length > 0 && each.layer === layer)
  const sections = of(regionLayers.section)
  const parts = sections.length > 0 ? sections : of(regionLayers.segment)
  const largest = [...parts].sort((a, b) => b.length - a.length).slice(0, sectionsMax)
  const shown = largest.sort((a, b) => a.offset - b.offset || b.length - a.length)
  const rows = shown.map(
    ({ offset, length, class: kind, name }) =>
      `${hexText(offset).padStart(10)}  ${iec(length).padStart(9)}  ${kind.padEnd(10)}  ${shownText(name)}`,
  )
  const left = parts.length - shown.length
  const rest = left > 0 ? [`and ${counted(left, { one: 'smaller one', many: 'smaller ones' })}`] : []
  return { title: 'What it is built of', lines: [...rows, ...rest] }
}

/** Lines of a text that no rule took for a secret. */
export function beginningBlock(explained: Explained): Block {
  const secrets = explained.regions.filter(({ finding }) => finding?.rule.startsWith('secret-'))
  const lines = sampleOf(explained)
    .filter(
      ({ offset, length }) =>
        !secrets.some((each) => each.offset < offset + length && offset < each.offset + each.length),
    )
    .filter(({ text }) => /[\p{L}\p{N}]/u.test(text))
    .slice(0, beginningMax)
    .map(({ offset, text }) => `${hexText(offset).padStart(10)}  ${shownText(cut(text.replaceAll(/\s+/g, ' ')))}`)
  return { title: 'How it begins', lines }
}

const functionsMax = 12
/** Kept for those without a name, where there are any. */
const unnamedMin = 4
const sectionsMax = 24
const beginningMax = 8
const textMax = 100

function isNamed({ symbol, known }: FunctionRange): boolean {
  return symbol !== undefined || known === 'main'
}

function isMain({ symbol, known }: FunctionRange): boolean {
  return symbol === 'main' || symbol === 'main.main' || known === 'main'
}

/** What compilers and the C library put into every program. */
function isStartup(symbol: string, known: FunctionRange['known']): boolean {
  return known === '_start' || startup.test(symbol)
}

const startup =
  /^(?:_start|_init|_fini|frame_dummy|(?:de)?register_tm_clones|__do_global_(?:c|d)tors_aux|__libc_csu_(?:init|fini)|_dl_relocate_static_pie)(?:\.\w+)?$/

function branchesOf({ attributes }: Region): number {
  const complexity = attributes?.['complexity']
  return typeof complexity === 'number' ? complexity : 0
}

function cut(text: string): string {
  return text.length > textMax ? `${text.slice(0, textMax - 1)}…` : text
}
