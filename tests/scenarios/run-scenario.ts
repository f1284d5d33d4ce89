/**
 * Plays one scenario from its beginning to its end. What is expected is asked again until it holds: nothing here sleeps
 * for a time that somebody guessed, and a deadline only decides when to give up.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { changeFiles } from './disk.ts'
import { problemsOf } from './expect.ts'
import { differenceOf, firstMissing, shown } from './match.ts'
import type { PlacedScenario } from './read-scenarios.ts'
import { linesOf, Stage } from './stage.ts'
import { type Names, substituted } from './substitute.ts'
import type { Expectation, OutputExpectation, Step } from './vocabulary.ts'

const withinSecondsDefault = 40
const askAgainMs = { first: 50, factor: 1.6, max: 1_000 }

/** Error: what was not so, with the line of the scenario's step. */
export async function runScenario({ scenario, line, stepLines, thenLine }: PlacedScenario): Promise<void> {
  const stage = new Stage(scenario)
  let at = line
  try {
    const { up = ['--tasks', 'tasks'] } = scenario.given
    if (up !== 'no') await stage.start(substituted(up, stage.names))
    for (const [index, step] of scenario.steps.entries()) {
      at = stepLines[index] ?? line
      await takeStep(stage, step)
    }
    at = thenLine
    if (scenario.then !== undefined) await holds(stage, substituted(scenario.then, stage.names), withinSecondsDefault)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`line ${at}: ${why}\nthe daemon said:\n${stage.said}`)
  } finally {
    await stage.close()
  }
}

async function takeStep(stage: Stage, raw: Step, names = stage.names): Promise<void> {
  const { steps = [], ...own } = raw
  const step: Step = substituted(own, names)
  changeFiles(stage.folder, step)
  if (step.run !== undefined) await runCommand(stage, step)
  if (step.sync) await stage.client().control('/api/sync')
  if (step.kill !== undefined) await stage.signal(step.kill)
  if (step.start !== undefined) await stage.start(step.start === true ? undefined : step.start)
  if (step.wait !== undefined) await holds(stage, step.wait, step.within ?? withinSecondsDefault)
  if (step.mark !== undefined) await stage.mark(step.mark)
  for (let n = 1; n <= (step.repeat ?? 0); n++) {
    const innerNames: Names = (name) => (name === 'n' ? `${n}` : names(name))
    for (const inner of steps) await takeStep(stage, inner, innerNames)
  }
}

/** Resolves when it holds. Error: what was different at the deadline. */
async function holds(stage: Stage, expected: Expectation, seconds: number): Promise<void> {
  const deadlineMs = performance.now() + seconds * 1_000
  for (let pauseMs = askAgainMs.first; ; pauseMs = Math.min(pauseMs * askAgainMs.factor, askAgainMs.max)) {
    const problems = await problemsOf(stage, expected).catch((error: Error) => [error.message])
    if (problems.length === 0) return
    if (performance.now() > deadlineMs) throw new Error(`after ${seconds} s:\n${problems.join('\n')}`)
    await delay(pauseMs)
  }
}

async function runCommand(stage: Stage, { run = [], exit = 0, stdout, stderr }: Step): Promise<void> {
  const outcome = await stage.run(run)
  const problems = [
    ...(outcome.code === exit ? [] : [`it exits with ${outcome.code}, not ${exit}`]),
    ...outputProblems('stdout', outcome.stdout, stdout),
    ...outputProblems('stderr', outcome.stderr, stderr),
  ]
  if (problems.length === 0) return
  throw new Error(`${run.join(' ')}: ${problems.join('; ')}\n${outcome.stdout}${outcome.stderr}`)
}

function outputProblems(name: string, text: string, expected: OutputExpectation | undefined): string[] {
  if (expected === undefined) return []
  const { contains = [], lacks = [], is, json, lines = [] } = expected
  const missing = lines.length === 0 ? undefined : firstMissing(lines, linesOf(text))
  const difference = json === undefined ? undefined : differenceOf(json, JSON.parse(text))
  return [
    ...contains.filter((part) => !text.includes(part)).map((part) => `${name} does not hold ${shown(part)}`),
    ...lacks.filter((part) => text.includes(part)).map((part) => `${name} holds ${shown(part)}`),
    ...(is === undefined || is === text ? [] : [`${name} is not ${shown(is)}`]),
    ...(missing === undefined ? [] : [`${name} has no line ${shown(missing.item)} there`]),
    ...(difference === undefined ? [] : [`${name}: ${difference}`]),
  ]
}
