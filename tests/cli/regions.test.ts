/** `sfd regions`, and mappings in `sfd ls` and `sfd show`: of bricks in spec/fixtures. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonLines, sfd } from './sfd.ts'

const lines = (args: readonly string[]) => jsonLines(sfd(args)) as unknown as Record<string, unknown>[]

const spec = join(import.meta.dirname, '../../spec/fixtures')
const memory = join(spec, 'memory.brick')

test('regions are listed by entry, with what is known of them, to people', () => {
  const { status, stdout, stderr } = sfd(['regions', memory])
  assert.deepEqual([status, stderr], [0, ''])
  assert.deepEqual(stdout.split('\n'), [
    '000055d0c0de0000  daemon (deleted) r-xp',
    '           0x0    8.0 KiB  section     .text',
    '          0x40      128 B  symbol      main',
    '          0x40      128 B  symbol      _start',
    '000055d0c0df0000  [heap] rw-p',
    '           0x0    160 KiB  mapping     [heap]  bytes per second=1048576.5 growing=true kind=heap rss=8192  ! medium memory-growth (95 %): grew from 4,096 to 163,840 bytes in 20 s; in 8 of 8 looks',
    '00007ffe10000000  [stack] rw-p',
    '        0x8000   12.0 KiB  mapping     [stack]',
    '',
  ])
})

test('programs get a region a line, of one mapping by its name, of findings only, of an earlier commit', () => {
  const heap = lines(['regions', memory, '[heap]', '--findings', '--json'])
  assert.equal(heap.length, 1)
  const { finding, attributes, ...rest } = heap[0] ?? {}
  assert.deepEqual(rest, {
    path: '000055d0c0df0000',
    address: '0x55d0c0df0000',
    offset: 0,
    length: 163_840,
    layer: 0,
    class: 'mapping',
    name: '[heap]',
  })
  assert.equal((finding as { rule: string }).rule, 'memory-growth')
  assert.equal((attributes as { rss: number }).rss, 8_192)
  const places = (args: readonly string[]) =>
    lines(['regions', join(spec, 'log.brick'), '--json', ...args]).map(({ offset, class: kind }) => [offset, kind])
  const newest = [
    [65_536, 'line'],
    [131_072, 'gap'],
    [131_072, 'line'],
  ]
  assert.deepEqual(places([]), newest)
  assert.deepEqual(
    places(['syslog', '--at', '@-1']).map(([offset]) => offset),
    [0, 1_000, 65_536],
  )
})

test('whatever a region is called, nothing of it reaches the terminal but its text', () => {
  const { stdout } = sfd(['regions', join(spec, 'regions.brick'), 'next', '--at', '1'])
  assert.match(stdout, /überschrift\s+\\xe6\\x97\\xa5.*\\x0a\n/)
  const unprintable = [...stdout].filter((character) => /[\p{Cc}\p{Cf}]/u.test(character) && character !== '\n')
  assert.deepEqual(unprintable, [])
})

test('mappings are listed with permissions, name and where they begin', () => {
  const { stdout } = sfd(['ls', memory])
  const shown = stdout.split('\n').map((line) => line.slice(58))
  assert.deepEqual(shown, [
    '.',
    '000055d0c0de0000  r-xp /usr/bin/daemon (deleted)',
    '000055d0c0df0000  rw-p [heap]  [torn sparse]',
    '00007f0000000000  rw-s /m\\xff\\x0a',
    '00007f4000000000  ---p anonymous (8.0 GiB never read)  [unreadable]',
    '00007ffe10000000  rw-p [stack] (from 0x7ffe10008000)  [sparse]',
    'ffffffffff600000  --xp [vsyscall]  [unreadable sparse]',
    '',
  ])
  const [strange] = lines(['ls', memory, '0x7f0000000001', '--json'])
  assert.deepEqual(strange?.['mapping'], {
    address: '0x7f0000000000',
    lead: 0,
    unread: 0,
    permissions: 'rw-s',
    name: null,
    nameHex: '2f6dff0a',
    fileOffset: '0x8000000000000000',
    dev: '1',
    ino: '18446744073709551615',
  })
})

test('what the source says of itself, and its end, are shown', () => {
  const [shown] = lines(['show', memory, '--json'])
  assert.deepEqual(
    [shown?.['kind'], shown?.['source'], shown?.['about'], shown?.['regions'], shown?.['ended']],
    ['process', 'proc:4711@1234567@0f1e2d3c', { comm: 'daemon', pid: 4711 }, 5, undefined],
  )
  assert.match(sfd(['show', join(spec, 'log.brick')]).stdout, /\nended +2026-01-01T00:00:00\.000000000Z\n/)
})
