/**
 * Searching a brick finds exactly what searching each of its files finds: across tiles and segments, never across files, in
 * holes and at the ends; ordered, counted by tile, from anywhere, and stopped when somebody wants it to.
 */
import assert from 'node:assert/strict'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { FoundryError } from '../../src/base/errors.ts'
import {
  type FoundEnd,
  parsePattern,
  SearchCrew,
  type SearchHit,
  type SearchQuery,
  type SearchRequest,
  searchBytes,
} from '../../src/read/search.ts'
import type { BrickView } from '../../src/store/brick-view.ts'
import { type Chance, chanceOf, seedsOf } from '../fold/chance.ts'
import { fold, isLong, makeLab, openView } from '../fold/lab.ts'

const tileBytes = 65_536
const segmentBytes = 64 * tileBytes

const ports = {
  monotonicMs: () => performance.now(),
  pause: () => new Promise<void>((resolve) => setImmediate(resolve)),
  every(periodMs: number, run: () => void) {
    const timer = setInterval(run, periodMs)
    return () => clearInterval(timer)
  },
}

function makeCrew(t: TestContext, wish: Partial<ConstructorParameters<typeof SearchCrew>[0]> = {}): SearchCrew {
  const crew = new SearchCrew({ threadCount: 2, ports, here: 'never', ...wish })
  t.after(() => crew.close())
  return crew
}

interface Found {
  readonly hits: SearchHit[]
  readonly tiles: Map<number, number>
  readonly end: FoundEnd
}

type Wish = Partial<Omit<SearchRequest, 'view' | 'pattern' | 'crew'>>

async function find(view: BrickView, crew: SearchCrew, query: SearchQuery, wish: Wish = {}): Promise<Found> {
  const signal = new AbortController().signal
  const rest = { limit: 1_000_000, beyond: 'stop', from: 0, signal, ...wish } as const
  const parts = searchBytes({ view, crew, pattern: parsePattern(query), ...rest })
  const hits: SearchHit[] = []
  const tiles = new Map<number, number>()
  for (;;) {
    const next = await parts.next()
    if (next.done === true) return { hits, tiles, end: next.value }
    hits.push(...next.value.hits)
    for (const [tile, count] of next.value.tiles) {
      assert.ok(!tiles.has(tile), `tile ${tile} was told of twice`)
      tiles.set(tile, count)
    }
  }
}

const asked = (form: SearchQuery['form'], query: string): SearchQuery => ({
  form,
  query: Buffer.from(query),
  letterCase: 'exact',
})

const named = (hits: readonly SearchHit[]) =>
  hits.map(({ path, offset, length }) => `${Buffer.from(path)}:${offset}+${length}`)

/** Files of all sizes, with runs of the letters that the needles are made of, and one that spans segments. */
function makeFiles(folder: string, chance: Chance): void {
  mkdirSync(join(folder, 'sub'))
  for (let i = 0; i < 40; i++) {
    const size = chance.pick([0, 1, 5, 64, 1_000, 4_096, tileBytes - 1, tileBytes, tileBytes + 3, 3 * tileBytes])
    writeFileSync(join(folder, chance.happens(50) ? 'sub' : '.', `f${i}`), letters(chance, size))
  }
  const large = Buffer.concat([letters(chance, segmentBytes - 2), Buffer.from('abba'), letters(chance, tileBytes)])
  writeFileSync(join(folder, 'large'), large)
  const fd = openSync(join(folder, 'sparse'), 'w')
  writeSync(fd, 'abb', tileBytes * 3 - 2)
  writeSync(fd, 'ba', tileBytes * 9)
  ftruncateSync(fd, 3 * segmentBytes)
  closeSync(fd)
}

function letters(chance: Chance, size: number): Buffer {
  const bytes = Buffer.alloc(size, chance.pick(['', 'a', 'xyz', '\0']))
  for (let i = Math.min(size, 200); i > 0; i--) {
    const word = chance.pick(['ab', 'abba', 'b', 'a\n', '\0\0'])
    const at = chance.happens(30) ? nearBorder(chance, size) : chance.below(size)
    bytes.write(word, at, 'latin1')
  }
  return bytes
}

function nearBorder(chance: Chance, size: number): number {
  const border = tileBytes * chance.below(1 + Math.floor(size / tileBytes))
  return Math.max(0, Math.min(size - 1, border - chance.below(4)))
}

/** What the same expression finds in each file by itself, named as `named` does. */
function expected(folder: string, expression: RegExp): string[] {
  const files = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? readdirSync(join(folder, entry.name)).map((name) => `${entry.name}/${name}`) : [entry.name],
  )
  return files.flatMap((path) => {
    const text = readFileSync(join(folder, path), 'latin1')
    return [...text.matchAll(expression)].map(({ index, 0: match }) => `${path}:${index}+${match.length}`)
  })
}

