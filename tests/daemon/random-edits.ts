/** Random edits of a tree, from a seed: everything that people and programs do to files. */
import fs from 'node:fs'
import { join } from 'node:path'

/** Mulberry32: small, good enough for choosing edits, the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export class TreeEditor {
  readonly #root: string
  readonly #random: () => number
  #serial = 0

  constructor(root: string, seed: number) {
    this.#root = root
    this.#random = seededRandom(seed)
  }

  /** One edit; says what it did. */
  edit(): string {
    const files = this.#paths('file')
    const directories = ['', ...this.#paths('directory')]
    const kind = this.#pick([
      'create',
      'create',
      'append',
      'overwrite',
      'truncate',
      'rename',
      'delete',
      'replace',
      'mkdir',
      'rmdir',
      'move directory',
      'symlink',
      'link',
      'chmod',
      'nest',
    ] as const)
    const file = files.length > 0 ? this.#pick(files) : undefined
    const directory = this.#pick(directories)
    const fresh = join(directory, `n${this.#serial++}`)
    const at = (path: string): string => join(this.#root, path)
    if (kind === 'create' || (file === undefined && kind !== 'mkdir' && kind !== 'nest'))
      fs.writeFileSync(at(fresh), this.#bytes())
    else if (kind === 'mkdir') fs.mkdirSync(at(fresh))
    else if (kind === 'nest') {
      fs.mkdirSync(at(join(fresh, 'a', 'b')), { recursive: true })
      fs.writeFileSync(at(join(fresh, 'a', 'b', 'deep')), this.#bytes())
    } else if (kind === 'append') fs.appendFileSync(at(file as string), this.#bytes())
    else if (kind === 'overwrite') this.#overwrite(at(file as string))
    else if (kind === 'truncate') fs.truncateSync(at(file as string), Math.floor(this.#random() * 200_000))
    else if (kind === 'rename') fs.renameSync(at(file as string), at(fresh))
    else if (kind === 'delete') fs.unlinkSync(at(file as string))
    else if (kind === 'replace') {
      fs.writeFileSync(at(`${fresh}.tmp`), this.#bytes())
      fs.renameSync(at(`${fresh}.tmp`), at(file as string))
    } else if (kind === 'symlink') fs.symlinkSync(file as string, at(fresh))
    else if (kind === 'link') fs.linkSync(at(file as string), at(fresh))
    else if (kind === 'chmod') fs.chmodSync(at(file as string), this.#pick([0o600, 0o644, 0o755] as const))
    else if (kind === 'rmdir' && directory !== '' && this.#random() < 0.3) fs.rmSync(at(directory), { recursive: true })
    else if (kind === 'move directory' && directory !== '' && !join('', fresh).startsWith(`${directory}/`)) {
      fs.renameSync(at(directory), at(fresh))
    }
    return `${kind} ${file ?? directory} ${fresh}`
  }

  #overwrite(path: string): void {
    const size = fs.statSync(path).size
    const fd = fs.openSync(path, 'r+')
    fs.writeSync(fd, this.#bytes().subarray(0, 500), 0, undefined, Math.floor(this.#random() * size))
    fs.closeSync(fd)
  }

  #bytes(): Uint8Array {
    const size = Math.floor(4 ** (this.#random() * 9))
    return Uint8Array.from({ length: size }, () => Math.floor(this.#random() * 256))
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T
  }

  /** Never through a symlink: `readdirSync`'s own recursion follows them, out of the tree. */
  #paths(kind: 'file' | 'directory'): string[] {
    const found: string[] = []
    const folders = ['']
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const name of fs.readdirSync(join(this.#root, folder))) {
        const path = join(folder, name)
        const stat = fs.lstatSync(join(this.#root, path))
        if (stat.isDirectory()) folders.push(path)
        if (kind === 'file' ? stat.isFile() : stat.isDirectory()) found.push(path)
      }
    }
    return found.sort()
  }
}
