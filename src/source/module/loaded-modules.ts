/** Which modules the running kernel has loaded, as /proc/modules says. A kernel without modules has no such file. */
import { readFileSync } from 'node:fs'
import { release } from 'node:os'

export interface RunningKernel {
  readonly release: string
  /** With `_` for `-`. Undefined: it cannot be known here. */
  readonly loaded: ReadonlySet<string> | undefined
}

export type LoadedWord = 'yes' | 'no' | 'unknown'

/** `modulesFile` for tests. */
export function runningKernel(modulesFile = '/proc/modules'): RunningKernel {
  try {
    const lines = readFileSync(modulesFile, 'utf8').split('\n')
    const names = lines.map((line) => line.split(' ')[0] ?? '').filter((name) => name !== '')
    return { release: release(), loaded: new Set(names) }
  } catch {
    return { release: release(), loaded: undefined }
  }
}

/** Of a module of this name that was made for the kernel of that release. */
export function isLoaded(
  module: { readonly name: string; readonly release: string },
  kernel: RunningKernel,
): LoadedWord {
  if (kernel.loaded === undefined || module.name === '') return 'unknown'
  return module.release === kernel.release && kernel.loaded.has(module.name) ? 'yes' : 'no'
}
