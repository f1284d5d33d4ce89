/** Names for commits: a name makes a commit with the same content, whose history says it, and keeps what it names. */

import { must } from '../base/assert.ts'
import { displayPath, utf8 } from '../base/bytes.ts'
import type { Timestamp } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import type { Head } from './brick-file.ts'
import type { BrickWriter } from './brick-writer.ts'
import { type HistoryItem, historyItems } from './history.ts'

export const tagCharactersMax = 100

export interface TagRequest {
  /** Of the newest commit or a retained one. */
  readonly generation: number
  /** null takes the name away. */
  readonly tag: string | null
  readonly time: Timestamp
}

/** The new head; the head as it is where the commit is called so already. Errors: USAGE, COMMIT_MISSING, DISK_*. */
export function tagCommit(writer: BrickWriter, { generation, tag, time }: TagRequest): Head {
  const { head, meta } = writer
  if (head === undefined || meta === undefined) throw new FoundryError('COMMIT_MISSING', 'The brick has no commit yet.')
  const past = historyItems(writer.pages, head.record.history)
  const now = past.find((item) => item.generation === generation)
  if (now === undefined && generation !== head.record.generation) throw missing(generation, past, head)
  if ((now?.tag ?? null) === tag) return head
  if (tag !== null) refuse(tag, { generation, now, past })
  const { record } = head
  const { extras } = writer.file.commit(head.commit, record)
  const { length, height, root, topOverview, entries, slots, contentRoot, treeHash, metaHash } = record
  return writer.commit({
    time,
    ...{ length, height, root, topOverview, entries, slots, contentRoot, treeHash, metaHash },
    meta,
    replacedBytes: 0,
    tag: { generation, name: tag },
    extras: { reason: reasonOf(tag, now), dirty: [], dirtyTiles: 0, counts: extras.counts },
  })
}

/** Tagged commits, oldest first. */
export function tagsOf(writer: BrickWriter): readonly { readonly generation: number; readonly tag: string }[] {
  if (writer.head === undefined) return []
  return historyItems(writer.pages, writer.head.record.history).flatMap(({ generation, tag = '' }) =>
    tag === '' ? [] : [{ generation, tag }],
  )
}

/** Why a text cannot be a tag; undefined where it can. What `--at` reads as a number, a time or a word is none. */
export function tagProblem(tag: string): string | undefined {
  const length = [...tag].length
  if (length === 0 || length > tagCharactersMax) return `a tag has 1 to ${tagCharactersMax} characters`
  if (!tag.isWellFormed() || /\p{Cc}/u.test(tag)) return 'a tag is text without control characters'
  if (tag.trim() !== tag) return 'a tag neither begins nor ends with a space'
  if (/^[\d@+-]/.test(tag)) return 'a tag begins with none of 0-9 @ + -'
  return words.has(tag.toLowerCase()) || tag.startsWith('tag:') ? 'the word means something else to --at' : undefined
}

const words = new Set(['now', 'newest', 'oldest', 'today', 'yesterday'])

function reasonOf(tag: string | null, now: HistoryItem | undefined): string {
  return tag === null ? `untag ${must(now?.tag, 'the tag that goes')}` : `tag ${tag}`
}

function refuse(
  tag: string,
  { generation, now, past }: { generation: number; now: HistoryItem | undefined; past: readonly HistoryItem[] },
): void {
  const shown = displayPath(utf8(tag))
  const problem = tagProblem(tag)
  if (problem !== undefined) throw new FoundryError('USAGE', `${shown} is no tag: ${problem}.`)
  const other = past.find((item) => item.tag === tag)
  if (other !== undefined) {
    throw new FoundryError('USAGE', `Generation ${other.generation} is called ${shown} already; remove that tag first.`)
  }
  if (now?.tag === undefined) return
  const name = displayPath(utf8(now.tag))
  throw new FoundryError('USAGE', `Generation ${generation} is called ${name} already; remove that tag first.`)
}

function missing(generation: number, past: readonly HistoryItem[], { record }: Head): FoundryError {
  const oldest = past[0]?.generation ?? record.generation
  const range = `the retained ones are ${oldest} to ${record.generation}, not all of them`
  return new FoundryError(
    'COMMIT_MISSING',
    `There is no commit of generation ${generation}: ${range}. See \`sfd log\`.`,
  )
}
