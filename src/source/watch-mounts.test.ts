/** Mounts that come and go under watched roots, in mount namespaces of their own; with fanotify as root only. */

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { spawnChild, type WatchChild } from './testing/watch-child.ts'
import { fanotifyRefusal } from './testing/watching.ts'

const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-watch-mounts-')))
const cookies = path.join(scratch, 'cookies')
fs.mkdirSync(cookies)
after(() => fs.rmSync(scratch, { recursive: true, force: true }))
const noFanotify = await fanotifyRefusal()
const noNamespace = 'no user namespace with mounts of its own'

interface Mounted {
  readonly child: WatchChild
  readonly root: string
}

type Backend = 'inotify' | 'fanotify'

/** Watches a fresh folder after `prepare` has run (`$root` is the folder); undefined where there are no namespaces. */
async function mounted(
  name: string,
  { backend, prepare, ...more }: { backend: Backend; prepare: string; crossFilesystems?: 'yes' },
): Promise<Mounted | undefined> {
  const root = path.join(scratch, `${name}-${backend}`)
  fs.mkdirSync(root)
  const within = {
    flags: backend === 'fanotify' ? '-m' : '-Urm',
    prepare: `root=${root}; mount --make-rprivate / 2>/dev/null; ${prepare}`,
  }
  const child = spawnChild({ root, cookies, backend, within, ...more })
  const added = await child.answer()
  if (added === undefined) return undefined
  assert.equal(added.stats.roots[0]?.backend, more.crossFilesystems === 'yes' ? 'inotify' : backend)
  assert.deepEqual(added.reports, [])
  return { child, root }
}

for (const backend of ['inotify', 'fanotify'] as const) {
  const options = backend === 'fanotify' ? { skip: noFanotify } : {}

  test(
    `[fault 9] ${backend}: a filesystem mounted over a root is no removal, and the root is back when it goes`,
    options,
    async (t) => {
      const lab = await mounted('over', { backend, prepare: 'mkdir $root/d && touch $root/d/file' })
      if (lab === undefined) return t.skip(noNamespace)
      const { child, root } = lab
      const over = await child.runUntil('ROOT_REPLACED ', `mount -t tmpfs none ${root}`)
      assert.deepEqual(over.hints, [])
      assert.deepEqual((await child.run(`touch ${root}/not-ours`)).hints, [])
      const back = await child.runUntil('recovered ROOT_REPLACED ', `umount ${root}`)
      assert.deepEqual(back.hints, ['/...'])
      assert.deepEqual((await child.run(`echo x >> ${root}/d/file`)).hints, ['d/file'])
      await child.end()
    },
  )

  test(
    `[fault 9] ${backend}: a root whose filesystem is unmounted is no removal, and is back with it`,
    options,
    async (t) => {
      const prepare = 'mount -t tmpfs none $root && mkdir $root/d && mkdir $root.kept && mount --bind $root $root.kept'
      const lab = await mounted('unmounted', { backend, prepare })
      if (lab === undefined) return t.skip(noNamespace)
      const { child, root } = lab
      const went = await child.runUntil('ROOT_REPLACED ', `umount ${root}`)
      assert.deepEqual(went.hints, [])
      assert.match(went.messages.join(), /Nothing counts as removed/)
      const back = await child.runUntil('recovered ROOT_REPLACED ', `mount --bind ${root}.kept ${root}`)
      assert.deepEqual(back.hints, ['/...'])
      assert.deepEqual((await child.run(`touch ${root}/d/file`)).hints, ['d', 'd/file'])
      await child.end()
    },
  )

  test(`[fault 9] ${backend}: the watcher does not keep a filesystem from being unmounted`, options, async (t) => {
    const lab = await mounted('busy', { backend, prepare: 'mount -t tmpfs none $root && mkdir -p $root/a/b' })
    if (lab === undefined) return t.skip(noNamespace)
    const { child, root } = lab
    await child.run(`touch ${root}/a/b/file`)
    const went = await child.runUntil('ROOT_REPLACED ', `umount ${root}`)
    assert.deepEqual(went.hints, [])
    const other = await child.run(`mount -t tmpfs none ${root}`)
    assert.deepEqual(other.hints, [], 'another filesystem is not the one that was there')
    await child.end()
  })

  test(
    `[fault 9] ${backend}: what is mounted inside a root is hinted there, when it comes and when it goes`,
    options,
    async (t) => {
      const lab = await mounted('inside', { backend, prepare: 'mkdir -p $root/a/b $root/c' })
      if (lab === undefined) return t.skip(noNamespace)
      const { child, root } = lab
      const came = await child.run(`mount -t tmpfs none ${root}/a && mkdir ${root}/a/foreign`)
      assert.ok(came.hints.includes('a/...'), String(came.hints))
      const went = await child.run(`umount ${root}/a`)
      assert.ok(went.hints.includes('a/...'), String(went.hints))
      assert.deepEqual((await child.run(`touch ${root}/a/b/file`)).hints, ['a/b', 'a/b/file'])
      await child.end()
    },
  )
}

