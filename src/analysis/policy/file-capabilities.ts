/** Capabilities of a file, as the kernel keeps them in the attribute `security.capability` (capabilities(7)). */

export interface FileCapabilities {
  /** Lower-case names, `cap_net_raw`; beyond the known ones a number, `41`. */
  readonly permitted: readonly string[]
  readonly inheritable: readonly string[]
  /** What is permitted is in force from the start. */
  readonly isEffective: boolean
  /** Counted only below this user of a namespace. */
  readonly rootUid?: number
}

/** Undefined where the bytes are none of the three versions. */
export function parseFileCapabilities(value: Uint8Array): FileCapabilities | undefined {
  const view = new DataView(value.buffer, value.byteOffset, value.length)
  if (value.length < 4) return undefined
  const magic = view.getUint32(0, true)
  const version = magic >>> 24
  const words = version === 1 ? 1 : 2
  const length = 4 + 8 * words + (version === 3 ? 4 : 0)
  if (version < 1 || version > 3 || value.length !== length) return undefined
  const set = (at: number): string[] => {
    const names: string[] = []
    for (let word = 0; word < words; word++) {
      const bits = view.getUint32(at + 8 * word, true)
      for (let bit = 0; bit < 32; bit++) if ((bits >>> bit) & 1) names.push(nameOf(word * 32 + bit))
    }
    return names
  }
  const rootUid = version === 3 ? view.getUint32(length - 4, true) : 0
  return {
    permitted: set(4),
    inheritable: set(8),
    isEffective: (magic & 1) !== 0,
    ...(rootUid !== 0 && { rootUid }),
  }
}

/**
 * As `getcap -n` of libcap 2.4x and later shows it: `cap_net_raw=eip cap_sys_admin+ei [rootid=1000]`. Capabilities that are
 * in the same sets stand together; most sets first. Where most of all are in the same sets, that comes first, and then what
 * differs: `=ep cap_bpf-ep`. The effective bit is one for all: it holds for whatever the file has.
 */
export function capabilitiesText({ permitted, inheritable, isEffective, rootUid }: FileCapabilities): string {
  const flagsOf = (name: string): number => {
    const flags = (inheritable.includes(name) ? 4 : 0) | (permitted.includes(name) ? 2 : 0)
    return flags === 0 || !isEffective ? flags : flags | 1
  }
  const all = Array.from({ length: bitsCount }, (_, bit) => ({ name: nameOf(bit), flags: flagsOf(nameOf(bit)) }))
  const named = all.slice(0, names.length)
  const base = commonest(named.map(({ flags }) => flags))
  const groups = groupsOf(named, base)
  const [first = '', ...rest] = groups
  const head =
    base !== 0 || groups.length === 0 ? [`=${lettersOf(base)}`, ...groups] : [first.replace('+', '='), ...rest]
  const root = rootUid === undefined ? [] : [`[rootid=${rootUid}]`]
  return [...head, ...groupsOf(all.slice(names.length), 0), ...root].join(' ')
}

/** Of a file's sets. */
const bitsCount = 64

/** What differs from `base`, which is said already. */
function groupsOf(all: readonly { readonly name: string; readonly flags: number }[], base: number): readonly string[] {
  return [7, 6, 5, 4, 3, 2, 1, 0].flatMap((flags) => {
    const members = flags === base ? [] : all.filter((one) => one.flags === flags)
    if (members.length === 0) return []
    const added = flags & ~base
    const taken = base & ~flags
    const signs = `${added === 0 ? '' : `+${lettersOf(added)}`}${taken === 0 ? '' : `-${lettersOf(taken)}`}`
    return [`${members.map(({ name }) => name).join(',')}${signs}`]
  })
}

/** Of those that are as frequent, the smallest. */
function commonest(flags: readonly number[]): number {
  const counts = Array.from({ length: 8 }, (_, value) => flags.filter((one) => one === value).length)
  return counts.indexOf(Math.max(...counts))
}

function lettersOf(flags: number): string {
  return `${(flags & 1) === 0 ? '' : 'e'}${(flags & 4) === 0 ? '' : 'i'}${(flags & 2) === 0 ? '' : 'p'}`
}

/** Each of them is enough to become root, or to read or write everything. */
export const rootLikeCapabilities: ReadonlySet<string> = new Set([
  'cap_chown',
  'cap_dac_override',
  'cap_dac_read_search',
  'cap_fowner',
  'cap_setgid',
  'cap_setuid',
  'cap_setfcap',
  'cap_setpcap',
  'cap_sys_admin',
  'cap_sys_chroot',
  'cap_sys_module',
  'cap_sys_ptrace',
  'cap_sys_rawio',
  'cap_mac_override',
  'cap_mac_admin',
  'cap_bpf',
])

function nameOf(bit: number): string {
  const name = names[bit]
  return name === undefined ? `${bit}` : `cap_${name}`
}

/** By number, as linux/capability.h has them. */
const names = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ')
