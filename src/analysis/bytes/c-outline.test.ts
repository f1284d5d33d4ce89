import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { blankC } from './c-blank.ts'
import { outlineC } from './c-outline.ts'
import { cSourceAnalyzer } from './c-source-analyzer.ts'
import { licenceOf } from './licence.ts'
import { regionsOf } from './testing/contents.ts'

function check(source: string, expected: readonly string[]): void {
  const { items } = outlineC(source)
  assert.deepEqual(
    items.map(({ kind, name, form }) => [kind, name, form].filter(Boolean).join(' ')),
    expected,
  )
  for (const { offset, length } of items) assert.ok(offset >= 0 && length > 0 && offset + length <= source.length)
}

test('comments, strings and directives are made blank in their place', () => {
  const source = 'a /* "x" */ b "/* s */" \'"\' c // "d\n#define X "{" \\\n  }\ne'
  const { code, directives } = blankC(source)
  assert.equal(code.length, source.length)
  assert.equal(code.replace(/\s+/g, ' '), 'a b c e')
  assert.deepEqual(
    directives.map(({ start, end }) => source.slice(start, end)),
    ['#define X "{" \\\n  }'],
  )
})

test('functions are found with their bodies, declarations without', () => {
  check('static int add(int a, int b)\n{\n  if (a) { return b; }\n  return a;\n}\nint sub(int, int);\n', [
    'function add defined',
    'function sub declared',
  ])
  check('extern void (*signal (int sig, void (*handler)(int)))(int);', ['function signal declared'])
  check('extern "C" {\nint f(void);\n}\nint g(void) { return 0; }', ['function f declared', 'function g defined'])
  check('int f(const char *text) __attribute__((format(printf, 1, 2)));', ['function f declared'])
  check('ZEXTERN const char * ZEXPORT version OF((void));', ['function version declared'])
  check('int Thing::run(int x) const { return x; }', ['function Thing::run defined'])
})

test('variables, calls and macros that are used are no functions', () => {
  check('int x = f(3);\nint (*handler)(int);\nMODULE_LICENSE("GPL");\nint list[] = { 1, 2, 3 };\n', [])
})

test('types, macros and includes are named', () => {
  check('#include <a/b.h>\n#include "c.h"\n#define N 3\n#define MAX(a, b) ((a) > (b) ? (a) : (b))\n', [
    'include <a/b.h>',
    'include "c.h"',
    'macro N',
    'macro MAX()',
  ])
  check('struct point { int x, y; };\nenum colour { red, green };\ntypedef struct { int a; } thing;\n', [
    'type point struct',
    'type colour enum',
    'type thing typedef',
  ])
  check('typedef int (*callback)(void *);\ntypedef unsigned long size_type;\ntypedef char name[16];\n', [
    'type callback typedef',
    'type size_type typedef',
    'type name typedef',
  ])
})

test('a brace that only one branch of a condition opens does not swallow what follows', () => {
  check('#ifdef A\nint f(int a) {\n#else\nint f(long a) {\n#endif\n  return 0;\n}\nint g(void);\n', [
    'function f defined',
    'function g declared',
  ])
})

test('no text makes the outline throw, leave the text, or take long', () => {
  const token = fc.constantFrom(
    '{',
    '}',
    '(',
    ')',
    ';',
    '"',
    "'",
    '/*',
    '*/',
    '//',
    '\n',
    '#',
    '#if',
    '#else',
    '#endif',
    '\\\n',
    'a',
    'int ',
    'f',
    '*',
    '=',
    'typedef ',
    'struct ',
  )
  fc.assert(
    fc.property(fc.array(token, { maxLength: 60 }), (parts) => {
      const source = parts.join('')
      for (const { offset, length } of outlineC(source).items) {
        assert.ok(offset >= 0 && length > 0 && offset + length <= source.length)
      }
    }),
    { numRuns: process.env['SFD_TEST_LONG'] === undefined ? 1_000 : 100_000 },
  )
  for (const hostile of [
    '(',
    '{',
    '"',
    '#',
    'a ',
    ') a',
    '((a) ',
    'f(',
    '/*',
    '#define a \\\n',
    'int f(int a)',
    '\n.a',
  ]) {
    outlineC(hostile.repeat(200_000 / hostile.length))
  }
})

