/**
 * Source text that shows a person something else than what runs: direction controls that are left open at a line's end
 * (CVE-2021-42574), and terminal sequences that erase or hide what was printed before.
 */
import type { ContentAnalyzer, Report } from '../analyzer.ts'

export const hiddenTextAnalyzer: ContentAnalyzer = {
  name: 'hidden-text',
  version: 1,
  takes: ({ content, type, nameClass }) =>
    content.size > 0 &&
    (type.kind === 'script' || (type.kind === 'text' && (nameClass === 'c-source' || /^text\/x-/.test(type.mimeType)))),
  analyze({ content, type }, report) {
    const length = Math.min(content.size, contentBytesMax)
    const bytes = Buffer.from(content.read(0, length))
    if (length < content.size) report.problem(`read up to ${length} of ${content.size} bytes`)
    if (type.encoding === 'utf-8') findDirections(bytes, report)
    findTerminal(bytes, report)
    findInterpreter(type.interpreter, bytes, report)
  },
}

const contentBytesMax = 16 * 2 ** 20
const placesMax = 16

/** In UTF-8. Embeddings and overrides are closed by U+202C, isolates by U+2069, all of them by the end of the line. */
const direction = /\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\n/g

function findDirections(bytes: Buffer, report: Report): void {
  if (bytes.indexOf('\xe2\x80', 0, 'latin1') < 0 && bytes.indexOf('\xe2\x81', 0, 'latin1') < 0) return
  const open: { readonly code: number; readonly at: number }[] = []
  let told = 0
  const closeLine = (): void => {
    const first = open[0]
    if (first !== undefined && told++ < placesMax) addDirection(first, bytes, report)
    open.length = 0
  }
  for (const { 0: text, index } of bytes.toString('latin1').matchAll(direction)) {
    const code = text === '\n' ? 0 : 0x2000 + (text.charCodeAt(1) - 0x80) * 64 + (text.charCodeAt(2) - 0x80)
    if (code === 0) closeLine()
    else if (code === 0x202c) popLast(open, (known) => known < 0x2066)
    else if (code === 0x2069) popLast(open, (known) => known >= 0x2066)
    else open.push({ code, at: index })
  }
  closeLine()
}

function popLast(open: { readonly code: number }[], isPair: (code: number) => boolean): void {
  const index = open.findLastIndex(({ code }) => isPair(code))
  if (index >= 0) open.splice(index, 1)
}

function addDirection(
  { code, at }: { readonly code: number; readonly at: number },
  bytes: Buffer,
  report: Report,
): void {
  const evidence = `U+${code.toString(16).toUpperCase()} at byte ${at}, line ${lineOf(bytes, at)}, is not closed on its line`
  report.finding(
    { offset: at, length: 3, name: 'source text may read in another order than it runs' },
    {
      ...{ severity: 'medium', rule: 'text-open-direction', evidence: [evidence], confidence: 0.8 },
      check: String.raw`LC_ALL=C grep -nP '\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]' FILE | cat -v`,
      weakness: 'CWE-451',
    },
  )
}

/** Cursor up, erase line or screen, conceal: what colours a message is not in it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
const hiding = /\x1b\[(?:\d{0,4}[AFJK]|(?:\d{1,3};)*8m)/g

function findTerminal(bytes: Buffer, report: Report): void {
  if (!bytes.includes(0x1b)) return
  let told = 0
  for (const { 0: text, index } of bytes.toString('latin1').matchAll(hiding)) {
    if (told++ >= placesMax) return
    const shown = `ESC ${text.slice(1)}`
    report.finding(
      { offset: index, length: text.length, name: 'source text hides lines on a terminal' },
      {
        severity: 'medium',
        rule: 'text-terminal-hiding',
        evidence: [`${shown} at byte ${index}, line ${lineOf(bytes, index)}`],
        confidence: 0.7,
        check: String.raw`LC_ALL=C grep -nP '\x1b\[([0-9]{0,4}[AFJK]|([0-9]{1,3};)*8m)' FILE | cat -v`,
        weakness: 'CWE-451',
      },
    )
  }
}

const openPlaces = /^\/(?:tmp|var\/tmp|dev\/shm)\//

function findInterpreter(interpreter: string | undefined, bytes: Buffer, report: Report): void {
  if (interpreter === undefined || !openPlaces.test(interpreter)) return
  const end = bytes.indexOf(0x0a)
  report.finding(
    {
      offset: 0,
      length: end < 0 ? bytes.length : end,
      name: 'script runs with an interpreter that anyone can put there',
    },
    {
      severity: 'medium',
      rule: 'script-open-interpreter',
      evidence: [`the first line names ${interpreter}`],
      confidence: 1,
      check: 'head -n 1 FILE',
      weakness: 'CWE-426',
    },
  )
}

function lineOf(bytes: Buffer, at: number): number {
  let line = 1
  for (let end = bytes.indexOf(0x0a); end >= 0 && end < at; end = bytes.indexOf(0x0a, end + 1)) line++
  return line
}
