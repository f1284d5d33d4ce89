import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { brickPath, statePath } from './state.ts'

const user = { env: {}, isRoot: false, home: '/home/me' }

test('the state folder is the named one, else that of the environment, else the usual place', () => {
  const env = { SFD_STATE: '/env', XDG_STATE_HOME: '/xdg' }
  assert.equal(statePath('/named', { ...user, env }), '/named')
  assert.equal(statePath(undefined, { ...user, env }), '/env')
  assert.equal(statePath(undefined, { ...user, env: { XDG_STATE_HOME: '/xdg' } }), '/xdg/system-foundry')
  assert.equal(statePath(undefined, user), '/home/me/.local/state/system-foundry')
  assert.equal(statePath(undefined, { ...user, isRoot: true }), '/var/lib/system-foundry')
})

test('a relative XDG_STATE_HOME and an empty SFD_STATE count as missing', () => {
  const env = { SFD_STATE: '', XDG_STATE_HOME: 'here' }
  assert.equal(statePath(undefined, { ...user, env }), '/home/me/.local/state/system-foundry')
})

test('a relative state folder lies under the working directory', () => {
  assert.equal(statePath('x', user), join(process.cwd(), 'x'))
})

const state = mkdtempSync(join(tmpdir(), 'sfd-state-'))
mkdirSync(join(state, 'bricks'))
writeFileSync(join(state, 'bricks/etc.brick'), '')
after(() => rmSync(state, { recursive: true }))

function named(argument: string): string {
  return Buffer.from(brickPath(argument, state)).toString()
}

test('a name, with or without .brick, is a brick of the state folder', () => {
  assert.equal(named('etc'), join(state, 'bricks/etc.brick'))
  assert.equal(named('etc.brick'), join(state, 'bricks/etc.brick'))
})

test('a name as sfd status lists it may lie in folders, or be absolute', () => {
  mkdirSync(join(state, 'bricks/team/code'), { recursive: true })
  for (const file of ['bricks/team/code/x.brick', 'elsewhere.brick']) writeFileSync(join(state, file), '')
  assert.equal(named('team/code/x'), join(state, 'bricks/team/code/x.brick'))
  assert.equal(named('team/code/x.brick'), join(state, 'bricks/team/code/x.brick'))
  assert.equal(named(join(state, 'elsewhere')), join(state, 'elsewhere.brick'))
  for (const argument of ['team/../etc', 'team//code/x', './team/code/x', 'team/code', 'team/code/'])
    assert.throws(() => named(argument), { code: 'BRICK_MISSING' })
})

test('a file that is there is a path, a folder is none', () => {
  const before = process.cwd()
  process.chdir(join(state, 'bricks'))
  try {
    assert.equal(named('etc.brick'), 'etc.brick')
    assert.equal(named('./etc.brick'), './etc.brick')
    assert.throws(() => named('../bricks'), { code: 'BRICK_MISSING' })
  } finally {
    process.chdir(before)
  }
})

test('a name that nothing has is refused', () => {
  for (const argument of ['usr', '.brick', '', '/etc.brick', './etc', 'a\n\x1b[31m'])
    assert.throws(() => named(argument), { code: 'BRICK_MISSING' })
  assert.throws(() => named('a\n\x1b[31m'), /There is no brick a\\x0a\\x1b\[31m/)
})
