/** Exit codes, and how a failure is told: one line on stderr, with --json an object on stdout as well. */
import { CommanderError } from 'commander'
import { FoundryError } from '../base/errors.ts'
import type { Output } from './output.ts'

export const exitCode = {
  ok: 0,
  /** The answer is no: damaged, different, refused. */
  no: 1,
  usage: 2,
  /** Done, but with bytes that were unreadable or changed while they were read. */
  doubtful: 3,
} as const
export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

/** Where and how to tell it. */
export interface FailureReport {
  readonly output: Output
  readonly json: boolean
  readonly stderr: (text: string) => void
}

/** The code to exit with. An error that is nobody's fault but ours is shown with its stack. */
export async function reportFailure(error: unknown, report: FailureReport): Promise<ExitCode> {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCode.ok
    if (error.code === 'commander.help') return exitCode.usage
    return tell({ code: 'USAGE', message: error.message.replace(/^error: /, '') }, report)
  }
  if (error instanceof FoundryError) return tell(error, report)
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  report.stderr(`sfd: this is a defect of sfd, please report it:\n${stack}\n`)
  return exitCode.no
}

async function tell(
  failure: { readonly code: string; readonly message: string },
  report: FailureReport,
): Promise<ExitCode> {
  const { code, message } = failure
  if (report.json) {
    await report.output.json({ error: { code, message } })
    await report.output.flush()
  }
  report.stderr(`sfd: ${code}: ${message}\n`)
  return code === 'USAGE' ? exitCode.usage : exitCode.no
}
