import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { makeElf } from '../../binary/testing/make-elf.ts'
import { embeddedIn, wholeScanMax } from './embedded.ts'
import { embeddedAnalyzer } from './embedded-analyzer.ts'
import { rules, rulesText } from './embedded-rules.ts'
import { contentOfBytes, latin1, lentContent, madeContent, regionsOf } from './testing/contents.ts'
import { loadYara } from './yara.ts'

const yara = await loadYara(rulesText())
const filler = latin1(`\x01${'\0\x02filler '.repeat(40)}`)

function around(thing: Uint8Array): Uint8Array {
  return Buffer.concat([filler, thing, filler])
}

/** `thing` between other bytes is found there with that name and extent; `expected` undefined: nothing is. */
function check(
  thing: Uint8Array | string,
  expected: { name: RegExp; extent: string; length?: number } | undefined,
): void {
  const bytes = typeof thing === 'string' ? latin1(thing) : thing
  const { found, problems } = embeddedIn(lentContent(around(bytes)), yara)
  assert.deepEqual(problems, [])
  if (expected === undefined) return assert.deepEqual(found, [])
  const [first] = found
  assert.ok(first !== undefined && found.length === 1, JSON.stringify(found))
  assert.match(first.name, expected.name)
  assert.deepEqual([first.offset, first.extent], [filler.length, expected.extent])
  if (expected.extent === 'whole') assert.equal(first.length, expected.length ?? bytes.length)
}

test('each rule compiles and finds its own patterns', () => {
  const parts: Uint8Array[] = []
  const expected: string[] = []
  let at = 0
  const add = (bytes: Uint8Array) => {
    parts.push(bytes)
    at += bytes.length
  }
  for (const { name, shape, patterns } of rules) {
    if (shape !== 'constant') continue
    for (const pattern of patterns) {
      add(filler)
      const bytes = headOf(pattern)
      expected.push(`${name} ${at}+${bytes.length}`)
      add(bytes)
    }
  }
  const { found } = embeddedIn(contentOfBytes(Buffer.concat(parts)), yara)
  const seen = new Set(found.map(({ rule, offset, length }) => `${rule} ${offset}+${length}`))
  assert.deepEqual(
    expected.filter((each) => !seen.has(each)),
    [],
  )
})

test('a program inside another file is found whole, and its own parts are not told again', () => {
  const section = { name: '.gz', type: 1, content: new Uint8Array(gzipSync('inner '.repeat(50))) }
  const elf = makeElf({ bits: 64, byteOrder: 'little', type: 2, machine: 62, sections: [section] })
  check(elf, { name: /^ELF 64-bit LSB executable, x86-64/, extent: 'whole' })
  const plain = makeElf({ bits: 64, byteOrder: 'little', type: 2, machine: 62, sections: [] })
  check(plain.fill(0xff, 40, 48), undefined)
  check(latin1('\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0words that are no header'), undefined)
})

test('packed data counts only where it unpacks or its check sum holds', () => {
  check(new Uint8Array(gzipSync('some text that is packed')), { name: /^gzip/, extent: 'header' })
  const broken = new Uint8Array(gzipSync('some text that is packed'))
  check(broken.fill(0xff, 10, 14), undefined)
  check(Buffer.from('fd377a585a000004e6d6b446', 'hex'), { name: /^xz/, extent: 'header' })
  check(Buffer.from('fd377a585a000004e6d6b447', 'hex'), undefined)
  check('BZh91AY&SY....', { name: /^bzip2/, extent: 'header' })
})

test('pictures, WebAssembly and device trees are found with their length', () => {
  const png = '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0....\0\0\0\0IEND\xaeB\x60\x82'
  check(png, { name: /^PNG/, extent: 'whole' })
  check(png.replace('IEND', 'IENX'), undefined)
  check('\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x04\x01\x02\0\x0b', {
    name: /^WebAssembly/,
    extent: 'whole',
  })
  check('\0asm\x01\0\0\0\x01\x7fx', undefined)
})

test('keys and certificates are parsed, not guessed; a key is named by its kind and never shown', (t) => {
  for (const pair of [generateKeyPairSync('ed25519'), generateKeyPairSync('ec', { namedCurve: 'P-256' })]) {
    const der = pair.privateKey.export({ type: 'pkcs8', format: 'der' })
    check(der, { name: /^private key \(PKCS #8, DER\), e/, extent: 'whole' })
    // Any 32 bytes are an Ed25519 key; not so a point of a curve.
    if (der.length > 100) check(Buffer.concat([der.subarray(0, 40), new Uint8Array(der.length - 40)]), undefined)
  }
  const made = spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    '/dev/null',
    '-subj',
    '/CN=foundry test',
    '-outform',
    'DER',
  ])
  if (made.status !== 0) return t.diagnostic('no openssl here: certificates not tried')
  check(made.stdout, { name: /^X\.509 certificate \(DER\) of CN=foundry test$/, extent: 'whole' })
  check(Buffer.from(made.stdout).fill(0xff, 8, 12), undefined)
})

test('a PEM block is told from the words of a program that writes one', () => {
  const body = `${'QUJDRA=='.replace(/=/g, 'A').repeat(8)}\n${'QUJD'.repeat(16)}\n`
  check(`-----BEGIN CERTIFICATE-----\n${body}-----END CERTIFICATE-----`, { name: /^PEM CERTIFICATE$/, extent: 'whole' })
  check('-----BEGIN OPENSSH PRIVATE KEY-----\0', {
    name: /^PEM marker OPENSSH PRIVATE KEY \(format text\)$/,
    extent: 'marker',
  })
  check('-----BEGIN %s-----\n', { name: /^PEM marker \(format text\)$/, extent: 'marker' })
})

test('whatever follows a magic number, the checks stay inside the content and never throw', () => {
  const heads = rules.flatMap(({ shape, patterns }) => (shape === 'constant' ? [] : patterns)).map(headOf)
  const runs = process.env['SFD_TEST_LONG'] === undefined ? 30 : 2_000
  const tail = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.constant(new Uint8Array(200)),
    fc.constant(new Uint8Array(200).fill(0xff)),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...heads), tail), { minLength: 1, maxLength: 6 }), (parts) => {
      const bytes = Buffer.concat([Buffer.of(1), ...parts.flat()])
      for (const { offset, length } of embeddedIn(lentContent(bytes), yara).found) {
        assert.ok(offset > 0 && length > 0 && offset + length <= bytes.length)
      }
    }),
    { numRuns: runs },
  )
})

