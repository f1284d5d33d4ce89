/** Places where a program looks for its libraries, and which of them somebody else may be able to fill. */
import type { Severity } from '../../base/region.ts'

export interface BadPlace {
  /** As the file has it; empty: the current folder. */
  readonly place: string
  readonly why: string
  readonly severity: Severity
}

/** Of an RPATH or RUNPATH: places between `:`. Says nothing of places that only an administrator can fill. */
export function badSearchPlaces(path: string): readonly BadPlace[] {
  const places = [...new Set(path.split(':'))]
  return places.flatMap((place) => {
    const rule = rules.find(({ pattern }) => pattern.test(place))
    return rule === undefined ? [] : [{ place, why: rule.why, severity: rule.severity }]
  })
}

const rules: readonly { readonly pattern: RegExp; readonly why: string; readonly severity: Severity }[] = [
  {
    pattern: /^$/,
    why: 'an empty place is the current folder: who chooses the folder in which it is started chooses its libraries',
    severity: 'medium',
  },
  {
    pattern: /^(\/tmp|\/var\/tmp|\/dev\/shm|\/run\/shm|\/var\/crash|\/run\/lock|\/var\/lock)(\/|$)/,
    why: 'everybody can write there: whoever makes the folder first chooses the libraries',
    severity: 'medium',
  },
  {
    pattern: /^(?!\/|\$(ORIGIN|\{ORIGIN\})(\/|$))/,
    why: 'a relative place counts from the current folder: who chooses the folder in which it is started chooses its libraries',
    severity: 'medium',
  },
  {
    pattern: /^\/(home|Users|build|builds|workspace|github|mnt|media)\//,
    why: 'the place belongs to one user or to the machine where it was built: where it does not exist, who can make it chooses the libraries',
    severity: 'low',
  },
]
