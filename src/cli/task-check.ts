/** What `sfd task check` and `sfd task schema` do. Loaded on demand: every other command starts without the schema. */
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { schemaDrafts, schemaText } from '../task/json-schema.ts'
import { parseTask, type TaskParse } from '../task/parse-task.ts'
import { taskBytesMax } from '../task/read-document.ts'
import { syntaxOf } from '../task/task-folder.ts'
import { planTask } from '../task/task-plan.ts'
import { errorText } from '../task/task-status.ts'
import type { Call } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'

/** Exit code 1 where the file is no task. Errors: SOURCE_MISSING, SOURCE_UNREADABLE. */
export async function checkFile(call: Call, path: Uint8Array): Promise<ExitCode> {
  const file = displayPath(path)
  const parsed = parseTask(readBounded(path), syntaxOf(path))
  if (call.json) await call.output.json({ file, ...jsonOf(parsed) })
  else await call.output.text(checkLines(file, parsed))
  return parsed.kind === 'valid' ? exitCode.ok : exitCode.no
}

/** The published JSON Schema of that draft. Error: USAGE. */
export function schemaOf(name: string): string {
  const draft = schemaDrafts.find((known) => known === name)
  if (draft === undefined)
    throw new FoundryError('USAGE', `There is no draft ${name}. Say ${schemaDrafts.join(' or ')}.`)
  return schemaText(draft)
}

function checkLines(file: string, parsed: TaskParse): string {
  if (parsed.kind === 'invalid') {
    return parsed.errors.map((error) => `${file}:${error.line}:${error.column}: error: ${errorText(error)}\n`).join('')
  }
  const warnings = parsed.warnings.map(
    ({ line, column, message }) => `${file}:${line}:${column}: warning: ${message}\n`,
  )
  return [...warnings, `${file}: the task ${parsed.task.taskId} is valid\n`].join('')
}

function jsonOf(parsed: TaskParse): Record<string, unknown> {
  if (parsed.kind === 'invalid') return { valid: false, task_id: parsed.taskId, errors: parsed.errors }
  const plan = planTask(parsed.task)
  return {
    valid: true,
    task_id: parsed.task.taskId,
    /** Of a whole system they depend on the machine. */
    bricks: plan.kind === 'bricks' ? plan.bricks.map(({ source, name }) => ({ source, name })) : null,
    warnings: parsed.warnings,
    supported: true,
  }
}

/** One byte more than a task may have is enough to refuse it; a device or pipe ends there, too. */
function readBounded(path: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(taskBytesMax + 1)
  let length = 0
  try {
    const fd = openSync(Buffer.from(path), constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = readSync(fd, bytes, length, bytes.length - length, null)
      }
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const [is, what] = code === 'ENOENT' ? (['SOURCE_MISSING', 'does not exist'] as const) : ([] as const)
    throw new FoundryError(
      is ?? 'SOURCE_UNREADABLE',
      `${displayPath(path)} ${what ?? `cannot be read: ${code}`}. Name a file with a task.`,
      error,
    )
  }
  return bytes.subarray(0, length)
}
