/**
 * From one finding to the next: those of all bricks at the instant shown, the gravest first. Asked anew at each step, so what
 * is gone is passed over; the one that is pinned is where the next step begins.
 */
import { type Severity, severities } from '../base/region.ts'
import type { RegionJson } from '../wire/api.ts'
import { timeLimit } from './clock.ts'
import { getFindings } from './link/api-client.ts'
import type { World } from './world.ts'

const askMsMax = 5_000
/** Of one brick. */
const findingsMax = 200

export interface FoundPlace {
  readonly uuid: string
  readonly region: RegionJson
}

/** The finding after (or before) the one at `here`; undefined where there is none at all. */
export async function nextFinding(
  world: World,
  { here, direction }: { here: { readonly uuid: string; readonly offset: number } | undefined; direction: -1 | 1 },
): Promise<FoundPlace | undefined> {
  const bricks = [...world.bricks.values()].filter(({ info }) => info.commit !== '')
  const found = await Promise.all(bricks.map(({ info }) => findingsOf(info)))
  return stepFrom(found.flat(), { here, direction })
}

/** Pure. Of several at one place the gravest is that place. */
export function stepFrom(
  found: readonly FoundPlace[],
  { here, direction }: { here: { readonly uuid: string; readonly offset: number } | undefined; direction: -1 | 1 },
): FoundPlace | undefined {
  const sorted = [...found].sort((a, b) => gravity(b) - gravity(a))
  const at = sorted.findIndex(({ uuid, region }) => uuid === here?.uuid && region.start === here.offset)
  if (sorted.length === 0) return undefined
  const next = at < 0 ? (direction === 1 ? 0 : -1) : at + direction
  return sorted[(next + sorted.length) % sorted.length]
}

async function findingsOf({
  uuid,
  commit,
  length,
}: {
  uuid: string
  commit: string
  length: number
}): Promise<FoundPlace[]> {
  const answer = await getFindings({ uuid, commit, to: length, limit: findingsMax }, timeLimit(askMsMax))
  return answer.kind === 'ok' ? answer.value.regions.map((region) => ({ uuid, region })) : []
}

function gravity({ region }: FoundPlace): number {
  return severities.indexOf(region.finding?.severity ?? ('info' satisfies Severity))
}
