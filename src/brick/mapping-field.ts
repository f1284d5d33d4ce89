/** Field 26 of an entry (spec 8.1): where in a process's address space its content lies. */
import { assert } from '../base/assert.ts'
import type { Mapping } from '../base/entry.ts'
import { type ByteReader, ByteWriter } from './byte-io.ts'
import { readRest } from './record-fields.ts'

/** Any other number of letters, or another letter, is no line of /proc/PID/maps. */
const permissionsPattern = /^[r-][w-][x-][sp]$/
const permissionLetters = 4
const addressesEnd = 2n ** 64n

/** `size`: bytes of the content. */
export function encodeMapping(mapping: Mapping, size: number): Uint8Array {
  const { address, lead, unread = 0, permissions, fileOffset, dev, ino, name } = mapping
  const problem = problemOf(mapping, size)
  assert(problem === undefined, `a mapping had ${problem}`)
  const field = new ByteWriter(64 + name.length)
  field.u64big(address)
  field.varint(lead)
  field.varint(unread)
  for (let i = 0; i < permissionLetters; i++) field.u8(permissions.charCodeAt(i))
  field.u64big(fileOffset)
  field.u64big(dev)
  field.u64big(ino)
  field.bytes(name)
  return field.take()
}

/** All that is left of the field. BrickDamage `entry`. */
export function readMapping(reader: ByteReader, size: number): Mapping {
  const [address, lead, unread] = [reader.u64big(), reader.varint(), reader.varint()]
  const mapping: Mapping = {
    address,
    lead,
    ...(unread > 0 && { unread }),
    permissions: String.fromCharCode(...reader.bytes(permissionLetters)),
    fileOffset: reader.u64big(),
    dev: reader.u64big(),
    ino: reader.u64big(),
    name: readRest(reader),
  }
  const problem = problemOf(mapping, size)
  return problem === undefined ? mapping : reader.fail(`a mapping has ${problem}`)
}

function problemOf({ address, lead, unread = 0, permissions }: Mapping, size: number): string | undefined {
  if (address + BigInt(size) + BigInt(unread) > addressesEnd) return 'addresses beyond 2^64'
  if (unread > 0 && size > 0) return `${unread} bytes that are never read beside ${size} of content`
  if (lead > size) return `${lead} bytes before it in ${size} of content`
  return permissionsPattern.test(permissions) ? undefined : 'permissions that are none'
}
