/** The metadata of an ordinary file, for tests. */
import { utf8 } from '../../base/bytes.ts'
import type { EntryMeta } from '../../base/entry.ts'

export function plainMeta(path: string, more: Partial<EntryMeta> = {}): EntryMeta {
  const time = { seconds: 1_000_000_000, nanoseconds: 0 }
  return {
    ...{ path: utf8(path), kind: 'file', mode: 0o644, uid: 0, gid: 0, userName: 'root', groupName: 'root', size: 0 },
    ...{ mtime: time, ctime: time, ino: 1n, dev: 1n, rdev: 0n, nlink: 1, xattrs: [], ...more },
  }
}
