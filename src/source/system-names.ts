/** What lies in the folders of a system: names, never contents. A folder that this user may not list has none. */
import { lstatSync, readdirSync, statSync } from 'node:fs'

/** Whether a folder is there; the code of the operating system where this user may not know. */
export function lookAtFolder(path: string, what: 'itself' | 'where a link leads'): boolean | string {
  try {
    return (what === 'itself' ? lstatSync(path) : statSync(path)).isDirectory()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return code === 'ENOENT' || code === 'ENOTDIR' ? false : code
  }
}

export function namesIn(folder: string): readonly { readonly name: string; readonly isDirectory: boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((entry) => ({
      name: entry.name,
      isDirectory: entry.isDirectory(),
    }))
  } catch {
    return []
  }
}
