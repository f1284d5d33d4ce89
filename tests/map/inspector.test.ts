/** The inspector tells the truth, and names from outside are shown as names wherever they appear. */
import assert from 'node:assert/strict'
import type { InspectAnswer } from '../../src/wire/api.ts'
import { until } from '../daemon/harness.ts'
import { askServer } from './ask-server.ts'
import { browserSuite, type MapPage, viewport } from './browser.ts'
import type { Slot } from './known-space.ts'
import { cameraOn, hostileNames, markup, openPageStage } from './page-stage.ts'

const inspectedCount = 20
const middle = { x: viewport.width / 2, y: viewport.height / 2 }
/** What must never reach the eye raw: it could reorder, hide or break what stands around it. */
const unsafeCharacters = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

browserSuite('the inspector and names', openPageStage, {
  async 'the inspector tells what the server tells, at twenty places'({
    maps: [map],
    daemon,
    uuid,
    name,
    slots,
    chance,
  }) {
    const files = [...slots].filter(([path]) => /\.so$|inner/.test(path))
    const commit = await map.page.evaluate(() => window.__sfd.bricks[0]?.commit)
    let unstoredCount = 0
    for (let i = 0; i < inspectedCount; i++) {
      const [, slot] = chance.pick(files)
      const offset = slot.start + (i === 0 ? slot.length - 1 : chance.below(slot.length))
      await map.show(cameraOn(offset, chance.pick([1, 4, 32])))
      await map.page.mouse.move(middle.x, middle.y + (i % 2) * 0.25)
      const answer = await askServer<InspectAnswer>(daemon, `/b/${uuid}/${commit}/at?offset=${offset}`)
      await waitForInspector(map, { offset: `0x${offset.toString(16)}`, content: answer.entry?.contentId ?? '' })
      assert.deepEqual(await inspectorFields(map), expectedFields(answer, name), `offset ${offset}`)
      if (answer.byte === null) unstoredCount++
    }
    assert.ok(unstoredCount > 0 && unstoredCount < inspectedCount, `${unstoredCount} places without a byte`)
  },

  async 'what is pinned stays, and a click on a value copies it'({ maps: [map], daemon, uuid, slots }) {
    const { page } = map
    const offset = (slots.get('usr/lib/other.so') as Slot).start + 4_321
    await map.show(cameraOn(offset, 8))
    await page.mouse.click(middle.x, middle.y)
    await page.mouse.move(middle.x + 200, middle.y + 100)
    const commit = await page.evaluate(() => window.__sfd.bricks[0]?.commit)
    const answer = await askServer<InspectAnswer>(daemon, `/b/${uuid}/${commit}/at?offset=${offset}`)
    const { hash } = answer.tile
    const contentId = answer.entry?.contentId
    assert.ok(hash !== null && contentId !== null && contentId !== undefined)
    await waitForInspector(map, { offset: `0x${offset.toString(16)}`, content: contentId })
    for (const [name, value] of [
      ['offset', `0x${offset.toString(16)}`],
      ['hash', hash],
      ['content', contentId],
    ] as const) {
      await page.locator(`.inspector.pinned dt:text-is("${name}") + dd button`).click()
      await map.until('the copy', async (wanted) => (await navigator.clipboard.readText()) === wanted, value)
    }
    const spoken = await page.evaluate(() => document.querySelector('[aria-live=polite]')?.textContent)
    assert.match(spoken ?? '', /other\.so, offset [0-9a-f]+ hex, byte/)
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    await page.keyboard.press('Escape')
    await map.until('the end of the pin', () => document.querySelector('.inspector.pinned') === null)
  },

  async 'in the search names are names: markup, marks and control characters do nothing'({ maps: [map] }) {
    const { page } = map
    await page.keyboard.press('/')
    for (const query of [markup, ...hostileNames.map(([, part]) => part)]) {
      await page.keyboard.press('ControlOrMeta+A')
      await page.keyboard.press('Delete')
      await map.until('an empty list', () => document.querySelector('.hits [role=option]') === null)
      await page.keyboard.insertText(query)
      await map.until('a hit', () => document.querySelector('.hits [role=option] .path') !== null)
      const hits = await page.evaluate(() =>
        [...document.querySelectorAll('.hits [role=option] .path')].map((one) => one.textContent ?? ''),
      )
      // The list isolates each name itself: one mark before, one behind.
      for (const hit of hits) assert.doesNotMatch(hit.replace(/^\u2066|\u2069$/g, ''), unsafeCharacters, query)
      await assertNoMarkup(map)
    }
    await page.keyboard.press('Escape')
  },

  async 'so they are in labels, breadcrumb and inspector'({ maps: [map], slots }) {
    const { page } = map
    const hostile = [...slots].filter(([path]) => path.startsWith('names/'))
    assert.ok(hostile.length >= hostileNames.length)
    let seen = ''
    for (const [path, slot] of hostile) {
      const offset = slot.start + 20
      await map.show(cameraOn(offset, 6))
      await page.mouse.move(middle.x, middle.y)
      await map.settle({ names: true })
      await waitForInspector(map, { offset: `0x${offset.toString(16)}`, mode: /./ })
      const texts = await page.evaluate(() =>
        ['.inspector', '.crumbs', '.status', '.legend'].map((one) => document.querySelector(one)?.textContent ?? ''),
      )
      for (const shown of texts) assert.doesNotMatch(shown.replaceAll('\u00a0', ' '), unsafeCharacters, path)
      seen += texts.join('\n')
      await assertNoMarkup(map)
    }
    const written = await page.evaluate(() => [...window.sfdWritten])
    for (const shown of written) assert.doesNotMatch(shown, unsafeCharacters)
    for (const shown of [seen, written.join('\n')]) {
      for (const part of [markup, '<svg onload', 'שלום עולם']) assert.ok(shown.includes(part), `${part} in ${shown}`)
    }
  },
})

