import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { kindOf, listedBytes, reasonNotToRead } from './mapping-kind.ts'
import { nameBytes, parseMaps, parseSmaps } from './maps.ts'

const plain = { readSwapped: false, readProtected: false, readDontDump: false }

test('every line of our own maps is understood, and says of its file what stat says', () => {
  const text = readFileSync('/proc/self/maps')
  const lines = parseMaps(text)
  assert.equal(lines.map((line) => line.text).join('\n'), text.toString('latin1').trimEnd())
  const program = lines.find(({ name }) => name === process.execPath)
  const { dev, ino } = statSync(process.execPath, { bigint: true })
  assert.equal(program?.dev, dev)
  assert.equal(program?.ino, ino)
})

test('smaps are maps with numbers', () => {
  const [smaps, maps] = [parseSmaps(readFileSync('/proc/self/smaps')), parseMaps(readFileSync('/proc/self/maps'))]
  assert.ok(Math.abs(smaps.length - maps.length) < 20)
  assert.ok(smaps.some(({ numbers }) => numbers.rssBytes > 2 ** 20 && numbers.privateDirtyBytes > 0))
  assert.ok(smaps.every(({ numbers }) => numbers.flags.length > 0))
})

test('names keep their bytes, spaces and colons included; what is no line is left out', () => {
  const odd = '7f0000000000-7f0000001000 rw-s 00002000 fe:01 12345                      /tmp/a b:\u00ff c (deleted)\n'
  const [line, ...others] = parseMaps(Buffer.from(`${odd}nonsense\n\n`, 'latin1'))
  assert.ok(line)
  assert.equal(others.length, 0)
  assert.equal(Buffer.from(nameBytes(line)).toString('latin1'), '/tmp/a b:\u00ff c (deleted)')
  assert.equal(line.fileOffset, 0x2000n)
  assert.equal(line.dev, 0xfe01n)
  const [entry] = parseSmaps(Buffer.from(`${odd}Rss:   12 kB\nVmFlags: rd wr sh dd\n`, 'latin1'))
  assert.equal(entry?.numbers.rssBytes, 12 * 1_024)
  assert.deepEqual(entry?.numbers.flags, ['rd', 'wr', 'sh', 'dd'])
})

test('the highest address there is, that of vsyscall, is exact', () => {
  const [line] = parseMaps(Buffer.from('ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0      [vsyscall]\n'))
  assert.equal(BigInt(line?.start ?? 0), 0xffffffffff600000n)
  assert.equal(BigInt(line?.end ?? 0), 0xffffffffff601000n)
})

test('a mapping that no brick has room for is told to be too large', () => {
  const [entry] = parseSmaps(Buffer.from('10000000000-7f0000000000 rw-p 00000000 00:00 0\nVmFlags: rd wr\n'))
  assert.ok(entry)
  assert.equal(reasonNotToRead(entry, plain), 'EFBIG')
  assert.equal(listedBytes(entry), 4_096)
})

test('each kind of mapping has its word, and each that is not read its reason', () => {
  for (const [text, flags, kind, reason] of [
    ['rw-p 00000000 00:00 0  [heap]', 'rd wr', 'heap', undefined],
    ['rw-p 00000000 00:00 0  [stack]', 'rd wr gd', 'stack', undefined],
    ['r--p 00000000 00:00 0  [vvar]', 'rd io pf dd', 'kernel', 'VVAR'],
    ['r-xp 00000000 00:00 0  [vdso]', 'rd ex de', 'kernel', undefined],
    ['rw-p 00000000 00:00 0', 'rd wr', 'anonymous', undefined],
    ['rw-p 00000000 00:00 0', 'rd wr dd', 'anonymous', 'DONTDUMP'],
    ['---p 00000000 00:00 0', 'mr', 'anonymous', 'PROT_NONE'],
    ['rw-s 00000000 00:01 17  /dev/zero (deleted)', 'rd wr sh', 'shared', undefined],
    ['rw-s 00000000 00:01 17  /SYSV00000000 (deleted)', 'rd wr sh', 'shared', undefined],
    ['rw-s 00000000 00:01 17  /memfd:x (deleted)', 'rd wr sh', 'memfd', undefined],
    ['rw-s 00000000 00:06 17  /dev/dri/card0', 'rd wr sh io pf', 'device', 'DEVICE'],
    ['r-xp 00000000 fe:00 17  /usr/bin/cat', 'rd ex', 'file', undefined],
  ] as const) {
    const [entry] = parseSmaps(Buffer.from(`1000-2000 ${text}\nVmFlags: ${flags}\n`))
    assert.ok(entry, text)
    assert.equal(kindOf({ ...entry, flags: entry.numbers.flags }), kind, text)
    assert.equal(reasonNotToRead(entry, plain), reason, text)
  }
})
