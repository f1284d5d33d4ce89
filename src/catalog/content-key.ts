/**
 * Keys of what is kept about a content: they begin with its id, so that all that was said of a content is found, and
 * can be taken out, whatever else the keys depend on.
 */

/** Two contents that share so much of their ids: one is forgotten with the other, and made again. */
const idBytes = 8

/** 32 bytes. `digest`: 32 bytes, of all that the value depends on. What is about no known content is in one group. */
export function contentKey(contentId: Uint8Array | undefined, digest: Uint8Array): Uint8Array {
  const key = new Uint8Array(digest)
  key.set(contentId === undefined ? new Uint8Array(idBytes) : contentId.subarray(0, idBytes))
  return key
}

/** The smallest and the largest key about that content. */
export function keysOfContent(contentId: Uint8Array | undefined): {
  readonly from: Uint8Array
  readonly to: Uint8Array
} {
  return {
    from: contentKey(contentId, new Uint8Array(keyBytes)),
    to: contentKey(contentId, new Uint8Array(keyBytes).fill(0xff)),
  }
}

/** Equal for all keys about one content. */
export function groupOfKey(key: Uint8Array): string {
  return Buffer.from(key.subarray(0, idBytes)).toString('latin1')
}

const keyBytes = 32
