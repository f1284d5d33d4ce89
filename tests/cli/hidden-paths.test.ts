/** Paths that this user may not look at, or that cannot be: a mistake with a name, never a defect. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isRoot, makeFolder, sfd, strangerId } from './sfd.ts'

function lineOf(args: readonly string[], as?: number): string {
  const { status, stderr } = sfd(args, as === undefined ? {} : { as })
  assert.equal(status, 1, stderr)
  assert.match(stderr, /^sfd: [A-Z_]+: .+\n$/)
  return stderr
}

test('a path through a file, or a name too long, is a mistake of the user', (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'file')
  writeFileSync(file, 'x')
  const long = join(folder, 'n'.repeat(300))
  for (const path of [join(file, 'x.brick'), long]) {
    assert.match(lineOf(['verify', path]), /BRICK_MISSING: There is no brick /)
    assert.match(lineOf(['fold', file, '-o', path]), /DEST_UNSAFE: .* cannot be written \(E[A-Z]+\)/)
  }
})

test('what another user hides is a mistake of this one', { skip: isRoot ? false : 'needs root' }, (t) => {
  const folder = makeFolder(t)
  const hidden = join(folder, 'hidden')
  const source = join(folder, 'source')
  for (const name of [hidden, source]) mkdirSync(name)
  chmodSync(hidden, 0o700)
  const inside = join(hidden, 'x.brick')
  for (const args of [
    ['ls', inside],
    ['verify', inside],
    ['verify', hidden],
    ['extract', hidden, '-o', join(folder, 'out')],
  ])
    assert.match(lineOf(args, strangerId), /BRICK_MISSING: .* cannot be looked at \(EACCES\)\. Run with more rights/)
  assert.match(lineOf(['fold', source, '-o', inside], strangerId), /DEST_UNSAFE: .*\(EACCES\)/)
  const crystallize = ['crystallize', '-o', join(folder, 'set'), '--root']
  assert.match(lineOf([...crystallize, join(hidden, 'root')], strangerId), /SOURCE_UNREADABLE: .*EACCES/)
})

test('a root that is not there, or is no folder, is said as one', (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'file')
  writeFileSync(file, 'x')
  const crystallize = ['crystallize', '-o', join(folder, 'set'), '--root']
  assert.match(lineOf([...crystallize, join(folder, 'absent')]), /SOURCE_MISSING: .*absent does not exist/)
  assert.match(lineOf([...crystallize, file]), /SOURCE_KIND: .*file is no folder/)
})
