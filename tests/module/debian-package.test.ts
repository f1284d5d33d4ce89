/** Every module of a Debian kernel package, kept as a brick, is what `xz -dc` gives and says what modinfo says. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { readKernelModule } from '../../src/binary/kernel-module.ts'
import { moduleParameters } from '../../src/binary/modinfo.ts'
import { extract } from '../../src/read/extract.ts'
import { regionsOf } from '../../src/read/regions.ts'
import { fold, makeLab, openView } from '../fold/lab.ts'
import { fetchDebianKernel } from './debian-package.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const tools: Readonly<Record<string, readonly string[]>> = {
  '.xz': ['xz', '-dc'],
  '.gz': ['gzip', '-dc'],
  '.zst': ['zstd', '-dcq'],
}

test('the modules of a Debian kernel package', { skip: !isLong && 'only with SFD_TEST_LONG' }, async (t) => {
  const lab = makeLab(t)
  const kernel = fetchDebianKernel(lab.folder)
  if (kernel === undefined) return t.skip('the archive cannot be reached')
  const report = await fold({ source: `modules:${kernel.modules}`, brick: lab.brick }, { workers: 2 })
  assert.deepEqual({ unreadable: report.unreadable, torn: report.torn }, { unreadable: 0, torn: 0 })
  const view = openView(t, lab.brick)
  const dest = join(lab.folder, 'out')
  const ownership = { owner: 'ignore', uid: 0, gid: 0 } as const
  const common = { paths: [], existing: 'refuse', ownership, workers: 2, onProgress: () => undefined } as const
  await extract({ view, dest: utf8(dest), ...common, signal: new AbortController().signal, pause: async () => {} })
  const packed = globSync('**/*.ko{,.xz,.gz,.zst}', { cwd: kernel.modules }).sort()
  assert.ok(packed.length > 500, `${kernel.name} has ${packed.length} modules`)
  assert.equal((view.meta.about as Record<string, unknown>)['modules'], packed.length)
  for (const name of packed) {
    const file = join(kernel.modules, name)
    const suffix = /\.(xz|gz|zst)$/.exec(name)?.[0] ?? ''
    const path = name.slice(0, name.length - suffix.length)
    const bytes = new Uint8Array(readFileSync(join(dest, path)))
    assert.deepEqual(bytes, unpackedBy(tools[suffix], file), name)
    const said = kernel.modinfo?.(['-0', file])
    if (said !== undefined) compare(bytes, said, name)
    const [whole] = regionsOf(view, view.entry(utf8(path)) ?? assert.fail(path))
    assert.equal(whole?.class, 'module', path)
  }
  t.diagnostic(`${packed.length} modules of ${kernel.name}${kernel.modinfo === undefined ? ', without modinfo' : ''}`)
})

function unpackedBy(tool: readonly string[] | undefined, file: string): Uint8Array {
  const [program, ...args] = tool ?? ['cat']
  const { stdout, status } = spawnSync(program as string, [...args, file], { maxBuffer: 1 << 30 })
  assert.equal(status, 0)
  return new Uint8Array(stdout)
}

/** All fields, each with all its values; the signature as far as modinfo names it. */
function compare(bytes: Uint8Array, modinfo: string, name: string): void {
  const module = readKernelModule(bytes)
  assert.ok(module.kind === 'module')
  const { fields, signature } = module
  const ours = fields
    .filter(({ key }) => key !== 'parm' && key !== 'parmtype')
    .map(({ key, value }) => `${key}=${value}`)
  const parameters = moduleParameters(fields).map((parameter) => {
    const { name: parm, type, description } = parameter
    if (description === '') return `parm=${parm}:${type}`
    return `parm=${parm}:${description}${type === '' ? '' : ` (${type})`}`
  })
  const signed =
    signature === undefined
      ? []
      : [
          `sig_id=${signature.form}`,
          `signer=${signature.signer}`,
          `sig_key=${signature.key?.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:')}`,
          `sig_hashalgo=${signature.hash}`,
        ]
  const theirs = modinfo
    .split('\0')
    .filter((line) => line !== '' && !/^(filename|signature)[=:]/.test(line))
    .map((line) => line.replace(/^parm: +/, 'parm='))
  assert.deepEqual([...ours, ...parameters, ...signed].sort(), theirs.sort(), name)
}
