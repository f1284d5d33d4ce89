import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { displayPath, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { absolutePath, openSource } from './open.ts'

const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-open-')))
after(() => fs.rmSync(folder, { recursive: true, force: true }))
const bytes = (name: string): Uint8Array => utf8(path.join(folder, name))

function refuses(name: string, code: string): void {
  assert.throws(
    () => openSource(bytes(name)),
    (thrown) => thrown instanceof FoundryError && thrown.code === code && thrown.message.includes(name),
  )
}

test('a directory is a tree, a file is a file in its directory, and links to either are resolved', () => {
  fs.mkdirSync(path.join(folder, 'tree'))
  fs.writeFileSync(path.join(folder, 'tree/file'), 'x')
  fs.symlinkSync('tree', path.join(folder, 'tree-link'))
  fs.symlinkSync('tree-link/file', path.join(folder, 'file-link'))
  const tree = { kind: 'tree', root: bytes('tree'), path: new Uint8Array(0) }
  const file = { kind: 'file', root: bytes('tree'), path: utf8('file') }
  for (const name of ['tree', 'tree/', 'tree-link', 'tree/../tree']) assert.deepEqual(openSource(bytes(name)), tree)
  for (const name of ['tree/file', 'file-link']) assert.deepEqual(openSource(bytes(name)), file)
  assert.deepEqual(openSource(utf8('/')), { kind: 'tree', root: utf8('/'), path: new Uint8Array(0) })
  assert.deepEqual(openSource(utf8('/proc/version')).root, utf8('/proc'))
})

test('a name of any bytes is a source', () => {
  const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0x0a, 0x2d])])
  fs.writeFileSync(odd, '')
  assert.deepEqual(openSource(odd).path, new Uint8Array([0xff, 0x0a, 0x2d]))
})

test('what leads through /proc to this process keeps a name that lasts, a process that is named by its number keeps that', () => {
  const shown = (path: string): string => displayPath(absolutePath(openSource(utf8(path))))
  assert.equal(shown('/proc/net/dev'), '/proc/self/net/dev')
  assert.equal(shown('/proc/self/status'), '/proc/self/status')
  assert.equal(shown(`/proc/${process.pid}/status`), `/proc/${process.pid}/status`)
})

test('what is missing, circular, special or closed is refused with its code', (t) => {
  refuses('nothing', 'SOURCE_MISSING')
  fs.writeFileSync(path.join(folder, 'plain'), '')
  refuses('plain/beneath', 'SOURCE_MISSING')
  fs.symlinkSync('loop', path.join(folder, 'loop'))
  refuses('loop', 'SOURCE_UNREADABLE')
  assert.equal(spawnSync('mkfifo', [path.join(folder, 'fifo')]).status, 0)
  refuses('fifo', 'SOURCE_KIND')
  assert.throws(() => openSource(utf8('/dev/null')), { code: 'SOURCE_KIND' })
  assert.throws(() => openSource(new Uint8Array(0)), { code: 'SOURCE_MISSING' })
  if (process.geteuid?.() === 0) return t.diagnostic('as root nothing is closed: EACCES not tried')
  fs.writeFileSync(path.join(folder, 'closed'), '', { mode: 0 })
  refuses('closed', 'SOURCE_UNREADABLE')
})

test('paths are joined without doubling the root slash', () => {
  const join = (root: string, relative: string): string =>
    Buffer.from(absolutePath({ root: utf8(root), path: utf8(relative) })).toString()
  assert.deepEqual([join('/a', 'b/c'), join('/', 'b'), join('/a', '')], ['/a/b/c', '/b', '/a'])
})
