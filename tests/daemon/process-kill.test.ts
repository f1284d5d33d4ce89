/** A process that changes all the time, and a daemon that is killed at any moment: what is committed in the end is what is there. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { connectDaemon } from '../../src/daemon/client.ts'
import { rangeBytes, rangeTarget } from '../../src/read/range.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { chanceOf, seedsOf } from '../fold/chance.ts'
import { compileGrower, Grower, noCompiler } from './grower.ts'
import { assertWhole, makeStage, StagedDaemon } from './stage.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const skip = noCompiler || (!isLong && 'only with SFD_TEST_LONG=1')
const page = 4_096

for (const seed of seedsOf(3)) {
  test(`a daemon that is killed again and again has every page in the end, seed ${seed}`, { skip }, async (t) => {
    const { folder, state } = makeStage(t)
    const chance = chanceOf(seed)
    const grower = await Grower.start(t, compileGrower(folder))
    const places = [{ start: await grower.map(256 * page, 'A'), pages: 256 }]
    const letter = (): string => String.fromCharCode(0x61 + chance.below(26))
    const change = async (): Promise<void> => {
      const pages = 1 + chance.below(40)
      const kind = chance.below(10)
      if (kind === 0) places.push({ start: await grower.map(pages * page, letter()), pages })
      else if (kind === 1) await grower.grow(pages * page, letter())
      else {
        const place = chance.pick(places)
        await grower.write(place.start + chance.below(place.pages * page), letter())
      }
    }
    const sources = [`proc:${grower.pid}`]
    for (let round = 0; round < 6; round++) {
      const daemon = await StagedDaemon.start(t, { state, sources })
      const endMs = performance.now() + chance.below(4_000)
      while (performance.now() < endMs) await change()
      await daemon.running.kill('SIGKILL')
      for (let more = chance.below(20); more > 0; more--) await change()
    }
    const daemon = await StagedDaemon.start(t, { state, sources })
    await daemon.becomes('polled')
    for (let more = 0; more < 50; more++) await change()
    await connectDaemon(state).control('/api/sync')
    const { name } = await daemon.brick()
    const brick = join(state, 'bricks', `${name}.brick`)
    await daemon.running.kill('SIGKILL')
    assert.ok(comparePages(brick, grower) > 256)
    await assertWhole(brick)
  })
}

/** Every page that the brick holds against what the process has; how many. */
function comparePages(brick: string, grower: Grower): number {
  const file = BrickFile.open(utf8(brick))
  let pages = 0
  try {
    const view = new BrickView(file, file.readHeadOnce())
    for (const { path, mapping, extents = [] } of view.entries()) {
      if (mapping === undefined) continue
      for (const { start, length } of extents) {
        const range = { from: start, to: start + length }
        const held = Buffer.concat([...rangeBytes(view, rangeTarget(view, path), range)])
        const there = grower.memory(Number(mapping.address) + start, length)
        assert.ok(held.equals(there), `${mapping.address.toString(16)} + ${start}: ${length} bytes`)
        pages += length / page
      }
    }
  } finally {
    file.close()
  }
  return pages
}
