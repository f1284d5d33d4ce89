/** `sfd findings`, `sfd accept` and SARIF, on a folder with faults that were put there. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import type { Log } from 'sarif'
import { makeFolder, type Run, sfd } from '../cli/sfd.ts'

interface FoundJson {
  readonly brick: string
  readonly place: string
  readonly title: string
  readonly severity: string
  readonly rule: string
  readonly evidence: readonly string[]
  readonly accepted?: string
}

const key = { id: 'AKIAQ3EGRZ7XKP5LMN2T', secret: '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' }
let folder = ''
let state = ''
let config = ''
let mount = ''

before((t) => {
  folder = makeFolder(t as Parameters<typeof makeFolder>[0])
  state = join(folder, 'state')
  mkdirSync(join(state, 'bricks'), { recursive: true, mode: 0o700 })
  mount = join(folder, "what's here")
  mkdirSync(mount)
  config = join(mount, 'app.conf')
  writeFileSync(join(mount, 'notes.txt'), 'nothing to see\n')
  keep()
  writeFileSync(config, `aws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n`, { mode: 0o644 })
  keep()
})

/** Makes the brick anew from what is there, and analyses it. */
function keep(): void {
  const brick = join(state, 'bricks', 'app.brick')
  run(['fold', mount, '-o', brick])
  run(['analyze', 'app'])
}

function run(args: readonly string[], status = 0): Run {
  const done = sfd([...args, '--state', state])
  assert.equal(done.status, status, `${args.join(' ')}: ${done.stderr}`)
  return done
}

function found(...args: string[]): FoundJson[] {
  return run(['findings', '--json', ...args])
    .stdout.trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as FoundJson)
}

test('a leaked key is found, and neither it nor its file is told more of than its first characters', () => {
  const all = found()
  assert.deepEqual(new Set(all.map(({ place }) => place)), new Set([config]))
  assert.ok(all.some(({ severity, rule }) => severity === 'high' && rule.startsWith('secret-')))
  const outputs = [
    ['findings', '-v', '--all'],
    ['findings', '--json'],
    ['findings', '--sarif'],
    ['regions', 'app'],
  ]
  for (const args of outputs) {
    const { stdout } = run(args)
    assert.ok(stdout.includes('app.conf'))
    assert.ok(!stdout.includes(key.id.slice(0, 8)) && !stdout.includes(key.secret.slice(0, 8)), args.join(' '))
  }
})

test('what is accepted is out of the list, told with its reason elsewhere, and comes back', () => {
  const [first] = found()
  assert.ok(first !== undefined)
  run(['findings', '--fail-on', 'high'], 1)
  for (const rule of new Set(found().map((one) => one.rule))) run(['accept', rule, config, '--reason', 'a test key'])
  assert.match(run(['findings']).stdout, /Nothing of severity medium or graver\.\n.*accepted: sfd accept --list/)
  run(['findings', '--fail-on', 'high'])
  assert.ok(found().every(({ accepted }) => accepted === 'a test key'))
  const { results } = sarif()
  assert.deepEqual(results?.[0]?.suppressions, [{ kind: 'external', justification: 'a test key' }])
  assert.match(run(['accept', '--list']).stdout, /^secret-.*app\.conf.*a test key$/m)
  assert.equal(statSync(join(state, 'accepted.json')).mode & 0o777, 0o600)
  run(['accept', '--undo', first.rule, config])
  assert.match(run(['findings']).stdout, new RegExp(first.rule))
  assert.match(run(['accept', '--undo', first.rule, config], 2).stderr, /is not accepted/)
  rmSync(join(state, 'accepted.json'))
})

test('a list of accepted findings that cannot be understood is left as it is', () => {
  const file = join(state, 'accepted.json')
  writeFileSync(file, '{"schema": 1, "accepted": [{"rule": 5}]}')
  assert.match(run(['findings'], 2).stderr, /accepted\.json is no list of accepted findings\. Repair it/)
  assert.match(run(['accept', 'a', '/b'], 2).stderr, /accepted\.json is no list/)
  assert.equal(readFileSync(file, 'utf8'), '{"schema": 1, "accepted": [{"rule": 5}]}')
  rmSync(file)
})

test('only what is new since a commit is listed', () => {
  const commits = run(['log', 'app', '--json'])
    .stdout.trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { generation: number })
  const newest = commits[0]?.generation as number
  assert.deepEqual(found('--since', '1'), found())
  assert.deepEqual(found('--since', String(newest)), [])
})

test('SARIF has rules, places and fingerprints that stay while the finding does', () => {
  const { results, tool } = sarif()
  assert.ok(results !== undefined && results.length > 0)
  const rules = (tool.driver.rules ?? []).map(({ id }) => id)
  for (const { ruleId, ruleIndex, level, message, locations, partialFingerprints } of results) {
    assert.equal(rules[ruleIndex as number], ruleId)
    assert.equal(level, 'error')
    assert.ok((message.text ?? '').length > 0 && message.markdown === undefined)
    const { artifactLocation, region } = locations?.[0]?.physicalLocation ?? {}
    assert.equal(
      new URL(artifactLocation?.uri ?? '').pathname,
      new URL(`file://${encodeURI(config).replaceAll("'", '%27')}`).pathname,
    )
    assert.ok((region?.byteLength ?? 0) > 0)
    assert.match(partialFingerprints?.['sfdFinding/v1'] ?? '', /^[0-9a-f]{64}$/)
  }
  const fingerprints = () =>
    sarif()
      .results?.map((result) => result.partialFingerprints?.['sfdFinding/v1'])
      .sort()
  const earlier = fingerprints()
  writeFileSync(config, `# moved down by a line\n${readFileSync(config, 'utf8')}`)
  keep()
  assert.deepEqual(fingerprints(), earlier)
})

test('what the screen leaves out is counted, and what was not analysed is told', () => {
  assert.match(
    run(['findings', '--severity', 'critical']).stdout,
    /Nothing of severity critical.*\n.*milder ones?: --severity info/,
  )
  run(['fold', '/etc/hostname', '-o', join(state, 'bricks', 'other.brick')])
  const { stderr } = run(['findings'])
  assert.match(stderr, /other was not analysed yet: sfd analyze other/)
  assert.match(
    run(['findings', '--severity', 'urgent'], 2).stderr,
    /no severity urgent: info, low, medium, high, critical/,
  )
  rmSync(join(state, 'bricks', 'other.brick'))
})

test('the command that shows the same can be run as it is printed', () => {
  const printed = run(['findings', '-v']).stdout
  const commands = [...printed.matchAll(/check: (.*)$/gm)].map((match) => match[1] as string)
  assert.ok(commands.length > 0 && commands.every((command) => command.includes(`'\\''s here/app.conf'`)))
})

test('a setuid copy of a shell stands before everything else', {
  skip: process.getuid?.() !== 0 ? 'needs root' : false,
}, () => {
  const copy = join(mount, '.helper')
  writeFileSync(copy, readFileSync('/bin/bash'))
  chmodSync(copy, 0o4755)
  keep()
  const [first] = found()
  assert.equal(first?.place, copy)
  assert.equal(first?.severity, 'critical')
  assert.match(run(['findings']).stdout, /^critical +\S.*\.helper/)
})

function sarif() {
  const log = JSON.parse(run(['findings', '--sarif']).stdout) as Log
  assert.equal(log.version, '2.1.0')
  const [only] = log.runs
  assert.ok(only !== undefined && log.runs.length === 1)
  return only
}
