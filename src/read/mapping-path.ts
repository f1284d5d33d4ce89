/**
 * Mappings of a process brick as people name them: by what the kernel calls them, by an address in them.
 *
 * Nothing is guessed: a name that several mappings have is refused, with all of them listed.
 */
import { bytesKey, displayPath, utf8 } from '../base/bytes.ts'
import type { Mapping } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import { hexText, mappingLabel, mappingStart } from '../base/mapping-text.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { ByteRange } from './range.ts'

export type MappingEntry = EntryRecord & { readonly mapping: Mapping }

/**
 * The entry's path that `named` means: a path of the brick, `[heap]`, a mapped file's path or its last part, either with
 * its permissions behind (`libc.so.6 r-xp`), or an address such as `0x7f31c0de2000`. Undefined where it is none of these.
 * Errors: USAGE where several mappings are called so.
 */
export function mappingPath(view: BrickView, named: Uint8Array): Uint8Array | undefined {
  const key = bytesKey(named)
  if (/^[0-9a-f]{16}$/.test(key) && view.entry(named) !== undefined) return named
  const address = addressOf(key)
  if (address !== undefined) return mappingAt(view, address)?.path
  const found = mappingsCalled(view, named)
  if (found.length > 1) throw ambiguous(named, found)
  return found[0]?.path
}

/** The mapping that holds that address; where none does, the one that has room there to grow down into: the nearest. */
export function mappingAt(view: BrickView, address: bigint): MappingEntry | undefined {
  let above: MappingEntry | undefined
  for (const entry of mappingsOf(view)) {
    const { mapping, size } = entry
    if (address < mapping.address || address >= mapping.address + BigInt(size)) continue
    const start = mappingStart(mapping)
    if (address >= start) return entry
    if (above === undefined || start < mappingStart(above.mapping)) above = entry
  }
  return above
}

export interface Addresses {
  readonly from: bigint
  /** Not in it; undefined: to the end of the mapping. */
  readonly to: bigint | undefined
}

/**
 * Offsets in the content of the one mapping that holds all of these addresses (`within`: it has to be that one);
 * undefined where none does.
 */
export function offsetsOf(
  view: BrickView,
  { from, to }: Addresses,
  within?: EntryRecord,
): { readonly entry: MappingEntry; readonly range: ByteRange } | undefined {
  const entry = mappingAt(view, from)
  if (entry === undefined || (within !== undefined && bytesKey(within.path) !== bytesKey(entry.path))) return undefined
  const { address } = entry.mapping
  const end = to ?? address + BigInt(entry.size)
  if (end < from || end > address + BigInt(entry.size)) return undefined
  return { entry, range: { from: Number(from - address), to: Number(end - address) } }
}

/** As `sfd ls` tells them apart: `0x5581.. [heap] rw-p`. */
export function shownMapping({ mapping }: MappingEntry): string {
  return `${hexText(mappingStart(mapping))} ${mappingLabel(mapping)}`
}

/** `0x` and hexadecimal digits; undefined where it is none. */
export function addressOf(text: string): bigint | undefined {
  return /^0[xX][0-9a-fA-F]{1,16}$/.test(text) ? BigInt(text) : undefined
}

function* mappingsOf(view: BrickView): Generator<MappingEntry> {
  for (const entry of view.entries()) if (entry.mapping !== undefined) yield entry as MappingEntry
}

/** Those whose whole name it is; else those whose file is called so. */
function mappingsCalled(view: BrickView, named: Uint8Array): MappingEntry[] {
  const key = bytesKey(named)
  const whole: MappingEntry[] = []
  const last: MappingEntry[] = []
  for (const entry of mappingsOf(view)) {
    const { name, permissions } = entry.mapping
    const full = bytesKey(name)
    const short = full.slice(full.lastIndexOf('/') + 1)
    if (full.length === 0 ? key === `anonymous ${permissions}` : isCalled(full, permissions, key)) whole.push(entry)
    else if (full.length > 0 && isCalled(short, permissions, key)) last.push(entry)
  }
  return whole.length > 0 ? whole : last
}

function isCalled(name: string, permissions: string, key: string): boolean {
  return key === name || key === `${name} ${permissions}`
}

const listedMax = 20

function ambiguous(named: Uint8Array, found: readonly MappingEntry[]): FoundryError {
  const listed = found.slice(0, listedMax).map(shownMapping).join(', ')
  const more = found.length > listedMax ? `, and ${found.length - listedMax} more` : ''
  return new FoundryError(
    'USAGE',
    `${found.length} mappings are called ${displayPath(named)}: ${listed}${more}. Name one by its address, or with its permissions behind.`,
  )
}

/** What was asked for and no mapping holds. */
export function noSuchAddresses(view: BrickView, { from, to }: Addresses): FoundryError {
  const asked = `${hexText(from)}${to === undefined ? '' : `:${hexText(to)}`}`
  const begins = mappingAt(view, from)
  const end = begins === undefined ? 0n : begins.mapping.address + BigInt(begins.size)
  const near =
    begins === undefined
      ? `${hexText(from)} lies in no mapping`
      : `${shownMapping(begins)}, where it begins, ends at ${hexText(end)}`
  const advice = displayPath(utf8(`No mapping of that commit holds ${asked} as a whole: ${near}.`))
  return new FoundryError('RANGE_INVALID', `${advice} \`sfd ls\` lists the mappings.`)
}
