/** A folder of kernel modules as a brick: unpacked, said what they are, and true when the folder changes. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { displayPath, equalBytes, utf8 } from '../../src/base/bytes.ts'
import type { Region } from '../../src/base/region.ts'
import { extract } from '../../src/read/extract.ts'
import { regionsOf } from '../../src/read/regions.ts'
import type { Artifact } from '../../src/source/artifact.ts'
import { ExcludeMatcher } from '../../src/source/exclude.ts'
import { IncludeMatcher } from '../../src/source/include.ts'
import { modulesArtifact } from '../../src/source/module/modules-artifact.ts'
import { openSource } from '../../src/source/open.ts'
import type { BrickView } from '../../src/store/brick-view.ts'
import { clock, fold, type Lab, makeLab, openView, Session } from '../fold/lab.ts'
import { assertWitnessed, witness } from '../fold/witness.ts'
import { hasOpenssl, hasXz, makeModule, pack, signModule } from './make-module.ts'

const withXz = { skip: !hasXz && 'there is no xz' }
const { signal } = new AbortController()
const info = [
  'license=GPL',
  'description=A module for tests',
  'author=Nanny Ogg',
  'parm=speed:how fast',
  'parmtype=speed:int',
  'depends=crc32c,libcrc32c',
  'alias=pci:v00001*',
  'alias=pci:v00002*',
  'intree=Y',
  'name=net_one',
  'retpoline=Y',
  `vermagic=${release()} SMP preempt `,
]
const one = makeModule({ info })
const large = makeModule({ info: ['license=Proprietary', 'name=large'], codeBytes: 200_000, retpoline: 'no' })

/** One module of each packing, and what else lies in such a folder. */
function makeModules(folder: string): void {
  const kernel = join(folder, '6.1.0/kernel')
  mkdirSync(kernel, { recursive: true })
  writeFileSync(join(kernel, 'one.ko.xz'), pack(one, 'xz'))
  writeFileSync(join(kernel, 'large.ko.zst'), pack(large, 'zstd'))
  writeFileSync(join(kernel, 'old.ko.gz'), pack(one, 'gzip'))
  writeFileSync(join(kernel, 'plain.ko'), one)
  writeFileSync(join(folder, '6.1.0/modules.dep'), 'kernel/one.ko.xz:\n')
  symlinkSync('/usr/src/linux', join(folder, '6.1.0/build'))
}

async function extracted(t: TestContext, view: BrickView, lab: Lab): Promise<string> {
  const dest = join(lab.folder, `out-${view.record.generation}`)
  t.after(() => rmSync(dest, { recursive: true, force: true }))
  const report = await extract({
    view,
    dest: utf8(dest),
    paths: [],
    existing: 'refuse',
    ownership: { owner: 'ignore', uid: 0, gid: 0 },
    workers: 0,
    signal,
    pause: async () => undefined,
    onProgress: () => undefined,
  })
  assert.ok(report.files > 0)
  return dest
}

function regionsIn(view: BrickView, path: string): Region[] {
  return [...regionsOf(view, view.entry(utf8(path)) ?? assert.fail(`there is no ${path}`))]
}

function artifactOf(
  folder: string,
  more: { include?: string[]; exclude?: string[]; modulesFile?: string } = {},
): Artifact {
  const { include = [], exclude = [], modulesFile } = more
  return modulesArtifact({
    root: openSource(utf8(folder)).root,
    clock,
    include: new IncludeMatcher(include),
    exclude: new ExcludeMatcher({ patterns: exclude }),
    ...(modulesFile !== undefined && { modulesFile }),
  })
}

async function listed(artifact: Artifact): Promise<string[]> {
  await artifact.look?.(signal)
  return [...artifact.lister.walk(utf8(''))].map(({ meta }) => `${displayPath(meta.path)} ${meta.kind} ${meta.size}`)
}

test('modules are kept unpacked, under the name without the suffix; everything else is as it is', withXz, async (t) => {
  const lab = makeLab(t)
  makeModules(lab.source)
  // So many that threads look into them.
  const many = Array.from({ length: 20 }, (_, index) => makeModule({ info: [`name=many${index}`] }))
  for (const [index, module] of many.entries())
    writeFileSync(join(lab.source, `many${index}.ko.gz`), pack(module, 'gzip'))
  for (const workers of [0, 2]) {
    const brick = `${lab.brick}-${workers}`
    const report = await fold({ source: `modules:${lab.source}`, brick }, { workers })
    assert.deepEqual({ unreadable: report.unreadable, torn: report.torn }, { unreadable: 0, torn: 0 })
    const view = openView(t, brick)
    assert.equal(view.meta.kind, 'modules')
    const out = await extracted(t, view, { ...lab, folder: brick.replace('.brick', '') })
    const bytesOf = (path: string): Uint8Array => new Uint8Array(readFileSync(join(out, '6.1.0', path)))
    for (const path of ['kernel/one.ko', 'kernel/old.ko', 'kernel/plain.ko']) assert.deepEqual(bytesOf(path), one, path)
    assert.deepEqual(bytesOf('kernel/large.ko'), large)
    for (const [index, module] of many.entries()) assert.deepEqual(bytesOf(`../many${index}.ko`), module)
    assert.equal(bytesOf('modules.dep').length, 18)
  }
})