/** Waits until a click on each of these values of the inspector would copy that. */
async function waitForInspector(map: MapPage, wanted: Readonly<Record<string, string | RegExp>>): Promise<void> {
  await until('the inspector', async () => {
    const fields = await inspectorFields(map)
    return Object.entries(wanted).every(([name, value]) => {
      const text = fields[name] ?? ''
      return typeof value === 'string' ? text === value : value.test(text)
    })
  })
}

/** Nothing of a name has become an element, and nothing of it has run. */
async function assertNoMarkup({ page }: MapPage): Promise<void> {
  const found = await page.evaluate(() => ({
    elements: document.querySelectorAll('img, svg, iframe, script:not([src]), [onerror], [onload]').length,
    hasRun: 'sfdPwned' in window,
  }))
  assert.deepEqual(found, { elements: 0, hasRun: false })
}

/** Heading, path, byte and entropy as shown; of each other value what a click on it would copy. */
function inspectorFields({ page }: MapPage): Promise<Record<string, string>> {
  return page.evaluate(() => {
    const panel = document.querySelector('.inspector')
    const shown = (selector: string) => panel?.querySelector(selector)?.textContent ?? ''
    const fields: Record<string, string> = {
      heading: shown('h2'),
      path: shown('.path'),
      byte: shown('.swatch'),
      bits: shown('.quiet').trim(),
    }
    for (const name of panel?.querySelectorAll('dt') ?? []) {
      fields[name.textContent ?? ''] = name.nextElementSibling?.querySelector('button')?.title ?? ''
    }
    return fields
  })
}

/** The same from the server's answer. */
function expectedFields(answer: InspectAnswer, brick: string): Record<string, string> {
  const { entry, tile, byte, entropy, offset } = answer
  assert.ok(entry !== null && entry.path !== undefined)
  return {
    heading: entry.path.slice(entry.path.lastIndexOf('/') + 1),
    path: `${brick}/${entry.path}`,
    byte: byte === null ? '' : byte.toString(16).padStart(2, '0'),
    bits: entropy === null ? '' : `${entropy.toFixed(2)} bits/byte`,
    'in file': `0x${entry.offset.toString(16)}`,
    offset: `0x${offset.toString(16)}`,
    size: String(entry.size),
    kind: entry.kind,
    mode: `${entry.mode}  ${entry.owner}`,
    changed: entry.mtime,
    content: entry.contentId ?? '',
    tile: String(tile.index),
    hash: tile.hash ?? '',
    brick,
  }
}
