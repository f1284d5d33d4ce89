/**
 * Findings as SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), for programs that collect results of analysis.
 *
 * Texts come out of bricks, which anyone may have written: they are plain `text`, never Markdown.
 */
import type { Location, Log, ReportingDescriptor, Result } from 'sarif'
import { displayPath } from '../base/bytes.ts'
import type { Severity } from '../base/region.ts'
import { toolVersion } from '../base/version.ts'
import { checkCommand, fingerprintOf, type ListedFinding } from '../read/findings.ts'

/** In the order given. `accepted`: why it is all right. */
export function sarifLog(findings: readonly (ListedFinding & { readonly accepted: string | undefined })[]): Log {
  const rules = [...new Set(findings.map(({ finding }) => finding.rule))].sort()
  const indexes = new Map(rules.map((rule, index) => [rule, index]))
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'sfd', version: toolVersion, rules: rules.map((id) => descriptor(id, findings)) } },
        // Offsets are bytes; there are no lines or columns.
        columnKind: 'unicodeCodePoints',
        results: findings.map((finding) => resultOf(finding, indexes.get(finding.finding.rule) ?? -1)),
      },
    ],
  }
}

const levels: Record<Severity, Result.level> = {
  ...{ critical: 'error', high: 'error', medium: 'warning', low: 'note', info: 'note' },
}
/** As consumers of `security-severity` rank it: CVSS-like, 0 .. 10. */
const scores: Record<Severity, string> = { critical: '9.5', high: '8.0', medium: '5.5', low: '3.0', info: '0.0' }

function descriptor(id: string, findings: readonly ListedFinding[]): ReportingDescriptor {
  const weaknesses = new Set(findings.flatMap(({ finding }) => (finding.rule === id ? (finding.weakness ?? []) : [])))
  const tags = [...weaknesses].sort().map((cwe) => `external/cwe/${cwe.toLowerCase()}`)
  return { id, properties: { tags: ['security', ...tags] } }
}

function resultOf(
  { accepted, ...one }: ListedFinding & { readonly accepted: string | undefined },
  ruleIndex: number,
): Result {
  const { title, finding, detector } = one
  const { severity, rule, evidence, origin, confidence } = finding
  const check = checkCommand(one)
  const text = [title, ...evidence].filter((part) => part !== '').join('. ')
  return {
    ruleId: rule,
    ruleIndex,
    level: levels[severity],
    message: { text: text === '' ? rule : text },
    locations: [locationOf(one)],
    partialFingerprints: { 'sfdFinding/v1': fingerprintOf(one) },
    ...(accepted !== undefined && { suppressions: [{ kind: 'external' as const, justification: accepted }] }),
    properties: {
      ...{ severity, origin, confidence, 'security-severity': scores[severity] },
      ...(detector !== undefined && { detector }),
      ...(check !== undefined && { check }),
    },
  }
}

function locationOf({ place, label, run }: ListedFinding): Location {
  const region = run && { byteOffset: run.offset, byteLength: run.length }
  return {
    physicalLocation: { artifactLocation: { uri: uriOf(place) }, ...(region && { region }) },
    ...(label !== undefined && { logicalLocations: [{ name: label, kind: 'mapping' }] }),
  }
}

/** Of a path, byte by byte as RFC 8089 says; of a source without one, its name. */
function uriOf(place: Uint8Array): string {
  const encoded = [...Buffer.from(place).toString('latin1')].map((character) => {
    return /[A-Za-z0-9\-._~/]/.test(character) ? character : `%${hex(character.charCodeAt(0))}`
  })
  return place[0] === slash
    ? `file://${encoded.join('')}`
    : `urn:system-foundry:${encodeURIComponent(displayPath(place))}`
}

const slash = 0x2f

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0')
}
