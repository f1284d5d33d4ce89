/** Writing a build's result, and naming the packages that are in it. */

import { existsSync, globSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Makes `folder` hold exactly `files`, except below `keep`. Each file is replaced whole, so a server that reads the
 * folder meanwhile sees old or new ones.
 */
export function publish(folder: string, files: ReadonlyMap<string, Uint8Array>, keep: readonly string[] = []): void {
  for (const [name, bytes] of files) {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(`${file}.new`, bytes)
    renameSync(`${file}.new`, file)
  }
  for (const name of globSync('**', { cwd: folder })) {
    const isKept = files.has(name) || keep.some((kept) => name === kept || name.startsWith(`${kept}/`))
    if (!isKept && statSync(join(folder, name)).isFile()) rmSync(join(folder, name))
  }
}

/** Folders `node_modules/NAME` of the bundled files among `inputs`, sorted. */
export function packagesOf(inputs: readonly string[]): string[] {
  const folders = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
  return [...new Set(folders)].sort()
}

/** Name of a package's licence file, from `folder`. */
export function licenceFile(folder: string): string | undefined {
  return existsSync(folder) ? globSync('{LICEN[CS]E,licen[cs]e,COPYING}*', { cwd: folder }).sort()[0] : undefined
}