/** Bytes that a pattern matches: the first of alternatives, zeros for what may be anything. */
function headOf(pattern: string): Uint8Array {
  if (pattern.startsWith('"')) return latin1(pattern.slice(1, -1))
  return Buffer.from(
    pattern
      .replace(/\(([^|)]*)[^)]*\)/g, '$1')
      .replaceAll('?', '0')
      .replace(/[{} ]/g, ''),
    'hex',
  )
}

test('headers by the thousand that are none are given up, and that is said', () => {
  const headers = Buffer.concat(Array.from({ length: 900 }, () => latin1(`070701${'0'.repeat(94)}00000002x`)))
  const { found, problems } = embeddedIn(contentOfBytes(around(headers)), yara)
  assert.deepEqual([found, problems], [[], ['embedded_cpio: 256 matches in a row were none']])
})

test('an initial file system is one archive', () => {
  const entry = (name: string) => {
    const head = `070701${'0'.repeat(88)}${(name.length + 1).toString(16).padStart(8, '0')}00000000${name}\0`
    return latin1(head.padEnd(Math.ceil(head.length / 4) * 4, '\0'))
  }
  const archive = Buffer.concat([entry('a'), entry('bin/sh'), entry('TRAILER!!!')])
  check(archive, { name: /^cpio archive$/, extent: 'whole' })
})

test('matches on the border of two pieces are found once', () => {
  const piece = 8 * 2 ** 20
  const pattern = latin1('expand 32-byte k')
  for (const at of [piece - 5, piece + 250]) {
    const content = madeContent(piece + 4_096, (target, offset) => {
      if (offset <= at + pattern.length && at < offset + target.length) {
        for (let index = 0; index < pattern.length; index++) {
          const place = at + index - offset
          if (place >= 0 && place < target.length) target[place] = pattern[index] as number
        }
      }
    })
    assert.deepEqual(
      embeddedIn(content, yara).found.map(({ offset }) => offset),
      [at],
    )
  }
})

test('a content that is too long is read at both ends and in between, and that is said', (t) => {
  if (process.env['SFD_TEST_LONG'] === undefined) return t.skip('64 MiB to scan: in the long lane')
  const size = 4 * wholeScanMax
  const pattern = latin1('OrpheanBeholderScryDoubt')
  const content = madeContent(size, (target, offset) => {
    for (const at of [1_000, size - 1_000])
      if (at >= offset && at + 24 <= offset + target.length) target.set(pattern, at - offset)
  })
  const { found, problems } = embeddedIn(content, yara)
  assert.deepEqual(
    found.map(({ offset }) => offset),
    [1_000, size - 1_000],
  )
  assert.deepEqual(problems, [`read ${64 * 2 ** 20} of ${size} bytes: both ends and pieces in between`])
})

test('a program in a picture is a finding, one in a binary is not', async () => {
  const elf = makeElf({ bits: 64, byteOrder: 'little', type: 2, machine: 62, sections: [] })
  const png = latin1('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0....\0\0\0\0IEND\xaeB\x60\x82')
  const picture = await regionsOf(embeddedAnalyzer, Buffer.concat([png, elf, filler, filler]))
  const findings = picture.regions.filter(({ finding }) => finding !== undefined)
  assert.deepEqual(
    findings.map(({ offset, length, finding }) => [offset, length, finding?.rule, finding?.severity, finding?.check]),
    [[png.length, elf.length, 'embedded-program', 'medium', `tail -c +${png.length + 1} FILE | file -`]],
  )
  const binary = await regionsOf(embeddedAnalyzer, Buffer.concat([elf, filler, elf]))
  assert.deepEqual(
    binary.regions.map(({ class: kind, finding }) => [kind, finding]),
    [['embedded', undefined]],
  )
})

test('a picture without a program in it is not scanned at all', async () => {
  const png = latin1('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0....\0\0\0\0IEND\xaeB\x60\x82')
  const picture = Buffer.concat([png, filler, latin1('expand 32-byte k'), filler])
  assert.deepEqual(await regionsOf(embeddedAnalyzer, picture), { regions: [], problems: [] })
})

test('of what is there hundreds of times the first are told, and with the last of them how many more', async () => {
  const body = `${'QUJD'.repeat(16)}\n`.repeat(2)
  const block = latin1(`-----BEGIN CERTIFICATE-----\n${body}-----END CERTIFICATE-----\n\0\x01`)
  const { regions, problems } = await regionsOf(
    embeddedAnalyzer,
    Buffer.concat([filler, ...Array.from({ length: 70 }, () => block)]),
  )
  assert.deepEqual([regions.length, problems], [64, []])
  assert.deepEqual(
    regions.flatMap(({ attributes }, at) =>
      attributes?.['moreOfThem'] === undefined ? [] : [at, attributes['moreOfThem']],
    ),
    [63, 6],
  )
})
