/** Is a portable set what its manifest says: every brick there, whole, and at the commit whose tree hash is in the set's hash? */
import { FoundryError } from '../base/errors.ts'
import type { SetBrick } from '../store/set-manifest.ts'
import { falseFact, type PortableSet, strangersOf, withSetBrick } from './portable-set.ts'
import { type VerifyReport, verify } from './verify.ts'

export interface SetVerifyRequest {
  readonly set: PortableSet
  readonly signal: AbortSignal
  readonly pause: () => Promise<void>
  readonly onProgress: (progress: {
    readonly brick: SetBrick
    readonly doneBytes: number
    readonly totalBytes: number
  }) => void
}

export interface VerifiedBrick {
  readonly brick: SetBrick
  /** Undefined where it is not there, or not the one that the manifest names. */
  readonly report: VerifyReport | undefined
  readonly failure: { readonly code: string; readonly message: string } | undefined
}

export interface SetVerifyReport {
  readonly ok: boolean
  readonly bricks: readonly VerifiedBrick[]
  /** Bricks in the folder that are not of the set; no damage. */
  readonly strangers: readonly string[]
}

/** Errors: CANCELLED, and those of the disk. */
export async function verifySet(request: SetVerifyRequest): Promise<SetVerifyReport> {
  const { set, signal } = request
  const bricks: VerifiedBrick[] = []
  for (const brick of set.manifest.bricks) {
    signal.throwIfAborted()
    bricks.push(await verifyOne(request, brick))
  }
  return { ok: bricks.every(({ report }) => report?.ok === true), bricks, strangers: strangersOf(set) }
}

async function verifyOne(request: SetVerifyRequest, brick: SetBrick): Promise<VerifiedBrick> {
  const { set, signal, pause, onProgress } = request
  try {
    const report = await withSetBrick(set, brick, (view) => {
      const what = falseFact(view, brick)
      if (what !== undefined) {
        throw new FoundryError('BRICK_DAMAGED', `The manifest is wrong about ${brick.file}: its ${what} is another.`)
      }
      return verify({ view, signal, pause, onProgress: (done) => onProgress({ brick, ...done }) })
    })
    return { brick, report, failure: undefined }
  } catch (error) {
    if (!(error instanceof FoundryError) || error.code === 'CANCELLED') throw error
    return { brick, report: undefined, failure: { code: error.code, message: error.message } }
  }
}
