/** What public tools say of a file, in the words of our own reader: readelf and objdump (binutils), and checksec. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, globSync, lstatSync, mkdirSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

const spawning = { encoding: 'utf8', maxBuffer: 1 << 30, env: { ...process.env, LC_ALL: 'C' } } as const

function output(program: string, args: readonly string[]): string {
  const { stdout, status } = spawnSync(program, args, spawning)
  assert.equal(status, 0, `${program} ${args.join(' ')}`)
  return stdout
}

export const hasBinutils = ['readelf', 'objdump'].every((name) => spawnSync(name, ['--version']).status === 0)

/** ELF files of the system's folders, no links, by path. */
export function systemElfFiles({ sizeBytesMax }: { sizeBytesMax: number }): readonly string[] {
  const folders = ['/usr/bin', '/usr/sbin', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']
  return folders
    .flatMap(filesIn)
    .filter((path) => lstatSync(path).size <= sizeBytesMax && isElf(path))
    .sort()
}

function filesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name))
  } catch {
    return []
  }
}

function isElf(path: string): boolean {
  const fd = openSync(path, 'r')
  try {
    const head = new Uint8Array(4)
    return readSync(fd, head, 0, 4, 0) === 4 && Buffer.from(head).toString('latin1') === '\x7fELF'
  } finally {
    closeSync(fd)
  }
}

/** `start size` of every unwinding record, in hex, by start; where two begin at one place the longer one. */
export function frameRanges(path: string): readonly string[] {
  const ranges = new Map<bigint, bigint>()
  // Of a file without such records readelf fails.
  const { stdout } = spawnSync('readelf', ['--debug-dump=frames', path], spawning)
  for (const [, from, to] of stdout.matchAll(/FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)/g)) {
    const start = BigInt(`0x${from}`)
    const size = BigInt(`0x${to}`) - start
    if (size > (ranges.get(start) ?? 0n)) ranges.set(start, size)
  }
  return [...ranges]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([start, size]) => `${start.toString(16)} ${size.toString(16)}`)
}

export interface VersionsSaid {
  readonly needed: readonly { readonly library: string; readonly versions: readonly string[] }[]
  readonly defined: readonly string[]
}

export function versionsSaid(path: string): VersionsSaid {
  const needed: { library: string; versions: string[] }[] = []
  const defined: string[] = []
  for (const line of output('readelf', ['-VW', path]).split('\n')) {
    const file = /Version: \d+ {2}File: (.*) {2}Cnt: \d+$/.exec(line)?.[1]
    const name = / Name: (\S+) {2}Flags: .* {2}Version: \d+/.exec(line)?.[1]
    const own = /Rev: \d+ {2}Flags: .* {2}Index: \d+ {2}Cnt: \d+ {2}Name: (\S+)$/.exec(line)?.[1]
    if (file !== undefined) needed.push({ library: file, versions: [] })
    else if (own !== undefined) defined.push(own)
    else if (name !== undefined) needed.at(-1)?.versions.push(name)
  }
  return { needed, defined }
}

/** `owner size` of each note. */
export function notesSaid(path: string): readonly string[] {
  return [...output('readelf', ['-nW', path]).matchAll(/^ {2}(\S+) +0x([0-9a-f]{8})\t/gm)].map(
    ([, owner, size]) => `${owner} ${Number.parseInt(size ?? '', 16)}`,
  )
}

/** `address name@plt` of each stub. */
export function stubsSaid(path: string): readonly string[] {
  const { stdout } = spawnSync('objdump', ['-d', '-j', '.plt', '-j', '.plt.sec', '-j', '.plt.got', path], spawning)
  return [...stdout.matchAll(/^([0-9a-f]+) <([^@>-]+)(?:@[^>]*)?@plt>:$/gm)].map(
    ([, address, name]) => `${BigInt(`0x${address}`).toString(16)} ${name}@plt`,
  )
}

export interface InstructionSaid {
  /** Hex digits. */
  readonly address: string
  readonly isConditionalJump: boolean
}

/** Each instruction of a run of addresses; jumps are known of x86. */
export function instructionsSaid(path: string, run: { start: bigint; stop: bigint }): readonly InstructionSaid[] {
  const range = [`--start-address=0x${run.start.toString(16)}`, `--stop-address=0x${run.stop.toString(16)}`]
  const text = output('objdump', ['-d', '--no-show-raw-insn', ...range, path])
  return [...text.matchAll(/^ *([0-9a-f]+):\t(.*)$/gm)].map(([, address = '', code = '']) => ({
    address,
    isConditionalJump: /^(?:bnd )?j(?!mp)/.test(code),
  }))
}

export interface ChecksecSaid {
  readonly relro: string
  readonly canary: string
  readonly nx: string
  readonly pie: string
  readonly rpath: string
  readonly runpath: string
  readonly symbols: string
  readonly fortified: string
}

/** Where a package of Debian's archive is unpacked; undefined where it cannot be had in that version (any, if empty). */
export function fetchPackage(folder: string, { name, version }: { name: string; version: string }): string | undefined {
  const place = join(folder, name)
  mkdirSync(place, { recursive: true })
  const wanted = version === '' ? name : `${name}=${version}`
  if (spawnSync('apt-get', ['download', '-q', wanted], { cwd: place, timeout: 120_000 }).status !== 0) return undefined
  const [file] = globSync('*.deb', { cwd: place })
  const root = join(place, 'root')
  return file !== undefined && spawnSync('dpkg-deb', ['-x', join(place, file), root]).status === 0 ? root : undefined
}

/** Version of a package that is installed; empty where it is not, or there is no dpkg. */
export function installedVersion(name: string): string {
  const { stdout, status } = spawnSync('dpkg-query', ['-W', '-f', '$\u007bVersion}', name], { encoding: 'utf8' })
  return status === 0 ? stdout : ''
}

/** Debian's checksec; undefined where the archive cannot be reached. */
export function fetchChecksec(folder: string): ((path: string) => ChecksecSaid) | undefined {
  const root = fetchPackage(folder, { name: 'checksec', version: '' })
  if (root === undefined) return undefined
  const program = join(root, 'usr/bin/checksec')
  return (path) => {
    const answer = JSON.parse(output(program, ['--format=json', `--file=${path}`])) as Record<string, ChecksecSaid>
    return answer[path] ?? assert.fail(`checksec does not tell of ${path}`)
  }
}
