import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { makeElf } from '../../binary/testing/make-elf.ts'
import { packerAnalyzer } from './packer.ts'
import { reportOf, subjectOf } from './testing/subject.ts'

/** All bytes alike often, in an order that does not matter here. */
function even(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 167 + (at >> 8)) & 0xff)
}

/** As code has it: some bytes often, most never. */
function uneven(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => [0x48, 0x89, 0xe5, 0x8b, 0x45, 0xfc, 0xc3, at & 0x3f][at & 7] as number)
}

interface Made {
  readonly code: Uint8Array
  readonly flags: number
  readonly withSections: boolean
}

function made(options: Made): Uint8Array {
  const bytes = makeElf({
    ...{ bits: 64, byteOrder: 'little', type: 2, machine: 62 },
    sections: [{ name: '.text', type: 1, flags: 6, address: 0x1000, content: options.code }],
    segments: [{ type: 1, flags: options.flags, section: 1 }],
  })
  if (!options.withSections) {
    bytes.fill(0, 40, 48)
    bytes.fill(0, 60, 64)
  }
  return bytes
}

async function found(options: Made): Promise<readonly string[]> {
  const { regions } = await reportOf(packerAnalyzer, subjectOf(made(options)))
  return regions.flatMap(({ finding }) => finding?.evidence ?? [])
}

test('code like noise in a file without sections, or that can be written, is told to be packed', async () => {
  const code = even(20_000)
  assert.equal((await found({ code, flags: 5, withSections: false })).length, 2)
  assert.equal((await found({ code, flags: 7, withSections: true })).length, 2)
})

test('neither noise alone nor a strange structure alone is told', async () => {
  assert.deepEqual(await found({ code: even(20_000), flags: 5, withSections: true }), [])
  assert.deepEqual(await found({ code: uneven(20_000), flags: 7, withSections: false }), [])
  assert.deepEqual(await found({ code: even(1_000), flags: 7, withSections: false }), [])
})

test('the check shows the bits a byte that the evidence has', async () => {
  const bytes = made({ code: even(20_000), flags: 7, withSections: true })
  const { regions } = await reportOf(packerAnalyzer, subjectOf(bytes))
  const { check = '', evidence = [] } = regions[0]?.finding ?? {}
  const command = check.replace(/^readelf -hlW FILE; /, '').replace('FILE', '-')
  const shown = spawnSync('sh', ['-c', command], {
    input: bytes,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  assert.equal(Number(shown.stdout).toFixed(2), / have ([0-9.]+) bits/.exec(evidence[0] ?? '')?.[1])
})
