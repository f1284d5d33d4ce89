/** What `sfd analyze` found, in the form in which lists of findings are ordered and shown. */

import type { EntryLabels } from '../analysis/entry-labels.ts'
import { inReadingOrder, type ListedFinding } from '../read/findings.ts'

/** `place`: absolute. */
export function findingsOf({ path, regions, placeless }: EntryLabels, place: Uint8Array): ListedFinding[] {
  const inBytes = regions.flatMap(({ finding, name: title, offset, length, detector, attributes }) => {
    if (finding === undefined) return []
    const said = { ...(detector !== undefined && { detector }), ...(attributes && { attributes }) }
    return [{ path, place, title, finding, run: { offset, length }, ...said }]
  })
  const others = placeless.map(({ name: title, finding, detector }) => ({ path, place, title, finding, detector }))
  return inReadingOrder([...inBytes, ...others])
}

/** The gravest, bounded: of a folder full of them nobody reads more. */
export class GravestFindings {
  #rows: ListedFinding[] = []

  add(rows: readonly ListedFinding[]): void {
    this.#rows.push(...rows)
    if (this.#rows.length > 2 * rowsMax) this.#rows = this.sorted()
  }

  sorted(): ListedFinding[] {
    return inReadingOrder(this.#rows).slice(0, rowsMax)
  }
}

const rowsMax = 10_000
