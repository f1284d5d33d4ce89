/** The user's command, well-behaved and not: what it gets, what becomes of it, and that nothing of it is left. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { eventOf, hookLab, isAlive, run, until } from './lab.ts'

test('a hook gets the brick as its argument, the event on stdin and in its environment, and may print', async (t) => {
  const lab = hookLab(t)
  const script = lab.script(
    'cat > stdin; env > environment; pwd; printf "%s|" "$@"; echo error >&2; umask; echo x > made; ls -l /proc/self/fd | wc -l > fds',
  )
  const changed = [{ change: 'modified', path: 'hosts' }] as const
  const umask = process.umask()
  const result = await run(lab, [script, 'a b', '{brick}'], { event: eventOf({ changed }) })
  assert.deepEqual([result.outcome, result.code], ['ok', 0], result.output.text)
  const { text } = result.output
  assert.ok(text.includes(`${fs.realpathSync(lab.folder)}\n`), text)
  assert.ok(text.includes('a b|/state/bricks/etc.brick|'), text)
  assert.ok(text.includes('error') && text.includes('0077'), text)
  const { changed: _, ...scalars } = eventOf()
  assert.deepEqual(JSON.parse(lab.read('stdin')), { key: 'ab12:4', ...scalars, changed })
  const names = lab
    .read('environment')
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0] ?? '')
  const shells = ['PWD', 'OLDPWD', 'SHLVL', '_']
  assert.deepEqual(
    names.filter((name) => !shells.includes(name) && !name.startsWith('SFD_')).sort(),
    ['PATH', 'LANG', ...(process.env['HOME'] ? ['HOME'] : [])].sort(),
  )
  assert.equal(fs.statSync(lab.file('made')).mode & 0o077, 0)
  assert.equal(process.umask(), umask, 'ours is as it was')
})

test('names with $(..), quotes and newlines reach a hook as data and are never run', async (t) => {
  const lab = hookLab(t)
  const nasty = [
    '$(touch ran)',
    '`touch ran`',
    '"; touch ran; "',
    "'; touch ran; '",
    'a\nb',
    '-rf',
    '\u2028',
    '{brick}',
    '\\',
  ]
  const changed = nasty.map((path) => ({ change: 'added', path }) as const)
  const script = lab.script(
    'cat > stdin; env -0 > environment; for a in "$@"; do printf "%s\\0" "$a"; done > arguments',
  )
  const event = eventOf({ changed, brick: `/state/$(touch ran)'".brick`, task: '`touch ran`\n' })
  const { outcome } = await run(lab, [script, '$(touch ran)', '; touch ran'], { event })
  assert.equal(outcome, 'ok')
  assert.deepEqual(JSON.parse(lab.read('stdin')).changed, changed)
  assert.deepEqual(lab.read('arguments').split('\0').slice(0, -1), ['$(touch ran)', '; touch ran', event.brick])
  assert.ok(lab.read('environment').split('\0').includes(`SFD_TASK=${event.task}`))
  assert.equal(fs.existsSync(lab.file('ran')), false)
})

/** Whether this user may look into every folder of PATH; else a command that is in none of them may be there. */
const lookedEverywhere = (process.env['PATH'] ?? '').split(':').every((folder) => {
  try {
    fs.accessSync(folder, fs.constants.X_OK)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
})

test('what cannot be started, fails or is killed says so', async (t) => {
  const lab = hookLab(t)
  fs.writeFileSync(lab.file('not-executable'), 'x')
  fs.writeFileSync(lab.file('not-a-program'), 'x', { mode: 0o755 })
  const cases: [string[], number | string][] = [
    [['/nowhere/at/all'], 'ENOENT'],
    [['no-such-command-anywhere'], lookedEverywhere ? 'ENOENT' : 'EACCES'],
    [[lab.file('not-executable')], 'EACCES'],
    [[lab.folder], 'EACCES'],
    [[lab.script('exit 7')], 7],
    [[lab.script('kill -9 $$')], 'SIGKILL'],
    [['with\0nul'], 'ERR_INVALID_ARG_VALUE'],
  ]
  for (const [argv, code] of cases) {
    const { outcome, code: said } = await run(lab, argv)
    assert.deepEqual([outcome, said], ['failed', code], argv.join(' '))
  }
})

test('a hook that does not read its input is none the worse, however long that is', async (t) => {
  const lab = hookLab(t)
  const changed = Array.from({ length: 1_000 }, (_, i) => ({ change: 'added', path: `${i}`.repeat(900) }) as const)
  assert.equal((await run(lab, ['true'], { event: eventOf({ changed }) })).outcome, 'ok')
  const closed = lab.script('exec 0<&-; sleep 0.1')
  assert.equal((await run(lab, [closed], { event: eventOf({ changed }) })).outcome, 'ok')
})

test('one that takes too long is ended with all its children, though it ignores SIGTERM', async (t) => {
  const lab = hookLab(t)
  const script = lab.script(
    "trap '' TERM; (trap '' TERM; echo $! ; sleep 1000) & echo $! > child; echo $$ > leader; wait; sleep 1000",
  )
  const { outcome } = await run(lab, [script], { timeoutMs: 500 })
  assert.equal(outcome, 'timeout')
  for (const name of ['leader', 'child']) {
    const pid = Number(lab.read(name))
    assert.ok(pid > 1)
    assert.equal(isAlive(pid), false, name)
  }
})

test('one that ends on SIGTERM has the time to clean up', async (t) => {
  const lab = hookLab(t)
  const script = lab.script("trap 'echo cleaned > cleaned; exit 0' TERM; echo > ready; while :; do sleep 0.01; done")
  const stop = new AbortController()
  const ended = run(lab, [script], { graceMs: 20_000, signal: stop.signal })
  await until('its start', () => fs.existsSync(lab.file('ready')))
  stop.abort()
  assert.equal((await ended).outcome, 'stopped')
  assert.equal(lab.read('cleaned'), 'cleaned\n')
})

test('what it leaves behind in its group is ended when it exits, and its own outcome stands', async (t) => {
  const lab = hookLab(t)
  const script = lab.script('(sleep 1000; sleep 1000) & echo $! > child; exit 0')
  const { outcome } = await run(lab, [script])
  assert.equal(outcome, 'ok')
  assert.equal(isAlive(Number(lab.read('child'))), false)
})

test('one that leaves the group and keeps the pipes open is not waited for', { timeout: 20_000 }, async (t) => {
  const lab = hookLab(t)
  const script = lab.script(
    'setsid sh -c "echo \\$\\$ > apart; exec sleep 1000" & while [ ! -s apart ]; do :; done; echo done',
  )
  const { outcome, output } = await run(lab, [script])
  const apart = Number(lab.read('apart'))
  t.after(() => process.kill(apart, 'SIGKILL'))
  assert.deepEqual([outcome, output.text], ['ok', 'done\n'])
  assert.ok(isAlive(apart))
})

test('a flood of output costs no memory: its first and last part are kept', async (t) => {
  const lab = hookLab(t)
  const script = lab.script('echo first; head -c 5000000 /dev/zero | tr "\\0" x; echo last')
  const before = process.memoryUsage().rss
  const { outcome, output } = await run(lab, [script])
  assert.equal(outcome, 'ok')
  assert.deepEqual([output.bytes, output.truncated], [5_000_011, true])
  assert.ok(output.text.startsWith('first\nxxx') && output.text.endsWith('xxxlast\n'))
  assert.match(output.text, /\[\d+ bytes left out\]/)
  assert.ok(output.text.length < 70_000)
  assert.ok(process.memoryUsage().rss - before < 64 << 20)
})

test('a flood without end is read slowly and ended in time', async (t) => {
  const lab = hookLab(t)
  const { outcome, output } = await run(lab, ['yes'], { timeoutMs: 300 })
  assert.equal(outcome, 'timeout')
  assert.ok(output.truncated && output.bytes < 100 << 20, `${output.bytes}`)
})
