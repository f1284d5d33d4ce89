import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../base/bytes.ts'
import { argumentBytes, argumentText } from './arguments.ts'

test('any bytes come back from the text that stands for them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) =>
      assert.deepEqual(argumentBytes(argumentText(bytes)), bytes),
    ),
  )
})

test('text that is UTF-8 stays itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(argumentText(utf8(text)), text)
      assert.deepEqual(argumentBytes(text), utf8(text))
    }),
  )
})

test('bytes outside UTF-8 stand as single surrogates, and the characters around them are kept', () => {
  const bytes = Uint8Array.of(0x61, 0xff, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80, 0xe2, 0x82)
  assert.equal(argumentText(bytes), 'a\udcffé😀\udce2\udc82')
})

test('the command line is read as bytes, whatever Node.js made of it', () => {
  const program =
    "import { argumentBytes, commandLine } from './src/cli/arguments.ts'; console.log(JSON.stringify(commandLine().map((text) => Buffer.from(argumentBytes(text)).toString('hex'))))"
  const script = `exec "$0" --input-type=module -e "$1" -- x "$(printf 'a\\377b')" 'é' ''`
  const root = new URL('../..', import.meta.url)
  const { stdout, stderr } = spawnSync('sh', ['-c', script, process.execPath, program], { cwd: root, encoding: 'utf8' })
  assert.equal(stderr, '')
  assert.deepEqual(JSON.parse(stdout), ['61ff62', 'c3a9', ''])
})
