import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Progress, type ProgressStream } from './progress.ts'

function stage(terminal: { isTTY?: boolean; columns?: number }) {
  const written: string[] = []
  let nowMs = 0
  const stream: ProgressStream = { ...terminal, write: (text) => written.push(text) }
  const progress = new Progress(stream, { monotonicMs: () => nowMs })
  return {
    written,
    progress,
    at(ms: number): void {
      nowMs = ms
      progress.update({
        what: 'folding',
        doneBytes: ms * 1024,
        totalBytes: 10_240_000,
        count: { done: 7, unit: 'entries' },
      })
    },
  }
}

test('without a terminal a line comes at most every five seconds, and none for short work', () => {
  const { written, progress, at } = stage({})
  for (let ms = 0; ms <= 10_100; ms += 100) at(ms)
  progress.end()
  assert.deepEqual(written, [
    'sfd: folding, 4.9 MiB of 9.8 MiB, 7 entries, 5 s\n',
    'sfd: folding, 9.8 MiB of 9.8 MiB, 7 entries, 10 s\n',
  ])
})

test('on a terminal one line is drawn over itself, cut to its width, and removed at the end', () => {
  const { written, progress, at } = stage({ isTTY: true, columns: 30 })
  at(100)
  at(110)
  at(200)
  progress.end()
  assert.equal(written.length, 3)
  for (const drawn of written.slice(0, 2)) {
    assert.ok(drawn.startsWith('\r\x1b[Kfolding'))
    assert.ok(!drawn.includes('\n'))
    assert.ok(drawn.length <= '\r\x1b[K'.length + 29)
  }
  assert.equal(written[2], '\r\x1b[K')
})

test('a terminal that says 0 columns is taken for one of the usual width', () => {
  const drawn = [{ isTTY: true, columns: 0 }, { isTTY: true }].map((terminal) => {
    const { written, at } = stage(terminal)
    at(100)
    return written
  })
  assert.deepEqual(drawn[0], drawn[1])
  assert.match(drawn[0]?.[0] ?? '', /7 entries$/)
})

test('what was never drawn is not removed', () => {
  const { written, progress } = stage({ isTTY: true })
  progress.end()
  assert.deepEqual(written, [])
})
