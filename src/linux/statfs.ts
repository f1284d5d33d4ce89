/** Which filesystem something lies on, and what that means for reading and watching it (statfs(2)). */

import { type ByteText, bind, byteText, checked, cString } from './libc.ts'

/**
 * - disk: bytes at rest; sizes are true, local changes give events.
 * - tmpfs: the same in memory.
 * - overlay: as disk, but a change in a lower layer gives no event.
 * - network, fuse: somebody else may change it without an event; calls may block.
 * - pseudo: made by the kernel when read; sizes say little, no events.
 */
export type FilesystemKind = 'disk' | 'pseudo' | 'network' | 'fuse' | 'overlay' | 'tmpfs'

export interface Filesystem {
  /** f_type as an unsigned 32-bit number. */
  readonly magic: number
  /** Usual name, `0x...` where unknown. */
  readonly name: string
  readonly kind: FilesystemKind
  /** What an unprivileged writer may still use. */
  readonly freeBytes: number
  /** Eight bytes that tell this filesystem from others; all zero where it has no such number. */
  readonly fsid: ByteText
}

/** Of a path; follows links. */
export function filesystemOfPath(path: Uint8Array): Filesystem {
  checked(statfs(cString(path), answer), 'statfs', path)
  return decode()
}

/** Of an open file or directory. */
export function filesystemOfFd(fd: number): Filesystem {
  checked(fstatfs(fd, answer), 'fstatfs', fd)
  return decode()
}

/** Types by number (linux/magic.h). An unknown type counts as disk: read as it is, watched, rescanned. */
const knownFilesystems = new Map<number, readonly [name: string, kind: FilesystemKind]>([
  [0xef53, ['ext4', 'disk']],
  [0x58465342, ['xfs', 'disk']],
  [0x9123683e, ['btrfs', 'disk']],
  [0x2fc12fc1, ['zfs', 'disk']],
  [0xf2f52010, ['f2fs', 'disk']],
  [0xca451a4e, ['bcachefs', 'disk']],
  [0x4d44, ['vfat', 'disk']],
  [0x2011bab0, ['exfat', 'disk']],
  [0x5346544e, ['ntfs', 'disk']],
  [0x7366746e, ['ntfs3', 'disk']],
  [0x9660, ['iso9660', 'disk']],
  [0x15013346, ['udf', 'disk']],
  [0x73717368, ['squashfs', 'disk']],
  [0xe0f5e1e2, ['erofs', 'disk']],
  [0x3153464a, ['jfs', 'disk']],
  [0x52654973, ['reiserfs', 'disk']],
  [0xf15f, ['ecryptfs', 'disk']],
  [0x01021994, ['tmpfs', 'tmpfs']],
  [0x858458f6, ['ramfs', 'tmpfs']],
  [0x958458f6, ['hugetlbfs', 'tmpfs']],
  [0x794c7630, ['overlay', 'overlay']],
  [0x61756673, ['aufs', 'overlay']],
  [0x65735546, ['fuse', 'fuse']],
  [0x6969, ['nfs', 'network']],
  [0x517b, ['smb', 'network']],
  [0xfe534d42, ['smb2', 'network']],
  [0xff534d42, ['cifs', 'network']],
  [0xc36400, ['ceph', 'network']],
  [0x01021997, ['9p', 'network']],
  [0x5346414f, ['afs', 'network']],
  [0x6b414653, ['kafs', 'network']],
  [0x73757245, ['coda', 'network']],
  [0x01161970, ['gfs2', 'network']],
  [0x7461636f, ['ocfs2', 'network']],
  [0x0bd00bd0, ['lustre', 'network']],
  [0x47504653, ['gpfs', 'network']],
  [0x19830326, ['beegfs', 'network']],
  [0x786f4256, ['vboxsf', 'network']],
  [0x0187, ['autofs', 'network']],
  [0x9fa0, ['proc', 'pseudo']],
  [0x62656572, ['sysfs', 'pseudo']],
  [0x27e0eb, ['cgroup', 'pseudo']],
  [0x63677270, ['cgroup2', 'pseudo']],
  [0x64626720, ['debugfs', 'pseudo']],
  [0x74726163, ['tracefs', 'pseudo']],
  [0x73636673, ['securityfs', 'pseudo']],
  [0xf97cff8c, ['selinuxfs', 'pseudo']],
  [0x43415d53, ['smackfs', 'pseudo']],
  [0xcafe4a11, ['bpf', 'pseudo']],
  [0x6165676c, ['pstore', 'pseudo']],
  [0xde5e81e4, ['efivarfs', 'pseudo']],
  [0x62656570, ['configfs', 'pseudo']],
  [0x1cd1, ['devpts', 'pseudo']],
  [0x19800202, ['mqueue', 'pseudo']],
  [0x42494e4d, ['binfmt_misc', 'pseudo']],
  [0x6e736673, ['nsfs', 'pseudo']],
  [0x50495045, ['pipefs', 'pseudo']],
  [0x534f434b, ['sockfs', 'pseudo']],
  [0x07655821, ['resctrl', 'pseudo']],
  [0x65735543, ['fusectl', 'pseudo']],
  [0x67596969, ['rpc_pipefs', 'pseudo']],
  [0x6e667364, ['nfsd', 'pseudo']],
  [0x9fa2, ['usbdevfs', 'pseudo']],
  [0xabba1974, ['xenfs', 'pseudo']],
])

/** struct statfs of 64-bit machines is 120 bytes: type, bsize, blocks, bfree, bavail, .. of 8 bytes each. */
const answer = new Uint8Array(256)
const fields = new DataView(answer.buffer)
const statfs = bind<(path: Uint8Array, answer: Uint8Array) => number>(
  'int statfs(const uint8_t *path, uint8_t *answer)',
)
const fstatfs = bind<(fd: number, answer: Uint8Array) => number>('int fstatfs(int fd, uint8_t *answer)')

function decode(): Filesystem {
  const magic = fields.getUint32(0, true)
  const [name, kind] = knownFilesystems.get(magic) ?? [`0x${magic.toString(16)}`, 'disk']
  const freeBytes = Number(fields.getBigUint64(32, true) * fields.getBigUint64(8, true))
  return { magic, name, kind, freeBytes, fsid: byteText(answer.subarray(56, 64)) }
}
