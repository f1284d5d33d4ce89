/**
 * How a source of each kind is followed: by what the kernel tells, by looking every so often, or both. Who looks as a
 * whole (`Artifact.look`) is told of any change as of all: its look finds out what it was.
 */
import type { Source, SourceKind } from '../source/open.ts'
import { absolutePath } from '../source/open.ts'
import type { DirtyScope } from '../sync/dirty-set.ts'
import { type SyncPolicy, syncPolicy } from '../sync/sync-policy.ts'
import type { Assignment } from './assignment.ts'

/** Of kinds of which the kernel tells nothing, or not all; milliseconds. */
export const pollMsDefault: Partial<Record<SourceKind, number>> = { process: 1_000, log: 1_000, devices: 2_000 }

/** Rest of a look at a process, in times of its length: at most a tenth of a core. */
const processRest = 9
/** Memory is written all the time: a day of a busy process must not fill a disk. */
const processBytesPerSecond = 2 ** 20

/** Null: it is not polled while it is watched. */
export function pollMsOf({ source, rules }: Assignment): number | null {
  return rules.pollMs ?? pollMsDefault[source.kind] ?? null
}

/** Its state says `polled`: nothing else tells of changes, or the rules want it. */
export function isPolled({ source, rules }: Assignment): boolean {
  return rules.pollMs !== null || (pollMsDefault[source.kind] !== undefined && watchedRoot(source) === undefined)
}

/** Only of files the content can be read again to see whether it is what the brick says. */
export function policyOf(assignment: Assignment): SyncPolicy {
  const { kind } = assignment.source
  const scrubMs = isOfFiles(kind) ? syncPolicy.scrubMs : null
  const ofProcess = kind === 'process' ? { restPerPoll: processRest, bytesPerSecond: processBytesPerSecond } : {}
  return { ...syncPolicy, pollMs: pollMsOf(assignment), scrubMs, ...ofProcess }
}

/** By itself, after its commits; the rest on somebody's word. What changes all the time as a whole is not worth it. */
export function isAnalysed({ source, rules }: Assignment): boolean {
  return (
    rules.analysis.when === 'always' && (isOfFiles(source.kind) || source.kind === 'modules' || source.kind === 'log')
  )
}

export interface WatchedRoot {
  readonly path: Uint8Array
  readonly kind: 'tree' | 'file'
}

/** What the kernel is asked to tell of; undefined: nothing that it could. Of a log its folder: it is renamed in there. */
export function watchedRoot(source: Source): WatchedRoot | undefined {
  const { kind, root } = source
  if (kind === 'file') return { path: absolutePath(source), kind: 'file' }
  if (kind === 'tree' || kind === 'modules') return { path: root, kind: 'tree' }
  return kind === 'log' && source.name === undefined ? { path: root, kind: 'tree' } : undefined
}

/** What a hint makes doubtful; undefined: nothing. In a log's folder only what begins with its name is of it. */
export function scopeOf({ kind, path }: Source, scope: DirtyScope): DirtyScope | undefined {
  if (isOfFiles(kind)) return scope
  const isElsewhere = kind === 'log' && scope.reach === 'entry' && !beginsWith(scope.path, path)
  return isElsewhere ? undefined : everything
}

export const everything: DirtyScope = { path: new Uint8Array(0), reach: 'subtree' }

export function isOfFiles(kind: SourceKind): boolean {
  return kind === 'tree' || kind === 'file'
}

function beginsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && start.every((byte, index) => bytes[index] === byte)
}
