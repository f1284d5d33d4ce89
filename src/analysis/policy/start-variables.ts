/** Variables that a start file gives to all programs after it, and with which somebody else's code gets into them. */
import { isOpenPlace } from './open-places.ts'

export interface BadVariable {
  readonly title: string
  readonly why: string
  /** Everybody can fill it; else it is only worth a question. */
  readonly isOpen: boolean
}

/** Of one line of a shell's start file, of `NAME=VALUE`, or of a unit's `Environment=`. */
export function badVariables(line: string): readonly BadVariable[] {
  return [...line.matchAll(assignment)].flatMap(([, name = '', said = '']) => {
    const value = said.replaceAll(/^["']|["']$/g, '')
    if (name === 'PATH') return badPath(value)
    const open = value.split(/[:\s]+/).find(isOpenPlace)
    if (open !== undefined) {
      return [{ title: `${name} names a place where everybody may write`, why: openWhy(open), isOpen: true }]
    }
    const isPreload = name === 'LD_PRELOAD' || name === 'LD_AUDIT'
    if (!isPreload || value === '' || value.startsWith('$')) return []
    return [{ title: `${name} loads a library into every program`, why: `the library is ${value}`, isOpen: false }]
  })
}

const assignment =
  /(?:^|[;\s"'=]|\bsetenv\s+)(PATH|LD_PRELOAD|LD_AUDIT|LD_LIBRARY_PATH|BASH_ENV|PROMPT_COMMAND|PYTHONSTARTUP|PYTHONPATH|PERL5LIB)=\s*("[^"]*"|'[^']*'|[^\s;&|)"']*)/g

/** Places that come before the system's own. */
function badPath(value: string): readonly BadVariable[] {
  if (value === '') return []
  for (const place of value.split(':')) {
    if (/^(?:\$\{?PATH|\/(?:usr|bin|sbin)(?:\/|$))/.test(place)) return []
    if (isOpenPlace(place)) {
      return [{ title: 'PATH begins where everybody may write', why: openWhy(place), isOpen: true }]
    }
    if (place === '' || place === '.' || place.startsWith('./')) {
      const why = 'programs are looked for in the current folder first'
      return [{ title: 'PATH begins with the current folder', why, isOpen: true }]
    }
  }
  return []
}

function openWhy(place: string): string {
  return `everybody can put a file into ${place}`
}
