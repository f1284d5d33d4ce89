/**
 * The bricks that lie in a state folder, as a starting daemon finds them. What cannot be read is said and left alone.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../base/assert.ts'
import { displayPath, equalBytes, utf8 } from '../base/bytes.ts'
import { brickName } from '../fold/fold-source.ts'
import { absolutePath, type Source } from '../source/open.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'

export interface StoredBrick {
  readonly view: BrickView
  readonly path: Uint8Array
}

export class StoredBricks {
  readonly #folder: string
  readonly #warn: (message: string) => void

  constructor(folder: string, warn: (message: string) => void) {
    this.#folder = folder
    this.#warn = warn
  }

  pathOf(name: string): string {
    return join(this.#folder, `${name}.brick`)
  }

  /** All that can be read, by name. The caller closes their files. */
  *open(): Generator<StoredBrick> {
    const names = readdirSync(this.#folder).filter((name) => name.endsWith('.brick'))
    for (const name of names.sort()) {
      const path = utf8(join(this.#folder, name))
      const view = this.#openOne(path)
      if (view !== undefined) yield { view, path }
    }
  }

  /** The name of the brick that holds this source already, else one that is free. */
  nameFor(source: Source, isTaken: (name: string) => boolean): string {
    const path = absolutePath(source)
    for (const { view } of this.open()) {
      const { meta } = view
      view.file.close()
      if (equalBytes(meta.source, path)) return meta.name
    }
    const base = brickName(path)
    let name = base
    for (let number = 2; isTaken(name) || this.#exists(name); number++) name = `${base}-${number}`
    return name
  }

  #exists(name: string): boolean {
    return statSync(this.pathOf(name), { throwIfNoEntry: false }) !== undefined
  }

  #openOne(path: Uint8Array): BrickView | undefined {
    const file = BrickFile.open(path)
    try {
      const view = new BrickView(file, file.readHeadOnce())
      must(view.meta, 'META')
      return view
    } catch (error) {
      file.close()
      this.#warn(`${displayPath(path)} is left alone: ${(error as Error).message}`)
      return undefined
    }
  }
}

/** The source that a brick says it holds; it may be gone for the moment. */
export function sourceOf({ meta }: BrickView): Source {
  const { kind, source } = meta
  if (kind === 'tree') return { kind, root: source, path: new Uint8Array(0) }
  const slash = Buffer.from(source).lastIndexOf('/')
  return { kind, root: source.slice(0, Math.max(1, slash)), path: source.slice(slash + 1) }
}
