/**
 * Which of the secrets in a file are findings: those that more people can read than should.
 *
 * Keys and tokens have to lie somewhere. One that only its owner reads, in a place that is made for it, is no finding;
 * what a package brought as it is there is known to everybody anyway.
 */
import { displayPath } from '../../base/bytes.ts'
import { type Finding, type Region, type Severity, severityRank } from '../../base/region.ts'
import type { EntryAnalyzer, EntrySubject } from '../analyzer.ts'
import { octalMode } from '../policy/octal-mode.ts'
import { isAsPackaged } from '../policy/packaged.ts'
import { shownText } from '../policy/shown-text.ts'
import { shownOf } from './mask.ts'
import { type SecretAttributes, secretClass } from './secret-region.ts'

export const exposure: EntryAnalyzer = {
  name: 'exposure',
  version: 3,
  analyze(subject, report) {
    const found = subject.content?.regions.filter((region) => region.class === secretClass) ?? []
    if (found.length === 0) return
    const place = placeOf(subject)
    const judged = found.flatMap((region) => {
      const finding = findingOf(region, subject, place)
      return finding === undefined ? [] : [{ region, finding }]
    })
    // What is taken of one entry is bounded: the gravest first.
    judged.sort((a, b) => severityRank(b.finding.severity) - severityRank(a.finding.severity))
    for (const { region, finding } of judged) {
      const { offset, length, name } = region
      report.finding({ offset, length, name: `${name}${place.suffix}` }, finding)
    }
  },
}

interface Place {
  readonly isPublished: boolean
  /** A place of documents, examples and tests. */
  readonly isExample: boolean
  /** Made for secrets: `~/.ssh`, `/etc/ssl/private`. */
  readonly isForSecrets: boolean
  readonly readers: 'all' | 'group' | 'owner'
  readonly suffix: string
}

function placeOf(subject: EntrySubject): Place {
  const path = displayPath(subject.path)
  const { mode } = subject.meta
  const readers = (mode & 0o004) !== 0 ? 'all' : (mode & 0o040) !== 0 ? 'group' : 'owner'
  return {
    isPublished: isAsPackaged(subject),
    isExample: /\/(?:docs?|examples?|tests?|testdata|fixtures|samples?)\//i.test(path),
    isForSecrets: forSecrets.test(path),
    readers,
    suffix: readers === 'all' ? ', readable by all' : '',
  }
}

const forSecrets =
  /\/\.(?:ssh|gnupg|aws|kube|docker|config\/gcloud)\/|\/etc\/(?:ssl\/private|ssh|wireguard|letsencrypt|pki|ppp|NetworkManager\/system-connections)\/|\/\.(?:netrc|pgpass|npmrc|pypirc|git-credentials)$|\/var\/lib\//

function findingOf(region: Region, subject: EntrySubject, place: Place): Finding | undefined {
  const secret = region.attributes as unknown as SecretAttributes
  const severity = severityOf(secret, place)
  if (severity === undefined) return undefined
  const { kind, masked, form, line } = secret
  const where = line === undefined ? `at byte ${region.offset}` : `in line ${line}`
  const { mode, userName, groupName, uid, gid } = subject.meta
  const owner = shownText(`${userName || uid}:${groupName || gid}`, 80)
  return {
    severity,
    rule: `secret-${kind}`,
    evidence: [
      `${masked} ${where}${form === undefined ? '' : `; its body decodes to a ${form} key`}`,
      ...moreOf(secret),
      `mode ${octalMode(mode)}, owner ${owner}: readable by ${readersText[place.readers]}`,
      ...(place.isExample ? ['it lies in a folder of documents, examples or tests'] : []),
    ],
    origin: 'rule',
    confidence: place.isExample ? secret.confidence / 2 : secret.confidence,
    check: checkOf(region, secret),
    weakness: kind === 'private-key' ? 'CWE-522' : 'CWE-798',
  }
}

/** Where else the same secret is. */
function moreOf({ count = 1, also = [], line }: SecretAttributes): string[] {
  if (count === 1) return []
  const places = `${line === undefined ? 'at bytes' : 'in lines'} ${also.join(', ')}${count - 1 > also.length ? ', …' : ''}`
  return [`and ${count - 1} more of the same ${places}`]
}

const readersText = { all: 'all', group: 'its group', owner: 'its owner only' } as const

function severityOf({ kind, encrypted, confidence }: SecretAttributes, place: Place): Severity | undefined {
  const { isPublished, isExample, isForSecrets, readers } = place
  if (isPublished) return undefined
  const isKey = kind === 'private-key'
  // Keys of tests come with packages; one that somebody put there may open something.
  if (isExample) return isKey && encrypted !== true && readers === 'all' ? 'medium' : 'low'
  if (readers === 'all') {
    if (isKey) return encrypted === true ? 'medium' : 'critical'
    return confidence >= surely ? 'high' : 'medium'
  }
  if (isForSecrets) return undefined
  if (isKey) return 'info'
  return confidence >= surely ? 'medium' : 'info'
}

/** From here on it is the form itself that tells, not the words around it. */
const surely = 0.7

/** Shows where it is, and no more of it than its name does; of a key only the words of its marker. */
function checkOf({ offset, length }: Region, { kind, masked, form = '' }: SecretAttributes): string {
  if (masked.startsWith('DER')) return 'openssl pkey -inform DER -in FILE -noout && echo a private key'
  if (form.endsWith('in base64')) return `tail -c +${offset + 1} FILE | head -c 36 | base64 -d`
  if (kind === 'private-key') return "grep -anob -e '-----BEGIN [A-Z0-9 ]*PRIVATE KEY' FILE"
  return `tail -c +${offset + 1} FILE | head -c ${shownOf(length)}`
}
