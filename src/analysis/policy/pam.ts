/** Lines of PAM that let everybody in, or that load or run what everybody may write. */
import type { Report } from '../analyzer.ts'
import type { ConfigLine } from './config-lines.ts'
import { findLine } from './line-finding.ts'
import { isOpenPlace } from './open-places.ts'
import { shownBytes } from './shown-text.ts'

/** `TYPE CONTROL MODULE ARGUMENTS`; in pam.conf a service stands before it. */
export function judgePam(line: ConfigLine, report: Report): void {
  const match = /^(?:\S+\s+)?-?(auth|account|password|session)\s+(\[[^\]]*\]|\S+)\s+(\S+)(.*)$/.exec(line.text)
  if (match === null) return
  const [, type = '', control = '', module = '', rest = ''] = match
  const isEnough = control === 'sufficient' || /\bsuccess=(?:done|ok?end)\b/.test(control)
  if (type === 'auth' && isEnough && /(?:^|\/)pam_permit\.so$/.test(module)) {
    const title = 'PAM lets everybody in without a question'
    const evidence = ['pam_permit always says yes, and that is enough here']
    findLine(report, line, { rule: 'pam-permit', severity: 'high', title, evidence, weakness: 'CWE-287' })
  }
  const run = /(?:^|\/)pam_exec\.so$/.test(module) ? rest.trim().split(/\s+/) : []
  const open = [module, ...run].find(isOpenPlace)
  if (open === undefined) return
  const title = 'PAM uses what lies where everybody may write'
  const evidence = [`it uses ${shownBytes(open)}`]
  findLine(report, line, { rule: 'pam-open-place', severity: 'high', title, evidence, weakness: 'CWE-426' })
}
