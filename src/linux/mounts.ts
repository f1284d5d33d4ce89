/** What is mounted where, in this process's mount namespace (/proc/self/mountinfo, proc(5)). */

import fs from 'node:fs'
import type { ByteText } from './libc.ts'

export interface Mount {
  /** Unique while it is mounted; may come back for another later. */
  readonly id: number
  /** Absolute. */
  readonly at: ByteText
  /** As the kernel calls it, such as `ext4`. */
  readonly filesystem: string
}

/** In the order of mounting: of two at one place the later one hides the other. Empty where /proc is not there. */
export function readMounts(): Mount[] {
  const text = readWhole()
  const mounts: Mount[] = []
  for (const line of text.split('\n')) {
    const [left = '', right = ''] = line.split(' - ')
    const [id, , , , at] = left.split(' ')
    if (at === undefined) continue
    mounts.push({ id: Number(id), at: unescaped(at), filesystem: right.split(' ')[0] ?? '' })
  }
  return mounts
}

/** An fd that poll(2) reports as urgent once after each change of mounts; undefined where /proc is not there. */
export function openMountChanges(): number | undefined {
  try {
    return fs.openSync(mountsFile, 'r')
  } catch {
    return undefined
  }
}

const mountsFile = '/proc/self/mountinfo'

function readWhole(): string {
  try {
    return fs.readFileSync(mountsFile, 'latin1')
  } catch {
    return ''
  }
}

/** Blank, tab, newline and backslash are written as three octal digits. */
function unescaped(text: string): ByteText {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))) as ByteText
}
