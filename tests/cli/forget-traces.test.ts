/** `sfd forget` leaves nothing of the entry in the rest of the state, whoever opens the brick. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { until } from '../daemon/harness.ts'
import { makeStage, StagedDaemon } from '../daemon/stage.ts'
import { describes, Stand } from '../model/stand.ts'
import { bareEnv, sfdPath } from './sfd.ts'

/** Of the entry's name, of what is in it, and of what follows from that. */
const marks = ['zebrastripe', 'GIRAFFE-4711', 'giraffes.example.net'] as const
const content = `# GIRAFFE-4711\nserver = https://giraffes.example.net/feed\nlog = /var/log/giraffes.log\n`

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(sfdPath, args, { env: bareEnv(env), stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`)
  return { stdout, stderr }
}

/** Files of the state that have one of the marks: but bricks, whose old commits keep names, and the feed, which is history. */
function traces(state: string): string[] {
  const found: string[] = []
  const look = (folder: string): void => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && entry.name !== 'bricks') look(path)
      if (!entry.isFile() || entry.name.startsWith('state.db')) continue
      const bytes = fs.readFileSync(path)
      for (const mark of marks) if (bytes.includes(mark)) found.push(`${entry.name}: ${mark}`)
    }
  }
  look(state)
  return found.sort()
}

test('what the state knows of a forgotten entry goes with it', async (t) => {
  const { folder, tree, state } = makeStage(t)
  fs.chmodSync(tree, 0o755)
  fs.writeFileSync(join(tree, 'zebrastripe.conf'), content)
  fs.writeFileSync(join(tree, 'kept.conf'), 'listen = 10.1.2.3:80\n')
  fs.mkdirSync(state, { recursive: true, mode: 0o700 })
  const stand = await Stand.open(t, describes())
  const brick = join(folder, 'x.brick')
  const at = ['--state', state]
  await run([...at, 'fold', tree, '-o', brick])
  for (const name of ['zebrastripe.conf', 'kept.conf']) {
    await run([...at, 'explain', brick, name], { SFD_MODEL_URL: stand.url })
  }
  await run([...at, 'search', 'zebra', brick])
  assert.ok(traces(state).length > 0, 'there is something to take away')
  const { stderr } = await run([...at, 'forget', brick, 'zebrastripe.conf'])
  assert.equal(stderr, '')
  assert.deepEqual(traces(state), [])
  const log = await run([...at, 'model', 'log'])
  assert.match(log.stdout, /\bforgotten +980 tokens .*\n.*\bdescribed +980 tokens .* kept\.conf\n$/)
})

const long = { skip: process.env['SFD_TEST_LONG'] !== '1' && 'long lane' }

test('so it does where the daemon keeps the brick', long, async (t) => {
  const { tree, state } = makeStage(t)
  fs.chmodSync(tree, 0o755)
  fs.writeFileSync(join(tree, 'zebrastripe.conf'), content)
  fs.copyFileSync('/bin/true', join(tree, 'true'))
  fs.appendFileSync(join(tree, 'true'), '\nhttps://giraffes.example.net/feed\n')
  fs.renameSync(join(tree, 'true'), join(tree, 'zebrastripe'))
  const stand = await Stand.open(t, describes())
  const options = { env: { ...process.env, SFD_MODEL_URL: stand.url } }
  const daemon = await StagedDaemon.start(t, { state, sources: [tree], analysis: 'on', options })
  await until('a description', () => stand.asked.length > 0 && traces(state).length > 2, 60_000)
  const { name } = await daemon.brick()
  const { stderr } = await run(['--state', state, 'forget', name, 'zebrastripe'])
  assert.equal(stderr, '')
  await run(['--state', state, 'forget', name, 'zebrastripe.conf'])
  await daemon.synced()
  assert.deepEqual(traces(state), [])
})
