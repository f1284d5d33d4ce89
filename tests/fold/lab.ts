/**
 * A place to fold in: a folder that ends with its test, the real clock and chance, whole folds, and a brick held open so
 * that single scopes can be reconciled as the daemon does it.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import type { Clock, Random } from '../../src/base/ports.ts'
import type { BrickMeta } from '../../src/brick/meta.ts'
import { type FoldReport, type FoldRequest, foldSource, toolName } from '../../src/fold/fold-source.ts'
import { LeafPool } from '../../src/fold/leaf-pool.ts'
import type { Scope } from '../../src/fold/listing.ts'
import { createBrick, type OpenBrick, openBrick } from '../../src/fold/open-brick.ts'
import { type ReconcileRequest, type ReconcileResult, reconcile } from '../../src/fold/reconcile.ts'
import type { Lister } from '../../src/source/artifact.ts'
import { absolutePath, openSource, type Source } from '../../src/source/open.ts'
import { openArtifact } from '../../src/source/open-artifact.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'

export const isLong = process.env['SFD_TEST_LONG'] === '1'
export const isRoot = process.getuid?.() === 0

export const clock: Clock = {
  nowNs: () => BigInt(Date.now()) * 1_000_000n,
  monotonicMs: () => performance.now(),
}
export const random: Random = { bytes: (count) => new Uint8Array(randomBytes(count)) }

export interface Lab {
  readonly folder: string
  readonly source: string
  readonly brick: string
}

/** `within`: where the folder is made; the system's temporary folder if left out. */
export function makeLab(t: TestContext, within = tmpdir()): Lab {
  const folder = mkdtempSync(join(within, 'sfd-fold-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const source = join(folder, 'source')
  mkdirSync(source)
  return { folder, source, brick: join(folder, 'x.brick') }
}

export async function fold(
  { source, brick }: Pick<Lab, 'source' | 'brick'>,
  more: Partial<FoldRequest> = {},
): Promise<FoldReport> {
  return foldSource({
    source: Buffer.from(source),
    brick: Buffer.from(brick),
    exclude: [],
    crossFilesystems: 'no',
    workers: 0,
    clock,
    random,
    signal: new AbortController().signal,
    reason: 'test',
    onProgress: () => undefined,
    ...more,
  })
}

/** The newest commit of a brick, closed with the test. */
export function openView(t: TestContext, brick: string): BrickView {
  const file = BrickFile.open(Buffer.from(brick))
  t.after(() => file.close())
  return new BrickView(file, file.readHeadOnce())
}

/** What a request may say differently from the session's own. */
export type SessionWish = Partial<
  Pick<
    ReconcileRequest,
    'lister' | 'artifact' | 'pool' | 'signal' | 'clock' | 'commit' | 'reason' | 'goneGraceMs' | 'onProgress'
  >
>

/** A brick held open for writing, as the daemon holds it. */
export class Session {
  readonly source: Source
  readonly lister: Lister
  readonly #brickPath: Uint8Array
  #brick: OpenBrick
  readonly #pool = new LeafPool({ workers: 0 })

  constructor(t: TestContext, { source, brick }: Pick<Lab, 'source' | 'brick'>) {
    this.source = openSource(utf8(source))
    this.#brickPath = utf8(brick)
    this.#brick = createBrick(this.#brickPath, random)
    t.after(() => this.#brick.writer.close())
    this.lister = openArtifact(this.source, {
      exclude: [],
      crossFilesystems: 'no',
      clock,
      signal: new AbortController().signal,
      ownFiles: [],
    }).lister
  }

  get brick(): OpenBrick {
    return this.#brick
  }

  get view(): BrickView {
    const { writer } = this.#brick
    if (writer.head === undefined) throw new Error('the session has no commit yet')
    return new BrickView(writer.file, writer.head)
  }

  /** A commit where something is different. */
  async reconcile(scopes: readonly Scope[], wish: SessionWish = {}): Promise<ReconcileResult> {
    return reconcile(this.#brick, {
      scopes,
      lister: this.lister,
      root: this.source.root,
      meta: async () => this.#meta(),
      clock,
      pool: this.#pool,
      signal: new AbortController().signal,
      reason: 'test',
      commit: 'changed',
      onProgress: () => undefined,
      ...wish,
    })
  }

  async reconcileAll(wish: SessionWish = {}): Promise<ReconcileResult> {
    return this.reconcile([{ path: this.source.path, reach: 'subtree' }], wish)
  }

  /** As after a failure, or a restart: what is in memory is thrown away. */
  reopen(): void {
    this.#brick.writer.close()
    this.#brick = openBrick(this.#brickPath, random)
  }

  close(): void {
    this.#brick.writer.close()
  }

  #meta(): BrickMeta {
    return {
      unknown: {},
      kind: this.source.kind,
      source: absolutePath(this.source),
      name: 'x',
      district: { x: 0, y: 0 },
      worldReadable: false,
      exclude: [],
      tool: toolName,
    }
  }
}

export function entryScope(path: string | Uint8Array): Scope {
  return { path: typeof path === 'string' ? utf8(path) : path, reach: 'entry' }
}

export function subtreeScope(path: string | Uint8Array): Scope {
  return { path: typeof path === 'string' ? utf8(path) : path, reach: 'subtree' }
}
