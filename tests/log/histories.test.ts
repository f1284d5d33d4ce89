/**
 * Random histories of a log: written, rotated in every style, packed, deleted, looked at, with commits that fail and
 * restarts in between. What is in the brick is what was written, in order, each line once; where something is missing,
 * a gap says so at that very place.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { type Chance, chanceOf, seedsOf } from '../fold/chance.ts'
import { LogBench } from './log-bench.ts'
import { pack, rotateByCopy, rotateByRename, shift } from './log-writer.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const stepsPerHistory = 60

type Style = 'renamed' | 'copied' | 'deleted' | 'any'

/** One step of a history. A writer that holds a file open is told to reopen it only now and then. */
async function step(bench: LogBench, chance: Chance, style: Style): Promise<void> {
  const { log } = bench
  const options = { keep: style === 'deleted' ? 2 : 200 }
  const rotations = {
    renamed: ['rename', 'nocreate'],
    copied: ['copy'],
    deleted: ['rename'],
    any: ['rename', 'nocreate', 'copy'],
  }
  const kind = chance.pick([
    'write',
    'write',
    'write',
    'look',
    'look',
    'look',
    'part',
    'pack',
    'restart',
    'rotate',
    'rotate',
  ])
  if (kind === 'write') log.write(1 + chance.below(chance.pick([3, 60, 900])))
  if (kind === 'look')
    await bench.brick.round(bench.artifact, chance.pick(['committed', 'committed', 'lost', 'unheard']))
  if (kind === 'restart') await bench.restart()
  if (kind === 'part' && style === 'renamed') {
    log.beginLine()
    await bench.brick.round(bench.artifact)
    log.endLine()
  }
  // Later than a writer that was not told yet may write to it.
  const isPacked = kind === 'pack' && (style === 'renamed' || style === 'deleted')
  if (isPacked && fs.existsSync(`${log.path}.2`)) {
    // What gets its inode next is younger, as it always is where nobody rotates a thousand times a second.
    bench.passInstant()
    pack(`${log.path}.2`, chance.pick(['gz', 'zst']))
  }
  if (kind !== 'rotate') return
  const how = chance.pick(rotations[style])
  bench.passInstant()
  if (how === 'copy') rotateByCopy(log.path, options, () => chance.happens(30) && log.write(2))
  if (how === 'rename') rotateByRename(log.path, options)
  if (how === 'nocreate') {
    shift(log.path, options)
    fs.renameSync(log.path, `${log.path}.1`)
    if (chance.happens(50)) await bench.brick.round(bench.artifact)
  }
  if (how === 'copy') return
  if (chance.happens(50)) log.write(1 + chance.below(3))
  if (chance.happens(30)) await bench.brick.round(bench.artifact, chance.pick(['committed', 'lost', 'unheard']))
  log.reopen()
}

async function check(style: Style, seed: number): Promise<void> {
  const bench = new LogBench()
  const chance = chanceOf(seed)
  try {
    // Of a file that was empty whenever it was seen, nothing can be proven later.
    bench.log.write(1)
    await bench.look()
    for (let i = 0; i < stepsPerHistory; i++) await step(bench, chance, style)
    bench.later(3_600_000_000_000n)
    await bench.look()
    await bench.look()
    const missing = bench.missingWithoutGap()
    assert.deepEqual(missing, [], `style ${style}, seed ${seed}`)
    if (style === 'renamed') bench.assertWhole()
  } finally {
    await bench.close()
  }
}

for (const style of ['renamed', 'copied', 'deleted', 'any'] as const) {
  test(`${style}: nothing is lost without a gap, nothing doubled, whatever fails in between`, async () => {
    for (const seed of seedsOf(isLong ? 500 : 6)) await check(style, seed)
  })
}
