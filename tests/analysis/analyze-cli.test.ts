/** `sfd analyze` as a person and as a script meet it. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isRoot, makePlace, type Run, sfd, strangerId } from '../cli/sfd.ts'

interface EntryAnswer {
  readonly path: string
  readonly kind: string
  readonly type: { readonly kind: string } | null
  readonly hardening?: Record<string, unknown>
  readonly findings: readonly { readonly title: string; readonly severity: string; readonly command?: string }[]
  readonly problems: readonly { readonly analyzer: string; readonly text: string }[]
  readonly regions?: readonly unknown[]
}

interface SummaryAnswer {
  readonly summary: {
    readonly entries: number
    readonly analysed: number
    readonly known: number
    readonly findings: Record<string, number>
    readonly model: { readonly state: string }
  }
}

const linesOf = (run: Run) =>
  run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

/** A folder with a program, a text and a name that would move a terminal's cursor; and a state of its own. */
function plantedPlace(t: TestContext) {
  const place = makePlace(t)
  const state = join(place.folder, 'state')
  mkdirSync(state)
  copyFileSync('/bin/sh', join(place.source, 'program'))
  writeFileSync(join(place.source, 'text'), 'words\n')
  writeFileSync(join(place.source, 'evil\u001b[2J\u0007name'), '\u001b]0;evil\u0007\u001b[31m<script>\n'.repeat(20))
  return { ...place, state }
}

/** Each analysis starts threads and their tools: a second of processor time. */
const long = { skip: process.env['SFD_TEST_LONG'] !== '1' && 'long lane' }

const hardeningFields = ['canary', 'fortified', 'nx', 'pie', 'relro', 'rpath', 'runpath']

test('a file gives one object, of a program with its hardening at the top', (t) => {
  const { source } = plantedPlace(t)
  const run = sfd(['analyze', join(source, 'program'), '--json'])
  assert.equal(run.status, 0, run.stderr)
  const [answer, ...more] = linesOf(run) as EntryAnswer[]
  assert.deepEqual(more, [])
  assert.equal(answer?.path, join(source, 'program'))
  assert.equal(answer?.type?.kind, 'elf')
  assert.deepEqual(Object.keys(answer?.hardening ?? {}).sort(), hardeningFields)
  assert.ok((answer?.regions?.length ?? 0) > 10)
})

test('a folder is shown as counts, and nothing in it reaches the terminal as a command', long, (t) => {
  const { source } = plantedPlace(t)
  const run = sfd(['analyze', source, '--severity', 'info'])
  assert.equal(run.status, 0, run.stderr)
  assert.match(run.stdout, /4 entries, 3 contents of .* looked at/)
  assert.match(run.stdout, /No model was used \(off\)/)
  assert.ok(!/[\p{Cc}--\n]/v.test(run.stdout), JSON.stringify(run.stdout))
})

test('a brick gets labels in a commit of its own, once; without writing it stays as it is', long, (t) => {
  const { source, brick, state } = plantedPlace(t)
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  const folded = readFileSync(brick)
  const looked = sfd(['--state', state, 'analyze', brick, '--no-write', '--json'])
  assert.equal(looked.status, 0, looked.stderr)
  assert.deepEqual(readFileSync(brick), folded)
  assert.deepEqual(reasons(brick), ['fold'])
  const first = sfd(['--state', state, 'analyze', brick, '--json'])
  const entries = (run: Run) => linesOf(run).filter((line) => 'path' in line) as EntryAnswer[]
  assert.deepEqual(entries(first), entries(looked))
  assert.equal(entries(first).length, 4)
  assert.deepEqual(reasons(brick), ['analysed', 'fold'])
  const again = sfd(['--state', state, 'analyze', brick, '--json'])
  assert.deepEqual(reasons(brick), ['analysed', 'fold'])
  const { summary } = linesOf(again).at(-1) as SummaryAnswer
  assert.deepEqual([summary.analysed, summary.known, summary.model.state], [3, 3, 'off'])
  assert.equal(statSync(join(state, 'catalog.db')).mode & 0o777, 0o600)
  const known = sfd(['--state', state, 'analyze', brick])
  assert.match(known.stdout, /4 entries, 3 contents of .* looked at, 0 new/)
  assert.deepEqual(sfd(['--state', state, 'analyze', brick]).stdout, known.stdout, 'from what is known by now')
  writeFileSync(join(source, 'text'), 'other words\n')
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  assert.match(sfd(['--state', state, 'analyze', brick]).stdout, /3 contents of .* looked at, 1 new/)
  const regions = linesOf(sfd(['regions', brick, 'program', '--json']))
  assert.ok(regions.some((region) => region.class === 'hardening'))
})

test('one entry of a brick is shown as a page, and an entry that is not there is an error', long, (t) => {
  const { source, brick } = plantedPlace(t)
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  const page = sfd(['analyze', brick, 'program'])
  assert.equal(page.status, 0, page.stderr)
  for (const words of ['hardening', 'Structure:', 'Findings']) assert.ok(page.stdout.includes(words), words)
  assert.match(sfd(['analyze', brick, 'nothing']).stderr, /ENTRY_MISSING/)
})

test('what cannot be read is said, and the exit code says it too', isRoot ? long : { skip: 'needs root' }, (t) => {
  const { source, folder } = plantedPlace(t)
  writeFileSync(join(source, 'secret'), 'not for all\n', { mode: 0o600 })
  const run = sfd(['--state', join(folder, 'none'), 'analyze', source], { as: strangerId })
  assert.equal(run.status, 3, run.stderr)
  assert.match(run.stdout, /secret {2}engine: not read: EACCES/)
})

test('what is no file, no folder and no brick is an error that says so', (t) => {
  const { source } = plantedPlace(t)
  for (const [args, code] of [
    [['nowhere-at-all'], 'SOURCE_MISSING'],
    [['/dev/null'], 'SOURCE_KIND'],
    [[source, 'program'], 'USAGE'],
    [[source, '--severity', 'grave'], 'USAGE'],
  ] as const) {
    const run = sfd(['analyze', ...args])
    assert.notEqual(run.status, 0)
    assert.ok(run.stderr.includes(code), run.stderr)
  }
})

function reasons(brick: string): string[] {
  return linesOf(sfd(['log', brick, '--json'])).map(({ reason }) => reason)
}
