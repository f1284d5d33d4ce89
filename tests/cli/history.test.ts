/** Time travel on the command line: what was, what changed, and getting it back. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import type { Clock } from '../../src/base/ports.ts'
import { forgetPath } from '../../src/fold/forget.ts'
import { BrickWriter } from '../../src/store/brick-writer.ts'
import { tagCommit } from '../../src/store/tags.ts'
import { fold, random } from '../fold/lab.ts'
import { makePlace, type Run, sfd } from './sfd.ts'

const hourMs = 3_600_000

/** A clock that stood still so many hours ago. */
function hoursAgo(hours: number): Clock {
  const ns = BigInt(Date.now() - hours * hourMs) * 1_000_000n
  return { nowNs: () => ns, monotonicMs: () => performance.now() }
}

/** Three versions of a tree: three days, 30 hours and one hour old; the middle one has the tag `good`. */
async function threeVersions(t: TestContext) {
  const place = makePlace(t)
  const { source, brick } = place
  mkdirSync(join(source, 'conf'))
  const write = (version: string) => writeFileSync(join(source, 'conf/hosts'), `127.0.0.1 ${version}\n`)
  write('first')
  writeFileSync(join(source, 'steady'), 'the same all the time')
  await fold(place, { clock: hoursAgo(72) })
  write('second')
  await fold(place, { clock: hoursAgo(30) })
  write('third, and broken')
  await fold(place, { clock: hoursAgo(1) })
  const { writer } = BrickWriter.open(utf8(brick), random)
  tagCommit(writer, { generation: 2, tag: 'good', time: { seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 } })
  writer.close()
  return place
}

const lines = (run: Run) => run.stdout.trimEnd().split('\n')
const values = (run: Run) => lines(run).map((line) => JSON.parse(line))
const codeOf = (run: Run) => JSON.parse(run.stdout).error.code

test("yesterday's version of a file comes back with one command", async (t) => {
  const { folder, brick } = await threeVersions(t)
  const out = join(folder, 'out')
  const run = sfd(['extract', brick, 'conf/hosts', '--at', 'yesterday', '-o', out])
  assert.equal(run.status, 0, run.stderr)
  assert.match(run.stdout, /^from +generation 2, /m)
  assert.equal(readFileSync(join(out, 'conf/hosts'), 'utf8'), '127.0.0.1 second\n')
  assert.ok(!existsSync(join(out, 'steady')))
})

test('every way to name a commit leads to it, in every command that reads one', async (t) => {
  const { brick, folder } = await threeVersions(t)
  const log = values(sfd(['log', brick, '--json']))
  const commitOf = (generation: number) => log.find((each) => each.generation === generation).commit
  const timeOf = (generation: number) => log.find((each) => each.generation === generation).time.slice(0, 19)
  for (const [at, generation] of [
    ['2', 2],
    ['@-1', 3],
    ['good', 2],
    [commitOf(3).slice(0, 12), 3],
    ['-2h', 2],
    ['oldest', 1],
    [timeOf(3).replace('T', ' '), 3],
    ['now', 4],
  ] as const) {
    const run = sfd(['show', brick, '--json', '--at', at])
    assert.equal(run.status, 0, `${at}: ${run.stderr}`)
    assert.deepEqual([values(run)[0].generation, values(run)[0].commits], [generation, 4], at)
  }
  const [entry] = values(sfd(['ls', brick, 'conf/hosts', '--at', 'good', '--json']))
  assert.equal(entry.size, '127.0.0.1 second\n'.length)
  const bytes = sfd(['extract', brick, 'conf/hosts', '--range', '10:15', '--at', '1', '-o', '-'])
  assert.equal(bytes.stdout, 'first')
  const pictures = ['1', '3'].map((at) => {
    const png = join(folder, `${at}.png`)
    assert.equal(sfd(['render', brick, '--at', at, '-o', png]).status, 0)
    return readFileSync(png)
  })
  assert.notDeepEqual(pictures[0], pictures[1])
})

