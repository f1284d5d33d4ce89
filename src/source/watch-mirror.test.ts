/**
 * The promise of hints as one property: who keeps a picture of a tree by looking only where hints say, has the true
 * picture after every flush, whatever happened, in whatever order, at whatever speed.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { bytesKey, utf8 } from '../base/bytes.ts'
import { type Listed, listTree, statEntry } from './list.ts'
import { fanotifyRefusal } from './testing/watching.ts'
import { type Hint, startWatcher, type Watcher, type WatchSink } from './watch.ts'

const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-mirror-')))
const cookies = path.join(scratch, 'cookies')
fs.mkdirSync(cookies)
const clock = { monotonicMs: (): number => 0 }
const mirrors = new Map<number, Mirror>()
const sink: WatchSink = {
  hints: (batch) => {
    for (const hint of batch) mirrors.get(hint.root)?.look(hint)
  },
  overflow: () => {
    for (const mirror of mirrors.values()) mirror.lookEverywhere()
  },
  problem: ({ code, message }) => assert.fail(`${code} ${message}`),
  recovered: ({ code }) => assert.fail(`${code} recovered`),
}
const refusal = await fanotifyRefusal()
const watchers: Watcher[] = []
after(async () => {
  for (const watcher of watchers) await watcher.close()
  fs.rmSync(scratch, { recursive: true, force: true })
})

/** A picture of a tree: path -> what identifies the state of its entry. */
class Mirror {
  readonly entries = new Map<string, string>()
  readonly #root: Uint8Array

  constructor(root: string) {
    this.#root = utf8(root)
    this.lookEverywhere()
  }

  lookEverywhere(): void {
    this.look({ root: 0, path: new Uint8Array(0), scope: 'subtree' })
  }

  look(hint: Hint): void {
    const at = bytesKey(hint.path)
    const own = statEntry({ root: this.#root, clock, path: hint.path })
    if (hint.scope === 'subtree' || own?.meta.kind !== 'dir') this.#forget(at)
    const found =
      hint.scope === 'subtree'
        ? listTree({ root: this.#root, clock, subtree: hint.path })
        : own === undefined
          ? []
          : [own]
    for (const listed of found) this.entries.set(bytesKey(listed.meta.path), stateOf(listed))
  }

  #forget(at: string): void {
    const prefix = at === '' ? '' : `${at}/`
    for (const known of this.entries.keys()) if (known === at || known.startsWith(prefix)) this.entries.delete(known)
  }
}

function stateOf({ meta }: Listed): string {
  const { kind, ino, size, mode, nlink, mtime, ctime } = meta
  return [kind, ino, size, mode, nlink, mtime.seconds, mtime.nanoseconds, ctime.seconds, ctime.nanoseconds].join(' ')
}

type Step = (root: string, outside: string) => void

const name = fc.constantFrom('a', 'b', 'c')
const place = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
const content = fc.string({ maxLength: 20 })
/** Steps that cannot be done (no such directory, not empty) do nothing. */
const step: fc.Arbitrary<Step> = fc.oneof(
  place.map<Step>((at) => (root) => fs.mkdirSync(path.join(root, at), { recursive: true })),
  fc.tuple(place, content).map<Step>(
    ([at, text]) =>
      (root) =>
        fs.writeFileSync(path.join(root, at), text),
  ),
  fc.tuple(place, content).map<Step>(([at, text]) => (root) => {
    fs.mkdirSync(path.dirname(path.join(root, at)), { recursive: true })
    fs.appendFileSync(path.join(root, at), text)
  }),
  fc.tuple(place, place).map<Step>(
    ([from, to]) =>
      (root) =>
        fs.renameSync(path.join(root, from), path.join(root, to)),
  ),
  place.map<Step>((at) => (root) => fs.rmSync(path.join(root, at), { recursive: true })),
  place.map<Step>((at) => (root) => fs.chmodSync(path.join(root, at), 0o750)),
  place.map<Step>((at) => (root) => fs.symlinkSync('a', path.join(root, at))),
  fc.tuple(place, name).map<Step>(([at, to]) => (root, outside) => {
    fs.rmSync(path.join(outside, to), { recursive: true, force: true })
    fs.renameSync(path.join(root, at), path.join(outside, to))
  }),
  fc.tuple(name, place).map<Step>(([from, to]) => (root, outside) => {
    fs.renameSync(path.join(outside, from), path.join(root, to))
  }),
)
/** Steps done at once, without a turn for the watcher's messages in between. */
const bursts = fc.array(fc.array(step, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 })

let rootCount = 0

for (const backend of ['inotify', 'fanotify'] as const) {
  const skip = backend === 'fanotify' && refusal
  test(`${backend}: a picture kept by hints alone is the true one after every flush`, { skip }, async () => {
    const watcher = await startWatcher(sink, { cookieFolder: utf8(cookies), backend })
    watchers.push(watcher)
    await fc.assert(
      fc.asyncProperty(bursts, fc.integer({ min: 0, max: 3 }), (rounds, turns) => follow(watcher, rounds, turns)),
      { numRuns: 150 },
    )
  })
}

async function follow(watcher: Watcher, rounds: readonly (readonly Step[])[], turns: number): Promise<void> {
  const index = rootCount++
  const [root, outside] = [path.join(scratch, `in-${index}`), path.join(scratch, `out-${index}`)]
  for (const folder of [path.join(root, 'a/b'), path.join(outside, 'a/c')]) fs.mkdirSync(folder, { recursive: true })
  await watcher.addRoot({ index, kind: 'tree', path: utf8(root) })
  const mirror = new Mirror(root)
  mirrors.set(index, mirror)
  for (const [round, steps] of rounds.entries()) {
    for (const each of steps) attempt(() => each(root, outside))
    for (let i = 0; i < turns; i++) await turn()
    if (round % 2 === 1) continue
    await watcher.flush()
    assert.deepEqual(sorted(mirror), sorted(new Mirror(root)))
  }
  await watcher.flush()
  assert.deepEqual(sorted(mirror), sorted(new Mirror(root)))
  watcher.removeRoot(index)
  mirrors.delete(index)
}

function attempt(step: () => void): void {
  try {
    step()
  } catch (failed) {
    assert.ok(typeof (failed as NodeJS.ErrnoException).code === 'string', `${failed}`)
  }
}

function sorted(mirror: Mirror): [string, string][] {
  return [...mirror.entries].sort(([a], [b]) => (a < b ? -1 : 1))
}
