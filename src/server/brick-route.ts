/** The brick and commit that an address names. */
import { toHex } from '../base/bytes.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { Foundry } from './foundry.ts'
import { invalid, Refusal } from './refusal.ts'

export interface BrickAddress {
  readonly uuid: string
  readonly commit: string
}

/** Throws a Refusal: 400 malformed, 404 no such brick, 410 that commit is not served (any more), with the newest one. */
export function viewAt(foundry: Foundry, { uuid, commit }: BrickAddress): BrickView {
  checkUuid(uuid)
  if (!/^[0-9a-f]{64}$/.test(commit)) throw invalid('A commit is named by 64 lower-case hex digits.')
  const view = foundry.view(uuid, commit)
  if (view !== undefined) return view
  const newest = newestOf(foundry, uuid)
  throw new Refusal({
    status: 410,
    code: 'COMMIT_GONE',
    message: 'That commit is not served any more; take the newest one.',
    more: { commit: toHex(newest.record.id) },
  })
}

/** Throws a Refusal: 400 malformed, 404 no such brick. */
export function newestOf(foundry: Foundry, uuid: string): BrickView {
  checkUuid(uuid)
  const newest = foundry.newest(uuid)
  if (newest !== undefined) return newest
  const isFolding = foundry.bricks().some((brick) => brick.uuid === uuid)
  const message = isFolding ? `The brick ${uuid} has no commit yet; wait for the feed.` : `There is no brick ${uuid}.`
  throw new Refusal({ status: 404, code: 'BRICK_MISSING', message })
}

function checkUuid(uuid: string): void {
  if (!/^[0-9a-f]{32}$/.test(uuid)) throw invalid('A brick is named by 32 lower-case hex digits.')
}
