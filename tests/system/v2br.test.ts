/** V2BR, the origin's format, in and out: nothing lost, nothing believed that the file does not prove. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { FoundryError } from '../../src/base/errors.ts'
import { systemClock, systemRandom } from '../../src/cli/adapters.ts'
import { foldSource } from '../../src/fold/fold-source.ts'
import { importFile } from '../../src/fold/import-file.ts'
import { extract } from '../../src/read/extract.ts'
import { exportV2br } from '../../src/read/v2br-export.ts'
import { V2brFile } from '../../src/read/v2br-import.ts'
import { verify } from '../../src/read/verify.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { json, sfd } from '../cli/sfd.ts'
import { chanceOf, seedsOf } from '../fold/chance.ts'
import { makePlace, noise } from './machine.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const signal = new AbortController().signal
const pause = () => new Promise<void>((resolve) => setImmediate(resolve))
const common = { workers: 0, clock: systemClock, random: systemRandom, signal, onProgress: () => {} }

/** What the header at its fixed places says, read without our code. */
function headerOf(file: Buffer) {
  return {
    magic: file.toString('latin1', 0, 4),
    version: file.readUInt32LE(4),
    width: file.readUInt32LE(8),
    height: file.readUInt32LE(12),
    order: file.readUInt32LE(16),
    size: Number(file.readBigUInt64LE(20)),
    entropy: file.readFloatLE(36),
    sha256: file.toString('hex', 40, 72),
    flags: file.readUInt32LE(88),
  }
}

async function fold(source: string, brick: string): Promise<void> {
  const request = { exclude: [], crossFilesystems: 'no', reason: 'test', ...common } as const
  await foldSource({ source: utf8(source), brick: utf8(brick), ...request })
}

function withView<T>(brick: string, use: (view: BrickView) => T): T {
  const file = BrickFile.open(utf8(brick))
  try {
    return use(new BrickView(file, file.readHeadOnce()))
  } finally {
    file.close()
  }
}

function exported(brick: string, path?: string): Buffer {
  return withView(brick, (view) => {
    const { pieces } = exportV2br(view, path === undefined ? undefined : utf8(path))
    return Buffer.concat(Array.from(pieces, (piece) => Buffer.from(piece)))
  })
}

async function imported(file: string, brick: string) {
  const v2br = V2brFile.open(utf8(file))
  try {
    return await importFile({
      content: v2br.content(),
      name: utf8('content'),
      mode: 0o644,
      mtimeMs: v2br.stat.mtimeMs,
      source: utf8('v2br:test'),
      worldReadable: false,
      about: () => ({}),
      brick: utf8(brick),
      pause,
      sleep: async () => {},
      ...common,
    })
  } finally {
    v2br.close()
  }
}

async function contentOf(brick: string, out: string): Promise<Buffer> {
  const file = BrickFile.open(utf8(brick))
  try {
    const view = new BrickView(file, file.readHeadOnce())
    assert.equal((await verify({ view, signal, pause, onProgress: () => {} })).ok, true)
    const ownership = { owner: 'ignore', uid: 0, gid: 0 } as const
    const to = { dest: utf8(out), paths: [], existing: 'replace', ownership } as const
    await extract({ view, ...to, ...common, pause })
    return readFileSync(join(out, 'content'))
  } finally {
    file.close()
  }
}

test('what is exported and imported again is the same file, to the byte, whatever its size', async (t) => {
  const { folder, out } = makePlace(t)
  const sizes = [0, 1, 17, 65_536, 300_000, ...(isLong ? [2, 16, 65_535, 65_537, 262_144, 5_000_000, 16_777_217] : [])]
  for (const size of sizes) {
    const [source, brick, again] = ['content', `a${size}.brick`, `b${size}.brick`].map((name) => join(folder, name))
    writeFileSync(source as string, noise(size))
    await fold(source as string, brick as string)
    const file = exported(brick as string)
    const header = headerOf(file)
    const order = Math.max(0, Math.ceil(Math.log2(Math.max(1, size)) / 2))
    assert.deepEqual([header.magic, header.version, header.order], ['V2BR', 1, order], `${size} bytes`)
    assert.deepEqual([header.width, header.height, header.size], [2 ** order, 2 ** order, size])
    assert.equal(file.length, 132 + 4 * 4 ** order)
    assert.equal(
      header.sha256,
      createHash('sha256')
        .update(readFileSync(source as string))
        .digest('hex'),
    )
    writeFileSync(join(folder, 'x.v2br'), file)
    const { end } = await imported(join(folder, 'x.v2br'), again as string)
    assert.equal(end, 'right')
    assert.ok((await contentOf(again as string, out)).equals(readFileSync(source as string)))
    assert.ok(exported(again as string).equals(file))
  }
})

