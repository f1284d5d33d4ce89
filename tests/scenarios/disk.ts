/** What scenarios do on disk: makes files as they are described, and changes them. Links are never followed. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import type { FileSpec, Step } from './vocabulary.ts'

/** Makes or replaces the content of what is named; folders above are made. */
export function writeFiles(folder: string, specs: Readonly<Record<string, FileSpec>>): void {
  for (const [name, spec] of Object.entries(specs)) writeFile(join(folder, name), spec)
}

/** Every action on files that a step may have. */
export function changeFiles(folder: string, step: Step): void {
  const at = (name: string): string => join(folder, name)
  if (step.write !== undefined) writeFiles(folder, step.write)
  for (const [name, text] of Object.entries(step.append ?? {})) fs.appendFileSync(at(name), text)
  for (const [name, size] of Object.entries(step.truncate ?? {})) fs.truncateSync(at(name), size)
  for (const [from, to] of Object.entries(step.rename ?? {})) fs.renameSync(at(from), at(to))
  for (const name of step.remove ?? []) {
    fs.lstatSync(at(name))
    fs.rmSync(at(name), { recursive: true })
  }
  for (const name of step.mkdir ?? []) fs.mkdirSync(at(name), { recursive: true })
  for (const name of step.touch ?? []) fs.lutimesSync(at(name), new Date(), new Date())
  for (const [name, mode] of Object.entries(step.chmod ?? {})) fs.chmodSync(at(name), Number.parseInt(mode, 8))
  for (const [name, target] of Object.entries(step.symlink ?? {})) fs.symlinkSync(target, at(name))
  for (const [name, other] of Object.entries(step.hardlink ?? {})) fs.linkSync(at(other), at(name))
}

function writeFile(path: string, { content, size, seed = 0, hole, mode, link, folder, task }: FileSpec): void {
  fs.mkdirSync(folder ? path : dirname(path), { recursive: true })
  if (link !== undefined) return fs.symlinkSync(link, path)
  if (!folder) {
    const fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_NOFOLLOW, 0o644)
    try {
      const text =
        task === undefined ? content : path.endsWith('.json') ? JSON.stringify(task, null, 2) : stringify(task)
      const bytes = text === undefined ? chanceBytes(size ?? 0, `${seed}`) : Buffer.from(text)
      const [from, to] = hole ?? [bytes.length, bytes.length]
      // A file that keeps its length changes in one step: nobody sees it in between.
      fs.writeSync(fd, bytes, 0, from, 0)
      if (to < bytes.length) fs.writeSync(fd, bytes, to, bytes.length - to, to)
      if (fs.fstatSync(fd).size !== bytes.length) fs.ftruncateSync(fd, bytes.length)
    } finally {
      fs.closeSync(fd)
    }
  }
  if (mode !== undefined) fs.chmodSync(path, Number.parseInt(mode, 8))
}

/** The same for the same seed; no run of it repeats. */
function chanceBytes(length: number, seed: string): Buffer {
  const blocks: Buffer[] = []
  for (let made = 0; made < length; made += 32) blocks.push(createHash('sha256').update(`${seed} ${made}`).digest())
  return Buffer.concat(blocks).subarray(0, length)
}

/** What tells two files apart, without following a link. */
export interface Described {
  readonly kind: 'file' | 'folder' | 'link' | 'other'
  readonly mode: number
  /** Of a file; 0 of anything else. */
  readonly size: number
  /** SHA-256 of the content, hex; of a link where it leads. */
  readonly content: string
  readonly mtimeNs: bigint
}

/** Everything beneath a folder by relative path, the folder itself as the empty one; of a file only itself. */
export function describeTree(root: string): Map<string, Described> {
  const found = new Map<string, Described>()
  const walk = (path: string): void => {
    const full = path === '' ? root : join(root, path)
    const described = describe(full)
    found.set(path, described)
    if (described.kind === 'folder')
      for (const name of fs.readdirSync(full)) walk(path === '' ? name : `${path}/${name}`)
  }
  walk('')
  return found
}

export function describe(path: string): Described {
  const stat = fs.lstatSync(path, { bigint: true })
  const common = { mode: Number(stat.mode & 0o7777n), mtimeNs: stat.mtimeNs }
  if (stat.isSymbolicLink()) return { ...common, kind: 'link', size: 0, content: fs.readlinkSync(path) }
  if (stat.isDirectory()) return { ...common, kind: 'folder', size: 0, content: '' }
  if (!stat.isFile()) return { ...common, kind: 'other', size: 0, content: '' }
  const content = createHash('sha256').update(fs.readFileSync(path)).digest('hex')
  return { ...common, kind: 'file', size: Number(stat.size), content }
}
