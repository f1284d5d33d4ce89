/** The state database against crashes, damage, strangers and a disk that comes and goes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { chanceOf, seedsOf } from '../fold/chance.ts'
import { type Lab, makeLab, type Opened, shown } from './lab.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'

/** Every file of a folder with its bytes. */
function contentOf(folder: string): Record<string, string> {
  return Object.fromEntries(fs.readdirSync(folder).map((name) => [name, fs.readFileSync(join(folder, name), 'hex')]))
}

test('what was durable is there after a restart, under the same epoch and with the next number', (t) => {
  const lab = makeLab(t)
  const first = lab.open()
  assert.equal(first.db.found, 'new')
  assert.equal(first.say('a', { uuid: 'u', generation: 4 }), 'durable')
  assert.equal(first.say('b'), 'durable')
  const { epoch } = first.db
  first.db.close()
  const second = lab.open()
  assert.deepEqual([second.db.found, second.db.epoch], ['kept', epoch])
  second.say('c')
  assert.equal(shown(second.after(0)), '1 a, 2 b, 3 c')
  assert.equal(shown(second.after(2)), '3 c')
  assert.deepEqual([second.journal.lastGeneration('u'), second.journal.lastGeneration('v')], [4, undefined])
  assert.deepEqual(lab.said, [])
})

test('a writer that is killed loses nothing that it called durable, and no number twice', async (t) => {
  const rounds = isLong ? 100 : 4
  for (let round = 0; round < rounds; round++) {
    const lab = makeLab(t)
    const child = spawn(process.execPath, [join(import.meta.dirname, 'writer-child.ts'), lab.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const enough = 20 + 37 * round
    let printed = ''
    const exited = once(child, 'close')
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk
      if (printed.split('\n').length > enough) child.kill('SIGKILL')
    })
    await exited
    const promised = Number(printed.split('\n').at(-2))
    assert.ok(promised >= enough - 1)
    const { db, journal, after } = lab.open()
    assert.equal(db.found, 'kept')
    assert.ok(journal.sequence >= promised, `${journal.sequence} of ${promised} promised`)
    const parts = after(0)
    assert.deepEqual(
      parts.map((part) => (part.kind === 'row' ? part.sequence : part)),
      Array.from({ length: journal.sequence }, (_, i) => i + 1),
    )
    assert.equal(journal.lastGeneration('u'), journal.sequence)
  }
})

test('a newer schema is refused and nothing in the folder is touched', (t) => {
  const lab = makeLab(t)
  const { db, say } = lab.open()
  say('a')
  db.close()
  const sql = new DatabaseSync(lab.path)
  sql.exec('pragma user_version = 99')
  sql.close()
  const before = contentOf(lab.folder)
  assert.throws(() => lab.open(), { code: 'STATE_NEWER', message: /99/ })
  assert.deepEqual(contentOf(lab.folder), before)
})

test('what is no database of ours is moved aside, and said', (t) => {
  const foreign = (path: string): void => {
    const sql = new DatabaseSync(path)
    sql.exec('pragma application_id = 7; create table x(y); insert into x values(1)')
    sql.close()
  }
  const cases: Record<string, (path: string) => void> = {
    text: (path) => fs.writeFileSync(path, 'not a database at all\n'.repeat(50)),
    short: (path) => fs.writeFileSync(path, 'SQLite'),
    folder: (path) => fs.mkdirSync(path),
    link: (path) => fs.symlinkSync('elsewhere', path),
    foreign,
  }
  for (const [name, make] of Object.entries(cases)) {
    const lab = makeLab(t)
    make(lab.path)
    const { db, say, after } = lab.open()
    assert.equal(db.found, 'replaced', name)
    assert.equal(say('a'), 'durable')
    assert.equal(shown(after(0)), '1 a')
    assert.match(lab.said.join(), /state\.db\.damaged-1/)
    assert.ok(fs.lstatSync(`${lab.path}.damaged-1`), name)
    assert.ok(fs.lstatSync(lab.path).isFile())
  }
})

test('moved-aside files are numbered on, and only the newest few are kept', (t) => {
  const lab = makeLab(t)
  for (let round = 1; round <= 6; round++) {
    fs.writeFileSync(lab.path, `garbage ${round}`)
    lab.open().db.close()
  }
  const aside = fs.readdirSync(lab.folder).filter((name) => /damaged-\d$/.test(name))
  assert.deepEqual(
    aside.sort(),
    [3, 4, 5, 6].map((number) => `state.db.damaged-${number}`),
  )
  assert.equal(fs.readFileSync(`${lab.path}.damaged-6`, 'utf8'), 'garbage 6')
})