test('the header says what the content is: text, program, how much it holds', async (t) => {
  const { folder } = makePlace(t)
  const cases = [
    { name: 'text', content: utf8('Grüße, 世界\n'), mode: 0o644, flags: 16 },
    { name: 'script', content: utf8('#!/bin/sh\n'), mode: 0o755, flags: 20 },
    { name: 'program', content: noise(5_000), mode: 0o755, flags: 4 },
    { name: 'cut', content: utf8('世').subarray(0, 2), mode: 0o644, flags: 0 },
    { name: 'zeros', content: new Uint8Array(100), mode: 0o644, flags: 0, entropy: 0 },
    { name: 'all', content: Uint8Array.from({ length: 512 }, (_, i) => i & 255), mode: 0o644, flags: 0, entropy: 8 },
  ]
  mkdirSync(join(folder, 'tree'))
  for (const { name, content, mode } of cases) {
    writeFileSync(join(folder, 'tree', name), content)
    chmodSync(join(folder, 'tree', name), mode)
  }
  await fold(join(folder, 'tree'), join(folder, 'x.brick'))
  for (const { name, flags, entropy } of cases) {
    const header = headerOf(exported(join(folder, 'x.brick'), name))
    assert.equal(header.flags, flags, name)
    if (entropy !== undefined) assert.equal(header.entropy, entropy, name)
  }
  assert.throws(() => exported(join(folder, 'x.brick')), /USAGE|several/)
})

test('more than 16,384 texels a side are refused, both ways', async (t) => {
  const { folder } = makePlace(t)
  writeFileSync(join(folder, 'huge'), '')
  truncateSync(join(folder, 'huge'), 2 ** 28 + 1)
  await fold(join(folder, 'huge'), join(folder, 'huge.brick'))
  const isLimit = (error: unknown) => error instanceof FoundryError && error.code === 'BRICK_LIMIT'
  assert.throws(() => exported(join(folder, 'huge.brick')), isLimit)
  const header = Buffer.alloc(132)
  header.write('V2BR')
  for (const [at, value] of [
    [4, 1],
    [8, 32_768],
    [12, 32_768],
    [16, 15],
  ] as const)
    header.writeUInt32LE(value, at)
  writeFileSync(join(folder, 'huge.v2br'), header)
  assert.throws(() => V2brFile.open(utf8(join(folder, 'huge.v2br'))), isLimit)
})

for (const seed of seedsOf(isLong ? 60 : 2)) {
  test(`a damaged file is refused by name, or its content is doubted, never taken for right (seed ${seed})`, async (t) => {
    await damage(t, seed)
  })
}

const turns = isLong ? 40 : 10

async function damage(t: TestContext, seed: number): Promise<void> {
  const chance = chanceOf(seed)
  const { folder, out } = makePlace(t)
  const content = chance.bytes(chance.pick([0, 5, 100, 3_000, 70_000]))
  writeFileSync(join(folder, 'content'), content)
  await fold(join(folder, 'content'), join(folder, 'a.brick'))
  const whole = exported(join(folder, 'a.brick'))
  for (let turn = 0; turn < turns; turn++) {
    const file = Buffer.from(whole)
    const bytes = chance.happens(60) ? 132 : file.length
    for (let left = 1 + chance.below(3); left > 0; left--) file[chance.below(bytes)] = chance.below(256)
    const cut = chance.happens(15) ? file.subarray(0, chance.below(file.length)) : file
    writeFileSync(join(folder, 'x.v2br'), cut)
    rmSync(join(folder, 'b.brick'), { force: true })
    try {
      const { end } = await imported(join(folder, 'x.v2br'), join(folder, 'b.brick'))
      const got = await contentOf(join(folder, 'b.brick'), out)
      if (end === 'right') assert.ok(got.equals(content), `seed ${seed}, turn ${turn}`)
    } catch (error) {
      assert.ok(error instanceof FoundryError, `seed ${seed}, turn ${turn}: ${String(error)}`)
    }
    const rest = readdirSync(folder).filter((name) => name.includes('.import') || name.includes('.partial'))
    assert.deepEqual(rest, [])
  }
}

test('the commands: a brick out, the same in, and a doubt is told by exit code 3', async (t) => {
  const { folder } = makePlace(t)
  const [brick, file, again] = ['ls.brick', 'ls.v2br', 'again.brick'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const source = join(folder, 'ls')
  writeFileSync(source, noise(10_000))
  chmodSync(source, 0o750)
  await fold(source, brick)
  assert.equal(sfd(['export', brick, '-o', file]).status, 0)
  const run = sfd(['import', file, '-o', again, '--json'])
  assert.equal(run.status, 0, run.stderr)
  assert.deepEqual([json(run).bytes, statSync(again).mode & 0o777], [10_000, 0o600])
  withView(again, (view) => {
    const { meta } = view
    assert.deepEqual([meta.kind, typeof meta.ended, meta.about !== undefined], ['file', 'string', true])
    const [entry] = [...view.entries()]
    assert.equal(Buffer.from(entry?.path ?? []).toString(), 'ls')
    assert.deepEqual([entry?.size, (entry?.mode ?? 0) & 0o100], [10_000, 0o100])
    assert.equal(entry?.flags.racy, false)
  })
  const bytes = readFileSync(file)
  bytes[50] = (bytes[50] as number) ^ 1
  writeFileSync(file, bytes)
  const doubted = sfd(['import', file, '-o', join(folder, 'doubted.brick')])
  assert.equal(doubted.status, 3)
  assert.match(doubted.stderr, /its hash is not the SHA-256 of the content/)
  assert.ok(existsSync(join(folder, 'doubted.brick')))
})
