/** The file of scenarios: every one checked, and what is wrong said with its line. */
import { readFileSync } from 'node:fs'
import { isMap, isNode, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import { type Scenario, scenarioSchema } from './vocabulary.ts'

export interface PlacedScenario {
  readonly scenario: Scenario
  readonly line: number
  /** Of each step. */
  readonly stepLines: readonly number[]
  readonly thenLine: number
}

/** Throws one error that names everything that is wrong, a line each: FILE:LINE: WHAT. */
export function readScenarios(path: string): readonly PlacedScenario[] {
  return parseScenarios(readFileSync(path, 'utf8'), path)
}

export function parseScenarios(text: string, file: string): readonly PlacedScenario[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const problems = document.errors.map(({ pos, message }) => `${file}:${lines.linePos(pos[0]).line}: ${message}`)
  const lineAt = (keys: readonly PropertyKey[]): number => lineOf(document.contents, { keys, lines })
  const root: unknown = problems.length > 0 ? [] : document.toJS({ maxAliasCount: 1_000 })
  if (!Array.isArray(root)) throw new Error(`${file}:1: a list of scenarios is expected`)
  const placed: PlacedScenario[] = []
  const names = new Set<string>()
  for (const [index, value] of root.entries()) {
    const parsed = scenarioSchema.safeParse(value)
    if (!parsed.success) {
      problems.push(...parsed.error.issues.flatMap((issue) => wordsOf(issue, { file, at: [index], lineAt })))
      continue
    }
    const scenario = parsed.data
    const line = lineAt([index])
    if (names.has(scenario.name)) problems.push(`${file}:${line}: another scenario has this name: ${scenario.name}`)
    names.add(scenario.name)
    const stepLines = scenario.steps.map((_, step) => lineAt([index, 'steps', step]))
    placed.push({ scenario, line, stepLines, thenLine: lineAt([index, 'then']) })
  }
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return placed
}

interface IssuePlace {
  readonly file: string
  readonly at: readonly PropertyKey[]
  readonly lineAt: (keys: readonly PropertyKey[]) => number
}

function wordsOf(issue: z.core.$ZodIssue, { file, at, lineAt }: IssuePlace): string[] {
  const keys = [...at, ...issue.path]
  const where = issue.path.length === 0 ? 'the scenario' : issue.path.map(String).join('.')
  if (issue.code !== 'unrecognized_keys') return [`${file}:${lineAt(keys)}: ${where}: ${issue.message}`]
  return issue.keys.map((key) => `${file}:${lineAt([...keys, key])}: ${where} knows no word ${JSON.stringify(key)}`)
}

/** Of the node there, else of the nearest one above it. */
function lineOf(root: Node | null, { keys, lines }: { keys: readonly PropertyKey[]; lines: LineCounter }): number {
  let node: unknown = root
  let offset = root?.range?.[0] ?? 0
  for (const key of keys) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key)
      if (pair === undefined) break
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      if (isNode(node)) offset = node.range?.[0] ?? offset
    } else break
  }
  return lines.linePos(offset).line
}
