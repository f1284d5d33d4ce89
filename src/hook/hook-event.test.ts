import assert from 'node:assert/strict'
import { test } from 'node:test'
import { argumentsOf, environmentOf, type HookChange, type HookEvent, mergeEvents, stdinOf } from './hook-event.ts'

const event: HookEvent = {
  task: 'etc',
  brick: '/state/bricks/etc.brick',
  uuid: 'ab12',
  from: 3,
  generation: 4,
  contentRoot: 'ff00',
  time: '2026-03-01T12:00:00.000000000Z',
  changed: [{ change: 'modified', path: 'hosts' }],
  truncated: false,
}

test('{brick} as a whole argument is the path; without one it comes last', () => {
  const brick = '/b/x.brick'
  assert.deepEqual(argumentsOf(['cp', '{brick}', '/backup'], brick), ['cp', brick, '/backup'])
  assert.deepEqual(argumentsOf(['cp', '{brick}', '{brick}'], brick), ['cp', brick, brick])
  assert.deepEqual(argumentsOf(['notify'], brick), ['notify', brick])
  assert.deepEqual(argumentsOf(['x', 'a{brick}', '$(id)'], brick), ['x', 'a{brick}', '$(id)', brick])
  assert.deepEqual(argumentsOf(['{brick}'], brick), ['{brick}', brick], 'the command itself is never replaced')
})

test('stdin is one line of JSON with the key, and the environment holds its scalars and little else', () => {
  const told = JSON.parse(stdinOf(event))
  assert.deepEqual(told, { key: 'ab12:4', ...event })
  assert.equal(stdinOf(event).indexOf('\n'), stdinOf(event).length - 1)
  const own = { PATH: '/own/bin', HOME: '/home/u', LANG: '', SECRET: 'x', SFD_TOKEN: 'y', NODE_OPTIONS: '--inspect' }
  const environment = environmentOf(event, { own, state: '/state', run: 'r' })
  assert.deepEqual(environment, {
    PATH: '/own/bin',
    HOME: '/home/u',
    LANG: 'C.UTF-8',
    SFD_STATE: '/state',
    SFD_RUN: 'r',
    SFD_KEY: 'ab12:4',
    SFD_TASK: 'etc',
    SFD_BRICK: event.brick,
    SFD_UUID: 'ab12',
    SFD_FROM: '3',
    SFD_GENERATION: '4',
    SFD_CONTENT_ROOT: 'ff00',
    SFD_TIME: event.time,
    SFD_TRUNCATED: 'false',
  })
})

function merged(a: readonly HookChange[], b: readonly HookChange[]): readonly HookChange[] {
  return mergeEvents({ ...event, changed: a }, { ...event, from: 4, generation: 5, changed: b }).changed
}

test('events of a brick collapse from the oldest generation not delivered to the newest', () => {
  const next = { ...event, from: 4, generation: 6, contentRoot: 'aa', changed: [] }
  for (const both of [mergeEvents(event, next), mergeEvents(next, event)]) {
    assert.deepEqual([both.from, both.generation, both.contentRoot], [3, 6, 'aa'])
    assert.deepEqual(both.changed, event.changed)
  }
})

test('changes of one path become one, and the whole list stays bounded', () => {
  const path = 'p'
  const one = (change: HookChange['change']): HookChange => ({ change, path })
  assert.deepEqual(merged([one('added')], [one('modified')]), [one('added')])
  assert.deepEqual(merged([one('removed')], [one('added')]), [one('modified')])
  assert.deepEqual(merged([one('modified')], [one('meta')]), [one('modified')])
  assert.deepEqual(merged([one('modified')], [one('removed')]), [one('removed')])
  assert.equal(merged([{ change: 'added', pathHex: '70' }], [one('added')]).length, 2, 'bytes are not text')
  const many = (start: number) =>
    Array.from({ length: 800 }, (_, i) => ({ change: 'added', path: `${start + i}` }) as const)
  const both = mergeEvents({ ...event, changed: many(0) }, { ...event, generation: 5, changed: many(400) })
  assert.deepEqual([both.changed.length, both.truncated], [1_000, true])
})
