import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../base/bytes.ts'
import type { EntryMeta } from '../../base/entry.ts'
import { regionLayers } from '../../base/region.ts'
import type { ContentAnalyzer } from '../analyzer.ts'
import { capabilitiesText, type FileCapabilities, parseFileCapabilities } from './file-capabilities.ts'
import { libraryRights } from './library-rights.ts'
import { privileges } from './privileges.ts'
import { programClass } from './program.ts'
import { elfOf, findingsOf, packagesOf, regionsOf } from './testing/said.ts'

const entry = [privileges]
/** 32 zeros: no bytes in these tests have it. */
const md5 = '0'.repeat(32)
const packages = packagesOf({
  '/usr/bin/su': { md5 },
  '/usr/bin/make': { md5 },
  '/usr/bin/tool': { md5 },
  '/etc/app.conf': {},
})
const stranger = { uid: 1000, gid: 1000, userName: 'me', groupName: 'me' }

/** Says of any content that it is bash, as `program` says it of one that carries its texts. */
const isBash: ContentAnalyzer = {
  name: 'program',
  version: 1,
  takes: () => true,
  analyze: ({ content }, report) =>
    report.region({
      ...{ offset: 0, length: content.size, layer: regionLayers.whole, class: programClass, name: 'bash' },
      attributes: { shows: ['GNU bash'] },
    }),
}

/** `value`: of security.capability. */
function withCapabilities(value: Uint8Array): Partial<EntryMeta> {
  return { mode: 0o755, xattrs: [{ name: utf8('security.capability'), value }] }
}

function capabilities(...bits: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(20))
  view.setUint32(0, 0x0200_0001, true)
  for (const bit of bits) {
    const at = 4 + 8 * (bit >> 5)
    view.setUint32(at, (view.getUint32(at, true) | (1 << (bit & 31))) >>> 0, true)
  }
  return new Uint8Array(view.buffer)
}

const rows: readonly (readonly [
  string,
  string,
  Partial<EntryMeta>,
  readonly string[],
  (readonly ContentAnalyzer[])?,
])[] = [
  ['an ordinary program', '/usr/bin/tool', { mode: 0o755 }, []],
  ['a packaged setuid program that is known as one', '/usr/bin/su', { mode: 0o4755 }, []],
  ['a packaged program that is not', '/usr/bin/tool', { mode: 0o4755 }, ['medium setuid-unusual']],
  ['a setuid program that no package brought', '/usr/bin/planted', { mode: 0o4755 }, ['high setuid-unowned']],
  ['one with the name of a known one', '/opt/x/su', { mode: 0o4755 }, ['high setuid-unowned']],
  [
    'a setgid program that no package brought',
    '/usr/bin/planted',
    { mode: 0o2755, gid: 50, groupName: 'staff' },
    ['medium setuid-unowned'],
  ],
  ['a setuid copy of a shell', '/usr/bin/.hidden', { mode: 0o4755 }, ['critical setuid-shell'], [isBash]],
  [
    'a setuid copy of a shell for another user',
    '/home/me/sh',
    { mode: 0o4755, ...stranger },
    ['high setuid-shell'],
    [isBash],
  ],
  ['a shell without setuid', '/usr/bin/.hidden', { mode: 0o755 }, [], [isBash]],
  ['setuid that nobody may run', '/usr/bin/planted', { mode: 0o4600 }, []],
  ['a setuid program that all may write', '/usr/bin/su', { mode: 0o4757 }, ['critical setuid-writable']],
  [
    'a setuid program that a group may write',
    '/usr/bin/su',
    { mode: 0o4775, gid: 50, groupName: 'staff' },
    ['high setuid-writable'],
  ],
  ['a setuid file that all may write and nobody run', '/srv/x', { mode: 0o4666 }, ['critical setuid-writable']],
  ['a setgid file that all may write and nobody run', '/srv/x', { mode: 0o2666 }, ['low world-writable']],
  [
    'a setgid program that all may write',
    '/usr/bin/su',
    { mode: 0o2757, gid: 50, groupName: 'staff' },
    ['high setuid-writable'],
  ],
  [
    'hashes of passwords that all may write, with setuid',
    '/etc/shadow',
    { mode: 0o4666 },
    ['critical setuid-writable', 'high shadow-readable'],
  ],
  ['a setuid program of a container', '/var/lib/docker/overlay2/a/diff/usr/bin/su', { mode: 0o4755 }, []],
  ['one that is not usual there', '/var/lib/docker/overlay2/a/diff/bin/x', { mode: 0o4755 }, ['high setuid-unowned']],
  [
    'a shell under a usual name of a container',
    '/var/lib/docker/overlay2/a/diff/usr/bin/su',
    { mode: 0o4755 },
    ['critical setuid-shell'],
    [isBash],
  ],
  [
    'a shell in place of a packaged setuid program',
    '/usr/bin/su',
    { mode: 0o4755 },
    ['critical setuid-shell'],
    [isBash],
  ],
  ['a setuid shell for a group', '/srv/x', { mode: 0o4750, gid: 4, groupName: 'adm' }, ['high setuid-shell'], [isBash]],
  ['a setuid shell for root only', '/srv/x', { mode: 0o4700 }, ['low setuid-shell'], [isBash]],
  ['keys of logins that all may write', '/home/me/.ssh/authorized_keys', { mode: 0o666 }, ['high world-writable']],
  ['a folder of keys that all may write', '/home/me/.ssh', { kind: 'dir', mode: 0o777 }, ['high world-writable']],
  ['a setgid folder', '/usr/local/lib', { kind: 'dir', mode: 0o2775 }, []],
  ['a setting that all may write', '/etc/app.conf', { mode: 0o666 }, ['high world-writable']],
  ['a program that all may write', '/home/me/run', { mode: 0o777 }, ['medium world-writable']],
  ['a note that all may write', '/home/me/note', { mode: 0o666 }, ['low world-writable']],
  ['a folder that all may write', '/usr/share/open', { kind: 'dir', mode: 0o777 }, ['high world-writable']],
  [
    "a program of a person's among the system's",
    '/usr/bin/tool',
    { mode: 0o755, ...stranger },
    ['medium owned-by-user'],
  ],
  ["a person's own program", '/home/me/tool', { mode: 0o755, ...stranger }, []],
  ['a program of an account of the system', '/usr/bin/tool', { mode: 0o755, uid: 100 }, []],
  ['hashes of passwords that all may read', '/etc/shadow', { mode: 0o644 }, ['high shadow-readable']],
  ['hashes of passwords as they should be', '/etc/shadow', { mode: 0o640 }, []],
  ['a folder with the sticky bit', '/tmp', { kind: 'dir', mode: 0o1777 }, []],
  ['a link, whose mode means nothing', '/usr/bin/link', { kind: 'symlink', mode: 0o777 }, []],
  ['a socket', '/run/socket', { kind: 'socket', mode: 0o777 }, []],
  ['packaged cap_net_raw', '/usr/bin/tool', withCapabilities(capabilities(13)), []],
  ['packaged cap_setuid', '/usr/bin/tool', withCapabilities(capabilities(7)), ['medium file-capabilities']],
  ['cap_setuid that no package brought', '/usr/bin/x', withCapabilities(capabilities(7)), ['high file-capabilities']],
  [
    'cap_net_raw that no package brought',
    '/usr/bin/x',
    withCapabilities(capabilities(13)),
    ['medium file-capabilities'],
  ],
  [
    'a shell with cap_setuid',
    '/usr/bin/x',
    withCapabilities(capabilities(7)),
    ['critical file-capabilities'],
    [isBash],
  ],
]

