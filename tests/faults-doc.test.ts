/** docs/faults.md keeps its word: every case is there, says something, and names tests that exist. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseSync } from 'oxc-parser'

const root = join(import.meta.dirname, '..')
const casesCount = 55

interface Case {
  readonly number: number
  readonly words: string
  readonly tests: readonly { readonly file: string; readonly name: string }[]
}

/** Sections of the second level: a number, words, and a list of tests. */
function casesOf(text: string): Case[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...rest] = section.split(/^# /m)[0]?.split('\n') ?? []
      const tests = rest.flatMap((line) => {
        const named = /^- `([^`]+)`: "(.*)"$/.exec(line)
        assert.ok(named !== null || !line.startsWith('-'), `no test is named by: ${line}`)
        return named === null ? [] : [{ file: named[1] as string, name: named[2] as string }]
      })
      const words = rest.filter((line) => !line.startsWith('-')).join(' ')
      return { number: Number(/^\d+/.exec(heading)?.[0]), words: words.trim(), tests }
    })
}

/** A test's name as its fixed parts: between them stands what is made up when it runs. */
type TestName = readonly string[]

const makers = new Set(['test', 'define'])

function testNames(file: string): TestName[] {
  const names: TestName[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const each of node) visit(each)
    if (node === null || typeof node !== 'object' || Array.isArray(node)) return
    const {
      type,
      callee,
      arguments: given,
    } = node as { type?: string; callee?: { name?: string }; arguments?: unknown[] }
    if (type === 'CallExpression' && makers.has(callee?.name ?? '')) names.push(...nameOf(given?.[0]))
    for (const value of Object.values(node)) visit(value)
  }
  visit(parseSync(file, readFileSync(join(root, file), 'utf8')).program)
  return names
}

function nameOf(node: unknown): TestName[] {
  const { type, value, quasis } = node as { type: string; value?: unknown; quasis?: { value: { cooked: string } }[] }
  if (type === 'Literal' && typeof value === 'string') return [[value]]
  const parts = type === 'TemplateLiteral' ? (quasis ?? []).map((quasi) => quasi.value.cooked) : []
  return parts.join('').length >= nameMin ? [parts] : []
}

/** With its made-up parts as they may read; cut anywhere after one, or where one begins. */
function isCalled(name: TestName, wanted: string): boolean {
  if (name.length === 1) return name[0] === wanted
  return wanted.length >= nameMin && name.some((part, index) => isCutIn(name.slice(0, index), part, wanted))
}

/** `wanted` is the parts before, and a beginning of this one or all of it. */
function isCutIn(before: readonly string[], part: string, wanted: string): boolean {
  for (let length = before.length === 0 ? nameMin : 0; length <= part.length; length++) {
    const parts = [...before, part.slice(0, length)].map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    if (new RegExp(`^${parts.join('.+')}$`, 's').test(wanted)) return true
  }
  return false
}

/** Shorter names say nothing in particular. */
const nameMin = 12

const cases = casesOf(readFileSync(join(root, 'docs/faults.md'), 'utf8'))

test(`docs/faults.md has the cases 1 to ${casesCount}, each once and in order`, () => {
  assert.deepEqual(
    cases.map(({ number }) => number),
    Array.from({ length: casesCount }, (_, i) => i + 1),
  )
})

test('every case says what is done, and names a test or says why it cannot be produced', () => {
  const empty = cases.filter(({ words, tests }) => {
    return words.length < nameMin || (tests.length === 0 && !words.startsWith('Not produced here: '))
  })
  assert.deepEqual(
    empty.map(({ number }) => number),
    [],
  )
})

test('every test that docs/faults.md names is there, under that name and in that file', () => {
  const known = new Map<string, TestName[]>()
  const missing = cases.flatMap(({ number, tests }) =>
    tests
      .filter(({ file, name }) => {
        if (!known.has(file)) known.set(file, existsSync(join(root, file)) ? testNames(file) : [])
        return !known.get(file)?.some((each) => isCalled(each, name))
      })
      .map(({ file, name }) => `${number}: ${file}: ${name}`),
  )
  assert.deepEqual(missing, [])
})
