/**
 * Random edits of a tree, each with the hints that a watcher gives for it: the name that changed, and for a directory that
 * came or went its subtree. Nothing is hinted that the kernel would not tell, such as the other names of a hard link.
 *
 * No edit may ever leave the tree: links are never followed on the way to a path, those made here lead nowhere, and every
 * path is checked against the real place of its folder before it is used.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { utf8 } from '../../src/base/bytes.ts'
import type { Scope } from '../../src/fold/listing.ts'
import { LibcError } from '../../src/linux/libc.ts'
import { setXattr } from '../../src/linux/xattr.ts'
import type { Chance } from './chance.ts'

export interface Edited {
  /** What was done, for the message of a failing test. */
  readonly what: string
  readonly hints: readonly Scope[]
}

const tile = 65_536
const sizes = [
  0,
  1,
  63,
  64,
  65,
  200,
  1000,
  4096,
  5000,
  16_384,
  49_152,
  49_153,
  tile - 1,
  tile,
  tile + 1,
  150_000,
  300_000,
]

export class Editor {
  readonly #root: string
  readonly #chance: Chance
  #names = 0

  constructor(root: string, chance: Chance) {
    this.#root = fs.realpathSync(root)
    this.#chance = chance
  }

  /** One edit; some find nothing to work on and do nothing. */
  edit(): Edited {
    const what = this.#chance.pick(edits)
    return { what, hints: this.#do(what) }
  }

  #do(what: (typeof edits)[number]): Scope[] {
    switch (what) {
      case 'create':
        return this.#create(this.#free())
      case 'append':
        return this.#changeFile((path) => fs.appendFileSync(this.#at(path), this.#content(this.#size(5000))))
      case 'overwrite':
        return this.#changeFile((path) => this.#overwrite(path))
      case 'truncate':
        return this.#changeFile((path) => fs.truncateSync(this.#at(path), this.#chance.below(this.#sizeOf(path) + 1)))
      case 'stretch':
        return this.#changeFile((path) => fs.truncateSync(this.#at(path), this.#sizeOf(path) + this.#size(300_000)))
      case 'sparse':
        return this.#sparse(this.#free())
      case 'punch':
        return this.#changeFile((path) => this.#punch(path))
      case 'chmod':
        return this.#changeFile((path) => fs.chmodSync(this.#at(path), this.#chance.pick([0o600, 0o644, 0o755])))
      case 'xattr':
        return this.#changeFile((path) => this.#attribute(path))
      case 'delete':
        return this.#changeFile((path) => fs.rmSync(this.#at(path)))
      case 'rename':
        return this.#onFile((path) => this.#rename(path, this.#free()))
      case 'rename over':
        return this.#onFile((path) => this.#renameOver(path))
      case 'replace':
        return this.#onFile((path) => this.#replace(path))
      case 'swap':
        return this.#swap()
      case 'link':
        return this.#link()
      case 'symlink':
        return this.#symlink()
      case 'mkdir':
        return this.#makeFolder(this.#free())
      case 'rename folder':
        return this.#onFolder((path) => this.#renameFolder(path))
      case 'delete folder':
        return this.#onFolder((path) => this.#deleteFolder(path))
      case 'folder to file':
        return this.#onFolder((path) => [...this.#deleteFolder(path), ...this.#create(path)])
      case 'file to folder':
        return this.#fileToFolder()
      case 'folder for folder':
        return this.#onFolder((path) => this.#folderForFolder(path))
    }
  }

  /** The absolute path; what it is in must be where it seems to be. */
  #at(path: string): string {
    if (path === '') return this.#root
    const absolute = join(this.#root, path)
    assert.ok(absolute.startsWith(`${this.#root}/`), `${path} is not in the tree`)
    assert.equal(fs.realpathSync(dirname(absolute)), dirname(absolute), `${path} leads out of the tree`)
    return absolute
  }

