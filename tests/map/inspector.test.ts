/** The inspector tells the truth, and names from outside are shown as names wherever they appear. */
import assert from 'node:assert/strict'
import { displayPath } from '../../src/base/bytes.ts'
import { pointToPosition } from '../../src/hilbert/curve.ts'
import type { InspectAnswer } from '../../src/wire/api.ts'
import { until } from '../daemon/harness.ts'
import { askServer } from './ask-server.ts'
import { browserSuite, type MapPage, type ScreenPoint, viewport } from './browser.ts'
import type { Slot } from './known-space.ts'
import { cameraOn, hostileNames, markup, openPageStage, type PageStage } from './page-stage.ts'

const inspectedCount = 20
const middle = { x: viewport.width / 2, y: viewport.height / 2 }
/** Parts of names that are looked for in all that was written. */
const shownParts = [markup, '<svg onload', 'שלום עולם']
/** What must never reach the eye raw: it could reorder, hide or break what stands around it. */
const unsafeCharacters = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

browserSuite('the inspector and names', openPageStage, {
  async 'the inspector tells what the server tells, at twenty places'(stage) {
    const { maps, daemon, uuid, name, slots } = stage
    const commit = await maps[0].page.evaluate(() => window.__sfd.bricks[0]?.commit)
    const other = slots.get('usr/lib/other.so') as Slot
    let unstoredCount = 0
    for (const { offset, scale } of [
      { offset: other.start + other.length - 1, scale: 4 },
      { offset: other.start + 70_000, scale: 32 },
      { offset: (slots.get('usr/lib/deep/target.so') as Slot).start, scale: 1 },
      { offset: (slots.get(`names/${markup}/inner.txt`) as Slot).start, scale: 1.5 },
    ]) {
      await maps[0].show(cameraOn(offset, scale))
      for (const spot of placesAround(stage, { offset, scale, count: inspectedCount / 4 })) {
        await maps[0].page.mouse.move(...spot.at)
        const answer = await askServer<InspectAnswer>(daemon, `/b/${uuid}/${commit}/at?offset=${spot.offset}`)
        await waitForInspector(maps[0], {
          offset: `0x${spot.offset.toString(16)}`,
          content: answer.entry?.contentId ?? '',
        })
        assert.deepEqual(await inspectorFields(maps[0]), expectedFields(answer, name), `offset ${spot.offset}`)
        if (answer.byte === null) unstoredCount++
      }
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
    assert.ok(hostile.length > hostileNames.length)
    let seen = ''
    for (const [path, slot] of hostile) {
      const offset = slot.start + 20
      await map.show(cameraOn(offset, 6))
      await page.mouse.move(middle.x, middle.y)
      await waitForInspector(map, { offset: `0x${offset.toString(16)}`, mode: /./ })
      if (shownParts.some((part) => path.includes(part))) await map.settle({ names: true })
      const texts = await page.evaluate(() =>
        ['.inspector', '.crumbs', '.status', '.legend'].map((one) => document.querySelector(one)?.textContent ?? ''),
      )
      for (const shown of texts) assert.doesNotMatch(shown, unsafeCharacters, path)
      seen += texts.join('\n')
      await assertNoMarkup(map)
    }
    await map.show({ ...(await map.camera()), scale: 1 })
    await map.settle({ names: true })
    const written = await page.evaluate(() => [...window.sfdWritten])
    for (const shown of written) assert.doesNotMatch(shown, unsafeCharacters)
    for (const shown of [seen, written.join('\n')]) {
      for (const part of shownParts) assert.ok(shown.includes(part), `${part} in ${shown}`)
    }
  },
})

/** Pixels around the middle of the view, which lies on `offset`, and the bytes of entries that they show. */
function placesAround(
  { chance, slots }: PageStage,
  options: { offset: number; scale: number; count: number },
): { at: ScreenPoint; offset: number }[] {
  const { offset, scale, count } = options
  const camera = cameraOn(offset, scale)
  const places: { at: ScreenPoint; offset: number }[] = [{ at: [middle.x, middle.y], offset }]
  for (let tries = 0; tries < 4000 && places.length < count; tries++) {
    const at = [middle.x + chance.below(300) - 150, middle.y + chance.below(300) - 150] as const
    const x = Math.floor((at[0] - middle.x) / scale + camera.x)
    const y = Math.floor((at[1] - middle.y) / scale + camera.y)
    const here = x < 0 || y < 0 ? -1 : pointToPosition({ x, y })
    const isSlot = [...slots.values()].some(({ start, length }) => here >= start && here < start + length)
    if (isSlot && places.every((place) => place.offset !== here)) places.push({ at, offset: here })
  }
  assert.equal(places.length, count)
  return places
}

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
  assert.ok(entry !== null)
  const path = displayPath(Buffer.from(entry.path ?? entry.pathHex ?? '', entry.path === undefined ? 'hex' : 'utf8'))
  return {
    heading: path.slice(path.lastIndexOf('/') + 1),
    path: `${brick}/${path}`,
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
