/**
 * Paths that a brick must never hold again (`sfd forget`, spec 8.4): as exclude patterns for whoever lists and watches,
 * and as a lister that does not show them, whatever the caller's own does.
 */
import { bytesKey } from '../base/bytes.ts'
import type { BrickMeta } from '../brick/meta.ts'
import type { Lister } from '../source/artifact.ts'
import type { Listed } from '../source/list.ts'
import { literalPattern } from '../source/literal-pattern.ts'
import type { PathKey } from './model.ts'

/** Patterns of the exclude option that match exactly these paths. */
export function forgottenPatterns(meta: Pick<BrickMeta, 'forgotten'> | undefined): Uint8Array[] {
  return (meta?.forgotten ?? []).map(literalPattern)
}

/** The same lister, for which what was forgotten is not there. */
export function withoutForgotten(lister: Lister, meta: Pick<BrickMeta, 'forgotten'> | undefined): Lister {
  const keys = (meta?.forgotten ?? []).map(bytesKey)
  if (keys.length === 0) return lister
  const isForgotten = (path: Uint8Array): boolean => covers(keys, bytesKey(path))
  return {
    stat: (path) => (isForgotten(path) ? undefined : lister.stat(path)),
    walk: (path) => (isForgotten(path) ? [] : known(lister.walk(path), isForgotten)),
  }
}

/** Whether the path is one of `keys` or lies beneath one. */
function covers(keys: readonly PathKey[], path: PathKey): boolean {
  return keys.some((key) => path === key || path.startsWith(`${key}/`))
}

function* known(listed: Iterable<Listed>, isForgotten: (path: Uint8Array) => boolean): Generator<Listed> {
  for (const each of listed) if (!isForgotten(each.meta.path)) yield each
}
