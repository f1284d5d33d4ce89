/** The map of what is alive: numbers over time of /proc, the memory of a process by name and by address, what is known of it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { mappingLabel } from '../../src/base/mapping-text.ts'
import type { BricksAnswer, FindAnswer, InspectAnswer, SeriesAnswer } from '../../src/wire/api.ts'
import { type RunningDaemon, sfd, startDaemon, temporaryFolder } from '../daemon/harness.ts'
import { askServer } from './ask-server.ts'
import { browserSuite, MapPage, openBrowser } from './browser.ts'

interface AliveStage {
  readonly maps: readonly [MapPage]
  readonly daemon: RunningDaemon
  readonly state: string
  readonly pid: number
}

/** A tall view: the inspector of a mapping says much. */
const viewport = { width: 1100, height: 860 }

async function openAliveStage(t: TestContext): Promise<AliveStage> {
  const state = `${temporaryFolder(t)}/state`
  const target = spawn('sleep', ['600'])
  t.after(() => target.kill('SIGKILL'))
  const pid = target.pid
  assert.ok(pid !== undefined)
  const sources = ['/proc/meminfo', `proc:${pid}`]
  const [daemon, browser] = await Promise.all([startDaemon(t, { state, sources }), openBrowser(t, viewport)])
  await follow(state)
  return { maps: [await MapPage.open(browser, daemon.url)], daemon, state, pid }
}

/** What is polled is polled now. */
async function follow(state: string): Promise<void> {
  const { code, stderr } = await sfd(['sync', '--state', state])
  assert.equal(code, 0, stderr)
}

browserSuite('what is alive, on the map', openAliveStage, {
  async 'a file of /proc shows a number over its commits, and the keys go through them'({
    maps: [map],
    daemon,
    state,
  }) {
    const { page } = map
    for (let i = 0; i < 3; i++) await follow(state)
    const brick = await brickOf(daemon, 'file')
    await goTo(map, 'meminfo')
    await map.until('the plot', () => document.querySelector<HTMLElement>('.series')?.hidden === false)
    const { names, times } = await askServer<SeriesAnswer>(daemon, `/b/${brick.uuid}/series?path=meminfo`)
    assert.ok(times.length >= 3)
    const listed = await page.evaluate(() =>
      [...document.querySelectorAll('.series option')].map((one) => one.textContent),
    )
    assert.deepEqual(
      listed,
      names.map(({ name }) => name),
    )
    await page.locator('.series select').selectOption('MemTotal')
    const total = Number(/MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1])
    const shown = `${(total / 2 ** 20).toFixed(1).replace(/\.0$/, '')}\u00a0GiB`
    await map.until(
      'its value',
      (text) => document.querySelector('.plot .reading')?.textContent?.endsWith(text) === true,
      total < 2 ** 20 ? '' : shown,
    )
    await page.locator('.plot').focus()
    await page.keyboard.press('ArrowLeft')
    await map.until('the past', () => window.__sfd.instant !== 'now')
    const instant = await page.evaluate(() => window.__sfd.instant)
    const { times: now } = await askServer<SeriesAnswer>(daemon, `/b/${brick.uuid}/series?path=meminfo`)
    assert.ok(now.slice(0, -1).includes(instant), `${instant} is a commit before the last`)
    const spoken = await page.evaluate(() => document.querySelector('.plot')?.getAttribute('aria-valuetext'))
    assert.match(spoken ?? '', /^MemTotal, \d{4}-/)
    await page.keyboard.press('End')
    await map.until('now', () => window.__sfd.instant === 'now')
    assert.equal(await page.evaluate(() => document.activeElement?.className), 'plot', 'the focus stays where it was')
    await page.keyboard.press('Escape')
  },

  async 'memory is found by what it is called, and says its address'({ maps: [map], pid }) {
    await goTo(map, '[stack]')
    await map.until('the stack', () => document.querySelector('.inspector h2')?.textContent === '[stack] rw-p')
    const line = mapsLine(pid, '[stack]')
    await map.until('its address', () => /^0x[0-9a-f]+$/.test(fieldTitle('address')))
    const address = BigInt(await map.page.evaluate(() => fieldTitle('address')))
    assert.equal(address, line.start, 'the first byte of the mapping, not of its room to grow')
    await map.until('what is known of it', () => document.querySelector('.inspector .region') !== null)
  },

  async 'an address leads to its byte'({ maps: [map], daemon, pid }) {
    const line = mapsLine(pid, '/')
    const wanted = `0x${(line.start + 0x123n).toString(16)}`
    const { hits } = await askServer<FindAnswer>(daemon, `/api/find?q=${wanted}`)
    const [hit] = hits
    assert.deepEqual(
      [hits.length, hit?.label],
      [1, mappingLabel({ name: Buffer.from(line.name), permissions: line.permissions })],
    )
    await goTo(map, wanted)
    await map.until('its address', (text) => fieldTitle('address') === text, wanted)
    const brick = await brickOf(daemon, 'process')
    const offset = (hit?.slot.start ?? 0) + (hit?.offset ?? 0)
    const answer = await askServer<InspectAnswer>(daemon, `/b/${brick.uuid}/${brick.commit}/at?offset=${offset}`)
    assert.equal(answer.entry?.byteAddress, wanted)
    const expected = answer.regions.slice(0, 8).map((region) => (region.name === '' ? region.class : region.name))
    const isShown = (names: readonly string[]): boolean => {
      const shown = [...document.querySelectorAll('.inspector .region .name')].map((one) => one.textContent)
      return JSON.stringify(shown) === JSON.stringify(names)
    }
    await map.until('its regions, the innermost first', isShown, expected)
  },

  async 'a key leads to findings, and says where there are none'({ maps: [map] }) {
    await map.page.keyboard.press('Escape')
    await map.page.keyboard.press('n')
    await map.until('words', () => document.querySelector('.saying')?.textContent === 'no findings in these bricks')
  },
})

declare global {
  /** In the page: what a click on the inspector's field of that name would copy. */
  function fieldTitle(name: string): string
}

async function goTo(map: MapPage, text: string): Promise<void> {
  const { page } = map
  await page.evaluate(() => {
    const field = (name: string): string => {
      const all = [...document.querySelectorAll('.inspector dt')]
      return all.find((one) => one.textContent === name)?.nextElementSibling?.querySelector('button')?.title ?? ''
    }
    Object.assign(window, { fieldTitle: field })
  })
  await page.keyboard.press('/')
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.insertText(text)
  await page.keyboard.press('Enter')
  await map.until('the pin', () => document.querySelector('.inspector.pinned') !== null)
  await map.settle()
}

async function brickOf(daemon: RunningDaemon, kind: string): Promise<BricksAnswer['bricks'][number]> {
  const { bricks } = await askServer<BricksAnswer>(daemon, '/api/bricks')
  const brick = bricks.find((one) => one.kind === kind)
  assert.ok(brick !== undefined)
  return brick
}

/** The first line of /proc/PID/maps whose name begins so. */
function mapsLine(pid: number, name: string): { start: bigint; permissions: string; name: string } {
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const match = /^([0-9a-f]+)-[0-9a-f]+ (\S+) \S+ \S+ \S+\s+(.*)$/.exec(line)
    if (match?.[3]?.startsWith(name))
      return { start: BigInt(`0x${match[1]}`), permissions: match[2] ?? '', name: match[3] }
  }
  throw new Error(`process ${pid} has no mapping ${name}`)
}
