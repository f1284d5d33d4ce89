import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModelStatusJson } from '../../wire/api.ts'
import { modelDetail, modelText } from './model-word.ts'

const silent: ModelStatusJson = {
  state: 'off',
  reason: '',
  model: null,
  server: null,
  serverKind: null,
  parallel: 0,
  contextTokens: null,
  queued: 0,
  running: 0,
  described: 0,
  failed: 0,
  tokensLeftToday: null,
}

test('every state of the model has a word of its own kind, and its reason is told', () => {
  const words = (['off', 'unreachable', 'no-model', 'loading', 'ready', 'degraded'] as const).map((state) =>
    modelText({ ...silent, state }),
  )
  assert.deepEqual(words, ['model off', 'no model', 'no model', 'model loads', 'model ready', 'model degraded'])
  assert.equal(modelText({ ...silent, state: 'ready', queued: 3 }), 'model describes')
  assert.match(
    modelDetail({ ...silent, state: 'unreachable', reason: 'nothing answers' }),
    /^unreachable: nothing answers\n/,
  )
  const busy = {
    ...silent,
    state: 'ready',
    model: 'm',
    server: 'http://s',
    described: 4,
    failed: 1,
    running: 2,
  } as const
  assert.match(modelDetail(busy), /m at http:\/\/s\n4 described, 1 failed, 2 to do\n/)
})
