/**
 * Gives the bytes back: a brick's entries as files and folders beneath a destination.
 *
 * Everything is written through Beneath, so nothing leaves the destination whatever the brick says. Links come after
 * files, folders' modes and times after what is in them. What one entry refuses is noted and the rest goes on; a full
 * or failing disk ends it.
 */
import { bytesKey, displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { Beneath, NodeKind } from '../linux/beneath.ts'
import type { BrickView } from '../store/brick-view.ts'
import { errnoNameOf, type Ownership, setAttributes } from './attributes.ts'
import { checkSpace, openDestination } from './destination.ts'
import { writeFiles } from './extract-crew.ts'
import { type ExtractPlan, planExtraction } from './extract-plan.ts'
import { type ExtractReport, emptyReport, note } from './extract-report.ts'
import { forgottenText } from './forgotten.ts'
import { type FileWriter, fileWriter, noteFailure } from './write-file.ts'

export { addReport, type ExtractReport, emptyReport, type Problem, type ProblemList } from './extract-report.ts'

export interface ExtractRequest {
  readonly view: BrickView
  /** A folder; made with its parents where missing. */
  readonly dest: Uint8Array
  /** Relative path of a folder in it, made where missing, no link followed: there the brick's entries begin. */
  readonly beneath?: Uint8Array
  /** Entries by their path in the brick, folders with everything beneath; empty: everything. */
  readonly paths: readonly Uint8Array[]
  /** `replace`: into a folder that is not empty, and without asking how much space is free. */
  readonly existing: 'refuse' | 'replace'
  readonly ownership: Ownership
  /** Threads that write; below 2 this one does. */
  readonly workers: number
  readonly signal: AbortSignal
  /** Lets the event loop go on: without it nobody hears the signal. */
  readonly pause: () => Promise<void>
  readonly onProgress: (progress: {
    readonly doneBytes: number
    readonly totalBytes: number
    readonly files: number
  }) => void
}

/** Errors: ENTRY_MISSING, DEST_NOT_EMPTY, DEST_SPACE, DEST_UNSAFE, DISK_FULL, DISK_FAILED, CANCELLED; BrickDamage. */
export async function extract(request: ExtractRequest): Promise<ExtractReport> {
  const { view, paths, existing, ownership, beneath } = request
  const plan = planExtraction(view, paths)
  const { dest, fd } = openDestination({ path: request.dest, existing, ...(beneath !== undefined && { beneath }) })
  try {
    if (existing === 'refuse') checkSpace(fd, plan.spaceBytes)
    const writer = fileWriter({ view, dest, ownership, report: emptyReport() })
    for (const entry of plan.directories) makeDirectory(writer, entry)
    await writePlannedFiles(request, plan, { writer, fd })
    for (const { entry, existing: name } of plan.hardLinks) linkFile(writer, entry, name)
    for (const entry of plan.symlinks) makeSymlink(writer, entry)
    for (const entry of plan.specials) makeSpecial(writer, entry)
    for (const entry of plan.directories.toReversed()) finishDirectory(writer, entry)
    noteUnreadable(writer.report, plan)
    for (const { path } of plan.forgotten) note(writer.report.forgotten, path, `${forgottenText}; it is left out`)
    return writer.report
  } catch (error) {
    throw explained(error, request.dest)
  } finally {
    dest.close()
  }
}

async function writePlannedFiles(
  request: ExtractRequest,
  plan: ExtractPlan,
  { writer, fd }: { readonly writer: FileWriter; readonly fd: number },
): Promise<void> {
  const { view, ownership, workers, signal, pause, onProgress } = request
  const setup = { brickPath: view.file.path, brickFd: view.file.fd, record: view.record, destFd: fd, ownership }
  const totalBytes = plan.files.reduce((sum, { size }) => sum + size, 0)
  await writeFiles({
    files: plan.files,
    writer,
    setup,
    workerCount: workers,
    signal,
    pause,
    onProgress: ({ bytes, files }) => onProgress({ doneBytes: bytes, totalBytes, files }),
  })
}

/** Private until its own mode comes, at the end. */
const newDirectoryMode = 0o700

function makeDirectory({ dest, report }: FileWriter, entry: EntryRecord): void {
  report.directories++
  if (entry.path.length === 0) return
  try {
    if (dest.stat(entry.path)?.kind === 'dir') return
    withReplacing(dest, entry.path, () => dest.makeDirectory(entry.path, newDirectoryMode))
  } catch (error) {
    report.directories--
    noteFailure(report, entry, error)
  }
}

function linkFile({ dest, report }: FileWriter, entry: EntryRecord, existing: Uint8Array): void {
  try {
    withReplacing(dest, entry.path, () => dest.makeHardLink({ path: entry.path, existing }))
    report.hardLinks++
  } catch (error) {
    noteFailure(report, entry, error)
  }
}

function makeSymlink(writer: FileWriter, entry: EntryRecord): void {
  const { dest, report } = writer
  const { path, target } = entry
  if (target === undefined || target.length === 0) return
  try {
    withReplacing(dest, path, () => dest.makeSymlink({ path, target }))
    setAttributes(dest, entry, writer)
    report.symlinks++
  } catch (error) {
    noteFailure(report, entry, error)
  }
}

function makeSpecial(writer: FileWriter, entry: EntryRecord): void {
  const { dest, report } = writer
  const { path, rdev } = entry
  const kind = entry.kind as NodeKind
  try {
    withReplacing(dest, path, () => dest.makeNode({ path, kind, mode: 0o600, rdev }))
    setAttributes(dest, entry, writer)
    report.specials++
  } catch (error) {
    const errnoName = errnoNameOf(error)
    if (errnoName === 'EPERM') note(report.skipped, path, `${kind} device: only root may make it`)
    else noteFailure(report, entry, error)
  }
}

function finishDirectory(writer: FileWriter, entry: EntryRecord): void {
  try {
    setAttributes(writer.dest, entry, writer)
  } catch (error) {
    noteFailure(writer.report, entry, error)
  }
}

/** What has the name already goes: a file, a link, an empty directory. */
function withReplacing(dest: Beneath, path: Uint8Array, make: () => void): void {
  try {
    make()
  } catch (error) {
    if (errnoNameOf(error) !== 'EEXIST') throw error
    dest.remove(path)
    make()
  }
}

function noteUnreadable(report: ExtractReport, plan: ExtractPlan): void {
  for (const { path, unreadable } of plan.unread) {
    note(report.unreadable, path, `${unreadable ?? 'not read'}; it is left out`)
  }
  const known = new Set(report.unreadable.items.map(({ path }) => bytesKey(path)))
  for (const list of [plan.directories, plan.files, plan.symlinks, plan.specials]) {
    for (const { path, unreadable } of list) {
      if (unreadable !== undefined && !known.has(bytesKey(path))) note(report.unreadable, path, unreadable)
    }
  }
}

function explained(error: unknown, dest: Uint8Array): unknown {
  const errnoName = errnoNameOf(error)
  const shown = displayPath(dest)
  if (errnoName === 'ENOSPC' || errnoName === 'EDQUOT') {
    return new FoundryError(
      'DISK_FULL',
      `No space is left beneath ${shown} (${errnoName}). Free some and try again.`,
      error,
    )
  }
  if (errnoName === undefined) return error
  return new FoundryError('DISK_FAILED', `Writing beneath ${shown} failed (${errnoName}).`, error)
}
