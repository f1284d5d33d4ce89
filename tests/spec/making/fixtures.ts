/** All fixtures: which there are, which of them are files in spec/fixtures, and what its index says. */
import { toHex, utf8 } from '../../../src/base/bytes.ts'
import { parseHead } from '../../../src/brick/slot.ts'
import { nodeTools } from '../../../src/store/node-tools.ts'
import type { DamagedBrick } from './damage.ts'
import { damagedDirectories } from './damaged-directory.ts'
import { damagedEntries } from './damaged-entries.ts'
import { damagedFrames } from './damaged-frames.ts'
import { damagedHeads } from './damaged-head.ts'
import { damagedMaps } from './damaged-maps.ts'
import { damagedMeanings } from './damaged-meanings.ts'
import { goodBricks, makeGood } from './good-bricks.ts'

export const damagedBricks: readonly DamagedBrick[] = [
  ...damagedHeads,
  ...damagedFrames,
  ...damagedDirectories,
  ...damagedMaps,
  ...damagedEntries,
  ...damagedMeanings,
]

/** The most instructive damaged ones; the others are made by the tests when they need them. */
export const damagedFiles: ReadonlySet<string> = new Set([
  ...['slot-both-bad', 'slot-a-bad', 'newer-slot-refused', 'truncated', 'truncated-to-parent', 'record-commit-id'],
  ...[
    'magic-foreign-png',
    'magic-foreign-brck',
    'magic-foreign-nothing',
    'version-newer',
    'incompat-bit',
    'geometry-other',
  ],
  ...['frame-crc', 'frame-other-epoch', 'frame-too-long', 'frame-type', 'zstd-two-frames', 'zstd-trailing-byte'],
  ...[
    'zstd-no-content-size',
    'deflate-too-much',
    'node-wrong-height',
    'node-varint-not-minimal',
    'node-absent-inside-n',
  ],
  ...['tile-hash', 'content-root', 'content-id', 'fill-not-owned', 'free-bytes-not-zero', 'overview-top-wrong'],
  ...[
    'overview-level-2-missing',
    'page-keys-descending',
    'page-prefix-short',
    'page-shape-wrong',
    'page-hash',
    'tree-hash',
  ],
  ...[
    'entry-path-dotdot',
    'entry-parent-is-link',
    'entry-field-missing',
    'hard-link-to-link',
    'slots-overlap',
    'slot-beyond-n',
  ],
  ...['slot-of-nobody', 'meta-proto', 'extras-duplicate-key', 'extras-changed', 'history-wrong'],
  ...['region-outside', 'region-size-class', 'mapping-letters'],
])

/** Name -> bytes of every file that spec/fixtures holds. */
export function fixtureFiles(): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (const good of goodBricks) files.set(`${good.plan.name}.brick`, makeGood(good))
  for (const damaged of damagedBricks) {
    if (damagedFiles.has(damaged.name)) files.set(`${damaged.name}.brick`, damaged.bytes())
  }
  files.set('index.json', utf8(`${JSON.stringify(indexOf(files), null, 2)}\n`))
  return files
}

/** What a commit says of itself, as `reader.py show` prints it. */
export function shownCommit(head: Uint8Array, fileSize: number) {
  const { record } = parseHead(head, { fileSize, tools: nodeTools }).current
  return {
    uuid: toHex(record.uuid).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    generation: record.generation,
    time: [record.time.seconds, record.time.nanoseconds],
    N: record.length,
    height: record.height,
    fileEnd: record.fileEnd,
    liveBytes: record.liveBytes,
    contentRoot: toHex(record.contentRoot),
    treeHash: toHex(record.treeHash),
    metaHash: toHex(record.metaHash),
    commitId: toHex(record.id),
    parentId: toHex(record.parentId),
    entries: record.entries.count,
    epoch: toHex(record.epoch),
  }
}

function indexOf(files: ReadonlyMap<string, Uint8Array>) {
  const good = goodBricks.map(({ plan, shows }) => {
    const file = `${plan.name}.brick`
    const bytes = files.get(file) as Uint8Array
    return { file, shows, commit: shownCommit(bytes.subarray(0, 16_384), bytes.length) }
  })
  const damaged = damagedBricks
    .filter(({ name }) => damagedFiles.has(name))
    .map(({ name, base, breaks, opens }) => ({
      file: `${name}.brick`,
      ...(base !== '' && { from: `${base}.brick` }),
      breaks,
      mayBeOpened: opens === 'yes',
    }))
  return { good, damaged }
}
