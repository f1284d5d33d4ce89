/** Logs in real bricks: folded again and again while they grow, are rotated, and outgrow their place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { TileKind } from '../../src/brick/node.ts'
import { heldContent } from '../../src/fold/held-content.ts'
import { LeafPool } from '../../src/fold/leaf-pool.ts'
import { createBrick, openBrick } from '../../src/fold/open-brick.ts'
import { reconcile } from '../../src/fold/reconcile.ts'
import { logArtifact } from '../../src/source/log/log-artifact.ts'
import { openSource, sourceName } from '../../src/source/open.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { clock, fold, makeLab, random } from '../fold/lab.ts'
import { assertWitnessed } from '../fold/witness.ts'
import { LogWriter, pack, rotateByRename } from './log-writer.ts'

function contentOf(brick: string): string {
  const open = openBrick(utf8(brick), random)
  try {
    const held = heldContent(open)
    return Buffer.from(held?.read(0, held.sizeBytes) ?? []).toString()
  } finally {
    open.writer.close()
  }
}

test('a log folded again and again is the whole stream, through every size and rotation', async (t) => {
  const { source, brick } = makeLab(t)
  const log = new LogWriter(source)
  t.after(() => log.close())
  for (const [index, count] of [3, 40, 700, 700, 1, 3_000, 200, 5_000].entries()) {
    log.write(count)
    if (index % 2 === 1) {
      rotateByRename(log.path, { keep: 9 })
      log.reopen()
      if (index % 4 === 1) pack(`${log.path}.1`, 'gz')
      log.write(1)
    }
    const report = await fold({ source: `log:${log.path}`, brick })
    assert.equal(report.bytes, log.text.length)
  }
  assert.equal(contentOf(brick), log.text)
  await assertWitnessed(brick, { overviews: 'presence' })
})

test('of an empty log there is an empty entry, which fills', async (t) => {
  const { source, brick } = makeLab(t)
  const log = new LogWriter(source)
  t.after(() => log.close())
  assert.equal((await fold({ source: `log:${log.path}`, brick })).bytes, 0)
  log.write(2)
  await fold({ source: `log:${log.path}`, brick })
  assert.equal(contentOf(brick), log.text)
})

test('more than one look takes is folded in several commits, and old bytes are pruned from the front', async (t) => {
  const { folder, source, brick } = makeLab(t)
  const log = new LogWriter(source)
  t.after(() => log.close())
  const kept = 2 ** 20
  const from = openSource(utf8(`log:${log.path}`))
  const open = createBrick(utf8(brick), random)
  const pool = new LeafPool({ workers: 0, idleThreads: 'end' })
  const { signal } = new AbortController()
  const artifact = logArtifact(from, {
    clock,
    signal,
    held: () => heldContent(open),
    limits: { lookBytesMax: 2 ** 18, keptBytesMax: kept },
  })
  t.after(async () => {
    await artifact.close?.()
    await pool.close()
    open.writer.close()
  })
  const place = { district: { x: 0, y: 0 }, worldReadable: false, exclude: [], tool: 'test', unknown: {} }
  const meta = async () => ({
    ...place,
    kind: from.kind,
    source: sourceName(from),
    name: 'x',
    about: artifact.about?.() ?? {},
  })
  const looks = async (): Promise<void> => {
    do {
      await artifact.look?.(signal)
      await reconcile(open, {
        scopes: [{ path: from.path, reach: 'subtree' }],
        lister: artifact.lister,
        artifact,
        root: utf8(folder),
        meta,
        clock,
        pool,
        signal,
        reason: 'test',
        commit: 'changed',
        onProgress: () => {},
      })
    } while (artifact.isBehind)
  }
  await looks()
  for (let i = 0; i < 6; i++) {
    log.write(10_000)
    await looks()
  }
  const held = heldContent(open)
  const head = open.writer.head
  assert.ok(held !== undefined && head !== undefined && head.record.generation > 10)
  assert.equal(held.sizeBytes, log.text.length)
  const last = kept - 2 ** 17
  assert.equal(Buffer.from(held.read(held.sizeBytes - last, last)).toString(), log.text.slice(-last))
  const view = new BrickView(open.writer.file, head)
  const entry = view.entry(from.path)
  assert.equal(entry?.size, log.text.length)
  assert.equal(view.locateTile((entry?.slot?.start ?? 0) / 65_536).kind, TileKind.pruned)
  await assertWitnessed(brick, { overviews: 'presence' })
})
