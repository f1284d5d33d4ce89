/** Which processes there are, and which of them can be kept as bricks, and if not, why. */
import { readdirSync } from 'node:fs'
import { displayPath } from '../../base/bytes.ts'
import { closeFd } from '../../linux/directory.ts'
import { gone, ProcFolder } from './proc-folder.ts'
import { hasEnded, type ProcessStat } from './proc-stat.ts'
import { processRoot } from './process-name.ts'

export interface ListedProcess {
  readonly pid: number
  /** As the kernel has it, for a person's eye. */
  readonly comm: string
  /** Path of the program, for a person's eye; empty where it cannot be told. */
  readonly program: string
  readonly uid: number
  readonly rssBytes: number
  /** Lines of its maps; 0 where they may not be read. */
  readonly mappings: number
  readonly readable: boolean
  /** A sentence for a person where it is not readable. */
  readonly why: string | null
  readonly startTicks: bigint
}

/** By number. `name`: only those of that command or program. Processes that end meanwhile are left out. */
export function listProcesses(name?: string): ListedProcess[] {
  return found(name, (folder, stat) => describeProcess(folder, stat))
}

/** Processes that are meant by a name: the kernel's command or the basename of the program. Threads of the kernel are not. */
export function processCandidates(name: string): readonly { readonly pid: number; readonly comm: string }[] {
  return found(name, (_folder, stat) => (stat.isKernelThread ? undefined : { pid: stat.pid, comm: stat.comm }))
}

/** Path of the program; empty where it cannot be told. */
export function programOf(folder: ProcFolder): string {
  const target = folder.link('exe')
  return typeof target === 'string' ? '' : displayPath(target)
}

/** Arguments, at most 4 KiB of them. */
export function commandLine(folder: ProcFolder): string[] {
  const text = folder.text('cmdline', commandBytesMax * 256)
  if (text === undefined || text === '') return []
  const parts = text.slice(0, commandBytesMax).split('\0')
  if (parts.at(-1) === '') parts.pop()
  return parts.map((part) => displayPath(Buffer.from(part, 'latin1')))
}

const commandBytesMax = 4_096
const pageBytes = 4_096
const mapsBytesMax = 64 * 2 ** 20

function found<T>(name: string | undefined, describe: (folder: ProcFolder, stat: ProcessStat) => T | undefined): T[] {
  const all: T[] = []
  const pids = readdirSync('/proc').filter((each) => /^[1-9][0-9]*$/.test(each))
  for (const pid of pids.map(Number).sort((a, b) => a - b)) {
    const folder = ProcFolder.open(processRoot(pid))
    if (typeof folder === 'string') continue
    try {
      const stat = folder.stat()
      if (typeof stat === 'string' || hasEnded(stat) || (name !== undefined && !isCalled(folder, stat, name))) continue
      const described = describe(folder, stat)
      if (described !== undefined) all.push(described)
    } finally {
      folder.close()
    }
  }
  return all
}

function isCalled(folder: ProcFolder, { comm }: ProcessStat, name: string): boolean {
  if (Buffer.from(comm, 'latin1').equals(Buffer.from(name))) return true
  const program = programOf(folder).replace(/ \(deleted\)$/, '')
  return program.slice(program.lastIndexOf('/') + 1) === name
}

function describeProcess(folder: ProcFolder, stat: ProcessStat): ListedProcess | undefined {
  const status = folder.text('status')
  if (status === undefined) return undefined
  const uid = Number(/^Uid:\t([0-9]+)/m.exec(status)?.[1] ?? 0)
  const rssBytes = Number(folder.text('statm')?.split(' ')[1] ?? 0) * pageBytes
  const maps = folder.read('maps', mapsBytesMax)
  const why = whyUnreadable(folder, stat, maps)
  if (why === gone) return undefined
  return {
    pid: stat.pid,
    comm: displayPath(Buffer.from(stat.comm, 'latin1')),
    program: programOf(folder),
    uid,
    rssBytes,
    mappings: typeof maps === 'string' ? 0 : countLines(maps),
    readable: why === null,
    why,
    startTicks: stat.startTicks,
  }
}

function whyUnreadable(folder: ProcFolder, stat: ProcessStat, maps: Uint8Array | string): string | null {
  if (stat.isKernelThread) return 'a thread of the kernel: it has no memory of its own'
  if (typeof maps === 'string') return maps === gone ? gone : refusal(maps)
  const memory = folder.openFile('mem')
  if (typeof memory === 'string') {
    return memory === gone ? gone : `its mappings may be listed, its bytes not be read (${memory})`
  }
  closeFd(memory)
  return null
}

function refusal(errnoName: string): string {
  return errnoName === 'EACCES' || errnoName === 'EPERM'
    ? `another user's, or it guards its memory (${errnoName})`
    : `its mappings cannot be listed (${errnoName})`
}

function countLines(bytes: Uint8Array): number {
  let count = 0
  for (const byte of bytes) if (byte === 0x0a) count++
  return count
}
