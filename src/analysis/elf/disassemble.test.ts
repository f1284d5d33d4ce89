/** Code made here, byte by byte, for x86-64 and arm64. Against objdump: tests/elf/debian.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ElfLayout } from '../../binary/elf.ts'
import { makeElf, makeSymbols, Writer } from '../../binary/testing/make-elf.ts'
import { addressNamesOf } from './address-names.ts'
import { disassemblerOf } from './capstone.ts'
import { complexityOf } from './complexity.ts'
import { type CodeLine, disassemble } from './disassemble.ts'
import { subjectOf } from './testing/subject.ts'

const layout: ElfLayout = { bits: 64, byteOrder: 'little' }
const codeAt = 0x1000
const [intel, arm] = [62, 183]

function elfOf(code: Uint8Array, machine: number): Uint8Array {
  return makeElf({
    ...{ ...layout, type: 2, machine },
    sections: [{ name: '.text', type: 1, flags: 6, address: codeAt, content: code }],
    segments: [{ type: 1, flags: 5, section: 1 }],
  })
}

async function linesOf(code: Uint8Array, machine: number) {
  const subject = subjectOf(elfOf(code, machine))
  const elf = subject.elf() ?? assert.fail()
  const offset = elf.sections[1]?.offset ?? assert.fail()
  const { lines, stopped } = await disassemble(subject.content, elf, { offset, length: code.length })
  return { lines, stopped, offset, subject }
}

function shown({ address, text, target }: CodeLine): string {
  return `${address.toString(16)} ${text}${target === undefined ? '' : ` -> ${target.toString(16)}`}`
}

/** cmp w0, #0; b.eq +8; bl +0x100; cbz x1, -4; ret */
const armCode = Uint8Array.from(
  [0x7100001f, 0x54000040, 0x94000040, 0xb4ffffe1, 0xd65f03c0].flatMap((word) =>
    [0, 8, 16, 24].map((bit) => (word >>> bit) & 0xff),
  ),
)
/** push rbp; je +2; call +0x10; mov rax, [rip + 8]; ret */
const intelCode = Uint8Array.of(0x55, 0x74, 0x02, 0xe8, 0x10, 0, 0, 0, 0x48, 0x8b, 0x05, 0x08, 0, 0, 0, 0xc3)

test('each line has its place and the address that it names', async () => {
  const { lines, stopped, offset } = await linesOf(intelCode, intel)
  assert.deepEqual(lines.map(shown), [
    '1000 push rbp',
    '1001 je 0x1005 -> 1005',
    '1003 call 0x1018 -> 1018',
    '1008 mov rax, qword ptr [rip + 8] -> 1017',
    '100f ret',
  ])
  assert.equal(stopped, undefined)
  assert.deepEqual(
    lines.map((line) => line.offset - offset),
    [0, 1, 3, 8, 15],
  )
  const other = await linesOf(armCode, arm)
  assert.deepEqual(
    other.lines.map(({ target }) => target?.toString(16)),
    [undefined, '100c', '1108', '1008', undefined],
  )
})

test('code ends at 4,096 instructions, at what is no instruction, and at once for other machines', async () => {
  const many = await linesOf(new Uint8Array(70_000).fill(0x90), intel)
  assert.deepEqual([many.lines.length, many.stopped], [4_096, 'shown up to 4096 instructions'])
  const broken = await linesOf(Uint8Array.of(0x90, 0x06, 0x90), intel)
  assert.deepEqual([broken.lines.length, broken.stopped], [1, 'what lies at 0x1001 is no instruction'])
  const foreign = await linesOf(intelCode, 243)
  assert.deepEqual([foreign.lines.length, foreign.stopped], [0, 'code of this machine cannot be shown'])
})

test('a run that is longer than what is decoded at once is decoded without a seam', async () => {
  const code = new Uint8Array(200_000)
  const nop = [0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0]
  for (let at = 0; at < code.length; at++) code[at] = nop[at % nop.length] as number
  const disassembler = await disassemblerOf('x86-64')
  let count = 0
  const whole = Math.floor(code.length / nop.length) * nop.length
  const done = disassembler.walk(code.subarray(0, whole), 0n, ({ at, sizeBytes }) => {
    assert.equal(at, count++ * nop.length)
    return sizeBytes === nop.length
  })
  assert.deepEqual([done, count], [whole, whole / nop.length])
})

test('branches and calls are counted on both machines', async () => {
  for (const [code, machine, kind, expected] of [
    [intelCode, intel, 'x86-64', [2, 5, 1]],
    [armCode, arm, 'arm64', [3, 5, 1]],
  ] as const) {
    const { subject, offset } = await linesOf(code, machine)
    const range = { offset, length: code.length, address: 0x1000n, symbol: undefined, from: 'frame' } as const
    const disassembler = await disassemblerOf(kind)
    const { complexity, instructions, calls } = complexityOf(range, { content: subject.content, kind, disassembler })
    assert.deepEqual([complexity, instructions, calls], expected, kind)
  }
})

test('stubs of arm64 have the names of what they lead to', () => {
  // adrp x16, +1 page; ldr x17, [x16, #0x10]; add x16, x16, #0x10; br x17
  const stub = new Writer(layout, 16)
  for (const word of [0xb0000010, 0xf9400a11, 0x91004210, 0xd61f0220]) stub.u32(word)
  const slots = new BigUint64Array([0x2010n, (1n << 32n) | 1026n, 0n])
  const dynamic = new BigUint64Array([23n, 0x3000n, 2n, 24n, 20n, 7n, 0n, 0n])
  const symbols = makeSymbols(layout, [{ name: 'execve', value: 0, size: 0, info: 0x12, section: 0 }])
  const bytes = makeElf({
    ...{ ...layout, type: 3, machine: arm },
    sections: [
      { name: '.plt', type: 1, flags: 6, address: codeAt, content: stub.bytes },
      { name: '.rela.plt', type: 4, address: 0x3000, content: new Uint8Array(slots.buffer) },
      { name: '.dynamic', type: 6, address: 0x4000, entryBytes: 16, content: new Uint8Array(dynamic.buffer) },
      { name: '.dynsym', type: 11, link: 5, info: 1, entryBytes: symbols.entryBytes, content: symbols.table },
      { name: '.dynstr', type: 3, content: symbols.names },
    ],
    segments: [
      { type: 1, flags: 5, section: 1 },
      { type: 1, flags: 4, section: 2 },
      { type: 2, flags: 4, section: 3 },
    ],
  })
  const names = addressNamesOf(subjectOf(bytes))
  assert.deepEqual(
    [...names],
    [
      [0x2010n, 'execve@got'],
      [0x1000n, 'execve@plt'],
    ],
  )
})
