/** From where a reader wants the feed: the query of its address. */
import type { FeedStart } from '../catalog/feed-start.ts'

/** `/feed?since=N&epoch=E`, both optional; undefined where they are no such things. */
export function parsePosition(url: string): FeedStart | undefined {
  const at = url.indexOf('?')
  const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1))
  const [since, epoch] = [query.get('since'), query.get('epoch')]
  if (since !== null && !(/^\d{1,16}$/.test(since) && Number.isSafeInteger(Number(since)))) return undefined
  if (epoch !== null && !/^[0-9A-Za-z-]{0,64}$/.test(epoch)) return undefined
  return { since: since === null ? undefined : Number(since), epoch: epoch ?? undefined }
}
