import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeElf } from '../../binary/testing/make-elf.ts'
import { countCanarySites } from './canary-code.ts'
import { subjectOf } from './testing/subject.ts'

const readAtFs28 = [0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0]
const compareAtFs28 = [0x64, 0x4c, 0x2b, 0x0c, 0x25, 0x28, 0, 0, 0]

function sites(code: Uint8Array, machine = 62): number | undefined {
  const subject = subjectOf(
    makeElf({
      ...{ bits: 64, byteOrder: 'little', type: 2, machine },
      sections: [{ name: '.text', type: 1, flags: 6, address: 0x1000, content: code }],
      segments: [{ type: 1, flags: 5, section: 1 }],
    }),
  )
  return countCanarySites(subject.elf() ?? assert.fail(), subject.content)
}

test('reads of the protector’s value are counted, other uses of the same bytes are not', () => {
  assert.equal(sites(Uint8Array.from([...readAtFs28, 0x90, ...compareAtFs28])), 2)
  assert.equal(sites(Uint8Array.from([0x65, ...readAtFs28.slice(1)])), 0, 'another segment register')
  assert.equal(sites(Uint8Array.from([...readAtFs28.slice(0, 5), 0x30, 0, 0, 0])), 0, 'another place')
  assert.equal(sites(Uint8Array.from(readAtFs28.slice(1))), 0, 'no prefix')
  assert.equal(sites(Uint8Array.from(readAtFs28), 183), undefined, 'a machine whose code does not tell')
  assert.equal(sites(Uint8Array.from([0x65, 0xa1, 0x14, 0, 0, 0, 0x65, 0x8b, 0x0d, 0x14, 0, 0, 0]), 3), 2, 'i386')
})

test('a site at any distance from the border of a window is counted once', () => {
  for (let before = -12; before <= 4; before++) {
    const code = new Uint8Array(2 ** 20 + 64)
    code.set(readAtFs28, 2 ** 20 + before)
    assert.equal(sites(code), 1, `${before} bytes from the border`)
  }
})
