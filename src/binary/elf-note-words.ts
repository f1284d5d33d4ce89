/** Words for the notes of an ELF file and for the system that it is for, as readelf has them. */

/** Of a note: `build id`; of one that nobody here knows its owner and number: `stapsdt 3`. */
export function noteWord(owner: string, type: number): string {
  return notes[owner]?.[type] ?? `${owner} ${type}`
}

export function osAbiWord(osAbi: number): string {
  return systems[osAbi] ?? `0x${osAbi.toString(16)}`
}

const notes: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  GNU: { 1: 'ABI tag', 2: 'hardware capabilities', 3: 'build id', 4: 'gold version', 5: 'properties' },
  Go: { 4: 'Go build id' },
  FDO: { 3405650558: 'package', 1081871370: 'libraries opened while running' },
  stapsdt: { 3: 'probe' },
  Linux: { 256: 'build salt', 257: 'build LTO' },
  CORE: { 1: 'registers', 3: 'process', 6: 'auxiliary vector', 1179208773: 'mapped files', 1397311305: 'signal' },
}

const systems: Readonly<Record<number, string>> = {
  0: 'System V',
  1: 'HP-UX',
  2: 'NetBSD',
  3: 'GNU/Linux',
  6: 'Solaris',
  7: 'AIX',
  9: 'FreeBSD',
  12: 'OpenBSD',
  97: 'ARM',
  255: 'standalone',
}
