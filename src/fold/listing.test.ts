import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesKey, utf8 } from '../base/bytes.ts'
import type { EntryKind, EntryMeta } from '../base/entry.ts'
import type { Lister } from '../source/artifact.ts'
import type { Listed } from '../source/list.ts'
import { findDifferences, type Scope } from './listing.ts'
import { BrickModel } from './model.ts'

/** A tree in memory: path -> inode and kind, `dir 1`, `file 2`. Names of one inode share everything. */
type Tree = Readonly<Record<string, string>>

/** `+ a` is new, `- a` gone, `~ a` different; `**a` asks for the subtree of a, `a` for the entry. */
async function check(before: Tree, after: Tree, asked: readonly string[], expected: readonly string[]): Promise<void> {
  assert.deepEqual((await differ(before, listerOf(after), asked)).sort(), [...expected].sort())
}

async function differ(before: Tree, lister: Lister, asked: readonly string[]): Promise<string[]> {
  const model = BrickModel.load([])
  for (const { meta } of listerOf(before).walk(new Uint8Array(0))) {
    const contentId = meta.kind === 'file' ? { contentId: new Uint8Array(32) } : {}
    model.set({ ...meta, ...contentId, flags: { torn: false, racy: false, special: false }, grown: 0, unknown: [] })
  }
  const found = await findDifferences(model, lister, { scopes: asked.map(scopeOf), pause: async () => undefined })
  return found.map(
    ({ key, before: old, after }) => `${old === undefined ? '+' : after === undefined ? '-' : '~'} ${key}`,
  )
}

function scopeOf(text: string): Scope {
  return text.startsWith('**') ? { path: utf8(text.slice(2)), reach: 'subtree' } : { path: utf8(text), reach: 'entry' }
}

/** Link counts follow from the tree; a directory's mtime is the number of its children. */
function listerOf(tree: Tree): Lister {
  const listed = (path: string): Listed | undefined => {
    const what = tree[path]
    if (what === undefined) return undefined
    const [kind, inode] = what.split(' ') as [EntryKind, string]
    const nlink = Object.values(tree).filter((other) => other === what).length
    const children = Object.keys(tree).filter((other) => other !== '' && parentOf(other) === path).length
    const time = { seconds: kind === 'dir' ? children : 0, nanoseconds: 0 }
    return {
      meta: metaOf({
        path: utf8(path),
        kind,
        ino: BigInt(inode),
        nlink,
        mtime: time,
        ctime: { seconds: nlink, nanoseconds: 0 },
      }),
    }
  }
  return {
    stat: (path) => listed(bytesKey(path)),
    *walk(path) {
      const top = bytesKey(path)
      for (const key of Object.keys(tree).sort()) {
        const found = top === '' || key === top || key.startsWith(`${top}/`) ? listed(key) : undefined
        if (found !== undefined) yield found
      }
    },
  }
}

function parentOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
}

function metaOf(
  known: Partial<EntryMeta> & Pick<EntryMeta, 'path' | 'kind' | 'ino' | 'nlink' | 'mtime' | 'ctime'>,
): EntryMeta {
  const ids = { uid: 0, gid: 0, userName: '', groupName: '', dev: 1n, rdev: 0n }
  return { mode: 0o644, size: 0, xattrs: [], ...ids, ...known }
}

test('nothing is different where nothing changed, whatever is asked', async () => {
  const tree = { '': 'dir 1', a: 'file 2', d: 'dir 3', 'd/b': 'file 2' }
  await check(tree, tree, ['**', 'a', 'd/b', 'nowhere', '**d/nowhere/else'], [])
})

test('a new name brings its directory along, a gone one too', async () => {
  const before = { '': 'dir 1', d: 'dir 2', 'd/a': 'file 3' }
  await check(before, { ...before, 'd/b': 'file 4' }, ['d/b'], ['+ d/b', '~ d'])
  await check(before, { '': 'dir 1', d: 'dir 2' }, ['d/a'], ['- d/a', '~ d'])
  await check(before, { ...before, e: 'dir 5' }, ['**e'], ['+ e', '~ '])
})

