/**
 * Which package brought a file, as dpkg's database on this machine says it.
 *
 * Paths are asked for as they are on disk. The database may know a file by its name of before /bin became a link to
 * /usr/bin, and by a name that another package has taken over (a diversion): both are followed. Read once, whole, when
 * first asked; about 100 bytes a file. What cannot be read is not owned, never an error. Never runs dpkg.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bytesKey, toHex } from '../base/bytes.ts'
import { type Diversion, parseDiversions, parseOverrides, parseStatus, parseSums } from './dpkg-files.ts'
import type { Host, PackagedFile, Packages } from './host.ts'
import { PathTable } from './path-table.ts'

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

const sumBytes = 16
const noSum = new Uint8Array(sumBytes)

class DebianPackages implements Packages {
  readonly #aliases: readonly (readonly [from: string, to: string])[]
  readonly #diversions: ReadonlyMap<string, Diversion>
  readonly #overrides = new Map<string, number>()
  /** Their rows are those of the tables below. */
  readonly #paths = new PathTable()
  readonly #packages: { readonly name: string; readonly version: string }[] = []
  /** By row: which of `#packages`. */
  #owners = new Uint32Array(1 << 10)
  /** By row: the MD5; zeros where there is none. */
  #sums = new Uint8Array(sumBytes << 10)
  readonly #configurations = new Set<number>()
  readonly #folders = new PathTable()
  #lastFolder = ''

  constructor(root: string) {
    const base = join(root, 'var/lib/dpkg')
    this.#aliases = mergedFolders(root)
    this.#diversions = parseDiversions(textOf(join(base, 'diversions')))
    for (const [path, mode] of parseOverrides(textOf(join(base, 'statoverride')))) {
      this.#overrides.set(this.#placeOf(path), mode)
    }
    const packages = parseStatus(textOf(join(base, 'status')))
    const numbers = new Map([...new Set(packages.values())].map((one, index) => [one, index]))
    for (const { name, version } of numbers.keys()) this.#packages.push({ name: apart(name), version: apart(version) })
    for (const file of namesIn(join(base, 'info'))) {
      const [, key = '', kind] = /^(.+)\.(list|md5sums)$/.exec(file) ?? []
      const one = packages.get(key)
      const owner = one && numbers.get(one)
      if (owner === undefined || kind === undefined) continue
      const text = textOf(join(base, 'info', file))
      if (kind === 'md5sums') for (const { path, md5 } of parseSums(text)) this.#add(owner, path, md5)
      else for (const path of text.split('\n')) if (path.startsWith('/')) this.#add(owner, path)
    }
    for (const [{ configurations }, owner] of numbers) {
      for (const [path, md5] of configurations) {
        const row = this.#add(owner, path, md5.length === 2 * sumBytes ? md5 : undefined)
        if (row !== undefined) this.#configurations.add(row)
        this.#noteFolder(path)
      }
    }
    this.#paths.trim()
    this.#folders.trim()
    this.#fit(this.#paths.count)
  }

  ownerOf(path: Uint8Array): PackagedFile | undefined {
    const row = this.#paths.rowOf(path)
    const owner = row === undefined ? undefined : this.#packages[this.#owners[row] as number]
    if (row === undefined || owner === undefined) return undefined
    const { name, version } = owner
    const md5 = this.#hasSum(row) ? toHex(this.#sumAt(row)) : undefined
    return { package: name, version, md5, isConfiguration: this.#configurations.has(row) }
  }

  ownsFolder(path: Uint8Array): boolean {
    return this.#folders.rowOf(path) !== undefined
  }

  overrideOf(path: Uint8Array): number | undefined {
    return this.#overrides.get(bytesKey(path))
  }

  #add(owner: number, listed: string, md5?: string): number | undefined {
    const diverted = this.#diversions.get(listed)
    const isAtHome = diverted === undefined || diverted.by === this.#packages[owner]?.name
    const path = this.#placeOf(isAtHome ? listed : diverted.to)
    if (md5 !== undefined) this.#noteFolder(path)
    const { count } = this.#paths
    const row = this.#paths.add(Buffer.from(path, 'latin1'))
    if (row === undefined) return undefined
    if (row === this.#owners.length) this.#fit(2 * row)
    const isNew = row === count
    if (isNew || (md5 !== undefined && !this.#hasSum(row))) {
      this.#owners[row] = owner
      this.#sumAt(row).set(md5 === undefined ? noSum : Buffer.from(md5, 'hex'))
    }
    return row
  }

  #sumAt(row: number): Uint8Array {
    return this.#sums.subarray(sumBytes * row, sumBytes * (row + 1))
  }

  #hasSum(row: number): boolean {
    return this.#sumAt(row).some((byte) => byte !== 0)
  }

  #fit(rows: number): void {
    const [owners, sums] = [new Uint32Array(rows), new Uint8Array(sumBytes * rows)]
    owners.set(this.#owners.subarray(0, rows))
    sums.set(this.#sums.subarray(0, sumBytes * rows))
    this.#owners = owners
    this.#sums = sums
  }

  /** Of neighbours in a list, which mostly lie together, only the first is looked at. */
  #noteFolder(path: string): void {
    const end = path.lastIndexOf('/')
    const known = this.#lastFolder
    if (known.length === end && path.startsWith(known)) return
    this.#lastFolder = path.slice(0, end)
    const place = this.#placeOf(path)
    this.#folders.add(Buffer.from(place.slice(0, Math.max(1, place.lastIndexOf('/'))), 'latin1'))
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

/** Another text wherever what is installed may be another; undefined without dpkg. */
export function packagesStamp(root = '/'): string | undefined {
  return stampOf(root)
}

/** What is different after dpkg has changed something. */
function stampOf(root: string): string | undefined {
  const base = join(root, 'var/lib/dpkg')
  const stamps = ['status', 'info', 'diversions', 'statoverride'].map((name) => {
    const stat = statSync(join(base, name), { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? '-' : `${stat.ino}:${stat.size}:${stat.mtimeNs}`
  })
  return stamps[0] === '-' ? undefined : stamps.join(' ')
}

/** A copy: a part of a text keeps all of it. */
function apart(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
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