test('[fault 9] inotify: with filesystems crossed, what an unmounted one hid is watched', async (t) => {
  const prepare =
    'mount -t tmpfs none $root && mkdir -p $root/in/below && mount -t tmpfs none $root/in && mkdir $root/in/d'
  const lab = await mounted('crossed', { backend: 'inotify', prepare, crossFilesystems: 'yes' })
  if (lab === undefined) return t.skip(noNamespace)
  const { child, root } = lab
  assert.deepEqual((await child.run(`touch ${root}/in/d/file`)).hints, ['in/d', 'in/d/file'])
  assert.ok((await child.run(`umount ${root}/in`)).hints.includes('in/...'))
  assert.deepEqual((await child.run(`touch ${root}/in/below/file`)).hints, ['in/below', 'in/below/file'])
  await child.end()
})

test('[fault 12] an overlay cannot be marked: it is watched by inotify, and the statistics say so', {
  skip: noFanotify,
}, async () => {
  const root = path.join(scratch, 'overlay')
  for (const part of ['', 'low/d', 'up', 'work', 'merged']) fs.mkdirSync(path.join(root, part), { recursive: true })
  const layers = `lowerdir=${root}/low,upperdir=${root}/up,workdir=${root}/work`
  const mount = `mount -t tmpfs none ${root}/up && mkdir ${root}/up/u ${root}/up/w && mount -t overlay overlay -o ${layers.replace('/up,', '/up/u,').replace('/work', '/up/w')} ${root}/merged`
  const within = { flags: '-m', prepare: `mount --make-rprivate / ; ${mount}` }
  const child = spawnChild({ root: path.join(root, 'merged'), cookies, backend: 'auto', within })
  const added = await child.answer()
  assert.equal(added?.stats.roots[0]?.backend, 'inotify')
  assert.deepEqual((await child.run(`touch ${root}/merged/d/file`)).hints.includes('d/file'), true)
  await child.end()
})

test('[fault 9] fanotify: a disk that is unmounted and mounted anew, on another device, is the same root', {
  skip: noFanotify,
}, async (t) => {
  const root = path.join(scratch, 'disk')
  const image = path.join(scratch, 'disk.img')
  fs.mkdirSync(root)
  fs.writeFileSync(image, '')
  fs.truncateSync(image, 16 * 2 ** 20)
  if (spawnSync('mkfs.ext4', ['-q', image]).status !== 0) return t.skip('no mkfs.ext4')
  const loops: string[] = []
  t.after(() => {
    for (const loop of loops) spawnSync('losetup', ['-d', loop])
  })
  const attach = (): string | undefined => {
    const made = spawnSync('losetup', ['-f', '--show', image], { encoding: 'utf8' })
    if (made.status !== 0) return undefined
    loops.push(made.stdout.trim())
    return made.stdout.trim()
  }
  const [first, second] = [attach(), attach()]
  if (first === undefined || second === undefined) return t.skip('no loop device')
  const within = { flags: '-m', prepare: `mount --make-rprivate / ; mount ${first} ${root} && mkdir -p ${root}/d` }
  const child = spawnChild({ root, cookies, backend: 'fanotify', within })
  const added = await child.answer()
  if (added === undefined) return t.skip('the loop device cannot be mounted')
  await child.runUntil('ROOT_REPLACED ', `umount ${root}`)
  execFileSync('losetup', ['-d', loops.shift() ?? ''])
  const back = await child.runUntil('recovered ROOT_REPLACED ', `mount ${second} ${root}`)
  assert.deepEqual(back.hints, ['/...'])
  assert.deepEqual((await child.run(`touch ${root}/d/file`)).hints, ['d', 'd/file'])
  await child.run(`cd / && umount ${root}`)
  await child.end()
})
