/**
 * Which package brought a file, as dpkg's database on this machine says it.
 *
 * Paths are asked for as they are on disk. The database may know a file by its name of before /bin became a link to
 * /usr/bin, and by a name that another package has taken over (a diversion): both are followed. Read once, whole, when
 * first asked; about 150 bytes a file. What cannot be read is not owned, never an error. Never runs dpkg.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bytesKey } from '../base/bytes.ts'
import {
  type Diversion,
  type InstalledPackage,
  parseDiversions,
  parseOverrides,
  parseStatus,
  parseSums,
} from './dpkg-files.ts'
import type { Host, PackagedFile, Packages } from './host.ts'

/** The packages of the system below `root`; undefined where it has no dpkg. Read at the first question. */
export function readPackages(root = '/'): Packages | undefined {
  if (stampOf(root) === undefined) return undefined
  let read: DebianPackages | undefined
  const database = (): DebianPackages => {
    read ??= new DebianPackages(root)
    return read
  }
  return {
    ownerOf: (path) => database().ownerOf(path),
    ownsFolder: (path) => database().ownsFolder(path),
    overrideOf: (path) => database().overrideOf(path),
  }
}

/** This machine, for a program that runs long: what is installed is read again when it has changed. */
export class LiveHost {
  readonly #root: string
  #stamp: string | undefined
  #host: Host = { packages: undefined }

  constructor(root = '/') {
    this.#root = root
  }

  host(): Host {
    const stamp = stampOf(this.#root)
    if (stamp !== this.#stamp) this.#host = { packages: readPackages(this.#root) }
    this.#stamp = stamp
    return this.#host
  }
}

class DebianPackages implements Packages {
  readonly #aliases: readonly (readonly [from: string, to: string])[]
  readonly #diversions: ReadonlyMap<string, Diversion>
  readonly #overrides = new Map<string, number>()
  /** By path: the row in the tables below. */
  readonly #rows = new Map<string, number>()
  readonly #owners: InstalledPackage[] = []
  readonly #sums: (string | undefined)[] = []
  readonly #configurations = new Set<number>()
  readonly #folders = new Set<string>()
  #lastFolder = ''

  constructor(root: string) {
    const base = join(root, 'var/lib/dpkg')
    this.#aliases = mergedFolders(root)
    this.#diversions = parseDiversions(textOf(join(base, 'diversions')))
    for (const [path, mode] of parseOverrides(textOf(join(base, 'statoverride')))) {
      this.#overrides.set(this.#placeOf(path), mode)
    }
    const packages = parseStatus(textOf(join(base, 'status')))
    for (const file of namesIn(join(base, 'info'))) {
      const [, key = '', kind] = /^(.+)\.(list|md5sums)$/.exec(file) ?? []
      const owner = packages.get(key)
      if (owner === undefined || kind === undefined) continue
      const text = textOf(join(base, 'info', file))
      if (kind === 'md5sums') for (const { path, md5 } of parseSums(text)) this.#add(owner, path, md5)
      else for (const path of text.split('\n')) if (path.startsWith('/')) this.#add(owner, path)
    }
    for (const owner of new Set(packages.values())) {
      for (const [path, md5] of owner.configurations) {
        const row = this.#add(owner, path, md5.length === 32 ? md5 : undefined)
        this.#configurations.add(row)
        this.#noteFolder(path)
      }
    }
  }

  ownerOf(path: Uint8Array): PackagedFile | undefined {
    const row = this.#rows.get(bytesKey(path))
    const owner = row === undefined ? undefined : this.#owners[row]
    if (row === undefined || owner === undefined) return undefined
    const { name, version } = owner
    return { package: name, version, md5: this.#sums[row], isConfiguration: this.#configurations.has(row) }
  }

  ownsFolder(path: Uint8Array): boolean {
    return this.#folders.has(bytesKey(path))
  }

  overrideOf(path: Uint8Array): number | undefined {
    return this.#overrides.get(bytesKey(path))
  }

  #add(owner: InstalledPackage, listed: string, md5?: string): number {
    const diverted = this.#diversions.get(listed)
    const path = this.#placeOf(diverted === undefined || diverted.by === owner.name ? listed : diverted.to)
    if (md5 !== undefined) this.#noteFolder(path)
    const known = this.#rows.get(path)
    if (known !== undefined) {
      if (md5 !== undefined && this.#sums[known] === undefined) {
        this.#sums[known] = md5
        this.#owners[known] = owner
      }
      return known
    }
    const row = this.#owners.push(owner) - 1
    this.#sums.push(md5)
    this.#rows.set(path, row)
    return row
  }

  /** Of neighbours in a list, which mostly lie together, only the first is looked at. */
  #noteFolder(path: string): void {
    const end = path.lastIndexOf('/')
    const known = this.#lastFolder
    if (known.length === end && path.startsWith(known)) return
    this.#lastFolder = path.slice(0, end)
    const place = this.#placeOf(path)
    this.#folders.add(place.slice(0, Math.max(1, place.lastIndexOf('/'))))
  }

  /** Where what is listed as `path` lies now. */
  #placeOf(path: string): string {
    if (path.startsWith('/usr/')) return path
    for (const [from, to] of this.#aliases) if (path.startsWith(from)) return to + path.slice(from.length)
    return path
  }
}

const mergeable = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'libo32']

/** `/bin/` -> `/usr/bin/` and the like, where they are links. */
function mergedFolders(root: string): [string, string][] {
  return mergeable.flatMap((name): [string, string][] => {
    try {
      const target = readlinkSync(join(root, name))
      return target.replace(/^\//, '') === `usr/${name}` ? [[`/${name}/`, `/usr/${name}/`]] : []
    } catch {
      return []
    }
  })
}

/** What is different after dpkg has changed something; undefined where there is no database. */
/** Another text wherever what is installed may be another; undefined without dpkg. */
export function packagesStamp(root = '/'): string | undefined {
  return stampOf(root)
}

function stampOf(root: string): string | undefined {
  const base = join(root, 'var/lib/dpkg')
  const stamps = ['status', 'info', 'diversions', 'statoverride'].map((name) => {
    const stat = statSync(join(base, name), { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? '-' : `${stat.ino}:${stat.size}:${stat.mtimeNs}`
  })
  return stamps[0] === '-' ? undefined : stamps.join(' ')
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}
