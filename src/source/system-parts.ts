/**
 * What the bricks of a whole machine are: its parts by district, the most wanted first.
 *
 * Only looks at names, never at contents. A part that this machine does not have is not there; what is left out although
 * it was asked for is said with its reason. `root`: a system that lies in a folder, such as a mounted image; its parts
 * are files only, for /proc, /sys, processes, modules that are loaded and devices are those of the machine at work.
 */
import { join } from 'node:path'
import { displayPath, utf8 } from '../base/bytes.ts'
import { literalPattern } from './literal-pattern.ts'
import { type ListedProcess, listProcesses } from './process/list-processes.ts'
import { lookAtFolder, namesIn } from './system-names.ts'

/** In the order in which a budget is spent. */
export const systemDistricts = [
  'etc',
  'dpkg',
  'proc',
  'sys',
  'devices',
  'boot',
  'modules',
  'logs',
  'processes',
  'opt',
  'usr',
] as const
export type SystemDistrict = (typeof systemDistricts)[number]

export interface SystemPart {
  /** `root`: the folders above the others and the links beside them, such as /bin. `also`: named by the user. */
  readonly district: SystemDistrict | 'root' | 'also'
  /** Of its brick, unique among the parts. */
  readonly name: string
  /** As somebody names a source. */
  readonly source: string
  /** Where it is found in the system, absolute and normal; null where it has no path there. */
  readonly place: string | null
  /** Patterns; none: all. */
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** Of content, where that is known without a look. */
  readonly bytes?: number
}

/** What is not kept, and why. */
export interface LeftOut {
  readonly district: SystemPart['district']
  readonly source: string
  /** One CamelCase word for programs, or the code of an error. */
  readonly reason: string
  readonly message: string
}

export interface SystemParts {
  readonly parts: readonly SystemPart[]
  readonly leftOut: readonly LeftOut[]
}

export interface SystemChoice {
  /** Absolute and normal; `/` is the machine at work. */
  readonly root: string
  readonly districts: readonly SystemDistrict[]
  readonly processes: ProcessPolicy
  /** Files and folders beside the districts, absolute and normal, as the system has them. */
  readonly also?: readonly string[]
}

/** The largest that may be read, none above a size; never the asking process itself. */
export interface ProcessPolicy {
  readonly count: number
  readonly bytesMax: number
}

export const defaultProcesses: ProcessPolicy = { count: 4, bytesMax: 2 ** 30 }

export function systemParts(choice: SystemChoice): SystemParts {
  const { root, districts } = choice
  const isLive = root === '/'
  const leftOut: LeftOut[] = []
  const parts = districtsOf(districts).flatMap((district): readonly SystemPart[] => {
    if (!isLive && liveOnly.has(district)) return []
    if (district === 'processes') return processParts(choice.processes, leftOut)
    return (folders[district] ?? []).flatMap((folder) => folderPart({ root, leftOut }, district, folder) ?? [])
  })
  const also = (choice.also ?? []).map((place) => alsoPart(root, place))
  return { parts: withoutOverlap([...parts, ...also]), leftOut }
}

/** The folders above the places of these parts, and what links lie beside them in the root: a part that costs nothing. */
export function rootPart(root: string, parts: readonly Pick<SystemPart, 'place' | 'source'>[]): SystemPart {
  const places = parts.flatMap(({ place, source }) => (place !== null && isPath(source) ? [place] : []))
  return {
    district: 'root',
    name: 'root',
    source: root,
    place: '/',
    include: rootLinks.map((name) => `/${name}`),
    exclude: [...surroundings(root, places)],
  }
}

interface Folder {
  readonly name: string
  readonly path: string
  /** What the user would type; left out: the path. */
  readonly scheme?: string
  readonly include?: readonly string[]
  /** Of its folders only these are descended into. */
  readonly within?: readonly string[]
  readonly exclude?: readonly string[]
}

