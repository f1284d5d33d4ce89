/** Names of kernel modules: `xfs.ko`, and as they lie packed on disk, `xfs.ko.xz`. Paths are bytes. */
import { concatBytes, utf8 } from '../../base/bytes.ts'

export type Packing = 'gzip' | 'xz' | 'zstd'

/** Where several packed forms of one module lie in a folder, the first of them is the module. */
const suffixes: readonly { readonly suffix: Uint8Array; readonly packing: Packing }[] = [
  { suffix: utf8('.gz'), packing: 'gzip' },
  { suffix: utf8('.xz'), packing: 'xz' },
  { suffix: utf8('.zst'), packing: 'zstd' },
]
const moduleSuffix = utf8('.ko')

export function isModuleName(path: Uint8Array): boolean {
  return endsWith(path, moduleSuffix)
}

/** Of the name of a packed module: how it is packed, and its path without that; undefined of any other. */
export function packedModule(path: Uint8Array): { readonly packing: Packing; readonly path: Uint8Array } | undefined {
  const found = suffixes.find(({ suffix }) => endsWith(path, suffix))
  if (found === undefined) return undefined
  const unpacked = path.subarray(0, path.length - found.suffix.length)
  return isModuleName(unpacked) ? { packing: found.packing, path: unpacked } : undefined
}

/** What a module may be called on disk where it is packed, the first that is there being it. */
export function packedNames(path: Uint8Array): readonly { readonly packing: Packing; readonly path: Uint8Array }[] {
  if (!isModuleName(path)) return []
  return suffixes.map(({ suffix, packing }) => ({ packing, path: concatBytes([path, suffix]) }))
}

function endsWith(path: Uint8Array, suffix: Uint8Array): boolean {
  const start = path.length - suffix.length
  return start >= 0 && suffix.every((byte, at) => path[start + at] === byte)
}
