/** Where state lies, and which file a brick's name means (design section 7). */
import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { concatBytes, displayPath, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { hiddenBrick, lookAt } from '../store/look-at.ts'
import { manifestName } from '../store/set-manifest.ts'
import { argumentBytes } from './arguments.ts'

/** What of the machine decides where state lies. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isRoot: boolean
  readonly home: string
}

export function surroundings(): Surroundings {
  return { env: process.env, isRoot: process.geteuid?.() === 0, home: homedir() }
}

/** `given`, else SFD_STATE, else /var/lib/system-foundry for root, else in the user's state folder. Absolute. */
export function statePath(given: string | undefined, { env, isRoot, home }: Surroundings): string {
  const named = given ?? env['SFD_STATE']
  if (named !== undefined && named !== '') return resolve(named)
  if (isRoot) return '/var/lib/system-foundry'
  const base = env['XDG_STATE_HOME']
  return join(base?.startsWith('/') ? base : join(home, '.local', 'state'), 'system-foundry')
}

/** Error: STATE_UNREADABLE where the state is there, and closed to who runs this. */
export function refuseClosedState(state: string): void {
  try {
    accessSync(state, constants.R_OK | constants.X_OK)
  } catch (error) {
    if (!isRefusal(error)) return
    const owner = ownerOf(state)
    const who = owner === undefined ? 'its owner' : `its owner (user ${owner})`
    throw new FoundryError(
      'STATE_UNREADABLE',
      `${displayPath(utf8(state))} may not be read by this user. Run the command as ${who}, or name another --state.`,
      error,
    )
  }
}

/** What a command failed with is the state's being closed, where it is: says that, else does nothing. Error: STATE_UNREADABLE. */
export function refuseWhereClosed(state: string, error: unknown): void {
  const isAbsent = error instanceof FoundryError && error.code === 'DAEMON_ABSENT'
  const isHidden = error instanceof FoundryError && error.message.startsWith(`${displayPath(utf8(state))}/`)
  const path = isRefusal(error) ? (error.path ?? '') : ''
  if (isAbsent || isHidden || path === state || path.startsWith(`${state}/`)) refuseClosedState(state)
  if (path !== state && !path.startsWith(`${state}/`)) return
  throw new FoundryError(
    'STATE_UNREADABLE',
    `${displayPath(utf8(path))} may not be read by this user. Run the command as its owner, or name another --state.`,
    error,
  )
}

function isRefusal(error: unknown): error is NodeJS.ErrnoException {
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  return !(error instanceof FoundryError) && (code === 'EACCES' || code === 'EPERM')
}

function ownerOf(state: string): number | undefined {
  const look = lookAt(argumentBytes(state))
  return look.kind === 'there' ? look.stat.uid : undefined
}

/** The file that a path or a brick's name means; a name with or without `.brick`. Error: BRICK_MISSING. */
export function brickPath(argument: string, state: string): Uint8Array {
  const given = argumentBytes(argument)
  const name = namedPath(argument, state)
  const paths = name === undefined ? [given] : [given, argumentBytes(name)]
  const looks = paths.map((path) => ({ path, look: lookAt(path) }))
  for (const { path, look } of looks) if (look.kind === 'there' && !look.stat.isDirectory()) return path
  for (const { path, look } of looks) if (look.kind === 'hidden') throw hiddenBrick(path, look.code)
  for (const { path, look } of looks) if (look.kind === 'there') refuseSet(path)
  const shown = displayPath(given)
  const folder = join(state, 'bricks')
  throw new FoundryError(
    'BRICK_MISSING',
    `There is no brick ${shown}: no such file, and no brick of that name in ${folder}.`,
  )
}

/** A folder that `sfd crystallize` made is no brick, but holds some. Error: USAGE. */
function refuseSet(folder: Uint8Array): void {
  if (lookAt(concatBytes([folder, utf8(`/${manifestName}`)])).kind !== 'there') return
  const shown = displayPath(folder)
  const advice = `name one of its bricks, such as ${shown}/etc.brick, or use \`sfd verify\` and \`sfd extract\` on all of it`
  throw new FoundryError('USAGE', `${shown} is a set of bricks: ${advice}.`)
}

/** Of a name as `sfd status` lists it: in folders below that of all bricks, or absolute where a task put it elsewhere. */
function namedPath(name: string, state: string): string | undefined {
  const file = `${name.replace(/\.brick$/, '')}.brick`
  const parts = file.replace(/^\//, '').split('/')
  if (parts.some((part) => part === '' || part.startsWith('.'))) return undefined
  return file.startsWith('/') ? file : join(state, 'bricks', file)
}
