/**
 * A tool of Debian's archive for comparing with: that of the system, else got by apt and unpacked into a folder, never
 * installed. Got only in the long lane.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { unpackedPackage } from '../debian-archive.ts'

export type Tool = (args: readonly string[]) => string

export interface ToolAsked {
  readonly program: string
  /** Packages that hold it and the libraries that it brings along. */
  readonly packages: readonly string[]
  /** Where packages are unpacked; undefined: only the system's own. */
  readonly folder: string | undefined
}

/** Undefined where there is none. The tool's exit code does not matter: what it prints counts. */
export function debianTool({ program, packages, folder }: ToolAsked): Tool | undefined {
  const own = runnable(program, process.env)
  if (own !== undefined || folder === undefined) return own
  const roots = packages.map((name) => unpackedPackage(folder, name)).filter((root) => root !== undefined)
  const inside = (pattern: string) =>
    roots.flatMap((root) => globSync(pattern, { cwd: root }).map((path) => join(root, path)))
  const [path] = inside(`{usr/,}bin/${program}`)
  const libraries = inside('{usr/,}lib/*-linux-gnu')
  return path === undefined ? undefined : runnable(path, { ...process.env, LD_LIBRARY_PATH: libraries.join(':') })
}

function runnable(program: string, environment: NodeJS.ProcessEnv): Tool | undefined {
  const env = { ...environment, LC_ALL: 'C' }
  if (spawnSync(program, ['--version'], { env }).status !== 0) return undefined
  return (args) => {
    const { stdout, error } = spawnSync(program, args, { env, encoding: 'latin1', maxBuffer: 2 ** 29 })
    if (error !== undefined) throw error
    return stdout
  }
}
