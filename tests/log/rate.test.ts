/** A program that writes 10,000 lines a second while its log is rotated in each of the four styles. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { utf8 } from '../../src/base/bytes.ts'
import { logArtifact } from '../../src/source/log/log-artifact.ts'
import { openLog } from '../../src/source/log/open-log.ts'
import { rotateByCopy, rotateByRename, shift } from './log-writer.ts'
import { ModelBrick } from './model-brick.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const linesPerSecond = 10_000
const lineCount = linesPerSecond * (isLong ? 30 : 2)
const program = join(import.meta.dirname, 'line-writer-child.ts')
const clock = { nowNs: () => BigInt(Date.now()) * 1_000_000n, monotonicMs: () => performance.now() }

type Style = 'rename' | 'copytruncate' | 'compress' | 'own' | 'logrotate' | 'logrotate copytruncate'
const hasLogrotate = spawnSync('logrotate', ['--version']).error === undefined

const rotations: Readonly<Record<Style, (path: string, writer: ChildProcess) => void>> = {
  rename: (path, writer) => {
    rotateByRename(path, { keep: 100 })
    writer.kill('SIGHUP')
  },
  copytruncate: (path) => rotateByCopy(path, { keep: 100 }),
  compress: (path, writer) => {
    shift(path, { keep: 100 })
    if (fs.existsSync(`${path}.2`)) execFileSync('gzip', [`${path}.2`])
    fs.renameSync(path, `${path}.1`)
    writer.kill('SIGHUP')
  },
  own: () => {},
  logrotate: (path, writer) => {
    rotateByLogrotate(path, 'create 0644\ncompress\ndelaycompress')
    writer.kill('SIGHUP')
  },
  'logrotate copytruncate': (path) => rotateByLogrotate(path, 'copytruncate\ncompress'),
}

/** As cron runs it, but at once. */
function rotateByLogrotate(path: string, directives: string): void {
  const folder = dirname(path)
  const config = join(folder, 'logrotate.conf')
  fs.writeFileSync(config, `${path} {\nrotate 100\nmissingok\n${directives}\n}\n`, { mode: 0o644 })
  const state = join(folder, 'logrotate.state')
  const { status, stderr } = spawnSync('logrotate', ['--force', '--state', state, config], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}

async function follow(style: Style): Promise<{ readonly brick: ModelBrick; readonly looks: number }> {
  const folder = fs.mkdtempSync(join(tmpdir(), 'log-'))
  const path = join(folder, 'app.log')
  fs.writeFileSync(path, '')
  const brick = new ModelBrick()
  const open = (): ReturnType<typeof logArtifact> =>
    logArtifact(openLog(utf8(path)), { clock, signal: new AbortController().signal, held: brick.held })
  let artifact = open()
  await brick.round(artifact)
  const own = style === 'own' ? ['own'] : []
  const writer = spawn(process.execPath, [program, path, String(lineCount), String(linesPerSecond), ...own], {
    stdio: 'inherit',
  })
  try {
    const ended = once(writer, 'exit')
    let looks = 0
    while (writer.exitCode === null) {
      if (looks % 4 === 3 && brick.content.length > 0) rotations[style](path, writer)
      if (looks % 11 === 7 && fs.existsSync(path)) {
        await artifact.close?.()
        artifact = open()
      }
      await brick.round(artifact, looks % 5 === 4 ? 'unheard' : looks % 5 === 2 ? 'lost' : 'committed')
      looks++
      await Promise.race([ended, wait(60)])
    }
    // The last line of a file that was left is taken when nobody writes to it for a second.
    for (let same = 0; same < 2; ) same = (await brick.round(artifact)) === 'same' ? same + 1 : 0
    return { brick, looks }
  } finally {
    writer.kill('SIGKILL')
    await artifact.close?.()
    fs.rmSync(folder, { recursive: true })
  }
}

function numbersOf(brick: ModelBrick): { readonly at: number; readonly number: number }[] {
  const found = []
  for (const match of brick.content.toString('latin1').matchAll(/.*\n/g)) {
    const [, number] =
      /^2026-01-02T03:04:05Z writer\[7\]: INFO line (\d+) of many, as long as lines are\n$/.exec(match[0]) ?? []
    assert.ok(number !== undefined, `a broken line: ${JSON.stringify(match[0])}`)
    found.push({ at: match.index, number: Number(number) })
  }
  return found
}

for (const style of Object.keys(rotations) as Style[]) {
  const skip = style.startsWith('logrotate') && !hasLogrotate ? 'logrotate is not installed' : false
  test(`${style}: ${linesPerSecond} lines a second, none lost without a gap, none doubled`, {
    concurrency: true,
    skip,
  }, async (t) => {
    const { brick, looks } = await follow(style)
    const found = numbersOf(brick)
    const gaps = new Set(brick.gaps.map(({ offset }) => offset))
    let next = 0
    for (const { at, number } of found) {
      assert.ok(
        number === next || (number > next && gaps.has(at)),
        `line ${number} came at ${at}, where ${next} had to be`,
      )
      next = number + 1
    }
    if (!style.endsWith('copytruncate')) {
      assert.deepEqual([...gaps], [])
      assert.equal(next, lineCount)
    }
    t.diagnostic(`${found.length} of ${lineCount} lines in ${looks} looks, ${gaps.size} gaps`)
  })
}
