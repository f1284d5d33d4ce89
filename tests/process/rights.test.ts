/** What may not be read is said, mapping by mapping or of the whole process: never blanks. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { listProcesses } from '../../src/source/process/list-processes.ts'
import { openMemory } from '../../src/source/process/memory-reader.ts'
import { openProcess } from '../../src/source/process/open-process.ts'
import { hold, Subject, withCompiler } from './subject.ts'
import { Watching } from './watching.ts'

const isRoot = process.getuid?.() === 0
const nobody = 65_534
/** Without this right the mappings of others may be listed only (kernels since 6.15, where CAP_PERFMON is held). */
const withSetpriv =
  isRoot && spawnSync('setpriv', ['--version']).status === 0 ? withCompiler : { skip: 'needs root, and setpriv' }
const url = (path: string): string => JSON.stringify(new URL(`../../src/source/${path}`, import.meta.url).href)
const asNobody = isRoot ? withCompiler : { skip: 'needs root, to be somebody else' }

test(
  'mappings without a right and outside of dumps are listed, told why, and not read unless asked',
  withCompiler,
  async (t) => {
    const subject = await Subject.start(t)
    const { guarded, kept_out } = subject.areas
    const plain = new Watching(t, subject.pid)
    await plain.look()
    assert.equal(plain.at(guarded).meta.unreadable, 'PROT_NONE')
    assert.equal(plain.at(kept_out).meta.unreadable, 'DONTDUMP')
    assert.equal(plain.at(kept_out).meta.extents, undefined)
    assert.equal(plain.at(guarded).meta.mapping?.permissions, '---p')
    const special = plain
      .files()
      .filter(({ meta }) => /^\[v(var|syscall)/.test(Buffer.from(meta.mapping?.name ?? []).toString()))
    for (const { meta } of special) assert.match(meta.unreadable ?? '', /^(VVAR|VSYSCALL)$/)
    const asked = new Watching(t, subject.pid, { readProtected: true, readDontDump: true })
    hold(t, subject.pid)
    await asked.look()
    assert.equal(asked.at(guarded).meta.unreadable, undefined)
    assert.equal(asked.at(kept_out).meta.unreadable, undefined)
    const pages = asked.fold()
    for (const area of [guarded, kept_out]) {
      const read = pages.get(Buffer.from(asked.at(area).meta.path).toString()) ?? []
      assert.ok(read.includes(area), area.toString(16))
    }
  },
)

test(
  'a process of another user is unreadable for one without rights, in the list and when it is named',
  asNobody,
  async (t) => {
    const subject = await Subject.start(t)
    const program = `
    const { listProcesses } = await import(${url('process/list-processes.ts')})
    const { openProcess } = await import(${url('process/open-process.ts')})
    const found = listProcesses().find(({ pid }) => pid === ${subject.pid})
    let code
    try { openProcess('${subject.pid}') } catch (error) { code = error.code }
    console.log(JSON.stringify({ readable: found.readable, why: found.why, code }))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      uid: nobody,
      gid: nobody,
      cwd: '/',
      env: { ...process.env, NODE_COMPILE_CACHE: undefined },
      encoding: 'utf8',
    })
    assert.notEqual(stdout, '', stderr)
    assert.deepEqual(JSON.parse(stdout), {
      readable: false,
      why: "another user's, or it guards its memory (EACCES)",
      code: 'SOURCE_UNREADABLE',
    })
  },
)

test('what may not be read any more is marked so, as a whole: its mappings are not blanks', asNobody, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid)
  await watching.look()
  const { meta } = watching.at(subject.areas.large)
  watching.fold()
  await subject.tell('write 1 1')
  process.seteuid?.(nobody)
  try {
    assert.deepEqual(openMemory(watching.source.root, meta), { kind: 'unreadable', why: 'EACCES' })
    await watching.look()
  } finally {
    process.seteuid?.(0)
  }
  const [root, ...others] = watching.artifact.lister.walk(new Uint8Array(0))
  assert.equal(root?.meta.unreadable, 'EACCES')
  assert.deepEqual(others, [])
})

test('who may list mappings and not read them gets each with its mark', withSetpriv, async (t) => {
  const subject = await Subject.start(t, { uid: nobody })
  const program = `
    const { openProcess } = await import(${url('process/open-process.ts')})
    const { processArtifact } = await import(${url('process/process-artifact.ts')})
    const clock = { nowNs: () => 0n, monotonicMs: () => 0 }
    const { signal } = new AbortController()
    const source = (() => {
      try { return openProcess('${subject.pid}') } catch ({ code }) { console.log(JSON.stringify({ code })); process.exit() }
    })()
    const artifact = processArtifact(source, { clock })
    await artifact.look(signal)
    const [root, ...files] = artifact.lister.walk(new Uint8Array(0))
    const large = files.find(({ meta }) => Number(meta.mapping.address) === ${subject.areas.large})
    console.log(JSON.stringify({ files: files.length, extents: large.meta.extents?.length ?? 0, why: large.meta.unreadable, root: root.meta.unreadable ?? null }))
    await artifact.close()`
  const args = [
    '--bounding-set=-sys_ptrace',
    '--inh-caps=-sys_ptrace',
    process.execPath,
    '--input-type=module',
    '-e',
    program,
  ]
  const { stdout, stderr } = spawnSync('setpriv', args, { encoding: 'utf8' })
  assert.notEqual(stdout, '', stderr)
  const { code, files, ...large } = JSON.parse(stdout)
  if (code !== undefined) return assert.equal(code, 'SOURCE_UNREADABLE', 'an older kernel refuses all of it')
  assert.ok(files > 10, 'mappings are listed')
  assert.deepEqual(large, { extents: 0, why: 'EACCES', root: null })
})

test('the list says of a process what /proc says of it', withCompiler, async (t) => {
  const subject = await Subject.start(t, isRoot ? { uid: nobody } : {})
  hold(t, subject.pid)
  const [found, ...others] = listProcesses().filter(({ pid }) => pid === subject.pid)
  assert.ok(found)
  assert.deepEqual(others, [])
  const watching = new Watching(t, subject.pid)
  await watching.look()
  assert.equal(found.comm, 'subject')
  assert.equal(found.uid, isRoot ? nobody : process.getuid?.())
  assert.equal(found.mappings, watching.files().length)
  assert.equal(found.readable, true)
  assert.ok(found.rssBytes > 2 ** 20)
  assert.deepEqual(
    listProcesses('subject')
      .map(({ pid }) => pid)
      .includes(subject.pid),
    true,
  )
  const root = watching.artifact.lister.stat(new Uint8Array(0))
  assert.equal(root?.meta.uid, found.uid)
  assert.equal(root?.meta.kind, 'dir')
  assert.ok(openProcess(String(subject.pid)).name)
})
