/** From a place on the machine back to the path of an entry, for rules that ask about more than one entry. */

/** Relative to `root`; undefined where it lies outside. Both are absolute, without `.`, `..` or a slash at the end. */
export function pathBelow({
  root,
  place,
}: {
  readonly root: Uint8Array
  readonly place: Uint8Array
}): Uint8Array | undefined {
  const isTop = root.length === 1
  const above = isTop ? 0 : root.length
  if (place.length < root.length || root.some((byte, at) => place[at] !== byte)) return undefined
  if (place.length === root.length) return new Uint8Array(0)
  return isTop || place[above] === slash ? place.subarray(above + 1) : undefined
}

const slash = 0x2f
