/** Packages of Debian's archive for tests: got by apt, unpacked into a folder, never installed. */
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** Where the package is unpacked; undefined where the archive cannot be reached, or there is no apt. */
export function unpackedPackage(folder: string, name: string): string | undefined {
  const place = join(folder, name)
  mkdirSync(place, { recursive: true })
  if (spawnSync('apt-get', ['download', '-q', name], { cwd: place, timeout: 120_000 }).status !== 0) return undefined
  const [file] = globSync('*.deb', { cwd: place })
  const root = join(place, 'root')
  const isUnpacked = file !== undefined && spawnSync('dpkg-deb', ['-x', join(place, file), root]).status === 0
  return isUnpacked ? root : undefined
}
