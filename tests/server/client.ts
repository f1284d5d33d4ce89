/** A client that says exactly what it is told to: any Host, any method, nothing added, nothing decoded. */
import { type IncomingHttpHeaders, request } from 'node:http'
import type { RunningServer } from '../../src/server/foundry.ts'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Ask {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

export function ask(
  server: RunningServer,
  path: string,
  { method = 'GET', headers = {}, body }: Ask = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: server.port, path, method, agent: false }
    const outgoing = request({ ...options, headers: { Host: `127.0.0.1:${server.port}`, ...headers } }, (incoming) => {
      const parts: Buffer[] = []
      incoming.on('data', (part: Buffer) => parts.push(part))
      incoming.on('error', reject)
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(parts) }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

export function json(reply: Reply): unknown {
  return JSON.parse(reply.body.toString()) as unknown
}

/** Code of an error answer. */
export function codeOf(reply: Reply): string {
  return (json(reply) as { error: { code: string } }).error.code
}
