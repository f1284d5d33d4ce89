import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import type { EntryMeta } from '../base/entry.ts'
import { statOpen } from '../linux/stat.ts'
import { statEntry } from './list.ts'
import { openContent, readExactly, sameVersion } from './read.ts'

const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-read-')))
after(() => fs.rmSync(folder, { recursive: true, force: true }))
const root = utf8(folder)
const clock = { monotonicMs: (): number => 0 }

function write(name: string, content: string | Uint8Array): EntryMeta {
  fs.writeFileSync(path.join(folder, name), content)
  return list(name)
}

function list(name: string): EntryMeta {
  return (statEntry({ root, clock, path: utf8(name) }) ?? assert.fail(`${name} is not listed`)).meta
}

test('a listed file opens, reads exactly and is the same version before and after', () => {
  const content = Buffer.from(Array.from({ length: 10_000 }, (_, i) => i % 251))
  const meta = write('plain', content)
  const opened = openContent(root, meta)
  assert.ok(opened.kind === 'open')
  const whole = new Uint8Array(12_000)
  assert.deepEqual(readExactly(opened.fd, whole, 0), { bytesRead: 10_000, unreadable: [] })
  assert.deepEqual(Buffer.from(whole.subarray(0, 10_000)), content)
  const part = new Uint8Array(100)
  assert.equal(readExactly(opened.fd, part, 5000).bytesRead, 100)
  assert.deepEqual(Buffer.from(part), content.subarray(5000, 5100))
  assert.equal(readExactly(opened.fd, part, 10_000).bytesRead, 0)
  assert.equal(sameVersion(opened.stat, statOpen(opened.fd)), true)
  fs.appendFileSync(path.join(folder, 'plain'), 'more')
  assert.equal(sameVersion(opened.stat, statOpen(opened.fd)), false)
  fs.closeSync(opened.fd)
})

test('what was modified, replaced, removed or swapped for something else since the listing is changed', () => {
  const at = (name: string): string => path.join(folder, name)
  const changes: Record<string, (file: string) => void> = {
    appended: (file) => fs.appendFileSync(file, 'x'),
    'same size, time set back': (file) => {
      const { atime, mtime } = fs.statSync(file)
      fs.writeFileSync(file, 'other')
      fs.utimesSync(file, atime, mtime)
    },
    replaced: (file) => {
      fs.writeFileSync(`${file}.new`, 'hello')
      fs.renameSync(`${file}.new`, file)
    },
    removed: (file) => fs.rmSync(file),
    'a link': (file) => {
      fs.renameSync(file, `${file}.old`)
      fs.symlinkSync(`${path.basename(file)}.old`, file)
    },
    'a FIFO': (file) => {
      fs.rmSync(file)
      assert.equal(spawnSync('mkfifo', [file]).status, 0)
    },
    'a directory': (file) => {
      fs.rmSync(file)
      fs.mkdirSync(file)
    },
  }
  for (const [name, change] of Object.entries(changes)) {
    const meta = write(name, 'hello')
    change(at(name))
    assert.deepEqual(openContent(root, meta), { kind: 'changed' }, name)
  }
})

test('a parent directory swapped for a link to the same files elsewhere is changed', () => {
  fs.mkdirSync(path.join(folder, 'parent'))
  const meta = write('parent/file', 'hello')
  fs.renameSync(path.join(folder, 'parent'), path.join(folder, 'elsewhere'))
  fs.symlinkSync('elsewhere', path.join(folder, 'parent'))
  assert.deepEqual(openContent(root, meta), { kind: 'changed' })
})

test('a file that may not be read says why', (t) => {
  if (process.geteuid?.() === 0) return t.skip('root may read everything')
  const meta = write('closed', 'secret')
  fs.chmodSync(path.join(folder, 'closed'), 0)
  assert.deepEqual(openContent(root, { ...meta, ...list('closed') }), { kind: 'unreadable', why: 'EACCES' })
})

test('a path too long for one call together with its root is opened all the same', () => {
  const part = 'd'.repeat(250)
  let directory = path.join(folder, 'deep')
  fs.mkdirSync(directory)
  const start = process.cwd()
  const parts: string[] = []
  try {
    process.chdir(directory)
    for (let i = 0; i < 16; i++) {
      fs.mkdirSync(part)
      process.chdir(part)
      parts.push(part)
    }
    fs.writeFileSync('file', 'deep down')
  } finally {
    process.chdir(start)
  }
  directory = parts.join('/')
  const meta = list(`deep/${directory}/file`)
  const opened = openContent(root, meta)
  assert.ok(opened.kind === 'open', opened.kind)
  assert.equal(fs.readFileSync(opened.fd, 'utf8'), 'deep down')
  fs.closeSync(opened.fd)
})

test('blocks that give EIO are zeroed and named, all around them is read', () => {
  const gap = mappingBeforeGap()
  const fd = fs.openSync('/proc/self/mem', 'r')
  try {
    const target = new Uint8Array(5 * 4096).fill(0xee)
    const start = gap - 2 * 4096 + 100
    const { bytesRead, unreadable } = readExactly(fd, target, start)
    assert.equal(bytesRead, target.length)
    assert.deepEqual(unreadable, [{ start: 2 * 4096 - 100, length: 3 * 4096 + 100 }])
    assert.equal(
      target.subarray(2 * 4096 - 100).every((byte) => byte === 0),
      true,
    )
    const readable = new Uint8Array(2 * 4096 - 100)
    assert.deepEqual(readExactly(fd, readable, start), { bytesRead: readable.length, unreadable: [] })
  } finally {
    fs.closeSync(fd)
  }
})

/** Address where the first readable mapping of our own process ends (the program's own data) that a wide gap follows. */
function mappingBeforeGap(): number {
  const lines = fs.readFileSync('/proc/self/maps', 'utf8').trim().split('\n')
  const mappings = lines.map((line) => {
    const [range = '', rights = ''] = line.split(/\s+/)
    const [start = 0, end = 0] = range.split('-').map((hex) => Number.parseInt(hex, 16))
    return { start, end, isReadable: rights.startsWith('r') }
  })
  for (const [i, { start, end, isReadable }] of mappings.entries()) {
    const next = mappings[i + 1]
    if (isReadable && end - start >= 2 * 4096 && next !== undefined && next.start - end >= 64 * 4096) return end
  }
  return assert.fail('no mapping with a gap behind it')
}