for (const [name, path, meta, expected, content = []] of rows) {
  test(`${name}: ${expected[0] ?? 'nothing'}`, async () => {
    const bytes = meta.kind === undefined || meta.kind === 'file' ? elfOf('a test') : ''
    assert.deepEqual(await findingsOf({ path, bytes, meta, packages, entry, content }), expected)
  })
}

test('without a package database known names in system folders are believed, others are told', async () => {
  const of = (path: string): Promise<string[]> =>
    findingsOf({ path, bytes: elfOf('a test'), meta: { mode: 0o4755 }, entry })
  assert.deepEqual(await of('/usr/bin/passwd'), [])
  assert.deepEqual(await of('/usr/bin/planted'), ['medium setuid-unusual'])
  assert.deepEqual(await of('/home/me/passwd'), ['high setuid-unowned'])
})

test('a mode that somebody has given to the package manager is meant so', async () => {
  const ordered = { ...packages, overrideOf: () => 0o4750 }
  const file = { path: '/usr/bin/tool', bytes: elfOf('a test'), meta: { mode: 0o4750 }, entry, packages: ordered }
  assert.deepEqual(await findingsOf(file), [])
})

test('who may run a setuid shell stands in the title', async () => {
  const titleOf = async (mode: number): Promise<string | undefined> => {
    const meta = { mode, gid: 4, groupName: 'adm' }
    const file = { path: '/srv/x', bytes: elfOf('a test'), meta, entry, content: [isBash] }
    return (await regionsOf(file)).find(({ finding }) => finding !== undefined)?.name
  }
  assert.equal(await titleOf(0o4755), 'Copy of bash with setuid root: it runs commands for everybody')
  assert.equal(await titleOf(0o4750), 'Copy of bash with setuid root: it runs commands for the group adm')
  assert.equal(await titleOf(0o2755), 'Copy of bash with setgid adm: it runs commands for everybody')
})

