/** The kept feed of a state folder that no daemon keeps: read, never written. */
import { lstatSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { FoundryError } from '../base/errors.ts'
import { type FeedLimit, type FeedPart, feedEdges, feedRows } from './feed-rows.ts'
import { inspectFile, refuseNewer } from './state-file.ts'
import { userVersion } from './state-schema.ts'
import { getRecord } from './state-table.ts'

export interface FeedReader {
  readonly epoch: string
  readonly sequence: number
  readonly oldest: number
  since(asked: { readonly after: number; readonly limit: FeedLimit }): readonly FeedPart[]
  close(): void
}

/** Undefined where there is none yet. Errors: STATE_NEWER, STATE_DAMAGED. */
export function openFeedReader(path: string): FeedReader | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  const found = inspectFile(path)
  if (found.kind === 'foreign') throw damaged(path, found.why)
  let sql: DatabaseSync | undefined
  try {
    sql = new DatabaseSync(path, { readOnly: true, timeout: 2_000 })
    const version = userVersion(sql)
    refuseNewer(path, version)
    if (version === 0) return close(sql)
    return readerOf(sql, path)
  } catch (error) {
    close(sql)
    throw error instanceof FoundryError ? error : damaged(path, (error as Error).message, error)
  }
}

function readerOf(sql: DatabaseSync, path: string): FeedReader | undefined {
  const state = getRecord(sql, { kind: 'state', key: 'state' })
  if (state === undefined) return close(sql)
  const { newest, oldest } = feedEdges(sql)
  return {
    epoch: (JSON.parse(state) as { epoch: string }).epoch,
    sequence: newest,
    oldest,
    since(asked) {
      try {
        return feedRows(sql, asked)
      } catch (error) {
        throw damaged(path, (error as Error).message, error)
      }
    },
    close: () => sql.close(),
  }
}

function close(sql: DatabaseSync | undefined): undefined {
  sql?.close()
  return undefined
}

function damaged(path: string, why: string, cause?: unknown): FoundryError {
  return new FoundryError(
    'STATE_DAMAGED',
    `${path} cannot be read: ${why}. Start the daemon with \`sfd up\`: it moves the file aside and makes a new one.`,
    cause,
  )
}
