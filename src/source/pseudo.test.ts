import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { displayPath, utf8 } from '../base/bytes.ts'
import { type Listed, listTree, statEntry } from './list.ts'
import { pseudoBytesMax, pseudoReadMsMax } from './pseudo.ts'

const clock = { monotonicMs: (): number => 0 }

function entry(root: string, name: string, ticking = clock): Listed {
  return statEntry({ root: utf8(root), path: utf8(name), clock: ticking }) ?? assert.fail(`${name} is not listed`)
}

test('a /proc file comes with its content and its true size', () => {
  const { meta, content } = entry('/proc', 'version')
  assert.deepEqual(Buffer.from(content ?? []), fs.readFileSync('/proc/version'))
  assert.equal(meta.size, fs.readFileSync('/proc/version').length)
  assert.equal(fs.statSync('/proc/version').size, 0)
  assert.equal(meta.unreadable, undefined)
})

test('a /sys file that claims a page has its true size', () => {
  const { meta, content } = entry('/sys', 'kernel/mm/transparent_hugepage/enabled')
  const expected = fs.readFileSync('/sys/kernel/mm/transparent_hugepage/enabled')
  assert.deepEqual([meta.size, Buffer.from(content ?? [])], [expected.length, expected])
})

test('memory, page tables and consuming files are skipped, write-only ones not opened', () => {
  for (const name of ['kcore', 'kmsg', 'self/mem', 'self/pagemap', 'self/clear_refs', 'kpageflags']) {
    const real = name.replace('self', `${process.pid}`)
    if (!fs.existsSync(`/proc/${real}`)) continue
    const { meta, content } = entry('/proc', real)
    assert.deepEqual([meta.unreadable, meta.size, content?.length], ['SKIPPED', 0, 0], name)
  }
  if (fs.existsSync('/proc/sysrq-trigger')) assert.equal(entry('/proc', 'sysrq-trigger').meta.unreadable, 'EACCES')
})

test('the process that reads is listed whole: files with content, links with targets, nothing blocking', () => {
  const root = `/proc/${process.pid}`
  const found = new Map<string, Listed>()
  for (const listed of listTree({ root: utf8(root), clock })) found.set(displayPath(listed.meta.path), listed)
  assert.match(Buffer.from(found.get('status')?.content ?? []).toString(), new RegExp(`Pid:\t${process.pid}\n`))
  assert.equal(displayPath(found.get('exe')?.meta.target ?? utf8('')), fs.readlinkSync('/proc/self/exe'))
  assert.equal(found.get('mem')?.meta.unreadable, 'SKIPPED')
  assert.equal(found.get('fd')?.meta.kind, 'dir')
  assert.ok((found.get('maps')?.content?.length ?? 0) > 4096)
})

test('a read that goes on beyond the deadline ends with what there is', () => {
  let nowMs = 0
  const ticking = { monotonicMs: (): number => (nowMs += pseudoReadMsMax + 1) }
  const { meta, content } = entry('/proc', `${process.pid}/status`, ticking)
  assert.equal(meta.unreadable, 'ETIMEDOUT')
  assert.ok(content !== undefined && content.length > 0 && content.length === meta.size)
})

test('a read that goes on beyond the cap ends with the cap', (t) => {
  const large = ['sys/kernel/notes', 'kallsyms'].find((name) => fs.existsSync(`/proc/${name}`))
  if (large === undefined) return t.skip('no large pseudo file here')
  const { meta, content } = entry('/proc', large)
  const isCut = meta.unreadable === 'ETOOBIG'
  assert.equal(isCut, meta.size === pseudoBytesMax && isCut)
  assert.equal(content?.length, meta.size)
})

test('a subtree of /proc/sys lists without an error thrown', () => {
  const listed = [...listTree({ root: utf8('/proc'), clock, subtree: utf8('sys/kernel') })]
  const hostname = listed.find(({ meta }) => displayPath(meta.path) === 'sys/kernel/hostname')
  assert.deepEqual(Buffer.from(hostname?.content ?? []), fs.readFileSync('/proc/sys/kernel/hostname'))
  assert.ok(listed.length > 50)
})
