/**
 * A brick that is damaged gives its name up and stays beside it as NAME.brick.damaged-N, for whoever wants what is left
 * of its history. The newest few are kept.
 */
import { readdirSync, renameSync, rmSync } from 'node:fs'
import { folderOf, syncFolderOf } from '../store/exclusive-file.ts'

/** Older ones go: a disk that damages a brick again and again must not be filled by that. */
const asideKept = 2

/** Returns where it is now. Errors of the operating system. */
export function moveAside(path: Uint8Array): Uint8Array {
  const folder = folderOf(path)
  const start = Buffer.concat([
    Buffer.from(path).subarray(folder.length + (isTop(folder) ? 0 : 1)),
    Buffer.from('.damaged-'),
  ])
  const numbers = readdirSync(folder, { encoding: 'buffer' })
    .filter((name) => name.subarray(0, start.length).equals(start))
    .map((name) => Number(name.subarray(start.length).toString('latin1')))
    .filter((number) => Number.isSafeInteger(number) && number > 0)
    .sort((a, b) => a - b)
  const at = (number: number): Buffer => Buffer.concat([Buffer.from(path), Buffer.from(`.damaged-${number}`)])
  const target = at((numbers.at(-1) ?? 0) + 1)
  renameSync(Buffer.from(path), target)
  syncFolderOf(path)
  for (const old of numbers.slice(0, -(asideKept - 1))) rmSync(at(old), { force: true })
  return target
}

function isTop(folder: Buffer): boolean {
  return folder.toString('latin1') === '/'
}
