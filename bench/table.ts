/**
 * What a part of the bench found, as data, and how a person sees it: one aligned table for each section.
 *
 * Values keep their base unit (bytes, seconds, plain ratios) in rows and in JSON; only printing rounds and scales them.
 */

export type Unit = 'text' | 'count' | 'ratio' | 'bytes' | 'seconds' | 'milliseconds' | 'gigabytesPerSecond'

export interface Column {
  /** Field of a row's values, with the unit last. */
  readonly key: string
  readonly title: string
  readonly unit: Unit
}

/** `not judged`: there is nothing to compare with, or this run is too small to say. */
export type Verdict = 'ok' | 'over' | 'not judged'

export interface Budget {
  /** As the issue says it: `<= 200 KiB`. */
  readonly limit: string
  readonly verdict: Verdict
}

export interface Row {
  readonly name: string
  readonly values: Readonly<Record<string, number | string | null>>
  readonly budgets: readonly Budget[]
  /** Why there are no values. */
  readonly skipped: string | null
}

export interface Section {
  readonly id: string
  readonly title: string
  /** What was done, exactly enough to judge the figures. */
  readonly notes: readonly string[]
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

export function row(name: string, values: Row['values'], budgets: readonly Budget[] = []): Row {
  return { name, values, budgets, skipped: null }
}

export function skippedRow(name: string, why: string): Row {
  return { name, values: {}, budgets: [], skipped: why }
}

/** Ends with a line feed. */
export function textOfSection({ title, notes, columns, rows }: Section): string {
  const hasBudgets = rows.some(({ budgets }) => budgets.length > 0)
  const titles = ['', ...columns.map((column) => column.title)]
  const measured = rows.filter(({ skipped }) => skipped === null)
  const lines = measured.map(({ name, values }) => [name, ...columns.map((column) => shown(values, column))])
  const widths = titles.map((text, at) => Math.max(text.length, ...lines.map((line) => (line[at] ?? '').length)))
  const nameWidth = Math.max(widths[0] ?? 0, ...rows.map(({ name }) => name.length))
  const aligned = (cells: readonly string[]): string => {
    const rest = cells.slice(1).map((text, at) => pad(text, { width: widths[at + 1] ?? 0, unit: columns[at]?.unit }))
    return [(cells[0] ?? '').padEnd(nameWidth), ...rest].join('  ')
  }
  const printed = rows.map((item) => {
    if (item.skipped !== null) return `${item.name.padEnd(nameWidth)}  not measured: ${item.skipped}`
    const cells = [item.name, ...columns.map((column) => shown(item.values, column))]
    return `${aligned(cells)}   ${item.budgets.map(textOfBudget).join(', ')}`
  })
  const head = `${aligned(titles)}${hasBudgets ? '   budget' : ''}`
  const all = [title, ...notes.map((note) => `  ${note}`), ...[head, ...printed].map((line) => `  ${line}`)]
  return `${all.map((line) => line.trimEnd()).join('\n')}\n`
}

function textOfBudget({ limit, verdict }: Budget): string {
  return `${verdict === 'over' ? 'OVER' : verdict} (${limit})`
}

function pad(text: string, { width, unit }: { width: number; unit: Unit | undefined }): string {
  return unit === 'text' ? text.padEnd(width) : text.padStart(width)
}

function shown(values: Row['values'], { key, unit }: Column): string {
  const value = values[key]
  if (value === null || value === undefined) return '-'
  if (typeof value === 'string') return value
  switch (unit) {
    case 'text':
      return String(value)
    case 'count':
      return value.toFixed(0)
    case 'ratio':
      return value < 0.01 ? value.toFixed(4) : value.toFixed(2)
    case 'bytes':
      return textOfBytes(value)
    case 'seconds':
      return `${value.toFixed(2)} s`
    case 'milliseconds':
      return `${value.toFixed(1)} ms`
    case 'gigabytesPerSecond':
      return `${value < 0.1 ? value.toFixed(3) : value.toFixed(2)} GB/s`
  }
}

/** Binary units: the budgets are in KiB. */
export function textOfBytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let scaled = count
  let step = 0
  while (scaled >= 1024 && step < units.length - 1) {
    scaled /= 1024
    step++
  }
  return `${scaled.toFixed(step === 0 ? 0 : 1)} ${units[step]}`
}
