/**
 * Runs the sync machine against a model disk for a minute of its time, as a seed says: hints are lost, merged, delayed
 * and reordered, reconciles fail, the disk goes away, the store is full, the process dies; and checks all the while what
 * the machine promises. A seed is a whole schedule: the same seed, the same run. Long because it is one world.
 */
import assert from 'node:assert/strict'
import { bytesKey, utf8 } from '../../src/base/bytes.ts'
import { type Barrier, BrickSync, type SyncOrder } from '../../src/sync/brick-sync.ts'
import type { SyncPolicy } from '../../src/sync/sync-policy.ts'
import { type Chance, chanceOf } from '../fold/chance.ts'
import { EventQueue } from './event-queue.ts'
import { type ModelRecord, ModelWork } from './model-brick.ts'
import { HintChannel, ModelDisk, type ModelHint } from './model-disk.ts'

export const simulatedPolicy: SyncPolicy = {
  settleMs: 15,
  commitDistanceMs: 200,
  maxWaitMs: 2_000,
  bytesPerSecond: 100_000,
  burstBytes: 500_000,
  rescanMs: 8_000,
  pollMs: null,
  restPerPoll: 4,
  scrubMs: 20_000,
  scrubSliceBytes: 3,
  scrubShare: 0.25,
  retryFirstMs: 100,
  retryMaxMs: 1_000,
  racyAgainMs: 60,
  tornFirstMs: 250,
}

/** Rescan and scrub would find much of what the other misses: some schedules have only one of them. */
function policyOf(seed: number): SyncPolicy {
  if (seed % 4 === 1) return { ...simulatedPolicy, scrubMs: null }
  if (seed % 4 === 2) return { ...simulatedPolicy, rescanMs: null }
  return simulatedPolicy
}

const stormMs = 40_000
const workMsMax = 300
const silentFolder = 'd2'
const silentPollMs = 1_000
/** A hint waits for a reconcile under way, a rest, its own wait, and its own reconcile. */
const lagMsMax = simulatedPolicy.maxWaitMs + 4 * workMsMax

interface Waiting {
  readonly barrier: Barrier
  /** What had to be known when it was made. */
  readonly owed: ReadonlyMap<string, { readonly change: number; readonly content: number | undefined }>
}

export interface SimulationReport {
  readonly commits: number
  readonly reconciles: number
  readonly scrubs: number
  readonly crashes: number
  readonly barriers: number
  readonly torn: number
}

/** Throws an AssertionError where a promise is broken. */
export function simulate(seed: number): SimulationReport {
  return new Simulation(chanceOf(seed), policyOf(seed)).run()
}

class Simulation {
  readonly #chance: Chance
  readonly #policy: SyncPolicy
  readonly #disk = new ModelDisk()
  readonly #events = new EventQueue()
  #sync: BrickSync
  #channel: HintChannel
  /** What is durable. */
  #brick: ReadonlyMap<string, ModelRecord> = new Map()
  /** Of each path: the last change that a finished look could know of. Not lost in a crash: what is on disk is as it says. */
  readonly #seen = new Map<string, number>()
  #waiting: Waiting[] = []
  #acknowledged: Waiting['owed'][] = []
  /** A life of the process; what belongs to an earlier one is dropped. */
  #life = 0
  #isDown = false
  #timer = 0
  #isHurried = false
  /** When the reconcile of the last commit began. */
  #lastCommitMs = Number.NEGATIVE_INFINITY
  #balanceBytes = simulatedPolicy.burstBytes
  #balanceAtMs = 0
  /** Until then nothing is promised of lag: something failed. */
  #troubleUntilMs = 0
  #pass: { readonly beganMs: number; readonly paths: readonly string[]; next: number } | undefined
  #isStorm = true
  readonly #report = { commits: 0, reconciles: 0, scrubs: 0, crashes: 0, barriers: 0, torn: 0 }

  constructor(chance: Chance, policy: SyncPolicy) {
    this.#chance = chance
    this.#policy = policy
    this.#sync = this.#newSync()
    this.#channel = this.#openChannel()
  }

  run(): SimulationReport {
    for (let i = 0; i < 12; i++) this.#disk.write(this.#somePath(), 0)
    this.#begin()
    this.#scheduleStorm()
    this.#events.runUntil(stormMs, () => this.#checkLag())
    this.#endStorm()
    this.#checkQuiet()
    return this.#report
  }

