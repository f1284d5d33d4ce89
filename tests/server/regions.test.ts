/** What bytes mean, over HTTP: regions of a run, at a place; labels and addresses of mappings. Of bricks in spec/fixtures. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { BrickView } from '../../src/store/brick-view.ts'
import type { FindAnswer, InspectAnswer, OutlinesAnswer, RegionsAnswer } from '../../src/wire/api.ts'
import { infoOf } from './brick-foundry.ts'
import type { Reply } from './client.ts'
import { type Fixture, fixture } from './fixture.ts'

const spec = join(import.meta.dirname, '../../spec/fixtures')
const heap = '000055d0c0df0000'

interface Served extends Fixture {
  readonly brickView: BrickView
  readonly address: string
}

async function serve(t: TestContext, brick: string): Promise<Served> {
  const f = await fixture(t)
  const brickView = f.foundry.open(brick)
  const { uuid, commit } = infoOf(brickView)
  return { ...f, brickView, address: `/b/${uuid}/${commit}` }
}

function json<T>(reply: Reply): T {
  assert.equal(reply.status, 200, String(reply.body))
  return JSON.parse(String(reply.body)) as T
}

test('the regions of a run come by place, bounded, filtered by length or to findings', async (t) => {
  const f = await serve(t, join(spec, 'memory.brick'))
  const regions = async (query: string) => json<RegionsAnswer>(await f.get(`${f.address}/regions${query}`))
  const all = await regions('')
  assert.deepEqual(
    all.regions.map(({ start, length, layer, class: kind, name }) => [start, length, layer, kind, name]),
    [
      [0, 8_192, 32, 'section', '.text'],
      [64, 128, 48, 'symbol', 'main'],
      [64, 128, 48, 'symbol', '_start'],
      [98_304, 12_288, 0, 'mapping', '[stack]'],
      [262_144, 163_840, 0, 'mapping', '[heap]'],
    ],
  )
  assert.equal(all.truncated, false)
  const first = await regions('?limit=2')
  assert.deepEqual([first.regions, first.truncated], [all.regions.slice(0, 2), true])
  assert.deepEqual((await regions('?start=100&end=101')).regions, all.regions.slice(0, 3))
  assert.deepEqual((await regions('?start=8192&end=98304')).regions, [])
  assert.deepEqual((await regions('?min=12288')).regions, all.regions.slice(3))
  const findings = (await regions('?findings=1')).regions
  assert.deepEqual(findings, all.regions.slice(4))
  assert.equal(findings[0]?.finding?.rule, 'memory-growth')
  assert.deepEqual(findings[0]?.attributes, {
    kind: 'heap',
    rss: 8_192,
    'bytes per second': 1_048_576.5,
    growing: true,
  })
  for (const query of ['?start=-1', '?start=9&end=8', '?limit=0', '?limit=2001', '?min=x', '?end=1e3']) {
    assert.equal((await f.get(`${f.address}/regions${query}`)).status, 400, query)
  }
})

test('at a place the innermost region comes first, and a byte of memory has its address', async (t) => {
  const f = await serve(t, join(spec, 'memory.brick'))
  const at = async (offset: number) => json<InspectAnswer>(await f.get(`${f.address}/at?offset=${offset}`))
  const inMain = await at(70)
  assert.deepEqual(
    inMain.regions.map(({ name }) => name),
    ['main', '_start', '.text'],
  )
  assert.equal(inMain.entry?.label, 'daemon (deleted) r-xp')
  assert.equal(inMain.entry?.byteAddress, '0x55d0c0de0046')
  assert.deepEqual(inMain.entry?.mapping, {
    address: '0x55d0c0de0000',
    lead: 0,
    permissions: 'r-xp',
    name: '/usr/bin/daemon (deleted)',
    fileOffset: '0x2000',
  })
  const stack = await at(98_304)
  assert.deepEqual([stack.entry?.byteAddress, stack.entry?.mapping?.lead], ['0x7ffe10008000', 32_768])
  const behind = await at(262_144 + 163_840)
  assert.deepEqual([behind.entry?.path, behind.entry?.byteAddress, behind.regions], [heap, null, []])
  const strange = await at(131_072)
  assert.equal(strange.entry?.mapping?.name, '/m\\xff\\x0a')
  assert.equal(strange.entry?.mapping?.fileOffset, '0x8000000000000000')
})

test('mappings are outlined and found with their labels and addresses, other entries without', async (t) => {
  const f = await serve(t, join(spec, 'memory.brick'))
  const { length } = f.brickView.record
  const outlines = json<OutlinesAnswer>(await f.get(`${f.address}/outlines?from=0&to=${length}`))
  const labels = new Map(outlines.entries.map(({ path, label, address }) => [path, [label, address]]))
  assert.deepEqual(labels.get(heap), ['[heap] rw-p', '0x55d0c0df0000'])
  assert.deepEqual(labels.get('ffffffffff600000'), ['[vsyscall] --xp', '0xfffffffffffff000'])
  const one = json<FindAnswer>(await f.get(`${f.address}/entries?path=${heap}`)).hits[0]
  assert.deepEqual([one?.label, one?.address], ['[heap] rw-p', '0x55d0c0df0000'])
  const file = json<FindAnswer>(await f.get(`${f.at}/entries?path=hello.txt`)).hits[0]
  assert.ok(file !== undefined && !('label' in file) && !('address' in file))
  const byte = json<InspectAnswer>(await f.get(`${f.at}/at?offset=${file.slot.start}`))
  assert.deepEqual([byte.entry?.mapping, byte.entry?.byteAddress, byte.regions], [null, null, []])
})

test('a damaged page of regions is named where regions are asked for, and hides no byte', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-regions-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'damaged.brick')
  const whole = await serve(t, join(spec, 'memory.brick'))
  const bytes = readFileSync(join(spec, 'memory.brick'))
  const at = whole.brickView.record.regions.pointer.offset + 50
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  writeFileSync(path, bytes)
  const f = await serve(t, path)
  const refused = await f.get(`${f.address}/regions`)
  assert.deepEqual([refused.status, JSON.parse(String(refused.body)).error.code], [500, 'BRICK_DAMAGED'])
  const answer = json<InspectAnswer>(await f.get(`${f.address}/at?offset=0`))
  assert.deepEqual([answer.regionsDamaged, answer.regions], [true, []])
  assert.equal(typeof answer.byte, 'number')
  assert.deepEqual(f.reported, [])
})
