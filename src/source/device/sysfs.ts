/**
 * The kernel's device model as files: names of directories, targets of links, small attributes. Everything may be gone at any
 * moment, which is `undefined`, never an error. An attribute that does not answer is given up (pseudo-apart.ts).
 */
import fs from 'node:fs'
import type { Clock } from '../../base/ports.ts'
import { readLinkAt } from '../../linux/directory.ts'
import { type ByteText, bytesOf, byteText, currentDirectory } from '../../linux/libc.ts'
import { readPseudoFile } from '../pseudo.ts'

const attributeBytesMax = 4_096

/** Sorted by bytes; one character a byte. Empty where there is no such directory. */
export function namesIn(directory: string): string[] {
  try {
    return fs
      .readdirSync(Buffer.from(directory, 'latin1'), { encoding: 'buffer' })
      .map((name) => name.toString('latin1'))
      .sort()
  } catch {
    return []
  }
}

/** Last part of a link's target. */
export function linkName(path: string): string | undefined {
  const target = readLinkAt(currentDirectory, path as ByteText)
  if (typeof target === 'string') return undefined
  const text = byteText(target)
  return text.slice(text.lastIndexOf('/') + 1)
}

/** An open directory of the device model, reached through its links. The caller closes it. */
export class DeviceDirectory {
  readonly path: string
  readonly ino: bigint
  readonly #fd: number
  readonly #clock: Pick<Clock, 'monotonicMs'>

  static open(path: string, clock: Pick<Clock, 'monotonicMs'>): DeviceDirectory | undefined {
    try {
      const flags = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY
      return new DeviceDirectory(path, fs.openSync(Buffer.from(bytesOf(path as ByteText)), flags), clock)
    } catch {
      return undefined
    }
  }

  private constructor(path: string, fd: number, clock: Pick<Clock, 'monotonicMs'>) {
    this.path = path
    this.#fd = fd
    this.#clock = clock
    this.ino = fs.fstatSync(fd, { bigint: true }).ino
  }

  /** Its text without the line's end; one character a byte. */
  attribute(name: string): string | undefined {
    const { content, unreadable } = readPseudoFile({
      directoryFd: this.#fd,
      name: name as ByteText,
      mode: 0o444,
      filesystem: 'sysfs',
      clock: this.#clock,
      bytesMax: attributeBytesMax,
    })
    if (unreadable !== undefined && unreadable !== 'ETOOBIG') return undefined
    return byteText(content).replace(/\n+$/, '')
  }

  /** Last part of the target of a link in it: `driver`, `driver/module`. */
  link(name: string): string | undefined {
    return linkName(`${this.path}/${name}`)
  }

  /** A directory in it; the caller closes it, too. */
  beneath(name: string): DeviceDirectory | undefined {
    return DeviceDirectory.open(`${this.path}/${name}`, this.#clock)
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}
