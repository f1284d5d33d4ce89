/**
 * The index of names: paths of entries, symbols, names of all other regions, of the newest commit of every brick, so that a
 * part of a name is found over all of them at once.
 *
 * It lies in the catalog: lost at any time, made anew from bricks. From one commit to a later one it costs what differs
 * between the two. A text is kept once, however many places have it. Work is done in slices, each a transaction; while it is
 * under way some names are of the older commit.
 */
import { bytesKey, toHex } from '../base/bytes.ts'
import { BrickDamage } from '../brick/damage.ts'
import { pathOfKey } from '../brick/entry-record.ts'
import { diffMaps } from '../brick/page-map.ts'
import { placeOfRegionKey } from '../brick/region-key.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { Catalog } from './catalog-db.ts'
import { type NameOf, namesOfEntry, namesOfRegions, pathName } from './search-names.ts'
import { type IndexState, readIndexState, stateOf } from './search-state.ts'
import { deleteBrickNames, deleteEntryNames, dropNames, IndexWriter, unusedNames } from './search-writer.ts'

export interface IndexReport {
  /** `refused`: the disk would not, or the catalog was made anew meanwhile; the next time it goes on. */
  readonly how: 'current' | 'changes' | 'all' | 'refused'
  /** Entries whose names were written. */
  readonly entries: number
}

export interface IndexPorts {
  /** Lets other work of the event loop run. */
  pause(): Promise<void>
}

/** Brings the names of a brick up to that commit. Errors: BrickDamage, the signal's reason. */
export async function indexBrick(
  view: BrickView,
  catalog: Catalog,
  { signal, pause }: IndexPorts & { readonly signal: AbortSignal },
): Promise<IndexReport> {
  const work = indexing(view, catalog)
  for (let step = work.next(); ; step = work.next()) {
    if (step.done === true) return step.value
    await pause()
    signal.throwIfAborted()
  }
}

/** The same in slices of some milliseconds. Errors: BrickDamage. */
export function* indexing(view: BrickView, catalog: Catalog): Generator<void, IndexReport> {
  const known = readIndexState(catalog, toHex(view.record.uuid))
  const next = stateOf(view)
  if (known?.commit === next.commit) return { how: 'current', entries: 0 }
  const writer = new IndexWriter(catalog, view)
  const changed = known === undefined ? undefined : changedPaths(view, known)
  const entries = changed === undefined ? yield* writeAll(view, writer) : yield* writeChanged(view, { writer, changed })
  if (entries === undefined || !writer.finish(next)) return { how: 'refused', entries: 0 }
  return { how: changed === undefined ? 'all' : 'changes', entries }
}

/** Takes out bricks that are not in the list. */
export function forgetOtherBricks(catalog: Catalog, uuids: readonly string[]): void {
  const kept = new Set(uuids)
  catalog.transaction((sql) => {
    let isChanged = false
    for (const { id, uuid } of sql.prepare('select id, uuid from search_brick').all()) {
      if (kept.has(String(uuid))) continue
      deleteBrickNames(sql, Number(id))
      sql.prepare('delete from search_brick where id = ?').run(Number(id))
      isChanged = true
    }
    if (isChanged) dropNames(sql, unusedNames(sql))
  })
}

/**
 * Takes out what is known of entries of a brick, and of all beneath them; whoever is writing the brick's names now is refused.
 * `pause` is between slices of some milliseconds.
 */
export async function forgetEntries(
  catalog: Catalog,
  { uuid, paths }: { readonly uuid: string; readonly paths: readonly Uint8Array[] },
  { pause }: IndexPorts,
): Promise<void> {
  catalog.transaction((sql) => {
    const brick = sql.prepare('update search_brick set turn = turn + 1 where uuid = ? returning id').get(uuid)?.['id']
    if (brick !== undefined) deleteEntryNames(sql, Number(brick), paths)
  })
  // What was deleted stays in the parts of the full text index until they are written anew.
  for (let pages = -mergedPages; ; pages = mergedPages) {
    const changes = catalog.run((sql) => {
      const total = sql.prepare('select total_changes() as count')
      const before = Number(total.get()?.['count'])
      sql.prepare("insert into search_text(search_text, rank) values('merge', ?)").run(pages)
      return Number(total.get()?.['count']) - before
    })
    if (changes === undefined || changes < 2) break
    await pause()
  }
  catalog.run((sql) => sql.exec("insert into search_text(search_text) values('optimize')"))
}

const mergedPages = 256

/** More than that is not worth looking at one by one. */
const changedMax = 20_000
const entriesASlice = 200
const namesASlice = 500

/** Paths of entries that differ in their record or their regions; undefined where all of the brick is to be written. */
function changedPaths(view: BrickView, known: IndexState): ReadonlyMap<string, Uint8Array> | undefined {
  const { record, pages } = view
  // A compaction makes another file, in which the older pages are not.
  if (known.epoch !== toHex(record.epoch) || known.fileEnd > record.fileEnd) return undefined
  const paths = new Map<string, Uint8Array>()
  try {
    for (const { key } of diffMaps(pages, 'entries', known.entries, record.entries)) {
      const path = pathOfKey(key).slice()
      paths.set(bytesKey(path), path)
      if (paths.size > changedMax) return undefined
    }
    let slot: { readonly start: number; readonly end: number } | undefined
    for (const { key } of diffMaps(pages, 'regions', known.regions, record.regions)) {
      const { start } = placeOfRegionKey(key)
      if (slot !== undefined && start >= slot.start && start < slot.end) continue
      const owner = view.slotAt(start)
      if (owner === undefined) continue
      slot = { start: owner.slot.start, end: owner.slot.start + owner.slot.length }
      paths.set(bytesKey(owner.path), owner.path.slice())
      if (paths.size > changedMax) return undefined
    }
  } catch (error) {
    if (error instanceof BrickDamage) return undefined
    throw error
  }
  return paths
}

interface Changes {
  readonly writer: IndexWriter
  readonly changed: ReadonlyMap<string, Uint8Array>
}

function* writeChanged(view: BrickView, { writer, changed }: Changes): Generator<void, number | undefined> {
  let batch: NameOf[] = []
  let paths: Uint8Array[] = []
  for (const path of changed.values()) {
    const entry = view.entry(path)
    paths.push(path)
    if (entry !== undefined) for (const name of namesOfEntry(view, entry)) batch.push(name)
    if (paths.length < entriesASlice && batch.length < namesASlice) continue
    if (!writer.replace(paths, batch)) return undefined
    yield
    batch = []
    paths = []
  }
  return writer.replace(paths, batch) ? changed.size : undefined
}

function* writeAll(view: BrickView, writer: IndexWriter): Generator<void, number | undefined> {
  if (!writer.clear()) return undefined
  let entries = 0
  const named = function* (): Generator<NameOf> {
    for (const entry of view.entries()) {
      entries++
      yield pathName(entry)
    }
    yield* namesOfRegions(view)
  }
  let batch: NameOf[] = []
  for (const name of named()) {
    batch.push(name)
    if (batch.length < namesASlice) continue
    if (!writer.add(batch)) return undefined
    yield
    batch = []
  }
  return writer.add(batch) ? entries : undefined
}
