/**
 * Writes names of one brick into the index; each call is one transaction, and says false where the catalog would not take it,
 * or somebody else has begun to write the same brick: who began last goes on.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { bytesKey, toHex } from '../base/bytes.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { Catalog } from './catalog-db.ts'
import { type NameOf, nameKinds } from './search-names.ts'
import { type IndexState, stateText } from './search-state.ts'

/** Numbers at hand: names repeat (`main`, `_init`), and entries come one name after another. */
const knownMax = 100_000
/** Names that may be without a place; more of them stay until the brick is written anew. */
const looseMax = 500_000

export class IndexWriter {
  readonly #catalog: Catalog
  readonly #generation: number
  readonly #uuid: string
  readonly #source: Uint8Array
  readonly #names = new Map<string, number>()
  readonly #entries = new Map<string, number>()
  /** Names of which a place was taken away. */
  readonly #loose = new Set<number>()
  #brick: { readonly id: number; readonly turn: number } | undefined
  #isCleared = false

  constructor(catalog: Catalog, view: BrickView) {
    this.#catalog = catalog
    this.#generation = catalog.generation
    this.#uuid = toHex(view.record.uuid)
    this.#source = view.meta.source
  }

  /** Nothing of the brick is known any more. */
  clear(): boolean {
    return this.#write((sql, brick) => {
      sql.prepare('update search_brick set state = ? where id = ?').run(stateText(undefined), brick)
      this.#isCleared = deleteBrickNames(sql, brick)
    })
  }

  add(names: readonly NameOf[]): boolean {
    return this.#write((sql, brick) => this.#insert(sql, { brick, names }))
  }

  /** What was known of these entries goes; `names` are all of those that are still there. */
  replace(paths: readonly Uint8Array[], names: readonly NameOf[]): boolean {
    return this.#write((sql, brick) => {
      const entryAt = sql.prepare('select id from search_entry where brick = ? and path = ?')
      const placesOf = sql.prepare('delete from search_place where entry = ? returning name')
      const drop = sql.prepare('delete from search_entry where id = ?')
      for (const path of paths) {
        const id = entryAt.get(brick, path)?.['id']
        if (id === undefined) continue
        for (const { name } of placesOf.all(Number(id))) if (this.#loose.size < looseMax) this.#loose.add(Number(name))
        drop.run(Number(id))
        this.#entries.delete(bytesKey(path))
      }
      this.#insert(sql, { brick, names })
    })
  }

  /** Takes out names that nothing has any more, and says which commit is known now. */
  finish(state: IndexState): boolean {
    return this.#write((sql, brick) => {
      dropNames(sql, this.#isCleared ? unusedNames(sql) : this.#loose)
      sql
        .prepare('update search_brick set state = ?, source = ? where id = ?')
        .run(stateText(state), this.#source, brick)
    })
  }

  #write(work: (sql: DatabaseSync, brick: number) => void): boolean {
    const isDone = this.#catalog.transaction((sql) => {
      if (this.#catalog.generation !== this.#generation) return false
      this.#brick ??= this.#takeTurn(sql)
      const { id, turn } = this.#brick
      if (sql.prepare('select turn from search_brick where id = ?').get(id)?.['turn'] !== turn) return false
      work(sql, id)
      return true
    })
    return isDone === true
  }

  #takeTurn(sql: DatabaseSync): { readonly id: number; readonly turn: number } {
    const row = sql
      .prepare(`insert into search_brick(uuid, source, state, turn) values(?, ?, ?, 1)
        on conflict do update set turn = turn + 1 returning id, turn`)
      .get(this.#uuid, this.#source, stateText(undefined))
    return { id: Number(row?.['id']), turn: Number(row?.['turn']) }
  }

  #insert(sql: DatabaseSync, { brick, names }: { readonly brick: number; readonly names: readonly NameOf[] }): void {
    const statements = prepared(sql)
    const place = sql.prepare(
      'insert into search_place(entry, name, start, length, class, severity) values(?, ?, ?, ?, ?, ?) on conflict do nothing',
    )
    for (const name of names) {
      const entry = this.#entryOf(statements, brick, name)
      const id = this.#nameOf(statements, name)
      place.run(entry, id, name.start, name.length, name.class, name.severity ?? null)
    }
  }

  #entryOf(statements: Statements, brick: number, { path, entryKind = '' }: NameOf): number {
    const key = bytesKey(path)
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const id = rowIdOf(statements.newEntry, statements.oldEntry, [brick, path], [entryKind])
    remember(this.#entries, key, id.id)
    return id.id
  }

  #nameOf(statements: Statements, { kind, text }: NameOf): number {
    const key = `${kind} ${text}`
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const { id, isNew } = rowIdOf(statements.newName, statements.oldName, [nameKinds.indexOf(kind), text], [])
    if (isNew) statements.newText.run(id, text)
    remember(this.#names, key, id)
    return id
  }
}

