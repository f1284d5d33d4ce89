/**
 * Which bricks a task of the whole system keeps on this machine, within what it may cost.
 *
 * Districts come in the order of `systemDistricts`. One is taken when its brick, or what the brick is likely to have,
 * still fits the disk budget; when bricks have grown beyond it, the least wanted is let go first. What looks cost is
 * bounded by how many processes are kept and how often what tells nothing is looked at. All that is left out is said.
 *
 * Trees are measured before they are promised: in slices, so that nobody waits for it.
 */
import { lstatSync, readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { utf8 } from '../base/bytes.ts'
import type { Clock } from '../base/ports.ts'
import { openSource } from '../source/open.ts'
import {
  defaultProcesses,
  type LeftOut,
  type SystemPart,
  systemDistricts,
  systemParts,
} from '../source/system-parts.ts'
import { lookAt } from '../store/look-at.ts'
import type { Condition } from '../task/condition.ts'
import type { FoundryTask } from '../task/foundry-task.ts'
import type { PlannedBrick } from '../task/task-plan.ts'
import type { DiskGuard } from './disk-guard.ts'
import type { Keepers } from './keepers.ts'
import type { StoredBricks } from './stored-bricks.ts'
import type { SystemPlan, SystemPlanner } from './system-planner.ts'

export interface WholeSystemParts {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Of a brick's file. */
  readonly pathOf: (name: string) => string
  /** On the filesystem of the bricks; NaN where nobody knows. */
  readonly freeBytes: () => number
  /** The brick as which somebody else keeps that source; undefined where nobody does. May throw SOURCE_*. */
  readonly keptElsewhere: (source: string, taskId: string) => string | undefined
  /** What the machine has; the real one without it. */
  readonly partsOf?: typeof systemParts
}

/** Of a daemon: what it knows of its disk and of who keeps what. */
export function wholeSystemOf({ clock, bricks, guard, keepers }: DaemonParts): WholeSystem {
  return new WholeSystem({
    clock,
    pathOf: (name) => bricks.pathOf(name),
    freeBytes: () => guard.freeBytes(),
    keptElsewhere: (source, taskId) => keepers.followedElsewhere(openSource(utf8(source)), taskId),
  })
}

interface DaemonParts extends Pick<WholeSystemParts, 'clock'> {
  readonly bricks: Pick<StoredBricks, 'pathOf'>
  readonly guard: Pick<DiskGuard, 'freeBytes'>
  readonly keepers: Pick<Keepers, 'followedElsewhere'>
}

/** Where the task says nothing: so much, and never more than half of what is free. */
const diskBytesDefault = 20 * 2 ** 30
const freeShareMax = 0.5
/** Of one core. */
const cpuPercentDefault = 25
/** What a process that is looked at all the time may cost; see the keeper of a process. */
const processPercent = 10
/** Kept back for what is polled and is no process. */
const pollPercent = 5
/** The machine is looked at again that often. */
const lookMs = 30_000
/** Bricks of /proc and /sys, before they are made. */
const smallBytes = 4 * 2 ** 20
/** What a brick has on disk of what its source has, its history included. */
const likelyRatio = 0.7
const filesPerTurn = 500

/** Seconds between looks at what tells nothing. */
const pollSeconds: Readonly<Partial<Record<SystemPart['district'], number>>> = {
  proc: 10,
  sys: 60,
  processes: 10,
  devices: 10,
}

interface Look {
  readonly atMs: number
  readonly parts: readonly SystemPart[]
  readonly leftOut: readonly LeftOut[]
}

interface TaskState {
  readonly budgetBytes: number
  look: Look | undefined
  /** Sources that were planned last. */
  planned: ReadonlySet<string>
}

export class WholeSystem implements SystemPlanner {
  readonly #parts: WholeSystemParts
  readonly #tasks = new Map<string, TaskState>()
  /** Bytes that a brick of that source is likely to have; while it is undefined, it is being measured. */
  readonly #likely = new Map<string, number | undefined>()

  constructor(parts: WholeSystemParts) {
    this.#parts = parts
  }

  planOf(task: FoundryTask): SystemPlan {
    const state = this.#stateOf(task)
    const { parts, leftOut } = this.#look(task, state)
    const out: LeftOut[] = [...leftOut]
    const free = parts.filter((part) => {
      const by = this.#keptElsewhere(part, task)
      if (by !== undefined) out.push(left(part, 'KeptElsewhere', `The brick ${by} holds it already.`))
      return by === undefined
    })
    const { fitting, unknown } = this.#fit(task, state, free, out)
    state.planned = new Set(fitting.map(({ source }) => source))
    return { bricks: fitting.map((part) => plannedOf(part, task)), conditions: conditionsOf(out, unknown) }
  }

  /** A source that is not there is nobody's. */
  #keptElsewhere({ source }: SystemPart, { taskId }: FoundryTask): string | undefined {
    try {
      return this.#parts.keptElsewhere(source, taskId)
    } catch {
      return undefined
    }
  }

  forget(taskId: string): void {
    this.#tasks.delete(taskId)
  }

  #stateOf({ taskId, budget }: FoundryTask): TaskState {
    const known = this.#tasks.get(taskId)
    if (known !== undefined) return known
    const freeBytes = this.#parts.freeBytes()
    const allowed = Number.isNaN(freeBytes) ? diskBytesDefault : Math.floor(freeBytes * freeShareMax)
    const budgetBytes = budget?.diskBytes ?? Math.min(diskBytesDefault, allowed)
    const state: TaskState = { budgetBytes, look: undefined, planned: new Set() }
    this.#tasks.set(taskId, state)
    return state
  }

  /** The machine as it was looked at last; a process that is kept stays chosen while it lives. */
  #look({ budget }: FoundryTask, state: TaskState): Look {
    const nowMs = this.#parts.clock.monotonicMs()
    if (state.look !== undefined && nowMs - state.look.atMs < lookMs) return state.look
    const cpuPercent = budget?.cpuPercent ?? cpuPercentDefault
    const affordable = Math.max(0, Math.floor((cpuPercent - pollPercent) / processPercent))
    const find = this.#parts.partsOf ?? systemParts
    const found = find({
      root: '/',
      districts: systemDistricts,
      processes: { ...defaultProcesses, count: processesMax },
    })
    const processes = found.parts.filter(({ district }) => district === 'processes')
    const kept = processes.filter(({ source }) => state.planned.has(source))
    const wanted = [...new Set([...kept, ...processes])].slice(0, defaultProcesses.count)
    const chosen = new Set(wanted.slice(0, affordable))
    const parts = found.parts.filter((part) => part.district !== 'processes' || chosen.has(part))
    const message = `${cpuPercent} % of a core are enough for ${affordable} processes.`
    const tooMany = wanted.slice(affordable).map((part) => left(part, 'CpuBudget', message))
    state.look = { atMs: nowMs, parts, leftOut: [...found.leftOut, ...tooMany] }
    return state.look
  }

  /** As many as the budget has room for, in their order; what is measured still waits, and so does all behind it. */
  #fit(
    task: FoundryTask,
    { budgetBytes }: TaskState,
    parts: readonly SystemPart[],
    out: LeftOut[],
  ): { readonly fitting: readonly SystemPart[]; readonly unknown: readonly SystemPart[] } {
    // All are asked for first: what has to be measured is measured at the same time.
    const sized = parts.map((part) => ({ part, bytes: this.#sizeOf(part, task) }))
    const fitting: SystemPart[] = []
    let usedBytes = 0
    for (const [index, { part, bytes }] of sized.entries()) {
      if (bytes === undefined) return { fitting, unknown: parts.slice(index) }
      if (usedBytes + bytes > budgetBytes) {
        const room = `${mebi(budgetBytes - usedBytes)} of ${mebi(budgetBytes)} are left`
        out.push(left(part, 'DiskBudget', `Its brick is likely to have ${mebi(bytes)}; ${room}.`))
        continue
      }
      usedBytes += bytes
      fitting.push(part)
    }
    return { fitting, unknown: [] }
  }

  /** Of its brick, which is there once it was folded; before that what is likely. */
  #sizeOf(part: SystemPart, task: FoundryTask): number | undefined {
    const brick = statOf(this.#parts.pathOf(nameOf(part, task)))?.size
    if (!this.#likely.has(part.source)) {
      const atOnce = likelyAtOnce(part)
      this.#likely.set(part.source, atOnce)
      if (atOnce === undefined) void this.#measure(part)
    }
    const likely = this.#likely.get(part.source)
    return brick ?? likely
  }

  async #measure({ source }: SystemPart): Promise<void> {
    const folder = source.startsWith('/') ? source : modulesFolder
    this.#likely.set(source, Math.ceil((await treeBytes(folder)) * likelyRatio))
  }
}

/** Enough to find those again that are kept. */
const processesMax = 64
const modulesFolder = '/lib/modules'

/** Undefined where it has to be measured. */
function likelyAtOnce({ district, bytes }: SystemPart): number | undefined {
  if (bytes !== undefined) return Math.ceil(bytes * likelyRatio)
  return district === 'proc' || district === 'sys' || district === 'devices' ? smallBytes : undefined
}

/** Undefined also where it is hidden from this user. */
function statOf(path: string): Stats | undefined {
  const look = lookAt(utf8(path))
  return look.kind === 'there' ? look.stat : undefined
}

/** On disk, of everything beneath on the same filesystem; what cannot be listed counts nothing. */
async function treeBytes(folder: string): Promise<number> {
  const pending = [folder]
  const device = statOf(folder)?.dev
  let bytes = 0
  let looked = 0
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    for (const entry of entriesOf(path)) {
      const stat = lstatSync(join(path, entry.name), { throwIfNoEntry: false })
      if (++looked % filesPerTurn === 0) await nextTurn()
      if (stat === undefined || stat.dev !== device) continue
      bytes += stat.blocks * 512
      if (stat.isDirectory()) pending.push(join(path, entry.name))
    }
  }
  return bytes
}

