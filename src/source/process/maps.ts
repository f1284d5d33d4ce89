/** Lines of /proc/PID/maps, and of smaps with their numbers (proc_pid_maps(5), proc_pid_smaps(5)). */
import { type ByteText, bytesOf } from '../../linux/libc.ts'

/**
 * One mapping. Addresses are whole pages, and every multiple of 4 KiB below 2^64 is exact as a number.
 */
export interface MapsLine {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** `rwxp`, `-` for a missing right, `s` for shared. */
  readonly permissions: string
  /** Bytes of the file at `start`. */
  readonly fileOffset: bigint
  readonly dev: bigint
  /** 0 of anonymous memory. */
  readonly ino: bigint
  /** One character a byte, as the kernel shows it. */
  readonly name: string
  /** The line itself: equal lines say the same. */
  readonly text: string
}

/** What smaps says beside the line, in bytes. */
export interface MapsNumbers {
  readonly rssBytes: number
  readonly pssBytes: number
  readonly swapBytes: number
  readonly privateDirtyBytes: number
  /** Letters of VmFlags, such as `rd`, `gd`, `dd`, `io`; none where the kernel does not tell. */
  readonly flags: readonly string[]
}

export type MapsEntry = MapsLine & { readonly numbers: MapsNumbers }

/** Bounds of what is read: a process has at most some 65,000 mappings unless somebody raised vm.max_map_count. */
export const mapsBytesMax = 64 * 2 ** 20
export const smapsBytesMax = 512 * 2 ** 20

/** Lines that are none are left out. */
export function parseMaps(bytes: Uint8Array): MapsLine[] {
  const lines: MapsLine[] = []
  for (const text of linesOf(bytes)) {
    const line = parseLine(text)
    if (line !== undefined) lines.push(line)
  }
  return lines
}

export function parseSmaps(bytes: Uint8Array): MapsEntry[] {
  const entries: MapsEntry[] = []
  let line: MapsLine | undefined
  let details: string[] = []
  const finish = (): void => {
    if (line !== undefined) entries.push({ ...line, numbers: numbersOf(details) })
    details = []
  }
  for (const text of linesOf(bytes)) {
    // A detail begins with its name and a colon, a mapping with an address.
    const next = /^[0-9a-f]+-/.test(text) ? parseLine(text) : undefined
    if (next === undefined) details.push(text)
    else {
      finish()
      line = next
    }
  }
  finish()
  return entries
}

/** Bytes of a mapping's name. */
export function nameBytes({ name }: Pick<MapsLine, 'name'>): Uint8Array {
  return bytesOf(name as ByteText)
}

/** The number that stat(2) tells of a device. */
export function deviceNumber({ major, minor }: { readonly major: number; readonly minor: number }): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)]
  return ((high & ~0xfffn) << 32n) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | (low & 0xffn)
}

const pattern =
  /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-][x-][sp]) ([0-9a-f]{1,16}) ([0-9a-f]{1,8}):([0-9a-f]{1,8}) ([0-9]{1,20})(?: +(.*))?$/s

function parseLine(text: string): MapsLine | undefined {
  const found = pattern.exec(text)
  if (found === null) return undefined
  const [, start = '', end = '', permissions = '', offset = '', major = '', minor = '', ino = '', name = ''] = found
  return {
    start: Number.parseInt(start, 16),
    end: Number.parseInt(end, 16),
    permissions,
    fileOffset: BigInt(`0x${offset}`),
    dev: deviceNumber({ major: Number.parseInt(major, 16), minor: Number.parseInt(minor, 16) }),
    ino: BigInt(ino),
    name,
    text,
  }
}

function linesOf(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function numbersOf(details: readonly string[]): MapsNumbers {
  let [rssBytes, pssBytes, swapBytes, privateDirtyBytes] = [0, 0, 0, 0]
  let flags: readonly string[] = []
  for (const detail of details) {
    const colon = detail.indexOf(':')
    const name = detail.slice(0, colon)
    if (name === 'VmFlags')
      flags = detail
        .slice(colon + 1)
        .trim()
        .split(' ')
    else if (name === 'Rss') rssBytes = kibibytes(detail, colon)
    else if (name === 'Pss') pssBytes = kibibytes(detail, colon)
    else if (name === 'Swap') swapBytes = kibibytes(detail, colon)
    else if (name === 'Private_Dirty') privateDirtyBytes = kibibytes(detail, colon)
  }
  return { rssBytes, pssBytes, swapBytes, privateDirtyBytes, flags }
}

function kibibytes(detail: string, colon: number): number {
  return 1024 * Number.parseInt(detail.slice(colon + 1), 10)
}
