import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { chiefNames, numbersMax, numbersOf, type ToldNumber } from './series-formats.ts'

function check(
  path: string,
  text: string,
  expected: readonly [name: string, unit: string, kind: string, value: number][],
) {
  const told = numbersOf(path, text).map(({ name, unit, kind, value }) => [name, unit, kind, value])
  assert.deepEqual(told, expected)
}

test('sizes of meminfo are bytes, its counts are counts, of one node too', () => {
  check('/proc/meminfo', 'MemTotal:       24684084 kB\nMemFree:  8 kB\nHugePages_Total:       3\nnonsense\n', [
    ['MemTotal', 'bytes', 'gauge', 24_684_084 * 1024],
    ['MemFree', 'bytes', 'gauge', 8192],
    ['HugePages_Total', 'count', 'gauge', 3],
  ])
  check('/sys/devices/system/node/node0/meminfo', 'Node 0 Active(anon):  12 kB\n', [
    ['Active(anon)', 'bytes', 'gauge', 12_288],
  ])
})

test('a process tells its sizes, and how often it was switched', () => {
  check('/proc/17/status', 'Name:\tsh\nPid:\t17\nVmRSS:\t     100 kB\nvoluntary_ctxt_switches:\t9\n', [
    ['Pid', 'count', 'gauge', 17],
    ['VmRSS', 'bytes', 'gauge', 102_400],
    ['voluntary_ctxt_switches', 'count', 'counter', 9],
  ])
})

test('vmstat tells levels and events apart', () => {
  check('/proc/vmstat', 'nr_free_pages 12\nnr_dirtied 5\npgfault 77\n', [
    ['nr_free_pages', 'count', 'gauge', 12],
    ['nr_dirtied', 'count', 'counter', 5],
    ['pgfault', 'count', 'counter', 77],
  ])
})

test('loads, running and all threads', () => {
  check('/proc/loadavg', '6.22 6.26 5.17 8/161 17370\n', [
    ['load 1 min', 'none', 'gauge', 6.22],
    ['load 5 min', 'none', 'gauge', 6.26],
    ['load 15 min', 'none', 'gauge', 5.17],
    ['running', 'count', 'gauge', 8],
    ['threads', 'count', 'gauge', 161],
  ])
})

test('interrupts are summed over processors and named by their device', () => {
  const text =
    '           CPU0       CPU1\n 26:          4         15  IO-APIC   4-edge      ttyS0\n' +
    'LOC:          1          2   Local timer interrupts\nERR:          7\n'
  check('/proc/interrupts', text, [
    ['26 ttyS0', 'count', 'counter', 19],
    ['LOC', 'count', 'counter', 3],
    ['ERR', 'count', 'counter', 7],
  ])
})

test('each network device tells what it received and sent', () => {
  const text = 'Inter-|   Receive    |  Transmit\n face |bytes ...\n' + '  eth0: 100 2 3 4 0 0 0 0 500 6 7 8 0 0 0 0\n'
  check('/proc/net/dev', text, [
    ['eth0 received bytes', 'bytes', 'counter', 100],
    ['eth0 received packets', 'count', 'counter', 2],
    ['eth0 received errors', 'count', 'counter', 3],
    ['eth0 received dropped', 'count', 'counter', 4],
    ['eth0 sent bytes', 'bytes', 'counter', 500],
    ['eth0 sent packets', 'count', 'counter', 6],
    ['eth0 sent errors', 'count', 'counter', 7],
    ['eth0 sent dropped', 'count', 'counter', 8],
  ])
})

test('processor times are seconds; the stat of a process is none of that', () => {
  const told = numbersOf('/proc/stat', 'cpu  250 0 100 0 0 0 0 0 0 0\nctxt 5\nbtime 179\nprocs_running 2\nintr 9 0 9\n')
  const shown = told.filter(({ value }) => value !== 0).map(({ name, unit, kind, value }) => [name, unit, kind, value])
  assert.deepEqual(shown, [
    ['cpu user', 'seconds', 'counter', 2.5],
    ['cpu system', 'seconds', 'counter', 1],
    ['ctxt', 'count', 'counter', 5],
    ['procs running', 'count', 'gauge', 2],
    ['intr', 'count', 'counter', 9],
  ])
  assert.deepEqual(numbersOf('/proc/17/stat', '17 (sh) S 1 1 1\n'), [])
})

test('pressure is a share of time, its total is time', () => {
  check('/proc/pressure/io', 'some avg10=0.50 avg60=1.00 avg300=0.00 total=1500000\n', [
    ['some avg10', 'percent', 'gauge', 0.5],
    ['some avg60', 'percent', 'gauge', 1],
    ['some avg300', 'percent', 'gauge', 0],
    ['some total', 'seconds', 'counter', 1.5],
  ])
})

test('a file of /sys that is one number is that number; a file elsewhere is not', () => {
  check('/sys/class/thermal/thermal_zone0/temp', '41000\n', [['value', 'none', 'gauge', 41_000]])
  check('/sys/class/net/lo/operstate', 'up\n', [])
  check('/home/x/temp', '41000\n', [])
})

test('what this machine says now has numbers, and those that matter are among them', () => {
  for (const name of ['meminfo', 'vmstat', 'loadavg', 'interrupts', 'net/dev', 'stat']) {
    const told = numbersOf(`/proc/${name}`, fs.readFileSync(`/proc/${name}`, 'latin1'))
    const chief = chiefNames(`/proc/${name}`, told, 4)
    assert.ok(told.length >= 5 && chief.length > 0, `${name}: ${told.length} numbers, ${chief}`)
    for (const one of chief) assert.ok(told.some((each) => each.name === one))
  }
})

test('any text gives finite numbers with names of their own, never too many', () => {
  const paths = [
    '/proc/meminfo',
    '/proc/vmstat',
    '/proc/stat',
    '/proc/net/dev',
    '/proc/interrupts',
    '/proc/pressure/io',
  ]
  const word = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom('cpu', 'CPU0', ':', 'kB', '\n', ' ', '9'.repeat(400)),
  )
  const text = fc.array(word, { maxLength: 60 }).map((words) => words.join(''))
  fc.assert(
    fc.property(fc.constantFrom(...paths), text, (path, content) => {
      const told: ToldNumber[] = numbersOf(path, content)
      assert.ok(told.length <= numbersMax && told.every(({ value }) => Number.isFinite(value)))
      assert.equal(new Set(told.map(({ name }) => name)).size, told.length)
    }),
  )
})
