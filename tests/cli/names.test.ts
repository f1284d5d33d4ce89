/** What a user types to name an entry or a brick, as it was shown. */
import assert from 'node:assert/strict'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeFolder, sfd } from './sfd.ts'

test('a name that is shown with escapes is typed as it is shown, and a name that looks like one is meant first', (t) => {
  const folder = makeFolder(t)
  const source = join(folder, 'source')
  const brick = join(folder, 'x.brick')
  mkdirSync(source)
  writeFileSync(join(source, 'a\x1bb'), 'escape')
  writeFileSync(Buffer.from(`${source}/\xff`, 'latin1'), 'no utf-8')
  writeFileSync(join(source, 'c\\x1bd'), 'literal')
  writeFileSync(join(source, 'c\x1bd'), 'hidden by it')
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  const contentOf = (name: string) => sfd(['extract', brick, name, '-o', '-']).stdout
  assert.equal(contentOf('a\\x1bb'), 'escape')
  assert.equal(contentOf('\\xff'), 'no utf-8')
  assert.equal(contentOf('c\\x1bd'), 'literal')
  assert.match(sfd(['ls', brick, 'no\\x1bd']).stderr, /ENTRY_MISSING: The brick has no entry no\\x1bd/)
})

test('a folder of bricks that belong together is told from one brick', (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'manifest.json'), '{}')
  for (const command of ['ls', 'show', 'regions', 'log']) {
    const { status, stderr } = sfd([command, folder])
    assert.equal(status, 2, stderr)
    assert.match(stderr, /USAGE: .* is a set of bricks: name one of its bricks, such as .*etc\.brick/)
  }
})

test('what was for few readers is so when it comes out of a brick', (t) => {
  const folder = makeFolder(t)
  const source = join(folder, 'source')
  const brick = join(folder, 'x.brick')
  mkdirSync(source)
  writeFileSync(join(source, 'secret'), 'abc', { mode: 0o600 })
  writeFileSync(join(source, 'open'), 'abc', { mode: 0o644 })
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  for (const [name, mode] of [
    ['secret', 0o600],
    ['open', 0o644 & ~process.umask()],
  ] as const) {
    const output = join(folder, name)
    assert.equal(sfd(['extract', brick, name, '--range', ':', '-o', output]).status, 0)
    assert.equal(statSync(output).mode & 0o777, mode, name)
  }
})
