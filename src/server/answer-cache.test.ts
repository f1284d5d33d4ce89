import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnswerCache } from './answer-cache.ts'

/** A cache whose work is counted, two steps for each answer. */
function counted() {
  const made: string[] = []
  const cache = new AnswerCache(() => Promise.resolve())
  function* steps(key: string): Generator<void, string> {
    made.push(`${key} begins`)
    yield
    if (key === 'bad') throw new Error('no')
    made.push(`${key} ends`)
    return `answer ${key}`
  }
  return { made, ask: (key: string) => cache.of(key, () => steps(key)) }
}

test('an answer is made once for all who ask, one at a time', async () => {
  const { made, ask } = counted()
  assert.deepEqual(await Promise.all([ask('a'), ask('b'), ask('a')]), ['answer a', 'answer b', 'answer a'])
  assert.equal(await ask('a'), 'answer a')
  assert.deepEqual(made, ['a begins', 'a ends', 'b begins', 'b ends'])
})

test('a failure is told to those who asked, not kept, and holds nobody up', async () => {
  const { made, ask } = counted()
  const [bad, good] = await Promise.allSettled([ask('bad'), ask('good')])
  assert.deepEqual([bad?.status, good?.status], ['rejected', 'fulfilled'])
  await assert.rejects(ask('bad'))
  assert.equal(made.filter((step) => step === 'bad begins').length, 2)
})

test('the last answers are kept, the longest unused goes first', async () => {
  const { made, ask } = counted()
  await ask('first')
  for (let i = 0; i < 23; i++) await ask(`${i}`)
  await ask('first')
  await ask('one more')
  await ask('first')
  assert.equal(made.filter((step) => step === 'first begins').length, 1)
  await ask('0')
  assert.equal(made.filter((step) => step === '0 begins').length, 2)
})
