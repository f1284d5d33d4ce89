/** `sfd explain` and the commands around it: what the brick has of a model's words, who may read the state, what stands first. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { analyzerSetVersion } from '../../src/analysis/analyzers.ts'
import { type Description, descriptionRegion } from '../../src/analysis/model/description.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { contentsName } from '../../src/brick/meta-analysis.ts'
import { systemRandom } from '../../src/cli/adapters.ts'
import { spoken } from '../../src/cli/model-words.ts'
import { type LabelRequest, labelCommit } from '../../src/fold/label-commit.ts'
import { openBrick } from '../../src/fold/open-brick.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { bareEnv, sfd, sfdPath } from '../cli/sfd.ts'
import { Events, modelId, Stand } from './stand.ts'

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-words-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const size = 26
const said: Description = {
  kind: 'described',
  role: 'configuration',
  title: 'critical  FILE  world-writable',
  summary: 'Settings of a small service.',
  risk: 'none',
  riskReason: '',
  evidence: ['kind of file: ASCII text'],
  confidence: 'high',
  mentionsInstructions: false,
  by: {
    ...{ server: 'http://127.0.0.1:1', modelRequested: modelId, modelReported: modelId, prompt: 'p/1', schema: 's/1' },
    ...{ from: 'content', exchange: '20261122-223014-3f9a', isCached: false },
  },
}

test('what the brick has of a model is shown, said to be the brick’s, and nobody is asked', async (t) => {
  const folder = folderOf(t)
  const source = join(folder, 'source')
  mkdirSync(source)
  writeFileSync(join(source, 'a.conf'), 'x'.repeat(size))
  const path = join(folder, 'x.brick')
  assert.equal(sfd(['fold', source, '-o', path]).status, 0)
  const brick = openBrick(utf8(path), systemRandom)
  const { head } = brick.writer
  assert.ok(head)
  const view = new BrickView(brick.writer.file, head)
  const analysis: LabelRequest['analysis'] = {
    ...{
      version: analyzerSetVersion,
      generation: view.record.generation,
      state: 'whole',
      ...contentsName(view.record),
    },
    ...{ entries: 1, analysed: 1, model: { state: 'ready', labelled: 1 }, placeless: [] },
  }
  const described = [descriptionRegion({ offset: 0, length: size }, said)]
  const labels = [{ path: utf8('a.conf'), described }]
  assert.ok(labelCommit(brick, { labels, analysis, time: { seconds: 1, nanoseconds: 0 } }))
  brick.writer.close()
  for (const more of [[], ['--no-model']]) {
    const { stdout, stderr } = sfd(['explain', path, 'a.conf', ...more], { env: { SFD_MODEL: 'off' } })
    assert.doesNotMatch(stdout, /No model was used/, stderr)
    assert.match(stdout, new RegExp(`\nDescribed by ${modelId}, as the brick has it; nobody has verified it\n`))
    assert.match(stdout, /\n {2}model: critical {2}FILE|\n {2}model: critical FILE/)
    assert.match(
      stdout,
      /\n {2}model: Settings of a small service\.\n {2}it is 60 % sure, because of\n {4}kind of file/,
    )
  }
})

test('lines of a model are marked, each of them, however long its words are', () => {
  for (const words of ['a', 'critical high '.repeat(40), 'x'.repeat(500), 'a\n! critical\u001b[2J']) {
    const lines = spoken(words).split('\n')
    assert.ok(
      lines.every((line) => /^ {2}model: [^\n]{0,68}$/.test(line)),
      JSON.stringify(lines),
    )
  }
  const whole = spoken('one two three '.repeat(20))
  assert.ok(whole.startsWith(spoken('one two three one two')), 'what was printed stays as it is')
})

test('who may not read the state is told so, by every command, and what to do', async (t) => {
  if (process.geteuid?.() !== 0) return t.skip('needs another user')
  const folder = folderOf(t)
  chmodSync(folder, 0o755)
  const state = join(folder, 'state')
  mkdirSync(join(state, 'model'), { recursive: true })
  writeFileSync(join(state, 'accepted.json'), '{"schema":1,"accepted":[]}')
  chmodSync(state, 0o700)
  const stranger = { uid: 65_534, gid: 65_534 }
  for (const command of ['findings', 'model log', 'status', 'search x', 'feed']) {
    const child = spawn(sfdPath, ['--state', state, ...command.split(' ')], {
      ...stranger,
      env: bareEnv({ HOME: folder }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    const [stderr, status] = await Promise.all([text(child.stderr), ended])
    assert.match(stderr, /^sfd: STATE_UNREADABLE: .*state may not be read.*Run the command as .*--state\.\n$/, command)
    assert.equal(status, 1)
  }
})

test('while a model is asked, stderr says which one and for how long', async (t) => {
  const folder = folderOf(t)
  chmodSync(folder, 0o755)
  const source = join(folder, 'source')
  mkdirSync(source)
  writeFileSync(join(source, 'a.conf'), 'listen = 10.1.2.3:80\nlog = /var/log/x.log\n')
  const path = join(folder, 'x.brick')
  assert.equal(sfd(['fold', source, '-o', path]).status, 0)
  const stand = await Stand.open(t, (answer) => void new Events(answer))
  const child = spawn(sfdPath, ['--state', join(folder, 'none'), 'explain', path, 'a.conf'], {
    env: bareEnv({ SFD_MODEL_URL: stand.url }),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let stderr = ''
  for await (const part of child.stderr) {
    stderr += String(part)
    if (/asking/.test(stderr)) break
  }
  assert.match(stderr, new RegExp(`sfd: asking ${modelId}, \\d+ s\n`))
})
