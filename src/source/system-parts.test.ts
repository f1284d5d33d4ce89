import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { ExcludeMatcher } from './exclude.ts'
import { rootPart, type SystemPart, systemDistricts, systemParts } from './system-parts.ts'

const noProcesses = { count: 0, bytesMax: 0 }

function makeRoot(t: TestContext, folders: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'sfd-parts-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true })
  return root
}

const inFolder = (root: string, districts = systemDistricts as readonly (typeof systemDistricts)[number][]) =>
  systemParts({ root, districts, processes: noProcesses }).parts

const named = (parts: readonly SystemPart[]): string[] => parts.map(({ name }) => name)

test('a system in a folder has the parts that lie there, the most wanted first, and none of the machine at work', (t) => {
  const root = makeRoot(t, ['usr/lib', 'etc', 'var/lib/dpkg', 'opt', 'proc', 'sys', 'lib64', 'home'])
  symlinkSync('usr/bin', join(root, 'bin'))
  writeFileSync(join(root, 'boot'), 'no folder')
  const parts = inFolder(root)
  assert.deepEqual(named(parts), ['etc', 'dpkg', 'opt', 'usr', 'lib64'])
  assert.deepEqual(
    parts.map(({ source, place }) => [source, place]),
    ['/etc', '/var/lib/dpkg', '/opt', '/usr', '/lib64'].map((path) => [join(root, path), path]),
  )
  assert.deepEqual(named(inFolder(root, ['usr', 'etc'])), ['etc', 'usr', 'lib64'])
  mkdirSync(join(root, 'usr/lib/modules'))
  symlinkSync('usr/lib', join(root, 'lib'))
  const modules = inFolder(root).find(({ district }) => district === 'modules')
  assert.deepEqual([modules?.source, modules?.place], [`modules:${join(root, 'lib/modules')}`, '/lib/modules'])
})

test('a folder that cannot be looked at is left out with its reason, and one that cannot be is not there', (t) => {
  const root = makeRoot(t, ['etc', 'lib'])
  symlinkSync('modules', join(root, 'lib/modules'))
  writeFileSync(join(root, 'var'), 'no folder')
  const districts = ['etc', 'dpkg', 'modules'] as const
  const { parts, leftOut } = systemParts({ root, districts, processes: noProcesses })
  assert.deepEqual(named(parts), ['etc'])
  const modules = join(root, 'lib/modules')
  const message = `${modules} cannot be looked at (ELOOP). Run with more rights, or leave it out.`
  const expected = { district: 'modules', source: `modules:${modules}`, reason: 'SOURCE_UNREADABLE', message }
  assert.deepEqual(leftOut, [expected])
})

test('the root part has the folders above the others and nothing that lies in them', (t) => {
  const root = makeRoot(t, ['usr/bin', 'etc/ssl', 'var/lib/dpkg/info', 'var/log', 'var/cache/x', 'home/user', 'a[b]'])
  const { include, exclude, source, place } = rootPart(root, inFolder(root))
  assert.deepEqual([source, place], [root, '/'])
  const matcher = new ExcludeMatcher({ patterns: exclude })
  const isOut = (path: string): boolean => matcher.covers(utf8(path), 'dir')
  assert.deepEqual(['usr', 'etc', 'var', 'var/lib', 'var/lib/dpkg', 'var/log'].filter(isOut), [])
  const out = ['usr/bin', 'etc/ssl', 'var/lib/dpkg/info', 'var/cache', 'home', 'home/user', 'a[b]']
  assert.deepEqual(out.filter(isOut), out)
  assert.ok(include.includes('/bin') && !include.includes('/home'))
})

test('the machine at work: what of /proc is taken holds no process, and processes are those that may be read', () => {
  const { parts, leftOut } = systemParts({
    root: '/',
    districts: ['proc', 'sys', 'processes'],
    processes: { count: 2, bytesMax: 2 ** 40 },
  })
  const proc = parts.find(({ name }) => name === 'proc')
  assert.ok(proc !== undefined)
  const matcher = new ExcludeMatcher({ patterns: proc.exclude })
  const isOut = (path: string): boolean => matcher.covers(utf8(path), 'dir')
  assert.deepEqual(
    ['1', String(process.pid), 'irq', 'bus'].filter((name) => !isOut(name)),
    [],
  )
  assert.deepEqual(['sys', 'sys/kernel', 'pressure'].filter(isOut), [])
  const processes = parts.filter(({ district }) => district === 'processes')
  assert.ok(processes.length <= 2)
  for (const { source, place, name } of processes) {
    assert.match(source, /^proc:[0-9]+$/)
    assert.match(name, /^proc-[0-9]+/)
    assert.equal(place, null)
    assert.notEqual(source, `proc:${process.pid}`)
  }
  const reasons = leftOut.map(({ reason }) => reason)
  assert.deepEqual(reasons, processes.length === 0 ? ['NoneReadable'] : [])
})

test('a process that is larger than the bound is left out with its size', () => {
  const { parts, leftOut } = systemParts({ root: '/', districts: ['processes'], processes: { count: 3, bytesMax: 0 } })
  assert.deepEqual(parts, [])
  for (const { reason, message } of leftOut.filter((each) => each.reason !== 'NoneReadable')) {
    assert.equal(reason, 'ProcessTooLarge')
    assert.match(message, /[0-9]+ bytes in memory/)
  }
})
