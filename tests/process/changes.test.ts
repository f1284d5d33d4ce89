/** Which pages a look finds changed, against writes that the program says that it made. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run } from '../../src/base/entry.ts'
import { hold, letGo, Subject, start, withCompiler } from './subject.ts'
import { Watching } from './watching.ts'

const page = 4_096

test('a first look lists everything as changed; a process that did not run is the same', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  hold(t, subject.pid)
  const watching = new Watching(t, subject.pid)
  assert.equal(await watching.look(), 'looked')
  const { areas } = subject
  assert.deepEqual(watching.at(areas.large).changed, [{ start: 0, length: watching.at(areas.large).meta.size }])
  watching.fold()
  // Its shared memory may be written by others: a look that is not idle, and finds nothing.
  assert.equal(await watching.look(), 'looked')
  assert.deepEqual(changedOf(watching), [])
})

test('changed pages after 200 known writes are exactly those', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid)
  await watching.look()
  watching.fold()
  for (const [count, seed] of [
    [200, 12345],
    [1, 7],
    [512, 3],
  ] as const) {
    const written = (await subject.tell(`write ${count} ${seed}`)).split(' ').map(Number)
    hold(t, subject.pid)
    await watching.look()
    const listed = watching.at(subject.areas.large)
    const first = Number(listed.meta.mapping?.address)
    const found = pagesOf(listed.changed).map((start) => (first + start - subject.areas.large) / page)
    assert.deepEqual(
      found,
      written.sort((a, b) => a - b),
    )
    assert.equal(new Set(written).size, count)
    watching.fold()
    letGo(subject.pid)
  }
})

test('what was listed and not folded stays changed, and what is unsettled is all changed', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid)
  const { large, sparse } = subject.areas
  await watching.look()
  watching.fold()
  await subject.tell('write 3 5')
  await watching.look()
  assert.equal(pagesOf(watching.at(large).changed).length, 3)
  await subject.tell('write 2 400')
  await watching.look()
  assert.equal(pagesOf(watching.at(large).changed).length, 5)
  watching.artifact.unsettled?.()
  await watching.look()
  for (const area of [large, sparse]) {
    assert.deepEqual(watching.at(area).changed, [{ start: 0, length: watching.at(area).meta.size }])
  }
  watching.fold()
  hold(t, subject.pid)
  await watching.look()
  assert.deepEqual(watching.at(large).changed, [])
})

test('bytes that changed between the look and the reading are found by the next look', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid)
  const { large } = subject.areas
  await watching.look()
  watching.fold()
  const [written] = (await subject.tell('write 1 9')).split(' ').map(Number)
  await watching.look()
  // The same byte again: the page is as it was before the look, and is read like that.
  await subject.tell('write 1 9')
  watching.fold()
  await subject.tell('write 1 9')
  await watching.look()
  const { meta, changed } = watching.at(large)
  const first = Number(meta.mapping?.address)
  assert.deepEqual(pagesOf(changed), [large + (written as number) * page - first])
})

test('pages that the program gave back are holes, and are found again when they come back', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid)
  const { large } = subject.areas
  await watching.look()
  watching.fold()
  const before = pagesOf(watching.at(large).meta.extents)
  await subject.tell('drop')
  await watching.look()
  const listed = watching.at(large)
  const gone = before.filter((start) => !pagesOf(listed.meta.extents).includes(start))
  const first = Number(listed.meta.mapping?.address)
  assert.deepEqual(
    gone,
    Array.from({ length: 8 }, (_, at) => large - first + at * page),
  )
  watching.fold()
  await subject.tell('write 512 0')
  await watching.look()
  assert.equal(pagesOf(watching.at(large).changed).length, 512)
})

test('shared memory is looked at although the process did not run', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid)
  await watching.look()
  watching.fold()
  await subject.tell('share')
  await watching.look()
  const { shared } = subject.areas
  const { meta, changed } = watching.at(shared)
  assert.deepEqual(pagesOf(changed), [shared - Number(meta.mapping?.address)])
})

test('a process without shared memory that did not run is the same without a look', async (t) => {
  const child = start(t, 'sleep', ['1000'])
  await new Promise((resolve) => child.once('spawn', resolve))
  const watching = new Watching(t, child.pid as number)
  hold(t, child.pid as number)
  assert.equal(await watching.look(), 'looked')
  assert.equal(await watching.look(), 'looked', 'nothing was settled')
  watching.fold()
  assert.equal(await watching.look(), 'same')
  assert.equal(await watching.look(), 'same')
  watching.artifact.unsettled?.()
  assert.equal(await watching.look(), 'looked')
})

function changedOf(watching: Watching): readonly (readonly [string, readonly Run[]])[] {
  return watching
    .files()
    .filter(({ changed }) => (changed?.length ?? 1) > 0)
    .map(({ meta, changed }) => [Buffer.from(meta.path).toString(), changed ?? []] as const)
}

/** First bytes of the pages of runs. */
function pagesOf(runs: readonly Run[] | undefined): number[] {
  const pages: number[] = []
  for (const { start, length } of runs ?? []) {
    for (let at = start; at < start + length; at += page) pages.push(at)
  }
  return pages
}
