/** `sfd install-service`: the daemon as a systemd service. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FoundryError } from '../base/errors.ts'
import { serviceName, serviceUnit } from '../daemon/service-unit.ts'
import { type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'

const unitFolder = '/etc/systemd/system'
const tasksDefault = '/etc/system-foundry/tasks'

const example = `
Example:
  sfd install-service --print > system-foundry.service && systemd-analyze security --offline=yes ./system-foundry.service
  sudo sfd install-service && sudo systemctl enable --now ${serviceName}`

export function addInstallService(shell: Shell): void {
  const command = shell.program
    .command('install-service')
    .description('write a hardened systemd unit that keeps the bricks of a folder of tasks')
    .option('--print', 'print the unit and write nothing')
    .option('--tasks <dir>', 'folder with the task files of the service', tasksDefault)
    .addHelpText('after', example)
  runs<{ print?: boolean; tasks: string }>(shell, command, (call, { options }) => install(call, options))
}

async function install(call: Call, { print, tasks }: { print?: boolean; tasks: string }): Promise<ExitCode> {
  const sfd = fileURLToPath(new URL('../../bin/sfd', import.meta.url))
  const tasksPath = resolve(tasks)
  const unit = serviceUnit({ sfd, statePath: call.state, tasksPath })
  if (print === true) {
    await call.output.text(unit)
    return exitCode.ok
  }
  const path = join(unitFolder, serviceName)
  try {
    for (const folder of [call.state, tasksPath]) mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(path, unit, { mode: 0o644 })
  } catch (error) {
    throw new FoundryError('DISK_FAILED', `${path} was not written; run it as root, or with --print.`, error)
  }
  if (call.json) await call.output.json({ unit: path, tasks: tasksPath, state: call.state })
  else
    await call.output.text(
      `${path} is written. Put tasks into ${tasksPath}, then:\n  systemctl enable --now ${serviceName}\n`,
    )
  return exitCode.ok
}
