import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { LiveHost, readPackages } from './packages.ts'

const root = mkdtempSync(join(tmpdir(), 'sfd-packages-'))
after(() => rmSync(root, { recursive: true }))

const a = 'a'.repeat(32)
const b = 'b'.repeat(32)
const c = 'c'.repeat(32)
const database = join(root, 'var/lib/dpkg')
mkdirSync(join(database, 'info'), { recursive: true })
mkdirSync(join(root, 'usr/bin'), { recursive: true })
symlinkSync('usr/bin', join(root, 'bin'))

function write(name: string, text: string): void {
  writeFileSync(join(database, name), text)
}

const status = `Package: tools
Status: install ok installed
Architecture: amd64
Version: 1.2-3
Conffiles:
 /etc/tools.conf ${a}
 /etc/old.conf ${b} obsolete
 /etc/new.conf newconffile
Description: tools
 of a test

Package: lib
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 2

Package: other
Status: install ok unpacked
Architecture: all
Version: 3

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 4
Conffiles:
 /etc/gone.conf ${a}
`
write('status', status)
write('info/tools.list', '/.\n/bin\n/bin/tool\n/usr\n/usr/bin/taken\n/etc/tools.conf\n/usr/share/doc/tools\n')
write('info/tools.md5sums', `${a}  bin/tool\n${b}  usr/bin/taken\nnot a line\n`)
write('info/lib:amd64.list', '/usr/lib/x.so\n')
write('info/lib:amd64.md5sums', `${c}  usr/lib/x.so\n`)
write('info/other.list', '/usr/bin/taken\n/usr/bin/local\n')
write('info/other.md5sums', `${c}  usr/bin/taken\n${c}  usr/bin/local\n`)
write('info/gone.list', '/etc/gone.conf\n')
write('diversions', '/usr/bin/taken\n/usr/bin/taken.tools\nother\n/usr/bin/local\n/usr/bin/local.distrib\n:\n')
write('statoverride', 'root adm 4750 /bin/tool\n')

const packages = readPackages(root)

function owner(path: string): string | undefined {
  const found = packages?.ownerOf(utf8(path))
  return (
    found &&
    `${found.package} ${found.version} ${found.md5?.slice(0, 1)}${found.isConfiguration ? ' configuration' : ''}`
  )
}

const rows: Readonly<Record<string, string | undefined>> = {
  '/usr/bin/tool': 'tools 1.2-3 a',
  '/bin/tool': undefined,
  '/usr/lib/x.so': 'lib 2 c',
  '/etc/tools.conf': 'tools 1.2-3 a configuration',
  '/etc/old.conf': 'tools 1.2-3 b configuration',
  '/etc/new.conf': 'tools 1.2-3 undefined configuration',
  '/usr/bin/taken': 'other 3 c',
  '/usr/bin/taken.tools': 'tools 1.2-3 b',
  '/usr/bin/local': undefined,
  '/usr/bin/local.distrib': 'other 3 c',
  '/usr/share/doc/tools': 'tools 1.2-3 undefined',
  '/etc/gone.conf': undefined,
  '/usr/bin/nobody': undefined,
}

for (const [path, expected] of Object.entries(rows)) {
  test(`${path} is owned by ${expected ?? 'nobody'}`, () => {
    assert.equal(owner(path), expected)
  })
}

test('folders in which packages have files are known, where the files are now', () => {
  const owns = ['/usr/bin', '/etc', '/usr/lib', '/bin', '/usr/share/doc', '/'].filter((path) =>
    packages?.ownsFolder(utf8(path)),
  )
  assert.deepEqual(owns, ['/usr/bin', '/etc', '/usr/lib'])
})

test('modes that somebody has set are known', () => {
  assert.equal(packages?.overrideOf?.(utf8('/usr/bin/tool')), 0o4750)
})

test('a machine without dpkg has no packages', () => {
  assert.equal(readPackages(join(root, 'usr')), undefined)
})

test('what is installed later is known to a host that was asked before', () => {
  const live = new LiveHost(root)
  const before = live.host()
  assert.equal(live.host(), before)
  assert.equal(before.packages?.ownerOf(utf8('/usr/bin/late')), undefined)
  write('info/late.list', '/usr/bin/late\n')
  write('status', `${status}\nPackage: late\nStatus: install ok installed\nArchitecture: all\nVersion: 5\n`)
  assert.equal(live.host().packages?.ownerOf(utf8('/usr/bin/late'))?.version, '5')
})
