/** How the command line talks to the daemon of a state folder: its note, its token, one request at a time. */
import { FoundryError } from '../base/errors.ts'
import type { BricksAnswer, ErrorAnswer } from '../wire/api.ts'
import { type DaemonNote, StateFolder } from './state-folder.ts'

export interface DaemonClient {
  readonly note: DaemonNote
  readonly token: string
  bricks(): Promise<BricksAnswer>
  /** Resolves when the daemon has done it. Errors: those that it answers with, DAEMON_ABSENT. */
  control(path: '/api/sync' | '/api/stop' | '/api/remove', body?: Record<string, unknown>): Promise<void>
}

/** Error: DAEMON_ABSENT where none runs in this state folder. */
export function connectDaemon(statePath: string): DaemonClient {
  const state = new StateFolder(statePath)
  const note = state.readNote()
  const token = state.readToken()
  if (note === undefined || token === undefined || !isAlive(note.pid)) throw absent(statePath)
  const ask = (path: string, init: RequestInit): Promise<unknown> => request({ note, token, statePath }, path, init)
  return {
    note,
    token,
    async bricks() {
      return (await ask('/api/bricks', {})) as BricksAnswer
    },
    async control(path, body = {}) {
      await ask(path, { method: 'POST', body: JSON.stringify(body) })
    },
  }
}

async function request(
  daemon: { note: DaemonNote; token: string; statePath: string },
  path: string,
  init: RequestInit,
): Promise<unknown> {
  const headers = { authorization: `Bearer ${daemon.token}`, 'content-type': 'application/json' }
  let answer: Response
  try {
    answer = await fetch(`${daemon.note.url}${path}`, { ...init, headers })
  } catch (error) {
    throw absent(daemon.statePath, error)
  }
  const body: unknown = await answer.json()
  if (answer.ok) return body
  const { code, message } = (body as ErrorAnswer).error
  throw new FoundryError('DAEMON_FAILED', `The daemon answered ${code}: ${message}`)
}

function absent(statePath: string, cause?: unknown): FoundryError {
  return new FoundryError(
    'DAEMON_ABSENT',
    `No daemon keeps ${statePath}. Start one with \`sfd up\`, or name another --state.`,
    cause,
  )
}

/** The note outlives a daemon that was killed. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
