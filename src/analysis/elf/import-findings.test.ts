import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../base/bytes.ts'
import type { ElfLayout } from '../../binary/elf.ts'
import { makeElf, makeSymbols } from '../../binary/testing/make-elf.ts'
import { importsAnalyzer } from './imports.ts'
import { reportOf, subjectOf } from './testing/subject.ts'

const layout: ElfLayout = { bits: 64, byteOrder: 'little' }

interface Asked {
  readonly imports: readonly string[]
  readonly exports?: readonly string[]
  readonly kind: 'library' | 'module' | 'object'
  readonly soname?: string
}

async function rules({ imports, exports = [], kind, soname }: Asked): Promise<readonly string[]> {
  const made = makeSymbols(layout, [
    ...imports.map((name) => ({ name, value: 0, size: 0, info: 0x10, section: 0 })),
    ...exports.map((name) => ({ name, value: 0x1000, size: 8, info: 0x12, section: 1 })),
  ])
  const isLibrary = kind === 'library'
  const dynamic = new BigUint64Array([14n, 1n, 0n, 0n])
  const bytes = makeElf({
    ...layout,
    type: isLibrary ? 3 : 1,
    machine: 62,
    sections: [
      { name: '.text', type: 1, flags: 6, address: 0x1000, content: new Uint8Array(64) },
      {
        name: '.symbols',
        type: isLibrary ? 11 : 2,
        link: 3,
        info: 1,
        content: made.table,
        entryBytes: made.entryBytes,
      },
      { name: '.strings', type: 3, content: made.names },
      { name: kind === 'module' ? '.modinfo' : '.other', type: 1, content: utf8('license=GPL\0') },
      { name: '.dynstr', type: 3, content: utf8(`\0${soname ?? ''}\0`) },
      {
        ...{ name: '.dynamic', type: 6, link: 5, entryBytes: 16 },
        content: soname === undefined ? new Uint8Array(0) : new Uint8Array(dynamic.buffer),
      },
    ],
    segments: [{ type: 1, flags: 5, section: 1 }],
  })
  const { regions } = await reportOf(importsAnalyzer, subjectOf(bytes))
  return regions.flatMap(({ finding }) => finding?.rule ?? [])
}

test('a library is told that stands before functions of the system and looks for the true ones', async () => {
  const kind = 'library'
  assert.deepEqual(await rules({ kind, imports: ['dlsym'], exports: ['execve'] }), ['interposes-functions'])
  assert.deepEqual(await rules({ kind, imports: ['dlsym'], exports: ['readdir', 'SSL_write'] }), [
    'interposes-functions',
    'interposes-functions',
  ])
  assert.deepEqual(await rules({ kind, imports: [], exports: ['execve'] }), [], 'it never asks for the true one')
  assert.deepEqual(await rules({ kind, imports: ['dlsym'], exports: ['run_all'] }), [])
})

test('libraries whose work it is, and runtimes of compilers, are not told', async () => {
  const base = { kind: 'library', imports: ['dlsym'] } as const
  assert.deepEqual(await rules({ ...base, exports: ['SSL_read'], soname: 'libssl.so.3' }), [])
  assert.deepEqual(await rules({ ...base, exports: ['SSL_read'], soname: 'libspy.so.3' }), ['interposes-functions'])
  assert.deepEqual(await rules({ ...base, exports: ['execve', '__libc_start_main'] }), [])
  assert.deepEqual(await rules({ ...base, exports: ['execve', 'readdir', '__asan_init'] }), [])
})

test('a kernel module is told that hooks the kernel and changes credentials, not one that does one of them', async () => {
  const kind = 'module'
  assert.deepEqual(await rules({ kind, imports: ['register_kprobe', 'commit_creds'] }), ['module-hooks-kernel'])
  assert.deepEqual(await rules({ kind, imports: ['register_kprobe', 'printk'] }), [])
  assert.deepEqual(await rules({ kind, imports: ['prepare_creds', 'commit_creds'] }), [])
  assert.deepEqual(await rules({ kind: 'object', imports: ['register_kprobe', 'commit_creds'] }), [])
})