test('a program that is usual and powerful is itself under its own name, and nothing under another', async () => {
  const isScreen: ContentAnalyzer = {
    ...isBash,
    analyze: ({ content }, report) =>
      report.region({
        ...{ offset: 0, length: content.size, layer: regionLayers.whole, class: programClass, name: 'screen' },
        attributes: { shows: ['screen'] },
      }),
  }
  const of = (path: string): Promise<string[]> =>
    findingsOf({ path, bytes: elfOf('a test'), meta: { mode: 0o4755 }, entry, content: [isScreen] })
  assert.deepEqual(await of('/usr/bin/screen'), [])
  assert.deepEqual(await of('/usr/bin/su'), ['critical setuid-shell'])
})

test('a setuid program that looks for libraries where users may put them is told', async () => {
  const of = (runpath: string, mode: number): Promise<string[]> => {
    const hardening: ContentAnalyzer = {
      ...{ name: 'hardening', version: 1, takes: () => true },
      analyze: ({ content }, report) =>
        report.region({
          ...{ offset: 0, length: content.size, layer: regionLayers.whole, class: 'hardening', name: 'PIE' },
          attributes: { rpath: null, runpath },
        }),
    }
    const parts = { bytes: elfOf('a test'), meta: { mode }, entry: [libraryRights], content: [hardening] }
    return findingsOf({ path: '/usr/bin/tool', ...parts })
  }
  assert.deepEqual(await of('/home/bob/lib', 0o4755), ['high setuid-search-path'])
  assert.deepEqual(await of('/usr/lib/x:/tmp/lib', 0o2755), ['high setuid-search-path'])
  assert.deepEqual(await of('/home/bob/lib', 0o755), [])
  assert.deepEqual(await of('/usr/lib/x:$ORIGIN/../lib', 0o4755), [])
})

test('a setuid script is told, and that it has no effect', async () => {
  const file = { path: '/usr/bin/planted', bytes: '#!/bin/sh\nid\n', meta: { mode: 0o4755 }, entry, packages }
  assert.deepEqual(await findingsOf(file), ['low setuid-script'])
})

test('a setuid script that all may write is told as what can be changed, too', async () => {
  const file = { path: '/srv/run', bytes: '#!/bin/sh\nid\n', meta: { mode: 0o4777 }, entry }
  assert.deepEqual(await findingsOf(file), ['critical setuid-writable', 'low setuid-script'])
  const text = { path: '/srv/note', bytes: 'only words\n', meta: { mode: 0o4646 }, entry }
  const [found, ...more] = await regionsOf(text)
  assert.deepEqual([found?.name, more.length], ['File with setuid root that everybody may change', 0])
})

test('a copy is told by the MD5 of what a package brought under the name of a shell', async () => {
  const bytes = elfOf('dash')
  const { createHash } = await import('node:crypto')
  const host = packagesOf({ '/usr/bin/dash': { md5: createHash('md5').update(bytes).digest('hex') } })
  const file = { path: '/srv/.x', bytes, meta: { mode: 0o4755 }, entry, packages: host }
  const [, found] = await regionsOf(file)
  assert.equal(found?.finding?.severity, 'critical')
  assert.match(found?.finding?.evidence[1] ?? '', /same bytes as \/usr\/bin\/dash of the package made 1.0/)
  assert.equal(found?.finding?.check, "stat -c '%a %U:%G %n' FILE; cmp FILE /usr/bin/dash && echo same")
})

test('capabilities of a file are told apart by their sets, in the order of getcap', () => {
  const text = (sets: Partial<FileCapabilities>): string =>
    capabilitiesText({ permitted: [], inheritable: [], isEffective: false, ...sets })
  const raw = ['cap_net_raw']
  const admin = ['cap_sys_admin']
  assert.equal(text({ permitted: raw }), 'cap_net_raw=p')
  assert.equal(text({ permitted: raw, inheritable: [...raw, ...admin] }), 'cap_net_raw=ip cap_sys_admin+i')
  assert.equal(
    text({ permitted: raw, inheritable: [...raw, ...admin], isEffective: true }),
    'cap_net_raw=eip cap_sys_admin+ei',
  )
  assert.equal(text({ permitted: admin, inheritable: raw }), 'cap_net_raw=i cap_sys_admin+p')
  assert.equal(text({}), '=')
  assert.equal(text({ permitted: raw, isEffective: true, rootUid: 1000 }), 'cap_net_raw=ep [rootid=1000]')
})

test('capabilities of a file are read as getcap shows them', () => {
  const text = (value: Uint8Array): string | undefined => {
    const parsed = parseFileCapabilities(value)
    return parsed && capabilitiesText(parsed)
  }
  assert.equal(text(capabilities(13)), 'cap_net_raw=ep')
  assert.equal(text(capabilities(10, 12, 40)), 'cap_net_bind_service,cap_net_admin,cap_checkpoint_restore=ep')
  assert.equal(text(capabilities().subarray(0, 12)), undefined)
  assert.equal(text(new Uint8Array(3)), undefined)
})
