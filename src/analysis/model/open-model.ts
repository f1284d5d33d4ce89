/** Puts the parts of the model together for a program: its settings, its state folder, its clock. */
import type { Clock, Random } from '../../base/ports.ts'
import type { AnswerCache, DescribeParts } from './describe-region.ts'
import type { Endpoint } from './endpoint.ts'
import { ExchangeLog } from './exchange-log.ts'
import { listenerOwner, type Uid } from './listener-owner.ts'
import { modelFolder } from './model-folder.ts'
import { ModelLink } from './model-link.ts'
import type { ModelSettings } from './model-settings.ts'
import { isProxied } from './proxied.ts'
import type { Timers } from './timers.ts'
import { TokenRatio } from './token-ratio.ts'

export interface OpenModel {
  readonly settings: ModelSettings
  /** The state folder; what is recorded lies in `model` in it. */
  readonly state: string
  /** The catalog's reports, or anything that keeps values by key. */
  readonly cache: AnswerCache
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
  /** Ends looks at servers; left out: they end by their deadlines. */
  readonly signal?: AbortSignal
  /** Left out: the usual ones of this machine. */
  readonly usual?: readonly Endpoint[]
}

/** Reads nothing and asks nobody yet. */
export function openModel({ settings, state, cache, clock, random, timers, signal, usual }: OpenModel): DescribeParts {
  const link = new ModelLink(settings, {
    ...{
      clock,
      timers,
      ownerOf: listenerOwner,
      isProxied: (hostname) => isProxied(hostname, process.env),
      trusted: trustedUsers(),
    },
    signal: signal ?? new AbortController().signal,
    ...(usual && { usual }),
  })
  return { link, cache, log: new ExchangeLog(modelFolder(state)), ratio: new TokenRatio(), clock, random, timers }
}

/** Root, who runs this, and who ran it through sudo. */
function trustedUsers(): ReadonlySet<Uid> {
  const sudo = Number(process.env['SUDO_UID'] ?? Number.NaN)
  return new Set([0, process.geteuid?.() ?? 0, ...(Number.isSafeInteger(sudo) ? [sudo] : [])])
}
