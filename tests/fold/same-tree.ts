/** Whether two folders hold the same, as `diff` and `find` see it: programs that know nothing of ours. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'

export interface SameOptions {
  /** Owners come back only for root. */
  readonly owners: 'compared' | 'ignored'
  /** Sockets have no bytes to bring back: a reader may leave them out. */
  readonly sockets: 'compared' | 'ignored'
  /** Files too large to be read byte by byte: their contents are not compared. */
  readonly unread?: readonly string[]
}

export function assertSameTree(a: string, b: string, options: SameOptions): void {
  const unread = (options.unread ?? []).map((name) => `--exclude=${name}`)
  const diff = run('diff', ['-r', '--no-dereference', ...unread, a, b])
    .split('\n')
    .filter((line) => isTold(line, options))
  assert.deepEqual(diff, [])
  assert.deepEqual(listing(b, options), listing(a, options))
}

/** diff tells of every special file that there are two, and of a socket that it is on one side only. */
function isTold(line: string, { sockets }: SameOptions): boolean {
  if (line === '' || /^File .* is a .* while file .* is a /.test(line)) return false
  return !(sockets === 'ignored' && /^Only in .*: socket$/.test(line))
}

/**
 * Path, type, mode, ns time, size, link target, device and link count of everything, in order of paths. Names are
 * printed as they are; the record separator is NUL, which no name has.
 */
function listing(folder: string, { owners, sockets }: SameOptions): string[] {
  const skipped = sockets === 'ignored' ? ['!', '-type', 's'] : []
  const owner = owners === 'compared' ? ' %U %G' : ''
  // A directory's size is the filesystem's business, its link count follows from its children. Names of one symlink or
  // special file become one each: the format knows hard links of regular files.
  const print = (size: string) => `%P %y %m %T@ ${size} %l${owner}\\0`
  const isFile = ['-type', 'f', '-printf', print('%s %n')]
  const text = run('find', [folder, ...skipped, '(', ...isFile, '-o', '-printf', print('-'), ')'])
  return text.split('\0').sort()
}

function run(command: string, args: readonly string[]): string {
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: 'latin1', maxBuffer: 2 ** 28 })
  assert.equal(error, undefined)
  assert.equal(stderr, '')
  return stdout
}
