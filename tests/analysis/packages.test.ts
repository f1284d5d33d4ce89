/** Owners and MD5s of files of this machine, against what dpkg itself says. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readPackages } from '../../src/analysis/packages.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const packages = readPackages()
const count = isLong ? 2_000 : 60

/** Every n-th file of a folder. */
function sample(folder: string, countMax: number): string[] {
  if (!existsSync(folder)) return []
  const files = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => lstatSync(path).isFile())
  const step = Math.max(1, Math.floor(files.length / countMax))
  return files.filter((_, index) => index % step === 0)
}

test('files belong to the packages that dpkg says', { skip: packages === undefined }, () => {
  const paths = ['/usr/bin', '/usr/sbin', '/usr/lib/x86_64-linux-gnu', '/etc'].flatMap((one) => sample(one, count))
  // Packages of before the merge know a file as /bin/x.
  const asked = paths.flatMap((path) => [path, path.replace(/^\/usr/, '')])
  const { stdout } = spawnSync('dpkg-query', ['-S', ...asked], { encoding: 'utf8', maxBuffer: 2 ** 26 })
  const owners = new Map<string, Set<string>>()
  for (const line of stdout.split('\n')) {
    const match = /^(?!diversion by )(.+): (\/.*)$/.exec(line)
    if (match === null) continue
    const path = `${match[2]}`.replace(/^\/(bin|sbin|lib)\//, '/usr/$1/')
    const names = `${match[1]}`.split(', ').map((name) => name.split(':')[0] as string)
    owners.set(path, new Set([...(owners.get(path) ?? []), ...names]))
  }
  const lines = stdout.split('\n')
  const diverted = new Set(lines.map((line) => /^diversion by .+ (?:from|to): (\/.*)$/.exec(line)?.[1]))
  assert.ok(paths.length > 50 && owners.size > 20, `${paths.length} files, ${owners.size} owned`)
  for (const path of paths) {
    if (diverted.has(path) || diverted.has(path.replace(/^\/usr/, ''))) continue
    const mine = packages?.ownerOf(Buffer.from(path))?.package
    const theirs = owners.get(path)
    assert.ok(
      mine === undefined ? theirs === undefined : theirs?.has(mine),
      `${path}: ${mine}, dpkg: ${[...(theirs ?? [])]}`,
    )
  }
})
