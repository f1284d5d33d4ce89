/** Indexes of made-up entries, for the tests of this folder. */
import { compareBytes } from '../../base/bytes.ts'
import type { EntryKind, Run } from '../../base/entry.ts'
import { type EntryRecord, keyOfPath } from '../../brick/entry-record.ts'
import { indexOfAll, type Steps } from '../index-build.ts'
import type { PathIndex } from '../path-index.ts'

export interface Sketch {
  readonly path: string
  readonly kind?: EntryKind
  readonly slot?: Run
  readonly linkTo?: string
}

function entryOf({ path, kind = 'file', slot, linkTo }: Sketch): EntryRecord {
  const zero = { seconds: 0, nanoseconds: 0 }
  return {
    path: Buffer.from(path, 'latin1'),
    kind,
    mode: 0o644,
    uid: 0,
    gid: 0,
    userName: '',
    groupName: '',
    size: slot?.length ?? 0,
    mtime: zero,
    ctime: zero,
    ino: 0n,
    dev: 0n,
    rdev: 0n,
    nlink: 1,
    xattrs: [],
    flags: { torn: false, racy: false, special: false },
    grown: 0,
    unknown: [],
    ...(slot && { slot }),
    ...(linkTo && { linkTo: Buffer.from(linkTo, 'latin1') }),
  }
}

export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** With every directory above the files. */
export function indexOf(sketches: readonly Sketch[]): PathIndex {
  const all = new Map<string, Sketch>([['', { path: '', kind: 'dir' }]])
  for (const sketch of sketches) {
    for (let cut = sketch.path.indexOf('/'); cut > 0; cut = sketch.path.indexOf('/', cut + 1)) {
      const path = sketch.path.slice(0, cut)
      all.set(path, { path, kind: 'dir' })
    }
  }
  for (const sketch of sketches) if (!all.has(sketch.path)) all.set(sketch.path, sketch)
  const entries = [...all.values()].map(entryOf)
  entries.sort((a, b) => compareBytes(keyOfPath(a.path), keyOfPath(b.path)))
  return finish(indexOfAll({ entries, count: entries.length }))
}

export const pathsOf = (index: PathIndex) =>
  Array.from({ length: index.columns.count }, (_, entry) => index.path(entry).toString('latin1'))
