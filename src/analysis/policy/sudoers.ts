/**
 * Lines of sudoers that give more than they seem to: everything to everybody, without a password, or a program with which
 * one becomes root anyway. What Debian ships (root and the group sudo may do all, with their password) is no finding.
 */
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import { type ConfigLine, configBytesMax, configLines } from './config-lines.ts'
import { findLine, type LineFinding } from './line-finding.ts'
import { shownBytes } from './shown-text.ts'
import { tellRootPath } from './startup.ts'
import { type Aliases, aliasesIn } from './sudo-aliases.ts'
import { escapeOf } from './sudo-escapes.ts'

export const sudoers: ContentAnalyzer = {
  name: 'sudoers',
  version: 3,
  takes: ({ nameClass, content }) => nameClass === 'sudoers' && content.size > 0 && content.size <= configBytesMax,
  analyze({ content }, report) {
    const lines = [...configLines(content, { continued: true })]
    const aliases = aliasesIn(lines)
    for (const line of lines) {
      if (/^(?:@include|#include|(?:User|Runas|Host|Cmnd|Cmd)_Alias\s)/.test(line.text)) continue
      if (line.text.startsWith('Defaults')) judgeDefaults(line, report)
      else judgeGrant({ line, aliases }, report)
    }
  },
}

function judgeDefaults(line: ConfigLine, report: Report): void {
  const { text } = line
  if (/(?:[\s,]|^)!env_reset\b/.test(text)) {
    findLine(report, line, { rule: 'sudoers-environment', severity: 'high', title: 'sudo keeps the whole environment' })
  }
  if (keepsDangerous(text)) {
    const title = 'sudo keeps a variable that puts code into programs'
    findLine(report, line, { rule: 'sudoers-environment', severity: 'high', title })
  }
  if (/(?:[\s,]|^)!authenticate\b/.test(text)) {
    // As grave as NOPASSWD for ALL, where it is for some.
    const severity = /^Defaults[:@>!]/.test(text) ? 'medium' : 'high'
    findLine(report, line, { rule: 'sudoers-no-password', severity, title: asksNoPassword(text) })
  }
  if (/secure_path\s*=\s*"?[^"]*(?:^|[:="])(?:\.|(?:\/var)?\/tmp|\/dev\/shm)(?:[:/"]|$)/.test(text)) {
    const title = 'sudo looks for programs where everybody may write'
    findLine(report, line, { rule: 'sudoers-writable-command', severity: 'high', title })
  }
}

/** Set or added to, not taken away (`env_keep -= ...`). */
function keepsDangerous(text: string): boolean {
  const kept = [...text.matchAll(/\benv_keep\s*\+?=\s*("[^"]*"|[^\s,]*)/g)].map((match) => match[1] as string)
  const dangerous = /\b(?:LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|PYTHONPATH|PERL5LIB|BASH_ENV|ENV)\b/
  return kept.some((names) => dangerous.test(names))
}

/** Whom `!authenticate` is for: `Defaults:USERS`, `Defaults@HOSTS`, `Defaults>RUNAS`, `Defaults!COMMANDS`, or all. */
function asksNoPassword(text: string): string {
  const match = /^Defaults([:@>!])\s*((?:"[^"]*"|\\.|[^\s,"\\])+(?:\s*,\s*(?:"[^"]*"|\\.|[^\s,"\\])+)*)\s/.exec(text)
  const whom = shownBytes(match?.[2] ?? '', 32)
  switch (match?.[1]) {
    case ':':
      return `sudo asks ${whom} for no password`
    case '@':
      return `sudo asks for no password on ${whom}`
    case '>':
      return `sudo asks for no password to become ${whom}`
    case '!':
      return `sudo asks for no password to run ${whom}`
    default:
      return 'sudo asks nobody for a password'
  }
}