/** What of /proc says what the machine is, and costs little: no process, nothing that waits or counts reads. */
const procFiles = [
  ...['buddyinfo', 'cgroups', 'cmdline', 'consoles', 'cpuinfo', 'crypto', 'devices', 'diskstats', 'dma', 'filesystems'],
  ...['interrupts', 'iomem', 'ioports', 'loadavg', 'locks', 'mdstat', 'meminfo', 'misc', 'modules', 'mounts', 'net'],
  ...['pagetypeinfo', 'partitions', 'pressure/', 'slabinfo', 'softirqs', 'stat', 'swaps', 'sys/', 'sysvipc/'],
  ...['timer_list', 'uptime', 'version', 'vmstat', 'zoneinfo'],
].map((name) => `/${name}`)

/** Written, not read. */
const procOrders = ['flush', 'stable_secret', 'drop_caches', 'compact_memory']
const sysOrders = [
  'bind',
  'unbind',
  'uevent',
  'new_id',
  'remove_id',
  'remove',
  'rescan',
  'reset',
  'drivers_probe',
  'hot_add',
  'hot_remove',
]
const sysQuiet = ['debug', 'tracing', 'slab', 'security', 'btf']

/** Names and states of what is there, no measurements of devices. */
const sysFiles = [
  ...['/block/*', '/bus/*/devices/*', '/bus/*/drivers/*', '/class/*/*', '/kernel/*', '/kernel/mm/**', '/power/*'],
  ...['initstate', 'refcnt', 'srcversion', 'taint', 'version', 'parameters/*'].map((name) => `/module/*/${name}`),
]

const folders: Readonly<Record<Exclude<SystemDistrict, 'processes'>, readonly Folder[]>> = {
  etc: [{ name: 'etc', path: '/etc' }],
  dpkg: [{ name: 'dpkg', path: '/var/lib/dpkg' }],
  proc: [
    { name: 'proc', path: '/proc', include: procFiles, within: ['pressure', 'sys', 'sysvipc'], exclude: procOrders },
  ],
  sys: [
    {
      name: 'sys',
      path: '/sys',
      include: sysFiles,
      within: ['block', 'bus', 'class', 'kernel', 'module', 'power'],
      exclude: [...sysQuiet.map((name) => `/kernel/${name}/`), ...sysOrders],
    },
  ],
  devices: [{ name: 'devices', path: '/sys/class', scheme: 'devices:' }],
  boot: [{ name: 'boot', path: '/boot' }],
  modules: [{ name: 'modules', path: '/lib/modules', scheme: 'modules:' }],
  logs: [{ name: 'log', path: '/var/log' }],
  opt: [{ name: 'opt', path: '/opt' }],
  usr: ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].map((path) => ({ name: path.slice(1), path })),
}

/** Of the machine at work, not of a folder. */
const liveOnly: ReadonlySet<SystemDistrict> = new Set(['proc', 'sys', 'devices', 'processes'])

const rootLinks = [
  ...['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'],
  ...['vmlinuz', 'vmlinuz.old', 'initrd.img', 'initrd.img.old'],
]

/** A source of files, nothing unpacked or made up. */
function isPath(source: string): boolean {
  return source.startsWith('/')
}

function districtsOf(wanted: readonly SystemDistrict[]): readonly SystemDistrict[] {
  return systemDistricts.filter((district) => wanted.includes(district))
}

/** Undefined where it is not there, or is a link to another part (/bin, in most systems); hidden, it is left out. */
function folderPart(
  { root, leftOut }: { readonly root: string; readonly leftOut: LeftOut[] },
  district: SystemDistrict,
  folder: Folder,
): SystemPart | undefined {
  const { name, path, scheme, include = [], within, exclude = [] } = folder
  const here = join(root, path)
  const source = scheme === 'modules:' && root !== '/' ? `${scheme}${here}` : (scheme ?? here)
  const look = lookAtFolder(here, scheme === undefined ? 'itself' : 'where a link leads')
  if (typeof look === 'string') {
    const message = `${displayPath(utf8(here))} cannot be looked at (${look}). Run with more rights, or leave it out.`
    leftOut.push({ district, source, reason: 'SOURCE_UNREADABLE', message })
  }
  if (look !== true) return undefined
  if (scheme !== undefined) {
    return { district, name, source, place: district === 'modules' ? path : null, include, exclude }
  }
  const others = within === undefined ? [] : allBut(here, within)
  return { district, name, source, place: path, include, exclude: [...others, ...exclude] }
}

