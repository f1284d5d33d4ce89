/** A small machine in a folder, and sets of it made in this process. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { utf8 } from '../../src/base/bytes.ts'
import { systemClock, systemRandom } from '../../src/cli/adapters.ts'
import { type CrystallizeReport, type CrystallizeRequest, crystallize } from '../../src/fold/crystallize.ts'
import { extractSet, type SetExtractReport, type SetExtractRequest } from '../../src/read/portable-extract.ts'
import { openSet } from '../../src/read/portable-set.ts'
import { type SetVerifyReport, verifySet } from '../../src/read/portable-verify.ts'
import { type SystemDistrict, systemDistricts, systemParts } from '../../src/source/system-parts.ts'

export interface Place {
  readonly folder: string
  /** Of the machine. */
  readonly root: string
  readonly set: string
  readonly out: string
}

export const isRoot = process.geteuid?.() === 0

/** Folders of one test. The machine is not built yet. */
export function makePlace(t: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-system-'))
  t.after(() => {
    execFileSync('chmod', ['-R', 'u+rwX', folder])
    rmSync(folder, { recursive: true, force: true })
  })
  return placeIn(folder)
}

function placeIn(folder: string): Place {
  const [root, set, out] = [join(folder, 'root'), join(folder, 'set'), join(folder, 'out')]
  mkdirSync(root)
  return { folder, root, set, out }
}

/** Files, folders and links of most kinds, and things that no district has. */
export function buildMachine(root: string): void {
  const file = (path: string, content: string | Uint8Array, mode = 0o644): void => {
    const full = join(root, path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, content)
    chmodSync(full, mode)
    utimesSync(full, 1_600_000_000, 1_600_000_000 + path.length)
  }
  file('etc/hostname', 'small\n')
  file('etc/shadow', 'root:*:1::::::\n', 0o640)
  file('etc/ssl/certs/a.pem', 'certificate\n')
  file('usr/bin/program', noise(200_000), 0o755)
  file('usr/lib/os-release', 'ID=small\n')
  file('usr/share/empty', '')
  file('usr/lib/modules/6.1/kernel/x.ko.gz', gzipSync(noise(3_000)))
  file('boot/config', 'CONFIG_SMALL=y\n')
  file('opt/tool/bin/tool', noise(70_000), 0o755)
  file('var/lib/dpkg/status', 'Package: nothing\n')
  file('var/log/messages', 'one line\n'.repeat(1_000))
  file('var/lib/other/state', 'of no district\n')
  file('home/user/secret', 'of no district\n')
  file('sparse', 'in the root, of no district\n')
  file('usr/share/sparse', '')
  truncateSync(join(root, 'usr/share/sparse'), 1_000_000)
  linkSync(join(root, 'usr/bin/program'), join(root, 'usr/bin/same-program'))
  symlinkSync('usr/bin', join(root, 'bin'))
  symlinkSync('usr/lib', join(root, 'lib'))
  symlinkSync('../usr/lib/os-release', join(root, 'etc/os-release'))
  lutimesSync(join(root, 'bin'), 1_500_000_000, 1_500_000_000)
  mkdirSync(join(root, 'etc/cron.d'), { mode: 0o700 })
  chmodSync(join(root, 'var/log'), 0o2775)
  settleTimes(root)
}

/** Folders in which something is made or removed have the times of before. */
export function settleTimes(root: string): void {
  for (const [index, path] of ['var/lib', 'var', 'usr', 'etc', ''].entries()) {
    utimesSync(join(root, path), 1_400_000_000 + index, 1_400_000_000 + index)
  }
}

/** What of the machine is no part of a set of it. */
export const ofNoDistrict = ['home', 'sparse', 'var/lib/other']

export interface Asked extends Partial<Pick<CrystallizeRequest, 'budgetBytes' | 'signal' | 'onProgress'>> {
  readonly also?: readonly string[]
  readonly districts?: readonly SystemDistrict[]
}

export async function makeSet(
  { root, set }: Place,
  { also = [], districts = systemDistricts, ...asked }: Asked = {},
): Promise<CrystallizeReport> {
  const processes = { count: 0, bytesMax: 0 }
  const { parts, leftOut } = systemParts({ root, districts, processes, also })
  return crystallize({
    folder: set,
    root,
    districts,
    parts,
    leftOut,
    asked: JSON.stringify([root, districts]),
    crossFilesystems: 'no',
    host: 'small',
    kernel: 'none',
    workers: 0,
    clock: systemClock,
    random: systemRandom,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...asked,
  })
}

let template: Promise<Place> | undefined

/** The machine and a finished set of it, which the test may change: made once, copied for each. */
export async function machineWithSet(t: TestContext): Promise<Place> {
  template ??= makeTemplate()
  const made = await template
  const place = makePlace(t)
  for (const folder of ['root', 'set'] as const) execFileSync('cp', ['-aT', made[folder], place[folder]])
  return place
}

async function makeTemplate(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-system-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const place = placeIn(folder)
  buildMachine(place.root)
  await makeSet(place)
  return place
}

export async function verified({ set }: Pick<Place, 'set'>): Promise<SetVerifyReport> {
  return verifySet({ set: openSet(set), ...quiet })
}

export async function extracted(
  { set, out }: Pick<Place, 'set' | 'out'>,
  more: Partial<Pick<SetExtractRequest, 'existing'>> & { readonly paths?: readonly string[] } = {},
): Promise<SetExtractReport> {
  return extractSet({
    set: openSet(set),
    dest: utf8(out),
    paths: (more.paths ?? []).map(utf8),
    existing: more.existing ?? 'refuse',
    ownership: { owner: isRoot ? 'restore' : 'ignore', uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
    workers: 0,
    ...quiet,
  })
}

const quiet = {
  signal: new AbortController().signal,
  pause: () => new Promise<void>((resolve) => setImmediate(resolve)),
  onProgress: () => {},
}

export function noise(length: number): Uint8Array {
  let state = length | 1
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}