/** `USER HOSTS = (RUNAS) TAG: COMMAND, ...`; the tags of a command hold for those after it. */
function judgeGrant({ line, aliases }: { line: ConfigLine; aliases: Aliases }, report: Report): void {
  const match = /^("[^"]+"|(?:\\.|\S)+)\s+([^=]+?)\s*=\s*(.*)$/.exec(line.text)
  if (match === null) return
  const [, user = '', , commands = ''] = match
  if (user === 'root' || user === '#0') return
  const isEverybody = user === 'ALL' || user === '%users' || user === '%ALL'
  let isFree = false
  const told = new Set<string>()
  for (const part of commands.split(/,(?![^(]*\))/)) {
    const { tags, command, runAs } = partsOf(part)
    if (tags.includes('NOPASSWD')) isFree = true
    if (tags.includes('PASSWD')) isFree = false
    if (command === '' || command.startsWith('!') || !isRootly(runAs)) continue
    for (const { text, alias } of aliases.commandsOf(command)) {
      const path = text.split(/\s/)[0] as string
      if (text !== 'ALL') tellRootPath({ line, path, use: 'sudo' }, report)
      const judged = judgeCommand(text, { isFree, isEverybody, user })
      if (judged === undefined || told.has(judged.rule)) continue
      told.add(judged.rule)
      const more = alias === undefined ? [] : [`line ${alias.number}: ${shownBytes(alias.text)}`]
      findLine(report, line, { ...judged, evidence: [...(judged.evidence ?? []), ...more] })
    }
  }
}

function partsOf(part: string): { tags: readonly string[]; command: string; runAs: string | undefined } {
  const match = /^\s*(?:\(([^)]*)\))?\s*((?:[A-Z_]+\s*:\s*)*)(.*?)\s*$/.exec(part)
  const [, runAs, tags = '', command = ''] = match ?? []
  return { tags: tags.split(/[\s:]+/), command, runAs }
}

/** Without a list it is root. */
function isRootly(runAs: string | undefined): boolean {
  if (runAs === undefined) return true
  const users = (runAs.split(':')[0] as string).split(',').map((user) => user.trim())
  return users.some((user) => user === '' || user === 'root' || user === 'ALL' || user === '#0')
}

interface Granted {
  readonly isFree: boolean
  readonly isEverybody: boolean
  readonly user: string
}

function judgeCommand(command: string, { isFree, isEverybody, user }: Granted): LineFinding | undefined {
  if (command === 'ALL') {
    if (isEverybody) return { rule: 'sudoers-everybody', severity: 'high', title: 'Everybody may become root by sudo' }
    if (!isFree) return undefined
    return {
      rule: 'sudoers-no-password',
      severity: 'medium',
      title: `${shownBytes(user, userMax)} becomes root without a password`,
    }
  }
  const program = command.split(/\s/)[0] as string
  if (/^(?:(?:\/var)?\/tmp|\/dev\/shm|\/home|\/run\/user)\//.test(program)) {
    const title = 'sudo runs as root what lies where users may write'
    return { rule: 'sudoers-writable-command', severity: 'high', title }
  }
  if (!isFree && !isEverybody) return undefined
  if (/^\/.*(?:\/|\*[^/]*)$/.test(program)) {
    const title = `${shownBytes(user, userMax)} may run many programs as root without a password`
    return {
      rule: 'sudoers-shell',
      severity: 'medium',
      title,
      evidence: [`${shownBytes(program)} is no single program`],
    }
  }
  const way = escapeOf(program)
  if (way === undefined || (!way.isInteractive && isArgumentsFixed(command, program))) return undefined
  const title = `${shownBytes(user, userMax)} may run ${way.name} as root without a password`
  return { rule: 'sudoers-shell', severity: 'medium', title, evidence: [`${way.name}: ${way.how}`] }
}

/** Arguments are given and none is open; `""` allows none at all. */
function isArgumentsFixed(command: string, program: string): boolean {
  const rest = command.slice(program.length).trim()
  return rest !== '' && !/[*?[]/.test(rest)
}

/** Of a user in a title. */
const userMax = 16
