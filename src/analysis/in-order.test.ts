import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inOrder } from './in-order.ts'

/** Items that end when they are told to. */
function gates() {
  const open: (() => void)[] = []
  const started: number[] = []
  const work = (item: number): Promise<number> => {
    started.push(item)
    return new Promise((resolve) => {
      open[item] = () => resolve(item * 10)
    })
  }
  return { open, started, work }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('results come in the order of the items, whatever ends first', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 5 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 9 }),
      async (delays, width, ahead) => {
        let underWay = 0
        const results: number[] = []
        const work = async (index: number): Promise<number> => {
          underWay++
          assert.ok(underWay <= width, `${underWay} were under way at once`)
          for (let left = delays[index] ?? 0; left > 0; left--) await Promise.resolve()
          underWay--
          return index
        }
        for await (const result of inOrder(delays.keys(), work, { width, ahead })) results.push(result)
        assert.deepEqual(results, [...delays.keys()])
      },
    ),
  )
})

test('a slow item does not keep others from being started, up to the bound', async () => {
  const { open, started, work } = gates()
  const results = inOrder([0, 1, 2, 3, 4, 5, 6], work, { width: 2, ahead: 4 })
  const first = results.next()
  await turn()
  assert.deepEqual(started, [0, 1])
  for (const item of [1, 2, 3]) {
    open[item]?.()
    await turn()
  }
  assert.deepEqual(started, [0, 1, 2, 3], 'four wait for their turn: no more are started')
  open[0]?.()
  assert.equal((await first).value, 0)
  const second = results.next()
  await turn()
  assert.deepEqual((await second).value, 10)
  for (const item of [4, 5, 6]) open[item]?.()
  const ended = results.return(undefined)
  await turn()
  for (const item of [4, 5, 6]) open[item]?.()
  await ended
})

test('a failure comes in its turn, and what is under way is waited for', async () => {
  let isLastDone = false
  const work = async (item: number): Promise<number> => {
    if (item === 1) throw new Error('the second')
    if (item === 2) {
      await turn()
      isLastDone = true
    }
    return item
  }
  const seen: number[] = []
  await assert.rejects(async () => {
    for await (const result of inOrder([0, 1, 2], work, { width: 3, ahead: 3 })) seen.push(result)
  }, /the second/)
  assert.deepEqual(seen, [0])
  assert.ok(isLastDone)
})

test('finished results that wait for a slow one are bounded by what they take', async () => {
  const { open, started, work } = gates()
  const bounds = { width: 2, ahead: 100, bytesOf: (result: number) => result, bytesMax: 30 }
  const results = inOrder([0, 1, 2, 3, 4, 5], work, bounds)
  const first = results.next()
  for (const item of [1, 2]) {
    await turn()
    open[item]?.()
  }
  await turn()
  // 10 and 20 wait: no other is started before the first is taken.
  assert.deepEqual(started, [0, 1, 2])
  open[0]?.()
  assert.equal((await first).value, 0)
  assert.equal((await results.next()).value, 10)
  const rest = results.next()
  assert.equal((await rest).value, 20)
  const last = results.next()
  await turn()
  assert.deepEqual(started, [0, 1, 2, 3, 4])
  open[3]?.()
  open[4]?.()
  assert.equal((await last).value, 30)
  await results.return(undefined)
})
