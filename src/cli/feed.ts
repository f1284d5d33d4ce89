/** `sfd feed`: what happened, a message a line, numbered; from the daemon, or from what it kept where none runs. */
import { InvalidArgumentError } from 'commander'
import { FoundryError } from '../base/errors.ts'
import type { FeedStart } from '../catalog/feed-start.ts'
import { connectDaemon, type DaemonClient } from '../daemon/client.ts'
import { StateFolder } from '../daemon/state-folder.ts'
import type { FeedMessage } from '../wire/api.ts'
import { type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { comeAgain, daemonMessages, storedMessages } from './feed-source.ts'
import { feedLine } from './feed-text.ts'
import { refuseClosedState } from './state.ts'

const help = `
Messages are numbered within an epoch. A script keeps the last number and the epoch, and goes on with
--since N --epoch E. What is not kept any more is named (gap); where nothing can be continued the hello says fresh,
and the exit code is 3.

Example:
  sfd feed --since 120 --follow --json`

interface FeedOptions {
  readonly since: number | 'now'
  readonly epoch?: string
  readonly follow?: boolean
}

export function addFeed(shell: Shell): void {
  const command = shell.program
    .command('feed')
    .description('what happened: commits, losses, tasks, hooks, one message a line')
    .option('--since <n>', 'only what came after message n; `now`: only what is still to come', parseSince, 0)
    .option('--epoch <id>', 'the epoch that n is a number of; without it the present one')
    .option('--follow', 'go on with what happens')
    .addHelpText('after', help)
  runs<FeedOptions>(shell, command, (call, { options }) => feed(call, options))
}

async function feed(call: Call, { since, epoch, follow }: FeedOptions): Promise<ExitCode> {
  const start = { since: since === 'now' ? undefined : since, epoch }
  const printer = new Printer(call, start)
  const daemon = daemonOf(call)
  if (daemon !== undefined) {
    if (follow) await followDaemon(call, printer, daemon)
    else await readDaemon(call, printer, daemon)
  } else if (follow) {
    connectDaemon(call.state)
  } else {
    refuseClosedState(call.state)
    for (const message of storedMessages(new StateFolder(call.state).databasePath, start)) await printer.print(message)
  }
  return printer.hasMissed ? exitCode.doubtful : exitCode.ok
}

/** Prints, and knows where to go on. */
class Printer {
  readonly #call: Call
  #start: FeedStart
  /** Number of the newest message when the feed was opened. */
  #target = 0
  hasMissed = false

  constructor(call: Call, start: FeedStart) {
    this.#call = call
    this.#start = start
  }

  get start(): FeedStart {
    return this.#start
  }

  /** Everything is printed that there was when the feed was opened. */
  get isComplete(): boolean {
    return this.#start.since !== undefined && this.#start.since >= this.#target
  }

  async print(message: FeedMessage): Promise<void> {
    if (message.kind === 'progress') return
    if (message.kind === 'hello') {
      const { epoch, sequence, fresh } = message
      this.#target = sequence
      const isFrom = this.#start.since !== undefined && !fresh
      this.#start = { epoch, since: isFrom ? this.#start.since : sequence }
      if (fresh) this.hasMissed = true
    } else if (message.kind === 'gap') {
      this.hasMissed = true
      this.#start = { ...this.#start, since: message.to }
    } else {
      this.#start = { ...this.#start, since: message.sequence }
    }
    if (this.#call.json) await this.#call.output.json(message)
    else await this.#call.output.text(feedLine(message))
  }
}

async function readDaemon(call: Call, printer: Printer, daemon: DaemonClient): Promise<void> {
  for (;;) {
    const messages = daemonMessages(daemon, { start: printer.start, signal: call.signal })
    for (let next = await messages.next(); ; next = await messages.next()) {
      if (next.done) {
        if (next.value === comeAgain) break
        throw new FoundryError('DAEMON_FAILED', `The daemon ended the feed (${next.value}). Try again.`)
      }
      await printer.print(next.value)
      if (!printer.isComplete) continue
      await messages.return(0)
      return
    }
  }
}

/** Outlives a restart of the daemon. */
async function followDaemon(call: Call, printer: Printer, first: DaemonClient): Promise<void> {
  for (let daemon = first; !call.signal.aborted; daemon = await daemonAgain(call)) {
    const messages = daemonMessages(daemon, { start: printer.start, signal: call.signal })
    for (let next = await messages.next(); !next.done; next = await messages.next()) {
      await printer.print(next.value)
      await call.output.flush()
    }
  }
}

const againEveryMs = 250
const againMsMax = 60_000

/** The daemon that keeps the state now. Error: DAEMON_ABSENT after a minute without one. */
async function daemonAgain(call: Call): Promise<DaemonClient> {
  for (let waitedMs = 0; waitedMs < againMsMax && !call.signal.aborted; waitedMs += againEveryMs) {
    await new Promise((resolve) => setTimeout(resolve, againEveryMs))
    const daemon = daemonOf(call)
    if (daemon !== undefined) return daemon
  }
  return connectDaemon(call.state)
}

function daemonOf({ state }: Call): DaemonClient | undefined {
  try {
    return connectDaemon(state)
  } catch (error) {
    if (error instanceof FoundryError && error.code === 'DAEMON_ABSENT') return undefined
    throw error
  }
}

function parseSince(text: string): number | 'now' {
  if (text === 'now') return text
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError('It is the number of a message, or `now`.')
  }
  return number
}
