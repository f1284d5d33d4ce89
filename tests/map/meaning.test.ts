/** Findings, risk and searches on the map: found from the whole view, gone through by keys, and never more than text. */
import assert from 'node:assert/strict'
import { palettes } from '../../src/map/draw/palette.ts'
import type { BricksAnswer } from '../../src/wire/api.ts'
import { sfd } from '../daemon/harness.ts'
import { askServer } from './ask-server.ts'
import { browserSuite, type MapPage } from './browser.ts'
import type { Slot } from './known-space.ts'
import { analyse, leakedKey, markup, needle, needleCount, openMeaningStage, wideCount } from './meaning-stage.ts'
import { cameraOn } from './page-stage.ts'

declare global {
  interface Window {
    /** What `watching` notes: the colours of each point so far, and whether the names went away. */
    sfdCalm: { colours: Set<string>[]; labelsMin: number; frames: number; stopped: boolean }
  }
}

browserSuite('meaning on the map', openMeaningStage, {
  async 'labels come without a flash, and with them findings, and names of what is inside'(stage) {
    const [map] = stage.maps
    assert.match(await textOf(map, '.bar .model'), /model/)
    const { counts } = await analyse(stage)
    assert.ok(counts.high >= 4, JSON.stringify(counts))
    await map.until(
      'the count',
      (text) => document.querySelector('.findings-button')?.textContent === text,
      `${counts.high} high`,
    )
    await stage.leakAgain()
    await map.settle({ names: true })
    const watched = await watching(map, async () => {
      const more = (await analyse(stage)).counts.high
      assert.ok(more > counts.high, `${more} findings now`)
      await map.until(
        'the new count',
        (text) => document.querySelector('.findings-button')?.textContent === text,
        `${more} high`,
      )
    })
    for (const colours of watched.colours) assert.equal(colours, 1, 'no pixel of the data changed')
    assert.ok(watched.labelsMin > 0 && watched.frames > 3, 'no name went away')
    await map.show(cameraOn((stage.slots.get('bin/list') as Slot).start + 40_000, 1))
    await map.settle({ names: true })
    assert.ok((await map.stats()).labels > 3, 'sections and functions are named')
  },

  async 'from the whole view a mark stands where the key leaked, and a click on it leads there'({ maps: [map] }) {
    await home(map)
    await map.until('marks', () => window.__sfd.marks.some(({ look }) => look === 'high'))
    const marks = await map.page.evaluate(() => window.__sfd.marks)
    const total = marks.filter(({ look }) => look !== 'hit').reduce((sum, { count }) => sum + count, 0)
    assert.ok(total >= 4, JSON.stringify(marks))
    const mark = marks.find(({ look }) => look === 'high')
    assert.ok(mark !== undefined)
    const before = await map.camera()
    await map.page.mouse.click(mark.x, mark.y)
    await map.settle()
    assert.ok((await map.camera()).scale > before.scale)
  },

  async 'the list is gone through by keys, and the inspector says how one knows'({ maps: [map], daemon, slots }) {
    const { page } = map
    await home(map)
    await page.keyboard.press('f')
    await map.until('rows', () => document.querySelectorAll('.side.findings .row').length > 3)
    const places = await page.evaluate(() =>
      [...document.querySelectorAll('.side.findings .row .place')].map((one) => one.textContent ?? ''),
    )
    const at = places.findIndex((place) => place.endsWith('/etc/service.conf'))
    assert.ok(at >= 0, places.join('\n'))
    for (let step = 0; step <= at; step++) await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await map.until('the pin', () => document.querySelector('.inspector.pinned h2')?.textContent === 'service.conf')
    await map.until('the card', () => document.querySelector('.inspector .finding .check button') !== null)
    const slot = slots.get('etc/service.conf') as Slot
    const pinned = Number(await fieldTitleOf(map, 'offset'))
    assert.ok(pinned >= slot.start && pinned < slot.start + slot.length)
    const card = await textOf(map, '.inspector .finding')
    assert.match(card, /high/)
    assert.match(card, /how we know .+ by \w+ \d/)
    assert.ok(!card.includes(leakedKey), 'what leaked is masked')
    await page.locator('.inspector .finding .check button').first().click()
    const command = await page.locator('.inspector .finding .check button').first().getAttribute('title')
    await map.until('the copy', async (wanted) => (await navigator.clipboard.readText()) === wanted, command)
    assert.match(command ?? '', /service\.conf/)
    await page.locator('.chips .critical').click()
    await map.until('nothing that grave', () => document.querySelectorAll('.side.findings .row').length === 0)
    await page.locator('.chips .low').click()
    const { findings } = await askServer<{ findings: unknown[] }>(daemon, '/findings')
    await map.until(
      'all of them',
      (count) => document.querySelectorAll('.side.findings .row').length === count,
      findings.length,
    )
    await page.locator('.side.findings .rows').focus()
    await page.keyboard.press('Escape')
    assert.equal(await page.evaluate(() => document.querySelector<HTMLElement>('.side.findings')?.hidden), true)
    await page.keyboard.press('Escape')
    await page.keyboard.press('n')
    await map.until('the next finding', () => document.querySelector('.inspector.pinned .finding') !== null)
    await page.keyboard.press('Escape')
  },

  async 'in the risk mode what has findings has their colour, and all else is grey'({
    maps: [map],
    slots,
    uuid,
    daemon,
  }) {
    await home(map)
    await map.page.keyboard.press('5')
    const { findings } = await askServer<{ findings: { start: number | null; place: string }[] }>(
      daemon,
      `/findings?brick=${uuid}&severity=high`,
    )
    const start = findings.find(({ place }) => place.endsWith('/etc/service.conf'))?.start
    assert.ok(typeof start === 'number')
    await map.show(cameraOn(start, 1 / 8))
    const [red] = await map.colours([[550, 380]])
    assert.equal(red, palettes.dark.risk.high)
    await map.show(cameraOn((slots.get('hay') as Slot).start + 100_000, 4))
    const greys = Object.values(palettes.dark.muted)
    for (const colour of await map.colours([
      [550, 380],
      [300, 200],
      [700, 500],
    ]))
      assert.ok(greys.includes(colour), colour.toString(16))
    await map.page.keyboard.press('1')
  },

  async 'at an instant before it was analysed nothing is known, and now it is again'({ maps: [map], daemon, uuid }) {
    const { commits } = await askServer<{ commits: { time: string }[] }>(daemon, `/b/${uuid}/commits`)
    const oldest = commits.at(-1)?.time ?? ''
    await map.page.evaluate((time) => {
      window.__sfd.instant = time
    }, oldest)
    await map.until('the past', () => document.querySelector('.findings-button')?.textContent === 'not analysed')
    await map.until('no marks', () => window.__sfd.marks.length === 0)
    await map.page.keyboard.press('End')
    await map.until('now', () => /high/.test(document.querySelector('.findings-button')?.textContent ?? ''))
  },

  async 'bytes are found as text in three encodings, as hex and by an expression; n goes through the hits'(stage) {
    const [map] = stage.maps
    const { page } = map
    await home(map)
    await search(map, `"${needle}"`, needleCount + wideCount)
    assert.match(await textOf(map, '.hits-panel .rows'), /utf-16le/)
    const isMarked = (wanted: number): boolean => {
      const hits = window.__sfd.marks.filter(({ look }) => look === 'hit')
      return hits.reduce((sum, { count }) => sum + count, 0) === wanted
    }
    await map.until('a mark for every hit', isMarked, needleCount + wideCount)
    await page.keyboard.press('n')
    const hay = stage.slots.get('hay') as Slot
    await map.until('the first', (at) => fieldTitle('offset') === `0x${at.toString(16)}`, hay.start + 1_000)
    await page.keyboard.press('n')
    await map.until('the second', (at) => fieldTitle('offset') === `0x${at.toString(16)}`, hay.start + 1_000 + 15_013)
    const hex = Buffer.from(needle).toString('hex').slice(0, 16).replace(/(..)/g, '$1 ')
    await search(map, `${hex}??`, needleCount)
    await search(map, '/needle in [a-z]{3} hay/', needleCount)
    await search(map, '"none of that"', 0)
    await page.locator('.hits-panel .icon').click()
    await map.until('no more marks', () => window.__sfd.marks.every(({ look }) => look !== 'hit'))
    await page.keyboard.press('Escape')
  },

  async 'names and bytes that try to be more are text: in the list, in the card and around hits'({ maps: [map] }) {
    const { page } = map
    await page.keyboard.press('f')
    await map.until('the hostile place', (text) => document.body.textContent?.includes(text) === true, `${markup}.conf`)
    await page.keyboard.press('Escape')
    await search(map, `"${needle.toUpperCase()}"`, 1)
    assert.ok((await textOf(map, '.hits-panel .around')).includes('<img src=x'))
    const found = await page.evaluate(() => ({
      elements: document.querySelectorAll('img, svg, iframe, script:not([src]), [onerror]').length,
      hasRun: 'sfdPwned' in window,
    }))
    assert.deepEqual(found, { elements: 0, hasRun: false })
    await page.locator('.hits-panel .icon').click()
  },

  async 'symbols are found by name'(stage) {
    const [map] = stage.maps
    const { page } = map
    const { hits } = await askServer<{ hits: { name: string }[] }>(stage.daemon, '/search?q=.text&kind=label')
    assert.ok(hits.length > 0, 'sections are names, too')
    await page.keyboard.press('/')
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.insertText('.text')
    await map.until('the section', () =>
      [...document.querySelectorAll('.hits .where')].some((one) => one.textContent?.startsWith('section')),
    )
    await page.keyboard.press('Enter')
    await map.until('the pin', () => document.querySelector('.inspector.pinned h2')?.textContent === 'list')
    await page.keyboard.press('Escape')
  },

  async 'a search can be stopped, and closing its list ends it'({ maps: [map] }) {
    const { page } = map
    // The server takes its time: the network holds the question back.
    await page.route(/\/search\?q=/, () => {})
    await page.keyboard.press('/')
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.insertText('"slow"')
    await page.keyboard.press('Shift+Enter')
    await map.until('its progress', () =>
      / 0 %/.test(document.querySelector('.hits-panel .progress-line')?.textContent ?? ''),
    )
    await page.locator('.hits-panel .progress-line button').click()
    await map.until(
      'its end',
      () => document.querySelector('.hits-panel [role=status]')?.textContent === '0 hits, stopped',
    )
    await page.locator('.hits-panel .icon').click()
    await page.unroute(/\/search\?q=/)
  },

  async 'analysed again, what did not change is shown as before'({ maps: [map], state, daemon, name, uuid }) {
    const { bricks } = await askServer<BricksAnswer>(daemon, '/api/bricks')
    assert.equal(bricks[0]?.uuid, uuid)
    const before = await textOf(map, '.findings-button')
    const analysed = await sfd(['analyze', name, '--state', state])
    assert.ok(analysed.code <= 1, analysed.stderr)
    await map.settle()
    assert.equal(await textOf(map, '.findings-button'), before)
  },
})

