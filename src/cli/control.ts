/** `sfd status | stop | rm | sync`: what the command line asks of a running daemon. */
import { unlinkSync } from 'node:fs'
import { FoundryError } from '../base/errors.ts'
import { connectDaemon, type DaemonClient } from '../daemon/client.ts'
import type { BrickInfo } from '../wire/api.ts'
import { type Call, runs, type Shell } from './command.ts'
import { exitCode } from './exit.ts'
import { brickPath } from './state.ts'
import { counted, iec } from './text.ts'

export function addStatus(shell: Shell): void {
  const command = shell.program
    .command('status')
    .description('what the daemon keeps, and the link to its map')
    .addHelpText('after', '\nExample:\n  sfd status --json')
  runs(shell, command, async (call) => {
    const daemon = connectDaemon(call.state)
    const { bricks } = await daemon.bricks()
    const { pid, url, startedAt, version } = daemon.note
    const link = `${url}/#token=${daemon.token}`
    if (call.json) await call.output.json({ pid, url: link, startedAt, version, state: call.state, bricks })
    else await call.output.text(`Map  ${link}\n${table(bricks)}`)
    return exitCode.ok
  })
}

export function addStop(shell: Shell): void {
  const command = shell.program
    .command('stop')
    .description('stop the daemon; what is committed stays')
    .addHelpText('after', '\nExample:\n  sfd stop')
  runs(shell, command, async (call) => {
    const daemon = connectDaemon(call.state)
    await daemon.control('/api/stop')
    await gone(daemon)
    if (call.json) await call.output.json({ stopped: daemon.note.pid })
    return exitCode.ok
  })
}

export function addSync(shell: Shell): void {
  const command = shell.program
    .command('sync')
    .description('return when every change made before the call is committed')
    .addHelpText('after', '\nExample:\n  sfd sync && sfd extract etc -o copy')
  runs(shell, command, async (call) => {
    await connectDaemon(call.state).control('/api/sync')
    if (call.json) await call.output.json({ ok: true })
    return exitCode.ok
  })
}

export function addRm(shell: Shell): void {
  const command = shell.program
    .command('rm')
    .description('stop following a brick and delete it; its source is not touched')
    .argument('<brick>', 'name of the brick')
    .addHelpText('after', '\nExample:\n  sfd rm usr-bin')
  runs(shell, command, async (call, { args }) => {
    const brick = args[0] as string
    const removed = await removeByDaemon(call, brick)
    if (!removed) unlinkSync(Buffer.from(brickPath(brick, call.state)))
    if (call.json) await call.output.json({ removed: brick })
    return exitCode.ok
  })
}

/** False where no daemon runs: then nobody else has the file. */
async function removeByDaemon({ state }: Call, brick: string): Promise<boolean> {
  let daemon: DaemonClient
  try {
    daemon = connectDaemon(state)
  } catch (error) {
    if (error instanceof FoundryError && error.code === 'DAEMON_ABSENT') return false
    throw error
  }
  await daemon.control('/api/remove', { name: brick })
  return true
}

const stopPollMs = 20
const stopWaitMsMax = 15_000

async function gone({ note: { pid } }: DaemonClient): Promise<void> {
  for (let waitedMs = 0; waitedMs < stopWaitMsMax; waitedMs += stopPollMs) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, stopPollMs))
  }
  throw new FoundryError('DAEMON_FAILED', `The daemon with pid ${pid} was told to stop and still runs after 15 s.`)
}

function table(bricks: readonly BrickInfo[]): string {
  const rows = bricks.map((brick) => [
    brick.name,
    brick.message === null ? brick.state : `${brick.state}: ${brick.message}`,
    counted(brick.entryCount, { one: 'entry', many: 'entries' }),
    iec(brick.contentBytes),
    `commit ${brick.generation}`,
    brick.time === null ? '' : brick.time.slice(0, 19).replace('T', ' '),
    brick.source,
  ])
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(0, ...rows.map((row) => (row[column] as string).length)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
