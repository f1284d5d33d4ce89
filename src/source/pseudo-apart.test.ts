import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { closeFd, openDirectoryAt } from '../linux/directory.ts'
import { type ByteText, currentDirectory } from '../linux/libc.ts'
import type { PseudoFile } from './pseudo.ts'
import { ApartReader } from './pseudo-apart.ts'

const limits = { bytesMax: 2 ** 20, msMax: 2000 }
const clock = { monotonicMs: (): number => performance.now() }

function inDirectory<T>(directory: string, use: (file: (name: string) => PseudoFile) => T): T {
  const opened = openDirectoryAt(currentDirectory, utf8(directory))
  assert.ok(opened.kind === 'open')
  const file = (name: string): PseudoFile => {
    return { directoryFd: opened.fd, name: name as ByteText, mode: 0o444, filesystem: 'proc', clock }
  }
  try {
    return use(file)
  } finally {
    closeFd(opened.fd)
  }
}

test('a file comes as it is, whole or cut at the cap, from one chunk or many', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-apart-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const reader = new ApartReader()
  t.after(() => reader.close())
  const bytes = Uint8Array.from({ length: 700_001 }, (_, i) => i % 251)
  fs.writeFileSync(path.join(folder, 'many'), bytes)
  fs.writeFileSync(path.join(folder, 'empty'), '')
  fs.symlinkSync('many', path.join(folder, 'link'))
  inDirectory(folder, (file) => {
    assert.deepEqual(reader.read(file('many'), limits), { content: bytes })
    assert.deepEqual(reader.read(file('empty'), limits), { content: new Uint8Array(0) })
    for (const bytesMax of [1, 65_536, 262_144, 262_145, 700_000]) {
      const cut = reader.read(file('many'), { ...limits, bytesMax })
      assert.deepEqual(cut, { content: bytes.subarray(0, bytesMax), unreadable: 'ETOOBIG' }, `${bytesMax}`)
    }
    assert.equal(reader.read(file('gone'), limits).unreadable, 'ENOENT')
    assert.equal(reader.read(file('link'), limits).unreadable, 'ELOOP')
    assert.equal(reader.read(file('.'), limits).unreadable, 'EISDIR')
    assert.deepEqual(reader.read(file('many'), limits).content, bytes)
  })
  assert.equal(reader.lostCount, 0)
})

test('a file that has nothing to say yet does not hold the reader', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-apart-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  assert.equal(spawnSync('mkfifo', [path.join(folder, 'fifo')]).status, 0)
  const reader = new ApartReader()
  t.after(() => reader.close())
  const both = fs.openSync(path.join(folder, 'fifo'), 'r+')
  t.after(() => fs.closeSync(both))
  inDirectory(folder, (file) => {
    fs.writeSync(both, 'some')
    assert.deepEqual(reader.read(file('fifo'), limits), { content: utf8('some'), unreadable: 'EAGAIN' })
  })
})
