/** Files that change while they are read: one state of them, or marked torn; never a mix that passes for a state. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { utf8 } from '../../src/base/bytes.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { fold, isLong, type Lab, makeLab } from './lab.ts'
import { assertWitnessed, witness } from './witness.ts'
import { contentBytes, stateOf, type WriterMode, writerModes, writeVersion } from './writer-child.ts'

/** A file stays doubtful for 20 ms after it changed. */
const doubtMs = 25
const foldCount = isLong ? 12 : 2
const sparseModes: readonly WriterMode[] = ['shrink']

for (const mode of writerModes) {
  test(`a file that a writer keeps changing (${mode}) is never a mix of its states`, async (t) => {
    const lab = makeLab(t)
    const path = join(lab.source, 'file')
    writeVersion(path, 1)
    await fold(lab)
    const stop = startWriter(t, path, mode)
    for (let i = 0; i < foldCount; i++) {
      await fold(lab, { workers: i % 2 === 0 ? 0 : 2, exclude: ['*.new', '*.away'] })
      assertOneState(lab, mode)
    }
    await stop()
    writeVersion(path, 99)
    await sleep(doubtMs)
    const { torn, unreadable } = await fold(lab, { exclude: ['*.new', '*.away'] })
    assert.deepEqual({ torn, unreadable }, { torn: 0, unreadable: 0 })
    assert.equal(assertOneState(lab, mode), 99)
    if (!witness.skip) await assertWitnessed(lab.brick, { overviews: 'presence' })
  })
}

/**
 * The version of the content; undefined where the entry says that it is not one (torn), or that its times cannot prove
 * that it is (racy): the clock of files ticks every few milliseconds, and a writer may write twice within one tick.
 */
function assertOneState(lab: Lab, mode: WriterMode): number | undefined {
  const file = BrickFile.open(Buffer.from(lab.brick))
  try {
    const view = new BrickView(file, file.readHeadOnce())
    const entry = view.entry(utf8('file'))
    if (entry === undefined || entry.flags.torn || entry.flags.racy || entry.unreadable !== undefined) {
      assert.ok(entry !== undefined || mode === 'come and go', 'the entry is gone, the file never was')
      return undefined
    }
    assert.ok(entry.slot && entry.contentId)
    // Stretched again, the second half of a shrunken file is a hole.
    const length = sparseModes.includes(mode) && entry.extents !== undefined ? contentBytes / 2 : entry.size
    const version = stateOf(view.bytes({ start: entry.slot.start, length }), mode)
    assert.ok(version !== undefined, `${entry.size} bytes of several states passed for one`)
    return version
  } finally {
    file.close()
  }
}

function startWriter(t: TestContext, path: string, mode: WriterMode): () => Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'writer-child.ts'), path, mode], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  t.after(stop)
  return stop
}
