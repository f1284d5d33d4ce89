/**
 * What a hook is told: which brick stands where, and what changed since it was told last.
 *
 * Events of one brick collapse into one: from the oldest generation not delivered to the newest. Names out of the
 * source are data: they travel on stdin only, never in arguments, never in the environment.
 */

/** `path` where the bytes are UTF-8, else `pathHex`. */
export interface HookChange {
  readonly change: 'added' | 'removed' | 'modified' | 'meta' | 'moved'
  readonly path?: string
  readonly pathHex?: string
  /** Of `moved`: where it was. */
  readonly fromPath?: string
  readonly fromPathHex?: string
}

export const hookChangesMax = 1_000

export interface HookEvent {
  readonly task: string
  /** Absolute path of the brick. */
  readonly brick: string
  readonly uuid: string
  /** The generation that `changed` is counted from; 0: the beginning. */
  readonly from: number
  readonly generation: number
  /** Hash over the content of that generation, hex. */
  readonly contentRoot: string
  /** Of the commit, RFC 3339. */
  readonly time: string
  /** At most `hookChangesMax`, by path. */
  readonly changed: readonly HookChange[]
  /** True where more changed than is listed. */
  readonly truncated: boolean
}

/** The same for every attempt at this generation. */
export function keyOf({ uuid, generation }: Pick<HookEvent, 'uuid' | 'generation'>): string {
  return `${uuid}:${generation}`
}

/** Both as one; neither the order nor a repetition matters. */
export function mergeEvents(a: HookEvent, b: HookEvent): HookEvent {
  const [older, newer] = a.generation <= b.generation ? [a, b] : [b, a]
  const changes = new Map<string, HookChange>()
  for (const change of [...older.changed, ...newer.changed]) {
    const place = placeOf(change)
    const known = changes.get(place)
    changes.set(place, known === undefined ? change : { ...change, change: joined(known, change) })
  }
  const changed = [...changes.values()].slice(0, hookChangesMax)
  const truncated = a.truncated || b.truncated || changes.size > changed.length
  return { ...newer, from: Math.min(a.from, b.from), changed, truncated }
}

/** What stdin says, one JSON object. */
export function stdinOf(event: HookEvent): string {
  const { task, brick, uuid, from, generation, contentRoot, time, changed, truncated } = event
  const told = { key: keyOf(event), task, brick, uuid, from, generation, contentRoot, time, changed, truncated }
  return `${JSON.stringify(told)}\n`
}

/** `{brick}` as a whole argument is the path; without one it comes last. */
export function argumentsOf(argv: readonly string[], brick: string): readonly string[] {
  const [command, ...rest] = argv
  const given = rest.map((argument) => (argument === '{brick}' ? brick : argument))
  return [...(command === undefined ? [] : [command]), ...given, ...(rest.includes('{brick}') ? [] : [brick])]
}

/** Of the daemon's own environment only these reach a hook. */
const passedOn = ['PATH', 'HOME', 'LANG'] as const
const pathDefault = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export function environmentOf(
  event: HookEvent,
  { own, state, run }: { readonly own: NodeJS.ProcessEnv; readonly state: string; readonly run: string },
): Record<string, string> {
  const environment: Record<string, string> = { PATH: pathDefault, LANG: 'C.UTF-8' }
  for (const name of passedOn) if (own[name]) environment[name] = own[name]
  const { task, brick, uuid, from, generation, contentRoot, time, truncated } = event
  return {
    ...environment,
    SFD_STATE: state,
    SFD_RUN: run,
    SFD_KEY: keyOf(event),
    SFD_TASK: task,
    SFD_BRICK: brick,
    SFD_UUID: uuid,
    SFD_FROM: String(from),
    SFD_GENERATION: String(generation),
    SFD_CONTENT_ROOT: contentRoot,
    SFD_TIME: time,
    SFD_TRUNCATED: String(truncated),
  }
}

function placeOf({ path, pathHex }: HookChange): string {
  return path === undefined ? `x${pathHex}` : `t${path}`
}

function joined(before: HookChange, after: HookChange): HookChange['change'] {
  if (before.change === 'added' && after.change !== 'removed') return 'added'
  if (before.change === 'removed' && after.change === 'added') return 'modified'
  return before.change === 'modified' && after.change === 'meta' ? 'modified' : after.change
}