function entriesOf(folder: string): readonly { readonly name: string }[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

function nameOf({ name }: SystemPart, { destination }: FoundryTask): string {
  return destination === null ? name : `${destination}/${name}`
}

function plannedOf(part: SystemPart, task: FoundryTask): PlannedBrick {
  const seconds = pollSeconds[part.district]
  return {
    source: part.source,
    accepts: 'any',
    name: nameOf(part, task),
    isNamed: task.destination !== null && part.district !== 'processes',
    maxFiles: task.maxFilesPerPath ?? task.maxFiles,
    ...(part.include.length > 0 && { include: part.include }),
    ...(part.exclude.length > 0 && { exclude: part.exclude }),
    ...(seconds !== undefined && { pollSeconds: seconds }),
  }
}

function left({ district, source }: SystemPart, reason: string, message: string): LeftOut {
  return { district, source, reason, message }
}

/** One a reason, so that the same says the same. */
function conditionsOf(out: readonly LeftOut[], unknown: readonly SystemPart[]): readonly Condition[] {
  const conditions: Condition[] = []
  if (unknown.length > 0) {
    const names = unknown.map(({ source }) => source).join(', ')
    conditions.push({
      type: 'Ready',
      status: 'Unknown',
      reason: 'Measuring',
      message: `How much room its bricks need is being found out: ${names}.`,
    })
  }
  for (const reason of new Set(out.map((each) => each.reason))) {
    const those = out.filter((each) => each.reason === reason)
    const shown = those.slice(0, shownMax).map(({ source, message }) => `${source}: ${message}`)
    const more = those.length > shownMax ? ` And ${those.length - shownMax} more.` : ''
    conditions.push({ type: 'Degraded', status: 'True', reason, message: `Left out: ${shown.join(' ')}${more}` })
  }
  return conditions
}

const shownMax = 5

function mebi(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`
}
