/**
 * The memory of one process as an artifact: each mapping a file, named by the address of its content's first byte, its
 * pages in memory as data and everything else as holes.
 *
 * `lister` tells of the last look. What a fold asks for again, because it was another one when it was read, is listed
 * anew from the process itself. A process that ended, or was started anew, is SOURCE_ENDED wherever that is found: never
 * an artifact without entries.
 */

import { assert } from '../../base/assert.ts'
import { bytesKey, displayPath } from '../../base/bytes.ts'
import type { EntryMeta, Run, Timestamp } from '../../base/entry.ts'
import { FoundryError } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import type { JsonValue, Region } from '../../base/region.ts'
import type { Artifact, EntryRegions, Lister } from '../artifact.ts'
import type { Listed } from '../describe.ts'
import { AccountNames } from '../names.ts'
import { type Source, sourceName } from '../open.ts'
import type { MemoryChoice } from '../open-artifact.ts'
import { Freezer } from './freeze.ts'
import type { LookedMapping, Owner } from './look-protocol.ts'
import { LookSeat } from './look-thread.ts'
import { keyOfPath, pathOfKey } from './mapping-ident.ts'
import { isReservation } from './mapping-kind.ts'
import { identityOf, processDetails, processEnded } from './open-process.ts'
import { relist } from './relist.ts'

export interface ProcessArtifactOptions {
  readonly clock: Clock
  /** Nothing beside the default where left out. */
  readonly memory?: MemoryChoice
}

/** The caller closes it. Errors: SOURCE_KIND of a source that is no process. */
export function processArtifact(source: Source, options: ProcessArtifactOptions): Artifact {
  return new ProcessArtifact(source, options)
}

export const plainMemory: MemoryChoice = { readSwapped: false, readProtected: false, readDontDump: false, freeze: 'no' }

type Looked = {
  readonly owner: Owner
  readonly unreadable?: string
  readonly mappings: ReadonlyMap<string, LookedMapping>
}

class ProcessArtifact implements Artifact {
  readonly reader = 'memory'
  readonly lister: Lister
  readonly #source: Source
  readonly #clock: Clock
  readonly #memory: MemoryChoice
  readonly #seat: LookSeat
  readonly #freezer: Freezer
  readonly #names = new AccountNames()
  readonly #startedAt: Timestamp
  readonly #about: { readonly [key: string]: JsonValue }
  #last: Looked | undefined
  /** What is to be said of mappings and was not committed yet, by path. */
  readonly #untold = new Map<string, EntryRegions>()
  #isAsked = false
  /** Of the last look, those that were not there any more when they were read. */
  readonly #gone = new Set<string>()

