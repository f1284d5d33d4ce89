/** Sets that somebody changed on the way: damage has a name, and nothing is written where it must not be. */
import assert from 'node:assert/strict'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { FoundryError } from '../../src/base/errors.ts'
import { systemClock, systemRandom } from '../../src/cli/adapters.ts'
import { foldSource } from '../../src/fold/fold-source.ts'
import { openSet } from '../../src/read/portable-set.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { type SetBrick, setHash } from '../../src/store/set-manifest.ts'
import { extracted, machineWithSet, type Place, verified } from './machine.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'

interface Manifest {
  setHash: string
  bricks: { -readonly [K in keyof SetBrick]: SetBrick[K] }[]
}

/** Changes the manifest, and makes its hash right again: whoever changes one can do that too. */
function change({ set }: Place, edit: (manifest: Manifest) => void): void {
  const path = join(set, 'manifest.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
  edit(manifest)
  manifest.setHash = setHash(manifest.bricks)
  writeFileSync(path, JSON.stringify(manifest))
}

const brickOf = (manifest: Manifest, file: string) => {
  const brick = manifest.bricks.find((each) => each.file === file)
  assert.ok(brick !== undefined)
  return brick
}

const hasCode =
  (...codes: string[]) =>
  (error: unknown) =>
    error instanceof FoundryError && codes.includes(error.code)

test('a byte that rotted, a brick that is gone or another, a commit that never was: each is named with its file', async (t) => {
  const place = await machineWithSet(t)
  const at = (file: string): string => join(place.set, file)
  const failing = async (): Promise<string[]> => {
    const { ok, bricks } = await verified(place)
    const bad = bricks.filter(({ report }) => report?.ok !== true).map(({ brick }) => brick.file)
    assert.equal(ok, bad.length === 0)
    return bad
  }
  const etc = readFileSync(at('etc.brick'))
  const rotten = Buffer.from(etc)
  const middle = 20_000
  rotten[middle] = (rotten[middle] as number) ^ 4
  writeFileSync(at('etc.brick'), rotten)
  assert.deepEqual(await failing(), ['etc.brick'])
  copyFileSync(at('opt.brick'), at('etc.brick'))
  assert.deepEqual(await failing(), ['etc.brick'])
  await assert.rejects(extracted(place), hasCode('BRICK_DAMAGED'))
  unlinkSync(at('etc.brick'))
  assert.deepEqual(await failing(), ['etc.brick'])
  writeFileSync(at('etc.brick'), etc)
  assert.deepEqual(await failing(), [])
  copyFileSync(at('etc.brick'), at('other.brick'))
  assert.deepEqual((await verified(place)).strangers, ['other.brick'])
  change(place, (manifest) => {
    brickOf(manifest, 'etc.brick').generation = 7
  })
  assert.deepEqual(await failing(), ['etc.brick'])
})

test('what a manifest says of a brick and the brick does not is told by verify, whatever the field', async (t) => {
  const place = await machineWithSet(t)
  const text = readFileSync(join(place.set, 'manifest.json'), 'utf8')
  const lies: Partial<SetBrick>[] = [
    { entries: 9_999 },
    { bytes: 1 },
    { unreadable: 1 },
    { torn: 1 },
    { fileBytes: 1 },
    { kind: 'process' },
    { time: '2001-01-01T00:00:00.000000000Z' },
    { exclude: ['/hostname'] },
  ]
  for (const lie of lies) {
    writeFileSync(join(place.set, 'manifest.json'), text)
    change(place, (manifest) => {
      Object.assign(brickOf(manifest, 'etc.brick'), lie)
    })
    const { ok, bricks } = await verified(place)
    const bad = bricks.flatMap(({ brick, failure }) => (failure === undefined ? [] : [[brick.file, failure.code]]))
    assert.deepEqual([ok, bad], [false, [['etc.brick', 'BRICK_DAMAGED']]], JSON.stringify(lie))
  }
})

test('a manifest whose hash is not over its bricks is refused, also where only a place was moved', async (t) => {
  const place = await machineWithSet(t)
  const path = join(place.set, 'manifest.json')
  const text = readFileSync(path, 'utf8')
  const edits = [
    text.replace('"place": "/opt"', '"place": "/root"'),
    text.replace(/"treeHash": "./, '"treeHash": "x'),
    text.replace('"version": 1', '"version": -1'),
    text.slice(0, -20),
    '[]',
    '{"format": "system-foundry set", "version": 1}',
  ]
  for (const edit of edits) {
    assert.notEqual(edit, text)
    writeFileSync(path, edit)
    assert.throws(() => openSet(place.set), hasCode('BRICK_DAMAGED'), edit.slice(0, 60))
  }
  writeFileSync(path, text.replace('"version": 1', '"version": 2'))
  assert.throws(() => openSet(place.set), hasCode('BRICK_VERSION_NEWER'))
})

test('no place and no file name in a manifest leads elsewhere', async (t) => {
  const place = await machineWithSet(t)
  const text = readFileSync(join(place.set, 'manifest.json'), 'utf8')
  for (const bad of ['/../outside', '/etc/../../outside', '/etc//x', '/./etc', '', '/etc\0x', '/etc\n/opt']) {
    writeFileSync(join(place.set, 'manifest.json'), text)
    change(place, (manifest) => {
      brickOf(manifest, 'opt.brick').place = bad
    })
    assert.throws(() => openSet(place.set), hasCode('BRICK_DAMAGED'), bad)
  }
  for (const bad of ['../opt.brick', '/tmp/opt.brick', 'a/b.brick', '.brick', 'opt']) {
    writeFileSync(join(place.set, 'manifest.json'), text)
    change(place, (manifest) => {
      brickOf(manifest, 'opt.brick').file = bad
    })
    assert.throws(() => openSet(place.set), hasCode('BRICK_DAMAGED'), bad)
  }
  // A place that the brick itself does not have.
  writeFileSync(join(place.set, 'manifest.json'), text)
  change(place, (manifest) => {
    brickOf(manifest, 'opt.brick').place = '/etc'
  })
  await assert.rejects(extracted(place), hasCode('BRICK_DAMAGED'))
})

test('a link in the destination leads no brick out of it', async (t) => {
  const place = await machineWithSet(t)
  const outside = join(place.folder, 'outside')
  mkdirSync(outside)
  mkdirSync(place.out)
  symlinkSync(outside, join(place.out, 'var'))
  symlinkSync(outside, join(place.out, 'etc'))
  await assert.rejects(extracted(place, { existing: 'replace' }), hasCode('DEST_UNSAFE'))
  assert.deepEqual(readdirSync(outside), [])
})

test('a brick that has a link where another brick has its folder is extracted after it, and makes no link', async (t) => {
  const place = await machineWithSet(t)
  const [outside, links] = [join(place.folder, 'outside'), join(place.folder, 'links')]
  for (const folder of [outside, links]) mkdirSync(folder)
  symlinkSync(outside, join(links, 'var'))
  const root = join(place.set, 'root.brick')
  rmSync(root)
  const request = { exclude: [], crossFilesystems: 'no', workers: 0, clock: systemClock, random: systemRandom } as const
  const signal = new AbortController().signal
  await foldSource({ source: utf8(links), brick: utf8(root), reason: 'test', signal, onProgress: () => {}, ...request })
  const file = BrickFile.open(utf8(root))
  const { uuid, id, treeHash, contentRoot } = file.readHeadOnce().record
  file.close()
  change(place, (manifest) => {
    const told = { uuid, commit: id, treeHash, contentRoot }
    const texts = Object.entries(told).map(([name, bytes]) => [name, toHex(bytes)])
    Object.assign(brickOf(manifest, 'root.brick'), Object.fromEntries(texts))
  })
  const { report } = await extracted(place)
  assert.deepEqual(
    report.failed.items.map(({ path }) => Buffer.from(path).toString()),
    ['var'],
  )
  assert.deepEqual(readdirSync(outside), [])
  assert.ok(existsSync(join(place.out, 'var/log/messages')))
})

test('any change of the manifest gives an answer or a named refusal, and nothing outside', async (t) => {
  const place = await machineWithSet(t)
  const path = join(place.set, 'manifest.json')
  const text = readFileSync(path)
  const edits = fc.array(fc.tuple(fc.nat(text.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(edits, async (changes) => {
      const bytes = Buffer.from(text)
      for (const [at, byte] of changes) bytes[at] = byte
      writeFileSync(path, bytes)
      try {
        openSet(place.set)
      } catch (error) {
        assert.ok(error instanceof FoundryError, String(error))
      }
    }),
    { numRuns: isLong ? 5_000 : 300 },
  )
})
