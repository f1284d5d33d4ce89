/**
 * What starts by itself with somebody's rights: crontabs, scripts of cron and of the start, systemd's units, start files of
 * shells, the loader's folders, PAM. Told is what only an intruder or a mistake does there: a download into a shell, a
 * program or a library where everybody may write, a login that asks nothing.
 *
 * Paths outside packages' folders are kept as regions of class `root-path`: root-paths.ts asks who may change them.
 */
import { regionLayers, type Severity } from '../../base/region.ts'
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import type { NameClass } from '../name-class.ts'
import { type ConfigLine, configBytesMax, configLines } from './config-lines.ts'
import { findLine } from './line-finding.ts'
import { isOpenPlace, isPackagePlace } from './open-places.ts'
import { judgePam } from './pam.ts'
import { programsOf, runsDownload } from './shell-commands.ts'
import { shownBytes } from './shown-text.ts'
import { badVariables } from './start-variables.ts'

export const rootPathClass = 'root-path'

export const startup: ContentAnalyzer = {
  name: 'startup',
  version: 1,
  takes: ({ nameClass, type, content }) =>
    judges.has(nameClass) && type.kind !== 'elf' && content.size > 0 && content.size <= configBytesMax,
  analyze({ content, nameClass }, report) {
    const judge = judges.get(nameClass)
    for (const line of configLines(content, { continued: true })) judge?.(line, report)
  },
}

const judges: ReadonlyMap<NameClass, (line: ConfigLine, report: Report) => void> = new Map([
  ['crontab', (line: ConfigLine, report: Report) => judgeCron(line, report)],
  ['user-crontab', judgeOwnCron],
  ['root-script', judgeScript],
  ['systemd-unit', judgeUnit],
  ['shell-startup', (line: ConfigLine, report: Report) => judgeShell(line, report, 'high')],
  ['user-startup', (line: ConfigLine, report: Report) => judgeShell(line, report, 'medium')],
  ['ld-conf', judgeLoader],
  ['pam', judgePam],
])

const cronTime = String.raw`(?:@\w+|(?:[\d*][^\s]*\s+){4}[^\s]+)\s+`

/** `TIME USER COMMAND` or `NAME=VALUE`. */
function judgeCron(line: ConfigLine, report: Report): void {
  const [, user = '', command] = new RegExp(`^${cronTime}(\\S+)\\s+(.*)$`).exec(line.text) ?? []
  if (command === undefined) judgeVariables(line, report, 'high')
  else judgeCommand({ line, command, severity: 'high', use: 'cron', user }, report)
}

/** `TIME COMMAND`: whose it is the file's name says. */
function judgeOwnCron(line: ConfigLine, report: Report): void {
  const command = new RegExp(`^${cronTime}(.*)$`).exec(line.text)?.[1]
  if (command === undefined) judgeVariables(line, report, 'high')
  else judgeCommand({ line, command, severity: 'high', use: 'cron', user: '' }, report)
}

function judgeScript(line: ConfigLine, report: Report): void {
  judgeCommand({ line, command: line.text, severity: 'high', use: 'a script of root', user: '' }, report)
}

function judgeUnit(line: ConfigLine, report: Report): void {
  const [, key = '', value = ''] = /^([A-Za-z]+)\s*=\s*(.*)$/.exec(line.text) ?? []
  if (key === 'Environment') judgeVariables(line, report, 'high')
  if (!/^Exec(?:Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)$/.test(key)) return
  const command = value.replace(/^[-@:+!|]+/, '')
  judgeCommand({ line, command, severity: 'high', use: 'systemd', user: '' }, report)
}

function judgeShell(line: ConfigLine, report: Report, severity: Severity): void {
  judgeVariables(line, report, severity)
  judgeCommand({ line, command: line.text, severity, use: 'a start file', user: '' }, report)
}

/** What is only odd is told of the system's files alone, and as that. */
function judgeVariables(line: ConfigLine, report: Report, severity: Severity): void {
  for (const { title, why, isOpen } of badVariables(line.text)) {
    const evidence = [shownBytes(why)]
    if (isOpen || severity === 'high') {
      findLine(report, line, {
        ...{ rule: 'startup-variable', severity: isOpen ? severity : 'medium', title, evidence, weakness: 'CWE-426' },
      })
    }
  }
}

interface Started {
  readonly line: ConfigLine
  readonly command: string
  readonly severity: Severity
  /** What starts it. */
  readonly use: string
  /** Whom it runs as; empty where the line does not say. */
  readonly user: string
}

function judgeCommand({ line, command, severity, use, user }: Started, report: Report): void {
  if (runsDownload(command)) {
    const title = 'A download is run as it comes'
    const evidence = ['who answers for that address, or stands in between, chooses what runs']
    findLine(report, line, { rule: 'startup-download', severity, title, evidence, weakness: 'CWE-494' })
  }
  for (const path of new Set(programsOf(command))) {
    if (isOpenPlace(path)) {
      const title = `${startsWith(use)} runs what lies where everybody may write`
      findLine(report, line, { rule: 'startup-open-place', severity, title, evidence: [`it runs ${shownBytes(path)}`] })
    } else if ((use === 'cron' && (user === 'root' || user === '')) || use === 'systemd') {
      tellRootPath({ line, path, use }, report)
    }
  }
}

function startsWith(use: string): string {
  return use.charAt(0).toUpperCase() + use.slice(1)
}

function judgeLoader(line: ConfigLine, report: Report): void {
  const path = line.text
  if (!path.startsWith('/')) return
  if (isOpenPlace(path)) {
    const title = 'Libraries are looked for where everybody may write'
    const evidence = ['who puts a library there has it loaded into programs of root']
    findLine(report, line, { rule: 'loader-open-place', severity: 'high', title, evidence, weakness: 'CWE-426' })
  } else tellRootPath({ line, path, use: 'the loader' }, report)
}

/** One that a package brought is left out: who may change it is judged there. */
export function tellRootPath(
  { line, path, use }: { readonly line: ConfigLine; readonly path: string; readonly use: string },
  report: Report,
): void {
  if (isPackagePlace(path) || !path.startsWith('/') || /[*?$%[]/.test(path)) return
  const { offset, length } = line
  report.region({
    ...{ offset, length, layer: regionLayers.record, class: rootPathClass, name: shownBytes(path) },
    attributes: { path: Buffer.from(path, 'latin1').toString('hex'), use, line: line.number },
  })
}
