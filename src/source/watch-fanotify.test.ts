import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { displayPath, utf8 } from '../base/bytes.ts'
import { watchCases } from './testing/watch-cases.ts'
import { fanotifyRefusal, isTold, openLab, silentSink, type WatcherLab } from './testing/watching.ts'
import { startWatcher } from './watch.ts'

const refusal = await fanotifyRefusal()
if (refusal === false) {
  const lab = await openLab('fanotify')
  watchCases('fanotify', lab)
  ownCases(lab)
} else test('fanotify: every case of the watcher', { skip: refusal }, () => {})

function ownCases({ scratch, cookies, watching }: WatcherLab): void {
  test('where it can be had, trees get a mark and single files a watch', async () => {
    const folder = path.join(scratch, 'auto')
    fs.mkdirSync(path.join(folder, 'a/b'), { recursive: true })
    fs.writeFileSync(path.join(folder, 'file'), '')
    const watcher = await startWatcher(silentSink, { cookieFolder: utf8(cookies) })
    const tree = await watcher.addRoot({ index: 0, kind: 'tree', path: utf8(folder) })
    const file = await watcher.addRoot({ index: 1, kind: 'file', path: utf8(path.join(folder, 'file')) })
    const crossing = { index: 2, kind: 'tree', path: utf8(folder), crossFilesystems: 'yes' } as const
    const { dev, ino } = fs.statSync(folder, { bigint: true })
    assert.deepEqual(tree, { watches: 0, backend: 'fanotify', identity: { dev, ino } })
    assert.equal(file.backend, 'inotify')
    assert.equal((await watcher.addRoot(crossing)).backend, 'inotify')
    const { marks, watches, roots, overflows } = await watcher.stats()
    assert.deepEqual({ marks, watches, overflows }, { marks: 1, watches: 3, overflows: 0 })
    assert.deepEqual(
      roots.map(({ backend }) => backend),
      ['fanotify', 'inotify', 'inotify'],
    )
    await watcher.close()
  })

  test('[fault 22] a directory whose path is too long to be told is hinted with the nearest that is not', () =>
    watching(async ({ root, told }) => {
      const name = 'x'.repeat(250)
      // The shell goes down step by step: no single path is longer than a call may have.
      execFileSync('sh', [
        '-c',
        `cd ${root}; for i in $(seq 20); do mkdir ${name} && cd -P ${name} || exit 1; done; pwd -P | wc -c`,
      ])
      await told()
      execFileSync('sh', ['-c', `cd ${root}; for i in $(seq 20); do cd -P ${name} || exit 1; done; echo x > file`])
      const hinted = await told()
      assert.equal(hinted.length, 1)
      assert.match(hinted[0] ?? '', /^(x{250}\/)+\.\.\.$/)
      const depth = (hinted[0] ?? '').split('/').length - 1
      assert.ok(depth >= 10 && depth < 20, `${depth} components`)
      execFileSync('rm', ['-r', path.join(root, name)])
    }))

  test('[fault 25] what this process writes to files is not hinted where it says so, what it makes and what others write is', async () => {
    const folder = path.join(scratch, 'own')
    fs.mkdirSync(folder)
    fs.writeFileSync(path.join(folder, 'file'), '')
    const hinted = new Set<string>()
    const sink = {
      ...silentSink,
      hints: (batch: readonly { readonly path: Uint8Array }[]) => {
        for (const each of batch) hinted.add(displayPath(each.path))
      },
    }
    const watcher = await startWatcher(sink, { cookieFolder: utf8(cookies), ownWrites: 'ignored' })
    after(() => watcher.close())
    await watcher.addRoot({ index: 0, kind: 'tree', path: utf8(folder) })
    const told = async (): Promise<string[]> => {
      hinted.clear()
      await watcher.flush()
      return [...hinted].sort()
    }
    fs.appendFileSync(path.join(folder, 'file'), 'ours')
    assert.deepEqual(await told(), [])
    execFileSync('sh', ['-c', `echo theirs >> ${folder}/file`])
    assert.deepEqual(await told(), ['file'])
    fs.writeFileSync(path.join(folder, 'new'), '')
    assert.deepEqual(await told(), ['', 'new'])
  })

  test('a directory that leaves the root and comes back under another name is known by that one', () =>
    watching(async ({ root, at, told }) => {
      fs.mkdirSync(at('a/b'), { recursive: true })
      fs.writeFileSync(at('a/b/file'), '')
      await told()
      fs.renameSync(at('a'), `${root}-outside`)
      fs.writeFileSync(`${root}-outside/b/file`, 'outside')
      assert.ok(
        !isTold(
          (await told()).filter((hint) => hint !== 'a/...'),
          'a/b/file',
        ),
      )
      fs.renameSync(`${root}-outside`, at('back'))
      await told()
      fs.appendFileSync(at('back/b/file'), 'inside')
      assert.deepEqual(await told(), ['back/b/file'])
    }))
}
