/** kill -9 at random moments of everything that a daemon does at once. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { BrickWitness } from './brick-witness.ts'
import { FeedWitness } from './feed-witness.ts'
import { type RunningDaemon, sfd, sfdPath, startDaemon, temporaryFolder, until } from './harness.ts'
import { seededRandom, TreeEditor } from './random-edits.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const kills = isLong ? 1_000 : 8
/** States that are killed at the same time: a daemon that starts is not busy all the time. */
const stagesCount = isLong ? 2 : 1
const seed = Number(process.env['SFD_TEST_SEED'] ?? 20_261_122)
/** Readers look at the bricks this often while they are written. */
const lookEveryMs = 10
/** That part of the daemons dies before it answers. */
const earlyPart = 0.1
const startMsMax = 700
/** The others die after some commits, at most that many, and some time after the last of them. */
const commitsMax = 4
const laterMsMax = 80
/** Tags and compactions come within that time. */
const careMsMax = 300
/** Or after that time, whether they committed or not. */
const livesMsMax = 3_000
/** The trees are kept small: it is the daemon that is tested. */
const namesMax = 50

class KillStage {
  readonly state: string
  readonly tasks: string
  readonly calls: string
  readonly witnesses: readonly BrickWitness[]
  readonly #editors: readonly TreeEditor[]
  readonly random: () => number
  readonly feed: FeedWitness
  #syncs = 0
  #tags = 0

  constructor(folder: string, ownSeed: number) {
    this.random = seededRandom(ownSeed)
    this.state = join(folder, 'state')
    this.tasks = join(folder, 'tasks')
    this.calls = join(folder, 'calls')
    fs.mkdirSync(this.tasks)
    fs.writeFileSync(this.calls, '')
    this.witnesses = ['one', 'two'].map((name) => this.#task(folder, name))
    this.#editors = this.witnesses.map(({ tree }, index) => new TreeEditor(join(tree, 'edited'), ownSeed + index))
    this.feed = new FeedWitness(({ name, uuid, ...commit }) => {
      const witness = this.witnesses.find((each) => each.name === name) as BrickWitness
      witness.uuid = uuid
      witness.saw(commit)
    })
  }

  get args(): readonly string[] {
    return ['--tasks', this.tasks]
  }

  /** Does everything at once until the daemon is dead. */
  async load(daemon: RunningDaemon, life: AbortSignal): Promise<void> {
    await Promise.all([this.#edit(life), this.#synchronise(daemon, life), this.#care(daemon, life)])
  }

  #task(folder: string, name: string): BrickWitness {
    const tree = join(folder, name)
    fs.mkdirSync(join(tree, 'edited'), { recursive: true })
    // What it has written stays, whoever is killed.
    const script = 'echo "$SFD_UUID $SFD_FROM $SFD_GENERATION" >> "$1"'
    const task = {
      task_id: name,
      type: 'watch_path',
      source: tree,
      on_brick: ['/bin/sh', '-c', script, 'sh', this.calls],
    }
    fs.writeFileSync(join(this.tasks, `${name}.task.json`), JSON.stringify(task))
    return new BrickWitness({ name, tree, path: join(this.state, 'bricks', `${name}.brick`) })
  }

  async #edit(life: AbortSignal): Promise<void> {
    while (!life.aborted) {
      for (const editor of this.#editors) editor.edit()
      for (const witness of this.witnesses) {
        witness.look()
        const edited = join(witness.tree, 'edited')
        const names = fs.readdirSync(edited)
        if (names.length < namesMax) continue
        for (const name of names.slice(namesMax / 2)) fs.rmSync(join(edited, name), { recursive: true })
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
    }
  }

  async #synchronise(daemon: RunningDaemon, life: AbortSignal): Promise<void> {
    while (!life.aborted) {
      const count = ++this.#syncs
      for (const witness of this.witnesses) witness.mark(count)
      if ((await post(daemon, '/api/sync', {})) === 'done') {
        for (const witness of this.witnesses) witness.acknowledged(count)
      }
      await new Promise((resolve) => setTimeout(resolve, 100 * this.random()))
    }
  }

  /** Now and then a tag is given or taken away, or history is compacted. */
  async #care(daemon: RunningDaemon, life: AbortSignal): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, careMsMax * this.random()))
    const witness = this.witnesses[this.random() < 0.5 ? 0 : 1] as BrickWitness
    const { name, highest: generation } = witness
    const choice = this.random()
    if (life.aborted || generation === 0 || choice < 0.4) return
    if (choice < 0.6) {
      await post(daemon, '/api/compact', { name })
      return
    }
    const tag = `tag ${++this.#tags}`
    if ((await post(daemon, '/api/tag', { name, generation, tag })) !== 'done') return
    witness.tagged(tag, generation)
    if (choice < 0.7) return
    // Whether it is taken away is not known where the answer does not come.
    witness.tagged(tag, null)
    await post(daemon, '/api/tag', { name, generation, tag: null })
  }
}

/** `failed`: refused, or nobody answered. */
async function post({ url, token }: RunningDaemon, path: string, body: unknown): Promise<'done' | 'failed'> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  try {
    const answer = await fetch(new URL(path, url), { method: 'POST', headers, body: JSON.stringify(body) })
    await answer.text()
    return answer.ok ? 'done' : 'failed'
  } catch {
    return 'failed'
  }
}

