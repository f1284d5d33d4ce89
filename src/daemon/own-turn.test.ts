import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OwnTurn } from './own-turn.ts'
import { Turns } from './turns.ts'

const wish = { sinceMs: 0, urgency: 'normal', size: 'small' } as const
/** As many as work at once. */
const slots = 3

function others(turns: Turns, begun: string[]): OwnTurn[] {
  return Array.from({ length: slots }, (_, index) => new OwnTurn(turns, () => begun.push(`other ${index}`)))
}

test('a turn that is given up lets somebody else work, and is taken again before going on', async () => {
  const turns = new Turns()
  const begun: string[] = []
  const mine = new OwnTurn(turns, () => begun.push('mine'))
  mine.ask(wish)
  const waiting = others(turns, begun)
  for (const other of waiting) other.ask({ ...wish, sinceMs: 1 })
  assert.deepEqual(begun, ['mine', 'other 0', 'other 1'])
  const looked = mine.aside(async () => {
    assert.equal(begun.at(-1), 'other 2')
    return 'looked'
  })
  let isBack = false
  void looked.then(() => {
    isBack = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(!isBack, 'all turns are taken')
  waiting[0]?.leave()
  assert.equal(await looked, 'looked')
  assert.deepEqual(begun, ['mine', 'other 0', 'other 1', 'other 2'])
})

test('what fails aside holds no turn, and who is cancelled waits for none', async () => {
  const turns = new Turns()
  const begun: string[] = []
  const mine = new OwnTurn(turns, () => begun.push('mine'))
  mine.ask(wish)
  await assert.rejects(
    mine.aside(async () => {
      throw new Error('gone')
    }),
    /gone/,
  )
  for (const other of others(turns, begun)) other.ask(wish)
  assert.deepEqual(begun, ['mine', 'other 0', 'other 1', 'other 2'], 'every turn is free')
  mine.ask(wish)
  const late = mine.aside(async () => 'looked')
  mine.cancel()
  assert.equal(await late, 'looked')
})
