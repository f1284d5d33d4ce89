/** Subjects and reports for tests, made of bytes as the engine makes them. */
import { utf8 } from '../../../base/bytes.ts'
import type { EntryMeta } from '../../../base/entry.ts'
import type { ContentAnalyzer } from '../../analyzer.ts'
import { type Collector, collect } from '../../collector.ts'
import type { FileType } from '../../file-type.ts'
import { openBytes } from '../../live-content.ts'
import { HeldContent, makeSubject } from '../../make-subject.ts'
import type { Subject } from '../../subject.ts'

export function subjectOf(bytes: Uint8Array, path = '/usr/bin/example'): Subject {
  const content = new HeldContent(openBytes(bytes))
  return makeSubject({ path: utf8(path), meta: metaOf(path, bytes.length), content, type: typeOf(bytes) })
}

/** What an analyzer says of some bytes, as the engine keeps it. */
export async function reportOf(analyzer: ContentAnalyzer, subject: Subject): Promise<Collector> {
  const collector = collect(`${analyzer.name}/${analyzer.version}`, subject.content.size)
  await analyzer.prepare?.()
  if (analyzer.takes(subject)) analyzer.analyze(subject, collector.report)
  collector.close()
  return collector
}

function typeOf(bytes: Uint8Array): FileType {
  const isElf = [0x7f, 0x45, 0x4c, 0x46].every((byte, at) => bytes[at] === byte)
  return { kind: isElf ? 'elf' : 'data', description: isElf ? 'ELF' : 'data', mimeType: 'application/octet-stream' }
}

function metaOf(path: string, size: number): EntryMeta {
  const never = { seconds: 0, nanoseconds: 0 }
  return {
    path: utf8(path.slice(1)),
    kind: 'file',
    mode: 0o755,
    uid: 0,
    gid: 0,
    userName: 'root',
    groupName: 'root',
    size,
    mtime: never,
    ctime: never,
    ino: 1n,
    dev: 1n,
    rdev: 0n,
    nlink: 1,
    xattrs: [],
  }
}
