/** The walk of a pseudo filesystem in a process of its own, which is killed at a deadline. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { WalkReport } from './walk.ts'

const program = fileURLToPath(new URL('./walk.ts', import.meta.url))
/** Of the heap. What is measured is the whole of the process: see the report. */
const heapMib = 128

export interface WalkEnd {
  /** Undefined where it did not end by itself in time. */
  readonly report: WalkReport | undefined
  readonly code: number | null
  readonly stderr: string
}

/** Through `before`: a command that becomes the walk, such as one that gives up rights. */
export function runWalk(
  roots: readonly string[],
  { deadlineMs, before = [], exclude = '' }: WalkOrder,
): Promise<WalkEnd> {
  return new Promise((resolve) => {
    const node = [process.execPath, `--max-old-space-size=${heapMib}`, '--no-warnings', program, ...roots]
    const [command, ...args] = [...before, ...node]
    const child = spawn(command as string, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SFD_WALK_EXCLUDE: exclude },
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
    })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('close', (code) => resolve({ report: code === 0 ? JSON.parse(stdout) : undefined, code, stderr }))
  })
}

export interface WalkOrder {
  readonly deadlineMs: number
  readonly before?: readonly string[]
  /** Globs of what is left out, separated by spaces. */
  readonly exclude?: string
}
