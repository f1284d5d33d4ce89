import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { watchCases } from './testing/watch-cases.ts'
import { openLab, silentSink as sink } from './testing/watching.ts'
import { startWatcher } from './watch.ts'

const lab = await openLab('inotify')
const { scratch, cookies } = lab
watchCases('inotify', lab)

test('a closed watcher refuses to flush and to add, and closes again', async () => {
  const watcher = await startWatcher(sink, { cookieFolder: utf8(cookies), backend: 'inotify' })
  const interrupted = assert.rejects(watcher.addRoot({ index: 1e6, path: utf8('/usr'), kind: 'tree' }), {
    code: 'CANCELLED',
  })
  await watcher.close()
  await interrupted
  await assert.rejects(watcher.flush(), { code: 'CANCELLED' })
  await assert.rejects(watcher.addRoot({ index: 1e6, path: utf8('/'), kind: 'tree' }), { code: 'CANCELLED' })
  await watcher.close()
})

test('a cookie folder that is not there is an error with words', async () => {
  const missing = utf8(path.join(scratch, 'no-cookies'))
  await assert.rejects(startWatcher(sink, { cookieFolder: missing }), /no-cookies.*ENOENT/)
})
