/** The journal through a stand-in for journalctl that speaks the export format, binary fields included. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { journalArtifact } from '../../src/source/log/journal-artifact.ts'
import { JournalReader } from '../../src/source/log/journal-entries.ts'
import { openJournal } from '../../src/source/log/open-log.ts'
import { chanceOf, seedsOf } from '../fold/chance.ts'
import { ModelBrick } from './model-brick.ts'

/** One entry as journalctl prints it; every third message holds a newline and so is binary. */
function entry(index: number): Buffer {
  const plain = [
    `__CURSOR=s=1;i=${index.toString(16)}`,
    `__REALTIME_TIMESTAMP=${1_767_322_800_000_000 + index}`,
    `PRIORITY=${index % 8}`,
  ]
  const head = Buffer.from(`${plain.join('\n')}\nSYSLOG_IDENTIFIER=app\n`)
  const text = `message ${index}`
  if (index % 3 !== 0) return Buffer.concat([head, Buffer.from(`MESSAGE=${text}\n\n`)])
  const value = Buffer.from(`${text}\nsecond line=\n\n\0\xff`, 'latin1')
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(value.length))
  return Buffer.concat([head, Buffer.from('MESSAGE\n'), length, value, Buffer.from('\n\n')])
}

/** A journal in a folder: one file an entry. The program prints from a cursor on, and follows by looking again. */
class Journal {
  readonly folder: string
  #count = 0
  #first = 0

  constructor(context: TestContext) {
    this.folder = fs.mkdtempSync(join(tmpdir(), 'journal-'))
    fs.mkdirSync(join(this.folder, 'entries'))
    fs.writeFileSync(join(this.folder, 'journalctl'), program(process.execPath, join(this.folder, 'entries')), {
      mode: 0o755,
    })
    const path = process.env['PATH']
    process.env['PATH'] = `${this.folder}:${path}`
    context.after(() => {
      process.env['PATH'] = path
      fs.rmSync(this.folder, { recursive: true })
    })
  }

  log(count: number): void {
    for (let i = 0; i < count; i++, this.#count++) {
      const name = String(this.#count).padStart(8, '0')
      fs.writeFileSync(join(this.folder, name), entry(this.#count))
      fs.renameSync(join(this.folder, name), join(this.folder, 'entries', name))
    }
  }

  vacuum(count: number): void {
    for (let i = 0; i < count; i++, this.#first++)
      fs.rmSync(join(this.folder, 'entries', String(this.#first).padStart(8, '0')))
  }

  get all(): Buffer {
    return Buffer.concat(Array.from({ length: this.#count }, (_, index) => entry(index)))
  }
}

function program(node: string, entries: string): string {
  return `#!${node}
const fs = require('node:fs')
const asked = (name) => process.argv.find((each) => each.startsWith('--' + name + '='))?.slice(name.length + 3)
if (asked('output') !== 'export') process.exit(2)
const cursor = asked('cursor')
let next = cursor === undefined ? 0 : parseInt(cursor.split('i=')[1], 16)
const print = () => {
  for (const name of fs.readdirSync(${JSON.stringify(entries)}).sort()) {
    if (Number(name) < next) continue
    fs.writeSync(1, fs.readFileSync(${JSON.stringify(entries)} + '/' + name))
    next = Number(name) + 1
  }
}
print()
if (process.argv.includes('--follow')) setInterval(print, 5)
`
}

function openOn(brick: ModelBrick): ReturnType<typeof journalArtifact> {
  const clock = { nowNs: () => 1_800_000_000_000_000_000n, monotonicMs: () => 0 }
  const { signal } = new AbortController()
  return journalArtifact(openJournal(utf8('')), { clock, signal, held: brick.held })
}

test('entries come out as they went in, however the bytes are cut', () => {
  const entries = Array.from({ length: 40 }, (_, index) => entry(index))
  const bytes = concatBytes(entries)
  for (const seed of seedsOf(20)) {
    const chance = chanceOf(seed)
    const reader = new JournalReader()
    const found = []
    for (let at = 0; at < bytes.length; ) {
      const length = 1 + chance.below(chance.pick([3, 40, 2_000]))
      found.push(...reader.read(bytes.subarray(at, at + length)))
      at += length
    }
    assert.deepEqual(
      found.map((each) => Buffer.from(each.bytes)),
      entries,
      `seed ${seed}`,
    )
    assert.deepEqual(
      found.map(({ cursor }) => cursor),
      entries.map((_, index) => `s=1;i=${index.toString(16)}`),
    )
    assert.ok(reader.isBetween)
  }
})

test('the journal follows exactly, over restarts and commits that fail, with a region for each entry', async (t) => {
  const journal = new Journal(t)
  const brick = new ModelBrick()
  let artifact = openOn(brick)
  t.after(() => artifact.close?.())
  journal.log(50)
  await brick.round(artifact)
  assert.deepEqual(brick.content, journal.all)
  journal.log(10)
  await brick.round(artifact, 'lost')
  await artifact.close?.()
  artifact = openOn(brick)
  await brick.round(artifact, 'unheard')
  assert.deepEqual(brick.content, journal.all)
  journal.log(10)
  // From here on a run follows: what it says arrives when it does.
  while (brick.content.length < journal.all.length) {
    await brick.round(artifact)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.deepEqual(brick.content, journal.all)
  assert.equal(brick.regions.length, 70)
  assert.deepEqual(brick.gaps, [])
  assert.deepEqual(brick.regions[1]?.attributes, { time: '2026-01-02T03:00:00.000001Z', priority: 'alert' })
  assert.equal(brick.regions[1]?.name, 'app: message 1')
})

test('entries that the journal dropped meanwhile are a gap', async (t) => {
  const journal = new Journal(t)
  const brick = new ModelBrick()
  const first = openOn(brick)
  journal.log(20)
  await brick.round(first)
  await first.close?.()
  journal.log(20)
  journal.vacuum(25)
  const second = openOn(brick)
  t.after(() => second.close?.())
  await brick.round(second)
  const kept = Buffer.concat([...Array(20).keys(), ...Array.from({ length: 15 }, (_, i) => 25 + i)].map(entry))
  assert.deepEqual(brick.content, kept)
  assert.deepEqual(
    brick.gaps.map(({ attributes }) => attributes?.['reason']),
    ['vacuumed'],
  )
})

test('without journalctl, and where it may not read, the reason is said', async (t) => {
  const journal = new Journal(t)
  const brick = new ModelBrick()
  fs.writeFileSync(join(journal.folder, 'journalctl'), '#!/bin/sh\necho "No journal files were opened" >&2\nexit 1\n')
  const refused = openOn(brick)
  await assert.rejects(brick.round(refused), { code: 'SOURCE_UNREADABLE', message: /No journal files were opened/ })
  const path = process.env['PATH']
  process.env['PATH'] = join(journal.folder, 'entries')
  const missing = openOn(brick)
  await assert.rejects(brick.round(missing), { code: 'SOURCE_MISSING' })
  process.env['PATH'] = path
})

test('a look at a journal that says nothing more can be stopped', async (t) => {
  const journal = new Journal(t)
  fs.writeFileSync(join(journal.folder, 'journalctl'), '#!/bin/sh\nexec sleep 1000\n')
  const stop = new AbortController()
  const artifact = openOn(new ModelBrick())
  t.after(() => artifact.close?.())
  const look = artifact.look?.(stop.signal)
  stop.abort()
  await assert.rejects(look ?? Promise.resolve(), { code: 'CANCELLED' })
})
