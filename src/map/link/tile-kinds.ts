/** The kinds header of a tile reply: what each tile asked for is, and which of them have bytes in the body. */
import type { FlatKind } from '../tileset/tile-record.ts'

export type TileKindItem = { readonly kind: 'stored' } | FlatKind

/** Undefined where `header` does not name exactly `count` tiles. */
export function parseTileKinds(header: string | null, count: number): readonly TileKindItem[] | undefined {
  const parts = header === null || header === '' ? [] : header.split(',')
  if (parts.length !== count) return undefined
  const items: TileKindItem[] = []
  for (const part of parts) {
    const item = parseItem(part.trim())
    if (item === undefined) return undefined
    items.push(item)
  }
  return items
}

function parseItem(text: string): TileKindItem | undefined {
  if (text === 's') return { kind: 'stored' }
  if (text === 'a') return { kind: 'absent' }
  if (text === 'h') return { kind: 'hole' }
  if (text === 'u') return { kind: 'unreadable' }
  if (text === 'p') return { kind: 'pruned' }
  return /^f[0-9a-f]{2}$/i.test(text) ? { kind: 'fill', byte: Number.parseInt(text.slice(1), 16) } : undefined
}
