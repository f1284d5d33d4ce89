/**
 * The numbers in the kernel's statistics files: what they are called, their unit, whether they grow for ever. Pure.
 *
 * A format is chosen by the file's name and tells nothing where the text is another. Sizes are in bytes, times in seconds,
 * whatever the file counts in. What a program of another machine wrote under the same name is only ever numbers and names.
 */

export type NumberUnit = 'bytes' | 'count' | 'percent' | 'seconds' | 'none'

export interface ToldNumber {
  readonly name: string
  readonly unit: NumberUnit
  /** counter: it only grows, until it starts anew. */
  readonly kind: 'gauge' | 'counter'
  readonly value: number
}

/** Numbers of one file are at most so many. */
export const numbersMax = 1_024
/** Larger contents are not looked at. */
export const textBytesMax = 1_048_576
const nameLengthMax = 80

/** In the order of the text; empty where the file is none of those known. `path`: absolute, or its last two parts. */
export function numbersOf(path: string, text: string): ToldNumber[] {
  if (text.length > textBytesMax) return []
  const told: ToldNumber[] = []
  const seen = new Set<string>()
  for (const number of formatOf(path)?.read(text) ?? []) {
    if (!Number.isFinite(number.value) || seen.has(number.name) || number.name.length > nameLengthMax) continue
    seen.add(number.name)
    told.push(number)
    if (told.length === numbersMax) break
  }
  return told
}

/** Names that matter first, of those that are told: at most `countMax`. */
export function chiefNames(path: string, told: readonly ToldNumber[], countMax: number): string[] {
  const chief = formatOf(path)?.chief ?? []
  const known = new Set(told.map(({ name }) => name))
  const named = chief.filter((name) => known.has(name))
  const rest = told.filter(({ name }) => !named.includes(name)).sort((a, b) => b.value - a.value)
  return [...named, ...(named.length === 0 ? rest.map(({ name }) => name) : [])].slice(0, countMax)
}

interface Format {
  readonly matches: RegExp
  readonly chief: readonly string[]
  readonly read: (text: string) => Iterable<ToldNumber>
}

const formats: readonly Format[] = [
  { matches: /(^|\/)meminfo$/, chief: ['MemAvailable', 'MemFree', 'Cached', 'AnonPages'], read: labelled },
  { matches: /(^|\/)smaps_rollup$/, chief: ['Rss', 'Pss', 'Private_Dirty', 'Swap'], read: labelled },
  { matches: /(^|\/)(\d+|self)\/status$/, chief: ['VmRSS', 'VmSwap', 'Threads'], read: labelled },
  { matches: /(^|\/)vmstat$/, chief: ['nr_free_pages', 'pgfault', 'pgmajfault', 'pswpout'], read: vmstat },
  { matches: /(^|\/)loadavg$/, chief: ['load 1 min', 'load 5 min', 'load 15 min', 'running'], read: loadavg },
  { matches: /(^|\/)(interrupts|softirqs)$/, chief: [], read: interrupts },
  { matches: /(^|\/)net\/dev$/, chief: [], read: netDev },
  { matches: /(^|\/)stat$/, chief: ['cpu user', 'cpu system', 'cpu idle', 'procs running'], read: stat },
  { matches: /(^|\/)pressure\/(cpu|memory|io|irq)$/, chief: ['some avg10', 'full avg10'], read: pressure },
  { matches: /(^|\/)(sys|cgroup)\/.*[^/]$/, chief: ['value'], read: single },
]

function formatOf(path: string): Format | undefined {
  return formats.find(({ matches }) => matches.test(path))
}

/** `MemFree:  123 kB`, of one node too; lines without a unit count something. */
function* labelled(text: string): Generator<ToldNumber> {
  for (const line of text.split('\n')) {
    const match = /^(?:Node \d+ )?([\w()]+):\s+(\d+)( kB)?$/.exec(line)
    if (match === null) continue
    const [, name = '', digits, kibi] = match
    const isCounter = /ctxt_switches$/.test(name)
    const value = Number(digits) * (kibi === undefined ? 1 : 1024)
    yield { name, unit: kibi === undefined ? 'count' : 'bytes', kind: isCounter ? 'counter' : 'gauge', value }
  }
}

/** What of vmstat is how much, not how often; of what begins with nr_ these count events. */
const vmstatEvents = new Set(['nr_dirtied', 'nr_written', 'nr_vmscan_write', 'nr_vmscan_immediate_reclaim'])

