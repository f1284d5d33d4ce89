/** A map of a tree in which something is wrong, and of which every searched byte is known. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { BricksAnswer, FindingsAnswer } from '../../src/wire/api.ts'
import { type RunningDaemon, sfd, startDaemon, temporaryFolder } from '../daemon/harness.ts'
import { chanceOf } from '../fold/chance.ts'
import { askServer } from './ask-server.ts'
import { MapPage, openBrowser } from './browser.ts'
import { type Slot, slotsOf } from './known-space.ts'

const seed = 5_150
export const markup = '<img src=x onerror=sfdPwned=1>'
/** Not those of anybody; joined here so that no tool takes this file for a leak. */
export const leakedKey = ['AKIA', 'Q3EGT7XK4ZP2WJ5N'].join('')
const leakedSecret = ['wK9rVq2LzM7xJ4tB', 'nH8cYp3DfG6sAe1U', 'oR5iXk0Q'].join('')
/** What is searched for, and how often it was written. */
export const needle = 'needle in the hay'
export const needleCount = 23
export const wideCount = 2
const config = `# settings\naws_access_key_id = ${leakedKey}\naws_secret_access_key = ${leakedSecret}\n`
const viewport = { width: 1100, height: 760 }

export interface MeaningStage {
  readonly maps: readonly [MapPage]
  readonly daemon: RunningDaemon
  readonly state: string
  readonly slots: ReadonlyMap<string, Slot>
  readonly uuid: string
  readonly name: string
  /** One more file with a key in it, committed and on the page. */
  leakAgain(): Promise<void>
}

/** Whether it is analysed by now is left to the daemon; see `analyse`. */
export async function openMeaningStage(t: TestContext): Promise<MeaningStage> {
  const folder = temporaryFolder(t)
  const [tree, state] = [join(folder, 'tree'), join(folder, 'state')]
  writeTree(tree)
  const [daemon, browser] = await Promise.all([
    startDaemon(t, { state, sources: [tree], analysis: 'on' }),
    openBrowser(t, viewport),
  ])
  await browser.grantPermissions(['clipboard-read', 'clipboard-write'])
  const map = await MapPage.open(browser, daemon.url)
  const brick = await map.page.evaluate(() => window.__sfd.bricks[0])
  assert.ok(brick !== undefined)
  const leakAgain = async (): Promise<void> => {
    writeFileSync(join(tree, 'etc', 'second.conf'), config)
    const { code, stderr } = await sfd(['sync', '--state', state])
    assert.equal(code, 0, stderr)
    const { bricks } = await askServer<BricksAnswer>(daemon, '/api/bricks')
    await map.until(
      'the second file',
      (count) => (window.__sfd.bricks[0]?.generation ?? 0) >= count,
      bricks[0]?.generation ?? 0,
    )
  }
  return { maps: [map], daemon, state, slots: await slotsOf(state), uuid: brick.uuid, name: brick.name, leakAgain }
}

/** Lets the daemon analyse at once, and waits until the page shows the commit that says what was found. */
export async function analyse({ daemon, state, name, maps: [map] }: MeaningStage): Promise<FindingsAnswer> {
  const { code, stderr } = await sfd(['analyze', name, '--state', state])
  assert.ok(code === 0 || code === 1, stderr)
  const { bricks } = await askServer<BricksAnswer>(daemon, '/api/bricks')
  const commit = bricks[0]?.commit ?? ''
  await map.until('the commit with labels', (wanted) => window.__sfd.bricks[0]?.commit === wanted, commit)
  return askServer<FindingsAnswer>(daemon, '/findings')
}

function writeTree(tree: string): void {
  const chance = chanceOf(seed)
  mkdirSync(join(tree, 'etc'), { recursive: true })
  mkdirSync(join(tree, 'bin'))
  mkdirSync(join(tree, markup))
  writeFileSync(join(tree, 'etc', 'service.conf'), config)
  writeFileSync(join(tree, markup, `${markup}.conf`), config)
  copyFileSync('/bin/ls', join(tree, 'bin', 'list'))
  const hay = Buffer.from(chance.bytes(400_000))
  for (let at = 0; at < needleCount; at++) hay.write(needle, 1_000 + at * 15_013)
  for (let at = 0; at < wideCount; at++) hay.write(needle, 380_001 + at * 4_001, 'utf16le')
  hay.write(`${markup}${needle.toUpperCase()}${markup}`, 399_000)
  writeFileSync(join(tree, 'hay'), hay)
}
