/** Holds what is against what a scenario expects, the cheap questions first, and says every difference in words. */
import fs from 'node:fs'
import { join } from 'node:path'
import { brickProblems } from './expect-brick.ts'
import { differenceOf, firstMissing, shown } from './match.ts'
import type { Stage } from './stage.ts'
import type { Expectation, FeedExpectation, FileExpectation, HookExpectation, TaskExpectation } from './vocabulary.ts'

/** Empty where all is as expected. What costs a process is only asked where all else is well. */
export async function problemsOf(stage: Stage, expected: Expectation): Promise<string[]> {
  const { files = {}, hooks, status, tasks, feed, bricks = {}, said = [], daemon } = expected
  const problems = [
    ...Object.entries(files).flatMap(([name, file]) => fileProblems(join(stage.folder, name), file)),
    ...(hooks === undefined ? [] : hookProblems(stage, hooks)),
    ...said.filter((text) => !stage.said.includes(text)).map((text) => `the daemon did not say ${shown(text)}`),
    ...(daemon === undefined ? [] : daemonProblems(stage, daemon)),
  ]
  if (problems.length > 0) return problems
  if (status !== undefined || tasks !== undefined) problems.push(...(await statusProblems(stage, status ?? [], tasks)))
  if (problems.length > 0) return problems
  if (feed !== undefined) problems.push(...(await feedProblems(stage, feed)))
  if (problems.length > 0) return problems
  for (const [name, brick] of Object.entries(bricks)) {
    const found = await brickProblems(stage, name, brick)
    if (found.length > 0) return found.map((problem) => `brick ${name}: ${problem}`)
  }
  return problems
}

function fileProblems(path: string, { content, contains, size, mode, missing }: FileExpectation): string[] {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  if (missing) return stat === undefined ? [] : [`${path} is there`]
  if (stat === undefined) return [`${path} is not there`]
  const text = content === undefined && contains === undefined ? '' : fs.readFileSync(path, 'utf8')
  const found = { content: text, size: stat.size, mode: (stat.mode & 0o7777).toString(8) }
  const wanted = {
    ...(content !== undefined && { content }),
    ...(size !== undefined && { size }),
    ...(mode !== undefined && { mode }),
  }
  const problem =
    differenceOf(wanted, found) ?? differenceOf(contains === undefined ? {} : { content: { contains } }, found)
  return problem === undefined ? [] : [`${path}: ${problem}`]
}

function hookProblems(stage: Stage, { at_least = 0, exactly, calls = [], same_key }: HookExpectation): string[] {
  const found = stage.calls()
  const told = `the hook was called ${found.length} times:\n${found.map((call) => `  ${shown(call)}`).join('\n')}`
  const keys = new Set(found.map(({ stdin }) => stdin['key']))
  const missing = firstMissing(calls, found)
  return [
    ...(found.length < at_least ? [`${told}; at least ${at_least} expected`] : []),
    ...(exactly !== undefined && found.length !== exactly ? [`${told}; exactly ${exactly} expected`] : []),
    ...(same_key && keys.size > 1 ? [`${told}; all with the same key expected`] : []),
    ...(missing === undefined ? [] : [`call ${missing.index + 1}, ${shown(missing.item)}, is missing: ${told}`]),
  ]
}

function daemonProblems(stage: Stage, expected: 'running' | 'gone'): string[] {
  return (stage.daemon === undefined) === (expected === 'gone') ? [] : [`the daemon is not ${expected}: ${stage.said}`]
}

async function statusProblems(stage: Stage, expected: readonly TaskExpectation[], count?: number): Promise<string[]> {
  const found = await stage.client().tasks()
  const problems = expected.flatMap(({ task, file, conditions = [], ...fields }) => {
    const wanted = { ...(task !== undefined && { task_id: task }), ...fields }
    const reasons = found.tasks.map((status) => {
      if (task !== undefined && status.task_id !== task) return undefined
      if (file !== undefined && !status.file.endsWith(`/${file}`)) return undefined
      return (
        differenceOf(wanted, status) ??
        conditions.flatMap((condition) => conditionProblem(condition, status.conditions))[0] ??
        ''
      )
    })
    if (reasons.includes('')) return []
    const what = `the status of ${task ?? file ?? 'a task'}`
    const told = reasons.filter((reason) => reason !== undefined)
    return [told.length > 0 ? `${what}: ${told.join('; ')}` : `${what} is missing: ${shown(found.tasks)}`]
  })
  const isCount = count === undefined || found.tasks.length === count
  return isCount ? problems : [...problems, `${found.tasks.length} statuses, not ${count}: ${shown(found.tasks)}`]
}

function conditionProblem(
  { message, ...wanted }: NonNullable<TaskExpectation['conditions']>[number],
  found: readonly unknown[],
): string[] {
  const full = message === undefined ? wanted : { ...wanted, message: { contains: message } }
  return firstMissing([full], found) === undefined ? [] : [`no condition ${shown(full)} in ${shown(found)}`]
}

async function feedProblems(
  stage: Stage,
  { in_order = [], none = [], unbroken, since }: FeedExpectation,
): Promise<string[]> {
  const mark = since === undefined ? undefined : stage.marks.get(since)
  if (since !== undefined && mark === undefined) return [`no mark is called ${since}`]
  const messages = await stage.feed(mark?.sequence ?? 0)
  const numbers = messages.flatMap(({ sequence, kind }) => (kind === 'hello' ? [] : [Number(sequence)]))
  const first = (mark?.sequence ?? 0) + 1
  const missing = firstMissing(in_order, messages)
  return [
    ...(missing === undefined ? [] : [`message ${shown(missing.item)} is missing there: ${told(messages)}`]),
    ...none
      .filter((item) => messages.some((message) => differenceOf(item, message) === undefined))
      .map((item) => `message ${shown(item)} is there: ${told(messages)}`),
    ...(unbroken && numbers.some((number, index) => number !== first + index)
      ? [`the numbers do not count from ${first}: ${shown(numbers)}`]
      : []),
  ]
}

function told(messages: readonly unknown[]): string {
  return `\n${messages.map((message) => `  ${shown(message)}`).join('\n')}`
}
