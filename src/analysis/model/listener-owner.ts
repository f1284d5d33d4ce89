/**
 * Whose program listens on a port of this machine: any user may take a free port and read what is sent there, so a server
 * that nobody named is believed only where it is root's or our own.
 */
import { readFileSync } from 'node:fs'

/** Users that may be believed without being named. */
export type Uid = number

/** Undefined where nobody listens, or the kernel does not say. */
export function listenerOwner(port: number): Uid | undefined {
  for (const path of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const owner = ownerIn(readTable(path), port)
    if (owner !== undefined) return owner
  }
  return undefined
}

/** `table` as proc_net_tcp shows it: of the first socket that listens on the port at 127.0.0.1, ::1 or any address. */
export function ownerIn(table: string, port: number): Uid | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const line of table.split('\n')) {
    const [, local = '', , state, , , , uid] = line.trim().split(/\s+/)
    if (state !== listening || !local.endsWith(suffix)) continue
    if (reachable.has(local.slice(0, -suffix.length))) return Number(uid)
  }
  return undefined
}

const listening = '0A'
/** As the table writes addresses on little- and big-endian machines: any, 127.0.0.1, and the same in IPv6. */
const reachable = new Set([
  '00000000',
  '0100007F',
  '7F000001',
  '00000000000000000000000000000000',
  '00000000000000000000000001000000',
  '00000000000000000000000000000001',
  '0000000000000000FFFF00000100007F',
])

function readTable(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
