/** Pipes whose ends are plain descriptors, for talking to a child without an event loop (pipe2(2)). */
import { bind, checked } from './libc.ts'

export interface Pipe {
  readonly readFd: number
  readonly writeFd: number
}

/** Both ends close on exec; the caller closes them. */
export function openPipe(): Pipe {
  const fds = new Int32Array(2)
  checked(pipe2(new Uint8Array(fds.buffer), flagCloseOnExec), 'pipe2', 0)
  return { readFd: fds[0] as number, writeFd: fds[1] as number }
}

const flagCloseOnExec = 0o2000000
const pipe2 = bind<(fds: Uint8Array, flags: number) => number>('int pipe2(uint8_t *fds, int flags)')
