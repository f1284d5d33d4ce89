/** What a mapping is, in one word, and whether its bytes are read. */
import type { LookedMapping, MemoryRules } from './look-protocol.ts'
import type { MapsEntry, MapsLine } from './maps.ts'

export type MappingKind = 'heap' | 'stack' | 'kernel' | 'anonymous' | 'shared' | 'memfd' | 'file' | 'device'

export function kindOf({
  name,
  ino,
  permissions,
  flags,
}: Pick<MapsLine, 'name' | 'ino' | 'permissions'> & { readonly flags: readonly string[] }): MappingKind {
  if (name === '[heap]') return 'heap'
  if (name === '[stack]') return 'stack'
  if (/^\[(vdso|vvar|vvar_vclock|vsyscall|uprobes|vectors|sigpage)\]$/.test(name)) return 'kernel'
  if (isDevice(flags)) return 'device'
  if (name.startsWith('/memfd:')) return 'memfd'
  if (
    permissions.endsWith('s') &&
    (name.startsWith('/dev/zero') || name.startsWith('/SYSV') || name.startsWith('[anon_shmem'))
  )
    return 'shared'
  return ino === 0n && !name.startsWith('/') ? 'anonymous' : 'file'
}

/** The word for why it is listed and not read; undefined where it is read. */
export function reasonNotToRead(entry: MapsEntry, rules: MemoryRules): LookedMapping['unreadable'] {
  const { name, permissions, start, numbers } = entry
  if (name === '[vsyscall]' || start >= Number.MAX_SAFE_INTEGER) return 'VSYSCALL'
  if (name.startsWith('[vvar')) return 'VVAR'
  if (isDevice(numbers.flags)) return 'DEVICE'
  if (listedBytes(entry) < entry.end - start) return 'EFBIG'
  if (permissions.startsWith('---') && !rules.readProtected) return 'PROT_NONE'
  if (numbers.flags.includes('dd') && !rules.readDontDump) return 'DONTDUMP'
  return undefined
}

/** Bytes of it that have a place in a brick: of one that is too large for any (some tools reserve half of all addresses) a page. */
export function listedBytes({ start, end }: Pick<MapsLine, 'start' | 'end'>): number {
  return end - start <= mappingBytesMax ? end - start : pageBytes
}

/** Left alone because of what it is or because its owner wants it so, not because somebody may not read it. */
export function isNeverRead(unreadable: string): boolean {
  return neverRead.has(unreadable)
}

const neverRead: ReadonlySet<string> = new Set(['VVAR', 'VSYSCALL', 'PROT_NONE', 'DEVICE', 'DONTDUMP'])

/** Addresses set aside rather than memory: often gigabytes, which would take the place of what is there. */
export function isReservation(unreadable: string | undefined): boolean {
  return unreadable === 'PROT_NONE' || unreadable === 'DEVICE'
}

const mappingBytesMax = 2 ** 45
const pageBytes = 4_096

/** Memory of a device (VM_IO, VM_PFNMAP): to read it may make the device do something. */
function isDevice(flags: readonly string[]): boolean {
  return flags.includes('io') || flags.includes('pf')
}
