/**
 * Carries out the tasks of a folder: reads it again and again, has bricks followed as the tasks say, and tells how each
 * of them does.
 *
 * What the folder means is `TaskSet`'s; how a brick is kept is a keeper's. Nothing here deletes a brick.
 */

import { existsSync } from 'node:fs'
import { utf8 } from '../base/bytes.ts'
import type { Clock } from '../base/ports.ts'
import type { StateDb } from '../catalog/state-db.ts'
import { Records } from '../catalog/state-table.ts'
import type { HookQueue } from '../hook/hook-queue.ts'
import type { RunningTask, TaskMemory } from '../task/held-task.ts'
import { taskOfSpecText } from '../task/spec-text.ts'
import { type FolderRead, readTaskFolder } from '../task/task-folder.ts'
import { type PlannedBrick, planTask } from '../task/task-plan.ts'
import { TaskSet } from '../task/task-set.ts'
import { type TaskStatus, taskStatusJson } from '../task/task-status.ts'
import type { TasksAnswer } from '../wire/api.ts'
import type { FeedNews } from './feed.ts'
import type { Log } from './log.ts'
import { TaskWork, type TaskWorkParts } from './task-work.ts'
import type { RootListener, WatchHub } from './watch-hub.ts'

export interface TaskBoardParts extends TaskWorkParts {
  /** Absolute. */
  readonly folder: string
  readonly db: StateDb
  readonly hub: WatchHub
  readonly hooks: HookQueue
  readonly clock: Clock
  readonly publish: (news: FeedNews) => void
  readonly log: Pick<Log, 'warn'>
}

/** How often it is asked whether there is something to do. */
const tickMs = 500
/** A file that changed is believed when it is the same that much later: it may be half of what somebody writes. */
const settleMs = 300
/** The folder is read again that often, whatever is hinted. */
const readEveryMs = 5_000

export class TaskBoard implements RootListener {
  readonly #parts: TaskBoardParts
  readonly #memories = new Records<TaskMemory>('task')
  /** Generation up to which a task that is folded once has been. */
  readonly #done = new Records<number>('task-done')
  readonly #set: TaskSet
  readonly #work = new Map<string, TaskWork>()
  readonly #told = new Map<string, string>()
  readonly #root: number
  #read: FolderRead | undefined
  #readAtMs = Number.NEGATIVE_INFINITY
  #againAtMs = Number.NEGATIVE_INFINITY
  #isWatched = false
  #timer: NodeJS.Timeout | undefined
  #applying: Promise<void> = Promise.resolve()

  constructor(parts: TaskBoardParts) {
    this.#parts = parts
    parts.db.attach(this.#memories)
    parts.db.attach(this.#done)
    this.#set = new TaskSet({ remembered: [...this.#memories.entries()].map(([, memory]) => memory) })
    this.#root = parts.hub.register(this)
  }

  /** Resolves when what the folder says now is followed. */
  async start(): Promise<void> {
    for (const [, memory] of this.#memories.entries()) {
      if (memory.isStopped) for (const { name } of bricksOf(memory)) this.#parts.keepers.adopt(name)
    }
    await this.#look('now')
    if (this.#read?.kind === 'unreadable') {
      const { shown, why } = this.#read
      const text = `the folder of tasks ${shown} cannot be read (${why}); it is looked for again every few seconds`
      this.#parts.log.warn(text, { folder: shown, why })
    }
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  hint(): void {
    this.#againAtMs = Number.NEGATIVE_INFINITY
  }

  lost(): void {
    this.hint()
  }

  problem(): void {
    this.#isWatched = false
  }

  recovered(): void {
    this.hint()
  }

  /** Resolves when the folder as it is now is carried out. */
  async settle(): Promise<void> {
    await this.#look('now')
  }

  answer(): TasksAnswer {
    return { folder: this.#parts.folder, tasks: this.#statuses().map(taskStatusJson) }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#applying
  }

  #tick(): void {
    const nowMs = this.#nowMs()
    if (nowMs >= Math.min(this.#againAtMs, this.#readAtMs + readEveryMs)) void this.#look('settled')
    for (const [taskId, work] of this.#work) {
      work.retry(nowMs)
      if (work.isOver) this.#noteDone(taskId, work.generation)
    }
    this.#tell()
  }

  /** One reading at a time, each after the one before is carried out. */
  #look(when: 'now' | 'settled'): Promise<void> {
    this.#readAtMs = this.#nowMs()
    this.#againAtMs = Number.POSITIVE_INFINITY
    this.#applying = this.#applying.then(() => this.#carryOut(when))
    return this.#applying
  }

  async #carryOut(when: 'now' | 'settled'): Promise<void> {
    const { folder, db, hooks } = this.#parts
    await this.#watch()
    const before = this.#read
    this.#read = readTaskFolder({ path: utf8(folder), euid: process.geteuid?.() ?? 0, previous: before })
    if (when === 'settled' && !isSettled(before, this.#read)) {
      this.#againAtMs = this.#nowMs() + settleMs
      return
    }
    const changes = this.#set.update(this.#read, this.#nowMs())
    if (changes.againAtMs !== null) this.#againAtMs = Math.min(this.#againAtMs, changes.againAtMs)
    this.#remember(changes.remember, changes.forget)
    for (const taskId of changes.stopped) {
      hooks.setTask(taskId, null)
      await this.#end(taskId)
    }
    for (const running of changes.changed) await this.#change(running)
    for (const running of changes.started) this.#begin(running)
    this.#forgetWhatIsGone()
    db.retry()
    this.#tell()
  }

  async #change(running: RunningTask): Promise<void> {
    const { taskId } = running.task
    if (this.#work.get(taskId)?.generation !== running.generation) {
      await this.#end(taskId)
      this.#begin(running)
    } else this.#setHook(running)
  }

  #begin(running: RunningTask): void {
    const { taskId } = running.task
    this.#setHook(running)
    const isDone = this.#done.get(taskId) === running.generation
    this.#work.set(taskId, new TaskWork(this.#parts, running, isDone ? 'done' : 'open'))
  }

  async #end(taskId: string): Promise<void> {
    const work = this.#work.get(taskId)
    this.#work.delete(taskId)
    await work?.end()
  }

  #setHook({ task, trust, generation }: RunningTask): void {
    const { hooks } = this.#parts
    if (task.onBrick === null) return hooks.setTask(task.taskId, null)
    const hooksAllowed = trust.kind === 'trusted'
    const why = trust.kind === 'refused' ? { why: trust.message } : {}
    hooks.setTask(task.taskId, { argv: task.onBrick, hooksAllowed, generation, ...why })
  }