async function home(map: MapPage): Promise<void> {
  await map.page.keyboard.press('Home')
  await map.settle({ names: true })
}

/** Looks at twenty points in every frame while `act` runs. */
async function watching(
  { page }: MapPage,
  act: () => Promise<void>,
): Promise<{ colours: readonly number[]; labelsMin: number; frames: number }> {
  await page.evaluate(() => {
    const points = Array.from({ length: 20 }, (_, at) => [150 + 40 * at, 120 + ((at * 97) % 520)] as const)
    const watched = { colours: points.map(() => new Set<string>()), labelsMin: 1e9, frames: 0, stopped: false }
    window.sfdCalm = watched
    const look = (): void => {
      if (watched.stopped) return
      for (const [at, pixel] of window.__sfd.readPixels(points).entries()) watched.colours[at]?.add(pixel.join())
      watched.labelsMin = Math.min(watched.labelsMin, window.__sfd.stats.labels)
      watched.frames++
      requestAnimationFrame(look)
    }
    look()
  })
  await act()
  return page.evaluate(() => {
    const { colours, labelsMin, frames } = window.sfdCalm
    window.sfdCalm.stopped = true
    return { colours: colours.map(({ size }) => size), labelsMin, frames }
  })
}

/** Types it, and looks for it among bytes; waits for the end, and for so many hits. */
async function search(map: MapPage, text: string, count: number): Promise<void> {
  const { page } = map
  await page.evaluate(() => {
    const titleOf = (name: string): string => {
      const all = [...document.querySelectorAll('.inspector dt')]
      return all.find((one) => one.textContent === name)?.nextElementSibling?.querySelector('button')?.title ?? ''
    }
    Object.assign(window, { fieldTitle: titleOf })
  })
  await page.keyboard.press('/')
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.insertText(text)
  await page.keyboard.press('Shift+Enter')
  const wanted = `${count} ${count === 1 ? 'hit' : 'hits'}`
  await map.until(
    wanted,
    (words) => document.querySelector('.hits-panel .progress-line [role=status]')?.textContent === words,
    wanted,
  )
}

function textOf({ page }: MapPage, selector: string): Promise<string> {
  return page.evaluate((asked) => document.querySelector(asked)?.textContent ?? '', selector)
}

/** What a click on the inspector's field of that name would copy. */
function fieldTitleOf({ page }: MapPage, name: string): Promise<string> {
  return page.evaluate((asked) => {
    const all = [...document.querySelectorAll('.inspector dt')]
    return all.find((one) => one.textContent === asked)?.nextElementSibling?.querySelector('button')?.title ?? ''
  }, name)
}
