/** What grows for too long is found, what is steady is not; and what else is said of mappings. The clock is the test's own. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { hold, Subject, withCompiler } from './subject.ts'
import { Watching } from './watching.ts'

const page = 4_096

test(
  'a mapping that only grows is marked within a minute, with its slope and span; others are not',
  withCompiler,
  async (t) => {
    const subject = await Subject.start(t)
    const watching = new Watching(t, subject.pid)
    let markedAfterMs: number | undefined
    for (let look = 0; look < 20 && markedAfterMs === undefined; look++) {
      await subject.tell('brk 64')
      await subject.tell('write 5 1')
      await watching.look(3_000)
      const [whole] = watching.regionsAt(subject.areas.heap)
      watching.fold()
      if (whole?.finding !== undefined) markedAfterMs = watching.nowMs
    }
    assert.ok(markedAfterMs !== undefined && markedAfterMs <= 60_000, `marked after ${markedAfterMs} ms`)
    await subject.tell('brk 64')
    await watching.look(3_000)
    const [heap] = watching.regionsAt(subject.areas.heap)
    assert.equal(heap?.finding?.rule, 'memory-growth')
    assert.equal(heap?.finding?.severity, 'medium')
    const perSecond = Number(/by ([0-9]+) bytes a second/.exec(heap?.finding?.evidence.join(' ') ?? '')?.[1])
    assert.ok(Math.abs(perSecond / ((64 * page) / 3) - 1) < 0.1, `${perSecond} bytes a second`)
    const others = [...(watching.artifact.regions?.() ?? [])]
      .flatMap(({ regions }) => regions)
      .filter(({ finding }) => finding)
    assert.equal(others.length, 1)
  },
)

test('memory that leaks as ever new mappings is a finding of the process', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid)
  const rules = new Set<string>()
  for (let look = 0; look < 14; look++) {
    await subject.tell('leak 128')
    await watching.look(3_000)
    for (const { regions } of watching.artifact.regions?.() ?? [])
      for (const { finding } of regions) if (finding) rules.add(finding.rule)
    watching.fold()
  }
  // Where the kernel joins the new mappings with one that is there, that one grows; else the process does.
  assert.equal(rules.size, 1, [...rules].join())
  assert.match([...rules][0] ?? '', /^(memory|process)-growth$/)
})

test('a program that works steadily is not marked', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid)
  await subject.tell('brk 512')
  for (let look = 0; look < 25; look++) {
    await subject.tell(`write 50 ${look}`)
    await watching.look(3_000)
    const found = [...(watching.artifact.regions?.() ?? [])]
      .flatMap(({ regions }) => regions)
      .filter(({ finding }) => finding)
    assert.deepEqual(found, [])
    watching.fold()
  }
})

test(
  'regions say of every mapping what smaps says, and of a program its sections and symbols',
  withCompiler,
  async (t) => {
    const subject = await Subject.start(t)
    hold(t, subject.pid)
    const watching = new Watching(t, subject.pid)
    await watching.look()
    const smaps = readFileSync(`/proc/${subject.pid}/smaps`, 'latin1')
    const told = [...(watching.artifact.regions?.() ?? [])]
    assert.equal(told.length, watching.files().length)
    for (const { meta } of watching.files().filter(({ meta }) => meta.mapping?.unread === undefined)) {
      const whole = told.find(({ path }) => Buffer.from(path).equals(Buffer.from(meta.path)))?.regions[0]
      const start = Number(meta.mapping?.address) + (meta.mapping?.lead ?? 0)
      const part = smaps.slice(smaps.search(new RegExp(`^0*${start.toString(16)}-`, 'm')))
      assert.equal(whole?.class, 'mapping')
      assert.equal(whole?.offset, meta.mapping?.lead)
      assert.equal(whole?.length, meta.size - (meta.mapping?.lead ?? 0))
      for (const [name, field] of [
        ['Rss', 'rssBytes'],
        ['Swap', 'swapBytes'],
        ['Private_Dirty', 'privateDirtyBytes'],
      ] as const) {
        const kib = Number(new RegExp(`^${name}: +([0-9]+) kB`, 'm').exec(part)?.[1])
        assert.equal(whole?.attributes?.[field], kib * 1_024, `${name} of ${start.toString(16)}`)
      }
    }
    const kinds = (['heap', 'stack', 'shared', 'memory_file'] as const).map(
      (area) => watching.regionsAt(subject.areas[area])[0],
    )
    assert.deepEqual(
      kinds.map((region) => region?.attributes?.['kind']),
      ['heap', 'stack', 'shared', 'memfd'],
    )
    const all = told.flatMap(({ regions }) => regions)
    const threads = all.filter(({ attributes }) => attributes?.['kind'] === 'thread stack')
    assert.equal(threads.length, 1, 'the stack of the second thread')
    assert.ok(all.some((region) => region.class === 'section' && region.name === '.text'))
    const main = all.find((region) => region.class === 'symbol' && region.name === 'main')
    assert.ok(main)
    for (const { path, regions } of told) {
      const size = watching.files().find(({ meta }) => Buffer.from(meta.path).equals(Buffer.from(path)))?.meta.size ?? 0
      for (const { offset, length, name } of regions)
        assert.ok(offset >= 0 && length > 0 && offset + length <= size, name)
    }
  },
)

test('only what is said differently is told again, and after an unsettled look everything', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid)
  await watching.look()
  const count = [...(watching.artifact.regions?.() ?? [])].length
  assert.equal(count, watching.files().length)
  watching.fold()
  await subject.tell('brk 16')
  await watching.look()
  const told = [...(watching.artifact.regions?.() ?? [])].map(({ path }) => Buffer.from(path).toString())
  assert.ok(told.includes(Buffer.from(watching.at(subject.areas.heap).meta.path).toString()))
  assert.ok(told.length < count / 2, `${told.length} of ${count}`)
  watching.artifact.unsettled?.()
  await subject.tell('write 1 1')
  await watching.look()
  assert.equal([...(watching.artifact.regions?.() ?? [])].length, count)
})
