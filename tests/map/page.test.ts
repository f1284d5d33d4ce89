/** The page around the picture: the way in, the address, the keys, the focus. */
import assert from 'node:assert/strict'
import { pointToPosition } from '../../src/hilbert/curve.ts'
import { until } from '../daemon/harness.ts'
import { browserSuite, MapPage, type ScreenPoint } from './browser.ts'
import type { Slot } from './known-space.ts'
import { cameraOn, openPageStage } from './page-stage.ts'

function gridPoints(): ScreenPoint[] {
  return Array.from({ length: 16 * 10 }, (_, i) => [30 + 60 * (i % 16), 30 + 60 * Math.floor(i / 16)] as const)
}

function textOf({ page }: MapPage, selector: string): Promise<string> {
  return page.evaluate((asked) => document.querySelector(asked)?.textContent ?? '', selector)
}

browserSuite('the page', openPageStage, {
  async 'the token is gone from the address once the page is there'({ maps: [map], daemon }) {
    assert.match(daemon.url, /#token=.{20,}$/)
    assert.ok(!map.page.url().includes(daemon.token))
    const kept = await map.page.evaluate((token) => {
      const stores = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie]
      return [...stores, document.documentElement.outerHTML].some((held) => held.includes(token))
    }, daemon.token)
    assert.equal(kept, false, 'the page keeps no copy of it')
  },

  async 'a reload restores place, zoom, mode and colours'({ maps: [map], slots }) {
    const slot = slots.get('usr/lib/other.so') as Slot
    for (const { offset, scale, mode } of [
      { offset: slot.start + 70_001, scale: 32, mode: 'value' },
      { offset: slot.start + 5, scale: 1 / 4, mode: 'entropy' },
      { offset: 3, scale: 1, mode: 'class' },
    ] as const) {
      await map.setMode(mode)
      await map.show(cameraOn(offset, scale))
      const before = await map.colours(gridPoints())
      const wanted = `@0x${offset.toString(16)},z=${Math.log2(scale)},m=${mode}`
      await map.until('the address tells the place', (end) => location.hash.endsWith(end), wanted)
      await map.reload()
      assert.deepEqual(await map.camera(), cameraOn(offset, scale))
      assert.equal(await map.page.evaluate(() => window.__sfd.mode), mode)
      assert.deepEqual(await map.colours(gridPoints()), before)
    }
  },

  async 'an address typed into the open page leads there, and nonsense leaves the view alone'({
    maps: [map],
    name,
    slots,
  }) {
    const slot = slots.get('usr/lib/deep/target.so') as Slot
    const hash = (rest: string) => `#/${encodeURIComponent(name)}${rest}`
    const go = (to: string) =>
      map.page.evaluate((wanted) => {
        location.hash = wanted
      }, to)
    await go(hash(`@0x${(slot.start + 100).toString(16)},z=4,m=entropy`))
    await map.until('the flight', (scale) => window.__sfd.camera.scale === scale, 16)
    await map.settle()
    assert.deepEqual(await map.camera(), cameraOn(slot.start + 100, 16))
    assert.equal(await map.page.evaluate(() => window.__sfd.mode), 'entropy')
    await map.setMode('class')
    for (const nonsense of ['#/nowhere@0x0,z=1', '#/%E0%A4%A@0x0,z=1', hash('@0x0,z=NaN'), hash('@-5,z=2'), '#<img>']) {
      await go(nonsense)
      await map.settle()
      assert.deepEqual(await map.camera(), cameraOn(slot.start + 100, 16), nonsense)
    }
  },

  async 'the whole map can be used by keys alone'({ maps: [map], slots }) {
    const { page } = map
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key)
      await map.settle()
    }
    await press('Home')
    const home = await map.camera()

    await press('/')
    await page.keyboard.type('deep')
    await map.until('hits', () => document.querySelector('.hits [role=option]') !== null)
    // Enter is for what was typed, not for what is still listed.
    await page.keyboard.type('/target.so')
    await press('Enter')
    await map.until('the pin', () => document.querySelector('.inspector.pinned h2')?.textContent === 'target.so')
    await map.settle()
    const slot = slots.get('usr/lib/deep/target.so') as Slot
    const there = await map.camera()
    const offset = pointToPosition({ x: Math.floor(there.x), y: Math.floor(there.y) })
    assert.ok(offset >= slot.start && offset < slot.start + slot.length, 'the middle of the view lies in the file')
    assert.ok(there.scale > home.scale)
    assert.match(await textOf(map, '.crumbs'), /usr.*lib.*deep.*target\.so/)

    await press('Escape')
    assert.equal(await page.evaluate(() => document.querySelector('.inspector')?.classList.contains('pinned')), false)
    assert.deepEqual(await map.camera(), there, 'the first Escape only lets go')

    await press('ArrowRight')
    const right = await map.camera()
    assert.ok(right.x > there.x && right.y === there.y)
    await press('ArrowDown')
    assert.ok((await map.camera()).y > right.y)
    await press('ArrowLeft', 'ArrowUp')
    await press('+')
    const near = await map.camera()
    assert.ok(near.scale > there.scale)
    await press('-', '-')
    assert.ok((await map.camera()).scale < near.scale)
    for (const [key, mode] of [
      ['2', 'entropy'],
      ['3', 'value'],
      ['4', 'heat'],
      ['5', 'risk'],
      ['1', 'class'],
    ] as const) {
      await press(key)
      assert.equal(await page.evaluate(() => window.__sfd.mode), mode)
      assert.equal(await textOf(map, '.modes [aria-checked=true]'), `${mode}${key}`)
    }

    await press('Enter')
    await map.until('the pinned middle', () => document.querySelector('.inspector.pinned') !== null)
    await press('Escape')
    const before = await map.camera()
    await press('Escape')
    assert.ok((await map.camera()).scale < before.scale, 'then one level up')

    await press('?')
    assert.equal(await page.evaluate(() => document.querySelector('dialog')?.open), true)
    const still = await map.camera()
    await press('ArrowRight', '+')
    assert.deepEqual(await map.camera(), still, 'behind the help nothing moves')
    await press('Escape')
    assert.equal(await page.evaluate(() => document.querySelector('dialog')?.open), false)
    await press('Home')
    assert.deepEqual(await map.camera(), home)
  },

  async 'the focus is always seen, and comes to every control'({ maps: [map] }) {
    const { page } = map
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    const names: string[] = []
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press('Tab')
      const focused = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement
        if (element === document.body) return undefined
        const look = () => {
          const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor } = getComputedStyle(element)
          const outline = outlineStyle === 'none' ? '' : `${outlineStyle} ${outlineWidth} ${outlineColor}`
          return `${outline}|${boxShadow}|${borderColor}`
        }
        const withFocus = look()
        element.blur()
        const without = look()
        element.focus()
        const name = element.getAttribute('aria-label') ?? element.textContent ?? ''
        return { name: name.trim(), isSeen: withFocus !== without, tag: element.tagName }
      })
      if (focused === undefined) continue
      assert.ok(focused.isSeen, `${focused.tag} ${focused.name}: the focus is not seen`)
      assert.notEqual(focused.name, '', `${focused.tag} has a name`)
      names.push(focused.name)
    }
    for (const wanted of [
      /^Map of bricks/,
      /^Go to path/,
      /^Help$/,
      /^class/,
      /^entropy/,
      /^value/,
      /^heat/,
      /^risk/,
      /^not analysed$/,
      /^now$/,
    ]) {
      assert.ok(
        names.some((name) => wanted.test(name)),
        `${wanted} among ${names.join(', ')}`,
      )
    }
  },

  async 'these tests would notice an error, an exception, and what the content policy forbids'({ browser, daemon }) {
    const map = await MapPage.open(browser, daemon.url)
    map.assertQuiet()
    for (const [misdeed, complaint] of [
      [() => console.error('a word of complaint'), /a word of complaint/],
      [() => void Promise.reject(new Error('an exception')), /an exception/],
      [() => document.body.append(Object.assign(document.createElement('script'), { text: '1' })), /script-src/],
      [() => document.body.setAttribute('onclick', '1'), /script-src-attr/],
    ] as const) {
      await map.page.evaluate(misdeed)
      await until('the complaint', () => map.problems.some((problem) => complaint.test(problem)))
      assert.throws(() => map.assertQuiet(), complaint)
    }
    await map.page.close()
  },

  async 'a wrong token beside a session that is good does not end it'({ browser, daemon }) {
    const map = await MapPage.blank(browser)
    await map.expecting(/40[13]/, () => map.goto(new URL('#token=of-another-daemon', daemon.url).href))
    assert.ok(!map.page.url().includes('token'))
    assert.equal(await map.page.locator('.notice').count(), 0)
    assert.equal((await map.page.evaluate(() => window.__sfd.bricks)).length, 1)
    map.assertQuiet()
    await map.page.close()
  },

  async 'a wrong token is refused, and the page says how to get a link'({ browser, daemon, name }) {
    await browser.clearCookies()
    for (const url of [new URL('#token=wrong', daemon.url).href, new URL('/', daemon.url).href]) {
      const stranger = await MapPage.blank(browser)
      const answers: { path: string; status: number }[] = []
      stranger.page.on('response', (response) => {
        answers.push({ path: new URL(response.url()).pathname, status: response.status() })
      })
      await stranger.expecting(/40[13]/, async () => {
        await stranger.page.goto(url)
        await stranger.page.locator('.notice').waitFor()
      })
      assert.match(await textOf(stranger, '.notice'), /sfd status/)
      assert.equal(await stranger.page.evaluate(() => window.__sfd?.bricks.length ?? 0), 0)
      assert.ok(!(await textOf(stranger, 'body')).includes(name), 'no name of a brick is shown')
      assert.ok(!stranger.page.url().includes('wrong'))
      const asked = answers.filter(({ path }) => /^\/(api|b|session|feed)\b/.test(path))
      assert.ok(
        asked.length > 0 && asked.every(({ status }) => status === 401 || status === 403),
        JSON.stringify(asked),
      )
      stranger.assertQuiet()
      await stranger.page.close()
    }
  },
})
