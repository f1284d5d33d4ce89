/**
 * The page about one place of a brick: what it is, what is wrong with it and how one checks that, what it lies in, what it
 * can do, how it is made. Everything on it was measured; what a model says comes after it, apart.
 */
import { displayPath } from '../base/bytes.ts'
import { hexText } from '../base/mapping-text.ts'
import { type Region, severityRank } from '../base/region.ts'
import { checkCommand } from '../read/findings.ts'
import { beginningBlock, functionsBlock, sectionsBlock } from './explain-parts.ts'
import type { Explained } from './explain-subject.ts'
import { hexOrNull, iec, modeText, rfc3339, shortTime, shownPath, shownText } from './text.ts'

/** A part of a function or of data, as it is shown around the byte that was asked for. */
export interface Excerpt {
  readonly title: string
  readonly lines: readonly string[]
}

export interface PageParts {
  readonly explained: Explained
  readonly excerpt: Excerpt | undefined
}

export function pageText({ explained, excerpt }: PageParts): string {
  const parts = [
    head(explained),
    findings(explained),
    place(explained),
    excerpt === undefined ? '' : section(excerpt.title, excerpt.lines),
    ...(explained.offset === undefined ? [...abilities(explained), ...structure(explained)] : []),
    problems(explained),
    commands(explained),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

/** What the byte lies in, innermost first; of a whole entry nothing. */
export function around({ offset, regions }: Explained): readonly Region[] {
  if (offset === undefined) return []
  const found = regions.filter((each) => each.offset <= offset && offset < each.offset + each.length)
  return [...found].sort((a, b) => a.length - b.length || b.layer - a.layer)
}

/** Findings of the place, the gravest first; of entries without bytes, too. */
export function findingsOf(
  explained: Explained,
): { readonly name: string; readonly finding: NonNullable<Region['finding']>; readonly offset?: number }[] {
  const { offset, regions, labels } = explained
  const here = offset === undefined ? regions : around(explained)
  const found = [
    ...here.flatMap(({ name, finding, offset: at }) => (finding ? [{ name, finding, offset: at }] : [])),
    ...labels.placeless,
  ]
  return found.sort((a, b) => severityRank(b.finding.severity) - severityRank(a.finding.severity))
}

/** How one sees the same with public tools. */
export function commandsOf({ place: path, labels, offset }: Explained): readonly string[] {
  const one = (check: string): string =>
    checkCommand({
      place: path,
      finding: { severity: 'info', rule: '', evidence: [], origin: 'rule', confidence: 1, check },
    }) ?? ''
  if (offset !== undefined) return [one(`xxd -s ${offset} -l 64 FILE`)]
  const { type } = labels
  if (type?.kind === 'elf') return ['file FILE', 'readelf -hldW FILE', 'readelf --dyn-syms -W FILE'].map(one)
  return type === undefined ? [] : [one('file FILE')]
}

const abilitiesShown = 14
const stringsShown = 10
const wholeClasses = ['package', 'privilege', 'hardening', 'packer', 'script', 'log']

function head({ entry, place: path, labels }: Explained): string {
  const { size, mtime, userName, groupName, uid, gid, contentId, target } = entry
  const who = `${shownText(userName || String(uid))}:${shownText(groupName || String(gid))}`
  const what = labels.type?.description ?? (target === undefined ? entry.kind : `link to ${displayPath(target)}`)
  const id = hexOrNull(contentId)
  const facts = [iec(size), modeText(entry), who, `${shortTime(mtime)} UTC`].join(', ')
  return `${shownPath(path)}\n  ${shownText(what)}\n  ${facts}\n${id === null ? '' : `  content ${id.slice(0, 16)}\n`}`
}

function place(explained: Explained): string {
  const { offset } = explained
  if (offset === undefined) return ''
  const inside = around(explained).filter(({ finding }) => finding === undefined)
  const rows = inside.map((region) => `${span(region)}  ${region.class.padEnd(12)}  ${shownText(region.name)}`)
  return section(`Byte ${hexText(offset)} (${offset}) lies in`, rows.length === 0 ? ['nothing that is known'] : rows)
}

/** What is known of it as a whole, what it can do. */
function abilities({ regions }: Explained): string[] {
  const of = (kind: string): Region[] => regions.filter((each) => each.class === kind && each.finding === undefined)
  const lines = wholeClasses.flatMap((kind) => of(kind).map(({ name }) => `${kind.padEnd(10)}  ${shownText(name)}`))
  const rows = of('capability').map(({ name, attributes }) => {
    const symbols = attributes?.['symbols']
    const list = Array.isArray(symbols) ? symbols.slice(0, 6).join(', ') : ''
    return `${shownText(name)}${list === '' ? '' : `: ${shownText(list)}`}`
  })
  return [section('What is known', lines), section('What it can do, by what it calls', rows.slice(0, abilitiesShown))]
}

/** How it is made. */
function structure(explained: Explained): string[] {
  const { regions } = explained
  const blocks = [functionsBlock(explained), sectionsBlock(regions), beginningBlock(explained)]
  const strings = regions.filter((each) => each.class === 'string' && each.finding === undefined)
  const texts = strings.slice(0, stringsShown).map(({ offset, name, attributes }) => {
    const kind = attributes?.['kind']
    const said = typeof kind === 'string' ? kind : ''
    return `${hexText(offset).padStart(10)}  ${shownText(said).padEnd(8)}  ${shownText(name)}`
  })
  const kept = strings.length > texts.length ? ` (${texts.length} of ${strings.length})` : ''
  return [...blocks.map(({ title, lines }) => section(title, lines)), section(`Strings worth a look${kept}`, texts)]
}

function findings(explained: Explained): string {
  const found = findingsOf(explained)
  const rows = found.flatMap(({ name, finding }) => {
    const { severity, rule, evidence } = finding
    const command = checkCommand({ place: explained.place, finding })
    return [
      `! ${severity.padEnd(8)}  ${shownText(name)}  (${shownText(rule)})`,
      ...evidence.map((text) => `            ${shownText(text)}`),
      ...(command === undefined ? [] : [`            check: ${shownText(command)}`]),
    ]
  })
  return section(found.length === 0 ? '' : 'What somebody should look at', rows)
}

function problems({ labels, offset }: Explained): string {
  if (offset !== undefined) return ''
  return section(
    'Not looked at',
    labels.problems.map(({ analyzer, text }) => `${shownText(analyzer)}: ${shownText(text)}`),
  )
}

function commands(explained: Explained): string {
  return section('See for yourself', commandsOf(explained).map(shownText))
}

function span({ offset, length }: Region): string {
  return `${hexText(offset).padStart(10)}  ${iec(length).padStart(9)}`
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n${lines.map((each) => `  ${each}`.trimEnd()).join('\n')}\n`
}

/** The same for programs. */
export function pageJson({ explained, excerpt }: PageParts): Record<string, unknown> {
  const { entry, offset, labels, regions, place: path } = explained
  const classes = Map.groupBy(regions, ({ class: kind }) => kind)
  return {
    place: displayPath(path),
    kind: entry.kind,
    size: entry.size,
    mode: modeText(entry),
    mtime: rfc3339(entry.mtime),
    contentId: hexOrNull(entry.contentId),
    type: labels.type?.description ?? null,
    hardening: regions.find(({ class: kind }) => kind === 'hardening')?.attributes ?? null,
    offset: offset ?? null,
    around: around(explained),
    classes: Object.fromEntries([...classes].map(([kind, all]) => [kind, all.length])),
    capabilities: (classes.get('capability') ?? []).map(({ name, attributes }) => ({ name, ...attributes })),
    findings: findingsOf(explained),
    problems: labels.problems,
    excerpt: excerpt?.lines ?? [],
    commands: commandsOf(explained),
  }
}
