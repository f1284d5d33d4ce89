/**
 * How the command line talks to the daemon of a state folder: its note, its token, one request at a time. An answer may
 * take as long as a first fold does, so nothing here gives up by the clock (`fetch` does after 5 minutes).
 */
import { request as openRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { errorCodes, FoundryError } from '../base/errors.ts'
import type { BricksAnswer, ControlPath, ErrorAnswer, TasksAnswer } from '../wire/api.ts'
import { type DaemonNote, StateFolder } from './state-folder.ts'

export interface DaemonClient {
  readonly note: DaemonNote
  readonly token: string
  bricks(): Promise<BricksAnswer>
  tasks(): Promise<TasksAnswer>
  /** Resolves when the daemon has done it, with its answer. Errors: those that it answers with, DAEMON_ABSENT. */
  control(path: ControlPath, body?: Record<string, unknown>): Promise<unknown>
}

/** Error: DAEMON_ABSENT where none runs in this state folder. */
export function connectDaemon(statePath: string): DaemonClient {
  const state = new StateFolder(statePath)
  const note = state.readNote()
  const token = state.readToken()
  if (note === undefined || token === undefined || !isAlive(note.pid)) throw absent(statePath)
  const daemon = { note, token, statePath }
  return {
    note,
    token,
    async bricks() {
      return (await request(daemon, '/api/bricks')) as BricksAnswer
    },
    async tasks() {
      return (await request(daemon, '/api/tasks')) as TasksAnswer
    },
    async control(path, body = {}) {
      return request(daemon, path, body)
    },
  }
}

async function request(
  daemon: { note: DaemonNote; token: string; statePath: string },
  path: string,
  body?: Record<string, unknown>,
): Promise<unknown> {
  let answer: { readonly status: number; readonly text: string }
  try {
    answer = await exchange(`${daemon.note.url}${path}`, daemon.token, body)
  } catch (error) {
    throw absent(daemon.statePath, error)
  }
  const said: unknown = JSON.parse(answer.text)
  if (answer.status === 200) return said
  const { code, message } = (said as ErrorAnswer).error
  const known = errorCodes.find((each) => each === code)
  if (known !== undefined) throw new FoundryError(known, message)
  throw new FoundryError('DAEMON_FAILED', `The daemon answered ${code}: ${message}`)
}

/** With a body it is a POST. Errors: those of the connection. */
function exchange(
  url: string,
  token: string,
  body: Record<string, unknown> | undefined,
): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const asked = openRequest(url, { method: body === undefined ? 'GET' : 'POST', headers, agent: false }, (answer) => {
      text(answer).then((said) => resolve({ status: answer.statusCode ?? 0, text: said }), reject)
    })
    asked.on('error', reject)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
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
