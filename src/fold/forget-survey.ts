/**
 * Where the bytes of a path are in the retained commits of a brick: under its own name, beneath it, under the other names of
 * its inodes, and under names that the same content of the same inode had before or has now.
 *
 * Reads records, never contents. The same content of another inode is a copy: it is told, not taken.
 */
import { bytesKey, compareBytes, displayPath, toHex } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import { decodeEntry, type EntryRecord, pathOfKey } from '../brick/entry-record.ts'
import { diffMaps, scan } from '../brick/page-map.ts'
import { TileKind } from '../brick/tile-kind.ts'
import { BrickView } from '../store/brick-view.ts'
import { pastCommits } from '../store/history.ts'
import { tilesOf } from '../store/pruned.ts'
import { inodeKey, type PathKey } from './model.ts'

export interface ForgetSurvey {
  /** Names to be forgotten: the path, and other names that its content has in the newest commit. Ascending. */
  readonly names: readonly Uint8Array[]
  /** Every name that its content has or had, in any retained commit; of what lies beneath the path the path. Ascending. */
  readonly everNamed: readonly Uint8Array[]
  /** Of all that has to go, hex. */
  readonly contentIds: readonly string[]
  /** DATA frames that hold bytes of it, by offset. */
  readonly frames: ReadonlySet<number>
  /** FILL tiles that stand for bytes of it, by generation. */
  readonly fills: ReadonlyMap<number, ReadonlySet<number>>
  /** Slots in which its content lies, by generation: what regions in them say is part of it. */
  readonly slots: ReadonlyMap<number, readonly Run[]>
  /** Retained commits that hold bytes of it. */
  readonly commits: number
  /** Other contents that lie in the same tiles of those commits, and lose those old bytes. Ascending. */
  readonly alsoLost: readonly Uint8Array[]
  /** Other paths, in any retained commit, that have the same content and keep it. Ascending. */
  readonly copies: readonly Uint8Array[]
}

/** Errors: ENTRY_MISSING where no retained commit has the path; BrickDamage. */
export async function surveyForget(
  newest: BrickView,
  path: Uint8Array,
  pause: () => Promise<void>,
): Promise<ForgetSurvey> {
  const past = [...pastCommits(newest)].map(({ commit }) => {
    const { record } = newest.file.commit(commit, newest.record)
    return new BrickView(newest.file, { record, commit })
  })
  const views = [...past, newest]
  const content = new Content(path)
  for (const view of views) {
    await pause()
    for (const entry of at(view, path)) content.take(view, entry)
  }
  if (content.paths.size === 0) {
    const shown = displayPath(path)
    throw new FoundryError('ENTRY_MISSING', `No retained commit has ${shown}: there is nothing to forget.`)
  }
  for await (const entry of versions(views, pause)) content.compare(entry)
  const tally = new Tally(content)
  for (const view of views) {
    await pause()
    tally.count(view)
  }
  return tally.finish(newest)
}

/** The entry and everything beneath it. */
function* at(view: BrickView, path: Uint8Array): Generator<EntryRecord> {
  const own = view.entry(path)
  if (own !== undefined) yield own
  const beneath = `${bytesKey(path)}/`
  const range = { from: keyOfDirectory(path, 0), to: keyOfDirectory(path, slash + 1) }
  for (const { key, value } of scan(view.pages, 'entries', view.record.entries, range)) {
    const each = pathOfKey(key)
    if (bytesKey(each).startsWith(beneath)) yield decodeEntry(each, value)
  }
}

const slash = 0x2f

function keyOfDirectory(path: Uint8Array, end: number): Uint8Array {
  return Uint8Array.from([...path, end])
}

/** Every entry of every commit, those that two neighbours share once. */
async function* versions(views: readonly BrickView[], pause: () => Promise<void>): AsyncGenerator<EntryRecord> {
  const [oldest] = views
  if (oldest === undefined) return
  let count = 0
  for (const entry of oldest.entries()) {
    if (++count % entriesBetweenPauses === 0) await pause()
    yield entry
  }
  for (const [index, view] of views.entries()) {
    const before = views[index - 1]
    if (before === undefined) continue
    await pause()
    for (const { key, after } of diffMaps(view.pages, 'entries', before.record.entries, view.record.entries)) {
      if (after !== undefined) yield decodeEntry(pathOfKey(key), after)
    }
  }
}

const entriesBetweenPauses = 5_000

/** What has to go: by path, and by inode together with content. */
class Content {
  readonly root: PathKey
  /** All paths under which it is or was. */
  readonly paths = new Map<PathKey, Uint8Array>()
  readonly copies = new Map<PathKey, Uint8Array>()
  readonly #inodes = new Set<string>()
  readonly #ids = new Set<string>()