function* vmstat(text: string): Generator<ToldNumber> {
  for (const line of text.split('\n')) {
    const match = /^(\w+) (\d+)$/.exec(line)
    if (match === null) continue
    const [, name = '', digits] = match
    const isGauge = (/^nr_/.test(name) && !vmstatEvents.has(name)) || name === 'workingset_nodes'
    yield { name, unit: 'count', kind: isGauge ? 'gauge' : 'counter', value: Number(digits) }
  }
}

function* loadavg(text: string): Generator<ToldNumber> {
  const match = /^([\d.]+) ([\d.]+) ([\d.]+) (\d+)\/(\d+) \d+\n?$/.exec(text)
  if (match === null) return
  for (const [i, minutes] of [1, 5, 15].entries()) {
    yield { name: `load ${minutes} min`, unit: 'none', kind: 'gauge', value: Number(match[i + 1]) }
  }
  yield { name: 'running', unit: 'count', kind: 'gauge', value: Number(match[4]) }
  yield { name: 'threads', unit: 'count', kind: 'gauge', value: Number(match[5]) }
}

/** Each line summed over the processors. */
function* interrupts(text: string): Generator<ToldNumber> {
  const [header = '', ...lines] = text.split('\n')
  const cpuCount = header.split(/\s+/).filter((word) => /^CPU\d+$/.test(word)).length
  if (cpuCount === 0) return
  for (const line of lines) {
    const match = /^\s*([\w.-]+):\s*(.*)$/.exec(line)
    if (match === null) continue
    const [, label = '', rest = ''] = match
    const words = rest.split(/\s+/)
    const isCount = (word: string): boolean => /^\d+$/.test(word)
    const counts = words.slice(0, cpuCount).filter(isCount)
    if (counts.length === 0) continue
    const device = /^\d+$/.test(label) ? words.slice(counts.length).at(-1) : undefined
    const name = device === undefined ? label : `${label} ${device}`
    const value = counts.reduce((sum, count) => sum + Number(count), 0)
    yield { name, unit: 'count', kind: 'counter', value }
  }
}

const netFields = ['bytes', 'packets', 'errors', 'dropped'] as const
/** Columns of one direction. */
const netColumns = 8

function* netDev(text: string): Generator<ToldNumber> {
  for (const line of text.split('\n').slice(2)) {
    const match = /^\s*(\S+):\s*([\d\s]+)$/.exec(line)
    const [, device = '', columns = ''] = match ?? []
    const values = columns.trim().split(/\s+/).map(Number)
    if (values.length < 2 * netColumns) continue
    for (const [way, from] of [
      ['received', 0],
      ['sent', netColumns],
    ] as const) {
      for (const [i, field] of netFields.entries()) {
        const unit = field === 'bytes' ? 'bytes' : 'count'
        yield { name: `${device} ${way} ${field}`, unit, kind: 'counter', value: values[from + i] as number }
      }
    }
  }
}

const cpuFields = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const
/** The kernel tells times in hundredths of a second, whatever it counts in (USER_HZ). */
const ticksPerSecond = 100

function* stat(text: string): Generator<ToldNumber> {
  if (!text.startsWith('cpu ')) return
  for (const line of text.split('\n')) {
    const [label = '', ...words] = line.trim().split(/\s+/)
    if (/^cpu\d*$/.test(label)) {
      for (const [i, field] of cpuFields.entries()) {
        if (words[i] === undefined) continue
        yield { name: `${label} ${field}`, unit: 'seconds', kind: 'counter', value: Number(words[i]) / ticksPerSecond }
      }
    } else if (/^procs_/.test(label)) {
      yield { name: label.replace('_', ' '), unit: 'count', kind: 'gauge', value: Number(words[0]) }
    } else if (['intr', 'ctxt', 'processes', 'softirq'].includes(label)) {
      yield { name: label, unit: 'count', kind: 'counter', value: Number(words[0]) }
    }
  }
}

function* pressure(text: string): Generator<ToldNumber> {
  for (const line of text.split('\n')) {
    const match = /^(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=(\d+)$/.exec(line)
    if (match === null) continue
    for (const [i, span] of ['avg10', 'avg60', 'avg300'].entries()) {
      yield { name: `${match[1]} ${span}`, unit: 'percent', kind: 'gauge', value: Number(match[i + 2]) }
    }
    yield { name: `${match[1]} total`, unit: 'seconds', kind: 'counter', value: Number(match[5]) / 1e6 }
  }
}

/** A file that is one number. */
function* single(text: string): Generator<ToldNumber> {
  if (text.length > 32 || !/^-?\d+(\.\d+)?\n?$/.test(text)) return
  yield { name: 'value', unit: 'none', kind: 'gauge', value: Number(text) }
}
