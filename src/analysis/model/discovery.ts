/** Asks the server that was named, or the usual places of this machine, what models there are. */

import type { Looked } from './choose-model.ts'
import { type Endpoint, namedEndpoint, usualEndpoints } from './endpoint.ts'
import type { Uid } from './listener-owner.ts'
import { type LookParts, lookAtServer, type ServerLook } from './model-server.ts'
import type { ModelSettings } from './model-settings.ts'

export interface DiscoveryParts extends Omit<LookParts, 'token' | 'probeMs'> {
  /** The places that are asked where none is named; left out: the usual ones. */
  readonly usual?: readonly Endpoint[]
  /** Whether a request to that host would pass another machine. */
  readonly isProxied?: (hostname: string) => boolean
  readonly ownerOf: (port: number) => Uid | undefined
  /** Whose servers are believed although nobody named them. */
  readonly trusted: ReadonlySet<Uid>
}

/** In the order of preference. Errors: USAGE where the address that was named cannot be used. */
export async function lookForModels(settings: ModelSettings, parts: DiscoveryParts): Promise<readonly Looked[]> {
  const { url, allowRemote, token, deadlines } = settings
  const endpoints = url === undefined ? (parts.usual ?? usualEndpoints()) : [namedEndpoint(url, { allowRemote })]
  const look = async (endpoint: Endpoint): Promise<ServerLook> => {
    const { hostname } = new URL(endpoint.origin)
    if (!allowRemote && parts.isProxied?.(hostname)) {
      return { kind: 'none', reason: `requests go through a proxy (NODE_USE_ENV_PROXY): add ${hostname} to NO_PROXY` }
    }
    if (endpoint.isGuess) {
      const owner = parts.ownerOf(endpoint.port)
      if (owner === undefined) return { kind: 'none', reason: 'connection refused' }
      if (!parts.trusted.has(owner)) {
        return { kind: 'none', reason: `it is user ${owner}'s: name it (--model-url, SFD_MODEL_URL) to use it` }
      }
    }
    return lookAtServer(endpoint, { ...parts, token, probeMs: deadlines.probeMs })
  }
  return Promise.all(endpoints.map(async (endpoint) => ({ endpoint, look: await look(endpoint) })))
}
