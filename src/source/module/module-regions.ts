/** The regions of one module: the whole of it, with where it comes from and whether it is loaded, and its parts. */
import { type JsonValue, type Region, regionLayers } from '../../base/region.ts'
import type { EntryRegions } from '../artifact.ts'
import { isLoaded, type LoadedWord, type RunningKernel } from './loaded-modules.ts'
import { unpackRegions } from './module-facts.ts'
import type { KnownModule } from './module-table.ts'

/** `yes` or `no` only where it is known. */
export function loadedWord({ inspected }: KnownModule, kernel: RunningKernel): LoadedWord {
  if (inspected.kind !== 'module' || inspected.facts === undefined) return 'unknown'
  return isLoaded(inspected.facts, kernel)
}

export interface ModuleEntry {
  readonly path: Uint8Array
  /** Of the entry's content. */
  readonly sizeBytes: number
  readonly loaded: LoadedWord
}

/** Where its parts were told already, they stay as the brick has them. Undefined where nothing can be said. */
export function regionsOfModule({ file, inspected }: KnownModule, entry: ModuleEntry): EntryRegions | undefined {
  const { path, sizeBytes, loaded } = entry
  if (sizeBytes === 0) return undefined
  const whole = { offset: 0, length: sizeBytes, layer: regionLayers.whole, class: 'module' }
  if (inspected.kind === 'as it is') return { path, regions: [{ ...whole, ...left(inspected.why, file.packing) }] }
  const packed: JsonValue = file.packing === null ? null : { form: file.packing, bytes: file.size }
  if (inspected.facts === undefined) {
    return { path, regions: [{ ...whole, name: '', attributes: { packed, problems: ['it is no ELF file'] } }] }
  }
  const { name, attributes, parts } = inspected.facts
  const head: Region = { ...whole, name, attributes: { ...attributes, packed, loaded } }
  if (parts !== undefined) return { path, regions: [head, ...unpackRegions(parts)] }
  return { path, regions: [head], kept: { start: 1, length: sizeBytes - 1 } }
}

/** It could not be looked into, and is kept as it lies on disk. */
function left(why: string, packing: KnownModule['file']['packing']): Pick<Region, 'name' | 'attributes' | 'finding'> {
  return {
    name: 'not unpacked',
    attributes: { problems: [why] },
    finding: {
      severity: 'medium',
      rule: 'module-not-readable',
      evidence: [why],
      origin: 'deterministic',
      confidence: 1,
      // What is damaged fails, what is too large has a number.
      check: packing === null ? 'modinfo FILE; wc -c FILE' : `${packing} -dc FILE | wc -c`,
    },
  }
}