test('hits are those of searching each file by itself, in the order of the brick, counted by tile', async (t) => {
  const queries: readonly (readonly [SearchQuery['form'], string, RegExp])[] = [
    ['text', 'abba', /abba/g],
    ['hex', '61 62 ?? 61', /ab[\s\S]a/g],
    ['hex', '6? ?? 6?', /[`-o][\s\S][`-o]/g],
    ['regex', 'ab+a?', /ab+a?/g],
    ['regex', '(?<=\\0)ab', /(?<=\0)ab/g],
    ['regex', '^b.', /^b./gm],
  ]
  for (const seed of seedsOf(isLong ? 12 : 1)) {
    t.diagnostic(`seed ${seed}`)
    const chance = chanceOf(seed)
    const lab = makeLab(t)
    makeFiles(lab.source, chance)
    await fold(lab)
    const view = openView(t, lab.brick)
    const crew = makeCrew(t)
    for (const [form, query, expression] of queries) {
      const { hits, tiles, end } = await find(view, crew, asked(form, query))
      assert.deepEqual(named(hits).sort(), expected(lab.source, expression).sort(), `${form} ${query}, seed ${seed}`)
      assert.deepEqual([end.reason, end.unknownBytes, end.damage], ['complete', 0, undefined])
      const starts = hits.map(({ start }) => start)
      assert.deepEqual(
        starts,
        starts.toSorted((a, b) => a - b),
      )
      const counts = new Map<number, number>()
      for (const start of starts) {
        const tile = Math.floor(start / tileBytes)
        counts.set(tile, 1 + (counts.get(tile) ?? 0))
      }
      assert.deepEqual(tiles, counts)
      for (const { start, path, offset } of hits) assert.equal(start - offset, view.entry(path)?.slot?.start)
      const from = chance.below(view.record.length)
      const turned = await find(view, crew, asked(form, query), { from })
      assert.deepEqual(named(turned.hits).sort(), named(hits).sort(), `from ${from}`)
    }
  }
})

test('so many hits are listed, and the rest is left alone or counted', async (t) => {
  const lab = makeLab(t)
  writeFileSync(join(lab.source, 'many'), 'needle hay '.repeat(5_000))
  writeFileSync(join(lab.source, 'zeros'), Buffer.alloc(8 * tileBytes))
  await fold(lab)
  const view = openView(t, lab.brick)
  const crew = makeCrew(t)
  const few = await find(view, crew, asked('text', 'needle'), { limit: 7 })
  assert.deepEqual([few.hits.length, few.end.reason, few.end.done.hits], [7, 'limit', 7])
  const counted = await find(view, crew, asked('text', 'needle'), { limit: 7, beyond: 'count' })
  assert.deepEqual([counted.hits.length, counted.end.reason, counted.end.done.hits], [7, 'complete', 5_000])
  assert.equal(
    [...counted.tiles.values()].reduce((a, b) => a + b),
    5_000,
  )
  const exact = await find(view, crew, asked('text', 'needle'), { limit: 5_000, beyond: 'count' })
  assert.equal(exact.hits.length, 5_000)
  const zeros = await find(view, crew, asked('hex', '00 00 00 00'), { limit: 1, beyond: 'count' })
  assert.equal(zeros.end.done.hits, (8 * tileBytes) / 4)
})

test('texts of 16 bits are found, with what stands around them', async (t) => {
  const lab = makeLab(t)
  writeFileSync(join(lab.source, 'le'), Buffer.from('the Key is 42', 'utf16le'))
  writeFileSync(join(lab.source, 'be'), Buffer.from('the Key is 42', 'utf16le').swap16())
  writeFileSync(join(lab.source, 'plain'), 'the Key is 42')
  await fold(lab)
  const view = openView(t, lab.brick)
  const { hits } = await find(view, makeCrew(t, { here: 'until-ready' }), asked('text', 'Key'))
  const shown = hits.map(({ path, encoding, offset, before, match, after }) => {
    return [Buffer.from(path).toString(), encoding, offset, before, match, after]
  })
  assert.deepEqual(shown.sort(), [
    ['be', 'utf-16be', 8, 'the ', 'Key', ' is 42'],
    ['le', 'utf-16le', 8, 'the ', 'Key', ' is 42'],
    ['plain', 'utf-8', 4, 'the ', 'Key', ' is 42'],
  ])
})

test('an expression that would take for ever ends the search, and the next one finds threads again', async (t) => {
  const lab = makeLab(t)
  writeFileSync(join(lab.source, 'a'), `${'a'.repeat(200)}b needle`)
  await fold(lab)
  const view = openView(t, lab.brick)
  const crew = makeCrew(t, { stillMsMax: 300 })
  const { end } = await find(view, crew, asked('regex', '(a+)+c'))
  assert.equal(end.reason, 'slow')
  assert.match(end.message ?? '', /stood still for 0\.3 s at about a, position 0\. Make it simpler/)
  const next = await find(view, crew, asked('regex', 'need.e'))
  assert.deepEqual([named(next.hits), next.end.reason], [['a:202+6'], 'complete'])
})

