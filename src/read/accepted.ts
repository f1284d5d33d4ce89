/**
 * Findings that somebody has looked at and accepts: rule and place, with a reason. A file of its own in the state folder,
 * for people to read, copy and keep in version control. Accepted findings are shown as such, never left out of what is stored.
 *
 * The file may have been edited by hand: what cannot be understood is an error that says so, and nothing is overwritten.
 */
import { readFileSync } from 'node:fs'
import { displayPath, fromHex, pathText, toHex, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { cutText } from '../brick/region-record.ts'
import { writeDurably } from '../store/set-manifest.ts'

export interface Acceptance {
  readonly rule: string
  /** Absolute, on the machine that the brick is of. Bytes. */
  readonly place: Uint8Array
  readonly reason: string
  /** RFC 3339. */
  readonly at: string
}

export class Accepted {
  readonly #byKey = new Map<string, Acceptance>()

  constructor(all: Iterable<Acceptance>) {
    for (const one of all) this.#byKey.set(keyOf(one), one)
  }

  get all(): readonly Acceptance[] {
    return [...this.#byKey.values()]
  }

  find(finding: Pick<Acceptance, 'rule' | 'place'>): Acceptance | undefined {
    return this.#byKey.get(keyOf(finding))
  }

  with(one: Acceptance): Accepted {
    return new Accepted([...this.all, one])
  }

  without(one: Pick<Acceptance, 'rule' | 'place'>): Accepted {
    return new Accepted(this.all.filter((other) => keyOf(other) !== keyOf(one)))
  }
}

/** Nothing where there is no such file. Errors: USAGE where it is none of ours; those of the operating system. */
export function readAccepted(path: string): Accepted {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Accepted([])
    throw error
  }
  const all = parseRows(text)
  if (all !== undefined) return new Accepted(all)
  const shown = displayPath(utf8(path))
  throw new FoundryError(
    'USAGE',
    `${shown} is no list of accepted findings. Repair it, or move it away and accept anew.`,
  )
}

/** Errors: DISK_*. */
export function writeAccepted(path: string, accepted: Accepted): void {
  const rows = accepted.all.map(({ rule, place, reason, at }) => ({ rule, ...pathText(place), reason, at }))
  writeDurably(path, utf8(`${JSON.stringify({ schema: 1, accepted: rows }, null, 2)}\n`))
}

export const reasonBytesMax = 1_000

function keyOf({ rule, place }: Pick<Acceptance, 'rule' | 'place'>): string {
  return `${rule} ${toHex(place)}`
}

function parseRows(text: string): Acceptance[] | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  const { schema, accepted } = fields(json)
  if (schema !== 1 || !Array.isArray(accepted)) return undefined
  const rows = accepted.map(rowOf)
  return rows.every((row) => row !== undefined) ? rows : undefined
}

function rowOf(json: unknown): Acceptance | undefined {
  const { rule, path, pathHex, reason, at } = fields(json)
  const place = typeof path === 'string' ? utf8(path) : typeof pathHex === 'string' ? fromHex(pathHex) : undefined
  if (typeof rule !== 'string' || place === undefined) return undefined
  const said = typeof reason === 'string' ? cutText(reason, reasonBytesMax) : ''
  return { rule, place, reason: said, at: typeof at === 'string' ? at : '' }
}

function fields(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : {}
}
