/**
 * Which pages of a process are in memory: PAGEMAP_SCAN of proc_pid_pagemap(5) (Linux 6.7), which jumps over what is empty.
 *
 * Only asks. It neither clears nor protects anything, so the process notices nothing.
 */
import { addressOf, bind, lastErrnoName } from './libc.ts'

export const pageCategory = { present: 1 << 3, swapped: 1 << 4, zeros: 1 << 5, softDirty: 1 << 7 } as const

/**
 * Runs of pages in [start, end) that are of one of the `categories` are told to `visit` in ascending order, start and end
 * as addresses; neighbours may be told apart. The errno's name where that failed: ENOTTY and EINVAL on kernels that
 * cannot, ESRCH of a process that is gone.
 */
export function scanPages(
  pagemapFd: number,
  range: { readonly start: number; readonly end: number; readonly categories: number },
  visit: (start: number, end: number) => void,
): string | undefined {
  for (let at = range.start; at < range.end; ) {
    words.fill(0n)
    words[field.size] = BigInt(argument.length)
    words[field.start] = BigInt(at)
    words[field.end] = BigInt(range.end)
    words[field.vector] = regionsAddress
    words[field.vectorLength] = BigInt(regionsMax)
    words[field.anyOf] = BigInt(range.categories)
    words[field.returned] = BigInt(range.categories)
    const count = ioctl(pagemapFd, scanRequest, argument)
    if (count < 0) return lastErrnoName()
    for (let i = 0; i < count; i++) visit(Number(regions[3 * i]), Number(regions[3 * i + 1]))
    const walked = Number(words[field.walkEnd])
    if (walked <= at) return 'EINVAL'
    at = walked
  }
  return undefined
}

/** struct pm_scan_arg, twelve words of eight bytes; _IOWR('f', 16, struct pm_scan_arg). */
const field = { size: 0, start: 2, end: 3, walkEnd: 4, vector: 5, vectorLength: 6, anyOf: 10, returned: 11 } as const
const scanRequest = 0xc060_6610
const regionsMax = 4_096
const argument = new Uint8Array(96)
const words = new BigUint64Array(argument.buffer)
/** struct page_region: start, end, categories. */
const regions = new BigUint64Array(3 * regionsMax)
const regionsAddress = addressOf(regions)
const ioctl = bind<(fd: number, request: number, argument: Uint8Array) => number>(
  'int ioctl(int fd, uint64_t request, uint8_t *argument)',
)
