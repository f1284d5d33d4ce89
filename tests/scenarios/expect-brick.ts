/** Whether a brick holds what a scenario expects, and where; for the whole of it `sfd extract` is asked. */
import fs from 'node:fs'
import { basename, join } from 'node:path'
import { contentOf, type ListedEntry, listedEntries } from './brick-entries.ts'
import { type Described, describe, describeTree } from './disk.ts'
import { differenceOf, shown } from './match.ts'
import type { Stage } from './stage.ts'
import type { BrickExpectation } from './vocabulary.ts'

export async function brickProblems(stage: Stage, name: string, expected: BrickExpectation): Promise<string[]> {
  const path = stage.brickPath(name)
  const isThere = fs.existsSync(path)
  if (expected.missing) return isThere ? ['it is there'] : []
  if (!isThere) return ['it is not there']
  const kept = await keptProblems(stage, name, expected)
  if (kept.length > 0) return kept
  return [...(await entryProblems(stage, name, expected)), ...(await contentProblems(stage, path, expected))]
}

/** What the daemon says of it. */
async function keptProblems(
  stage: Stage,
  name: string,
  { state, message, generation }: BrickExpectation,
): Promise<string[]> {
  if (state === undefined && message === undefined && generation === undefined) return []
  const { bricks } = await stage.client().bricks()
  const shownName = name.replace(/\.brick$/, '')
  const found = bricks.find((brick) => brick.name === shownName)
  if (found === undefined) return [`sfd status does not show it: ${shown(bricks.map((brick) => brick.name))}`]
  const wanted = {
    ...(state !== undefined && { state }),
    ...(generation !== undefined && { generation }),
    ...(message !== undefined && { message: { contains: message } }),
  }
  const difference = differenceOf(wanted, found)
  return difference === undefined ? [] : [difference]
}

async function entryProblems(stage: Stage, name: string, expected: BrickExpectation): Promise<string[]> {
  const { files, has = {}, lacks = [], neighbours = [], unmoved_since } = expected
  const described = Object.entries(has).filter(([, value]) => typeof value !== 'string')
  const isAsked = files ?? unmoved_since ?? [...lacks, ...neighbours, ...described][0]
  if (isAsked === undefined) return []
  const entries = await listedEntries(stage.brickPath(name))
  const held = [...entries].flatMap(([path, { kind }]) => (kind === 'file' ? [path] : [])).sort()
  return [
    ...(files === undefined || shown(held) === shown([...files].sort()) ? [] : [`its files are ${shown(held)}`]),
    ...lacks.filter((path) => entries.has(path)).map((path) => `it holds ${path}`),
    ...described.flatMap(([path, wanted]) => {
      const entry = entries.get(path)
      const found = entry && { ...entry, mode: (entry.mode & 0o7777).toString(8) }
      const difference = found === undefined ? 'it is not there' : differenceOf(wanted, found)
      return difference === undefined ? [] : [`${path}: ${difference}`]
    }),
    ...neighbours.flatMap((paths) => neighbourProblems(entries, paths)),
    ...(unmoved_since === undefined ? [] : placeProblems(stage, { name, entries, since: unmoved_since })),
  ]
}

/** Slots are rounded up to squares, dominoes and Ls: beyond that nothing lies between neighbours. */
const looseness = 4

/** Nothing else lies between them, and hardly any empty space. */
function neighbourProblems(entries: ReadonlyMap<string, ListedEntry>, paths: readonly string[]): string[] {
  const slots = paths.map((path) => entries.get(path)?.slot)
  if (slots.some((slot) => !slot)) return [`not all of ${paths.join(', ')} have a place`]
  const starts = slots.flatMap((slot) => slot?.start ?? [])
  const ends = slots.flatMap((slot) => (slot ? [slot.start + slot.length] : []))
  const [from, to] = [Math.min(...starts), Math.max(...ends)]
  const between = [...entries.values()].filter(
    ({ path, slot }) => slot && slot.start >= from && slot.start < to && !paths.includes(path ?? ''),
  )
  const owned = slots.reduce((sum, slot) => sum + (slot?.length ?? 0), 0)
  return [
    ...(between.length > 0 ? [`${paths.join(', ')} have others between them: ${shown(between)}`] : []),
    ...(to - from > looseness * owned ? [`${paths.join(', ')} own ${owned} bytes in a run of ${to - from}`] : []),
  ]
}

interface PlaceQuestion {
  readonly name: string
  readonly entries: ReadonlyMap<string, ListedEntry>
  readonly since: string
}

function placeProblems(stage: Stage, { name, entries, since }: PlaceQuestion): string[] {
  const before = stage.marks.get(since)?.places.get(name)
  if (before === undefined) return [`no mark is called ${since}, or it was not there then`]
  const kept = [...before].filter(([path, { slot, size }]) => slot !== null && entries.get(path)?.size === size)
  if (kept.length === 0) return [`nothing is left of what it held at the mark ${since}`]
  return kept.flatMap(([path, { slot }]) => {
    const difference = differenceOf(slot, entries.get(path)?.slot)
    return difference === undefined ? [] : [`${path} has moved: ${difference}`]
  })
}

async function contentProblems(stage: Stage, path: string, { equals, has = {} }: BrickExpectation): Promise<string[]> {
  const problems: string[] = []
  for (const [name, text] of Object.entries(has)) {
    if (typeof text !== 'string') continue
    const found = await contentOf(path, name)
    if (found !== text) problems.push(`${name} holds ${shown(found)}, not ${shown(text)}`)
  }
  return problems.length > 0 || equals === undefined ? problems : equalityProblems(stage, path, equals)
}

/** Every byte comes out again, and nothing else does. */
async function equalityProblems(stage: Stage, path: string, source: string): Promise<string[]> {
  const out = stage.freshPath()
  try {
    const { code, stderr } = await stage.run(['sfd', 'extract', path, '-o', out])
    return code === 0 ? treeProblems(join(stage.folder, source), out) : [`sfd extract exits with ${code}: ${stderr}`]
  } finally {
    fs.rmSync(out, { recursive: true, force: true })
  }
}

function treeProblems(source: string, out: string): string[] {
  const isFolder = fs.lstatSync(source).isDirectory()
  const [wanted, found] = isFolder
    ? [describeTree(source), describeTree(out)]
    : [new Map([['', describe(source)]]), new Map([['', describe(join(out, basename(source)))]])]
  const paths = [...new Set([...wanted.keys(), ...found.keys()])].sort()
  return paths.flatMap((path) => {
    const [a, b] = [wanted.get(path), found.get(path)].map(text)
    return a === b ? [] : [`${path === '' ? 'it' : path} is ${b} in the brick and ${a} on the disk`]
  })
}

function text(described: Described | undefined): string {
  if (described === undefined) return 'not there'
  const { kind, mode, size, content, mtimeNs } = described
  return `${kind} ${mode.toString(8)} of ${size} bytes, ${content.slice(0, 12)}, ${mtimeNs}`
}