test('only its owner can read it, whatever the umask was or the modes have become', (t) => {
  const lab = makeLab(t)
  const before = process.umask(0)
  try {
    const { db, say } = lab.open()
    say('a')
    const modes = () => fs.readdirSync(lab.folder).map((name) => fs.statSync(join(lab.folder, name)).mode & 0o777)
    assert.deepEqual(new Set(modes()), new Set([0o600]))
    db.close()
    for (const name of fs.readdirSync(lab.folder)) fs.chmodSync(join(lab.folder, name), 0o666)
    lab.open().say('b')
    assert.deepEqual(new Set(modes()), new Set([0o600]))
  } finally {
    process.umask(before)
  }
})

for (const seed of seedsOf(1)) {
  test(`flipped bytes are never served: messages are as they were, or the file is given up, seed ${seed}`, (t) => {
    const chance = chanceOf(seed)
    const lab = makeLab(t)
    const { db, say } = lab.open()
    for (let n = 1; n <= 60; n++) say(`${n}`.repeat(300), { uuid: `brick ${n % 5}`, generation: n })
    const { epoch } = db
    db.close()
    const original = fs.readFileSync(lab.path)
    const witness = fs.readFileSync(`${lab.path}.witness`)
    const same = join(dirname(lab.folder), 'same')
    fs.linkSync(lab.path, same)
    const found = new Map<string, number>()
    for (let round = 0; round < (isLong ? 3_000 : 100); round++) {
      const bytes = Buffer.from(original)
      const at = chance.below(bytes.length)
      const end = Math.min(bytes.length, at + 1 + chance.below(round % 3 === 0 ? 600 : 1))
      for (let i = at; i < end; i++) bytes[i] = (bytes[i] ?? 0) ^ (1 << chance.below(8))
      for (const name of fs.readdirSync(lab.folder)) fs.rmSync(join(lab.folder, name))
      fs.writeFileSync(same, bytes)
      fs.linkSync(same, lab.path)
      fs.writeFileSync(`${lab.path}.witness`, witness)
      const verdict = openDamaged(lab, { epoch, at })
      found.set(verdict, (found.get(verdict) ?? 0) + 1)
    }
    t.diagnostic(JSON.stringify([...found]))
    assert.ok((found.get('replaced') ?? 0) > 10)
  })
}

function openDamaged(lab: Lab, { epoch, at }: { epoch: string; at: number }): string {
  let opened: Opened
  try {
    opened = lab.open()
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'STATE_NEWER', `byte ${at}: ${error}`)
    return 'newer'
  }
  const { db, journal, after } = opened
  if (db.found === 'kept') {
    assert.equal(db.epoch, epoch)
    for (const part of after(0)) {
      if (part.kind === 'row') assert.equal(JSON.parse(part.text).text, `${part.sequence}`.repeat(300), `byte ${at}`)
    }
    assert.equal(journal.lastGeneration('brick 3'), 58, `byte ${at}`)
  } else {
    assert.notEqual(db.epoch, epoch)
    assert.equal(journal.lastGeneration('brick 3'), undefined)
  }
  assert.equal(opened.say('goes on'), 'durable', `byte ${at}`)
  db.close()
  return db.found
}

test('a damaged frame in the middle of the log is noticed, though SQLite drops all that follows without a word', async (t) => {
  const lab = makeLab(t)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'writer-child.ts'), lab.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'close')
  let lines = 0
  child.stdout.on('data', (chunk: Buffer) => {
    lines += chunk.toString().split('\n').length - 1
    if (lines > 40) child.kill('SIGKILL')
  })
  await exited
  const log = fs.readFileSync(`${lab.path}-wal`)
  const frameBytes = 24 + 4096
  const middle = 32 + frameBytes * Math.floor((log.length - 32) / frameBytes / 2) + 24 + 2000
  log[middle] = (log[middle] ?? 0) ^ 0xff
  fs.writeFileSync(`${lab.path}-wal`, log)
  const { db, journal, say } = lab.open()
  assert.ok(journal.sequence < lines, 'SQLite dropped something')
  assert.equal(db.found, 'rolled-back')
  assert.match(lab.said.join(), /not as it was left/)
  assert.equal(journal.lastGeneration('u'), undefined, 'all is told anew')
  assert.equal(say('on'), 'durable')
  db.close()
  assert.equal(lab.open().db.found, 'kept')
})

