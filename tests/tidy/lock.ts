/**
 * Every optional package of another platform belongs in package-lock.json: from version 11 on `npm ci` refuses a lock
 * without it, on every machine. `npm install` leaves out those that the registry of the day did not answer for.
 *
 * What such an entry says follows from its name; only its integrity is missing, and no Linux with glibc fetches it.
 */

export interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>
}

interface LockEntry {
  readonly version?: string
  readonly dev?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface MissingEntry {
  readonly version: string
  readonly cpu: readonly string[]
  readonly dev?: true
  readonly libc?: readonly string[]
  readonly optional: true
  readonly os: readonly string[]
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']

/** Place in the lock (node_modules/...) -> what belongs there; empty where the lock is complete. */
export function missingFromLock(lock: Lock): Map<string, MissingEntry> {
  const missing = new Map<string, MissingEntry>()
  for (const [place, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const seen = placesSeenFrom(place, name).find((candidate) => lock.packages[candidate] !== undefined)
      if (seen !== undefined && satisfies(lock.packages[seen]?.version, version)) continue
      const besideOwner = `${place.slice(0, place.lastIndexOf('node_modules/'))}node_modules/${name}`
      const isTaken = lock.packages[besideOwner] !== undefined
      missing.set(isTaken ? `${place}/node_modules/${name}` : besideOwner, entryOf({ name, version, owner: entry }))
    }
  }
  return missing
}

/** Where Node.js would look for `name` from the package at `place`, innermost first. */
function placesSeenFrom(place: string, name: string): string[] {
  const places = [place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`]
  for (let end = place.lastIndexOf('node_modules/'); end >= 0; end = place.lastIndexOf('node_modules/', end - 1)) {
    places.push(`${place.slice(0, end)}node_modules/${name}`)
    if (end === 0) break
  }
  return places
}

/** Of ranges npm itself takes care; native halves are named by their exact version. */
function satisfies(found: string | undefined, wanted: string): boolean {
  return found === wanted || !isExact(wanted)
}

function isExact(version: string): boolean {
  return /^\d+\.\d+\.\d+$/.test(version)
}

function entryOf({ name, version, owner }: { name: string; version: string; owner: LockEntry }): MissingEntry {
  const words = name.split(/[/-]/)
  const os = words.filter((word) => systems.includes(word))
  const cpu = words.filter((word) => processors.includes(word))
  if (!isExact(version) || os.length !== 1 || cpu.length !== 1) {
    throw new Error(`what ${name}@${version} is cannot be told from its name: run npm install against another registry`)
  }
  const isMusl = words.some((word) => word.startsWith('musl'))
  return {
    version,
    cpu,
    ...(owner.dev ? { dev: true } : {}),
    ...(os[0] === 'linux' ? { libc: [isMusl ? 'musl' : 'glibc'] } : {}),
    optional: true,
    os,
  }
}
