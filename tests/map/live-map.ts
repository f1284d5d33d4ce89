/** A map of a tree that the test changes: what it must show after each change, and what it showed on the way. */
import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { palettes } from '../../src/map/draw/palette.ts'
import type { BrickInfo, BricksAnswer } from '../../src/wire/api.ts'
import { type RunningDaemon, sfd, startDaemon, temporaryFolder } from '../daemon/harness.ts'
import { type Chance, chanceOf } from '../fold/chance.ts'
import { askServer } from './ask-server.ts'
import { MapPage, openBrowser, type ScreenPoint } from './browser.ts'
import { KnownSpace, slotsOf } from './known-space.ts'
import { writeKnownFile } from './known-tree.ts'

/** All of a brick of eight tiles, but for some rows at either end. */
const viewport = { width: 512, height: 700 }
const seed = 4_711

declare global {
  interface Window {
    /** What `LiveMap.watching` notes: the colours of each point so far. */
    sfdWatched: { colours: Set<string>[]; frames: number; stopped: boolean }
  }
}

interface Watched {
  /** Of each point, in order: the colours that it had in any frame. */
  readonly colours: readonly (readonly number[])[]
  readonly frames: number
}

export class LiveMap {
  readonly maps: readonly [MapPage]
  readonly chance: Chance = chanceOf(seed)
  readonly files: Map<string, Uint8Array>
  readonly tree: string
  readonly state: string
  /** Replaced by tests that start another one. */
  daemon: RunningDaemon
  space: KnownSpace

  private constructor(parts: Pick<LiveMap, 'maps' | 'files' | 'tree' | 'state' | 'daemon' | 'space'>) {
    this.maps = parts.maps
    this.files = parts.files
    this.tree = parts.tree
    this.state = parts.state
    this.daemon = parts.daemon
    this.space = parts.space
  }

  static async open(t: TestContext, files: Map<string, Uint8Array>): Promise<LiveMap> {
    const folder = temporaryFolder(t)
    const [tree, state] = [join(folder, 'tree'), join(folder, 'state')]
    mkdirSync(tree)
    for (const [path, bytes] of files) writeKnownFile(join(tree, path), { bytes })
    const [daemon, browser] = await Promise.all([startDaemon(t, { state, sources: [tree] }), openBrowser(t, viewport)])
    const map = await MapPage.open(browser, daemon.url)
    const live = new LiveMap({ maps: [map], files, tree, state, daemon, space: emptySpace })
    await live.follow()
    await live.showAll()
    return live
  }

  get map(): MapPage {
    return this.maps[0]
  }

  /** One pixel a byte, the middle of the brick's first eight tiles in the middle of the view. */
  async showAll(): Promise<void> {
    await this.map.show({ x: 256, y: 512, scale: 1 })
  }

  write(path: string, bytes: Uint8Array): void {
    this.files.set(path, bytes)
    writeKnownFile(join(this.tree, path), { bytes })
  }

  remove(path: string): void {
    this.files.delete(path)
    rmSync(join(this.tree, path))
  }

  /** Waits with `sfd sync` until all is committed and the page shows it. */
  async follow(): Promise<BrickInfo> {
    const synced = await sfd(['sync', '--state', this.state])
    assert.equal(synced.code, 0, synced.stderr)
    const { bricks } = await askServer<BricksAnswer>(this.daemon, '/api/bricks')
    const [brick] = bricks
    assert.ok(brick !== undefined)
    await this.map.until(
      'the page at the newest commit',
      (commit) => window.__sfd.bricks[0]?.commit === commit,
      brick.commit,
    )
    await this.map.settle()
    const files = new Map([...this.files].map(([path, bytes]) => [path, { bytes }]))
    this.space = new KnownSpace({ length: brick.length, files, slots: await slotsOf(this.state) })
    return brick
  }

  /** Pixels of the present view on whose bytes `wanted` says yes. */
  async spots(count: number, wanted: (offset: number) => boolean): Promise<Spot[]> {
    const camera = await this.map.camera()
    const spots: Spot[] = []
    for (let i = 0; i < 40_000 && spots.length < count; i++) {
      const at = [this.chance.below(viewport.width), this.chance.below(viewport.height)] as const
      const x = (at[0] + 0.5 - viewport.width / 2) / camera.scale + camera.x
      const y = (at[1] + 0.5 - viewport.height / 2) / camera.scale + camera.y
      const offset = this.space.offsetAt({ x, y })
      if (offset !== undefined && wanted(offset)) spots.push({ at, offset })
    }
    assert.equal(spots.length, count, 'the view has enough such points')
    return spots
  }

  /** Throws where a spot has not the colour of its class. */
  async check(spots: readonly Spot[], level = 0): Promise<number[]> {
    const colours = await this.map.colours(spots.map(({ at }) => at))
    const expected = spots.map(({ offset }) => this.colourOf(offset, level))
    assert.deepEqual(colours, expected)
    return colours
  }

  colourOf(offset: number, level = 0): number {
    return this.space.colour({ level, offset, mode: 'class', palette: palettes.dark })
  }

  /** Looks at the spots in every frame while `act` runs. */
  async watching(spots: readonly Spot[], act: () => Promise<void>): Promise<Watched> {
    const { page } = this.map
    await page.evaluate((points) => {
      const watched = { colours: points.map(() => new Set<string>()), frames: 0, stopped: false }
      window.sfdWatched = watched
      const look = (): void => {
        if (watched.stopped) return
        const pixels = window.__sfd.readPixels(points)
        for (const [at, [red, green, blue]] of pixels.entries()) watched.colours[at]?.add(`${red},${green},${blue}`)
        watched.frames++
        requestAnimationFrame(look)
      }
      look()
    }, points(spots))
    await act()
    const { colours, frames } = await page.evaluate(() => {
      window.sfdWatched.stopped = true
      return { colours: window.sfdWatched.colours.map((set) => [...set]), frames: window.sfdWatched.frames }
    })
    return { colours: colours.map((texts) => texts.map(packed)), frames }
  }
}

/** A pixel and the offset of the byte that it shows. */
export interface Spot {
  readonly at: ScreenPoint
  readonly offset: number
}

const emptySpace = new KnownSpace({ length: 0, files: new Map(), slots: new Map() })

function points(spots: readonly Spot[]): ScreenPoint[] {
  return spots.map(({ at }) => at)
}

function packed(text: string): number {
  const [red = 0, green = 0, blue = 0] = text.split(',').map(Number)
  return (red << 16) | (green << 8) | blue
}