  get #nowMs(): number {
    return this.#events.nowMs
  }

  // What happens to the disk.

  #scheduleStorm(): void {
    const { happens, below } = this.#chance
    this.#channel.lossPercent = happens(50) ? 0 : below(30)
    const paceMs = 1 + below(150)
    const edit = (): void => {
      if (!this.#isStorm) return
      this.#edit()
      this.#events.after(this.#chance.below(2 * paceMs), edit)
    }
    this.#events.after(0, edit)
    if (happens(40)) this.#appendForever(this.#somePath(), 1 + below(3))
    for (const [percent, act] of [
      [60, () => this.#crash()],
      [40, () => this.#unmount()],
      [30, () => this.#fillStore()],
    ] as const) {
      for (let i = 0; i < 3; i++) if (happens(percent)) this.#events.after(below(stormMs - 6_000), act)
    }
    for (let i = 0; i < 8; i++) this.#events.after(below(stormMs), () => this.#askForSync())
  }

  #appendForever(path: string, everyMs: number): void {
    const endMs = this.#chance.below(stormMs)
    const append = (): void => {
      if (this.#nowMs > endMs || !this.#isStorm) return
      this.#told(this.#disk.write(path, this.#nowMs))
      this.#events.after(everyMs, append)
    }
    this.#events.after(this.#chance.below(endMs + 1), append)
  }

  #edit(): void {
    const { below } = this.#chance
    const [a, b] = [this.#somePath(), this.#somePath()]
    const disk = this.#disk
    const now = this.#nowMs
    const what = below(100)
    if (what < 50) this.#told(disk.write(a, now))
    else if (what < 62) this.#told(disk.remove(a))
    else if (what < 75) this.#told(disk.rename(a, b, now))
    else if (what < 80) this.#told(disk.renameFolder(`d${below(2)}`, `d${below(2)}`))
    else if (what < 90) disk.writeElsewhere(a, now)
    else disk.writeSilently(a)
  }

  #somePath(): string {
    const { below } = this.#chance
    const folder = below(4)
    return folder === 3 ? `f${below(6)}` : `d${folder}/f${below(5)}`
  }

  /** Of one folder no events come at all. */
  #told(hints: readonly ModelHint[]): void {
    if (!this.#isDown) this.#channel.send(hints.filter(({ path }) => !path.startsWith(silentFolder)))
  }

  #crash(): void {
    if (this.#isDown) return
    this.#report.crashes++
    this.#life++
    this.#isDown = true
    this.#waiting = []
    this.#pass = undefined
    this.#checkAcknowledged()
    this.#events.after(this.#chance.below(2_000), () => {
      this.#isDown = false
      this.#sync = this.#newSync()
      this.#channel = this.#openChannel()
      this.#begin()
    })
  }

  #unmount(): void {
    this.#disk.isAway = true
    this.#events.after(this.#chance.below(3_000), () => {
      this.#disk.isAway = false
      this.#trouble()
      if (this.#isDown) return
      this.#sync.hintAll(this.#nowMs, 'overflow')
      this.#pump()
    })
  }

  #fillStore(): void {
    if (this.#isDown) return
    this.#sync.pause('StoreFull')
    const life = this.#life
    this.#events.after(this.#chance.below(3_000), () => {
      if (life !== this.#life) return
      this.#trouble()
      this.#sync.resume()
      this.#pump()
    })
  }

  #askForSync(): void {
    if (this.#isDown) return
    this.#channel.flush()
    const barrier = this.#sync.barrier(this.#nowMs)
    this.#isHurried = true
    this.#waiting.push({ barrier, owed: new Map(this.#disk.told) })
    this.#pump()
  }

  // The follower, as the daemon's keeper drives the machine.

  #begin(): void {
    this.#trouble()
    // A new process knows nothing of the pace of the old one.
    this.#lastCommitMs = Number.NEGATIVE_INFINITY
    this.#balanceBytes = simulatedPolicy.burstBytes
    this.#balanceAtMs = this.#nowMs
    this.#isHurried = false
    this.#sync.setPolled(utf8(silentFolder), silentPollMs, this.#nowMs)
    this.#sync.hintAll(this.#nowMs, 'opened')
    this.#pump()
  }

  #newSync(): BrickSync {
    return new BrickSync({ policy: this.#policy, chance: () => this.#chance.below(1_000) / 1_000 })
  }

  #openChannel(): HintChannel {
    const life = this.#life
    const { lossPercent = 0 } = this.#channel ?? {}
    const sink = {
      hint: ({ path, reach }: ModelHint) => {
        this.#sync.hint({ path: utf8(path), reach }, this.#nowMs)
        this.#pump()
      },
      overflow: () => {
        this.#sync.hintAll(this.#nowMs)
        this.#pump()
      },
    }
    const later = (delayMs: number, run: () => void): void => {
      this.#events.after(delayMs, () => {
        if (life === this.#life) run()
      })
    }
    const channel = new HintChannel(this.#chance, sink, later)
    channel.lossPercent = lossPercent
    return channel
  }

  #pump(): void {
    const timer = ++this.#timer
    const isLate = this.#sync.lagMs(this.#nowMs) >= this.#policy.maxWaitMs
    const order = this.#sync.next(this.#nowMs)
    if (order.kind === 'wait') {
      assert.ok(order.untilMs > this.#nowMs, 'a wait for now would be a busy loop')
      this.#events.after(order.untilMs - this.#nowMs, () => {
        if (timer === this.#timer && !this.#isDown) this.#pump()
      })
    }
    if (order.kind === 'reconcile') this.#reconcile(order, isLate)
    if (order.kind === 'scrub') this.#scrub(order.bytesMax)
    this.#release()
  }

  #reconcile(order: Extract<SyncOrder, { kind: 'reconcile' }>, isLate: boolean): void {
    this.#report.reconciles++
    this.#checkPace(order, isLate)
    this.#isHurried = false
    const life = this.#life
    const tookMs = 1 + this.#chance.below(this.#chance.happens(80) ? 30 : workMsMax)
    const endMs = this.#nowMs + tookMs
    const work = new ModelWork(this.#brick, this.#disk, this.#chance)
    let hasFailed = this.#disk.isAway || this.#chance.happens(this.#isStorm ? 3 : 0)
    for (const { path, reach, look } of order.scopes) {
      const scope = { path: bytesKey(path), reach, ...(look && { look }) }
      this.#events.after(this.#chance.below(tookMs), () => {
        if (this.#disk.isAway) hasFailed = true
        // Every read has ended before the commit.
        const soon = (delayMs: number): number => Math.min(this.#nowMs + delayMs, endMs - 0.5)
        work.look(scope, this.#nowMs, (delayMs, run) => this.#events.at(soon(delayMs), run))
      })
    }
    this.#events.after(tookMs, () => {
      if (life !== this.#life) return
      if (hasFailed) this.#fail()
      else this.#finish(work, endMs - tookMs)
      this.#pump()
    })
  }

  #fail(): void {
    this.#trouble()
    this.#sync.failed(this.#nowMs)
    this.#waiting = []
  }

  #finish(work: ModelWork, beganMs: number): void {
    const { changed, racy, torn } = work.result()
    const outcome = changed > 0 || torn.length > 0 ? 'committed' : 'unchanged'
    const writtenBytes = outcome === 'committed' ? 20_000 + 5_000 * changed : 0
    this.#brick = work.records
    for (const [path, change] of work.seen) this.#seen.set(path, change)
    this.#spend(writtenBytes)
    if (outcome === 'committed') {
      this.#report.commits++
      this.#lastCommitMs = beganMs
    }
    this.#report.torn += torn.length
    this.#sync.finished({ outcome, writtenBytes, racy: racy.map(utf8), torn: torn.map(utf8) }, this.#nowMs)
  }

  #scrub(bytesMax: number): void {
    this.#report.scrubs++
    const life = this.#life
    this.#pass ??= { beganMs: this.#nowMs, paths: [...this.#brick.keys()].sort(), next: 0 }
    const pass = this.#pass
    this.#events.after(1 + this.#chance.below(10), () => {
      if (life !== this.#life) return
      if (this.#disk.isAway) this.#sync.failed(this.#nowMs)
      else {
        const slice = pass.paths.slice(pass.next, pass.next + bytesMax)
        pass.next += bytesMax
        for (const path of slice) this.#compare(path)
        const isPassDone = pass.next >= pass.paths.length
        if (isPassDone) this.#pass = undefined
        this.#sync.scrubbed({ bytes: slice.length, isPassDone, passBeganMs: pass.beganMs }, this.#nowMs)
      }
      this.#pump()
    })
  }

  #compare(path: string): void {
    const known = this.#brick.get(path)
    const file = this.#disk.files.get(path)
    if (known === undefined || known.doubt === 'torn' || known.content === file?.content) return
    const isSilent = known.tick === file?.tick && known.ino === file.ino
    this.#sync.hint({ path: utf8(path), reach: 'entry', ...(isSilent && { look: 'content' }) }, this.#nowMs, 'scrub')
  }

  #release(): void {
    this.#waiting = this.#waiting.filter(({ barrier, owed }) => {
      if (!this.#sync.hasReached(barrier)) return true
      this.#report.barriers++
      for (const [path, { change }] of owed) {
        assert.ok((this.#seen.get(path) ?? 0) >= change, `a sync was true too early: change ${change} of ${path}`)
      }
      this.#acknowledged.push(owed)
      this.#checkAcknowledged()
      return false
    })
  }

  // What it promises.

  /** What a sync said to be there is there, unless it changed since. */
  #checkAcknowledged(): void {
    for (const [path, { change, content }] of this.#acknowledged.at(-1) ?? []) {
      if (this.#disk.told.get(path)?.change !== change) continue
      const record = this.#brick.get(path)
      if (content === undefined) assert.equal(record, undefined, `${path} is gone, and said to be there`)
      else assert.ok(record && (record.doubt !== 'none' || record.content >= content), `${path} was lost`)
    }
  }

  #checkLag(): void {
    if (this.#isDown || this.#disk.isAway || this.#sync.pausedBecause !== undefined) return
    if (this.#nowMs < this.#troubleUntilMs) return
    const lagMs = this.#sync.lagMs(this.#nowMs)
    assert.ok(lagMs <= lagMsMax, `a hint waits for ${lagMs} ms`)
  }

  /** Unless somebody waits: the distance, and the byte rate until a hint has waited long enough. */
  #checkPace({ reason }: Extract<SyncOrder, { kind: 'reconcile' }>, isLate: boolean): void {
    if (this.#isHurried) return
    const distanceMs = this.#nowMs - this.#lastCommitMs
    assert.ok(
      distanceMs > simulatedPolicy.commitDistanceMs - 1e-6,
      `${distanceMs} ms after a commit was begun: ${reason}`,
    )
    this.#spend(0)
    assert.ok(this.#balanceBytes > -1 || isLate, `${-this.#balanceBytes} bytes too early: ${reason}`)
  }

  #spend(bytes: number): void {
    const { bytesPerSecond, burstBytes, maxWaitMs } = simulatedPolicy
    const rate = bytesPerSecond as number
    const earned = ((this.#nowMs - this.#balanceAtMs) / 1_000) * rate
    const balance = Math.min(burstBytes, this.#balanceBytes + earned) - bytes
    this.#balanceBytes = Math.max(balance, (-maxWaitMs / 1_000) * rate)
    this.#balanceAtMs = this.#nowMs
  }

  #trouble(): void {
    this.#troubleUntilMs = this.#nowMs + 3 * simulatedPolicy.retryMaxMs + lagMsMax
  }

  #endStorm(): void {
    this.#isStorm = false
    // All that is still to come of the storm: the end of absences, restarts, hints.
    this.#events.runUntil(stormMs + 6_000, () => this.#checkLag())
  }

  /** Once it is quiet: at once what was told, with the rescan what times tell, with the scrub everything. */
  #checkQuiet(): void {
    this.#askForSync()
    const quietMs = this.#nowMs
    const { reconciles, scrubs } = this.#report
    const run = (forMs: number): void => this.#events.runUntil(quietMs + forMs, () => this.#checkLag())
    run(lagMsMax)
    assert.equal(this.#waiting.length, 0, 'a sync never ended')
    const { rescanMs, scrubMs } = this.#policy
    if (rescanMs !== null) {
      run(1.25 * rescanMs + lagMsMax)
      const missed = [...this.#disk.files].filter(([path, { tick }]) => this.#brick.get(path)?.tick !== tick)
      assert.deepEqual(missed, [], 'the rescan missed it')
      assert.equal(this.#brick.size, this.#disk.files.size)
    }
    if (scrubMs !== null) {
      run(scrubMs + lagMsMax)
      const contents = [...this.#disk.files].map(([path, { content }]) => [path, content] as const)
      assert.deepEqual(new Map([...this.#brick].map(([path, { content }]) => [path, content])), new Map(contents))
      const verifiedAtMs = this.#sync.verifiedAtMs ?? Number.NEGATIVE_INFINITY
      assert.ok(verifiedAtMs > this.#nowMs - scrubMs - lagMsMax, `verified at ${verifiedAtMs}, now ${this.#nowMs}`)
    }
    assert.ok(
      [...this.#brick.values()].every(({ doubt }) => doubt === 'none'),
      'a doubt stays',
    )
    this.#checkIdle(this.#nowMs - quietMs, { reconciles, scrubs })
  }

  /** What happens by itself: rescans, polls, what a pass found, doubts; passes in slices. */
  #checkIdle(forMs: number, before: { reconciles: number; scrubs: number }): void {
    const { rescanMs, scrubMs, scrubSliceBytes } = this.#policy
    const files = this.#brick.size
    const rescans = rescanMs === null ? 0 : forMs / (0.75 * rescanMs)
    const reconciles = rescans + forMs / silentPollMs + files + 10
    assert.ok(this.#report.reconciles - before.reconciles <= reconciles, 'reconciles while nothing happened')
    const passes = scrubMs === null ? 0 : forMs / (0.75 * scrubMs) + 2
    const scrubs = passes * Math.ceil((files + 1) / scrubSliceBytes)
    assert.ok(this.#report.scrubs - before.scrubs <= scrubs, `${this.#report.scrubs} slices, ${scrubs} expected`)
  }
}
