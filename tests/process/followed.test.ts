/** A process that is followed, look after look, its brick against an independent reading after each of them. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { LeafPool } from '../../src/fold/leaf-pool.ts'
import { createBrick, type OpenBrick } from '../../src/fold/open-brick.ts'
import { reconcile } from '../../src/fold/reconcile.ts'
import { verify } from '../../src/read/verify.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { clock, random } from '../fold/lab.ts'
import { witness } from '../fold/witness.ts'
import { bytesOfMappings } from './brick.ts'
import { hold, independentPages, letGo, Subject, withCompiler } from './subject.ts'
import { Watching } from './watching.ts'

const never = { skip: withCompiler.skip === false ? witness.skip : withCompiler.skip }

/** What it does between two looks, in the order in which it is told. */
const acts = [
  ['write 20 5'],
  [],
  ['write 200 9', 'share'],
  ['drop', 'brk 40'],
  ['brk 400', 'write 3 1'],
  ['leak 600'],
  ['split'],
  ['down', 'replace'],
  ['unmap'],
]

test('a process that changes is in its brick, look after look, as it is', never, async (t) => {
  const subject = await Subject.start(t)
  const follower = new Follower(t, subject.pid)
  hold(t, subject.pid)
  const first = await follower.follow()
  await assertIsIn(t, follower, subject.pid)
  for (const lines of acts) {
    letGo(subject.pid)
    for (const line of lines) await subject.tell(line)
    hold(t, subject.pid)
    const read = await follower.follow()
    assert.ok(
      read < first / 2 || lines.some((line) => line.startsWith('leak')),
      `${read} bytes after ${lines.join(', ')}`,
    )
    await assertIsIn(t, follower, subject.pid)
  }
  await follower.assertSound()
})

class Follower {
  readonly path: string
  readonly #watching: Watching
  readonly #brick: OpenBrick
  readonly #pool = new LeafPool({ workers: 1 })

  constructor(t: TestContext, pid: number) {
    const folder = mkdtempSync(join(tmpdir(), 'sfd-followed-'))
    this.path = join(folder, 'x.brick')
    this.#watching = new Watching(t, pid)
    this.#brick = createBrick(utf8(this.path), random)
    t.after(async () => {
      await this.#pool.close()
      this.#brick.writer.close()
      rmSync(folder, { recursive: true, force: true })
    })
  }

  /** One look and what follows from it; bytes of memory that were read for the brick. */
  async follow(): Promise<number> {
    const { artifact, source } = this.#watching
    const found = await this.#watching.look()
    if (found === 'same') return 0
    let bytesRead = 0
    await reconcile(this.#brick, {
      ...{ artifact, lister: artifact.lister, root: source.root, clock, pool: this.#pool, reason: 'test' },
      scopes: [{ path: new Uint8Array(0), reach: 'subtree' }],
      meta: async () => ({
        ...{ unknown: {}, kind: 'process', source: source.root, name: 'x', district: { x: 0, y: 0 } },
        ...{ worldReadable: false, exclude: [], tool: 'test' },
      }),
      signal: new AbortController().signal,
      commit: 'changed',
      onProgress: ({ doneBytes }) => {
        bytesRead = doneBytes
      },
    })
    return bytesRead
  }

  async assertSound(): Promise<void> {
    const { writer } = this.#brick
    assert.ok(writer.head)
    const view = new BrickView(writer.file, writer.head)
    const { signal } = new AbortController()
    const { damaged } = await verify({ view, signal, pause: async () => undefined, onProgress: () => undefined })
    assert.deepEqual(damaged, [])
  }
}

/** Every present page that can be read is in the brick with its bytes, and no other page is. */
async function assertIsIn(t: TestContext, { path }: Follower, pid: number): Promise<void> {
  const expected = await independentPages(pid)
  const mappings = bytesOfMappings(t, path)
  const withoutSpaces = (line: string): string => line.replaceAll(/ +/g, ' ').trimEnd()
  assert.deepEqual(
    mappings.map(({ line }) => line),
    expected.maps.map(withoutSpaces),
  )
  const left = new Map(Object.entries(expected.pages))
  for (const { start, end, unreadable, pages } of mappings) {
    for (const [address, bytes] of pages) {
      const name = address.toString(16)
      assert.equal(createHash('sha256').update(bytes).digest('hex'), left.get(name), `page ${name}`)
      left.delete(name)
    }
    if (unreadable === undefined) continue
    for (const name of left.keys()) {
      const address = Number.parseInt(name, 16)
      if (start <= address && address < end) left.delete(name)
    }
  }
  assert.deepEqual([...left.keys()], [])
}