  constructor(source: Source, { clock, memory = plainMemory }: ProcessArtifactOptions) {
    const identity = identityOf(source)
    const details = processDetails(source)
    this.#source = source
    this.#clock = clock
    this.#memory = memory
    this.#startedAt = details.startedAt
    this.#about = aboutOf(details, memory)
    this.#seat = new LookSeat({ root: source.root, startTicks: identity.startTicks, rules: memory })
    this.#freezer = new Freezer(identity, memory.freeze)
    this.lister = {
      stat: (path) => (path.length === 0 ? this.#root() : this.#again(path)),
      walk: (path) => (path.length === 0 ? this.#all() : this.#only(path)),
    }
  }

  async look(signal: AbortSignal): Promise<'looked' | 'same'> {
    try {
      this.#freezer.freeze()
      const answer = await this.#seat.look(this.#clock.monotonicMs(), signal)
      if (answer.kind === 'ended') throw processEnded(identityOf(this.#source))
      if (answer.kind === 'same') {
        this.#freezer.thaw()
        return 'same'
      }
      this.#names.refresh()
      const mappings = new Map(answer.mappings.map((each) => [bytesKey(pathOfKey(each.key)), each] as const))
      const { owner, unreadable } = answer
      this.#gone.clear()
      this.#last = { owner, mappings, ...(unreadable !== undefined && { unreadable }) }
      this.#keepRegions(answer.regions)
      return 'looked'
    } catch (error) {
      this.#freezer.thaw()
      throw error
    }
  }

  noteRead({ path, start, crcs }: { path: Uint8Array; start: number; crcs: Uint32Array }): void {
    const key = keyOfPath(path)
    if (key !== undefined) this.#seat.noteRead({ key, start, sums: crcs })
  }

  *regions(): Generator<EntryRegions> {
    this.#isAsked = true
    yield* this.#untold.values()
  }

  about(): { readonly [key: string]: JsonValue } {
    return this.#about
  }

  settled(): void {
    this.#freezer.thaw()
    this.#seat.tell('settled')
    if (this.#isAsked) this.#untold.clear()
    this.#isAsked = false
  }

  unsettled(): void {
    this.#freezer.thaw()
    this.#seat.tell('unsettled')
    this.#isAsked = false
  }

  async close(): Promise<void> {
    this.#freezer.close()
    await this.#seat.close()
  }

  #keepRegions(told: readonly (readonly [key: number, regions: readonly Region[]])[]): void {
    this.#isAsked = false
    for (const [key, regions] of told) {
      const path = pathOfKey(key)
      this.#untold.set(bytesKey(path), { path, regions })
    }
    for (const key of this.#untold.keys()) if (this.#last?.mappings.has(key) !== true) this.#untold.delete(key)
  }

  get #looked(): Looked {
    assert(this.#last !== undefined, 'a process is listed before it was looked at')
    return this.#last
  }

  *#all(): Generator<Listed> {
    yield this.#root()
    for (const mapping of this.#looked.mappings.values()) yield this.#listed(mapping)
  }

  #only(path: Uint8Array): Listed[] {
    const found = this.#again(path)
    return found === undefined ? [] : [found]
  }

  /** Asked from the process anew: what was listed did not hold when it was read. */
  #again(path: Uint8Array): Listed | undefined {
    const before = this.#looked.mappings.get(bytesKey(path))
    if (before === undefined) return undefined
    const now = relist(this.#source.root, before, { identity: identityOf(this.#source), rules: this.#memory })
    if (now === 'ended') throw processEnded(identityOf(this.#source))
    if (now !== undefined) return this.#listed(now)
    this.#gone.add(bytesKey(path))
    if (2 * this.#gone.size > this.#looked.mappings.size) throw otherProgram(this.#source)
    return undefined
  }

  #root(): Listed {
    const { unreadable } = this.#looked
    const meta = {
      ...this.#common(),
      path: new Uint8Array(0),
      kind: 'dir' as const,
      mode: 0o700,
      size: 0,
      ino: 0n,
      dev: 0n,
    }
    return { meta: { ...meta, nlink: 2, ...(unreadable !== undefined && { unreadable }) } }
  }

  #listed(mapping: LookedMapping): Listed {
    const { key, lead, size, permissions, fileOffset, dev, ino, name, unreadable } = mapping
    const line = { permissions, fileOffset, dev, ino, name }
    const isReserved = isReservation(unreadable)
    const meta: EntryMeta = {
      ...this.#common(),
      path: pathOfKey(key),
      kind: 'file',
      mode: 0o600,
      size: isReserved ? 0 : size,
      ino: mapping.ident,
      dev: mapping.choice,
      nlink: 1,
      mapping: isReserved
        ? { ...line, address: BigInt(key + lead), lead: 0, unread: size - lead }
        : { ...line, address: BigInt(key), lead },
      ...(unreadable === undefined ? { extents: runsOf(mapping.extents) } : { unreadable }),
    }
    return { meta, changed: runsOf(mapping.changed) }
  }

  #common(): Omit<EntryMeta, 'path' | 'kind' | 'mode' | 'size' | 'ino' | 'dev' | 'nlink'> {
    const { uid, gid } = this.#looked.owner
    const [userName, groupName] = [this.#names.userName(uid), this.#names.groupName(gid)]
    return { uid, gid, userName, groupName, mtime: this.#startedAt, ctime: this.#startedAt, rdev: 0n, xattrs: [] }
  }
}

function runsOf(pairs: Float64Array): Run[] {
  const runs: Run[] = []
  for (let i = 0; i < pairs.length; i += 2) runs.push({ start: pairs[i] as number, length: pairs[i + 1] as number })
  return runs
}

function aboutOf(
  { pid, startTicks, boot, comm, command, program, startedAt }: ReturnType<typeof processDetails>,
  { readSwapped, readProtected, readDontDump, freeze }: MemoryChoice,
): { readonly [key: string]: JsonValue } {
  return {
    pid,
    startTicks: String(startTicks),
    boot,
    startedAt: new Date(startedAt.seconds * 1_000).toISOString(),
    comm,
    command,
    program,
    memory: { readSwapped, readProtected, readDontDump, freeze },
  }
}

/** Most of what was listed is not there any more: an exec. Half of one program and half of another is no state of it. */
function otherProgram(source: Source): FoundryError {
  const shown = displayPath(sourceName(source))
  return new FoundryError('SOURCE_REPLACED', `${shown} runs another program since it was looked at. Try again.`)
}
