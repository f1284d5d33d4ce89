/** Which bricks a task asks for, and what their sources may be. Pure: whether the sources exist is seen later. */
import type { FoundryTask, TaskType } from './foundry-task.ts'

export interface PlannedBrick {
  /** Absolute and normal; symlinks in it are the caller's to resolve. */
  readonly source: string
  readonly accepts: 'file' | 'tree' | 'any'
  /** Without `.brick`: absolute, or relative to the folder of all bricks. */
  readonly name: string
  /** True where the task names it; else another free name will do (a brick of this source that is there already). */
  readonly isNamed: boolean
  /** Of its files at most so many; null: all. */
  readonly maxFiles: number | null
}

export type TaskPlan =
  | { readonly kind: 'bricks'; readonly bricks: readonly PlannedBrick[] }
  /** A valid task that this build cannot do. */
  | { readonly kind: 'notYet'; readonly message: string }

export function planTask(task: FoundryTask): TaskPlan {
  const message = notYet(task)
  if (message !== undefined) return { kind: 'notYet', message }
  const accepts = acceptedBy[task.type]
  const { source, paths, destination, maxFiles, maxFilesPerPath } = task
  if (paths.length === 0 && source !== null) {
    const name = destination ?? task.taskId
    return { kind: 'bricks', bricks: [{ source, accepts, name, isNamed: true, maxFiles }] }
  }
  const bricks = paths.map((path) => {
    const name = destination === null ? brickNameOf(path) : `${destination}/${brickNameOf(path)}`
    return { source: path, accepts, name, isNamed: destination !== null, maxFiles: maxFilesPerPath ?? maxFiles }
  })
  return { kind: 'bricks', bricks }
}

const acceptedBy: Readonly<Record<TaskType, 'file' | 'tree' | 'any'>> = {
  convert_binary: 'file',
  convert_directory: 'tree',
  watch_path: 'any',
  analyze_system: 'any',
  crystallize_system: 'any',
  scan_kernel_modules: 'any',
  'foundry-v2': 'any',
}

function notYet({ type, source, paths }: FoundryTask): string | undefined {
  if (type === 'scan_kernel_modules') {
    return 'scan_kernel_modules is not supported yet. Keep the modules with watch_path and source /lib/modules.'
  }
  if (type === 'crystallize_system' && paths.length === 0) {
    return 'crystallize_system of a whole system is not supported yet. Name the parts to keep in paths.'
  }
  if (type === 'analyze_system' && source === null && paths.length === 0) {
    return 'analyze_system of a whole system is not supported yet. Name what to keep in source or paths.'
  }
  return undefined
}

/** As `sfd up` names a brick: `/usr/bin` is usr-bin. */
export function brickNameOf(path: string): string {
  return path === '/' ? 'root' : path.slice(1).replaceAll('/', '-')
}
