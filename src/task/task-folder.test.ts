import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { type FolderRead, readTaskFolder, type TaskFile } from './task-folder.ts'
import { trustOf } from './task-rights.ts'

const text = 'task_id: a\ntype: watch_path\nsource: /etc\n'
const euid = process.geteuid?.() ?? 0
const isRoot = euid === 0

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-tasks-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function read(folder: string, previous?: FolderRead): FolderRead {
  return readTaskFolder({ path: utf8(folder), euid, previous })
}

function filesOf(found: FolderRead): readonly TaskFile[] {
  assert.equal(found.kind, 'read', JSON.stringify(found))
  return found.kind === 'read' ? found.files : []
}

/** `NAME KIND` of all, where KIND is what became of its content. */
function summary(folder: string): string[] {
  return filesOf(read(folder)).map(({ shown, content }) => {
    const kind = content.kind === 'refused' ? content.reason : content.kind
    return `${shown.slice(folder.length + 1)} ${kind}`
  })
}

test('only files named as tasks are read, by name', (t) => {
  const folder = makeFolder(t)
  const names = [
    'b.task.yml',
    'a.task.yaml',
    'c.task.json',
    '.h.task.yaml',
    'x.yaml',
    'a.task.yaml~',
    'a.task.yaml.swp',
  ]
  for (const name of names) writeFileSync(join(folder, name), text)
  assert.deepEqual(summary(folder), ['a.task.yaml valid', 'b.task.yml valid', 'c.task.json invalid'])
})

test('[F40] a link, pipe, socket or folder named as a task is said and never opened', (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'real'), text)
  symlinkSync('real', join(folder, 'a.task.yaml'))
  symlinkSync('nowhere', join(folder, 'b.task.yaml'))
  execFileSync('mkfifo', [join(folder, 'c.task.yaml')])
  mkdirSync(join(folder, 'd.task.yaml'))
  symlinkSync('/dev/zero', join(folder, 'e.task.yaml'))
  assert.deepEqual(
    summary(folder),
    ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.task.yaml NotARegularFile`),
  )
})

test('[F39] a file of 100 MB is refused by its size, without being read', (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'a.task.yaml'), '')
  truncateSync(join(folder, 'a.task.yaml'), 100 * 2 ** 20)
  assert.deepEqual(summary(folder), ['a.task.yaml TooLarge'])
})

test('[F41] a folder that is gone, is a file or cannot be listed is unreadable, never empty', (t) => {
  const folder = makeFolder(t)
  const gone = read(join(folder, 'none'))
  assert.deepEqual(gone.kind === 'unreadable' && gone.why, 'it does not exist')
  writeFileSync(join(folder, 'file'), '')
  assert.equal(read(join(folder, 'file')).kind, 'unreadable')
  symlinkSync('loop', join(folder, 'loop'))
  assert.equal(read(join(folder, 'loop')).kind, 'unreadable')
})

test('a folder that is reached through a link is the folder itself', (t) => {
  const folder = makeFolder(t)
  mkdirSync(join(folder, 'real'))
  writeFileSync(join(folder, 'real/a.task.yaml'), text)
  symlinkSync('real', join(folder, 'link'))
  const [direct, linked] = [read(join(folder, 'real')), read(join(folder, 'link'))]
  assert.equal(direct.kind === 'read' && direct.identity, linked.kind === 'read' && linked.identity)
  assert.equal(filesOf(linked).length, 1)
})

test('another folder under the same name has another identity', (t) => {
  const folder = makeFolder(t)
  mkdirSync(join(folder, 'tasks'))
  const before = read(join(folder, 'tasks'))
  renameSync(join(folder, 'tasks'), join(folder, 'old'))
  mkdirSync(join(folder, 'tasks'))
  const after = read(join(folder, 'tasks'))
  assert.notEqual(before.kind === 'read' && before.identity, after.kind === 'read' && after.identity)
})

test('bytes that did not change are not parsed again, and a change within the same second is seen', (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'a.task.yaml')
  writeFileSync(path, text)
  utimesSync(path, 1, 1)
  const first = read(folder)
  const second = read(folder, first)
  assert.equal(filesOf(second)[0]?.content, filesOf(first)[0]?.content)
  writeFileSync(path, text.replace('/etc', '/usr'))
  utimesSync(path, 1, 1)
  const content = filesOf(read(folder, second))[0]?.content
  assert.equal(content?.kind === 'valid' && content.task.source, '/usr')
})

test('names that are no UTF-8 are read by their bytes and shown escaped', (t) => {
  const folder = makeFolder(t)
  writeFileSync(Buffer.concat([utf8(`${folder}/`), Uint8Array.of(0xff, 0xfe), utf8('.task.yaml')]), text)
  assert.deepEqual(summary(folder), ['\\xff\\xfe.task.yaml valid'])
})

test('[F40] a file or folder that others can write has no hook', (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'a.task.yaml')
  writeFileSync(path, text)
  const trust = () => filesOf(read(folder))[0]?.trust
  assert.deepEqual(trust(), { kind: 'trusted' })
  chmodSync(path, 0o646)
  const refused = trust()
  assert.match(
    refused?.kind === 'refused' ? refused.message : '',
    /everybody can write .*a\.task\.yaml\. Say: chmod o-w/,
  )
  chmodSync(path, 0o644)
  chmodSync(folder, 0o777)
  assert.equal(trust()?.kind, 'refused')
  chmodSync(folder, 0o1777)
  assert.equal(trust()?.kind, 'trusted')
})

test('[F40] a file of another owner has no hook', { skip: !isRoot && 'needs root to give a file away' }, (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'a.task.yaml')
  writeFileSync(path, text)
  chownSync(path, 12_345, 0)
  const trust = filesOf(read(folder))[0]?.trust
  assert.match(trust?.kind === 'refused' ? trust.message : '', /belongs to user 12345/)
})

test('whom a daemon trusts: root and itself; the group only where it is not root', () => {
  const path = utf8('/x')
  const kind = (asked: number, uid: number, mode: number, gid = 1_000) =>
    trustOf({ path, euid: asked, stat: { uid, gid, mode: 0o100000 | mode } }).kind
  assert.equal(kind(1_000, 0, 0o644), 'trusted')
  assert.equal(kind(1_000, 1_000, 0o664), 'trusted')
  assert.equal(kind(1_000, 1_000, 0o666), 'refused')
  assert.equal(kind(1_000, 2_000, 0o600), 'refused')
  assert.equal(kind(0, 1_000, 0o600), 'refused')
  assert.equal(kind(0, 0, 0o664), 'refused')
  assert.equal(kind(0, 0, 0o664, 0), 'trusted')
})
