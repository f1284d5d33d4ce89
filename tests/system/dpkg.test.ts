/** A machine made by dpkg comes back from a set as dpkg knows it: what `dpkg --verify` says of the extracted tree. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { extracted, isRoot, makePlace, makeSet, noise } from './machine.ts'

const hasDpkg = ['dpkg', 'dpkg-deb'].every((command) => spawnSync(command, ['--version']).status === 0)
const why = hasDpkg ? (isRoot ? false : 'dpkg installs for root only') : 'dpkg is not installed'

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** Files by path; a conffile is one in /etc. */
function makePackage(folder: string, name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  const tree = join(folder, name)
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
  const control = `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: test\n`
  writeFileSync(join(tree, 'DEBIAN/control'), control)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(tree, path, '..'), { recursive: true })
    writeFileSync(join(tree, path), content)
  }
  const sums = Object.entries(files).map(([path, content]) => `${md5(content)}  ${path}\n`)
  writeFileSync(join(tree, 'DEBIAN/md5sums'), sums.join(''))
  const conffiles = Object.keys(files).filter((path) => path.startsWith('etc/'))
  if (conffiles.length > 0)
    writeFileSync(join(tree, 'DEBIAN/conffiles'), conffiles.map((path) => `/${path}\n`).join(''))
  const deb = `${tree}.deb`
  run('dpkg-deb', ['--root-owner-group', '-b', tree, deb])
  return deb
}

function md5(content: string | Uint8Array): string {
  return createHash('md5').update(content).digest('hex')
}

test('dpkg finds nothing to complain about in what came back, and finds a byte that is changed', {
  skip: why,
}, async (t) => {
  const place = makePlace(t)
  const { folder, root, out } = place
  for (const name of ['info', 'updates']) mkdirSync(join(root, 'var/lib/dpkg', name), { recursive: true })
  for (const name of ['status', 'available']) writeFileSync(join(root, 'var/lib/dpkg', name), '')
  mkdirSync(join(root, 'var/log'), { recursive: true })
  const packages = [
    makePackage(folder, 'small-tool', {
      'usr/bin/small-tool': noise(90_000),
      'usr/share/doc/small-tool/copyright': 'free\n',
      'etc/small-tool.conf': 'value = 1\n',
    }),
    makePackage(folder, 'small-data', { 'opt/small/data': noise(200_000), 'usr/share/small/empty': '' }),
  ]
  run('dpkg', [`--root=${root}`, '--force-depends', '-i', ...packages])
  await makeSet(place)
  const { report } = await extracted(place)
  assert.equal(report.failed.count + report.damaged.count, 0)
  // From here on nothing knows the machine but its set.
  rmSync(root, { recursive: true })
  const verify = (): string => spawnSync('dpkg', [`--root=${out}`, '--verify'], { encoding: 'utf8' }).stdout
  assert.match(run('dpkg', [`--root=${out}`, '-l', 'small-tool']), /^ii +small-tool +1 /m)
  assert.equal(verify(), '')
  let compared = 0
  for (const name of readdirSync(join(out, 'var/lib/dpkg/info')).filter((each) => each.endsWith('.md5sums'))) {
    for (const line of readFileSync(join(out, 'var/lib/dpkg/info', name), 'utf8')
      .trim()
      .split('\n')) {
      const [sum, path] = line.split('  ') as [string, string]
      assert.equal(md5(readFileSync(join(out, path))), sum, path)
      compared++
    }
  }
  assert.equal(compared, 5)
  appendFileSync(join(out, 'usr/bin/small-tool'), 'x')
  assert.match(verify(), /^\?\?5\?{6} +\/usr\/bin\/small-tool\n$/)
})
