/**
 * What a killed process leaves of a brick that never had a commit: a temporary file beside the place of the brick.
 *
 * Whoever makes a brick holds the lock of its temporary file, so one that can be locked belongs to nobody. Bricks
 * themselves are never touched.
 */
import { closeSync, constants, openSync, readdirSync, rmSync } from 'node:fs'
import { toHex } from '../base/bytes.ts'
import type { Random } from '../base/ports.ts'
import { tryLockExclusive } from '../linux/flock.ts'

const suffixBytes = 6
const suffix = /^\.[0-9a-f]{12}\.partial$/

/** A name beside `path` that nothing has. */
export function temporaryName(path: Uint8Array, random: Random): Buffer {
  return Buffer.concat([path, Buffer.from(`.${toHex(random.bytes(suffixBytes))}.partial`)])
}

/** Removes the temporary files of this brick whose makers are gone. Failing to is no failure: they are only in the way. */
export function removeLeftovers(path: Uint8Array): void {
  const text = Buffer.from(path)
  const slash = text.lastIndexOf('/')
  const folder = slash < 0 ? Buffer.from('./') : text.subarray(0, slash + 1)
  const name = text.subarray(slash + 1)
  try {
    for (const each of readdirSync(folder, { encoding: 'buffer' })) {
      const isOurs =
        each.subarray(0, name.length).equals(name) && suffix.test(each.subarray(name.length).toString('latin1'))
      if (isOurs) removeUnlocked(Buffer.concat([folder, each]))
    }
  } catch {
    // The folder cannot be listed, or a file not be removed.
  }
}

function removeUnlocked(path: Buffer): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if (tryLockExclusive(fd)) rmSync(path, { force: true })
  } finally {
    closeSync(fd)
  }
}
