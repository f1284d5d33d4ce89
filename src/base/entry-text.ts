/** Metadata of an entry as text that people and programs know: modes as `ls -l` has them, times by RFC 3339. */
import type { EntryMeta, Timestamp } from './entry.ts'

const permissionLetters = 'rwxrwxrwx'
const kindLetters = { file: '-', dir: 'd', symlink: 'l', fifo: 'p', socket: 's', char: 'c', block: 'b' } as const
/** Seconds of 0000-01-01 and 10000-01-01, between which a year has four digits. */
const [secondsMin, secondsEnd] = [-62_167_219_200, 253_402_300_800]

/** Such as -rwxr-xr-x. */
export function modeText({ kind, mode }: Pick<EntryMeta, 'kind' | 'mode'>): string {
  const letters = [...permissionLetters].map((letter, i) => ((mode >> (8 - i)) & 1 ? letter : '-'))
  for (const [place, bit, lower] of [
    [2, 0o4000, 's'],
    [5, 0o2000, 's'],
    [8, 0o1000, 't'],
  ] as const) {
    if (mode & bit) letters[place] = letters[place] === 'x' ? lower : lower.toUpperCase()
  }
  return kindLetters[kind] + letters.join('')
}

/** UTC with nanoseconds; null where a year has no four digits. */
export function rfc3339({ seconds, nanoseconds }: Timestamp): string | null {
  if (seconds < secondsMin || seconds >= secondsEnd) return null
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanoseconds).padStart(9, '0')}Z`
}
