/**
 * The published package: packed as npm packs it, installed globally into a fresh prefix, it folds, verifies and
 * extracts. Packs a copy of the checkout, so that it may run beside tests that use the checkout's own dist/.
 */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const outputBytesMax = 64 * 1024 * 1024
const packed = [
  'package.json',
  'package-lock.json',
  'bin',
  'src',
  'scripts',
  'spec',
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
]

const work = await mkdtemp(join(tmpdir(), 'sfd pack '))
after(() => rm(work, { recursive: true, force: true }))

/** npm belongs to the system's Node.js, not to the pinned one that npm itself puts first in a script's PATH. */
const systemPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('/node_modules/'))
  .join(delimiter)

test('the packed package installs globally, and the installed sfd folds, verifies and extracts a tree', async () => {
  const tarball = await pack()
  const prefix = join(work, 'prefix')
  await npm(['install', '--global', '--prefix', prefix, '--prefer-offline', tarball], work)

  const sfd = join(prefix, 'bin/sfd')
  const source = join(work, 'source')
  await mkdir(join(source, 'deep/er'), { recursive: true })
  await writeFile(join(source, 'a file'), 'one')
  await writeFile(
    join(source, 'deep/er/big'),
    new Uint8Array(200_000).map((_, index) => index * 7),
  )
  await symlink('a file', join(source, 'link'))
  const brick = join(work, 'tree.brick')
  const options = { cwd: work, env: { PATH: systemPath, HOME: join(work, 'home') }, maxBuffer: outputBytesMax }

  const folded = await run(sfd, ['fold', source, '-o', brick, '--json'], options)
  assert.equal(folded.stderr, '')
  assert.equal(JSON.parse(folded.stdout).unreadable, 0)
  const verified = await run(sfd, ['verify', brick, '--against', source, '--json'], options)
  assert.equal(JSON.parse(verified.stdout).ok, true)
  await run(sfd, ['extract', brick, '-o', join(work, 'out')], options)
  await run('diff', ['-r', '--no-dereference', source, join(work, 'out')])
})

test('the packed package holds the map, the licences and no source', async () => {
  const { stdout } = await run('tar', ['-tzf', await pack()])
  const names = stdout.trim().split('\n').sort()
  for (const name of ['bin/sfd', 'dist/cli/main.js', 'dist/map/index.html', 'dist/map/main.js', 'dist/map/style.css']) {
    assert.ok(names.includes(`package/${name}`), `${name} is not packed`)
  }
  for (const name of ['LICENSE', 'README.md', 'spec/brick-v2.md', 'dist/THIRD-PARTY-LICENSES.txt']) {
    assert.ok(names.includes(`package/${name}`), `${name} is not packed`)
  }
  assert.deepEqual(
    names.filter((name) => name.endsWith('.ts') || name.includes('node_modules')),
    [],
  )
})

let tarball: Promise<string> | undefined

/** The tarball's path; made once. */
function pack(): Promise<string> {
  tarball ??= makeTarball()
  return tarball
}

async function makeTarball(): Promise<string> {
  const checkout = join(work, 'checkout')
  await mkdir(checkout)
  const present = new Set(await readdir(root))
  for (const name of packed.filter((item) => present.has(item))) {
    await cp(join(root, name), join(checkout, name), { recursive: true, preserveTimestamps: true })
  }
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'))
  await npm(['pack', '--pack-destination', work], checkout)
  const { name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  return join(work, `${name}-${version}.tgz`)
}

async function npm(args: readonly string[], cwd: string): Promise<void> {
  const env = { ...process.env, PATH: systemPath }
  await run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd, env, maxBuffer: outputBytesMax })
}
