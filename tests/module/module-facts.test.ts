/** What a module says of itself, however much that is and however damaged: bounded, and never an error. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { moduleParameters, readModuleFields } from '../../src/binary/modinfo.ts'
import { isLoaded, runningKernel } from '../../src/source/module/loaded-modules.ts'
import { moduleFacts, unpackRegions } from '../../src/source/module/module-facts.ts'
import { chanceOf, seedsOf } from '../fold/chance.ts'
import { makeLab } from '../fold/lab.ts'
import { appendSignature, makeModule } from './make-module.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
/** Of a region's attributes, as the format has it. */
const attributesBytesMax = 64 * 1024

function attributesOf(info: readonly string[]): { readonly [key: string]: unknown } {
  const { attributes } = moduleFacts(makeModule({ info })) ?? assert.fail('it is no module')
  assert.ok(
    utf8(JSON.stringify(attributes)).length < attributesBytesMax,
    `${JSON.stringify(attributes).length} characters`,
  )
  return attributes
}

test('fields are the texts with an equals sign, split at the first one, whatever bytes they hold', () => {
  const section = utf8('license=GPL\0\0\0alias=a=b\0nothing\0=none\0empty=\0last=ü')
  assert.deepEqual(
    readModuleFields(section).map(({ key, value }) => [key, value]),
    [
      ['license', 'GPL'],
      ['alias', 'a=b'],
      ['empty', ''],
      ['last', 'ü'],
    ],
  )
  for (const { key, value, offset, length } of readModuleFields(section)) {
    assert.deepEqual(section.subarray(offset, offset + length), utf8(`${key}=${value}`))
  }
  assert.deepEqual(readModuleFields(new Uint8Array(0)), [])
})

test('parameters join type and description; what is missing is empty', () => {
  const fields = readModuleFields(utf8('parm=a:first: of two\0parmtype=b:int\0parmtype=a:bool\0parm=no colon\0'))
  assert.deepEqual(moduleParameters(fields), [
    { name: 'b', type: 'int', description: '' },
    { name: 'a', type: 'bool', description: 'first: of two' },
  ])
})

test('thousands of aliases are counted, and what says more than they is kept', () => {
  const aliases = Array.from({ length: 5_000 }, (_, index) => `alias=pci:v0000${index}d*sv*sd*bc*sc*i*`)
  const attributes = attributesOf([...aliases, 'license=GPL', 'name=x'])
  assert.equal(attributes['aliases'], 5_000)
  const info = attributes['info'] as { license: string; name: string; alias: string[] }
  assert.deepEqual([info.license, info.name, info.alias.length], ['GPL', 'x', 64])
})

test('texts that JSON makes six times as long, or keys by the thousand, do not fit and are left out', () => {
  const controls = '\u0001'.repeat(900)
  attributesOf(Array.from({ length: 60 }, (_, index) => `key${index}=${controls}`))
  attributesOf(Array.from({ length: 20_000 }, (_, index) => `k${index}=`))
  attributesOf(Array.from({ length: 200 }, (_, index) => `parm=${controls}${index}:${controls}`))
  attributesOf([`depends=${Array.from({ length: 500 }, (_, index) => controls + index).join(',')}`])
  const attributes = attributesOf(['__proto__=1', 'constructor=2'])
  assert.deepEqual(Object.keys(attributes['info'] as object), ['constructor'])
})

test('a damaged module gives regions within it, or is none', () => {
  const good = appendSignature(makeModule({ info: ['license=GPL', 'parm=a:b'] }), Uint8Array.of(0x30, 3, 2, 1, 5))
  for (const seed of seedsOf(isLong ? 20_000 : 400)) {
    const chance = chanceOf(seed)
    const bad = Uint8Array.from(good)
    for (let count = 1 + chance.below(8); count > 0; count--) {
      const at = chance.happens(50) ? bad.length - 1 - chance.below(600) : chance.below(bad.length)
      bad.fill(chance.pick([0, 1, 0x7f, 0xff, chance.below(256)]), Math.max(0, at), at + chance.pick([1, 2, 4, 8]))
    }
    const facts = moduleFacts(bad)
    for (const { offset, length } of unpackRegions(facts?.parts ?? utf8('[]'))) {
      assert.ok(offset > 0 && length > 0 && offset + length <= bad.length, `seed ${seed}`)
    }
  }
})

test('whether a module is loaded is known of the running kernel only, and only where the kernel tells', (t) => {
  const file = join(makeLab(t).folder, 'modules')
  writeFileSync(file, 'snd_hda 4096 1 other, Live 0x0000000000000000\nvfat 8192 0 - Live 0x0\n')
  const kernel = runningKernel(file)
  const here = release()
  assert.equal(isLoaded({ name: 'snd_hda', release: here }, kernel), 'yes')
  assert.equal(isLoaded({ name: 'xfs', release: here }, kernel), 'no')
  assert.equal(isLoaded({ name: 'vfat', release: '6.1.0-other' }, kernel), 'no')
  assert.equal(isLoaded({ name: '', release: here }, kernel), 'unknown')
  assert.equal(isLoaded({ name: 'vfat', release: here }, runningKernel(`${file}-that-is-not-there`)), 'unknown')
})