/** Moderately slow: milliseconds for a kilobyte, without an end to see. */
const slow = asked('regex', 'EARLY|[^]{0,60}[^]{0,60}\\d{30}')

test('hits of a slow expression are told as they are found, then how far it is, and its time may have an end', async (t) => {
  const lab = makeLab(t)
  writeFileSync(join(lab.source, 'a'), `EARLY EARLY${'a'.repeat(2 * segmentBytes)}`)
  await fold(lab)
  const view = openView(t, lab.brick)
  const crew = makeCrew(t, { threadCount: 1 })
  const { signal } = new AbortController()
  const rest = { view, crew, pattern: parsePattern(slow), signal, limit: 10, beyond: 'count', from: 0 } as const
  const parts = searchBytes(rest)
  let first = await parts.next()
  // Threads may take a while to start: that they have not come far is told, too.
  while (first.done === false && first.value.hits.length === 0) first = await parts.next()
  assert.ok(first.done === false && first.value.done.bytes < segmentBytes)
  assert.equal(named(first.value.hits)[0], 'a:0+5')
  const tiles = [...first.value.tiles]
  let lastBytes = first.value.done.bytes
  for (let more = 0; more < 3; more++) {
    const next = await parts.next()
    assert.ok(next.done === false && next.value.done.bytes >= lastBytes)
    lastBytes = next.value.done.bytes
    tiles.push(...next.value.tiles)
  }
  assert.ok(lastBytes < segmentBytes, `${lastBytes}`)
  await parts.return(undefined as never)
  assert.deepEqual(tiles, [], 'more may be found in the first tile')
  const ended = await find(view, crew, slow, { workMsMax: 200 })
  assert.deepEqual([named(ended.hits)[0], ended.end.reason], ['a:0+5', 'slow'])
  assert.match(ended.end.message ?? '', /stopped after 0\.2 s, 0 % looked through\. What was found holds/)
  assert.deepEqual([...ended.tiles], [[0, ended.hits.length]])
})

test('slow expressions share the threads with what asks for little, which comes to its end beside them', async (t) => {
  const lab = makeLab(t)
  const bytes = Buffer.alloc(6 * segmentBytes, 'a')
  for (let at = 0; at < bytes.length; at += segmentBytes) bytes.write('needle', at + 7)
  writeFileSync(join(lab.source, 'a'), bytes)
  await fold(lab)
  const view = openView(t, lab.brick)
  const crew = makeCrew(t, { threadCount: 1 })
  const stop = new AbortController()
  const running = [slow, slow, slow].map((query) => find(view, crew, query, { signal: stop.signal }))
  let ended = 0
  for (const search of running) search.finally(() => ended++).catch(() => undefined)
  for (const query of [asked('text', 'needle'), asked('regex', 'need.e')]) {
    const { hits, end } = await find(view, crew, query)
    assert.deepEqual([hits.length, end.reason], [6, 'complete'])
  }
  assert.equal(ended, 0)
  stop.abort(new FoundryError('CANCELLED', 'enough'))
  for (const search of running) await assert.rejects(search, /enough/)
})

test('cancelled, it ends at once, also amid an expression that would take for ever', async (t) => {
  const lab = makeLab(t)
  writeFileSync(join(lab.source, 'a'), 'a'.repeat(200))
  await fold(lab)
  const view = openView(t, lab.brick)
  const crew = makeCrew(t)
  const stop = new AbortController()
  const reason = new FoundryError('CANCELLED', 'enough')
  const search = find(view, crew, asked('regex', '(a+)+c'), { signal: stop.signal })
  setImmediate(() => stop.abort(reason))
  await assert.rejects(search, reason)
  await assert.rejects(find(view, crew, asked('text', 'aa'), { signal: stop.signal }), reason)
  const next = await find(view, crew, asked('text', 'aaaa'), { limit: 1 })
  assert.deepEqual(named(next.hits), ['a:0+4'])
})

test('a brick that is closed while it is searched is searched to its end', async (t) => {
  const lab = makeLab(t)
  const bytes = Buffer.alloc(3 * segmentBytes, '.')
  for (let at = 0; at < bytes.length; at += tileBytes) bytes.write('needle', at + 7)
  writeFileSync(join(lab.source, 'x'), bytes)
  await fold(lab)
  const view = openView(t, lab.brick)
  const signal = new AbortController().signal
  const pattern = parsePattern(asked('text', 'needle'))
  const crew = makeCrew(t)
  const parts = searchBytes({ view, crew, pattern, signal, limit: 1, beyond: 'count', from: 0 })
  await parts.next()
  view.file.close()
  for (;;) {
    const next = await parts.next()
    if (next.done !== true) continue
    assert.deepEqual([next.value.reason, next.value.done.hits], ['complete', 3 * 64])
    break
  }
})
