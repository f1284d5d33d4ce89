/**
 * The texts that dpkg keeps of what is installed, as plain records. Pure: texts in, records out.
 *
 * They are read as latin1, one character a byte: paths stay exact. What does not fit the form is read over: a database
 * that is half written gives fewer answers, never wrong ones.
 */

export interface InstalledPackage {
  /** As its files in `info` are called: `bash`, `libc6:amd64`. */
  readonly key: string
  readonly name: string
  readonly version: string
  /** Absolute paths and the MD5 they were shipped with. */
  readonly configurations: ReadonlyMap<string, string>
}

/** Of `status`: packages whose files are there; of a package of several architectures both ways to name its files. */
export function parseStatus(text: string): Map<string, InstalledPackage> {
  const packages = new Map<string, InstalledPackage>()
  for (const paragraph of text.split('\n\n')) {
    const name = field(paragraph, 'Package')
    const version = field(paragraph, 'Version')
    const state = field(paragraph, 'Status')?.split(' ')[2]
    if (name === undefined || version === undefined || state === undefined || filesGone.has(state)) continue
    const architecture = field(paragraph, 'Architecture')
    const key = `${name}:${architecture}`
    const one = { key, name, version, configurations: configurationsOf(paragraph) }
    packages.set(key, one)
    if (!packages.has(name)) packages.set(name, one)
  }
  return packages
}

const filesGone: ReadonlySet<string> = new Set(['not-installed', 'config-files'])

/** Of `NAME.md5sums`: `MD5  path/without/leading/slash` a line. */
export function* parseSums(text: string): Generator<{ readonly path: string; readonly md5: string }> {
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at)
    const next = end < 0 ? text.length : end
    const md5 = text.slice(at, at + md5Digits)
    if (next > at + md5Digits + 2 && isMd5.test(md5)) yield { path: `/${text.slice(at + md5Digits + 2, next)}`, md5 }
    at = next + 1
  }
}

const md5Digits = 32
const isMd5 = /^[0-9a-f]{32}$/

export interface Diversion {
  readonly from: string
  readonly to: string
  /** Whose file stays at `from`; `:` where the administrator diverted it, and nobody's does. */
  readonly by: string
}

/** Of `diversions`: three lines each. */
export function parseDiversions(text: string): Map<string, Diversion> {
  const lines = text.split('\n')
  const diversions = new Map<string, Diversion>()
  for (let at = 0; at + 2 < lines.length; at += 3) {
    const [from = '', to = '', by = ''] = lines.slice(at, at + 3)
    if (from.startsWith('/') && to.startsWith('/')) diversions.set(from, { from, to, by })
  }
  return diversions
}

/** Of `statoverride`: `USER GROUP MODE PATH` a line; the modes that somebody has set on purpose. */
export function parseOverrides(text: string): Map<string, number> {
  const overrides = new Map<string, number>()
  for (const line of text.split('\n')) {
    const match = /^\S+ \S+ ([0-7]{1,5}) (\/.*)$/.exec(line)
    if (match !== null) overrides.set(match[2] as string, Number.parseInt(match[1] as string, 8))
  }
  return overrides
}

function field(paragraph: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1]
}

function configurationsOf(paragraph: string): Map<string, string> {
  const configurations = new Map<string, string>()
  const list = /^Conffiles:\n((?: .*\n?)*)/m.exec(paragraph)?.[1] ?? ''
  for (const line of list.split('\n')) {
    const match = /^ (\/.*?) ([0-9a-f]{32}|newconffile)(?: obsolete)?(?: remove-on-upgrade)?$/.exec(line)
    if (match !== null) configurations.set(match[1] as string, match[2] as string)
  }
  return configurations
}