test('what is not there any more is told with what there is', async (t) => {
  const { brick } = await threeVersions(t)
  for (const at of ['9', '@-4', '80h', 'bad', 'abcdef0123']) {
    const run = sfd(['ls', brick, '--at', at, '--json'])
    assert.deepEqual([run.status, codeOf(run)], [1, 'COMMIT_MISSING'], at)
    assert.match(run.stderr, /4 commits from generation 1 \(.* UTC\) to generation 4 \(.* UTC\)/, at)
  }
  for (const at of ['@x', '2026-02-30']) {
    const run = sfd(['ls', brick, '--at', at, '--json'])
    assert.deepEqual([run.status, codeOf(run)], [2, 'USAGE'], at)
  }
})

test('the log names tags, for people and for programs', async (t) => {
  const { brick } = await threeVersions(t)
  assert.deepEqual(
    values(sfd(['log', brick, '--json'])).map(({ generation, tag }) => [generation, tag]),
    [
      [4, null],
      [3, null],
      [2, 'good'],
      [1, null],
    ],
  )
  assert.match(sfd(['log', brick]).stdout, /^ +2 .* good +test$/m)
})

/** Two commits with one change of each kind. */
async function changedTree(t: TestContext) {
  const place = makePlace(t)
  const { source } = place
  mkdirSync(join(source, 'old/deep'), { recursive: true })
  for (let i = 0; i < 5; i++) writeFileSync(join(source, `old/deep/${i}`), `file ${i}`)
  writeFileSync(join(source, 'text'), 'x'.repeat(1000))
  writeFileSync(join(source, 'going'), 'going')
  writeFileSync(join(source, 'mode'), 'mode', { mode: 0o644 })
  await fold(place)
  renameSync(join(source, 'old'), join(source, 'new'))
  writeFileSync(join(source, 'text'), `${'x'.repeat(100)}CHANGED${'x'.repeat(893)}and more`)
  rmSync(join(source, 'going'))
  writeFileSync(join(source, 'come'), 'come')
  rmSync(join(source, 'mode'))
  writeFileSync(join(source, 'mode'), 'mode', { mode: 0o600 })
  await fold(place)
  return place
}

test('a difference has a line for each entry, its bytes where asked, and exit code 1', async (t) => {
  const { brick } = await changedTree(t)
  const run = sfd(['diff', brick, '--bytes'])
  assert.deepEqual([run.status, run.stderr], [1, ''])
  const [heading, ...rest] = lines(run)
  assert.match(heading as string, /^from generation 1 \(.* UTC\) to generation 2 \(.* UTC\)$/)
  assert.deepEqual(
    rest.map((line) => line.replace(/ +/g, ' ').trim()),
    [
      '+ 4 B come',
      '- 5 B going',
      'm 4 B mode [mode -rw-r--r-- -> -rw-------, mtime]',
      'R dir new (was old) with 6 entries',
      'M 1,000 -> 1,008 B text [size, content, mtime]',
      '100:107 7 bytes',
      '1000:1008 8 bytes',
      rest.at(-1)?.trim(),
    ],
  )
  assert.match(
    rest.at(-1) as string,
    /^1 added, 1 removed, 1 modified, 2 meta, 1 moved \(1 folder .*\); 1 of 1? ?\d* tiles differ$/,
  )
})

test('a difference as JSON has a line that names both commits, then one object for each entry', async (t) => {
  const { brick } = await changedTree(t)
  const [names, ...entries] = values(sfd(['diff', brick, '1', '2', '--bytes', '--json']))
  assert.deepEqual([names.from.generation, names.to.generation, names.entries], [1, 2, entries.length])
  const text = entries.find(({ path }) => path === 'text')
  assert.deepEqual(
    [text.change, text.fields, text.before.size, text.after.size],
    ['modified', ['size', 'content', 'mtime'], 1000, 1008],
  )
  assert.deepEqual(text.ranges, [
    { start: 100, length: 7, kind: 'differs' },
    { start: 1000, length: 8, kind: 'differs' },
  ])
  const moved = entries.find(({ change }) => change === 'moved')
  assert.deepEqual([moved.path, moved.before.path, moved.withEntries], ['new', 'old', 6])
  assert.equal(entries.find(({ change }) => change === 'added').before, null)
})

