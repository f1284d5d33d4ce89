import { test } from 'node:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startDaemon, temporaryFolder } from '../daemon/harness.ts'
import { MapPage, openBrowser } from './browser.ts'
test('smoke', async (t) => {
  const folder = temporaryFolder(t)
  const tree = join(folder, 'tree')
  mkdirSync(tree)
  writeFileSync(join(tree, 'a'), Buffer.alloc(300000, 65))
  const t0 = performance.now()
  const [daemon, browser] = await Promise.all([startDaemon(t, { state: join(folder, 'state'), sources: [tree] }), openBrowser(t)])
  console.log('started', performance.now() - t0, daemon.url)
  const map = await MapPage.open(browser, daemon.url)
  console.log('open', performance.now() - t0)
  console.log(await map.page.evaluate(() => ({ ...window.__sfd.stats, bricks: window.__sfd.bricks, camera: window.__sfd.camera, p: window.__sfd.readPixel(640, 360), c: window.__sfd.connection })))
  map.assertQuiet()
})
