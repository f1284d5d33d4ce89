import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { closeFd, openDirectoryAt } from '../linux/directory.ts'
import { currentDirectory } from '../linux/libc.ts'
import { PseudoRests, restingMax } from './pseudo-rests.ts'

function inProc(use: (place: (name: string) => { directoryFd: number; name: string }) => void): void {
  const opened = openDirectoryAt(currentDirectory, utf8('/proc'))
  assert.ok(opened.kind === 'open')
  use((name) => ({ directoryFd: opened.fd, name }))
  closeFd(opened.fd)
}

test('what stalled rests, longer each time, at most an hour; an answer ends that', () => {
  inProc((place) => {
    const rests = new PseudoRests()
    let nowMs = 0
    const restMs: number[] = []
    for (let i = 0; i < 14; i++) {
      rests.stalled(place('a'), nowMs)
      const beganMs = nowMs
      while (rests.isResting(place('a'), nowMs)) nowMs += 1000
      restMs.push(nowMs - beganMs)
    }
    assert.deepEqual(restMs.slice(0, 4), [5_000, 10_000, 20_000, 40_000])
    assert.equal(restMs.at(-1), 3_600_000)
    rests.answered(place('a'))
    rests.stalled(place('a'), nowMs)
    assert.equal(rests.isResting(place('a'), nowMs + 5_000), false)
  })
})

test('other files do not rest, and the same one by another descriptor does', () => {
  inProc((first) => {
    const rests = new PseudoRests()
    rests.stalled(first('a'), 0)
    assert.equal(rests.isResting(first('b'), 0), false)
    inProc((second) => assert.equal(rests.isResting(second('a'), 0), true))
  })
})

test('only so many are remembered, the latest', () => {
  inProc((place) => {
    const rests = new PseudoRests()
    for (let i = 0; i <= restingMax; i++) rests.stalled(place(`f${i}`), 0)
    assert.equal(rests.isResting(place('f0'), 0), false)
    assert.equal(rests.isResting(place(`f${restingMax}`), 0), true)
  })
})
