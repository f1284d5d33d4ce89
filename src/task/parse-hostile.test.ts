import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../base/bytes.ts'
import { parseTask, type UnparsedTask } from './parse-task.ts'
import { specText, taskOfSpecText } from './spec-text.ts'
import { errorsOf, minimal, refused, valid, warningsOf, yaml } from './testing/task-texts.ts'

test('[F39] every error has its line and column, and what was expected', () => {
  const parsed = yaml('task_id: a b\ntype: watch_pat\nsource: ~/x\nretention:\n  last: 0\non_brick: [make, 7]\n')
  assert.deepEqual(errorsOf(parsed), [
    '1:10 task_id is "a b"',
    '2:7 type is "watch_pat"',
    '3:9 source begins with ~, which is not expanded; write the path in full',
    '5:9 retention.last is 0',
    '6:18 on_brick[1] is 7',
  ])
  const expected = (parsed as UnparsedTask).errors.map((error) => error.expected)
  assert.match(expected[1] as string, /^one of convert_binary, .*foundry-v2$/)
  assert.equal(expected[3], 'a whole number from 1 to 1000000')
  assert.equal(expected[4], 'a text without zero bytes')
})

test('[F39] half a file is refused where it breaks off', () => {
  assert.equal(refused('{"task_id":"a",\n "type":"wat', 'json'), '2:13 not JSON: the text ends inside a string')
  assert.equal(refused('task_id: x\nsource: "/usr'), '2:14 Missing closing "quote')
  assert.equal(refused(''), '1:1 the file is empty')
  assert.equal(refused(' \n\n'), '1:1 the file is empty')
  assert.equal(refused('# nothing\n'), '1:1 the file is empty')
})

test('[F39] a byte order mark and Windows line ends change neither meaning nor places', () => {
  const plain = valid(minimal)
  assert.equal(valid(`\ufeff${minimal.replaceAll('\n', '\r\n')}`).specHash, plain.specHash)
  assert.equal(refused('\ufefftask_id: a\r\ntype: watch_pat\r\nsource: /a\r\n'), '2:7 type is "watch_pat"')
})

test('[F39] other encodings are refused by name', () => {
  assert.equal(refused(Buffer.from(`\ufeff${minimal}`, 'utf16le')), '1:1 the file is UTF-16')
  assert.equal(refused(Uint8Array.of(0x61, 0x0a, 0x61, 0xff)), '2:2 a byte that is no UTF-8')
})

test('[F39] a field that is there twice is refused at its second place, also deep inside', () => {
  const twice = /the field "task_id" is there twice/
  assert.match(refused('{"task_id":"a",\n "task_id":"b"}', 'json'), /^2:2 the field "task_id" is there twice/)
  assert.match(refused('task_id: a\ntask_id: b\n'), twice)
  assert.match(refused(`${minimal}retention:\n  last: 1\n  last: 2\n`), /^6:3 the field "last" is there twice/)
})

test('[F39] __proto__ is refused, and what is called like an inherited property is only an unknown field', () => {
  assert.match(refused('{"task_id":"a",\n "__proto__":{"type":"watch_path"}}', 'json'), /^2:2 a field named __proto__/)
  assert.match(refused(`${minimal}retention:\n  __proto__: 1\n`), /^5:3 a field named __proto__/)
  for (const name of ['constructor', 'toString', 'hasOwnProperty', '<<']) {
    assert.deepEqual(warningsOf(`${minimal}${name}: {x: 1}\n`), ['4:1 UnknownField'])
  }
})

test('[F39] numbers that are none are refused', () => {
  for (const number of ['.nan', '.inf', '-.inf', '1e400', '99999999999999999999', '0', '-1', '1.5', '"3"', 'null']) {
    assert.match(refused(`${minimal}max_files: ${number}\n`), /^4:12 max_files is /, number)
  }
  assert.match(refused('{"task_id":"a","max_files": NaN}', 'json'), /^1:29 not JSON/)
})