test('a brick of modules is right to the independent reader', { skip: !hasXz || witness.skip }, async (t) => {
  const lab = makeLab(t)
  makeModules(lab.source)
  await fold({ source: `modules:${lab.source}`, brick: lab.brick })
  await assertWitnessed(lab.brick)
})

test('the regions of a module say what it says of itself, and where', withXz, async (t) => {
  const lab = makeLab(t)
  makeModules(lab.source)
  const signed = hasOpenssl ? signModule(one, { folder: lab.folder, signer: 'Test key', key: 'ec' }) : one
  writeFileSync(join(lab.source, 'signed.ko.xz'), pack(signed, 'xz'))
  await fold({ source: `modules:${lab.source}`, brick: lab.brick })
  const view = openView(t, lab.brick)
  const regions = regionsIn(view, '6.1.0/kernel/one.ko')
  const whole = regions.find(({ class: kind }) => kind === 'module') ?? assert.fail('no region of the whole')
  assert.deepEqual([whole.offset, whole.length, whole.layer, whole.name], [0, one.length, 0, 'net_one'])
  const { info: said, ...attributes } = whole.attributes as Record<string, never>
  assert.deepEqual(said, {
    license: 'GPL',
    description: 'A module for tests',
    author: 'Nanny Ogg',
    depends: 'crc32c,libcrc32c',
    alias: ['pci:v00001*', 'pci:v00002*'],
    intree: 'Y',
    name: 'net_one',
    retpoline: 'Y',
    vermagic: `${release()} SMP preempt `,
  })
  assert.deepEqual(attributes, {
    machine: 'x86-64',
    type: 'relocatable',
    aliases: 2,
    depends: ['crc32c', 'libcrc32c'],
    parameters: [{ name: 'speed', type: 'int', description: 'how fast' }],
    hardening: { retpoline: true, returnThunks: true, branchTracking: false },
    signature: null,
    packed: { form: 'xz', bytes: pack(one, 'xz').length },
    loaded: (attributes as Record<string, unknown>)['loaded'],
  })
  const field = regions.find(({ name }) => name === 'license=GPL') ?? assert.fail('no region of a field')
  assert.equal(displayPath(one.subarray(field.offset, field.offset + field.length)), 'license=GPL')
  const work = regions.find(({ name }) => name === 'work') ?? assert.fail('no region of a symbol')
  const text = regions.find(({ name }) => name === '.text') ?? assert.fail('no region of a section')
  assert.deepEqual([work.offset - text.offset, work.length, work.class], [40, 60, 'symbol'])
  const plain = regionsIn(view, '6.1.0/kernel/large.ko')[0]?.attributes as Record<string, unknown>
  assert.deepEqual(plain['hardening'], { retpoline: false, returnThunks: false, branchTracking: false })
  assert.deepEqual(regionsIn(view, '6.1.0/modules.dep'), [])
  if (!hasOpenssl) return t.diagnostic('no openssl: nothing was signed')
  const signature = regionsIn(view, 'signed.ko').find(({ class: kind }) => kind === 'signature')
  assert.equal(signature?.offset, one.length)
  assert.equal(signature?.name, 'PKCS#7 signature: Test key')
})