test('a name below parents that nobody knows widens to the nearest that is known', async () => {
  const after = { '': 'dir 1', d: 'dir 2', 'd/e': 'dir 3', 'd/e/f': 'file 4', 'd/g': 'file 5' }
  await check({ '': 'dir 1' }, after, ['d/e/f'], ['~ ', '+ d', '+ d/e', '+ d/e/f', '+ d/g'])
})

test('an empty brick widens to the whole source', async () => {
  await check({}, { '': 'dir 1', a: 'file 2' }, ['a'], ['+ ', '+ a'])
})

test('a directory that became a file takes along what lay beneath it, without a hint for that', async () => {
  const before = { '': 'dir 1', d: 'dir 2', 'd/e': 'dir 3', 'd/e/f': 'file 4' }
  await check(before, { '': 'dir 1', d: 'file 5' }, ['d'], ['~ d', '- d/e', '- d/e/f'])
})

test('a file that became a directory is walked', async () => {
  const after = { '': 'dir 1', d: 'dir 3', 'd/e': 'dir 4', 'd/e/f': 'file 5' }
  await check({ '': 'dir 1', d: 'file 2' }, after, ['d'], ['~ d', '+ d/e', '+ d/e/f'])
})

test('another directory in the place of one is walked: the name says nothing about what is in it', async () => {
  const before = { '': 'dir 1', d: 'dir 2', 'd/old': 'file 3' }
  await check(before, { '': 'dir 1', d: 'dir 4', 'd/new': 'file 5' }, ['d'], ['~ d', '- d/old', '+ d/new'])
})

test('a directory that is gone takes its subtree along', async () => {
  const before = { '': 'dir 1', d: 'dir 2', 'd/e': 'dir 3', 'd/e/f': 'file 4' }
  await check(before, { '': 'dir 1' }, ['d'], ['- d', '- d/e', '- d/e/f', '~ '])
})

test('all names of a changed inode are different, whichever was hinted', async () => {
  const before = { '': 'dir 1', a: 'file 2', b: 'file 2', c: 'file 3' }
  await check(
    before,
    { '': 'dir 1', a: 'file 2', b: 'file 2', c: 'file 3', z: 'file 2' },
    ['z'],
    ['~ ', '~ a', '~ b', '+ z'],
  )
  await check(before, { '': 'dir 1', b: 'file 2', c: 'file 3' }, ['a'], ['~ ', '- a', '~ b'])
})

test('a second name of a file that had one makes that one different too', async () => {
  const before = { '': 'dir 1', a: 'file 2', c: 'file 3' }
  await check(before, { ...before, b: 'file 2' }, ['b'], ['~ ', '~ a', '+ b'])
})

test('a hard link replaced by another file leaves its former siblings different', async () => {
  const before = { '': 'dir 1', a: 'file 2', b: 'file 2' }
  await check(before, { '': 'dir 1', a: 'file 9', b: 'file 2' }, ['a'], ['~ a', '~ b'])
})

test('of a one-file source the one entry is all there is', async () => {
  const after: Tree = { name: 'file 7' }
  await check({ name: 'file 2' }, after, ['name'], ['~ name'])
  await check({}, after, ['**name'], ['+ name'])
})

test('answers of different moments never leave an entry without its directory', async () => {
  const tree = { '': 'dir 1', d: 'dir 2', 'd/x': 'file 3' }
  let asked = 0
  // The directory is gone when its name is looked at, and back when its child is.
  const lister: Lister = {
    stat: (path) => (bytesKey(path) === 'd' && asked++ === 0 ? undefined : listerOf(tree).stat(path)),
    walk: (path) => listerOf(tree).walk(path),
  }
  assert.deepEqual((await differ(tree, lister, ['d', 'd/x'])).sort(), ['- d', '- d/x'])
})

test('answers of different moments never leave an entry beneath what became a file', async () => {
  const before = { '': 'dir 1', d: 'dir 2', 'd/x': 'file 3' }
  const after = { '': 'dir 1', d: 'file 4' }
  const lister: Lister = {
    stat: (path) => listerOf(bytesKey(path) === 'd/y' ? { ...before, 'd/y': 'file 5' } : after).stat(path),
    walk: (path) => listerOf(after).walk(path),
  }
  assert.deepEqual((await differ(before, lister, ['d/y', 'd'])).sort(), ['- d/x', '~ d'])
})
