/**
 * Text that has one purpose: to give somebody at the other end of the network a shell, or to run what a web request says.
 *
 * Looks at scripts and plain text only. The forms that manuals, tests and health checks use for other things (`/dev/tcp`
 * alone, `eval` of a variable) are left out.
 */
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import { shownBytes } from './shown-text.ts'

export const backdoor: ContentAnalyzer = {
  name: 'backdoor',
  version: 1,
  takes: ({ type, content }) => (type.kind === 'script' || type.kind === 'text') && content.size >= textBytesMin,
  analyze({ content }, report) {
    const length = Math.min(content.size, textBytesMax)
    const read = content.read(0, length)
    const bytes = Buffer.from(read.buffer, read.byteOffset, read.length)
    const forms = all.filter(({ needs }) => needs.some((text) => bytes.includes(text, 0, 'latin1')))
    if (forms.length === 0) return
    const text = bytes.toString('latin1')
    for (const form of forms) tell(form, text, report)
  },
}

const textBytesMin = 16
const textBytesMax = 4 * 2 ** 20
/** Of one form and one file. */
const placesMax = 4

interface Form {
  readonly title: string
  /** One of them is in each text that the pattern takes. */
  readonly needs: readonly string[]
  readonly pattern: RegExp
}

const all: readonly Form[] = [
  {
    title: 'A shell is connected to an address of the network',
    needs: ['/dev/tcp/', '/dev/udp/'],
    pattern: /\b(?:ba|z|k)?sh\s+-i\b[^\n]{0,20}[<>&|][^\n]{0,40}\/dev\/(?:tcp|udp)\/[^\s"']{1,100}/g,
  },
  {
    title: 'A shell is connected to an address of the network',
    needs: ['nc ', 'ncat ', 'netcat ', 'nc.traditional '],
    pattern:
      /\b(?:nc|ncat|netcat|nc\.traditional)\s[^\n|;]{0,80}-(?:[a-z]*e|c)\s{1,4}(?:\/usr)?(?:\/bin\/)(?:ba|da)?sh\b/g,
  },
  {
    title: 'A shell is connected to an address of the network',
    needs: ['mkfifo '],
    pattern:
      /\bmkfifo\s[^\n]{1,80}\|\s{0,4}(?:\/bin\/)?(?:ba|da)?sh\s+-i\b[^\n]{0,20}\|\s{0,4}(?:nc|ncat|netcat|openssl)\b/g,
  },
  {
    title: 'A shell is connected to an address of the network',
    needs: ['dup2('],
    pattern:
      /\bdup2\(\w{1,20}\.fileno\(\),\s{0,4}0\)[\s\S]{0,200}?(?:pty\.spawn|\bcall|\bPopen|\brun)\(\[?["']\/bin\/(?:ba)?sh/g,
  },
  {
    title: 'What a web request says is run',
    needs: ['$_POST', '$_GET', '$_REQUEST', '$_COOKIE'],
    pattern:
      /\b(?:eval|assert|system|passthru|shell_exec|popen|exec)\s{0,4}\(\s{0,4}(?:@?(?:base64_decode|gzinflate|gzuncompress|str_rot13|stripslashes|urldecode|hex2bin)\s{0,4}\(\s{0,4}){0,4}@?\$_(?:POST|GET|REQUEST|COOKIE)\b/g,
  },
]

function tell({ title, pattern }: Form, text: string, report: Report): void {
  let count = 0
  for (const { 0: found, index } of text.matchAll(pattern)) {
    if (count++ === placesMax) return
    let line = 1
    for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1)) line++
    report.finding(
      { offset: index, length: found.length, name: title },
      {
        ...{ severity: 'high', rule: 'backdoor-text', confidence: 0.85, weakness: 'CWE-506' },
        evidence: [`line ${line}: ${shownBytes(found.replaceAll('\n', ' '))}`],
        check: `sed -n '${line}p' FILE`,
      },
    )
  }
}
