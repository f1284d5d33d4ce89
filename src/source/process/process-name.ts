/**
 * Which process a source is: number, start and boot. A number alone is given again; the three together never.
 *
 * As text `proc:PID@TICKS@BOOT`: TICKS since boot when it started (proc_pid_stat(5), field 22), BOOT the first eight hex
 * digits of /proc/sys/kernel/random/boot_id.
 */
import { readFileSync } from 'node:fs'
import { utf8, utf8Text } from '../../base/bytes.ts'

export interface ProcessIdentity {
  readonly pid: number
  readonly startTicks: bigint
  readonly boot: string
}

export function processName({ pid, startTicks, boot }: ProcessIdentity): Uint8Array {
  return utf8(`proc:${pid}@${startTicks}@${boot}`)
}

/** Undefined where the name is not one that `processName` made. */
export function parseProcessName(name: Uint8Array): ProcessIdentity | undefined {
  const found = /^proc:([1-9][0-9]{0,9})@([0-9]{1,20})@([0-9a-f]{8})$/.exec(utf8Text(name) ?? '')
  if (found === null) return undefined
  const [, pid, ticks, boot] = found as unknown as readonly [string, string, string, string]
  return { pid: Number(pid), startTicks: BigInt(ticks), boot }
}

/** /proc/PID as bytes. */
export function processRoot(pid: number): Uint8Array {
  return utf8(`/proc/${pid}`)
}

/** Eight hex digits; zeros where the kernel does not tell. */
export function bootOfThisKernel(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').replaceAll('-', '').slice(0, 8)
  } catch {
    return '00000000'
  }
}
