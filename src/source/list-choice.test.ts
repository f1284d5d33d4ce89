import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { displayPath, utf8 } from '../base/bytes.ts'
import { ExcludeMatcher } from './exclude.ts'
import { FileQuota } from './file-quota.ts'
import { IncludeMatcher } from './include.ts'
import { type ListOptions, listTree, statEntry } from './list.ts'

const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-list-choice-')))
after(() => fs.rmSync(root, { recursive: true, force: true }))
fs.mkdirSync(path.join(root, 'd/e'), { recursive: true })
for (const file of ['a.c', 'b.o', 'd/c.c', 'd/e/d.c', 'd/e/e.o']) fs.writeFileSync(path.join(root, file), '')
fs.symlinkSync('a.c', path.join(root, 'l.o'))
const base = { root: utf8(root), clock: { monotonicMs: (): number => 0 } }

function list(options: Partial<ListOptions>): string {
  return [...listTree({ ...base, ...options })].map(({ meta }) => displayPath(meta.path)).join(' ')
}

test('with includes directories are listed always, and of all else only what matches and is not excluded', () => {
  assert.equal(list({ include: new IncludeMatcher(['*.c']) }), ' a.c d d/c.c d/e d/e/d.c')
  const exclude = new ExcludeMatcher({ patterns: ['e/'] })
  assert.equal(list({ include: new IncludeMatcher(['*.o', 'd/']), exclude }), ' b.o d d/c.c l.o')
  assert.equal(statEntry({ ...base, include: new IncludeMatcher(['*.c']), path: utf8('b.o') }), undefined)
})

test('a quota lets the first files in, whole listing or part of it, and never counts what is no file', () => {
  const quota = new FileQuota(3)
  assert.equal(list({ quota }), ' a.c b.o d d/c.c d/e l.o')
  assert.equal(quota.leftOut, 2)
  assert.equal(list({ quota, subtree: utf8('d') }), 'd d/c.c d/e')
  assert.equal(statEntry({ ...base, quota, path: utf8('d/e/d.c') }), undefined)
  assert.equal(quota.leftOut, 2)
})

test('a file that is gone leaves its place to another', () => {
  const quota = new FileQuota(5, [utf8('gone')])
  list({ quota })
  assert.ok(quota.wantsListing)
  list({ quota })
  assert.equal(quota.leftOut, 0)
  fs.writeFileSync(path.join(root, 'z'), '')
  assert.equal(statEntry({ ...base, quota, path: utf8('z') }), undefined)
  fs.rmSync(path.join(root, 'b.o'))
  assert.equal(statEntry({ ...base, quota, path: utf8('b.o') }), undefined)
  assert.equal(statEntry({ ...base, quota, path: utf8('z') })?.meta.kind, 'file')
})

test('a cancelled listing takes no file its place', () => {
  const quota = new FileQuota(2)
  list({ quota })
  let asked = 0
  list({ quota, cancelled: () => asked++ > 0 })
  assert.equal(list({ quota }).split(' ').slice(0, 3).join(' '), ' a.c d')
})

test('[fault 9] a root on another device than expected is an error, not an empty tree', () => {
  const expectedDev = fs.statSync(root, { bigint: true }).dev
  assert.ok(list({ expectedDev }).length > 0)
  assert.throws(() => list({ expectedDev: expectedDev + 1n }), { code: 'SOURCE_REPLACED' })
  assert.throws(() => statEntry({ ...base, expectedDev: expectedDev + 1n, path: utf8('a.c') }), {
    code: 'SOURCE_REPLACED',
  })
})
