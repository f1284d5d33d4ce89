/** Which bricks a task asks for, and what their sources may be. Pure: whether the sources exist is seen later. */
import type { FoundryTask, TaskType } from './foundry-task.ts'
import { isProcessSource, isScheme } from './task-path.ts'

export interface PlannedBrick {
  /** Absolute and normal, or such as `proc:nginx`; symlinks in it are the caller's to resolve. */
  readonly source: string
  readonly accepts: 'file' | 'tree' | 'modules' | 'any'
  /** Without `.brick`: absolute, or relative to the folder of all bricks. */
  readonly name: string
  /** True where the task names it; else another free name will do (a brick of this source that is there already). */
  readonly isNamed: boolean
  /** Of its files at most so many; null: all. */
  readonly maxFiles: number | null
  /** Instead of what the task includes. */
  readonly include?: readonly string[]
  /** Beside what the task excludes. */
  readonly exclude?: readonly string[]
  /** Where the task says nothing. */
  readonly pollSeconds?: number
}

export type TaskPlan =
  | { readonly kind: 'bricks'; readonly bricks: readonly PlannedBrick[] }
  /** What the whole system consists of: found on the machine, again and again (`SystemPlanner` in the daemon). */
  | { readonly kind: 'system' }

export function planTask(task: FoundryTask): TaskPlan {
  const accepts = acceptedBy[task.type]
  const { type, paths, destination, maxFiles, maxFilesPerPath } = task
  if (paths.length === 0) {
    if (type === 'crystallize_system') return { kind: 'system' }
    const source = task.source ?? (type === 'scan_kernel_modules' ? modulesSource : null)
    if (source === null) return { kind: 'system' }
    const name = destination ?? task.taskId
    const planned = { source: sourceOf(type, source), accepts, name, isNamed: !isProcessSource(source), maxFiles }
    return { kind: 'bricks', bricks: [planned] }
  }
  const bricks = paths.map((path) => {
    const name = destination === null ? brickNameOf(path) : `${destination}/${brickNameOf(path)}`
    const isNamed = destination !== null && !isProcessSource(path)
    return { source: sourceOf(type, path), accepts, name, isNamed, maxFiles: maxFilesPerPath ?? maxFiles }
  })
  return { kind: 'bricks', bricks }
}

const modulesSource = 'modules:'

/** A folder of modules is unpacked by the task that scans it, and is a plain tree for all others. */
function sourceOf(type: TaskType, source: string): string {
  return type === 'scan_kernel_modules' && !isScheme(source) ? `${modulesSource}${source}` : source
}

const acceptedBy: Readonly<Record<TaskType, PlannedBrick['accepts']>> = {
  convert_binary: 'file',
  convert_directory: 'tree',
  watch_path: 'any',
  analyze_system: 'any',
  crystallize_system: 'any',
  scan_kernel_modules: 'modules',
  'foundry-v2': 'any',
}

/** As `sfd up` names a brick: `/usr/bin` is usr-bin, `proc:nginx` is proc-nginx. */
export function brickNameOf(path: string): string {
  if (path === '/') return 'root'
  const text = isScheme(path) ? path.replace(/:\/?/, '-').replace(/-$/, '') : path.slice(1)
  return text.replaceAll('/', '-')
}
