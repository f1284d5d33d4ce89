/** fold, ls, extract, verify as one round: what comes back is what was there, whatever it was. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeHostileTree, tebibyte } from '../fold/hostile-tree.ts'
import { assertSameTree } from '../fold/same-tree.ts'
import { isRoot, json, jsonLines, makePlace, problems, sfd, shell, strangerId } from './sfd.ts'

const owners = isRoot ? 'compared' : 'ignored'

test('a tree of everything that goes wrong elsewhere comes back as it was', (t) => {
  const { folder, source, brick } = makePlace(t)
  makeHostileTree(source, { sizes: 'all', isRoot })
  const folded = sfd(['fold', source, '-o', brick, '--json'])
  assert.equal(folded.stderr, '')
  assert.equal(folded.status, 0)
  assert.equal(json(sfd(['verify', brick, '--against', source, '--json'])).ok, true)
  const extracted = sfd(['extract', brick, '-o', join(folder, 'out'), '--json'])
  assert.equal(extracted.stderr, '')
  assert.equal(extracted.status, 0)
  assertSameTree(source, join(folder, 'out'), { owners, sockets: 'compared', unread: ['tebibyte'] })
  assert.ok(statSync(join(folder, 'out/holes/tebibyte')).blocks < 1000, 'a hole took space')
  assert.equal(json(sfd(['verify', brick, '--against', join(folder, 'out'), '--json'])).ok, true)

  const listed = jsonLines(sfd(['ls', brick, '--json']))
  const names = shell(`cd '${source}' && find . -print0`).bytes.toString('latin1').split('\0').slice(0, -1)
  const paths = listed.map(({ path, pathHex }) =>
    Buffer.from(path ?? pathHex ?? '', path === null ? 'hex' : 'utf8').toString('latin1'),
  )
  assert.deepEqual(paths.map((path) => (path === '' ? '.' : `./${path}`)).sort(), names.sort())
  const hole = listed.find(({ path }) => path === 'holes/tebibyte')
  assert.deepEqual([hole?.size, hole?.flags], [tebibyte, ['sparse']])
})

test('one file is extracted to its basename', (t) => {
  const { folder, source, brick } = makePlace(t)
  writeFileSync(join(source, '-rf *'), 'one file')
  assert.equal(sfd(['fold', join(source, '-rf *'), '-o', brick]).status, 0)
  assert.equal(sfd(['extract', brick, '-o', join(folder, 'made/for/it')]).status, 0)
  assert.deepEqual(readdirSync(join(folder, 'made/for/it')), ['-rf *'])
  assert.equal(readFileSync(join(folder, 'made/for/it/-rf *'), 'utf8'), 'one file')
  assert.equal(sfd(['verify', brick, '--against', join(source, '-rf *')]).status, 0)
})

test('an empty tree and an empty file come back', (t) => {
  const { folder, source, brick } = makePlace(t)
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  assert.equal(sfd(['verify', brick, '--against', source]).status, 0)
  assert.equal(sfd(['extract', brick, '-o', join(folder, 'out')]).status, 0)
  assertSameTree(source, join(folder, 'out'), { owners, sockets: 'compared' })
  writeFileSync(join(folder, 'nothing'), '')
  assert.equal(sfd(['fold', join(folder, 'nothing'), '-o', join(folder, 'n.brick')]).status, 0)
  assert.equal(sfd(['extract', join(folder, 'n.brick'), '-o', join(folder, 'out2')]).status, 0)
  assert.equal(statSync(join(folder, 'out2/nothing')).size, 0)
})

test('chosen entries come with the folders above them and everything beneath, links among them kept', (t) => {
  const { folder, source, brick } = makePlace(t)
  mkdirSync(join(source, 'a/b'), { recursive: true })
  mkdirSync(join(source, 'c'))
  writeFileSync(join(source, 'a/b/one'), 'one')
  linkSync(join(source, 'a/b/one'), join(source, 'a/b/two'))
  linkSync(join(source, 'a/b/one'), join(source, 'a/first'))
  writeFileSync(join(source, 'c/other'), 'other')
  chmodSync(join(source, 'a'), 0o750)
  utimesSync(join(source, 'a'), 5, 5)
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  assert.equal(sfd(['extract', brick, './a/b/', '-o', join(folder, 'out')]).status, 0)
  const out = join(folder, 'out')
  assert.deepEqual(readdirSync(out, { recursive: true }).sort(), ['a', 'a/b', 'a/b/one', 'a/b/two'])
  assert.equal(statSync(join(out, 'a/b/one')).ino, statSync(join(out, 'a/b/two')).ino)
  assert.deepEqual([statSync(join(out, 'a')).mode & 0o777, statSync(join(out, 'a')).mtimeMs], [0o750, 5000])
  assert.equal(sfd(['extract', brick, join(source, 'c/other'), '-o', join(folder, 'by-absolute-path')]).status, 0)
  assert.deepEqual(readdirSync(join(folder, 'by-absolute-path'), { recursive: true }), ['c', 'c/other'])
  const missing = sfd(['extract', brick, 'nope', '-o', join(folder, 'none')])
  assert.deepEqual([missing.status, /ENTRY_MISSING/.test(missing.stderr)], [1, true])
  assert.ok(!existsSync(join(folder, 'none')))
})

test('a name that is no text can be listed and extracted by name', (t) => {
  const { folder, brick } = makePlace(t)
  const script = `cd '${folder}' && printf x > source/"$(printf 'bad\\377name')" && "$SFD" fold source -o x.brick >&2 &&
    "$SFD" ls x.brick "$(printf 'bad\\377name')" --json && "$SFD" extract x.brick "$(printf 'bad\\377name')" -o out >&2 &&
    cat out/bad*`
  const { status, stdout } = shell(script)
  assert.equal(status, 0)
  const [listed = '', content] = stdout.split('\n')
  assert.deepEqual([JSON.parse(listed).path, JSON.parse(listed).pathHex, content], [null, '626164ff6e616d65', 'x'])
  assert.equal(sfd(['verify', brick]).status, 0)
})

test('a destination that is not empty is refused, and with --force only what is in the way goes', (t) => {
  const { folder, source, brick } = makePlace(t)
  const out = join(folder, 'out')
  writeFileSync(join(source, 'file'), 'new')
  symlinkSync('file', join(source, 'link'))
  mkdirSync(join(source, 'dir'))
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  mkdirSync(join(out, 'dir'), { recursive: true })
  writeFileSync(join(folder, 'outside'), 'untouched')
  symlinkSync('../outside', join(out, 'file'))
  writeFileSync(join(out, 'link'), 'in the way')
  writeFileSync(join(out, 'dir/kept'), 'kept')
  const refused = sfd(['extract', brick, '-o', out, '--json'])
  assert.deepEqual([refused.status, json(refused).error?.['code']], [1, 'DEST_NOT_EMPTY'])
  assert.equal(sfd(['extract', brick, '-o', out, '--force']).status, 0)
  assert.equal(readFileSync(join(folder, 'outside'), 'utf8'), 'untouched')
  assert.equal(readFileSync(join(out, 'file'), 'utf8'), 'new')
  assert.ok(lstatSync(join(out, 'file')).isFile() && lstatSync(join(out, 'link')).isSymbolicLink())
  assert.equal(readFileSync(join(out, 'dir/kept'), 'utf8'), 'kept')
})

test('a link that stands for a folder in the destination is not followed', (t) => {
  const { folder, source, brick } = makePlace(t)
  mkdirSync(join(source, 'dir'))
  writeFileSync(join(source, 'dir/file'), 'inside')
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  mkdirSync(join(folder, 'out'))
  mkdirSync(join(folder, 'elsewhere'))
  symlinkSync('../elsewhere', join(folder, 'out/dir'))
  assert.equal(sfd(['extract', brick, '-o', join(folder, 'out'), '--force']).status, 0)
  assert.deepEqual(readdirSync(join(folder, 'elsewhere')), [])
  assert.equal(readFileSync(join(folder, 'out/dir/file'), 'utf8'), 'inside')
})

test('ranges of an entry and of the space are exact', (t) => {
  const { folder, source, brick } = makePlace(t)
  const content = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7 + (i >> 8)) & 255)
  writeFileSync(join(source, 'file'), content)
  linkSync(join(source, 'file'), join(source, 'link'))
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  const range = (path: string, text: string) => sfd(['extract', brick, path, '--range', text, '-o', '-']).bytes
  assert.deepEqual(range('file', '65530:0x10010'), Buffer.from(content.subarray(65_530, 65_552)))
  assert.deepEqual(range('link', ':'), Buffer.from(content))
  assert.deepEqual(range('file', '7:7'), Buffer.alloc(0))
  const slot = jsonLines(sfd(['ls', brick, 'file', '--json']))[0]?.slot as unknown as {
    start: number
    length: number
  }
  const space = sfd([
    'extract',
    brick,
    '--range',
    `${slot.start}:${slot.start + slot.length}`,
    '-o',
    join(folder, 'bytes'),
  ])
  assert.equal(space.status, 0)
  const bytes = readFileSync(join(folder, 'bytes'))
  assert.deepEqual(bytes.subarray(0, content.length), Buffer.from(content))
  assert.ok(bytes.subarray(content.length).every((byte) => byte === 0) && bytes.length === slot.length)
  for (const [path, text, code] of [
    ['file', '0:200001', 'RANGE_INVALID'],
    ['file', '5:4', 'RANGE_INVALID'],
    ['file', 'x', 'RANGE_INVALID'],
    ['.', '0:1', 'ENTRY_KIND'],
    ['nope', '0:1', 'ENTRY_MISSING'],
  ] as const) {
    const run = sfd(['extract', brick, path, '--range', text, '-o', '-', '--json'])
    assert.deepEqual([run.status, json(run).error?.['code']], [1, code], text)
  }
})

test('without root, what may not be read is said and left out, and setuid is not given to another owner', {
  skip: !isRoot,
}, (t) => {
  const { folder, source, brick } = makePlace(t)
  writeFileSync(join(source, 'secret'), 'secret', { mode: 0o600 })
  writeFileSync(join(source, 'program'), 'runs as root')
  chmodSync(join(source, 'program'), 0o4755)
  chmodSync(folder, 0o777)
  const folded = sfd(['fold', source, '-o', brick, '--json'], { as: strangerId })
  assert.deepEqual([folded.status, json(folded).unreadable], [3, 1])
  const secret = jsonLines(sfd(['ls', brick, 'secret', '--json'], { as: strangerId }))[0]
  assert.deepEqual([secret?.contentId, secret?.flags, secret?.unreadable], [null, ['unreadable'], 'EACCES'])
  const out = join(folder, 'out')
  const extracted = sfd(['extract', brick, '-o', out, '--json'], { as: strangerId })
  assert.equal(extracted.status, 3)
  assert.equal(problems(extracted).unreadable[0]?.path, 'secret')
  assert.deepEqual(readdirSync(out), ['program'])
  assert.equal(statSync(join(out, 'program')).mode & 0o7777, 0o755)
  assert.equal(sfd(['extract', brick, 'secret', '--range', '0:6', '-o', '-'], { as: strangerId }).status, 3)
})

test('without root a device is skipped and said, everything else comes back', { skip: !isRoot }, (t) => {
  const { folder, source, brick } = makePlace(t)
  makeHostileTree(source, { sizes: 'small', isRoot: true })
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  chmodSync(brick, 0o644)
  chmodSync(folder, 0o777)
  const extracted = sfd(['extract', brick, '-o', join(folder, 'out'), '--json'], { as: strangerId })
  assert.equal(extracted.status, 0)
  const skipped = problems(extracted).skipped
  assert.deepEqual(skipped.map(({ path }) => path).sort(), ['special/disk', 'special/null'])
  assert.equal(problems(extracted).failed.length, 0)
})