/** True where there was something. */
export function deleteBrickNames(sql: DatabaseSync, brick: number): boolean {
  sql.prepare('delete from search_place where entry in (select id from search_entry where brick = ?)').run(brick)
  return Number(sql.prepare('delete from search_entry where brick = ?').run(brick).changes) > 0
}

/** Of these entries and of all beneath them. */
export function deleteEntryNames(sql: DatabaseSync, brick: number, paths: Iterable<Uint8Array>): void {
  const entries = sql.prepare('select id from search_entry where brick = ? and (path = ? or (path > ? and path < ?))')
  const placesOf = sql.prepare('delete from search_place where entry = ? returning name')
  const drop = sql.prepare('delete from search_entry where id = ?')
  const loose = new Set<number>()
  for (const path of paths) {
    const [from, to] = [Uint8Array.from([...path, slash]), Uint8Array.from([...path, slash + 1])]
    for (const { id } of entries.all(brick, path, from, to)) {
      for (const { name } of placesOf.all(Number(id))) loose.add(Number(name))
      drop.run(Number(id))
    }
  }
  dropNames(sql, loose)
}

const slash = 0x2f

export function unusedNames(sql: DatabaseSync): number[] {
  const unused = sql.prepare('select id from search_name where id not in (select name from search_place)').all()
  return unused.map(({ id }) => Number(id))
}

/** Those of the names that have no place. */
export function dropNames(sql: DatabaseSync, names: Iterable<number>): void {
  const place = sql.prepare('select 1 from search_place where name = ? limit 1')
  const name = sql.prepare('delete from search_name where id = ?')
  const text = sql.prepare('delete from search_text where rowid = ?')
  for (const id of names) {
    if (place.get(id) !== undefined) continue
    name.run(id)
    text.run(id)
  }
}

interface Statements {
  readonly newEntry: StatementSync
  readonly oldEntry: StatementSync
  readonly newName: StatementSync
  readonly oldName: StatementSync
  readonly newText: StatementSync
}

function prepared(sql: DatabaseSync): Statements {
  return {
    newEntry: sql.prepare(
      'insert into search_entry(brick, path, kind) values(?, ?, ?) on conflict do nothing returning id',
    ),
    oldEntry: sql.prepare('select id from search_entry where brick = ? and path = ?'),
    newName: sql.prepare('insert into search_name(kind, text) values(?, ?) on conflict do nothing returning id'),
    oldName: sql.prepare('select id from search_name where kind = ? and text = ?'),
    newText: sql.prepare('insert into search_text(rowid, text) values(?, ?)'),
  }
}

type Value = number | string | Uint8Array

function rowIdOf(
  insert: StatementSync,
  find: StatementSync,
  key: readonly Value[],
  rest: readonly Value[],
): { readonly id: number; readonly isNew: boolean } {
  const made = insert.get(...key, ...rest)
  const row = made ?? find.get(...key)
  return { id: Number(row?.['id']), isNew: made !== undefined }
}

function remember(known: Map<string, number>, key: string, id: number): void {
  if (known.size >= knownMax) known.clear()
  known.set(key, id)
}
