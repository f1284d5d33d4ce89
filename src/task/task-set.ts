/**
 * All tasks, over time. Level-triggered: each `update` gets the whole folder as it was read, and says what follows from
 * it; how often it is called, and what was missed in between, does not matter.
 *
 * - A task is its task_id. Renaming or touching its file changes nothing; two files with one id: the first stays.
 * - A specification that is broken, or wants what another task has, leaves the last good one at work.
 * - No task ends because the folder cannot be read, or because an empty one stands in its place.
 * - A file that is gone ends its task after a grace time, and never its brick: that is not ours to delete.
 *
 * Pure of disk, clock and chance.
 */
import type { Condition } from './condition.ts'
import {
  type HeldTask,
  heldFrom,
  heldWith,
  memoryOf,
  type RunningTask,
  runningOf,
  type TaskMemory,
} from './held-task.ts'
import { type ParsedTask, specHashOf } from './parse-task.ts'
import { settleClaims } from './task-claims.ts'
import type { FolderRead, TaskFile } from './task-folder.ts'
import { heldStatus, type LooseFile, looseStatus, type TaskObservation, type TaskStatus } from './task-status.ts'

export interface TaskChanges {
  /** Not told before: new ones, and at first all that are remembered. */
  readonly started: readonly RunningTask[]
  /** Of a new generation, or trusted otherwise than before. */
  readonly changed: readonly RunningTask[]
  /** Ids. Take what they held back before anything is started: another may want it. */
  readonly stopped: readonly string[]
  /** Rows to write before the changes are carried out, and rows to delete (ids). */
  readonly remember: readonly TaskMemory[]
  readonly forget: readonly string[]
  /** Read the folder again then (clock of the caller), whatever happens; null: no need. */
  readonly againAtMs: number | null
}

interface Speaker {
  readonly file: TaskFile
  readonly parsed: ParsedTask
}

/** An editor that deletes and creates needs less. */
const graceMsDefault = 1_000
/** Stopped tasks that are remembered; then the one that stopped first is forgotten. */
const stoppedMax = 1_000

export class TaskSet {
  readonly #graceMs: number
  /** In the order of acceptance. */
  readonly #held = new Map<string, HeldTask>()
  readonly #told = new Map<string, RunningTask>()
  readonly #remembered = new Map<string, string>()
  #loose: readonly LooseFile[] = []
  #folder: string | undefined
  #trouble: Condition | null = null

  /** `remembered`: rows of an earlier run; what is none (any more) is dropped. */
  constructor(parts: { readonly remembered?: readonly TaskMemory[]; readonly graceMs?: number } = {}) {
    this.#graceMs = parts.graceMs ?? graceMsDefault
    for (const memory of parts.remembered ?? []) {
      const held = heldFrom(memory, specHashOf)
      this.#remembered.set(memory.taskId, JSON.stringify(memory))
      if (held === undefined) continue
      this.#held.set(held.taskId, held)
      if (!held.isStopped) this.#folder = memory.folder
    }
  }

  update(read: FolderRead, nowMs: number): TaskChanges {
    this.#trouble = this.#troubleOf(read)
    if (read.kind === 'read' && this.#trouble === null) {
      this.#folder = read.identity
      this.#read(read.files, nowMs)
      this.#settle()
    }
    return this.#changes()
  }

