/** A map with a history: a brick that the test changes, and what each of its commits must look like. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type Palette, palettes } from '../../src/map/draw/palette.ts'
import type { CommitRow, CommitsAnswer } from '../../src/wire/api.ts'
import { sfd } from '../daemon/harness.ts'
import { chanceOf } from '../fold/chance.ts'
import { askServer } from './ask-server.ts'
import type { KnownSpace } from './known-space.ts'
import { LiveMap, type Spot } from './live-map.ts'

export const tile = 65_536
const stepCountMax = 20

/** A commit and what the brick's space held then. */
export interface Moment {
  readonly row: CommitRow
  readonly space: KnownSpace
}

export class TimeStage {
  readonly live: LiveMap
  readonly maps: LiveMap['maps']
  readonly uuid: string
  /** Oldest first; the last is now. */
  readonly moments: Moment[] = []

  private constructor(live: LiveMap, uuid: string) {
    this.live = live
    this.maps = live.maps
    this.uuid = uuid
  }

  /** `a.bin`: the first tile; `b.bin`: tiles 4 .. 7. Four moments: the first, `a.bin` changed, `b.bin`, `a.bin` again. */
  static async open(t: TestContext): Promise<TimeStage> {
    const live = await LiveMap.open(
      t,
      new Map([
        ['a.bin', text(tile, 1)],
        ['b.bin', high(4 * tile, 2)],
      ]),
    )
    const [brick] = await live.map.page.evaluate(() => window.__sfd.bricks)
    assert.ok(brick !== undefined)
    const stage = new TimeStage(live, brick.uuid)
    await stage.note()
    await stage.change('a.bin', high(tile, 3))
    await stage.change('b.bin', text(4 * tile, 4))
    await stage.change('a.bin', text(tile, 6))
    return stage
  }

  async change(path: string, bytes: Uint8Array): Promise<void> {
    this.live.write(path, bytes)
    await this.live.follow()
    await this.note()
  }

  /** Writes, and waits until it is committed; the page may show something else. */
  async changeUnseen(path: string, bytes: Uint8Array): Promise<void> {
    this.live.write(path, bytes)
    const { code, stderr } = await sfd(['sync', '--state', this.live.state])
    assert.equal(code, 0, stderr)
  }

  /** The newest commit is a moment, with the space as it is known now. */
  async note(): Promise<void> {
    const [row] = await this.commits()
    assert.ok(row !== undefined)
    this.moments.push({ row, space: this.live.space })
  }

  /** Newest first. */
  async commits(): Promise<readonly CommitRow[]> {
    return (await askServer<CommitsAnswer>(this.live.daemon, `/b/${this.uuid}/commits`)).commits
  }

  moment(at: number): Moment {
    const moment = this.moments.at(at)
    assert.ok(moment !== undefined)
    return moment
  }

  /** Pixels of bytes that are owned. */
  spots(count = 60): Promise<Spot[]> {
    const { space } = this.moment(0)
    return this.live.spots(count, (offset) => space.owned[offset] === 1)
  }

  /** Throws where the picture is not that of `moment`; returns the colours. */
  async check(spots: readonly Spot[], moment: Moment, palette: Palette = palettes.dark): Promise<number[]> {
    const colours = await this.live.map.colours(spots.map(({ at }) => at))
    assert.deepEqual(colours, coloursOf(spots, moment, palette), `the picture of generation ${moment.row.generation}`)
    return colours
  }

  /** The whole brick as it is now, by class: where each case begins, whatever became of the one before. */
  async begin(): Promise<void> {
    const { map } = this.live
    await map.page.evaluate(() => {
      window.__sfd.instant = 'now'
      const { activeElement } = document
      if (activeElement instanceof HTMLElement) activeElement.blur()
    })
    await map.setMode('class')
    await this.live.follow()
    await this.live.showAll()
    const [row] = await this.commits()
    if (row !== undefined && row.generation !== this.moment(-1).row.generation) await this.note()
  }

  /** Steps with the keys until the page shows this moment: a change may have been committed in more than one step. */
  async stepTo(moment: Moment): Promise<void> {
    for (let steps = 0; steps < stepCountMax; steps++) {
      const instant = await this.instant()
      if (instant === moment.row.time) return this.shows(moment)
      await this.press(instant === 'now' || instant > moment.row.time ? '[' : ']')
    }
    assert.fail(`no step leads to generation ${moment.row.generation}`)
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.live.map.page.keyboard.press(key)
    await this.live.map.settle()
  }

  /** RFC 3339, or 'now'. */
  instant(): Promise<string> {
    return this.live.map.page.evaluate(() => window.__sfd.instant)
  }

  /** Waits until the page shows this instant, all of it. */
  async shows(moment: Moment | 'now'): Promise<void> {
    const wanted = moment === 'now' ? 'now' : moment.row.time
    await this.live.map.until(`the instant ${wanted}`, (asked) => window.__sfd.instant === asked, wanted)
    await this.live.map.settle()
  }
}

export function coloursOf(spots: readonly Spot[], { space }: Moment, palette: Palette = palettes.dark): number[] {
  return spots.map(({ offset }) => space.colour({ level: 0, offset, mode: 'class', palette }))
}

export function text(length: number, seed: number): Uint8Array {
  return chanceOf(seed)
    .bytes(length)
    .map((byte) => 0x21 + (byte % 0x5e))
}

export function high(length: number, seed: number): Uint8Array {
  return chanceOf(seed)
    .bytes(length)
    .map((byte) => 0x80 + (byte % 0x7f))
}
