/**
 * What is known of the modules of a source: by the name on disk, of one version of each file. And the rule which files
 * are shown unpacked: those out of which a module comes, unless another file has the name that it would get.
 */
import { bytesKey } from '../../base/bytes.ts'
import type { EntryMeta } from '../../base/entry.ts'
import type { Listed } from '../describe.ts'
import { type FileVersion, sameVersion } from '../read.ts'
import type { Inspected, ModuleFile } from './inspect-module.ts'
import { isModuleName, packedModule, packedNames } from './module-name.ts'

export interface KnownModule {
  readonly file: ModuleFile
  readonly inspected: Exclude<Inspected, { kind: 'changed' }>
}

export class ModuleTable {
  readonly #known = new Map<string, KnownModule>()

  /** Of this very version of the file. */
  get(path: Uint8Array, version: FileVersion): KnownModule | undefined {
    const known = this.#known.get(bytesKey(path))
    return known !== undefined && sameVersion(known.file, version) ? known : undefined
  }

  set(file: ModuleFile, inspected: Inspected): void {
    const key = bytesKey(file.path)
    if (inspected.kind === 'changed') this.#known.delete(key)
    else this.#known.set(key, { file, inspected })
  }

  /** Forgets the files that are not among these. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const key of this.#known.keys()) if (!paths.has(key)) this.#known.delete(key)
  }

  /** Lets go what only a brick needs that does not have it yet: it is most of the memory. */
  forgetParts(): void {
    for (const [key, { file, inspected }] of this.#known) {
      if (inspected.kind !== 'module' || inspected.facts?.parts === undefined) continue
      this.#known.set(key, { file, inspected: { ...inspected, facts: { ...inspected.facts, parts: undefined } } })
    }
  }

  clear(): void {
    this.#known.clear()
  }
}

/** Of a regular file that has the name of a module, packed or not; undefined of all else. */
export function moduleFile(meta: EntryMeta): ModuleFile | undefined {
  if (meta.kind !== 'file' || meta.unreadable !== undefined) return undefined
  const packed = packedModule(meta.path)
  if (packed === undefined && !isModuleName(meta.path)) return undefined
  const { path, dev, ino, size, mtime, ctime } = meta
  return { path, dev, ino, size, mtime, ctime, packing: packed?.packing ?? null }
}

/** Whether the unpacked name is free for this packed file. `exists`: whether a name is there on disk. */
export function hasFreeName(path: Uint8Array, exists: (path: Uint8Array) => boolean): boolean {
  const packed = packedModule(path)
  if (packed === undefined || exists(packed.path)) return false
  const first = packedNames(packed.path).find((name) => exists(name.path))
  return first === undefined || first.packing === packed.packing
}

/** Identity of what comes out of a packed file: another one than the file's, whatever the filesystem's numbers are. */
export function unpackedIno(ino: bigint): bigint {
  return ino ^ (1n << 63n)
}

/**
 * The file as an entry: unpacked where it is known what comes out. Hard links end here: of two names of one packed file
 * one may be shown unpacked and the other not.
 */
export function asEntry(listed: Listed, known: KnownModule | undefined): Listed {
  const packed = packedModule(listed.meta.path)
  if (packed === undefined || known?.inspected.kind !== 'module') return listed
  const { extents: _holesOfThePackedFile, ...meta } = listed.meta
  const { path } = packed
  return { meta: { ...meta, path, size: known.inspected.sizeBytes, ino: unpackedIno(meta.ino), nlink: 1 } }
}
