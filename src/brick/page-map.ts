/**
 * The maps of a brick (spec section 8): sorted keys to records, as copy-on-write pages whose shape depends on the keys alone.
 *
 * This is the door: build, change, read, compare and check a map. Each stands in a file of its own; page.ts is one page as
 * bytes, page-shape.ts the rule where pages end, page-store.ts the port to the frames. Nothing here knows what a record means,
 * but that the records of ENTRIES begin with the fields that the tree hash covers.
 */
export type { MapRoot } from './commit-record.ts'
export type { MapKind, MapName } from './page.ts'
export { type BuiltRoot, buildMap } from './page-build.ts'
export { checkMap, type MapVisit } from './page-check.ts'
export { diffMaps, type MapDifference } from './page-diff.ts'
export { type KeyRange, lookup, type MapItem, scan } from './page-read.ts'
export { emptyMap, type PageSource, type PageStore } from './page-store.ts'
export { type MapChange, type MapUpdate, updateMap } from './page-update.ts'
