/** What fails under a page that is open: the GPU's memory, the daemon, the way to it. The picture stays, and comes right again. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type RunningDaemon, startDaemon } from '../daemon/harness.ts'
import { chanceOf } from '../fold/chance.ts'
import { browserSuite, type MapPage } from './browser.ts'
import { LiveMap } from './live-map.ts'

const tile = 65_536
const spotCount = 120
const clip = { x: 100, y: 300, width: 400, height: 300 }
/** What the browser itself says of a server that is not there. */
const unreachable = /ERR_CONNECTION|WebSocket connection/
const refused = /401|403/

class FaultStage {
  readonly live: LiveMap
  readonly maps: LiveMap['maps']
  readonly #test: TestContext
  readonly #port: string

  private constructor(live: LiveMap, t: TestContext) {
    this.live = live
    this.maps = live.maps
    this.#test = t
    this.#port = new URL(live.daemon.url).port
  }

  static async open(t: TestContext): Promise<FaultStage> {
    const chance = chanceOf(31)
    const files = new Map([
      ['a.bin', chance.bytes(tile)],
      ['b.bin', chance.bytes(4 * tile)],
    ])
    return new FaultStage(await LiveMap.open(t, files), t)
  }

  /** The same state and the same port again. */
  async startAgain(): Promise<RunningDaemon> {
    const { state, tree } = this.live
    const daemon = await startDaemon(this.#test, { state, sources: [tree], args: ['--port', this.#port] })
    assert.equal(new URL(daemon.url).port, this.#port)
    this.live.daemon = daemon
    return daemon
  }

  statusIs(words: RegExp): Promise<void> {
    return this.live.map.until(
      `the status ${words}`,
      (source) => new RegExp(source).test(document.querySelector('.status')?.textContent ?? ''),
      words.source,
    )
  }
}

/** Takes the GPU's memory away from the page and gives it back. */
async function loseContext({ page }: MapPage): Promise<void> {
  await page.evaluate(async () => {
    const { canvas } = window.__sfd
    const happens = (event: string) => new Promise((resolve) => canvas.addEventListener(event, resolve, { once: true }))
    const extension = canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context')
    const lost = happens('webglcontextlost')
    extension?.loseContext()
    await lost
    // The map goes on drawing into nothing for a while.
    for (let frame = 0; frame < 5; frame++) {
      window.__sfd.setCamera(window.__sfd.camera)
      await new Promise(requestAnimationFrame)
    }
    const restored = happens('webglcontextrestored')
    extension?.restoreContext()
    await restored
  })
}

browserSuite('faults', FaultStage.open, {
  async 'after the loss of all GPU memory, twice, the picture is right again on every level'({ live }) {
    const { map } = live
    for (let round = 0; round < 2; round++) {
      for (const { level, scale } of [
        { level: 2, scale: 1 / 4 },
        { level: 0, scale: 1 },
      ]) {
        await map.show({ x: 256, y: 512, scale })
        const spots = await live.spots(spotCount, () => true)
        const before = await live.check(spots, level)
        const { uploads } = await map.stats()
        await loseContext(map)
        await map.settle()
        assert.deepEqual(await live.check(spots, level), before)
        assert.ok((await map.stats()).uploads > uploads, 'what was lost was fetched and put there again')
      }
    }
  },

  async 'digits are there again after the loss'({ live }) {
    const { map } = live
    await map.show({ x: 100.5, y: 600.5, scale: 44 })
    await map.settle({ names: true })
    const before = await map.page.screenshot({ clip })
    await loseContext(map)
    await map.settle({ names: true })
    await map.frames(2)
    const after = await map.page.screenshot({ clip })
    assert.ok(before.equals(after), 'the same picture, digits included')
    await live.showAll()
  },

  async 'while the daemon hangs the picture stays; when it goes on, so does the page'({ live }) {
    const { map, daemon } = live
    const spots = await live.spots(spotCount, () => true)
    const before = await live.check(spots)
    const whole = await map.camera()
    daemon.process.kill('SIGSTOP')
    await map.page.evaluate(() => window.__sfd.setCamera({ x: 256, y: 512, scale: 0.06 }))
    await map.frames(10)
    await map.page.evaluate((camera) => window.__sfd.setCamera(camera), whole)
    await map.frames(10)
    assert.deepEqual(await live.check(spots), before)
    daemon.process.kill('SIGCONT')
    live.write('a.bin', chanceOf(32).bytes(tile))
    await live.follow()
    await live.check(spots)
  },

  async 'a daemon that is killed and comes back finds the page where it was, and shows it the newest commit'(stage) {
    const { live } = stage
    const { map } = live
    const spots = await live.spots(spotCount, () => true)
    const before = await live.check(spots)
    await map.page.evaluate(() => {
      document.body.dataset['stays'] = 'yes'
    })
    await map.expecting(unreachable, async () => {
      await live.daemon.kill('SIGKILL')
      await stage.statusIs(/^disconnected/)
      assert.deepEqual(await live.check(spots), before, 'the last picture is kept')
      await map.page.keyboard.press('+')
      await map.frames(20)
      await live.showAll()
      assert.deepEqual(await live.check(spots), before, 'and can be moved in')
      live.write('b.bin', chanceOf(33).bytes(4 * tile))
      await stage.startAgain()
      await live.follow()
      await stage.statusIs(/live/)
    })
    assert.notDeepEqual(await live.check(spots), before)
    assert.equal(await map.page.evaluate(() => document.body.dataset['stays']), 'yes', 'the page was not loaded anew')
    live.write('b.bin', chanceOf(34).bytes(4 * tile))
    await live.follow()
    await live.check(spots)
  },

  async 'when the session has ended, for there is another token, the page says that it needs its link'(stage) {
    const { live } = stage
    const { map } = live
    await map.expecting(new RegExp(`${unreachable.source}|${refused.source}`), async () => {
      await live.daemon.kill('SIGKILL')
      rmSync(join(live.state, 'token'))
      await stage.startAgain()
      await map.until(
        'the notice',
        () => document.querySelector('.notice')?.textContent?.includes('sfd status') === true,
      )
    })
    const spots = await live.spots(spotCount, () => true)
    await live.check(spots)
  },
})
