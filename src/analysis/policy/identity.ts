/** Which of the known programs a content is, by its bytes: `known-programs.ts`. */
import { utf8 } from '../../base/bytes.ts'
import { singleQuoted } from '../../base/shell-text.ts'
import type { EntrySubject } from '../analyzer.ts'
import type { Packages } from '../host.ts'
import { type KnownProgram, knownPrograms } from './known-programs.ts'
import { programClass } from './program.ts'

export interface Identity extends KnownProgram {
  /** What shows it, as a sentence. */
  readonly because: string
  /** Shows the same. */
  readonly check: string
}

/** Undefined where it is none of them, or the bytes were not looked at. */
export function identityOf({ content, host }: EntrySubject): Identity | undefined {
  if (content === undefined) return undefined
  const twin = content.md5 === undefined ? undefined : twinsOf(host.packages)?.get(content.md5)
  if (twin !== undefined) {
    const { path, package: owner, program } = twin
    const because = `it holds the same bytes as ${path} of the package ${owner} (MD5 ${content.md5})`
    return { ...program, because, check: `cmp FILE ${path} && echo same` }
  }
  const told = content.regions.find((region) => region.class === programClass)
  if (told === undefined) return undefined
  const program = knownPrograms.get(told.name) ?? ({ name: told.name, power: 'runs commands' } as const)
  const shows = told.attributes?.['shows']
  const texts = Array.isArray(shows) ? shows.map(String) : []
  const because = `it carries texts of ${told.name}: ${texts.map((text) => `'${text}'`).join(', ')}`
  return { ...program, because, check: `strings -a FILE | grep -F ${singleQuoted(texts[0] ?? told.name)}` }
}

interface Twin {
  readonly path: string
  readonly package: string
  readonly program: KnownProgram
}

const twins = new WeakMap<Packages, ReadonlyMap<string, Twin>>()

/** By MD5: the known programs that this machine's packages brought. */
function twinsOf(packages: Packages | undefined): ReadonlyMap<string, Twin> | undefined {
  if (packages === undefined) return undefined
  const known = twins.get(packages)
  if (known !== undefined) return known
  const found = new Map<string, Twin>()
  for (const program of knownPrograms.values()) {
    for (const folder of ['/usr/bin', '/usr/sbin', '/bin', '/sbin']) {
      const path = `${folder}/${program.name}`
      const file = packages.ownerOf(utf8(path))
      if (file?.md5 === undefined || found.has(file.md5)) continue
      found.set(file.md5, { path, package: `${file.package} ${file.version}`, program })
    }
  }
  twins.set(packages, found)
  return found
}
