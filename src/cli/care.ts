/** `sfd tag | compact | forget`: who does it — the daemon where it runs and the brick is one of its state, else this process. */
import { join, resolve } from 'node:path'
import { FoundryError } from '../base/errors.ts'
import type { CareParts } from '../daemon/brick-care.ts'
import { connectDaemon, type DaemonClient } from '../daemon/client.ts'
import type { ControlPath } from '../wire/api.ts'
import type { Call } from './command.ts'
import { brickPath } from './state.ts'

export interface Care<T> {
  /** Path or name. */
  readonly brick: string
  /** What the daemon is asked, apart from the name. */
  readonly control: ControlPath
  readonly body: Record<string, unknown>
  readonly direct: (parts: CareParts) => Promise<T>
}

/** Errors: BRICK_*, those of `direct`, DAEMON_FAILED. */
export async function takeCare<T>(call: Call, { brick, control, body, direct }: Care<T>): Promise<T> {
  const path = brickPath(brick, call.state)
  const daemon = runningDaemon(call.state)
  const name = daemon && (await nameKept(path, { daemon, state: call.state }))
  if (daemon !== undefined && name !== undefined) return (await daemon.control(control, { name, ...body })) as T
  const { clock, random, signal, progress } = call
  return direct({
    ...{ path, clock, random, signal },
    onProgress: ({ doneBytes, totalBytes }) => progress.update({ what: 'compacting', doneBytes, totalBytes }),
  })
}

/** The daemon's name of a brick that is its own: in the state folder, or elsewhere as a task says. */
async function nameKept(
  path: Uint8Array,
  { daemon, state }: { readonly daemon: DaemonClient; readonly state: string },
): Promise<string | undefined> {
  const full = absolute(path)
  if (!full.endsWith(suffix)) return undefined
  const folder = `${absolute(Buffer.from(join(state, 'bricks')))}/`
  if (full.startsWith(folder)) return textOf(full.slice(folder.length, -suffix.length))
  const name = textOf(full.slice(0, -suffix.length))
  const { bricks } = await daemon.bricks()
  return bricks.some((brick) => brick.name === name) ? name : undefined
}

/** One character a byte. */
function absolute(path: Uint8Array): string {
  return resolve(Buffer.from(process.cwd()).toString('latin1'), Buffer.from(path).toString('latin1'))
}

function textOf(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString()
}

const suffix = '.brick'

function runningDaemon(state: string): DaemonClient | undefined {
  try {
    return connectDaemon(state)
  } catch (error) {
    if (error instanceof FoundryError && error.code === 'DAEMON_ABSENT') return undefined
    throw error
  }
}