test('an older backup put back, a copy, or a new file in its place: the epoch is another one', (t) => {
  const begin = () => {
    const lab = makeLab(t)
    const { db, say } = lab.open()
    say('a', { uuid: 'u', generation: 1 })
    return { lab, db, say, epoch: db.epoch, backup: `${lab.folder}/../backup` }
  }
  const cases: Record<string, (made: ReturnType<typeof begin>) => void> = {
    'older backup into the same file': ({ lab, db, say, backup }) => {
      db.close()
      fs.copyFileSync(lab.path, backup)
      const again = lab.open()
      again.say('b')
      again.db.close()
      fs.writeFileSync(lab.path, fs.readFileSync(backup))
      assert.ok(say)
    },
    'copied back with its witness': ({ lab, db, backup }) => {
      db.close()
      fs.copyFileSync(lab.path, backup)
      fs.renameSync(lab.path, `${backup}-old`)
      fs.copyFileSync(backup, lab.path)
    },
    'without its witness': ({ lab, db }) => {
      db.close()
      fs.rmSync(`${lab.path}.witness`)
    },
    deleted: ({ lab, db }) => {
      db.close()
      fs.rmSync(lab.path)
    },
  }
  for (const [name, spoil] of Object.entries(cases)) {
    const made = begin()
    spoil(made)
    const { db, journal } = made.lab.open()
    assert.notEqual(db.epoch, made.epoch, name)
    assert.equal(journal.lastGeneration('u'), undefined, name)
  }
})

test('removed while it is open, it is written anew with all it had, under the same epoch', (t) => {
  const lab = makeLab(t)
  const first = lab.open()
  first.say('a', { uuid: 'u', generation: 3 })
  const { epoch } = first.db
  fs.rmSync(lab.path)
  assert.equal(first.say('b'), 'durable')
  assert.equal(first.db.epoch, epoch)
  first.db.close()
  const second = lab.open()
  assert.deepEqual([second.db.found, second.db.epoch, shown(second.after(0))], ['kept', epoch, '1 a, 2 b'])
  assert.equal(second.journal.lastGeneration('u'), 3)
})

test('another file put in its place while it is open is moved aside', (t) => {
  const lab = makeLab(t)
  const { db, say, after } = lab.open()
  say('a')
  fs.writeFileSync(`${lab.path}.new`, 'something else')
  fs.renameSync(`${lab.path}.new`, lab.path)
  assert.equal(say('b'), 'durable')
  assert.equal(shown(after(0)), '1 a, 2 b')
  assert.equal(fs.readFileSync(`${lab.path}.damaged-1`, 'utf8'), 'something else')
  db.close()
  assert.equal(shown(lab.open().after(0)), '1 a, 2 b')
})

test('while the state folder is another one nothing is written into it; what came meanwhile is written afterwards', (t) => {
  const lab = makeLab(t)
  const { db, say, after } = lab.open()
  say('a')
  const { epoch } = db
  fs.renameSync(lab.folder, `${lab.folder}-away`)
  fs.mkdirSync(lab.folder)
  assert.equal(say('b', { uuid: 'u', generation: 8 }), 'pending')
  assert.equal(db.trouble?.code, 'GONE')
  assert.notEqual(db.epoch, epoch, 'what is told now may be lost')
  assert.equal(shown(after(0)), '1 a, 2 b')
  lab.nowMs += 1_500
  assert.equal(say('c'), 'pending')
  assert.deepEqual(fs.readdirSync(lab.folder), [])
  fs.rmdirSync(lab.folder)
  fs.renameSync(`${lab.folder}-away`, lab.folder)
  assert.equal(say('d'), 'pending', 'it is not tried with every message')
  lab.nowMs += 60_000
  const during = db.epoch
  db.retry()
  assert.equal(db.trouble, undefined)
  assert.equal(db.epoch, during)
  assert.match(lab.said.join('\n'), /GONE.*\n.*written again/s)
  db.close()
  const again = lab.open()
  assert.deepEqual([again.db.found, again.db.epoch], ['kept', during])
  assert.equal(shown(again.after(0)), '1 a, 2 b, 3 c, 4 d')
  assert.equal(again.journal.lastGeneration('u'), 8)
})

test('killed while it could not write, it goes on under the epoch that was written last', (t) => {
  const lab = makeLab(t)
  const first = lab.open()
  first.say('a')
  const { epoch } = first.db
  fs.renameSync(lab.folder, `${lab.folder}-away`)
  first.say('told, and lost')
  fs.renameSync(`${lab.folder}-away`, lab.folder)
  const second = lab.open()
  assert.equal(second.db.epoch, epoch)
  second.say('b')
  assert.equal(shown(second.after(0)), '1 a, 2 b')
})

test('the log does not grow beyond a bound, however much is told', (t) => {
  const lab = makeLab(t)
  const { db, say } = lab.open()
  let largest = 0
  for (let round = 0; round < 60; round++) {
    for (let n = 0; n < 2; n++) say('y'.repeat(100_000))
    largest = Math.max(largest, fs.statSync(`${lab.path}-wal`).size)
  }
  assert.ok(largest < 8 * 2 ** 20, `${largest}`)
  db.close()
  assert.equal(fs.statSync(`${lab.path}-wal`, { throwIfNoEntry: false })?.size ?? 0, 0)
})
