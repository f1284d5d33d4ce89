/**
 * Where a model server may be: what addresses mean, and which of them are of this machine.
 *
 * A name is never asked of the network to find out: only `localhost`, 127.0.0.0/8 and ::1 count as this machine.
 */
import { FoundryError } from '../../base/errors.ts'

export interface Endpoint {
  /** Without user, password, query and trailing slash: `http://127.0.0.1:1234`. */
  readonly origin: string
  /** Where the OpenAI-compatible interface begins: `http://127.0.0.1:1234/v1`. */
  readonly base: string
  readonly port: number
  readonly isLoopback: boolean
  /** Nobody named it: it is one of the usual places. */
  readonly isGuess: boolean
}

/** LM Studio, Ollama, llama.cpp, vLLM. */
export const usualPorts = [1234, 11434, 8080, 8000] as const

export function usualEndpoints(): readonly Endpoint[] {
  return usualPorts.map((port) => {
    const origin = `http://127.0.0.1:${port}`
    return { origin, base: `${origin}/v1`, port, isLoopback: true, isGuess: true }
  })
}

/** Errors: USAGE where it is no address of a server, or one of another machine that nobody allowed. */
export function namedEndpoint(text: string, { allowRemote }: { readonly allowRemote: boolean }): Endpoint {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new FoundryError(
      'USAGE',
      `${JSON.stringify(text)} is no address of a model server: http://127.0.0.1:1234 is.`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new FoundryError('USAGE', 'The address of the model server holds a password: give it as SFD_MODEL_TOKEN.')
  }
  const isLoopback = isLoopbackName(url.hostname)
  if (!isLoopback && !allowRemote) {
    throw new FoundryError(
      'USAGE',
      `${url.host} is another machine: what is described goes there. Say --allow-remote (SFD_MODEL_ALLOW_REMOTE=1) if it may.`,
    )
  }
  const path = url.pathname.replace(/\/+$/, '')
  const origin = `${url.origin}${path.replace(/\/v1$/, '')}`
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return { origin, base: `${origin}/v1`, port, isLoopback, isGuess: false }
}

function isLoopbackName(hostname: string): boolean {
  // URL has brought numbers such as 127.1 and 0x7f000001 into the form of four already.
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
}
