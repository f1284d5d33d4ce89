/**
 * A folder of kernel modules as a brick keeps it: modules unpacked and without the packing's suffix, everything else as
 * it lies there.
 *
 * A look lists the folder and looks into the modules that are new or changed, on threads; the lister tells of that look,
 * but for a single entry that it is asked for again, which it looks at itself: it was changing. What cannot be unpacked
 * is kept packed, and says why.
 */
import { bytesKey, equalBytes } from '../../base/bytes.ts'
import { FoundryError } from '../../base/errors.ts'
import type { JsonValue } from '../../base/region.ts'
import type { Artifact, EntryRegions, Lister } from '../artifact.ts'
import type { Listed } from '../describe.ts'
import { ExcludeMatcher } from '../exclude.ts'
import type { FileQuota } from '../file-quota.ts'
import type { IncludeMatcher } from '../include.ts'
import { listTree, type SourceOptions, statEntry } from '../list.ts'
import { createInspectMemory, inspectModule } from './inspect-module.ts'
import { inspectModules } from './inspect-modules.ts'
import { type LoadedWord, type RunningKernel, runningKernel } from './loaded-modules.ts'
import { packedNames } from './module-name.ts'
import { loadedWord, regionsOfModule } from './module-regions.ts'
import { asEntry, hasFreeName, type KnownModule, ModuleTable, moduleFile } from './module-table.ts'
import { aboutModules } from './modules-about.ts'
import { prepareUnpacking } from './unpack.ts'

export interface ModulesOptions extends SourceOptions {
  /** Of the name on disk and of the entry's path, one has to match. */
  readonly include: IncludeMatcher
  /** In place of /proc/modules. */
  readonly modulesFile?: string
}

export function modulesArtifact(options: ModulesOptions): Artifact {
  return new ModulesArtifact(options)
}

/** An entry, and what is known of the file that it is made from. */
interface Shown {
  readonly entry: Listed
  readonly known: KnownModule | undefined
}

class ModulesArtifact implements Artifact {
  readonly reader = 'modules'
  readonly lister: Lister
  readonly #options: SourceOptions
  readonly #include: IncludeMatcher
  readonly #exclude: ExcludeMatcher
  readonly #quota: FileQuota | undefined
  readonly #modulesFile: string | undefined
  readonly #table = new ModuleTable()
  /** Entries of the last look by path, parents before children. */
  #shown = new Map<string, Shown>()
  #kernel: RunningKernel = { release: '', loaded: undefined }
  /** What the brick says of each entry, as far as it was told by this object. */
  #told = new Map<string, LoadedWord>()
  #telling = new Map<string, LoadedWord>()

