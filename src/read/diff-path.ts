/** Which differences concern a path: that entry, and everything beneath. */
import { equalBytes } from '../base/bytes.ts'
import type { EntryDifference } from './diff-entries.ts'

const slash = 0x2f

/** A moved entry concerns both of its paths. */
export function isUnder(difference: EntryDifference, path: Uint8Array): boolean {
  const paths = []
  if (difference.change !== 'added') paths.push(difference.before.path)
  if (difference.change !== 'removed') paths.push(difference.after.path)
  return paths.some((each) => isAtOrBeneath(each, path))
}

function isAtOrBeneath(path: Uint8Array, folder: Uint8Array): boolean {
  if (folder.length === 0 || equalBytes(path, folder)) return true
  return (
    path.length > folder.length && path[folder.length] === slash && equalBytes(path.subarray(0, folder.length), folder)
  )
}
