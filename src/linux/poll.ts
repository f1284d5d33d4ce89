/** Waiting for file descriptors in a worker thread that has no event loop, and waking it (poll(2), eventfd(2)). */

import { bind, checked, failure, lastErrnoName } from './libc.ts'

/**
 * Blocks this thread until one of `fds` is readable (or broken) or the time is over; -1 waits for ever.
 * One answer per fd. A signal, also SIGCONT, ends the wait early with none ready. An fd of -1 never is.
 * `urgentFd` is one of them that is asked for urgent news only, such as openMountChanges gives.
 */
export function pollReadable(fds: readonly number[], timeoutMs: number, urgentFd = -1): boolean[] {
  const table = new Int32Array(fds.length * 2)
  fds.forEach((fd, i) => {
    table[2 * i] = fd
    table[2 * i + 1] = fd === urgentFd ? eventUrgent : eventReadable
  })
  if (poll(new Uint8Array(table.buffer), fds.length, timeoutMs) < 0) {
    if (lastErrnoName() === 'EINTR') return fds.map(() => false)
    throw failure('poll', fds[0] ?? -1)
  }
  return fds.map((_, i) => (table[2 * i + 1] as number) >>> 16 !== 0)
}

/** An fd that stays readable from `wake` until `clearWake`; both may be called from any thread. */
export function openWaker(): number {
  return checked(eventfd(0, flagNonBlocking | flagCloseOnExec), 'eventfd', 0)
}

export function wake(wakerFd: number): void {
  if (write(wakerFd, one, one.length) < 0 && lastErrnoName() !== 'EAGAIN') throw failure('write', wakerFd)
}

export function clearWake(wakerFd: number): void {
  if (read(wakerFd, new Uint8Array(8), 8) < 0 && lastErrnoName() !== 'EAGAIN') throw failure('read', wakerFd)
}

/** An fd that becomes readable once a second, by a clock that nobody sets. */
export function openTicker(): number {
  const fd = checked(timerfdCreate(clockMonotonic, flagNonBlocking | flagCloseOnExec), 'timerfd_create', 0)
  // struct itimerspec: interval, then first expiry, each as seconds and nanoseconds.
  const everySecond = new Uint8Array(new BigInt64Array([1n, 0n, 1n, 0n]).buffer)
  checked(timerfdSettime(fd, 0, everySecond, null), 'timerfd_settime', fd)
  return fd
}

/** Seconds since the last call, or since it was opened; 0 when it was not readable. */
export function takeTicks(tickerFd: number): number {
  const count = new BigUint64Array(1)
  if (read(tickerFd, new Uint8Array(count.buffer), 8) === 8) return Number(count[0])
  if (lastErrnoName() !== 'EAGAIN') throw failure('read', tickerFd)
  return 0
}

/** struct pollfd: int fd, short events, short revents. */
const eventReadable = 1
const eventUrgent = 2
const clockMonotonic = 1
const flagNonBlocking = 0o4000
const flagCloseOnExec = 0o2000000
const one = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0])
const poll = bind<(table: Uint8Array, count: number, timeoutMs: number) => number>(
  'int poll(uint8_t *table, uint64_t count, int timeout)',
)
const eventfd = bind<(initial: number, flags: number) => number>('int eventfd(uint32_t initial, int flags)')
const timerfdCreate = bind<(clock: number, flags: number) => number>('int timerfd_create(int clock, int flags)')
const timerfdSettime = bind<(fd: number, flags: number, value: Uint8Array, old: null) => number>(
  'int timerfd_settime(int fd, int flags, const uint8_t *value, uint8_t *old)',
)
const read = bind<(fd: number, buffer: Uint8Array, sizeBytes: number) => number>(
  'int64_t read(int fd, uint8_t *buffer, uint64_t size)',
)
const write = bind<(fd: number, buffer: Uint8Array, sizeBytes: number) => number>(
  'int64_t write(int fd, const uint8_t *buffer, uint64_t size)',
)
