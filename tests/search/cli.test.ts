/** `sfd search` as a user runs it: names, texts, hex, expressions, older commits, bytes that nobody has. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isRoot, type Run, sfd, strangerId } from '../cli/sfd.ts'

interface Place {
  readonly folder: string
  readonly run: (...args: string[]) => Run
}

/** Goes away with the tests. */
function place(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-search-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'state/bricks'), { recursive: true })
  mkdirSync(join(folder, 'etc/ssh'), { recursive: true })
  writeFileSync(join(folder, 'etc/ssh/sshd_config'), 'Port 22\nPermitRootLogin yes\n')
  writeFileSync(join(folder, 'etc/wide'), Buffer.from('PermitRootLogin', 'utf16le'))
  writeFileSync(join(folder, 'etc/\x1b[31mred'), 'a\x1b[31mb')
  const run = (...args: string[]) => sfd(['--state', join(folder, 'state'), ...args])
  assert.equal(run('fold', join(folder, 'etc'), '-o', join(folder, 'state/bricks/etc.brick')).status, 0)
  return { folder, run }
}

const shared = place()

const rows = ({ stdout }: Run) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('without a form names come first, then the text in all bytes, in whatever encoding', () => {
  const { run } = shared
  const found = run('search', 'PermitRootLogin')
  assert.deepEqual([found.status, found.stderr], [0, ''])
  assert.deepEqual(found.stdout.split('\n'), [
    'ssh/sshd_config:8: Port 22 PermitRootLogin yes ',
    'wide:0: PermitRootLogin  [utf-16le]',
    '',
  ])
  assert.equal(run('search', '--path', 'SSHD').stdout, 'ssh/sshd_config\n')
  const symbols = run('search', '--symbol', 'sshd')
  assert.deepEqual([symbols.stdout, symbols.status], ['', 1])
  assert.match(symbols.stderr, /^sfd: no name holds that; looked through 1 brick$/m)
})

test('hex and expressions, as lines and as JSON, limited and counted', () => {
  const { run } = shared
  const [hit, end] = rows(run('search', '--regex', '^permit\\w+ (yes|no)$', '-i', '--json'))
  assert.deepEqual(
    [hit.kind, hit.brick, hit.path, hit.offset, hit.length, hit.encoding, hit.match],
    ['bytes', 'etc', 'ssh/sshd_config', 8, 19, 'bytes', 'PermitRootLogin yes'],
  )
  assert.deepEqual([end.kind, end.reason, end.hits, end.tiles.length, end.unknownBytes], ['end', 'complete', 1, 1, 0])
  const all = run('search', '--hex', '6f ??', '--limit', '1', '--count')
  assert.deepEqual([all.status, all.stdout.split('\n').length], [0, 2])
  assert.match(all.stderr, /^sfd: 6 matches$/m)
  const limited = run('search', '--hex', '6f ??', '--limit', '1')
  assert.match(limited.stderr, /stopped after 1; --limit lists more/)
})

test('nothing in a name or a byte reaches the terminal as a command', () => {
  const { run } = shared
  const found = run('search', '[31m')
  assert.equal(found.stdout, '\\x1b[31mred\n\\x1b[31mred:2: a.[31mb\n')
})

test('what cannot be looked for is refused, and nothing found is an answer', () => {
  const { run } = shared
  for (const args of [
    ['--regex', '('],
    ['--hex', '--text', 'ab'],
    ['a', 'nobrick'],
  ]) {
    const refused = run('search', ...args)
    assert.notEqual(refused.status, 0, args.join(' '))
    assert.match(refused.stderr, /^sfd: (USAGE|BRICK_MISSING): /, args.join(' '))
  }
  const none = run('search', 'nothing of that kind')
  assert.equal(none.status, 1)
  assert.match(none.stderr, /^sfd: nothing was found; looked through .* of 1 brick, names and bytes$/m)
})

test('a state that this user may not read is said to be one', { skip: isRoot ? false : 'needs root' }, () => {
  const { folder } = shared
  const state = join(folder, 'state')
  const bricks = join(state, 'bricks')
  for (const [hidden, mode] of [
    [bricks, 0o700],
    [state, 0o700],
  ] as const) {
    chmodSync(folder, 0o755)
    chmodSync(hidden, mode)
    const refused = sfd(['--state', state, 'search', 'x'], { as: strangerId })
    assert.match(
      refused.stderr,
      /BRICK_MISSING: .*bricks cannot be looked at \(EACCES\)\. Run with more rights|STATE_UNREADABLE: /,
    )
  }
})

test('an older commit is searched as it was, and bytes that were forgotten are said to be missing', () => {
  const { folder, run } = shared
  rmSync(join(folder, 'etc/ssh'), { recursive: true })
  writeFileSync(join(folder, 'etc/new'), 'PermitRootLogin no\n')
  assert.equal(run('fold', join(folder, 'etc'), '-o', join(folder, 'state/bricks/etc.brick')).status, 0)
  assert.match(run('search', 'PermitRootLogin').stdout, /^new:0: /m)
  assert.match(run('search', 'PermitRootLogin', '--at', '1').stdout, /^ssh\/sshd_config:8: /m)
  assert.equal(run('search', '--path', 'sshd', '--at', '1').stdout, 'ssh/sshd_config\n')
  assert.equal(run('forget', 'etc', 'wide').status, 0)
  const forgotten = run('search', '--text', 'PermitRootLogin', '--at', '1')
  assert.equal(forgotten.status, 3)
  assert.match(forgotten.stderr, /were not looked through: nobody has these bytes/)
})
