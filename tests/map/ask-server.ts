/** The server asked as a script does: with the token, beside the page. */
import assert from 'node:assert/strict'
import type { RunningDaemon } from '../daemon/harness.ts'

export async function askServer<T>(daemon: Pick<RunningDaemon, 'url' | 'token'>, path: string): Promise<T> {
  const headers = { authorization: `Bearer ${daemon.token}` }
  const response = await fetch(new URL(path, daemon.url), { headers })
  assert.equal(response.status, 200, `GET ${path}`)
  return (await response.json()) as T
}
