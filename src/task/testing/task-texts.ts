/** Short texts of tasks and what becomes of them. */
import assert from 'node:assert/strict'
import { utf8 } from '../../base/bytes.ts'
import { type ParsedTask, parseTask, type TaskParse, type UnparsedTask } from '../parse-task.ts'

export const minimal = 'task_id: a\ntype: watch_path\nsource: /usr/bin\n'

export function yaml(text: string | Uint8Array): TaskParse {
  return parseTask(typeof text === 'string' ? utf8(text) : text, 'yaml')
}

export function valid(text: string | Uint8Array): ParsedTask {
  const parsed = yaml(text)
  assert.equal(parsed.kind, 'valid', JSON.stringify(parsed))
  return parsed as ParsedTask
}

/** `LINE:COLUMN message` of every error. */
export function errorsOf(parsed: TaskParse): string[] {
  assert.equal(parsed.kind, 'invalid', JSON.stringify(parsed))
  return (parsed as UnparsedTask).errors.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

/** The first error, of text that has to be refused. */
export function refused(text: string | Uint8Array, syntax: 'json' | 'yaml' = 'yaml'): string {
  return errorsOf(parseTask(typeof text === 'string' ? utf8(text) : text, syntax))[0] as string
}

export function warningsOf(text: string): string[] {
  return valid(text).warnings.map(({ reason, line, column }) => `${line}:${column} ${reason}`)
}