  constructor({ include, quota, modulesFile, ...options }: ModulesOptions) {
    this.#options = options
    this.#include = include
    this.#exclude = options.exclude ?? new ExcludeMatcher()
    this.#quota = quota
    this.#modulesFile = modulesFile
    this.lister = { stat: (path) => this.#stat(path), walk: (path) => this.#walk(path) }
  }

  async look(signal: AbortSignal): Promise<'looked'> {
    // For what this thread unpacks itself: single entries, and contents where there are no folding threads.
    await prepareUnpacking()
    const files = [...listTree({ ...this.#options, cancelled: () => signal.aborted })]
    if (signal.aborted) throw new FoundryError('CANCELLED', 'Looking at the kernel modules was stopped.')
    await this.#inspectAll(files, signal)
    this.#kernel = runningKernel(this.#modulesFile)
    const names = new Set(files.map(({ meta }) => bytesKey(meta.path)))
    this.#table.keepOnly(names)
    const exists = (path: Uint8Array): boolean => names.has(bytesKey(path))
    this.#shown = new Map()
    this.#quota?.begin()
    for (const file of files) {
      const shown = this.#shownAs(file, exists)
      if (this.#isWanted(file, shown)) this.#shown.set(bytesKey(shown.entry.meta.path), shown)
    }
    this.#quota?.end()
    this.#telling = this.#told
    return 'looked'
  }

  *regions(): Generator<EntryRegions> {
    const telling = new Map<string, LoadedWord>()
    for (const [key, { entry, known }] of this.#shown) {
      if (known === undefined) continue
      const loaded = loadedWord(known, this.#kernel)
      telling.set(key, loaded)
      if (!hasParts(known) && this.#told.get(key) === loaded) continue
      const regions = regionsOfModule(known, { path: entry.meta.path, sizeBytes: entry.meta.size, loaded })
      if (regions !== undefined) yield regions
    }
    this.#telling = telling
  }

  about(): { readonly [key: string]: JsonValue } {
    const known = [...this.#shown.values()].flatMap((shown) => shown.known ?? [])
    return aboutModules(known, this.#kernel)
  }

  settled(): void {
    this.#told = this.#telling
    this.#table.forgetParts()
    for (const [key, { entry, known }] of this.#shown) {
      if (known !== undefined) this.#shown.set(key, { entry, known: this.#table.get(known.file.path, known.file) })
    }
  }

  unsettled(): void {
    this.#told = new Map()
    this.#telling = new Map()
    this.#table.clear()
  }

  async #inspectAll(files: readonly Listed[], signal: AbortSignal): Promise<void> {
    const unknown = files.flatMap(({ meta }) => {
      const file = moduleFile(meta)
      return file === undefined || this.#table.get(file.path, file) !== undefined ? [] : [file]
    })
    const found = await inspectModules(this.#options.root, unknown, signal)
    for (const [index, file] of unknown.entries()) this.#table.set(file, found[index] ?? { kind: 'changed' })
  }

  /** As far as the table knows the file. A packed file whose unpacked name is taken is no module but a file like any. */
  #shownAs(listed: Listed, exists: (path: Uint8Array) => boolean): Shown {
    const { path } = listed.meta
    const file = moduleFile(listed.meta)
    if (file === undefined || (file.packing !== null && !hasFreeName(path, exists))) {
      return { entry: listed, known: undefined }
    }
    const known = this.#table.get(path, file)
    return { entry: asEntry(listed, known), known }
  }

  #isWanted({ meta: file }: Listed, { entry: { meta } }: Shown): boolean {
    if (meta.kind === 'dir') return true
    if (this.#exclude.covers(meta.path, 'other')) return false
    if (!this.#include.includes(meta.path) && !this.#include.includes(file.path)) return false
    return meta.kind !== 'file' || this.#quota === undefined || this.#quota.admits(meta.path)
  }

  *#walk(path: Uint8Array): Generator<Listed> {
    const top = bytesKey(path)
    const beneath = top === '' ? '' : `${top}/`
    for (const [key, { entry }] of this.#shown) if (key === top || key.startsWith(beneath)) yield entry
  }

  /** As it is now: an entry is asked for alone when it was not what the look had seen. */
  #stat(path: Uint8Array): Listed | undefined {
    const shown = this.#shownNow(path)
    if (shown === undefined) {
      this.#shown.delete(bytesKey(path))
      this.#quota?.gone(path)
    } else this.#shown.set(bytesKey(path), shown)
    return shown?.entry
  }

  #shownNow(path: Uint8Array): Shown | undefined {
    const exists = (name: Uint8Array): boolean => statEntry({ ...this.#options, path: name }) !== undefined
    for (const name of [path, ...packedNames(path).map((packed) => packed.path)]) {
      const listed = statEntry({ ...this.#options, path: name })
      if (listed === undefined) continue
      const file = moduleFile(listed.meta)
      if (file !== undefined && this.#table.get(name, file) === undefined) {
        this.#table.set(file, inspectModule(this.#options.root, file, createInspectMemory()))
      }
      const shown = this.#shownAs(listed, exists)
      if (equalBytes(shown.entry.meta.path, path)) return this.#isWanted(listed, shown) ? shown : undefined
    }
    return undefined
  }
}

function hasParts({ inspected }: KnownModule): boolean {
  return inspected.kind !== 'module' || inspected.facts?.parts !== undefined
}
