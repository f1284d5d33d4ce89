/**
 * The parts of `npm test` in order, each with its time: style, types, unused code, the map's build, then every test.
 * `check` as the only argument stops before the tests, but for the two that look after the house itself.
 *
 * Tests that were skipped because this machine lacks a browser or python3 count as failed under CI=true alone.
 *
 * A failing part does not hide the others: all run, and the exit code is 1. The test runner's summary comes last; only
 * after a failure of an earlier part is a line added that names it. Other arguments replace the list of test files.
 */

import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

const concurrencyMin = 2
const concurrencyMax = 8
/** A test that hangs must not hang the run. */
const testMinutesMax = process.env['SFD_TEST_LONG'] === '1' ? 360 : 5

const everyTest = ['src/**/*.test.ts', 'tests/**/*.test.ts']
const houseTests = ['tests/tidy.test.ts', 'tests/errors-doc.test.ts']

const asked = process.argv.slice(2)
const isCheck = asked.length === 1 && asked[0] === 'check'
const failed: string[] = []
part('biome', ['biome', 'ci', '--colors=off', '--error-on-warnings'])
part('types', ['tsc', '-b'])
part('knip', ['knip', '--no-progress', '--no-config-hints'])
if (isCheck) {
  runTests(houseTests)
} else {
  part('map build', ['node', 'scripts/build.ts', 'map'])
  runTests(asked.length > 0 ? asked : everyTest)
}
if (process.env['CI'] === 'true') {
  if (process.env['SFD_NO_BROWSER'] === '1') failed.push('the browser tests did not run')
  if (process.env['SFD_NO_PYTHON'] === '1') failed.push('the tests with python3 did not run')
}
if (failed.length > 0) {
  process.stdout.write(`failed: ${failed.join(', ')}\n`)
  process.exitCode = 1
}

/** A program's output is shown as it comes; a failure is noted, not thrown. */
function part(name: string, [command, ...args]: [string, ...string[]]): void {
  const startMs = performance.now()
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  if (status !== 0) failed.push(name)
  const outcome = status === 0 ? 'ok' : `FAILED${error ? ` (${error.message})` : ''}`
  process.stdout.write(`${name}: ${outcome}, ${seconds} s\n`)
}

function runTests(files: readonly string[]): void {
  const concurrency = Math.min(Math.max(availableParallelism(), concurrencyMin), concurrencyMax)
  const options = [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${testMinutesMax * 60_000}`,
  ]
  const { status } = spawnSync(process.execPath, [...options, ...files], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) failed.push('tests')
}
