/**
 * The bytes of one task file: a task with its warnings, or every error with line, column and what was expected.
 *
 * Pure: nothing on disk is asked. Two texts that say the same have the same specHash, however they are written.
 */
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { TaskError, TaskWarning, WarningReason } from './condition.ts'
import { escapedText } from './escaped-text.ts'
import { expectedAt, type FoundryTask, fieldsAt, foundryTaskSchema, type TaskSpec, taskOf } from './foundry-task.ts'
import { nearestName } from './nearest-name.ts'
import { type Path, type ReadDocument, readDocument, type Syntax, type Value } from './read-document.ts'
import { specText } from './spec-text.ts'
import { isProcessSource, isWithin, normalPath } from './task-path.ts'
import { brickNameOf, planTask } from './task-plan.ts'

export interface ParsedTask {
  readonly kind: 'valid'
  readonly task: FoundryTask
  /** SHA-256, hex, of the canonical spec. */
  readonly specHash: string
  readonly warnings: readonly TaskWarning[]
}

export interface UnparsedTask {
  readonly kind: 'invalid'
  /** Where the file says it well enough, else null. */
  readonly taskId: string | null
  /** At least one, in the order of the file. */
  readonly errors: readonly TaskError[]
}

export type TaskParse = ParsedTask | UnparsedTask

/** `json` is strict JSON; `yaml` takes both. */
export function parseTask(bytes: Uint8Array, syntax: Syntax): TaskParse {
  const document = readDocument(bytes, syntax)
  if (document.kind === 'broken') return { kind: 'invalid', taskId: null, errors: document.errors }
  const { value } = document
  const parsed = foundryTaskSchema.safeParse(plain(value))
  const errors = parsed.success
    ? togetherErrors(parsed.data, document)
    : parsed.error.issues.map((issue) => errorOf(issue, document))
  if (!parsed.success || errors.length > 0) {
    return { kind: 'invalid', taskId: taskIdOf(value), errors: inOrder(errors) }
  }
  const task = taskOf(parsed.data)
  const warnings = [...unknownFields(document), ...togetherWarnings(parsed.data, document)]
  return { kind: 'valid', task, specHash: specHashOf(task), warnings: inOrder(warnings) }
}

/** SHA-256, hex. Fields at their defaults do not count, so a new field in a later version changes no hash. */
export function specHashOf(task: FoundryTask): string {
  return createHash('sha256').update(specText(task)).digest('hex')
}

function errorOf(issue: z.core.$ZodIssue, document: ReadDocument): TaskError {
  const path = issue.path as Path
  const expected = expectedAt(path)
  const place = document.placeOf(path, 'value')
  const name = nameOf(path)
  const found = valueAt(document.value, path)
  if (found === undefined) return { message: `${name} is missing`, expected, ...place }
  if (issue.code === 'custom') return { message: `${name} ${issue.message}`, expected, ...place }
  const isText = issue.code === 'invalid_type' && issue.expected === 'string'
  const hint = isText && isLoneKey(found) ? '; in quotes where it ends in :, such as "devices:"' : ''
  return { message: `${name} is ${shown(found)}`, expected: `${expected}${hint}`, ...place }
}

/** What YAML makes of `- devices:`. */
function isLoneKey(value: unknown): boolean {
  return value instanceof Map && value.size === 1 && [...value.values()][0] === null
}

/** What no field can know by itself. */
function togetherErrors(spec: TaskSpec, document: ReadDocument): TaskError[] {
  const errors: TaskError[] = []
  const { type, source, paths } = spec
  if (source === undefined && paths === undefined && needsSource.has(type)) {
    errors.push({
      message: `${type} needs to know what to keep: source is missing`,
      expected: `source: ${expectedAt(['source'])}`,
      ...document.placeOf(['type'], 'key'),
    })
  }
  const names = new Map<string, string>()
  for (const [index, path] of (paths ?? []).entries()) {
    const name = `${spec.destination}/${brickNameOf(normalPath(path))}`
    const other = names.get(name) ?? path
    names.set(name, other)
    if (spec.destination === undefined || normalPath(other) === normalPath(path)) continue
    errors.push({
      message: `paths[${index}] is ${shown(path)}, whose brick ${name} is that of ${shown(other)} as well`,
      expected: 'a task of its own for one of them',
      ...document.placeOf(['paths', index], 'value'),
    })
  }
  if (source === undefined) return errors
  for (const [index, path] of (paths ?? []).entries()) {
    if (isWithin(normalPath(path), normalPath(source))) continue
    errors.push({
      message: `paths[${index}] is ${shown(path)}, which does not lie in source ${shown(source)}`,
      expected: 'paths that lie in source, or no source',
      ...document.placeOf(['paths', index], 'value'),
    })
  }
  return errors
}