  #remember(remember: readonly TaskMemory[], forget: readonly string[]): void {
    if (remember.length === 0 && forget.length === 0) return
    for (const memory of remember) this.#memories.set(memory.taskId, memory)
    for (const taskId of forget) this.#memories.delete(taskId)
    this.#parts.db.changed()
  }

  /** A stopped task is told for as long as there is a brick of it. */
  #forgetWhatIsGone(): void {
    const stopped = [...this.#memories.entries()].filter(([, { isStopped }]) => isStopped)
    const gone = stopped.filter(([, memory]) => !this.#hasBrick(memory)).map(([taskId]) => taskId)
    for (const taskId of gone) {
      this.#set.forget(taskId)
      this.#done.delete(taskId)
    }
    this.#remember([], gone)
  }

  #hasBrick(memory: TaskMemory): boolean {
    return bricksOf(memory).some(({ name }) => existsSync(this.#parts.bricks.pathOf(name)))
  }

  #noteDone(taskId: string, generation: number): void {
    if (this.#done.get(taskId) === generation) return
    this.#done.set(taskId, generation)
    this.#parts.db.changed()
  }

  /** A folder that cannot be watched is read every few seconds all the same. */
  async #watch(): Promise<void> {
    if (this.#isWatched) return
    try {
      await this.#parts.hub.add({ index: this.#root, path: utf8(this.#parts.folder), kind: 'tree' })
      this.#isWatched = true
    } catch {
      // It is not there yet: status says so.
    }
  }

  /** Says on the feed whose conditions are not what they were. */
  #tell(): void {
    for (const status of this.#statuses()) {
      const json = taskStatusJson(status)
      const text = JSON.stringify(json)
      const key = `${status.taskId} ${status.file}`
      if (this.#told.get(key) === text) continue
      this.#told.set(key, text)
      this.#parts.publish({ kind: 'task', status: json })
    }
  }

  #statuses(): readonly TaskStatus[] {
    return this.#set.status((taskId) => this.#work.get(taskId)?.observe(this.#parts.hooks.status(taskId)))
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs()
  }
}

function isSettled(before: FolderRead | undefined, now: FolderRead): boolean {
  return digestsOf(before) === digestsOf(now)
}

function digestsOf(read: FolderRead | undefined): string {
  return read?.kind === 'read' ? read.files.map(({ key, digest }) => `${key} ${digest}`).join('\n') : ''
}

/** That its last specification asks for. */
function bricksOf({ spec }: TaskMemory): readonly PlannedBrick[] {
  const task = spec === null ? undefined : taskOfSpecText(spec)
  const plan = task === undefined ? undefined : planTask(task)
  return plan?.kind === 'bricks' ? plan.bricks : []
}
