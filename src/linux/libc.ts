/**
 * The way into libc: loading it, binding functions, C strings, errno as FoundryError.
 *
 * Calls are synchronous and take about 0.3 us beyond the kernel's own time. Where libc may lack a function
 * (openat2, statx, listxattrat) the call goes through syscall(2) with the number of this machine.
 * A path is bytes. Where speed asks for strings, `ByteText` holds one byte per character, never UTF-8 text.
 */

import os from 'node:os'
import { getSystemErrorMessage } from 'node:util'
import koffi, { type LibraryHandle } from 'koffi'
import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'

/** A byte string as text: characters U+0000 to U+00FF stand for one byte each (`latin1`, as bytesKey makes it). */
export type ByteText = string & { readonly byteText: true }

/** The kernel's PATH_MAX: longest path handed to one call, with its terminating NUL. */
export const pathBytesMax = 4096

/** Stands for the working directory where a directory fd is asked for (AT_FDCWD). */
export const currentDirectory = -100

/** A libc call that failed. `errnoName` is the symbol, such as `ENOENT`; `errno` its number. */
export class LibcError extends FoundryError {
  readonly call: string
  readonly errno: number
  readonly errnoName: string

  constructor(failure: { readonly call: string; readonly errno: number; readonly subject: string }) {
    const errnoName = nameOfErrno(failure.errno)
    const meaning = failure.errno > 0 ? getSystemErrorMessage(-failure.errno) : 'no error number'
    super('LIBC_FAILED', `${failure.call} ${failure.subject}: ${errnoName}, ${meaning}`, { ...failure, errnoName })
    this.call = failure.call
    this.errno = failure.errno
    this.errnoName = errnoName
  }
}

/** Binds a function by its C prototype; the type argument is the same prototype in TypeScript. */
export function bind<F extends (...args: never[]) => number>(prototype: string): F {
  return library.func(prototype) as unknown as F
}

/** Binds syscall(2) for calls of this shape. `parameters` are C types; the first argument is the call's number. */
export function bindSyscall<F extends (...args: never[]) => number>(parameters: readonly string[]): F {
  return library.func('syscall', 'long', ['long', ...parameters]) as unknown as F
}

/** Numbers of the system calls reached through syscall(2). */
export const syscallNumbers = {
  statx: pick({ x64: 332, arm64: 291 }),
  mknodat: pick({ x64: 259, arm64: 33 }),
  getdents64: pick({ x64: 217, arm64: 61 }),
  openat2: 437,
  fchmodat2: 452,
  listxattrat: 465,
}

/** errno of the last failed call of this thread. */
export function lastErrno(): number {
  return koffi.errno()
}

export function lastErrnoName(): string {
  return nameOfErrno(koffi.errno())
}

export function nameOfErrno(errno: number): string {
  return errnoNames.get(errno) ?? `ERRNO_${errno}`
}

/** The error for the call that just failed; `subject` says on what. */
export function failure(call: string, subject: Uint8Array | ByteText | number): LibcError {
  return new LibcError({ call, errno: lastErrno(), subject: describe(subject) })
}

/** `result`, or a LibcError where the call said it failed (below 0). */
export function checked(result: number, call: string, subject: Uint8Array | ByteText | number): number {
  if (result < 0) throw failure(call, subject)
  return result
}

/**
 * The path with its NUL, in one of two buffers used in turn: valid until the next call but one.
 * Refuses an embedded NUL (EINVAL) and what is too long for one call (ENAMETOOLONG).
 */
export function cString(path: Uint8Array | ByteText): Uint8Array {
  if (path.length >= pathBytesMax) throw refused('ENAMETOOLONG', path)
  turn = 1 - turn
  const target = pathBuffers[turn] as Buffer
  if (typeof path === 'string') {
    if (path.includes('\0')) throw refused('EINVAL', path)
    target.write(path, 0, 'latin1')
  } else {
    if (path.includes(0)) throw refused('EINVAL', path)
    target.set(path)
  }
  target[path.length] = 0
  return target
}

/** Bytes as ByteText; the way back is `bytesOf`. */
export function byteText(bytes: Uint8Array): ByteText {
  return asBuffer(bytes).toString('latin1') as ByteText
}

/** The bytes of a ByteText, in memory of their own. */
export function bytesOf(text: ByteText): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** The same memory as a Buffer, the form in which node:fs takes a path. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Where the array's memory is. It stays there as long as the array is held; an array of at least 64 bytes never moves. */
export function addressOf(array: Uint8Array | BigUint64Array): bigint {
  return koffi.address(array)
}

const library = load()
const errnoNames = new Map<number, string>()
for (const [name, number] of Object.entries(os.constants.errno)) {
  if (!errnoNames.has(number)) errnoNames.set(number, name)
}
const pathBuffers = [Buffer.alloc(pathBytesMax), Buffer.alloc(pathBytesMax)]
let turn = 0

/** glibc, else musl by its two names, else whatever libc this process already runs on. */
function load(): LibraryHandle {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
  let lastFailure: unknown
  for (const name of ['libc.so.6', `libc.musl-${machine}.so.1`, 'libc.so', null]) {
    try {
      return koffi.load(name)
    } catch (failed) {
      lastFailure = failed
    }
  }
  throw new FoundryError('LIBC_FAILED', 'No libc found: neither glibc nor musl could be loaded.', lastFailure)
}

function pick(numbers: { readonly x64: number; readonly arm64: number }): number {
  return process.arch === 'arm64' ? numbers.arm64 : numbers.x64
}

function refused(errnoName: 'EINVAL' | 'ENAMETOOLONG', path: Uint8Array | ByteText): LibcError {
  return new LibcError({ call: 'path', errno: os.constants.errno[errnoName], subject: describe(path) })
}

function describe(subject: Uint8Array | ByteText | number): string {
  if (typeof subject === 'number') return `fd ${subject}`
  return displayPath(typeof subject === 'string' ? bytesOf(subject) : subject)
}