test('what cannot be unpacked is kept packed, with its reason as a finding', withXz, async (t) => {
  const lab = makeLab(t)
  const bad = pack(one, 'xz')
  bad[60] = (bad[60] as number) ^ 0x55
  writeFileSync(join(lab.source, 'bad.ko.xz'), bad)
  writeFileSync(join(lab.source, 'text.ko'), 'no module\n')
  writeFileSync(join(lab.source, 'empty.ko'), '')
  await fold({ source: `modules:${lab.source}`, brick: lab.brick })
  const view = openView(t, lab.brick)
  const out = await extracted(t, view, lab)
  assert.deepEqual(new Uint8Array(readFileSync(join(out, 'bad.ko.xz'))), bad)
  const [region] = regionsIn(view, 'bad.ko.xz')
  assert.equal(region?.finding?.rule, 'module-not-readable')
  assert.deepEqual(region?.finding?.evidence, ['it is damaged'])
  const command = region?.finding?.check?.replace('FILE', join(lab.source, 'bad.ko.xz')) ?? ''
  assert.match(spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stderr, /xz: .*bad\.ko\.xz/)
  assert.deepEqual(regionsIn(view, 'text.ko')[0]?.attributes, { packed: null, problems: ['it is no ELF file'] })
  assert.deepEqual((view.meta.about as Record<string, unknown>)['notReadable'], 1)
})

test('a packed module whose name is taken stays packed: no two entries fight for one name', withXz, async (t) => {
  const lab = makeLab(t)
  writeFileSync(join(lab.source, 'a.ko'), large)
  writeFileSync(join(lab.source, 'a.ko.xz'), pack(one, 'xz'))
  writeFileSync(join(lab.source, 'b.ko.gz'), pack(one, 'gzip'))
  writeFileSync(join(lab.source, 'b.ko.zst'), pack(large, 'zstd'))
  mkdirSync(join(lab.source, 'c.ko'))
  writeFileSync(join(lab.source, 'c.ko.gz'), pack(one, 'gzip'))
  const artifact = artifactOf(lab.source)
  const names = (await listed(artifact)).filter((line) => !line.includes(' dir '))
  assert.deepEqual(names, [
    `a.ko file ${large.length}`,
    `a.ko.xz file ${pack(one, 'xz').length}`,
    `b.ko file ${one.length}`,
    `b.ko.zst file ${pack(large, 'zstd').length}`,
    `c.ko.gz file ${pack(one, 'gzip').length}`,
  ])
  for (const line of names) {
    const [path = '', , size] = line.split(' ')
    assert.equal(artifact.lister.stat(utf8(path))?.meta.size, Number(size), path)
  }
  assert.equal(artifact.lister.stat(utf8('c.ko'))?.meta.kind, 'dir')
  assert.equal(artifact.lister.stat(utf8('b.ko.gz')), undefined)
})

test('what is left out and let in may be named as on disk or as in the brick', withXz, async (t) => {
  const lab = makeLab(t)
  makeModules(lab.source)
  const files = async (more: { include?: string[]; exclude?: string[] }): Promise<string[]> =>
    (await listed(artifactOf(lab.source, more)))
      .filter((line) => line.includes('.ko '))
      .map((line) => line.split('/')[2] ?? '')
  const names = async (more: { include?: string[]; exclude?: string[] }): Promise<string[]> =>
    (await files(more)).map((line) => line.split(' ')[0] ?? '')
  assert.deepEqual(await names({}), ['large.ko', 'old.ko', 'one.ko', 'plain.ko'])
  assert.deepEqual(await names({ exclude: ['one.ko'] }), ['large.ko', 'old.ko', 'plain.ko'])
  assert.deepEqual(await names({ exclude: ['*.ko.xz'] }), ['large.ko', 'old.ko', 'plain.ko'])
  assert.deepEqual(await names({ include: ['*.ko'] }), ['large.ko', 'old.ko', 'one.ko', 'plain.ko'])
  assert.deepEqual(await names({ include: ['*.zst'] }), ['large.ko'])
})

test('changes of the folder become commits, and only what changed is looked into again', withXz, async (t) => {
  const lab = makeLab(t)
  makeModules(lab.source)
  const modulesFile = join(lab.folder, 'proc-modules')
  writeFileSync(modulesFile, 'other 16384 0 - Live 0x0\n')
  const session = new Session(t, { source: `modules:${lab.source}`, brick: lab.brick })
  const artifact = artifactOf(lab.source, { modulesFile })
  const commit = async (): Promise<BrickView> => {
    await artifact.look?.(signal)
    await session.reconcileAll({ artifact, lister: artifact.lister })
    return session.view
  }
  const loadedIn = (view: BrickView, path: string): unknown => regionsIn(view, path)[0]?.attributes?.['loaded']
  const first = await commit()
  assert.equal(loadedIn(first, '6.1.0/kernel/one.ko'), 'no')
  const count = regionsIn(first, '6.1.0/kernel/one.ko').length

  assert.equal((await commit()).record.generation, first.record.generation, 'nothing changed')

  writeFileSync(join(lab.source, '6.1.0/kernel/new.ko.xz'), pack(large, 'xz'))
  rmSync(join(lab.source, '6.1.0/kernel/old.ko.gz'))
  writeFileSync(modulesFile, 'net_one 16384 0 - Live 0x0\n')
  const second = await commit()
  assert.equal(second.entry(utf8('6.1.0/kernel/new.ko'))?.size, large.length)
  assert.equal(second.entry(utf8('6.1.0/kernel/old.ko')), undefined)
  assert.equal(loadedIn(second, '6.1.0/kernel/one.ko'), 'yes')
  assert.equal(regionsIn(second, '6.1.0/kernel/one.ko').length, count, 'its parts stay')

  const packed = join(lab.source, '6.1.0/kernel/one.ko.xz')
  writeFileSync(`${packed}.new`, pack(large, 'xz'))
  renameSync(`${packed}.new`, packed)
  utimesSync(packed, 1, 1)
  const third = await commit()
  assert.equal(third.entry(utf8('6.1.0/kernel/one.ko'))?.size, large.length)
  assert.equal(regionsIn(third, '6.1.0/kernel/one.ko')[0]?.name, 'large')
  await artifact.close?.()
})