test('licences are named by their SPDX line, else by their words', () => {
  assert.equal(
    licenceOf('/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */'),
    'GPL-2.0-only WITH Linux-syscall-note',
  )
  assert.equal(licenceOf('# SPDX-License-Identifier: MIT\n'), 'MIT')
  assert.equal(
    licenceOf(
      ' * it under the terms of the GNU General Public License as published by\n * the Free Software Foundation; either version 2 of the License, or\n * (at your option) any later version.',
    ),
    'GPL-2.0-or-later',
  )
  assert.equal(licenceOf('Permission is hereby granted, free of charge, to any\n * person obtaining a copy'), 'MIT')
  assert.equal(licenceOf('int main(void);'), undefined)
})

test('a header has one region over all of it that sums it up, and one for each thing', async () => {
  const source = '/* SPDX-License-Identifier: MIT */\n#include <a.h>\nint f(void);\n'
  const { regions } = await regionsOf(cSourceAnalyzer, source, '/usr/include/x.h')
  assert.deepEqual(
    regions.map(({ class: kind, name, offset, length }) => [kind, name, offset, length]),
    [
      ['include', '<a.h>', 35, 14],
      ['function', 'f', 50, 12],
      ['source', 'C source: 1 functions, 0 types, 0 macros, 1 includes', 0, source.length],
    ],
  )
  assert.equal(regions.at(-1)?.attributes?.['licence'], 'MIT')
  assert.deepEqual((await regionsOf(cSourceAnalyzer, source, '/usr/share/x.txt')).regions, [])
  const many = await regionsOf(cSourceAnalyzer, '#define A\n'.repeat(700), '/usr/include/y.h')
  assert.equal(many.regions.length, 501)
  assert.deepEqual(many.problems, [])
  assert.deepEqual(many.regions.at(-1)?.attributes, {
    include: 0,
    macro: 700,
    function: 0,
    type: 0,
    withoutRegion: 200,
  })
})

const headers = ['string.h', 'stdlib.h', 'stdio.h', 'unistd.h', 'signal.h', 'pthread.h', 'math.h', 'zlib.h'].map(
  (name) => `/usr/include/${name}`,
)

test('every function that the compiler sees declared in a system header is in its outline', (t) => {
  if (spawnSync('gcc', ['--version']).status !== 0) return t.skip('no gcc here')
  const folder = mkdtempSync(join(tmpdir(), 'sfd-outline-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const count = process.env['SFD_TEST_LONG'] === undefined ? 3 : headers.length
  let compared = 0
  for (const header of headers.filter(existsSync).slice(0, count)) {
    const out = join(folder, 'aux')
    execFileSync('gcc', ['-fsyntax-only', '-D_GNU_SOURCE', '-aux-info', out, '-x', 'c', header], { stdio: 'ignore' })
    const seen = new Set(
      outlineC(readFileSync(header, 'latin1')).items.flatMap(({ kind, name }) => (kind === 'function' ? [name] : [])),
    )
    for (const line of readFileSync(out, 'latin1').split('\n')) {
      const [, place, declaration = ''] = /^\/\* (.*?):\d+:\w+ \*\/ (.*)$/.exec(line) ?? []
      const name = /(?:\(\*)?\b(\w+) \(/.exec(declaration)?.[1]
      // What math.h makes of macros has its name nowhere in the text.
      if (place !== header || name === undefined || !readFileSync(header, 'latin1').includes(name)) continue
      if (header.endsWith('math.h')) continue
      assert.ok(seen.has(name), `${name} of ${header}`)
      compared++
    }
  }
  assert.ok(compared > 100, `${compared} functions compared`)
})
