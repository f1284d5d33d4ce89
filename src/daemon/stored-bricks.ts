/**
 * The bricks that lie in a state folder, as a starting daemon finds them. What cannot be read is said and left alone.
 *
 * A brick's name is its path beneath the folder without `.brick`; of one that a task put elsewhere, its whole path.
 */
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { must } from '../base/assert.ts'
import { displayPath, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { brickNameOfSource } from '../fold/fold-source.ts'
import { isOfSource, type Source } from '../source/open.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { lookAt } from '../store/look-at.ts'

export interface StoredBrick {
  readonly view: BrickView
  readonly path: Uint8Array
  readonly name: string
}

/** Folders in folders; deeper ones are not looked into. */
const depthMax = 8

export class StoredBricks {
  readonly #folder: string
  readonly #warn: (message: string) => void

  constructor(folder: string, warn: (message: string) => void) {
    this.#folder = folder
    this.#warn = warn
  }

  /** `name` absolute: the file with that name and `.brick`. */
  pathOf(name: string): string {
    return name.startsWith('/') ? `${name}.brick` : join(this.#folder, `${name}.brick`)
  }

  /** All that can be read, by name. The caller closes their files. */
  *open(): Generator<StoredBrick> {
    for (const file of [...brickFiles(this.#folder, 0)].sort()) {
      const stored = this.openOne(relative(this.#folder, file).replace(/\.brick$/, ''))
      if (stored !== undefined) yield stored
    }
  }

  /** Undefined where it is not there or cannot be read; the latter is said. */
  openOne(name: string): StoredBrick | undefined {
    const path = utf8(this.pathOf(name))
    if (!this.#exists(name)) return undefined
    let file: BrickFile | undefined
    try {
      file = BrickFile.open(path)
      const view = new BrickView(file, file.readHeadOnce())
      must(view.meta, 'META')
      return { view, path, name }
    } catch (error) {
      file?.close()
      this.#warn(`${displayPath(path)} is left alone: ${(error as Error).message}`)
      return undefined
    }
  }

  /** The name of the brick that holds this source already, else `wanted` or one like it that is free. */
  nameFor(source: Source, { wanted, isTaken }: { wanted?: string; isTaken: (name: string) => boolean }): string {
    for (const { view, name } of this.open()) {
      const { meta } = view
      view.file.close()
      if (isOfSource(meta, source) && !isTaken(name)) return name
    }
    const base = wanted ?? brickNameOfSource(source)
    let name = base
    for (let number = 2; isTaken(name) || this.#holds(name) === 'something'; number++) name = `${base}-${number}`
    return name
  }

  /** A damaged brick cannot say what it is of; its keeper moves it aside. */
  #holds(name: string): 'nothing' | 'damage' | 'something' {
    if (!this.#exists(name)) return 'nothing'
    let file: BrickFile | undefined
    try {
      file = BrickFile.open(utf8(this.pathOf(name)))
      must(new BrickView(file, file.readHeadOnce()).meta, 'META')
      return 'something'
    } catch (error) {
      return error instanceof FoundryError && error.code === 'BRICK_DAMAGED' ? 'damage' : 'something'
    } finally {
      file?.close()
    }
  }

  #exists(name: string): boolean {
    return lookAt(utf8(this.pathOf(name))).kind !== 'nothing'
  }
}

function* brickFiles(folder: string, depth: number): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && depth < depthMax) yield* brickFiles(path, depth + 1)
    else if (entry.isFile() && entry.name.endsWith('.brick')) yield path
  }
}