test('a module that is replaced between the look and the reading is looked at again', withXz, async (t) => {
  const lab = makeLab(t)
  const path = join(lab.source, 'a.ko.xz')
  writeFileSync(path, pack(one, 'xz'))
  const session = new Session(t, { source: `modules:${lab.source}`, brick: lab.brick })
  const artifact = artifactOf(lab.source)
  await artifact.look?.(signal)
  rmSync(path)
  writeFileSync(path, pack(large, 'xz'))
  await session.reconcileAll({ artifact, lister: artifact.lister })
  const out = await extracted(t, session.view, lab)
  assert.deepEqual(new Uint8Array(readFileSync(join(out, 'a.ko'))), large)
  assert.equal(regionsIn(session.view, 'a.ko')[0]?.name, 'large')
})

test('a module of which several leaves are made comes back whole', withXz, async (t) => {
  const lab = makeLab(t)
  const huge = makeModule({ info: ['name=huge'], codeBytes: 18 * 2 ** 20 })
  for (const form of ['xz', 'zstd'] as const) {
    writeFileSync(join(lab.source, `huge-${form}.ko.${form === 'xz' ? 'xz' : 'zst'}`), pack(huge, form))
  }
  await fold({ source: `modules:${lab.source}`, brick: lab.brick })
  const out = await extracted(t, openView(t, lab.brick), lab)
  for (const form of ['xz', 'zstd']) assert.ok(equalBytes(readFileSync(join(out, `huge-${form}.ko`)), huge), form)
})

test('two names of one packed file, one of a module and one not, are two contents', withXz, async (t) => {
  const lab = makeLab(t)
  const packed = pack(one, 'xz')
  writeFileSync(join(lab.source, 'a.ko.xz'), packed)
  linkSync(join(lab.source, 'a.ko.xz'), join(lab.source, 'b.ko.xz'))
  linkSync(join(lab.source, 'a.ko.xz'), join(lab.source, 'copy.xz'))
  await fold({ source: `modules:${lab.source}`, brick: lab.brick })
  const out = await extracted(t, openView(t, lab.brick), lab)
  const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(join(out, name)))
  assert.deepEqual([bytesOf('a.ko'), bytesOf('b.ko'), bytesOf('copy.xz')], [one, one, packed])
})

test('a look that is not wanted any more ends with CANCELLED, also while threads are at work', withXz, async (t) => {
  const lab = makeLab(t)
  const packed = pack(large, 'xz')
  for (let index = 0; index < 60; index++) writeFileSync(join(lab.source, `m${index}.ko.xz`), packed)
  const stopped = new AbortController()
  stopped.abort()
  await assert.rejects(async () => artifactOf(lab.source).look?.(stopped.signal), { code: 'CANCELLED' })
  const stopping = new AbortController()
  const look = artifactOf(lab.source).look?.(stopping.signal)
  setImmediate(() => stopping.abort())
  await assert.rejects(async () => look, { code: 'CANCELLED' })
})

test('modules: is the folder of the running system, and a file is refused with what to do', (t) => {
  const lab = makeLab(t)
  const file = join(lab.folder, 'x.ko')
  writeFileSync(file, one)
  assert.throws(() => openSource(utf8(`modules:${file}`)), { code: 'SOURCE_KIND', message: /folder/ })
  assert.throws(() => openSource(utf8('modules:/nowhere/at/all')), { code: 'SOURCE_MISSING' })
  assert.deepEqual(openSource(utf8(`modules:${lab.source}`)), { ...openSource(utf8(lab.source)), kind: 'modules' })
})
