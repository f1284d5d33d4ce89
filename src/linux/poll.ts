/** Waiting for file descriptors in a worker thread that has no event loop, and waking it (poll(2), eventfd(2)). */

import { bind, checked, failure, lastErrnoName } from './libc.ts'

/**
 * Blocks this thread until one of `fds` is readable (or broken) or the time is over; -1 waits for ever.
 * One answer per fd. A signal, also SIGCONT, ends the wait early with none ready.
 */
export function pollReadable(fds: readonly number[], timeoutMs: number): boolean[] {
  const table = new Int32Array(fds.length * 2)
  fds.forEach((fd, i) => {
    table[2 * i] = fd
    table[2 * i + 1] = eventReadable
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

/** struct pollfd: int fd, short events, short revents. */
const eventReadable = 1
const flagNonBlocking = 0o4000
const flagCloseOnExec = 0o2000000
const one = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0])
const poll = bind<(table: Uint8Array, count: number, timeoutMs: number) => number>(
  'int poll(uint8_t *table, uint64_t count, int timeout)',
)
const eventfd = bind<(initial: number, flags: number) => number>('int eventfd(uint32_t initial, int flags)')
const read = bind<(fd: number, buffer: Uint8Array, sizeBytes: number) => number>(
  'int64_t read(int fd, uint8_t *buffer, uint64_t size)',
)
const write = bind<(fd: number, buffer: Uint8Array, sizeBytes: number) => number>(
  'int64_t write(int fd, const uint8_t *buffer, uint64_t size)',
)
