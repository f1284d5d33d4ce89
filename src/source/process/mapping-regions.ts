/**
 * What is to be said of each mapping: its rights, kind, file and numbers, what in it is known by name, and whether it
 * only grows. Told again only where it is not what was told before.
 */
import { displayPath } from '../../base/bytes.ts'
import { type Finding, type JsonValue, type Region, regionLayers } from '../../base/region.ts'
import type { ElfRegions } from './elf-regions.ts'
import { addSample, type GrowthSample, growthOf } from './growth.ts'
import type { KnownMapping } from './known-mapping.ts'
import { isReservation, kindOf, listedBytes } from './mapping-kind.ts'
import { nameBytes } from './maps.ts'
import type { ProcFolder } from './proc-folder.ts'
import { threadStacks } from './thread-stacks.ts'

export interface RegionsLook {
  readonly folder: ProcFolder
  /** Of a clock that nobody sets. */
  readonly nowMs: number
}

export class MappingRegions {
  readonly #elf: ElfRegions
  /** What was told, by key. */
  #told = new Map<number, string>()
  /** Anonymous memory of the whole process. */
  readonly #anonymous: GrowthSample[] = []

  constructor(elf: ElfRegions) {
    this.#elf = elf
  }

  /** Everything is told anew. */
  forget(): void {
    this.#told.clear()
  }

  /** Mappings of which something else is to be said; ascending. */
  changed(mappings: readonly KnownMapping[], { folder, nowMs }: RegionsLook): (readonly [number, Region[]])[] {
    this.#elf.keepOnly(mappings)
    const stacks = threadStacks(folder, mappings)
    const findings = this.#findings(mappings, nowMs)
    const told = new Map<number, string>()
    const changed: (readonly [number, Region[]])[] = []
    let left = namedMax
    for (const mapping of mappings) {
      const { key, entry } = mapping
      const whole = wholeRegion(mapping, { tids: stacks.get(key) ?? [], finding: findings.get(key) })
      const text = `${entry.dev} ${entry.ino} ${entry.fileOffset} ${JSON.stringify(whole)}`
      told.set(key, text)
      const named = this.#elf.of(mapping, { folder, countMax: left })
      left -= named.length
      if (this.#told.get(key) === text) continue
      changed.push([key, isReservation(mapping.unreadable) ? [] : [whole, ...named]])
    }
    this.#told = told
    return changed
  }

  /** Of each mapping that only grows; where none does and the process still does, of its largest anonymous one. */
  #findings(mappings: readonly KnownMapping[], nowMs: number): Map<number, Finding> {
    const findings = new Map<number, Finding>()
    for (const { key, samples } of mappings) {
      const finding = growthOf(samples)
      if (finding !== undefined) findings.set(key, finding)
    }
    const anonymous = mappings.filter(({ thing }) => thing === '')
    const bytes = anonymous.reduce((sum, { presentBytes }) => sum + presentBytes, 0)
    addSample(this.#anonymous, { atMs: nowMs, bytes })
    const [first, ...others] = anonymous
    if (findings.size > 0 || first === undefined) return findings
    const subject = `The anonymous memory of the whole process, ${anonymous.length} mappings,`
    const finding = growthOf(this.#anonymous, { rule: 'process-growth', subject })
    const largest = others.reduce((a, b) => (b.presentBytes > a.presentBytes ? b : a), first)
    if (finding !== undefined) findings.set(largest.key, finding)
    return findings
  }
}

/** Sections and symbols of one process. */
const namedMax = 20_000
const nameLengthMax = 512

function wholeRegion(
  { entry, key, presentBytes, unreadable, isTorn }: KnownMapping,
  { tids, finding }: { readonly tids: readonly number[]; readonly finding: Finding | undefined },
): Region {
  const { start, end, permissions, numbers } = entry
  const name = displayPath(nameBytes(entry)).slice(0, nameLengthMax)
  const kind = tids.length > 0 && entry.name === '' ? 'thread stack' : kindOf({ ...entry, flags: numbers.flags })
  const attributes: { [key: string]: JsonValue } = {
    kind,
    permissions,
    address: `0x${BigInt(start).toString(16)}`,
    sizeBytes: end - start,
    presentBytes,
    rssBytes: numbers.rssBytes,
    pssBytes: numbers.pssBytes,
    swapBytes: numbers.swapBytes,
    privateDirtyBytes: numbers.privateDirtyBytes,
    flags: numbers.flags,
    ...(kind === 'file' && { file: name }),
    ...(tids.length > 0 && { threads: tids }),
    ...(unreadable !== undefined && { unreadable }),
    ...(isTorn && { torn: true }),
  }
  return {
    offset: start - key,
    length: listedBytes(entry),
    layer: regionLayers.whole,
    class: 'mapping',
    name: name === '' ? kind : name,
    attributes,
    ...(finding !== undefined && { finding }),
  }
}
