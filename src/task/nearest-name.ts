/** The known name that somebody probably meant. */

const distanceMax = 2
const lengthMax = 40

/** The one with the fewest letters changed, added, left out or swapped, if that is at most 2 and below half of it. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > lengthMax) return undefined
  const plain = simple(name)
  let best: { readonly known: string; readonly distance: number } | undefined
  for (const candidate of known) {
    const distance = distanceOf(plain, simple(candidate))
    if (distance > distanceMax || 2 * distance >= plain.length) continue
    if (best === undefined || distance < best.distance) best = { known: candidate, distance }
  }
  return best?.known
}

/** onBrick, on-brick and on_brick are one name written three ways. */
function simple(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '')
}

function distanceOf(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, column) => column)
  let twoBefore = before
  for (let row = 1; row <= a.length; row++) {
    const now = [row]
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1
      let least = Math.min((before[column] ?? 0) + 1, (now[column - 1] ?? 0) + 1, (before[column - 1] ?? 0) + cost)
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (isSwap) least = Math.min(least, (twoBefore[column - 2] ?? 0) + 1)
      now.push(least)
    }
    twoBefore = before
    before = now
  }
  return before[b.length] ?? 0
}
