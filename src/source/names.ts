/**
 * Names of user and group ids, as /etc/passwd and /etc/group have them at the time.
 *
 * The files are read again when they were replaced or changed, checked by `refresh`, which a listing calls once at its
 * start: reading both for every entry that is looked at would cost more than all the rest of the look. Other sources of accounts (LDAP and the like) are not asked: an id without a line has an empty name.
 */

import fs from 'node:fs'

export class AccountNames {
  readonly #users: NameFile
  readonly #groups: NameFile

  constructor(paths: { readonly passwd?: string; readonly group?: string } = {}) {
    this.#users = new NameFile(paths.passwd ?? '/etc/passwd')
    this.#groups = new NameFile(paths.group ?? '/etc/group')
    this.refresh()
  }

  /** Reads what changed since the last time: two stat calls where nothing did. */
  refresh(): void {
    this.#users.refresh()
    this.#groups.refresh()
  }

  /** Empty where unknown. */
  userName(uid: number): string {
    return this.#users.nameOf(uid)
  }

  /** Empty where unknown. */
  groupName(gid: number): string {
    return this.#groups.nameOf(gid)
  }
}

/** Largest account file that is read; what lies beyond has no names. */
const fileBytesMax = 16 * 2 ** 20

/** Lines `name:password:id:...`; the first line of an id counts, as in the C library. */
class NameFile {
  readonly #path: string
  #names = new Map<number, string>()
  #version = ''

  constructor(path: string) {
    this.#path = path
  }

  nameOf(id: number): string {
    return this.#names.get(id) ?? ''
  }

  /** An unreadable or missing file means no names. */
  refresh(): void {
    const stat = fs.statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    const version = stat === undefined ? '' : `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
    if (version === this.#version) return
    this.#version = version
    this.#names = new Map()
    if (stat === undefined || !stat.isFile() || stat.size > fileBytesMax) return
    try {
      this.#names = parse(fs.readFileSync(this.#path, 'utf8'))
    } catch {
      this.#version = ''
    }
  }
}

function parse(text: string): Map<number, string> {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':')
    if (name === undefined || name === '' || id === undefined || !/^[0-9]{1,10}$/.test(id)) continue
    if (!names.has(Number(id))) names.set(Number(id), name)
  }
  return names
}
