/** The status of the model out of what its parts know. */
import { type DescribeParts, dayOf } from './describe-region.ts'
import { modelDefault } from './model-settings.ts'
import type { ModelStatus } from './model-status.ts'

export type QueueCounts = Pick<ModelStatus, 'queued' | 'running' | 'described' | 'failed'>

export function statusOf(parts: Pick<DescribeParts, 'link' | 'log' | 'clock'>, counts: QueueCounts): ModelStatus {
  const { link, log, clock } = parts
  const { settings } = link
  const { state, model, reason } = link.state()
  const left = Math.max(0, settings.budget.tokensPerDay - log.tokensOn(dayOf(clock)))
  const trouble =
    state === 'ready' ? (log.trouble ?? (left === 0 ? "today's tokens are used up" : undefined)) : undefined
  return {
    state: trouble === undefined ? state : 'degraded',
    reason: trouble ?? reason,
    model: model?.id ?? (state === 'off' ? null : (settings.model ?? modelDefault)),
    server: model?.endpoint.origin ?? null,
    serverKind: model?.kind ?? null,
    contextTokens: model?.contextTokens ?? null,
    parallel: model?.parallel ?? 1,
    ...counts,
    tokensLeftToday: left,
  }
}
