/** The command `sfd`: finds the command that is meant, runs it, and exits with what it says. */
import { Command } from 'commander'
import { toolVersion } from '../base/version.ts'
import { addAccept } from './accept.ts'
import { systemClock, systemRandom } from './adapters.ts'
import { addAnalyze } from './analyze.ts'
import { commandLine } from './arguments.ts'
import type { Machine, Shell } from './command.ts'
import { addCompact } from './compact.ts'
import { addRm, addStatus, addStop, addSync } from './control.ts'
import { addCrystallize } from './crystallize.ts'
import { addDiff } from './diff.ts'
import { addDoctor } from './doctor.ts'
import { type ExitCode, exitCode, reportFailure } from './exit.ts'
import { addExplain } from './explain.ts'
import { addExport } from './export.ts'
import { addExtract } from './extract.ts'
import { addFeed } from './feed.ts'
import { addFindings } from './findings.ts'
import { addFold } from './fold.ts'
import { addForget } from './forget.ts'
import { addImport } from './import.ts'
import { addInstallService } from './install-service.ts'
import { interruptSignal } from './interrupt.ts'
import { addLog } from './log.ts'
import { addLs } from './ls.ts'
import { addModel } from './model.ts'
import { Output } from './output.ts'
import { addPs } from './ps.ts'
import { addRegions } from './regions.ts'
import { addRender } from './render.ts'
import { addSearch } from './search.ts'
import { addShow } from './show.ts'
import { surroundings } from './state.ts'
import { addTag } from './tag.ts'
import { addTask } from './task.ts'
import { addUp } from './up.ts'
import { addVerify } from './verify.ts'

const commands: readonly ((shell: Shell) => void)[] = [
  addUp,
  addStatus,
  addSync,
  addStop,
  addRm,
  addPs,
  addFold,
  addLs,
  addShow,
  addAnalyze,
  addExplain,
  addRegions,
  addSearch,
  addFindings,
  addAccept,
  addModel,
  addExtract,
  addVerify,
  addLog,
  addFeed,
  addDiff,
  addTask,
  addRender,
  addTag,
  addCompact,
  addForget,
  addCrystallize,
  addImport,
  addExport,
  addDoctor,
  addInstallService,
]

const args = commandLine()
const machine: Machine = {
  output: new Output(process.stdout),
  stderr: process.stderr,
  clock: systemClock,
  random: systemRandom,
  signal: interruptSignal(),
  surroundings: surroundings(),
}
process.stderr.on('error', () => {})
process.exitCode = await main()

async function main(): Promise<ExitCode> {
  let code: ExitCode = exitCode.ok
  const exit = (told: ExitCode): void => {
    code = told
  }
  const program = programOf()
  for (const add of commands) add({ program, machine, exit })
  try {
    if (args.length === 0) program.help({ error: true })
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    const json = args.includes('--json')
    return reportFailure(error, { output: machine.output, json, stderr: (text) => machine.stderr.write(text) })
  }
}

function programOf(): Command {
  return new Command('sfd')
    .description('An exact, verifiable, zoomable map of a running Linux system.')
    .version(toolVersion, '-V, --version', 'print the version')
    .option('--state <dir>', 'state folder (default: $SFD_STATE, else /var/lib/system-foundry for root, else XDG)')
    .option('--json', 'results as JSON')
    .helpCommand(false)
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError(false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride()
}
