/** A map of a tree with files to search for and inspect, and with names that try to be more than names. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { BrowserContext } from 'playwright-core'
import { positionToPoint } from '../../src/hilbert/curve.ts'
import type { Camera } from '../../src/map/view/camera.ts'
import { type RunningDaemon, startDaemon, temporaryFolder } from '../daemon/harness.ts'
import { type Chance, chanceOf } from '../fold/chance.ts'
import { MapPage, openBrowser } from './browser.ts'
import { type Slot, slotsOf } from './known-space.ts'

const seed = 8_128
export const markup = '<img src=x onerror=sfdPwned=1>'
/** Names as Linux allows them, and a part of each to search for. */
export const hostileNames: readonly (readonly [name: string | Buffer, part: string])[] = [
  ['"><svg onload=sfdPwned=1>.txt', 'svg'],
  ['</title><script>sfdPwned=1;<!--'.replaceAll('/', '\u2215'), 'script'],
  ['javascript:sfdPwned=1', 'javascript'],
  ['safe\u202Egnp.exe', 'gnp.exe'],
  ['\u2069\u2066isolated', 'isolated'],
  ['שלום עולם', 'שלום'],
  ['line\nbreak\ttab\u0007bell\u001b[31mred', 'break'],
  ['zero\u200bwidth\ufeff', 'width'],
  ['`$' + '{sfdPwned=1}{{sfdPwned=1}}', 'sfdPwned'],
  ['w'.repeat(255), 'wwww'],
  [Buffer.from([0x6c, 0x61, 0x74, 0x69, 0x6e, 0xe9, 0xff]), 'latin'],
]

declare global {
  interface Window {
    /** Every text that was written on a canvas. */
    sfdWritten: Set<string>
    /** Set by a name that was taken for code. */
    sfdPwned?: unknown
  }
}

export interface PageStage {
  readonly maps: readonly [MapPage]
  readonly browser: BrowserContext
  readonly daemon: RunningDaemon
  readonly tree: string
  readonly slots: ReadonlyMap<string, Slot>
  readonly uuid: string
  readonly name: string
  readonly chance: Chance
}

export async function openPageStage(t: TestContext): Promise<PageStage> {
  const folder = temporaryFolder(t)
  const [tree, state] = [join(folder, `tree ${markup}`), join(folder, 'state')]
  const chance = chanceOf(seed)
  writeTree(tree, chance)
  const [daemon, browser] = await Promise.all([startDaemon(t, { state, sources: [tree] }), openBrowser(t)])
  await browser.grantPermissions(['clipboard-read', 'clipboard-write'])
  const map = await MapPage.blank(browser)
  await map.page.addInitScript(noteWriting)
  await map.goto(daemon.url)
  const brick = await map.page.evaluate(() => window.__sfd.bricks[0])
  assert.ok(brick !== undefined)
  return { maps: [map], browser, daemon, tree, slots: await slotsOf(state), uuid: brick.uuid, name: brick.name, chance }
}

function writeTree(tree: string, chance: Chance): void {
  mkdirSync(join(tree, 'usr', 'lib', 'deep'), { recursive: true })
  mkdirSync(join(tree, 'names', markup), { recursive: true })
  writeFileSync(join(tree, 'usr', 'lib', 'deep', 'target.so'), chance.bytes(50_000))
  writeFileSync(join(tree, 'usr', 'lib', 'other.so'), chance.bytes(150_000))
  writeFileSync(join(tree, 'names', markup, 'inner.txt'), 'inside a folder with a bad name '.repeat(400))
  for (const [name] of hostileNames) {
    const bytes = typeof name === 'string' ? Buffer.from(name) : name
    writeFileSync(Buffer.concat([Buffer.from(join(tree, 'names', '/')), bytes]), chance.bytes(9_000))
  }
}

/** Runs in the page before all else: keeps what is written on canvases, where no element tells it. */
function noteWriting(): void {
  window.sfdWritten = new Set()
  const { fillText } = CanvasRenderingContext2D.prototype
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    window.sfdWritten.add(text)
    fillText.call(this, text, ...rest)
  }
}

/** The camera on the middle of a byte; the brick lies at the world's corner. */
export function cameraOn(offset: number, scale: number): Camera {
  const { x, y } = positionToPoint(offset)
  return { x: x + 0.5, y: y + 0.5, scale }
}