const needsSource = new Set(['convert_binary', 'convert_directory', 'watch_path', 'foundry-v2'])

function togetherWarnings(spec: TaskSpec, document: ReadDocument): TaskWarning[] {
  const warnings: TaskWarning[] = []
  const warn = (field: keyof TaskSpec, reason: WarningReason, message: string): void => {
    if (spec[field] !== undefined)
      warnings.push({ reason, message: `${field}: ${message}`, ...document.placeOf([field], 'key') })
  }
  warn('texture_size', 'NoEffect', 'accepted; a brick is drawn at every size, so it says nothing here.')
  if (spec.paths === undefined)
    warn('max_files_per_path', 'NoEffect', 'counts for each of paths, and there are none; max_files limits source.')
  const sources = [...(spec.source === undefined ? [] : [spec.source]), ...(spec.paths ?? [])]
  if (sources.length > 0 && !sources.some(isProcessSource))
    warn('memory', 'NoEffect', 'counts for processes, such as proc:nginx, and none is named.')
  if (planTask(taskOf(spec)).kind !== 'system')
    warn('budget', 'NoEffect', 'counts for a whole system: analyze_system without source and paths.')
  if (!spec.follow) warn('poll_seconds', 'NoEffect', 'with follow: false the source is looked at once.')
  return warnings
}

function unknownFields(document: ReadDocument): TaskWarning[] {
  const warnings: TaskWarning[] = []
  const look = (value: Value | undefined, path: readonly string[]): void => {
    const known = fieldsAt(path)
    if (known === undefined || !(value instanceof Map)) return
    for (const [name, inner] of value as ReadonlyMap<string, Value>) {
      if (known.includes(name)) look(inner, [...path, name])
      else {
        const near = nearestName(name, known)
        const advice = near === undefined ? 'It is ignored.' : `It is ignored; did you mean ${near}?`
        const message = `There is no field ${shown(nameOf([...path, name]))}. ${advice}`
        warnings.push({ reason: 'UnknownField', message, ...document.placeOf([...path, name], 'key') })
      }
    }
  }
  look(document.value, [])
  return warnings
}

function taskIdOf(value: Value): string | null {
  const id = value instanceof Map ? foundryTaskSchema.shape.task_id.safeParse(value.get('task_id')) : undefined
  return id?.success ? id.data : null
}

/** For the schema: objects without a prototype; a key that could reach one was refused before. */
function plain(value: Value): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (!(value instanceof Map)) return value
  return Object.fromEntries([...value].map(([name, inner]) => [name, plain(inner)]))
}

function valueAt(value: Value, path: Path): Value | undefined {
  let at: Value | undefined = value
  for (const key of path) {
    if (at instanceof Map) at = (at as ReadonlyMap<string | number, Value>).get(key)
    else at = Array.isArray(at) ? (at as readonly Value[])[key as number] : undefined
  }
  return at
}

function nameOf(path: Path): string {
  if (path.length === 0) return 'the file'
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? key : `.${key}`)).join('')
}

const shownMax = 60

/** A value in a message: one line, short. */
function shown(value: Value): string {
  if (value === null) return 'empty'
  if (value instanceof Map) return 'an object'
  if (Array.isArray(value)) return 'a list'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  const cut = text.length > shownMax ? `${text.slice(0, shownMax)}..` : text
  return escapedText(cut)
}

function inOrder<T extends { readonly line: number; readonly column: number }>(items: readonly T[]): readonly T[] {
  return items.toSorted((a, b) => a.line - b.line || a.column - b.column)
}