/** A daemon that is killed before anybody knows whether it works. */
async function dieEarly({ state, args }: KillStage, lifeMs: number): Promise<void> {
  const child = spawn(sfdPath, ['up', '--state', state, '--port', '0', '--json', ...args], { stdio: 'ignore' })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  setTimeout(() => child.kill('SIGKILL'), lifeMs)
  await exited
}

async function liveAndDie(t: TestContext, stage: KillStage): Promise<void> {
  const { state, args, random, feed } = stage
  const daemon = await startDaemon(t, { state, sources: [], args })
  feed.follow(daemon)
  const life = new AbortController()
  const wanted = Math.floor(random() * (commitsMax + 1))
  const killed = (async (): Promise<void> => {
    const old = new Promise((resolve) => setTimeout(resolve, livesMsMax))
    await Promise.race([feed.heard(wanted), old])
    await new Promise((resolve) => setTimeout(resolve, laterMsMax * random()))
    life.abort()
    await daemon.kill('SIGKILL')
  })()
  await Promise.all([stage.load(daemon, life.signal), killed])
}

/** Generations that the hook was called for, of each brick. */
function calledFor(calls: string, uuid: string): Set<number> {
  const called = new Set<number>()
  for (const line of fs.readFileSync(calls, 'utf8').split('\n')) {
    const [ofBrick, from, to] = line.split(' ')
    if (ofBrick !== uuid) continue
    for (let generation = Number(from) + 1; generation <= Number(to); generation++) called.add(generation)
  }
  return called
}

interface Outcome {
  readonly generations: readonly number[]
  readonly hookRuns: number
}

async function killAgainAndAgain(t: TestContext, ownSeed: number): Promise<Outcome> {
  const stage = new KillStage(temporaryFolder(t), ownSeed)
  const { state, args, random, witnesses, feed, calls } = stage
  const first = await startDaemon(t, { state, sources: [], args })
  feed.follow(first)
  assert.equal((await sfd(['sync', '--state', state])).code, 0)
  await first.kill('SIGKILL')
  for (let round = 0; round < kills / stagesCount; round++) {
    if (random() < earlyPart) await dieEarly(stage, startMsMax * random())
    else await liveAndDie(t, stage)
    for (const witness of witnesses) await witness.check()
    feed.check()
  }
  const last = await startDaemon(t, { state, sources: [], args })
  feed.follow(last)
  assert.equal((await sfd(['sync', '--state', state])).code, 0)
  const told = (): number[] => witnesses.map(({ uuid }) => feed.generations.get(uuid) ?? 0)
  await until('the feed names every commit', () => witnesses.every(({ highest }, i) => told()[i] === highest))
  await until('every commit reached its hook', () =>
    witnesses.every(({ uuid }, i) => calledFor(calls, uuid).size === told()[i]),
  )
  feed.check()
  await last.kill('SIGTERM')
  for (const witness of witnesses) {
    await witness.check()
    assert.equal((await sfd(['verify', witness.path, '--against', witness.tree])).code, 0)
  }
  const generations = told()
  assert.ok(Math.min(...generations) > kills / stagesCount / 2, `only ${generations} commits: the test proves little`)
  return { generations, hookRuns: fs.readFileSync(calls, 'utf8').split('\n').length - 1 }
}

test(`killed at ${kills} random moments of edits, syncs, tags, compactions and hooks: no brick is bad, nothing that was seen or acknowledged is undone, every commit reaches its hook (seed ${seed})`, async (t) => {
  const seeds = Array.from({ length: stagesCount }, (_, i) => seed + 10 * i)
  const outcomes = await Promise.all(seeds.map((ownSeed) => killAgainAndAgain(t, ownSeed)))
  for (const { generations, hookRuns } of outcomes) {
    t.diagnostic(`generations ${generations.join(' and ')}, ${hookRuns} hook runs`)
  }
})

test('killed during the first fold nothing is left that looks like a brick, and the next start folds anew', async (t) => {
  const folder = temporaryFolder(t)
  const [tree, state] = [join(folder, 'tree'), join(folder, 'state')]
  fs.mkdirSync(tree)
  for (let i = 0; i < 12; i++) fs.writeFileSync(join(tree, `f${i}`), Buffer.alloc(8_000_000, i + 1))
  const daemon = await startDaemon(t, { state, sources: [tree] })
  await until('the fold', () => fs.readdirSync(join(state, 'bricks')).some((name) => name.endsWith('.partial')))
  await daemon.kill('SIGKILL')
  assert.deepEqual(
    fs.readdirSync(join(state, 'bricks')).filter((name) => name.endsWith('.brick')),
    [],
  )
  await startDaemon(t, { state, sources: [tree] })
  assert.equal((await sfd(['sync', '--state', state])).code, 0)
  const left = fs.readdirSync(join(state, 'bricks'))
  assert.equal(left.length, 1, `left: ${left.join(', ')}`)
  assert.equal((await sfd(['verify', join(state, 'bricks', left[0] as string), '--against', tree])).code, 0)
})
