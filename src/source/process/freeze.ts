/**
 * Holds a process still while it is looked at and read, where a task wants that: by SIGSTOP, or by its cgroup (version 2),
 * which its own programs do not notice.
 *
 * Never holds this process. A guard, a shell that waits for the end of a pipe, lets the process go should this program
 * die in between. A process that somebody else had stopped stays stopped.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { FoundryError } from '../../base/errors.ts'
import type { MemoryChoice } from '../open-artifact.ts'
import { ProcFolder } from './proc-folder.ts'
import { hasEnded } from './proc-stat.ts'
import { type ProcessIdentity, processRoot } from './process-name.ts'

export class Freezer {
  readonly #identity: ProcessIdentity
  readonly #how: MemoryChoice['freeze']
  #held: Held | undefined

  constructor(identity: ProcessIdentity, how: MemoryChoice['freeze']) {
    this.#identity = identity
    this.#how = how
  }

  /** Errors: SOURCE_UNREADABLE where it cannot be held still as wanted. Does nothing for a process that is gone. */
  freeze(): void {
    if (this.#how === 'no' || this.#held !== undefined) return
    const { pid } = this.#identity
    if (pid === process.pid) throw cannot(pid, 'it is this program itself')
    const folder = ProcFolder.open(processRoot(pid))
    if (typeof folder === 'string') return
    try {
      const stat = folder.stat()
      if (typeof stat === 'string' || hasEnded(stat) || stat.startTicks !== this.#identity.startTicks) return
      if (stat.state === 'T' && this.#how === 'stop') return
      this.#held = this.#how === 'stop' ? stopped(folder, pid) : frozen(folder, pid)
    } finally {
      folder.close()
    }
  }

  thaw(): void {
    this.#held?.letGo()
    this.#held = undefined
  }

  close(): void {
    this.thaw()
  }
}

interface Held {
  letGo(): void
}

/** Asked so often whether all threads stand still; each question takes some microseconds. */
const questionsMax = 20_000

function stopped(folder: ProcFolder, pid: number): Held {
  const guard = guardOf('kill -CONT "$1"', String(pid))
  const letGo = (): void => {
    signal(pid, 'SIGCONT')
    release(guard)
  }
  if (!signal(pid, 'SIGSTOP')) {
    release(guard)
    throw cannot(pid, 'it may not be sent a signal')
  }
  for (let i = 0; i < questionsMax; i++) if (folder.tasks().every((tid) => standsStill(folder, tid))) return { letGo }
  letGo()
  throw cannot(pid, 'its threads do not stop')
}

function frozen(folder: ProcFolder, pid: number): Held {
  const place = cgroupOf(folder)
  if (place === undefined || place === '/') throw cannot(pid, 'it is in no cgroup of version 2 of its own')
  if (`${cgroupOfSelf() ?? ''}/`.startsWith(`${place}/`)) throw cannot(pid, 'its cgroup holds this program too')
  const file = `${cgroupRoot()}${place}/cgroup.freeze`
  const guard = guardOf('echo 0 > "$1"', file)
  const letGo = (): void => {
    write(file, '0')
    release(guard)
  }
  if (!write(file, '1')) {
    release(guard)
    throw cannot(pid, `${file} cannot be written`)
  }
  for (let i = 0; i < questionsMax; i++) if (isFrozen(`${cgroupRoot()}${place}/cgroup.events`)) return { letGo }
  letGo()
  throw cannot(pid, 'its cgroup does not freeze')
}

function standsStill(folder: ProcFolder, tid: number): boolean {
  const text = folder.text(`task/${tid}/stat`)
  const state = text === undefined ? 'X' : text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3)
  return /[TtXxZ]/.test(state)
}

/** Runs `command` with one argument when this program ends, or is told to by `release` first and then does nothing. */
function guardOf(command: string, argument: string): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', `read word; [ "$word" = done ] || ${command}`, 'guard', argument], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.on('error', () => undefined)
  guard.stdin?.on('error', () => undefined)
  guard.unref()
  return guard
}

function release(guard: ChildProcess): void {
  guard.stdin?.end('done\n')
}

function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

/** Path of its cgroup in version 2's hierarchy. */
function cgroupOf(folder: ProcFolder): string | undefined {
  return /^0::(.*)$/m.exec(folder.text('cgroup') ?? '')?.[1]
}

function cgroupOfSelf(): string | undefined {
  return /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1]
}

function cgroupRoot(): string {
  const mounts = readFileSync('/proc/self/mounts', 'latin1')
  return /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1] ?? '/sys/fs/cgroup'
}

function isFrozen(events: string): boolean {
  return /^frozen 1$/m.test(readFileSync(events, 'latin1'))
}

function write(file: string, text: string): boolean {
  try {
    writeFileSync(file, text)
    return true
  } catch {
    return false
  }
}

function cannot(pid: number, why: string): FoundryError {
  return new FoundryError(
    'SOURCE_UNREADABLE',
    `Process ${pid} cannot be held still: ${why}. Leave memory.freeze out, or choose another way.`,
  )
}