  get contentIds(): readonly string[] {
    return [...this.#ids]
  }

  constructor(path: Uint8Array) {
    this.root = bytesKey(path)
  }

  /** An entry at the path or beneath it. */
  take(view: BrickView, entry: EntryRecord): void {
    this.paths.set(bytesKey(entry.path), entry.path)
    if (entry.kind !== 'file' || entry.size === 0) return
    this.#inodes.add(inodeKey(entry))
    if (entry.contentId !== undefined) this.#ids.add(toHex(entry.contentId))
    const holder = entry.linkTo === undefined ? undefined : view.entry(entry.linkTo)
    if (holder !== undefined) this.paths.set(bytesKey(holder.path), holder.path)
  }

  /** Any entry of any commit. */
  compare(entry: EntryRecord): void {
    if (this.isBeneath(entry) || !this.#hasContent(entry)) return
    const list = this.#inodes.has(inodeKey(entry)) ? this.paths : this.copies
    list.set(bytesKey(entry.path), entry.path)
  }

  /** Whether this version of an entry holds what has to go. */
  holds(entry: EntryRecord): boolean {
    if (this.isBeneath(entry)) return true
    return this.#inodes.has(inodeKey(entry)) && this.#hasContent(entry)
  }

  isBeneath({ path }: EntryRecord): boolean {
    const key = bytesKey(path)
    return key === this.root || key.startsWith(`${this.root}/`)
  }

  #hasContent({ kind, size, contentId }: EntryRecord): boolean {
    return kind === 'file' && size > 0 && contentId !== undefined && this.#ids.has(toHex(contentId))
  }
}

/** The tiles, commit by commit. */
class Tally {
  readonly #content: Content
  readonly #frames = new Set<number>()
  readonly #fills = new Map<number, Set<number>>()
  readonly #slots = new Map<number, Run[]>()
  readonly #alsoLost = new Map<PathKey, Uint8Array>()
  #commits = 0

  constructor(content: Content) {
    this.#content = content
  }

  count(view: BrickView): void {
    const tiles = new Set<number>()
    const slots: Run[] = []
    for (const entry of this.#holders(view)) {
      for (const tile of tilesOf(entry)) tiles.add(tile)
      if (entry.slot !== undefined) slots.push(entry.slot)
    }
    this.#slots.set(view.record.generation, slots)
    let held = false
    for (const tile of tiles) if (this.#take(view, tile)) held = true
    if (held) this.#commits++
  }

  finish(newest: BrickView): ForgetSurvey {
    const { root, paths, copies } = this.#content
    const former = [...paths].filter(([key]) => !isAtOrBeneath(key, root))
    const others = former.filter(([, path]) => this.#isHeld(newest, path))
    const copied = [...copies].filter(([key]) => !paths.has(key))
    return {
      names: ascending([[root, fromKey(root)], ...others]),
      everNamed: ascending([[root, fromKey(root)], ...former]),
      contentIds: this.#content.contentIds,
      frames: this.#frames,
      fills: this.#fills,
      slots: this.#slots,
      commits: this.#commits,
      alsoLost: ascending(this.#alsoLost),
      copies: ascending(copied),
    }
  }

  /** Entries with slots that hold it in this commit. */
  *#holders(view: BrickView): Generator<EntryRecord> {
    for (const path of this.#content.paths.values()) {
      const entry = view.entry(path)
      if (entry === undefined || !this.#content.holds(entry)) continue
      const holder = entry.linkTo === undefined ? entry : view.entry(entry.linkTo)
      if (holder !== undefined) yield holder
    }
  }

  #isHeld(view: BrickView, path: Uint8Array): boolean {
    const entry = view.entry(path)
    return entry !== undefined && this.#content.holds(entry)
  }

  #take(view: BrickView, tile: number): boolean {
    const { kind, pointer } = view.locateTile(tile)
    const { generation } = view.record
    if (pointer.offset > 0) this.#frames.add(pointer.offset)
    else if (kind === TileKind.fill) this.#fills.set(generation, (this.#fills.get(generation) ?? new Set()).add(tile))
    else return false
    for (const { path } of view.slots({ start: tile * tileSizeBytes, length: tileSizeBytes })) {
      const neighbour = view.entry(path)
      if (neighbour === undefined || this.#content.holds(neighbour)) continue
      const isHere = [...tilesOf(neighbour)].includes(tile)
      if (isHere) this.#alsoLost.set(bytesKey(path), path)
    }
    return true
  }
}

const tileSizeBytes = 65_536

function isAtOrBeneath(key: PathKey, root: PathKey): boolean {
  return key === root || key.startsWith(`${root}/`)
}

function fromKey(key: PathKey): Uint8Array {
  return new Uint8Array(Buffer.from(key, 'latin1'))
}

function ascending(paths: Iterable<readonly [PathKey, Uint8Array]>): Uint8Array[] {
  return [...paths].map(([, path]) => path).sort(compareBytes)
}