  /** Everything that is carried out now. */
  running(): readonly RunningTask[] {
    return [...this.#held.values()].flatMap((held) => runningOf(held) ?? [])
  }

  /** One for each task and for each file that is none. `observe` adds what those say who carry it out. */
  status(observe: (taskId: string) => TaskObservation | undefined = () => undefined): readonly TaskStatus[] {
    const folder = this.#trouble
    const held = [...this.#held.values()].map((task) => heldStatus(task, { folder, observed: observe(task.taskId) }))
    return [...held, ...this.#loose.map(looseStatus)]
  }

  /** What is wrong with the folder itself; its tasks go on. */
  get folderTrouble(): Condition | null {
    return this.#trouble
  }

  /** A stopped task of which nothing is left, such as after `sfd rm`. Delete its row, too. */
  forget(taskId: string): void {
    if (this.#held.get(taskId)?.isStopped !== true) return
    this.#held.delete(taskId)
    this.#remembered.delete(taskId)
  }

  #troubleOf(read: FolderRead): Condition | null {
    const goOn = 'Its tasks go on as they were.'
    const trouble = (reason: string, message: string): Condition => ({
      type: 'Degraded',
      status: 'True',
      reason,
      message,
    })
    if (read.kind === 'unreadable') {
      return trouble('FolderUnreadable', `The folder of tasks, ${read.shown}, cannot be read: ${read.why}. ${goOn}`)
    }
    const isReplaced = this.#folder !== undefined && this.#folder !== read.identity
    const isHolding = [...this.#held.values()].some(({ isStopped }) => !isStopped)
    if (!isReplaced || !isHolding || read.files.some(({ content }) => content.kind === 'valid')) return null
    const advice = 'Is something unmounted? One valid task in it says that it is meant.'
    return trouble('FolderReplaced', `Another folder without a task stands at ${read.shown}. ${goOn} ${advice}`)
  }

  #read(files: readonly TaskFile[], nowMs: number): void {
    const broken = this.#brokenFiles(files)
    const speakers = this.#speakers(files, broken)
    const spoken = new Set([...speakers.values()].map(({ file }) => file.key))
    for (const held of [...this.#held.values()]) {
      if (held.isStopped || speakers.has(held.taskId)) continue
      const file = broken.get(held.taskId)
      if (file === undefined || file.content.kind === 'valid') this.#miss(held, nowMs)
      else {
        spoken.add(file.key)
        this.#held.set(held.taskId, { ...held, broken: file.content, trust: file.trust, missingSinceMs: null })
      }
    }
    for (const { file, parsed } of speakers.values()) {
      const before = this.#held.get(parsed.task.taskId)
      const held = heldWith(before, file, parsed)
      if (before?.isStopped === true) this.#held.delete(held.taskId)
      this.#held.set(held.taskId, held)
    }
    this.#loose = files.filter(({ key }) => !spoken.has(key)).map((file) => this.#looseFile(file))
  }

  /** By the id of the task that had it last: files that are there and are none. One whose id was edited has left the old. */
  #brokenFiles(files: readonly TaskFile[]): Map<string, TaskFile> {
    const owners = new Map<string, string>()
    for (const { taskId, file, isStopped, missingSinceMs } of this.#held.values()) {
      if (!isStopped && (missingSinceMs === null || !owners.has(file.key))) owners.set(file.key, taskId)
    }
    const broken = new Map<string, TaskFile>()
    for (const file of files) {
      const owner = owners.get(file.key)
      if (owner !== undefined && file.content.kind !== 'valid') broken.set(owner, file)
    }
    return broken
  }

  /** For each id the one valid file that says what it is: the one that did before, else the first. */
  #speakers(files: readonly TaskFile[], broken: ReadonlyMap<string, TaskFile>): Map<string, Speaker> {
    const speakers = new Map<string, Speaker>()
    for (const file of files) {
      const { content } = file
      if (content.kind !== 'valid') continue
      const { taskId } = content.task
      // Its own file is there and broken: the last good version goes on, and this is a copy.
      if (broken.has(taskId)) continue
      const isSpeaker = this.#held.get(taskId)?.file.key === file.key
      if (isSpeaker || !speakers.has(taskId)) speakers.set(taskId, { file, parsed: content })
    }
    return speakers
  }

  #miss(held: HeldTask, nowMs: number): void {
    const missingSinceMs = held.missingSinceMs ?? nowMs
    if (nowMs - missingSinceMs < this.#graceMs) {
      this.#held.set(held.taskId, { ...held, missingSinceMs })
      return
    }
    this.#held.delete(held.taskId)
    this.#held.set(held.taskId, { ...held, isStopped: true, broken: null, conflict: null, missingSinceMs: null })
  }

  #looseFile({ shown, content }: TaskFile): LooseFile {
    if (content.kind === 'valid') {
      const { taskId, type, source, paths } = content.task
      const other = this.#held.get(taskId)?.file.shown ?? 'another file'
      const conflict = `${other} is the task ${taskId} already. Give one of them another task_id.`
      return { taskId, file: shown, type, source: source ?? paths[0] ?? null, broken: null, conflict }
    }
    const taskId = content.kind === 'invalid' ? content.taskId : null
    return { taskId, file: shown, type: null, source: null, broken: content, conflict: null }
  }

  #settle(): void {
    for (const held of settleClaims([...this.#held.values()])) this.#held.set(held.taskId, held)
    const stopped = [...this.#held.values()].filter(({ isStopped }) => isStopped)
    for (const { taskId } of stopped.slice(0, Math.max(0, stopped.length - stoppedMax))) this.#held.delete(taskId)
  }

  #changes(): TaskChanges {
    const running = new Map(this.running().map((task) => [task.task.taskId, task]))
    const started = [...running.values()].filter(({ task }) => !this.#told.has(task.taskId))
    const stopped = [...this.#told.keys()].filter((taskId) => !running.has(taskId))
    const changed = [...running.values()].filter((task) => {
      const told = this.#told.get(task.task.taskId)
      return told !== undefined && (told.generation !== task.generation || !isSameTrust(told, task))
    })
    for (const taskId of stopped) this.#told.delete(taskId)
    for (const [taskId, task] of running) this.#told.set(taskId, task)
    return { started, changed, stopped, ...this.#memories(), againAtMs: this.#graceEndMs() }
  }

  #memories(): { readonly remember: readonly TaskMemory[]; readonly forget: readonly string[] } {
    const remember: TaskMemory[] = []
    for (const held of this.#held.values()) {
      const memory = memoryOf(held, this.#folder ?? '')
      const text = JSON.stringify(memory)
      if (this.#remembered.get(held.taskId) === text) continue
      this.#remembered.set(held.taskId, text)
      remember.push(memory)
    }
    const forget = [...this.#remembered.keys()].filter((taskId) => !this.#held.has(taskId))
    for (const taskId of forget) this.#remembered.delete(taskId)
    return { remember, forget }
  }

  #graceEndMs(): number | null {
    const since = [...this.#held.values()].flatMap(({ missingSinceMs }) => missingSinceMs ?? [])
    return since.length === 0 ? null : Math.min(...since) + this.#graceMs
  }
}

function isSameTrust({ trust: a }: RunningTask, { trust: b }: RunningTask): boolean {
  return a.kind === 'refused' && b.kind === 'refused' ? a.message === b.message : a.kind === b.kind
}
