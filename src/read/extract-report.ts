/** What an extraction did and what it could not do. Lists keep at most `problemsMax` items each; counts are exact. */

/** One entry and what is to be said of it. */
export interface Problem {
  readonly path: Uint8Array
  readonly why: string
}

/** More of one sort are counted, not kept. */
export const problemsMax = 1_000

export interface ProblemList {
  count: number
  readonly items: Problem[]
}

export interface ExtractReport {
  /** Regular files written, hard links to them not counted. */
  files: number
  hardLinks: number
  directories: number
  symlinks: number
  /** Fifos, sockets, devices. */
  specials: number
  /** Of content, holes included. */
  bytes: number
  /** Not restored for want of rights or support: devices, owners, attributes. */
  readonly skipped: ProblemList
  /** Not written, or not wholly. */
  readonly failed: ProblemList
  /** The brick's own bytes are wrong. */
  readonly damaged: ProblemList
  /** Content, or parts of it, that could not be read when the brick was made. */
  readonly unreadable: ProblemList
  /** Content that changed while it was read. */
  readonly torn: ProblemList
  /** Content, or parts of it, that was forgotten in this commit: left out. */
  readonly forgotten: ProblemList
}

export function emptyReport(): ExtractReport {
  return {
    files: 0,
    hardLinks: 0,
    directories: 0,
    symlinks: 0,
    specials: 0,
    bytes: 0,
    skipped: emptyList(),
    failed: emptyList(),
    damaged: emptyList(),
    unreadable: emptyList(),
    torn: emptyList(),
    forgotten: emptyList(),
  }
}

export function note(list: ProblemList, path: Uint8Array, why: string): void {
  list.count++
  if (list.items.length < problemsMax) list.items.push({ path, why })
}

/** Adds what another thread reports. */
export function addReport(total: ExtractReport, part: ExtractReport): void {
  total.files += part.files
  total.hardLinks += part.hardLinks
  total.directories += part.directories
  total.symlinks += part.symlinks
  total.specials += part.specials
  total.bytes += part.bytes
  for (const name of ['skipped', 'failed', 'damaged', 'unreadable', 'torn', 'forgotten'] as const) {
    const list = total[name]
    list.count += part[name].count
    list.items.push(...part[name].items.slice(0, problemsMax - list.items.length))
  }
}

function emptyList(): ProblemList {
  return { count: 0, items: [] }
}
