/** /etc/passwd, /etc/shadow and /etc/ld.so.preload: a second root, an account without a password, code put into every program. */
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import type { NameClass } from '../name-class.ts'
import { type ConfigLine, configBytesMax, configLines } from './config-lines.ts'
import { shownBytes } from './shown-text.ts'

export const accounts: ContentAnalyzer = {
  name: 'accounts',
  version: 2,
  takes: ({ nameClass, content }) => judges.has(nameClass) && content.size > 0 && content.size <= configBytesMax,
  analyze({ content, nameClass }, report) {
    const judge = judges.get(nameClass)
    for (const line of configLines(content)) if (!isOfNis(line)) judge?.(line, report)
  },
}

/** `+::::::`, `+@group`, `-user`: they take in or leave out accounts of NIS, and are none themselves. */
function isOfNis({ text }: ConfigLine): boolean {
  return /^[+-]/.test(text)
}

const judges: ReadonlyMap<NameClass, (line: ConfigLine, report: Report) => void> = new Map([
  ['passwd', judgeAccount],
  ['shadow', judgePassword],
  ['ld-preload', judgePreload],
])

function judgeAccount(line: ConfigLine, report: Report): void {
  const [name = '', password, uid, , , , shell = ''] = line.text.split(':')
  if (uid === undefined) return
  if (/^0+$/.test(uid) && name !== 'root') {
    report.finding(
      { offset: line.offset, length: line.length, name: 'Another account with the rights of root' },
      {
        ...{ severity: 'high', rule: 'account-second-root', confidence: 0.95, weakness: 'CWE-250' },
        evidence: [`line ${line.number}: ${shownBytes(name, 32)} has the uid 0, the shell ${shownBytes(shell, 100)}`],
        check: "awk -F: '$3 == 0' FILE",
      },
    )
  }
  if (password === '' && !/(?:nologin|false|sync)$/.test(shell)) noPassword(line, name, report)
}

/** Says nothing of the hash itself. */
function judgePassword(line: ConfigLine, report: Report): void {
  const [name = '', password, changed] = line.text.split(':')
  if (password === '' && changed !== undefined) noPassword(line, name, report)
}

function noPassword({ number, offset, length }: ConfigLine, name: string, report: Report): void {
  report.finding(
    { offset, length, name: 'Account without a password' },
    {
      ...{ severity: 'high', rule: 'account-no-password', confidence: 0.95, weakness: 'CWE-258' },
      evidence: [`line ${number}: the password field of ${shownBytes(name, 32)} is empty`],
      check: 'awk -F: \'$2 == "" && $1 !~ /^[+-]/ { print $1 }\' FILE',
    },
  )
}

function judgePreload(line: ConfigLine, report: Report): void {
  report.finding(
    { offset: line.offset, length: line.length, name: 'A library is loaded into every program' },
    {
      ...{ severity: 'high', rule: 'ld-preload', confidence: 0.9, weakness: 'CWE-506' },
      evidence: [`line ${line.number}: ${shownBytes(line.text)}`],
      check: 'cat FILE',
    },
  )
}
