/** `sfd task ls | check | schema`: what the daemon makes of its tasks, a check without it, the schema for editors. */
import { connectDaemon } from '../daemon/client.ts'
import type { TaskStatusJson } from '../wire/api.ts'
import { argumentBytes } from './arguments.ts'
import { runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { shownText } from './text.ts'

export function addTask(shell: Shell): void {
  const task = shell.program
    .command('task')
    .description('the tasks that the daemon follows, and files of tasks')
    .helpCommand(false)
  const inner = { ...shell, program: task }
  addList(inner)
  addCheck(inner)
  addSchema(inner)
}

function addList(shell: Shell): void {
  const command = shell.program
    .command('ls')
    .description('every task with its conditions')
    .addHelpText('after', '\nExample:\n  sfd task ls --json')
  runs(shell, command, async (call) => {
    const { folder, tasks } = await connectDaemon(call.state).tasks()
    if (call.json) for (const task of tasks) await call.output.json(task)
    else if (tasks.length > 0) await call.output.text(table(tasks))
    else call.warn(folder === null ? 'the daemon follows no folder of tasks' : `no task in ${shownText(folder)}`)
    return exitCode.ok
  })
}

function addCheck(shell: Shell): void {
  const command = shell.program
    .command('check')
    .description('say whether files are tasks, without the daemon')
    .argument('<file...>', '*.task.json, *.task.yaml, *.task.yml')
    .addHelpText('after', '\nExample:\n  sfd task check tasks/system_foundry/*.task.yaml')
  runs(shell, command, async (call, { args }) => {
    const { checkFile } = await import('./task-check.ts')
    const codes: ExitCode[] = []
    for (const file of args) codes.push(await checkFile(call, argumentBytes(file)))
    return codes.includes(exitCode.no) ? exitCode.no : exitCode.ok
  })
}

function addSchema(shell: Shell): void {
  const command = shell.program
    .command('schema')
    .description('print the JSON Schema of a task, for editors')
    .option('--draft <name>', 'draft-07 or 2020-12', 'draft-07')
    .addHelpText('after', '\nExample:\n  sfd task schema > foundry-task.schema.json')
  runs<{ draft: string }>(shell, command, async (call, { options }) => {
    const { schemaOf } = await import('./task-check.ts')
    await call.output.text(schemaOf(options.draft))
    return exitCode.ok
  })
}

/** Of each task one line of what it is, then what somebody should know. */
function table(tasks: readonly TaskStatusJson[]): string {
  const heads = tasks.map(headOf)
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...heads.map((cells) => (cells[column] as string).length)))
  const lines = heads.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return lines.map((line, index) => `${line.trimEnd()}\n${notesOf(tasks[index] as TaskStatusJson)}`).join('')
}

function headOf({ task_id, file, type: kind, source, brick, generation, conditions }: TaskStatusJson): string[] {
  const ready = conditions.find(({ type }) => type === 'Ready')
  const state = ready === undefined ? 'unknown' : ready.status === 'True' ? 'ready' : ready.reason
  return [task_id ?? file, kind ?? '-', state, source ?? '-', brick ?? '-', `generation ${generation}`].map((cell) =>
    shownText(cell),
  )
}

function notesOf({ file, conditions }: TaskStatusJson): string {
  const told = conditions.filter(
    ({ type, status, line }) => (type === 'Ready' ? status !== 'True' : status === 'True') || line !== undefined,
  )
  const lines = told.map(({ type, reason, message, line, column }) => {
    const place = line === undefined ? '' : `${file}:${line}:${column ?? 1}: `
    return `  ${type} ${reason}: ${shownText(place + message)}\n`
  })
  return lines.join('')
}