  /** Never through a symlink: `readdirSync`'s own recursion follows them, out of the tree. */
  #all(kind: 'file' | 'folder' | 'symlink'): string[] {
    const found: string[] = []
    const folders = ['']
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const name of fs.readdirSync(this.#at(folder))) {
        const path = folder === '' ? name : `${folder}/${name}`
        const stat = fs.lstatSync(this.#at(path))
        if (stat.isDirectory()) folders.push(path)
        if (kind === 'file' ? stat.isFile() : kind === 'folder' ? stat.isDirectory() : stat.isSymbolicLink())
          found.push(path)
      }
    }
    return found.sort()
  }

  /** A name that nothing has. */
  #free(): string {
    const folder = this.#chance.pick(['', ...this.#all('folder')])
    const name = `${this.#chance.pick(['a', 'm', 'z', '-', 'é'])}${this.#names++}`
    return folder === '' || folder.split('/').length > 4 ? name : `${folder}/${name}`
  }

  #size(max: number): number {
    return this.#chance.pick(sizes.filter((size) => size <= max))
  }

  #sizeOf(path: string): number {
    return fs.lstatSync(this.#at(path)).size
  }

  #content(size: number): Uint8Array {
    if (this.#chance.happens(20)) return new Uint8Array(size).fill(this.#chance.below(256))
    const seed = this.#chance.below(256)
    return Uint8Array.from({ length: size }, (_, i) => (seed + i * 7 + (i >> 7)) & 0xff)
  }

  #onFile(action: (path: string) => Scope[]): Scope[] {
    const files = this.#all('file')
    return files.length === 0 ? this.#create(this.#free()) : action(this.#chance.pick(files))
  }

  /** Only the one name is told. */
  #changeFile(action: (path: string) => void): Scope[] {
    return this.#onFile((path) => {
      action(path)
      return [entry(path)]
    })
  }

  #onFolder(action: (path: string) => Scope[]): Scope[] {
    const folders = this.#all('folder')
    return folders.length === 0 ? this.#makeFolder(this.#free()) : action(this.#chance.pick(folders))
  }

  #create(path: string): Scope[] {
    fs.writeFileSync(this.#at(path), this.#content(this.#size(300_000)))
    return [entry(path)]
  }

  #overwrite(path: string): void {
    const size = this.#sizeOf(path)
    if (size === 0) return fs.writeFileSync(this.#at(path), 'now')
    const fd = fs.openSync(this.#at(path), 'r+')
    const start = this.#chance.below(size)
    fs.writeSync(fd, this.#chance.bytes(Math.min(100, size - start)), 0, Math.min(100, size - start), start)
    fs.closeSync(fd)
  }

  /** Now and then more than a leaf, so that the brick grows a level. */
  #sparse(path: string): Scope[] {
    const size = this.#chance.happens(30) ? 17 * 2 ** 20 : 500_000
    const fd = fs.openSync(this.#at(path), 'w')
    for (let runs = this.#chance.below(4); runs > 0; runs--) fs.writeSync(fd, 'data', this.#chance.below(size - 4))
    fs.ftruncateSync(fd, size)
    fs.fsyncSync(fd)
    fs.closeSync(fd)
    return [entry(path)]
  }

  #punch(path: string): void {
    const size = this.#sizeOf(path)
    const offset = 4096 * this.#chance.below(Math.ceil(size / 4096) + 1)
    spawnSync('fallocate', ['--punch-hole', '--offset', `${offset}`, '--length', '8192', this.#at(path)])
  }

  #attribute(path: string): void {
    try {
      setXattr(utf8(this.#at(path)), { name: utf8('user.note'), value: this.#chance.bytes(5) })
    } catch (error) {
      if (!(error instanceof LibcError)) throw error
      fs.utimesSync(this.#at(path), 1, this.#chance.below(1000))
    }
  }

  #rename(from: string, to: string): Scope[] {
    fs.renameSync(this.#at(from), this.#at(to))
    return [entry(from), entry(to)]
  }

  #renameOver(from: string): Scope[] {
    return this.#rename(from, this.#chance.pick(this.#all('file')))
  }

  #replace(path: string): Scope[] {
    const draft = `${path}.tmp`
    fs.writeFileSync(this.#at(draft), this.#content(this.#size(150_000)))
    return this.#rename(draft, path)
  }

  #swap(): Scope[] {
    const files = this.#all('file')
    if (files.length < 2) return this.#create(this.#free())
    const a = this.#chance.pick(files)
    const b = this.#chance.pick(files.filter((path) => path !== a))
    const aside = this.#free()
    return [...this.#rename(a, aside), ...this.#rename(b, a), ...this.#rename(aside, b)]
  }

  #link(): Scope[] {
    const files = this.#all('file')
    if (files.length === 0) return this.#create(this.#free())
    const path = this.#free()
    fs.linkSync(this.#at(this.#chance.pick(files)), this.#at(path))
    return [entry(path)]
  }

  #symlink(): Scope[] {
    const path = this.#chance.happens(50) ? (this.#all('symlink')[0] ?? this.#free()) : this.#free()
    fs.rmSync(this.#at(path), { force: true })
    fs.symlinkSync(this.#chance.pick(['nowhere', 'no\nwhere', './no/where']), this.#at(path))
    return [entry(path)]
  }

  #makeFolder(path: string): Scope[] {
    fs.mkdirSync(`${this.#at(path)}/in/side`, { recursive: true })
    if (this.#chance.happens(60)) this.#create(`${path}/in/a`)
    if (this.#chance.happens(60)) this.#create(`${path}/b`)
    return [subtree(path)]
  }

  #renameFolder(path: string): Scope[] {
    const to = this.#free()
    if (`${to}/`.startsWith(`${path}/`)) return []
    fs.renameSync(this.#at(path), this.#at(to))
    return [subtree(path), subtree(to)]
  }

  #folderForFolder(path: string): Scope[] {
    const hints = this.#renameFolder(path)
    return hints.length === 0 ? [] : [...hints, ...this.#makeFolder(path)]
  }

  #deleteFolder(path: string): Scope[] {
    fs.rmSync(this.#at(path), { recursive: true, force: true })
    return [subtree(path)]
  }

  #fileToFolder(): Scope[] {
    return this.#onFile((path) => {
      fs.rmSync(this.#at(path))
      return [entry(path), ...this.#makeFolder(path)]
    })
  }
}

const edits = [
  'create',
  'append',
  'overwrite',
  'truncate',
  'stretch',
  'sparse',
  'punch',
  'chmod',
  'xattr',
  'delete',
  'rename',
  'rename over',
  'replace',
  'swap',
  'link',
  'symlink',
  'mkdir',
  'rename folder',
  'delete folder',
  'folder to file',
  'file to folder',
  'folder for folder',
] as const

function entry(path: string): Scope {
  return { path: utf8(path), reach: 'entry' }
}

function subtree(path: string): Scope {
  return { path: utf8(path), reach: 'subtree' }
}
