/**
 * What a brick holds, entry by entry, in the words of `sfd ls --json`. Read here and not by a process of its own: most
 * of a scenario's time would be starting it. That `sfd ls` says the same is the business of scenarios that run it.
 */
import { utf8 } from '../../src/base/bytes.ts'
import { entryJson } from '../../src/cli/ls.ts'
import { rangeBytes, rangeTarget } from '../../src/read/range.ts'
import { entriesUnder } from '../../src/read/select.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'

export interface ListedEntry {
  readonly path: string | null
  readonly kind: string
  readonly size: number
  readonly mode: number
  readonly slot: { readonly start: number; readonly length: number } | null
}

/** By path; of the newest commit. */
export function listedEntries(brick: string): Promise<Map<string, ListedEntry>> {
  return withView(brick, (view) => {
    const listed = [...entriesUnder(view, new Uint8Array(0))].map((entry) => entryJson(entry) as unknown as ListedEntry)
    return new Map(listed.map((entry) => [entry.path ?? '', entry]))
  })
}

/** Of a file; what cannot be read is said in words. */
export function contentOf(brick: string, path: string): Promise<string> {
  return withView(brick, (view) => {
    try {
      const target = rangeTarget(view, utf8(path))
      return Buffer.concat([...rangeBytes(view, target, { from: 0, to: target.length })]).toString()
    } catch (error) {
      return `nothing: ${error instanceof Error ? error.message : error}`
    }
  })
}

async function withView<T>(brick: string, use: (view: BrickView) => T): Promise<T> {
  const file = BrickFile.open(utf8(brick))
  try {
    return use(new BrickView(file, await file.readHead()))
  } finally {
    file.close()
  }
}