test('equal commits exit with 0; words are read as FROM, TO and PATH', async (t) => {
  const { brick, source } = await changedTree(t)
  writeFileSync(join(source, '2'), 'a file whose name is a number')
  await fold({ source, brick })
  const changed = (words: readonly string[]) => {
    const run = sfd(['diff', brick, ...words, '--json'])
    assert.ok(run.status === 0 || run.status === 1, run.stderr)
    const [{ from, to }, ...entries] = values(run)
    assert.equal(run.status, entries.length === 0 ? 0 : 1)
    return [from.generation, to.generation, ...entries.map(({ path }) => path)]
  }
  assert.deepEqual(changed([]), [2, 3, '', '2'])
  assert.deepEqual(changed(['2', '2']), [2, 2])
  assert.deepEqual(changed(['1', '@2', 'text']), [1, 2, 'text'])
  assert.deepEqual(changed(['1', 'text']), [1, 3, 'text'])
  assert.deepEqual(changed(['./2']), [2, 3, '2'])
  assert.deepEqual(changed(['1', 'old']), [1, 3, 'new'])
  assert.deepEqual(changed(['-0s', 'now', 'mode']), [3, 3])
  for (const [words, status, code] of [
    [['yesteday'], 1, 'ENTRY_MISSING'],
    [['1', '2', 'text', 'mode'], 2, 'USAGE'],
    [['9'], 1, 'COMMIT_MISSING'],
    [['--frob'], 2, 'USAGE'],
  ] as const) {
    const run = sfd(['diff', brick, ...words, '--json'])
    assert.deepEqual([run.status, codeOf(run)], [status, code], words.join(' '))
  }
})

test('what was forgotten is marked, left out, and never zeros', async (t) => {
  const place = makePlace(t)
  const { folder, source, brick } = place
  const secret = 'hunter2 '.repeat(40)
  writeFileSync(join(source, 'large'), 'L'.repeat(300_000))
  writeFileSync(join(source, 'neighbour'), 'it shared a tile')
  writeFileSync(join(source, 'secret'), secret)
  await fold(place)
  writeFileSync(join(source, 'later'), 'later')
  await fold(place)
  const pause = () => Promise.resolve()
  const clock = hoursAgo(0)
  const { signal } = new AbortController()
  const parts = { path: utf8(brick), random, clock, signal, pause, onProgress: () => undefined }
  await forgetPath({ ...parts, entryPath: utf8('secret') })
  const listed = sfd(['ls', brick, '--at', '1', '--json'])
  assert.equal(listed.status, 3)
  const flags = Object.fromEntries(values(listed).map((entry) => [entry.path, entry.flags.includes('forgotten')]))
  assert.deepEqual(flags, { '': false, large: false, neighbour: true, secret: true })
  const out = join(folder, 'out')
  const extracted = sfd(['extract', brick, '--at', '1', '-o', out, '--json'])
  assert.equal(extracted.status, 3)
  const { forgotten, damaged } = values(extracted)[0]
  assert.deepEqual([forgotten.map(({ path }: { path: string }) => path), damaged], [['neighbour', 'secret'], []])
  assert.deepEqual(
    [existsSync(join(out, 'secret')), readFileSync(join(out, 'large'), 'utf8')],
    [false, 'L'.repeat(300_000)],
  )
  const range = sfd(['extract', brick, 'secret', '--at', '1', '--range', '0:10', '-o', '-'])
  assert.deepEqual([range.status, range.stdout], [1, ''])
  assert.match(range.stderr, /^sfd: BYTES_FORGOTTEN: /)
  const compared = sfd(['diff', brick, '1', 'now', '--bytes', '--json'])
  assert.equal(compared.status, 1)
  const removed = values(compared).find(({ path }) => path === 'secret')
  assert.equal(removed.change, 'removed')
  assert.equal(sfd(['ls', brick]).status, 0)
  const rendered = sfd(['render', brick, '--at', '1', '-o', join(folder, 'x.png')])
  assert.equal(rendered.status, 3)
  assert.match(rendered.stderr, /forgotten/)
})
