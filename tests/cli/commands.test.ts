/** What the commands say and how they exit. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PNG } from 'pngjs'
import { toolVersion } from '../../src/base/version.ts'
import { json, jsonLines, makePlace, sfd, shell } from './sfd.ts'

const names = ['up', 'status', 'sync', 'stop', 'rm', 'fold', 'ls', 'show', 'extract', 'verify', 'log', 'diff', 'render']

test('every command has a help with an example, on stdout', () => {
  for (const name of names) {
    const { status, stdout, stderr } = sfd([name, '--help'])
    assert.deepEqual([status, stderr], [0, ''])
    assert.match(stdout, new RegExp(`^Usage: sfd ${name} `))
    assert.match(stdout, /\nExamples?:\n {2}sfd /)
    assert.match(stdout, /--json/)
    assert.match(stdout, /--state <dir>/)
  }
})

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.equal(toolVersion, version)
  assert.equal(sfd(['--version']).stdout, `${version}\n`)
})

test('wrong usage exits with 2 and says what is wrong', () => {
  for (const args of [
    [],
    ['frob'],
    ['ls'],
    ['ls', '--frob', 'x'],
    ['fold', '/etc'],
    ['render', 'x', '-o', 'y', '--mode', 'pink'],
  ]) {
    const { status, stdout, stderr } = sfd(args)
    assert.deepEqual([status, stdout], [2, ''], args.join(' '))
    assert.match(stderr, args.length === 0 ? /^Usage: sfd/ : /^sfd: USAGE: .*\n$/)
  }
  const { status, stdout } = sfd(['ls', '--json'])
  assert.deepEqual([status, JSON.parse(stdout).error.code], [2, 'USAGE'])
})

test('what is wrong with a brick or a source has a name', (t) => {
  const { folder, source, brick } = makePlace(t)
  const code = (args: readonly string[]) => {
    const run = sfd([...args, '--json', '--state', join(folder, 'state')])
    assert.match(run.stderr, /^sfd: [A-Z_]+: .+\n$/)
    return [run.status, json(run).error?.['code']]
  }
  writeFileSync(join(source, 'x'), 'x')
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  mkdirSync(join(folder, 'other'))
  writeFileSync(join(folder, 'text'), 'no brick'.repeat(5000))
  writeFileSync(join(folder, 'empty'), '')
  const cut = join(folder, 'cut.brick')
  writeFileSync(cut, readFileSync(brick))
  truncateSync(cut, 20_000)
  assert.deepEqual(code(['ls', 'nope']), [1, 'BRICK_MISSING'])
  assert.deepEqual(code(['ls', folder]), [1, 'BRICK_MISSING'])
  assert.deepEqual(code(['ls', join(folder, 'text')]), [1, 'BRICK_FOREIGN'])
  assert.deepEqual(code(['ls', join(folder, 'empty')]), [1, 'BRICK_FOREIGN'])
  assert.deepEqual(code(['show', cut]), [1, 'BRICK_DAMAGED'])
  assert.deepEqual(code(['fold', join(folder, 'nope'), '-o', join(folder, 'n.brick')]), [1, 'SOURCE_MISSING'])
  assert.deepEqual(code(['fold', '/dev/null', '-o', join(folder, 'n.brick')]), [1, 'SOURCE_KIND'])
  assert.deepEqual(code(['fold', join(folder, 'other'), '-o', brick]), [1, 'BRICK_OTHER_SOURCE'])
  assert.deepEqual(code(['status']), [1, 'DAEMON_ABSENT'])
})

test('a brick of the state folder is found by its name', (t) => {
  const { folder, source, brick } = makePlace(t)
  writeFileSync(join(source, 'x'), 'x')
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  mkdirSync(join(folder, 'state/bricks'), { recursive: true })
  renameSync(brick, join(folder, 'state/bricks/mine.brick'))
  for (const args of [
    ['mine', '--state', join(folder, 'state')],
    ['mine.brick', '--state', join(folder, 'state')],
  ]) {
    assert.equal(jsonLines(sfd(['ls', '--json', ...args])).length, 2)
  }
  assert.equal(sfd(['ls', 'mine'], { env: { SFD_STATE: join(folder, 'state') } }).status, 0)
})

test('fold, show and log tell of each commit', (t) => {
  const { source, brick } = makePlace(t)
  writeFileSync(join(source, 'x'), 'x'.repeat(100))
  const first = json(sfd(['fold', source, '-o', brick, '--json']))
  assert.deepEqual([first.brick, first.generation, first.bytes, first.entries, first.unreadable], [brick, 1, 100, 2, 0])
  for (const [name, digits] of [
    ['uuid', 32],
    ['contentRoot', 64],
    ['treeHash', 64],
  ] as const) {
    assert.match(String(first[name]), new RegExp(`^[0-9a-f]{${digits}}$`))
  }
  assert.equal(typeof first.seconds, 'number')
  writeFileSync(join(source, 'y'), 'y')
  assert.equal(json(sfd(['fold', source, '-o', brick, '--json'])).generation, 2)
  const log = jsonLines(sfd(['log', brick, '--json']))
  assert.deepEqual(
    log.map(({ generation, reason }) => [generation, reason]),
    [
      [2, 'fold'],
      [1, 'fold'],
    ],
  )
  for (const { time, dirtyTiles, writtenBytes } of log) {
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
    assert.ok(Number.isInteger(dirtyTiles) && Number.isInteger(writtenBytes))
  }
  const written = log.reduce((sum, { writtenBytes }) => sum + Number(writtenBytes), 16_384)
  assert.equal(written, statSync(brick).size)
  const shown = json(sfd(['show', brick, '--json']))
  assert.deepEqual([shown.generation, shown.entries, shown.bytes, shown.commits], [2, 3, 101, 2])
  assert.equal(shown.source, source)
  for (const args of [
    ['show', brick],
    ['log', brick],
    ['ls', brick],
    ['verify', brick],
  ]) {
    assert.match(sfd(args).stdout, /^(?:[^\t]*\S\n|\n)+$/, 'lines without trailing blanks')
  }
})

test('a reader that goes away ends the listing quietly', (t) => {
  const { folder, source } = makePlace(t)
  for (let i = 0; i < 2000; i++) writeFileSync(join(source, `${i}`.padStart(200, '-')), '')
  const { status, stdout, stderr } = shell(
    `cd '${folder}' && "$SFD" fold source -o x.brick > folded && { "$SFD" ls x.brick; echo "exit $?" >&2; } | head -n 1`,
  )
  assert.equal(status, 0)
  assert.equal(stdout.split('\n').length, 2)
  assert.equal(stderr, 'exit 0\n')
})

test('excluded names are left out, and verify knows it', (t) => {
  const { source, brick } = makePlace(t)
  for (const name of ['keep', 'drop.tmp', 'drop.log']) writeFileSync(join(source, name), name)
  assert.equal(sfd(['fold', source, '-o', brick, '--exclude', '*.tmp', '--exclude', '*.log']).status, 0)
  assert.deepEqual(
    jsonLines(sfd(['ls', brick, '--json'])).map(({ path }) => path),
    ['', 'keep'],
  )
  assert.equal(sfd(['verify', brick, '--against', source]).status, 0)
})

test('a brick inside its own source is not part of it', (t) => {
  const { source } = makePlace(t)
  writeFileSync(join(source, 'x'), 'x')
  const brick = join(source, 'inside.brick')
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  assert.deepEqual(
    jsonLines(sfd(['ls', brick, '--json'])).map(({ path }) => path),
    ['', 'x'],
  )
})

test('a picture is a PNG whose bytes have the colours of the palette', (t) => {
  const { folder, source, brick } = makePlace(t)
  writeFileSync(join(source, 'text'), 'T'.repeat(4096))
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  const image = join(folder, 'x.png')
  const told = json(sfd(['render', brick, '-o', image, '--json']))
  const png = PNG.sync.read(readFileSync(image))
  assert.deepEqual([png.width, png.height, told.level], [told.width, told.height, 0])
  const colours = new Set<string>()
  for (let at = 0; at < png.data.length; at += 4) colours.add(png.data.subarray(at, at + 3).toString('hex'))
  assert.ok(colours.has('76b4e2'), 'no text colour')
  assert.equal(sfd(['render', brick, '-o', image]).status, 1, 'an image was written over')
  assert.equal(sfd(['render', brick, '-o', image, '--force', '--mode', 'entropy', '--size', '64']).status, 0)
})
