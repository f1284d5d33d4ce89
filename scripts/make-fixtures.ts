/** `node scripts/make-fixtures.ts`: writes spec/fixtures and spec/examples.md anew; the same bytes on every machine. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { examplesText } from '../tests/spec/making/examples.ts'
import { fixtureFiles } from '../tests/spec/making/fixtures.ts'

const spec = join(import.meta.dirname, '../spec')
const folder = join(spec, 'fixtures')

mkdirSync(folder, { recursive: true })
const files = fixtureFiles()
for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(join(folder, name))
for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes)
writeFileSync(join(spec, 'examples.md'), examplesText())
const total = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0)
process.stdout.write(`${files.size} fixtures, ${Math.ceil(total / 1024)} KiB\n`)