/** Whether it is there is seen when it is folded. */
function alsoPart(root: string, place: string): SystemPart {
  const name = place.slice(1).replaceAll(/[^A-Za-z0-9._+@-]+/g, '-')
  return {
    district: 'also',
    name: `also-${name}`.slice(0, nameMax),
    source: join(root, place),
    place,
    include: [],
    exclude: [],
  }
}

const nameMax = 190

/** What lies in one part and is another part of its own is left to that. Each source and each name once. */
function withoutOverlap(parts: readonly SystemPart[]): readonly SystemPart[] {
  const sources = new Set<string>()
  const names = new Map<string, number>()
  return parts.flatMap((part) => {
    if (sources.has(part.source)) return []
    sources.add(part.source)
    const before = names.get(part.name) ?? 0
    names.set(part.name, before + 1)
    const name = before === 0 ? part.name : `${part.name}-${before + 1}`
    const inner = parts.filter((other) => other !== part && isPath(other.source) && isBeneath(other.place, part.place))
    const others = inner.map(({ place }) => literal((place ?? '').slice((part.place ?? '').length + 1)))
    return [{ ...part, name, exclude: [...part.exclude, ...others] }]
  })
}

function isBeneath(path: string | null, folder: string | null): boolean {
  return path !== null && folder !== null && path.startsWith(`${folder}/`)
}

function processParts({ count, bytesMax }: ProcessPolicy, leftOut: LeftOut[]): readonly SystemPart[] {
  if (count === 0) return []
  const candidates = listProcesses()
    .filter(({ pid, readable, rssBytes }) => readable && rssBytes > 0 && pid !== process.pid)
    .sort((a, b) => b.rssBytes - a.rssBytes || a.pid - b.pid)
  if (candidates.length === 0) {
    const message = 'This user may read the memory of no process. Run as root to have the largest ones.'
    leftOut.push({ district: 'processes', source: 'proc:', reason: 'NoneReadable', message })
  }
  for (const { pid, comm, rssBytes } of candidates.filter((each) => each.rssBytes > bytesMax)) {
    const message = `${comm} has ${rssBytes} bytes in memory, more than ${bytesMax}. Fold it by itself: proc:${pid}.`
    leftOut.push({ district: 'processes', source: `proc:${pid}`, reason: 'ProcessTooLarge', message })
  }
  return candidates
    .filter(({ rssBytes }) => rssBytes <= bytesMax)
    .slice(0, count)
    .map(processPart)
}

function processPart({ pid, comm, rssBytes }: ListedProcess): SystemPart {
  const safe = comm.replaceAll(/[^A-Za-z0-9._-]+/g, '_').replaceAll(/^[._-]+|[._-]+$/g, '')
  const name = safe === '' ? `proc-${pid}` : `proc-${pid}-${safe}`
  return { district: 'processes', name, source: `proc:${pid}`, place: null, include: [], exclude: [], bytes: rssBytes }
}

/** Patterns that leave out the folders that lie in this one now, but for these; folders of processes always. */
function allBut(folder: string, kept: readonly string[]): readonly string[] {
  const others = namesIn(folder).filter(({ name, isDirectory }) => isDirectory && !kept.includes(name))
  return ['/[1-9]*/', ...others.flatMap(({ name }) => (/^[1-9]/.test(name) ? [] : [`${literal(name)}/`]))]
}

/**
 * Patterns that leave of a root only the folders down to the places, themselves included, and what is included beside.
 * What lies in a place belongs to its own part.
 */
function* surroundings(root: string, places: readonly string[]): Generator<string> {
  const above = new Set(places.flatMap((place) => foldersAbove(place)))
  for (const folder of ['/', ...above]) {
    for (const { name, isDirectory } of namesIn(join(root, folder))) {
      const path = join(folder, name)
      if (isDirectory && !above.has(path) && !places.includes(path)) yield `${literal(path.slice(1))}/`
    }
  }
  for (const place of places) if (!above.has(place)) yield `${literal(place.slice(1))}/*`
}

/** Without the root and the place itself. */
function foldersAbove(place: string): string[] {
  const parts = place.slice(1).split('/')
  return parts.slice(1).map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
}

function literal(path: string): string {
  return Buffer.from(literalPattern(utf8(path))).toString()
}
