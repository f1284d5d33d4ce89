/** What every command gets: the shared options as parsed, the ways out, the machine. And opening the brick it names. */
import type { Command } from 'commander'
import type { Clock, Random } from '../base/ports.ts'
import { parseAt, viewBehind } from '../read/at.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import type { ExitCode } from './exit.ts'
import type { Output } from './output.ts'
import { Progress } from './progress.ts'
import { brickPath, refuseWhereClosed, type Surroundings, statePath } from './state.ts'

export interface Machine {
  readonly output: Output
  readonly stderr: NodeJS.WriteStream
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  readonly surroundings: Surroundings
}

/** One call of one command. */
export interface Call extends Machine {
  readonly json: boolean
  /** Absolute. */
  readonly state: string
  readonly progress: Progress
  /** On stderr, with the program's name. */
  readonly warn: (text: string) => void
}

export interface SharedOptions {
  readonly json?: boolean
  readonly state?: string
}

/** The option of every command that reads one commit. */
export const atOption = [
  '--at <when>',
  'the brick as it was: generation (12, @-1), tag, time (2026-11-22 14:00 UTC), -2h, yesterday',
] as const

export interface AtOptions {
  readonly at?: string
}

/** Adds a command to the program; `exit` is told how it went. */
export interface Shell {
  readonly program: Command
  readonly machine: Machine
  readonly exit: (code: ExitCode) => void
}

/**
 * Gives a command its work. `Options` are its own options as commander parses them.
 */
export function runs<Options extends object>(
  shell: Shell,
  command: Command,
  work: (call: Call, parsed: { readonly args: readonly string[]; readonly options: Options }) => Promise<ExitCode>,
): void {
  command.action(async () => {
    const options = command.optsWithGlobals<Options & SharedOptions>()
    const { machine } = shell
    const progress = new Progress(machine.stderr, machine.clock)
    const warn = (text: string): void => {
      progress.end()
      machine.stderr.write(`sfd: ${text}\n`)
    }
    const state = statePath(options.state, machine.surroundings)
    try {
      shell.exit(
        await work({ ...machine, json: options.json === true, state, progress, warn }, { args: command.args, options }),
      )
    } catch (error) {
      refuseWhereClosed(state, error)
      throw error
    } finally {
      progress.end()
      await machine.output.flush()
    }
  })
}

/** Calls `use` with the newest commit of the brick that `argument` means. Errors: BRICK_*. */
export async function withBrick<T>(call: Call, argument: string, use: (view: BrickView) => Promise<T>): Promise<T> {
  return withBrickAt(call, { brick: argument, at: undefined }, use)
}

export interface BrickAt {
  /** Path or name. */
  readonly brick: string
  /** What `--at` was given; undefined: the newest commit. */
  readonly at: string | undefined
}

/** The same with the commit that `at` means, and the newest, whose HISTORY is that of the brick. Errors: BRICK_*, COMMIT_MISSING, USAGE. */
export async function withBrickAt<T>(
  call: Call,
  { brick, at }: BrickAt,
  use: (view: BrickView, newest: BrickView) => Promise<T>,
): Promise<T> {
  const spec = at === undefined ? undefined : parseAt(at, call.clock.nowNs())
  const file = BrickFile.open(brickPath(brick, call.state))
  try {
    const newest = new BrickView(file, await file.readHead())
    return await use(spec === undefined ? newest : viewBehind(newest, spec), newest)
  } finally {
    file.close()
  }
}
