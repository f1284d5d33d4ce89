/** A brick that followed a tree through many edits is the brick that a first fold of that tree would make. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { toHex } from '../../src/base/bytes.ts'
import type { Scope } from '../../src/fold/listing.ts'
import { chanceOf, seedsOf } from './chance.ts'
import { assertConsistent, assertNothingMoved, assertSaysTheTree, slotsOf } from './check-session.ts'
import { Editor } from './edits.ts'
import { isLong, makeLab, Session } from './lab.ts'
import { assertWitnessed, witness } from './witness.ts'

const stepCount = isLong ? 100 : 30
/** Between two full checks of everything in the file. */
const deepEvery = isLong ? 4 : 6
/** A file stays doubtful for 20 ms after it changed. */
const doubtMs = 25

for (const seed of seedsOf(isLong ? 20 : 10)) {
  test(`after every edit the brick says the tree, seed ${seed}`, async (t) => {
    const lab = makeLab(t)
    const chance = chanceOf(seed)
    mkdirSync(join(lab.source, 'first'))
    for (let i = 0; i < 8; i++) writeFileSync(join(lab.source, `first/${i}`), chance.bytes(chance.below(9000)))
    const session = new Session(t, lab)
    let doubtful = await follow(session, [{ path: new Uint8Array(0), reach: 'subtree' }])
    const editor = new Editor(lab.source, chance)
    const done: string[] = []
    for (let step = 0; step < stepCount; step++) {
      const slots = slotsOf(session)
      const edited = Array.from({ length: 1 + chance.below(3) }, () => editor.edit())
      done.push(edited.map(({ what }) => what).join(' + '))
      try {
        if (chance.happens(5)) session.reopen()
        doubtful = await follow(session, [...doubtful, ...edited.flatMap(({ hints }) => hints)])
        assertSaysTheTree(session)
        assertNothingMoved(slots, session)
        if (step % deepEvery === 0) assertConsistent(session)
      } catch (error) {
        throw new Error(`seed ${seed}, step ${step}: ${done.slice(-4).join('; ')}`, { cause: error })
      }
    }
    while (doubtful.length > 0) {
      await sleep(doubtMs)
      doubtful = await follow(session, doubtful)
    }
    assertConsistent(session)
    const { treeHash, metaHash } = session.view.record
    session.close()
    const fresh = new Session(t, { source: lab.source, brick: join(lab.folder, 'fresh.brick') })
    await fresh.reconcileAll()
    assert.equal(toHex(treeHash), toHex(fresh.view.record.treeHash))
    assert.equal(toHex(metaHash), toHex(fresh.view.record.metaHash))
    if (!witness.skip) await assertWitnessed(lab.brick)
  })
}

/** The hints of the next round: files that changed so shortly before that their times prove nothing. */
async function follow(session: Session, scopes: readonly Scope[]): Promise<Scope[]> {
  const result = await session.reconcile(scopes)
  return result.kind === 'committed' ? result.racy.map((path) => ({ path, reach: 'entry' as const })) : []
}
