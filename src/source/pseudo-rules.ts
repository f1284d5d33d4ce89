/**
 * What is known of the files that the kernel makes up: which must never be read, and which may make their reader wait.
 *
 * By name, permission bits and filesystem alone. A rule that is missing costs time (the reader gives up), never the process:
 * what no rule knows to answer at once is read apart, see pseudo.ts.
 */

/** `name`: one component, one character a byte. `filesystem`: as statfs.ts names it. */
export interface PseudoName {
  readonly name: string
  readonly filesystem: string
}

/** Why a file is never read; undefined where it may be. */
export function skipReason(file: PseudoName): string | undefined {
  return skipped.find(({ on, names, like }) => on.includes(file.filesystem) && isAmong(file.name, names, like))?.why
}

/** Names of directories for which skipDirectoryReason may have one. */
export const skippedDirectories: ReadonlySet<string> = new Set(['map_files'])

/** Why of a directory only itself is listed, not what is in it; undefined where it may be. */
export function skipDirectoryReason(file: PseudoName): string | undefined {
  if (file.filesystem !== 'proc' || !skippedDirectories.has(file.name)) return undefined
  return 'listing it waits for the lock of the address space; maps says the same'
}

/** False where the kernel answers from its own memory, waiting for nobody: such files are read by who lists them. */
export function mayWait({ name, filesystem }: PseudoName): boolean {
  if (filesystem === 'proc') return waiting.has(name)
  if (filesystem === 'sysfs') return !ready.has(name)
  return true
}

interface SkipRule {
  readonly on: readonly string[]
  readonly names?: readonly string[]
  readonly like?: RegExp
  readonly why: string
}

const skipped: readonly SkipRule[] = [
  {
    on: ['proc'],
    names: ['kcore', 'vmcore', 'mem', 'pagemap', 'kpagecount', 'kpageflags', 'kpagecgroup'],
    why: 'physical or virtual memory: terabytes, of which the process source shows what is mapped',
  },
  { on: ['proc'], names: ['clear_refs'], why: 'made to be written; touches page state' },
  { on: ['proc'], names: ['kmsg'], why: 'reading it takes the messages away from syslog' },
  { on: ['proc', 'xenfs'], names: ['xenbus', 'privcmd'], why: 'a channel: reading waits for the other side' },
  {
    on: ['tracefs', 'debugfs'],
    names: ['trace_pipe', 'trace_pipe_raw', 'snapshot_raw'],
    why: 'reading consumes the events, and waits where there are none',
  },
  { on: ['sysfs'], names: ['hot_add'], why: 'reading it makes a new device' },
  {
    on: ['sysfs'],
    names: ['vpd', 'rom', 'eeprom', 'nvmem'],
    like: /^resource[0-9]/,
    why: 'reaches the device: slow, and with side effects on some',
  },
  {
    on: ['sysfs'],
    names: ['config'],
    why: 'PCI configuration space: some devices stop working when undefined parts are read',
  },
  { on: ['proc'], like: /^[0-9a-f]{2}\.[0-7]$/, why: 'PCI configuration space under /proc/bus/pci' },
]

/** /proc: needs the lock of an address space or of a process that may hold it for ever, or reads a disk. */
const waiting: ReadonlySet<string> = new Set([
  ...['cmdline', 'environ', 'auxv', 'maps', 'smaps', 'smaps_rollup', 'numa_maps', 'arch_status'],
  ...['stack', 'syscall', 'personality', 'io', 'patch_state', 'ksm_stat', 'ksm_merging_pages'],
  ...[
    'mb_groups',
    'mb_structs_summary',
    'fc_info',
    'vmallocinfo',
    'slabinfo',
    'stat_refresh',
    'exports',
    'content',
    'cache',
  ],
])

/** /sys: what the kernel keeps of each device, slab and block of memory; most of all files there, and none asks a device. */
const ready: ReadonlySet<string> = new Set([
  ...['operstate', 'modalias', 'dev', 'name', 'type', 'removable', 'state', 'phys_index', 'phys_device', 'valid_zones'],
  ...['control', 'runtime_status', 'runtime_suspended_time', 'runtime_active_time', 'autosuspend_delay_ms'],
  ...['online', 'hwirq', 'chip_name', 'actions', 'per_cpu_count', 'path', 'adr', 'sun', 'drivers_autoprobe'],
  ...['refcnt', 'initstate', 'coresize', 'initsize', 'taint', 'srcversion', 'version'],
  ...['aliases', 'align', 'cache_dma', 'cpu_partial', 'ctor', 'destroy_by_rcu', 'hwcache_align', 'min_partial'],
  ...['object_size', 'order', 'poison', 'reclaim_account', 'red_zone', 'remote_node_defrag_ratio', 'sanity_checks'],
  ...['sheaf_capacity', 'shrink', 'slab_size', 'store_user', 'trace', 'usersize', 'validate'],
])

function isAmong(name: string, names: readonly string[] = [], like?: RegExp): boolean {
  return names.includes(name) || like?.test(name) === true
}
