/**
 * A brick's file in the hands of its keeper: open for writing while all goes well, and its commits to be shown.
 *
 * After any failure it is closed and opened again before the next attempt: what is in memory may be wrong, what is
 * committed never is.
 */
import { chmodSync, fstatSync, statSync } from 'node:fs'
import { displayPath, toHex } from '../base/bytes.ts'
import type { Timestamp } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import type { Random } from '../base/ports.ts'
import type { BrickMeta } from '../brick/meta.ts'
import { isWorldReadable, toolName } from '../fold/fold-source.ts'
import { createBrick, type OpenBrick, openBrick } from '../fold/open-brick.ts'
import { isOfSource, sourceName } from '../source/open.ts'
import type { Head } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { endedCommit } from '../store/ended.ts'
import { statToRead } from '../store/look-at.ts'
import type { Assignment } from './assignment.ts'
import type { DistrictTicket } from './districts.ts'
import { moveAside } from './move-aside.ts'
import { ServedViews } from './served-views.ts'

export interface KeptBrickParts {
  readonly assignment: Assignment
  readonly random: Random
  readonly district: DistrictTicket
}

export class KeptBrick {
  readonly views: ServedViews
  readonly #parts: KeptBrickParts
  #open: OpenBrick | undefined
  #meta: BrickMeta | undefined
  #uuid = ''
  #plannedLength = 0

  constructor(parts: KeptBrickParts) {
    this.#parts = parts
    this.views = new ServedViews(parts.assignment.brickPath)
  }

  /** Empty before it was opened for the first time. */
  get uuid(): string {
    return this.#uuid
  }

  get district(): BrickMeta['district'] {
    return this.#meta?.district ?? { x: 0, y: 0 }
  }

  /** Length that a first fold is going to have; 0 where that is not known yet. */
  get plannedLength(): number {
    return this.#meta === undefined ? 0 : this.#plannedLength
  }

  /** Opens it, or makes it where there is none. Errors: BRICK_*, DISK_*. */
  open(): OpenBrick {
    if (this.#open !== undefined) return this.#open
    const { brickPath } = this.#parts.assignment
    const isThere = statToRead(brickPath) !== undefined
    const brick = isThere ? this.#openExisting() : createBrick(brickPath, this.#parts.random)
    this.#open = brick
    this.#uuid = toHex(brick.writer.uuid)
    return brick
  }

  /** META for a brick of that length, what its source says `about` itself, and its place on the map. */
  async meta(length: number, about?: BrickMeta['about']): Promise<BrickMeta> {
    const { assignment, district } = this.#parts
    const { source, name, rules } = assignment
    this.#plannedLength = length
    const { x, y } = this.#meta?.district ?? (await district.place({ kind: source.kind, length }))
    this.#meta = {
      unknown: {},
      ...this.#meta,
      kind: source.kind,
      source: sourceName(source),
      name,
      district: { x, y },
      worldReadable: isWorldReadable(source),
      exclude: rules.exclude,
      ...(rules.retention !== null && { retention: rules.retention }),
      ...(about !== undefined && { about }),
      tool: toolName,
    }
    return this.#meta
  }

  /** META as it was last known: also of a brick that is made anew. */
  get remembered(): BrickMeta | undefined {
    return this.#meta
  }

  /** False where the brick was deleted, or another file has its name: nobody would find what is committed. */
  isInPlace(): boolean {
    if (this.#open?.writer.head === undefined) return true
    const here = fstatSync(this.#open.writer.file.fd, { bigint: true })
    const named = statSync(Buffer.from(this.#parts.assignment.brickPath), { bigint: true, throwIfNoEntry: false })
    return named?.ino === here.ino && named.dev === here.dev
  }

  /** Lets the file go, and what was shown of it. `aside`: where it was moved, undefined where it was gone. */
  leave(isThere: 'there' | 'gone'): Uint8Array | undefined {
    this.discard()
    this.views.close()
    return isThere === 'there' ? moveAside(this.#parts.assignment.brickPath) : undefined
  }

  /** Which folder the last commit was made of; undefined where that is not known. */
  rootIdentity(): { readonly dev: bigint; readonly ino: bigint } | undefined {
    const root = this.open().model.get(new Uint8Array(0))
    return root?.dev === undefined || root.ino === undefined ? undefined : { dev: root.dev, ino: root.ino }
  }

  committed(head: Head): void {
    this.views.add(head)
  }

  /** Says in one last commit that the source has ended; undefined where there is none to follow. Errors: BRICK_*, DISK_*. */
  ended(time: Timestamp): Head | undefined {
    this.discard()
    return endedCommit(this.open().writer, time)
  }

  /** Closes the file; the next `open` recovers what is committed. */
  discard(): void {
    this.#open?.writer.close()
    this.#open = undefined
  }

  /** The file was replaced by another with the same commits: turns to that. Errors: BRICK_*. */
  reopen(): void {
    this.discard()
    this.views.reopen()
  }

  /** Nobody waits for a place of this one. */
  giveUpDistrict(): void {
    this.#parts.district.giveUp()
  }

  close(): void {
    this.giveUpDistrict()
    this.discard()
    this.views.close()
  }

  #openExisting(): OpenBrick {
    const { random, assignment } = this.#parts
    const { brickPath, source } = assignment
    const brick = openBrick(brickPath, random)
    const { meta } = new BrickView(brick.writer.file, brick.recovery.head)
    if (!isOfSource(meta, source)) {
      brick.writer.close()
      const [shown, other, wanted] = [brickPath, meta.source, sourceName(source)].map(displayPath)
      throw new FoundryError(
        'BRICK_OTHER_SOURCE',
        `${shown} holds ${other}, not ${wanted}. Name another destination, or move that file away.`,
      )
    }
    this.#meta = meta
    if (!meta.worldReadable) closeToOthers(brickPath)
    this.views.add(brick.recovery.head)
    this.giveUpDistrict()
    return brick
  }
}

/** A brick is never more readable than its source. */
function closeToOthers(path: Uint8Array): void {
  const { mode } = statSync(Buffer.from(path))
  if ((mode & 0o077) !== 0) chmodSync(Buffer.from(path), mode & 0o700)
}
