/**
 * Which mapping of a process lies at an address (PROCMAP_QUERY of proc_pid_maps(5), Linux 6.11): without reading all of
 * its maps. Reads only; the process notices nothing.
 */
import { bind, lastErrnoName } from './libc.ts'

export interface QueriedMapping {
  /** Addresses, end exclusive. */
  readonly start: number
  readonly end: number
  /** Bytes of the file at `start`. */
  readonly fileOffset: bigint
  readonly ino: bigint
  readonly major: number
  readonly minor: number
}

/**
 * `mapsFd`: of an open /proc/PID/maps. `none`: nothing is mapped there, or the process is gone. `unknown`: this kernel
 * cannot say; read the maps.
 */
export function mappingAt(mapsFd: number, address: number): QueriedMapping | 'none' | 'unknown' {
  query.fill(0)
  fields.setBigUint64(0, BigInt(queryBytes), true)
  fields.setBigUint64(16, BigInt(address), true)
  if (ioctl(mapsFd, queryRequest, query) < 0) return absences.has(lastErrnoName()) ? 'none' : 'unknown'
  return {
    start: Number(fields.getBigUint64(24, true)),
    end: Number(fields.getBigUint64(32, true)),
    fileOffset: fields.getBigUint64(56, true),
    ino: fields.getBigUint64(64, true),
    major: fields.getUint32(72, true),
    minor: fields.getUint32(76, true),
  }
}

const absences: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH'])
/** struct procmap_query, and _IOWR('f', 17, struct procmap_query). */
const queryBytes = 104
const queryRequest = 0xc068_6611
const query = new Uint8Array(queryBytes)
const fields = new DataView(query.buffer)
const ioctl = bind<(fd: number, request: number, query: Uint8Array) => number>(
  'int ioctl(int fd, uint64_t request, uint8_t *query)',
)
