/** Mappings of a process's memory by what they are called, and by an address that lies in them. */
import type { IndexColumns } from './path-index.ts'

export interface MappingMatch {
  readonly entry: number
  /** 0 the best. */
  readonly rank: number
  /** Byte of its content that the address means. */
  readonly offset?: number
}

/** What of a PathIndex is looked at. */
export interface Mappings {
  readonly columns: Pick<IndexColumns, 'mappings' | 'sizes'>
}

/** Those whose name holds the query, ASCII letters in either case, or the one that holds the address `0x..`. */
export function mappingMatches({ columns }: Mappings, query: string): MappingMatch[] {
  const matches: MappingMatch[] = []
  const address = /^0x[0-9a-f]{1,16}$/i.test(query) ? BigInt(query) : undefined
  const needle = query.toLowerCase()
  for (const [entry, mapping] of columns.mappings) {
    const offset = address === undefined ? undefined : offsetIn(mapping.address, columns.sizes[entry] ?? 0, address)
    if (offset !== undefined) matches.push({ entry, rank: offset >= mapping.lead ? 0 : 1, offset })
    const label = mapping.label.toLowerCase()
    const at = label.indexOf(needle)
    if (at >= 0) matches.push({ entry, rank: at === 0 ? 0 : 2 })
  }
  return matches
}

function offsetIn(start: string, sizeBytes: number, address: bigint): number | undefined {
  const offset = address - BigInt(start)
  return offset >= 0n && offset < BigInt(sizeBytes) ? Number(offset) : undefined
}
