/** Capabilities of files: what is said of them is what getcap prints of a file that has them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { capabilitiesText, parseFileCapabilities } from '../../src/analysis/policy/file-capabilities.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { setXattr } from '../../src/linux/xattr.ts'

const folder = mkdtempSync(join(tmpdir(), 'foundry-capabilities-'))
after(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'file')
writeFileSync(path, 'x')

interface Sets {
  readonly permitted: bigint
  readonly inheritable: bigint
  readonly isEffective: boolean
  readonly rootUid?: number
}

/** As linux/capability.h has it: version 2, or 3 with the user that is root. */
function attribute({ permitted, inheritable, isEffective, rootUid }: Sets): Uint8Array {
  const view = new DataView(new ArrayBuffer(rootUid === undefined ? 20 : 24))
  view.setUint32(0, ((rootUid === undefined ? 2 : 3) << 24) | (isEffective ? 1 : 0), true)
  for (const word of [0, 1]) {
    const shift = BigInt(32 * word)
    view.setUint32(4 + 8 * word, Number((permitted >> shift) & 0xffff_ffffn), true)
    view.setUint32(8 + 8 * word, Number((inheritable >> shift) & 0xffff_ffffn), true)
  }
  if (rootUid !== undefined) view.setUint32(20, rootUid, true)
  return new Uint8Array(view.buffer)
}

function canSet(): boolean {
  try {
    setXattr(utf8(path), { name: utf8('security.capability'), value: attribute(cases[0] as Sets) })
    return spawnSync('getcap', ['-n', path]).status === 0
  } catch {
    return false
  }
}

const bit = (...bits: readonly number[]): bigint => bits.reduce((set, one) => set | (1n << BigInt(one)), 0n)
const known = (1n << 41n) - 1n
const cases: readonly Sets[] = [
  { permitted: bit(13), inheritable: 0n, isEffective: true },
  { permitted: bit(13), inheritable: 0n, isEffective: false },
  { permitted: bit(13), inheritable: bit(13, 21), isEffective: true },
  { permitted: bit(13), inheritable: bit(13, 21), isEffective: false },
  { permitted: bit(10, 12, 40), inheritable: bit(7), isEffective: true },
  { permitted: bit(6, 7), inheritable: bit(7, 21), isEffective: false },
  { permitted: 0n, inheritable: bit(21), isEffective: false },
  { permitted: 0n, inheritable: bit(21), isEffective: true },
  { permitted: 0n, inheritable: 0n, isEffective: false },
  { permitted: 0n, inheritable: 0n, isEffective: true },
  { permitted: known, inheritable: 0n, isEffective: true },
  { permitted: known, inheritable: known, isEffective: true },
  { permitted: known & ~bit(0), inheritable: bit(3), isEffective: false },
  { permitted: bit(7, 41, 63), inheritable: 0n, isEffective: true },
  ...[14, 19, 20, 21, 22, 40].map((count) => ({
    permitted: (1n << BigInt(count)) - 1n,
    inheritable: count === 14 ? 0x0fff_c000n : 0n,
    isEffective: count % 2 === 1,
  })),
  { permitted: bit(41), inheritable: bit(43), isEffective: true },
  { permitted: 2n ** 64n - 1n, inheritable: 0n, isEffective: true },
  { permitted: (2n ** 64n - 1n) & ~bit(5), inheritable: bit(9), isEffective: true },
  { permitted: bit(7), inheritable: 0n, isEffective: true, rootUid: 1000 },
]

test('what is said of capabilities is what getcap prints', (t) => {
  if (!canSet()) return t.skip('needs getcap and the right to set capabilities')
  for (const sets of cases) {
    const value = attribute(sets)
    setXattr(utf8(path), { name: utf8('security.capability'), value })
    const printed = spawnSync('getcap', ['-n', path], { encoding: 'utf8' }).stdout
    const parsed = parseFileCapabilities(value) ?? assert.fail()
    assert.equal(capabilitiesText(parsed), printed.trim().slice(path.length).trim(), JSON.stringify(sets, text))
  }
})

function text(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString(16) : value
}
