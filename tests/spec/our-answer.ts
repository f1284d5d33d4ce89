/** What src/read says of a brick, in the words in which spec/reader.py says it. */
import { toHex, utf8Text } from '../../src/base/bytes.ts'
import type { Mapping, Run, Timestamp } from '../../src/base/entry.ts'
import { FoundryError } from '../../src/base/errors.ts'
import type { EntryRecord } from '../../src/brick/entry-record.ts'
import type { PlacedRegion } from '../../src/brick/region-scan.ts'
import { verify } from '../../src/read/verify.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { pastCommits } from '../../src/store/history.ts'

export interface OurAnswer {
  /** Can the commit be shown? */
  readonly opens: 'yes' | 'no'
  /** Rules, or the code of the error with which the brick is refused. */
  readonly problems: readonly string[]
}

export async function ourAnswer(path: string): Promise<OurAnswer> {
  const file = BrickFile.open(Buffer.from(path))
  try {
    const view = new BrickView(file, file.readHeadOnce())
    const signal = new AbortController().signal
    const { damaged } = await verify({ view, signal, pause: async () => {}, onProgress: () => {} })
    return { opens: 'yes', problems: damaged.map(({ rule }) => rule) }
  } catch (error) {
    if (error instanceof FoundryError) return { opens: 'no', problems: [error.code] }
    throw error
  } finally {
    file.close()
  }
}

/** The entries of the current commit, or of a retained one, as `reader.py ls` prints them. */
export function ourListing(path: string, generation?: number): readonly unknown[] {
  return withView(path, generation, (view) => [...view.entries()].map(listed))
}

/** The regions, as `reader.py regions` prints them. */
export function ourRegions(path: string, generation?: number): readonly unknown[] {
  return withView(path, generation, (view) => [...view.regions({ start: 0, end: view.record.length })].map(meaning))
}

function withView<T>(path: string, generation: number | undefined, use: (view: BrickView) => T): T {
  const file = BrickFile.open(Buffer.from(path))
  try {
    const current = new BrickView(file, file.readHeadOnce())
    const past = [...pastCommits(current)].find((commit) => commit.generation === generation)
    const view = past
      ? new BrickView(file, { record: file.commit(past.commit, current.record).record, commit: past.commit })
      : current
    return use(view)
  } finally {
    file.close()
  }
}

function listed(entry: EntryRecord): unknown {
  const {
    kind,
    size,
    contentId,
    target,
    linkTo,
    mode,
    uid,
    gid,
    userName,
    groupName,
    extents,
    xattrs,
    slot,
    grown,
    sha256,
  } = entry
  const { unreadable, unreadableRanges, nlink } = entry
  return {
    ...text('path', entry.path),
    kind: kind === 'dir' ? 'directory' : kind,
    ...(kind === 'file' && { size }),
    ...(contentId && { contentId: toHex(contentId) }),
    ...(target && text('target', target)),
    ...((kind === 'char' || kind === 'block') && { rdev: Number(entry.rdev) }),
    ...(linkTo && text('link', linkTo)),
    mode,
    uid,
    gid,
    ...(userName !== '' && { user: userName }),
    ...(groupName !== '' && { group: groupName }),
    mtime: time(entry.mtime),
    ...(extents && { extents: extents.map(run) }),
    ...(xattrs.length > 0 && {
      xattrs: xattrs.map(({ name, value }) => [Buffer.from(name).toString('latin1'), toHex(value)]),
    }),
    ...(entry.xattrsTruncated && { xattrsLeftOut: true }),
    ctime: time(entry.ctime),
    ino: Number(entry.ino),
    dev: Number(entry.dev),
    nlink,
    ...(slot && { slot: run(slot) }),
    ...flags(entry),
    ...(unreadable && { unreadable }),
    ...(unreadableRanges && { unreadableRanges: unreadableRanges.map(run) }),
    ...(sha256 && { sha256: toHex(sha256) }),
    ...(grown > 0 && { outgrown: grown }),
    ...(entry.mapping && { mapping: mapping(entry.mapping) }),
  }
}

/** Numbers of 64 bits come out of JSON rounded, here as there. */
function mapping({ address, lead, unread = 0, permissions, fileOffset, dev, ino, name }: Mapping): unknown {
  const numbers = { address: Number(address), lead, unread, permissions, fileOffset: Number(fileOffset) }
  return { ...numbers, dev: Number(dev), ino: Number(ino), ...text('name', name) }
}

function meaning({ finding, name, ...region }: PlacedRegion): unknown {
  if (finding === undefined) return { ...region, ...(name !== '' && { name }) }
  const { evidence, confidence, ...rest } = finding
  return {
    ...region,
    ...(name !== '' && { name }),
    ...rest,
    ...(evidence.length > 0 && { evidence }),
    confidence: Math.round(1_000 * confidence),
  }
}

/** Field 21: its bits 4 and 16 follow from other fields. */
function flags(entry: EntryRecord): { flags?: number } {
  const { unreadable, unreadableRanges, extents, unknownFlags = 0 } = entry
  const { torn, racy, special } = entry.flags
  const isUnreadable = unreadable !== undefined || unreadableRanges !== undefined
  const bits = [torn, racy, isUnreadable, special, extents !== undefined].reduce(
    (sum, is, bit) => sum + (is ? 2 ** bit : 0),
    unknownFlags,
  )
  return bits === 0 ? {} : { flags: bits }
}

function text(name: string, bytes: Uint8Array): Record<string, string> {
  const decoded = utf8Text(bytes)
  return decoded === undefined ? { [`${name}Hex`]: toHex(bytes) } : { [name]: decoded }
}

function time({ seconds, nanoseconds }: Timestamp): [number, number] {
  return [seconds, nanoseconds]
}

function run({ start, length }: Run): [number, number] {
  return [start, length]
}
