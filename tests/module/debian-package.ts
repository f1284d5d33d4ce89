/**
 * A kernel package of Debian's archive, got by apt and unpacked into a folder, never installed; and kmod's modinfo, that
 * of the system or one got in the same way. Only for the long lane: 35 MB.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { unpackedPackage } from '../debian-archive.ts'

export interface DebianKernel {
  readonly name: string
  /** lib/modules of the package. */
  readonly modules: string
  /** Runs modinfo; undefined where there is none. */
  readonly modinfo: ((args: readonly string[]) => string) | undefined
}

/** Undefined where the archive cannot be reached, or there is no apt. */
export function fetchDebianKernel(folder: string): DebianKernel | undefined {
  const architecture = output('dpkg', ['--print-architecture']).trim()
  const names = output('apt-cache', ['search', '--names-only', `^linux-image-[0-9].*-cloud-${architecture}$`])
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => /\d+\.\d+\.\d+/.test(name))
    .sort(byVersion)
  for (const name of names.toReversed().slice(0, 3)) {
    const root = unpackedPackage(folder, name)
    const modules = root === undefined ? '' : join(root, 'lib/modules')
    const found = [modules, modules.replace('/lib/', '/usr/lib/')].find((path) => existsSync(path))
    if (found !== undefined) return { name, modules: found, modinfo: modinfoIn(folder) }
  }
  return undefined
}

function modinfoIn(folder: string): DebianKernel['modinfo'] {
  const run = (program: string, env: NodeJS.ProcessEnv): DebianKernel['modinfo'] =>
    spawnSync(program, ['--version'], { env }).status === 0
      ? (args) => spawnSync(program, args, { env, encoding: 'utf8', maxBuffer: 1 << 26 }).stdout
      : undefined
  const own = run('modinfo', process.env)
  if (own !== undefined) return own
  const roots = [unpackedPackage(folder, 'kmod'), unpackedPackage(folder, 'libkmod2')].filter(
    (root) => root !== undefined,
  )
  const libraries = roots.flatMap((root) =>
    globSync('{usr/,}lib/*-linux-gnu', { cwd: root }).map((path) => join(root, path)),
  )
  const [program] = roots.flatMap((root) => globSync('{usr/,}bin/kmod', { cwd: root }).map((path) => join(root, path)))
  if (program === undefined) return undefined
  const link = join(folder, 'modinfo')
  symlinkSync(program, link)
  return run(link, { ...process.env, LD_LIBRARY_PATH: libraries.join(':') })
}

function output(program: string, args: readonly string[]): string {
  const { stdout, status } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  return status === 0 ? stdout : ''
}

/** 6.1.0-9 before 6.12.0-1. */
function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