test('[F39] anchors, aliases, tags and directives are refused before anything is built', () => {
  assert.match(refused('a: &x [1]\nb: *x\n'), /^1:4 an anchor/)
  assert.match(refused(`${minimal}exclude: [*.o]\n`), /^4:11 an alias/)
  assert.match(refused('a: !!binary aGk=\n'), /^1:4 a tag/)
  assert.match(refused('%YAML 1.1\n---\na: 1\n'), /^1:1 a directive/)
  assert.match(refused(`${minimal}---\n${minimal}`), /^4:1 a second document/)
  assert.deepEqual(valid(`${minimal}exclude: ["*.o", a*b&c]\n`).task.exclude, ['*.o', 'a*b&c'])
})

test('[F39] hostile text is refused by its bounds: nothing is refused late, and nothing ends the process', () => {
  const bombs: [text: string, why: RegExp][] = [
    ['['.repeat(500_000), /nested too deeply/],
    ['['.repeat(5_000) + ']'.repeat(5_000), /nested too deeply/],
    ['{"a":'.repeat(100_000), /nested too deeply/],
    ['- '.repeat(50_000), /nested too deeply/],
    ['? '.repeat(50_000), /nested too deeply/],
    [Array.from({ length: 400 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''), /nested too deeply/],
    ['*a '.repeat(300_000), /an alias/],
    ['#\n'.repeat(500_000), /too long/],
    ['-\n'.repeat(500_000), /too long/],
    [Array.from({ length: 90_000 }, (_, i) => `k${i}: 1\n`).join(''), /too long/],
    [`a: ["${'\\z'.repeat(400_000)}"]`, /an unknown escape/],
    ['a'.repeat(2 ** 20 + 1), /the file has 1048577 bytes/],
  ]
  for (const [text, why] of bombs) assert.match(refused(text), why)
  assert.match(refused(`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'json'), /nested too deeply/)
})

test('text for the terminal has no control characters, however the file is written', () => {
  const [error] = errorsOf(yaml('task_id: "\\e[31m\\u202e"\ntype: watch_path\nsource: /a\n'))
  assert.equal(error, '1:10 task_id is "\\u001b[31m\\u202e"')
})

test('[F39] whatever bytes a file holds, the answer is a task or an error within the text', () => {
  const base = utf8(
    `${minimal}exclude: ["*.tmp", a]\nretention: {last: 3}\non_brick: [x, "{brick}"]\nintent: >-\n  a\n  b\n`,
  )
  const edit = fc.record({ at: fc.nat(base.length), cut: fc.nat(12), put: fc.uint8Array({ maxLength: 8 }) })
  const sign = fc.constantFrom(...'{}[]:,-?|>&*!%@`#"\'\\ \t\n\r\0\u0085'.split('').map(utf8), utf8('\ufeff'))
  const signs = fc.record({ at: fc.nat(base.length), cut: fc.nat(3), put: sign })
  fc.assert(
    fc.property(fc.array(fc.oneof(edit, signs), { maxLength: 6 }), fc.boolean(), (edits, isJson) => {
      let bytes: Uint8Array = base
      for (const { at, cut, put } of edits) {
        bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(Math.min(at + cut, bytes.length))])
      }
      const parsed = parseTask(bytes, isJson ? 'json' : 'yaml')
      if (parsed.kind === 'valid') {
        assert.deepEqual(taskOfSpecText(specText(parsed.task)), parsed.task)
        return
      }
      const lineCount = Buffer.from(bytes).toString('latin1').split('\n').length
      assert.ok(parsed.errors.length > 0)
      for (const { line, column, message, expected } of parsed.errors) {
        assert.ok(line >= 1 && line <= lineCount && column >= 1, JSON.stringify(parsed))
        assert.ok(message !== '' && expected !== '' && !/[\n\r\0]/.test(message), message)
      }
    }),
    { numRuns: process.env['SFD_TEST_LONG'] === undefined ? 1_000 : 100_000 },
  )
})
