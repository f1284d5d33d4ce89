/** spec/fixtures and spec/examples.md are what scripts/make-fixtures.ts makes, here and now. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { examplesText } from './making/examples.ts'
import { damagedBricks, damagedFiles, fixtureFiles } from './making/fixtures.ts'
import { goodBricks } from './making/good-bricks.ts'

const spec = join(import.meta.dirname, '../../spec')
const fileBytesMax = 65_536
const allBytesMax = 1.5 * 1024 * 1024
const made = fixtureFiles()
const remake = 'node scripts/make-fixtures.ts makes it anew'

test('fixtures made again are the committed files, byte for byte', () => {
  assert.deepEqual(readdirSync(join(spec, 'fixtures')).sort(), [...made.keys()].sort())
  for (const [name, bytes] of made) {
    const committed = readFileSync(join(spec, 'fixtures', name))
    assert.equal(Buffer.compare(committed, bytes), 0, `${name} is not what the script makes; ${remake}`)
  }
})

test('fixtures are small', () => {
  const sizes = [...made].map(([name, { length }]) => ({ name, length }))
  assert.deepEqual(
    sizes.filter(({ name, length }) => name.endsWith('.brick') && length > fileBytesMax),
    [],
  )
  const total = sizes.reduce((sum, { length }) => sum + length, 0)
  assert.ok(total <= allBytesMax, `together ${total} bytes`)
})

test('no two fixtures have one name, and every damaged file is a known damage', () => {
  const names = [...goodBricks.map(({ plan }) => plan.name), ...damagedBricks.map(({ name }) => name)]
  assert.equal(new Set(names).size, names.length)
  assert.deepEqual(
    [...damagedFiles].filter((name) => !names.includes(name)),
    [],
  )
})

test('a damaged fixture differs from the good one that it is made from', () => {
  for (const { name, base } of damagedBricks) {
    const [from, damaged] = [made.get(`${base}.brick`), made.get(`${name}.brick`)]
    if (from !== undefined && damaged !== undefined) assert.notEqual(Buffer.compare(from, damaged), 0, name)
  }
})

test('examples.md says what the fixtures say', () => {
  const written = readFileSync(join(spec, 'examples.md'), 'utf8')
  assert.ok(written === examplesText(), `spec/examples.md is out of date; ${remake}`)
})
