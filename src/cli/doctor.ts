/** `sfd doctor [SOURCE...]`: what will be seen here, what will be missed, and what changes that. */
import { argumentBytes } from './arguments.ts'
import { type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { minFreeOption } from './share.ts'

const example = `
Example:
  sfd doctor /usr /etc /var`

export function addDoctor(shell: Shell): void {
  const command = shell.program
    .command('doctor')
    .description('say what of the sources will be seen here, what will be missed, and the command that changes it')
    .argument('[source...]', 'files and directories that are to be followed')
    .addOption(minFreeOption('share of the disk that has to stay free'))
    .addHelpText('after', example)
  runs<{ minFree: number }>(shell, command, (call, { args, options }) => doctor(call, args, options))
}

/** Exit code 1 where something cannot work. */
async function doctor(call: Call, sources: readonly string[], { minFree }: { minFree: number }): Promise<ExitCode> {
  const { diagnose } = await import('../daemon/doctor.ts')
  const { clock, signal, state: statePath } = call
  const paths = sources.map((source) => argumentBytes(source))
  let works = true
  for (const diagnosis of diagnose({ sources: paths, statePath, minFree, clock, signal })) {
    const { check, status, message, fix } = diagnosis
    works &&= status !== 'fail'
    if (call.json) await call.output.json(diagnosis)
    else await call.output.text(`${status.padEnd(4)}  ${check}: ${message}\n${fix === null ? '' : `      ${fix}\n`}`)
  }
  return works ? exitCode.ok : exitCode.no
}
