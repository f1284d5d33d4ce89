/** /proc/PID/stat (proc_pid_stat(5)): the fields that are needed. The command may hold spaces and brackets. */

export interface ProcessStat {
  readonly pid: number
  /** As the kernel has it: at most 15 bytes, one character a byte. */
  readonly comm: string
  /** One letter: R running, S and D asleep, T stopped, t traced, Z zombie, X dead, I an idle kernel thread. */
  readonly state: string
  /** A thread of the kernel: it has no memory of its own. */
  readonly isKernelThread: boolean
  readonly threads: number
  /** Ticks of a hundredth of a second from boot to start. */
  readonly startTicks: bigint
}

export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  if (open < 0 || close < open) return undefined
  const fields = text.slice(close + 2).split(' ')
  const [state, , , , , , flags] = fields
  const ticks = fields[startTimeField]
  if (state === undefined || flags === undefined || ticks === undefined || !/^[0-9]+$/.test(ticks)) return undefined
  return {
    pid: Number.parseInt(text, 10),
    comm: text.slice(open + 1, close),
    state,
    isKernelThread: (Number(flags) & kernelThreadFlag) !== 0,
    threads: Number(fields[threadsField]),
    startTicks: BigInt(ticks),
  }
}

/** A process that has exited and waits to be collected has no memory any more. */
export function hasEnded({ state, threads }: ProcessStat): boolean {
  return state === 'X' || state === 'x' || (state === 'Z' && threads <= 1)
}

/** Ticks a second as /proc tells times (USER_HZ): 100 on every machine that this runs on. */
export const ticksPerSecond = 100n

/** Counted from the state, field 3, which is 0. */
const threadsField = 17
const startTimeField = 19
/** PF_KTHREAD */
const kernelThreadFlag = 0x200000
