/** What an extraction of a brick or of a whole set did, for programs and for people. */
import type { ExtractReport, ProblemList } from '../read/extract.ts'
import type { Call } from './command.ts'
import { grouped, pathFields, shownPath } from './text.ts'

export interface Extracted {
  readonly dest: Uint8Array
  readonly seconds: number
}

export function extractedFields(report: ExtractReport, { dest, seconds }: Extracted) {
  const { path, pathHex } = pathFields(dest)
  const list = ({ items }: ProblemList) => items.map((item) => ({ ...pathFields(item.path), why: item.why }))
  return {
    dest: path,
    destHex: pathHex,
    files: report.files,
    hardLinks: report.hardLinks,
    directories: report.directories,
    symlinks: report.symlinks,
    specials: report.specials,
    bytes: report.bytes,
    skipped: list(report.skipped),
    failed: list(report.failed),
    damaged: list(report.damaged),
    unreadable: list(report.unreadable),
    torn: list(report.torn),
    forgotten: list(report.forgotten),
    seconds: Math.round(seconds * 1000) / 1000,
  }
}

/** Root gives files their recorded owners; anyone else keeps what is made. */
export function ownershipOf(): { owner: 'restore' | 'ignore'; uid: number; gid: number } {
  const uid = process.geteuid?.() ?? 0
  return { owner: uid === 0 ? 'restore' : 'ignore', uid, gid: process.getegid?.() ?? 0 }
}

const warnedMax = 10

export function warnOfProblems(call: Call, report: ExtractReport): void {
  for (const name of ['damaged', 'failed', 'unreadable', 'torn', 'forgotten', 'skipped'] as const) {
    const { count, items } = report[name]
    for (const { path, why } of items.slice(0, warnedMax)) call.warn(`${name}: ${shownPath(path)}: ${why}`)
    if (count > warnedMax) call.warn(`${name}: ${grouped(count - warnedMax)} more; --json lists them`)
  }
}
