/**
 * The judge of all analyzers together: what a distribution ships gives nothing to look at, and what was planted in it stands
 * first.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { analyzeLive } from '../../src/analysis/analyze-live.ts'
import type { EntryLabels } from '../../src/analysis/entry-labels.ts'
import { readPackages } from '../../src/analysis/packages.ts'
import { displayPath } from '../../src/base/bytes.ts'
import { type Finding, severities } from '../../src/base/region.ts'
import { openSource } from '../../src/source/open.ts'
import { openArtifact } from '../../src/source/open-artifact.ts'
import { clock } from '../fold/lab.ts'
import { never, newCache, pool } from './lab.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const packages = readPackages()
const host = { packages }
const folder = mkdtempSync(join(tmpdir(), 'sfd-acceptance-'))
after(() => rmSync(folder, { recursive: true }))

interface Told {
  readonly path: string
  readonly severity: Finding['severity']
  readonly rule: string
  readonly title: string
  readonly finding: Finding
}

/** Worst first, as findings are listed. */
async function told(path: string): Promise<{ findings: Told[]; labels: EntryLabels[] }> {
  const source = openSource(Buffer.from(path))
  const artifact = openArtifact(source, { exclude: [], crossFilesystems: 'no', clock, signal: never, ownFiles: [] })
  const { lister, reader } = artifact
  const entries = lister.walk(source.path)
  const parts = { root: source.root, reader, entries, pool, cache: newCache(), host, signal: never }
  const labels: EntryLabels[] = []
  for await (const each of analyzeLive({ ...parts, again: (entry) => lister.stat(entry) })) labels.push(each)
  const findings = labels.flatMap((each) => findingsOf(each))
  const gravity = ({ severity, finding }: Told): number => severities.indexOf(severity) + finding.confidence / 2
  return { findings: findings.sort((a, b) => gravity(b) - gravity(a) || (a.path < b.path ? -1 : 1)), labels }
}

function findingsOf({ path, regions, placeless }: EntryLabels): Told[] {
  return [...regions, ...placeless].flatMap(({ name, finding }) => {
    if (finding === undefined) return []
    return [{ path: displayPath(path), severity: finding.severity, rule: finding.rule, title: name, finding }]
  })
}

function lineOf({ severity, rule, path }: Told): string {
  return `${severity} ${rule} ${path}`
}

const programs = [
  'cat',
  'ls',
  'sort',
  'xz',
  ...(isLong ? ['bash', 'cp', 'find', 'openssl', 'sed', 'ssh-keygen', 'tar'] : []),
]

function drawn(length: number, from: string): string {
  return [...randomBytes(length)].map((byte) => from[byte % from.length]).join('')
}

/** What a careless or a malicious person leaves behind, among what a distribution ships. */
function plant(): { secrets: readonly string[] } {
  mkdirSync(join(folder, 'bin'))
  mkdirSync(join(folder, 'etc/app'), { recursive: true })
  for (const name of programs) {
    const file = join('/usr/bin', name)
    if (existsSync(file)) copyFileSync(file, join(folder, 'bin', name))
  }
  copyFileSync('/usr/bin/bash', join(folder, 'bin/.systemd-helper'))
  chmodSync(join(folder, 'bin/.systemd-helper'), 0o4755)
  const id = `AKIA${drawn(16, 'ABCDEFGHJKMNPQRTUVWYZ234567')}`
  const secret = drawn(40, 'ABCDEFGHJKMNPQRTUVWYZabcdefghjkmnpqrtuvwyz23456789')
  const key = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  const pem = key.export({ format: 'pem', type: 'pkcs8' }).toString()
  const lines = [
    '[storage]',
    `aws_access_key_id = ${id}`,
    `aws_secret_access_key = ${secret}`,
    'region = eu-1',
    '',
    pem,
  ]
  writeFileSync(join(folder, 'etc/app/app.conf'), lines.join('\n'))
  chmodSync(join(folder, 'etc/app/app.conf'), 0o644)
  writeFileSync(join(folder, 'etc/app/plain.conf'), 'host = db.internal\nport = 5432\ntimeout = 30s\n')
  return { secrets: [id, secret, ...pem.split('\n').slice(1, -2)] }
}

test('a setuid copy of a shell and keys that leak into a setting stand first, and nothing beside them', async () => {
  const { secrets } = plant()
  const { findings, labels } = await told(folder)
  const isRoot = process.getuid?.() === 0
  const grave = findings.filter(({ severity }) => severities.indexOf(severity) >= severities.indexOf('medium'))
  assert.deepEqual(grave.map(lineOf).sort(), [
    'critical secret-private-key etc/app/app.conf',
    ...(isRoot ? ['critical setuid-shell bin/.systemd-helper'] : []),
    'high secret-aws-access-key etc/app/app.conf',
    'high secret-aws-secret-key etc/app/app.conf',
    ...(isRoot ? [] : ['high setuid-shell bin/.systemd-helper']),
  ])
  assert.deepEqual(findings.slice(0, grave.length), grave, 'they stand first')
  const shell = grave.find(({ rule }) => rule === 'setuid-shell')
  assert.match(shell?.title ?? '', /^Copy of bash with setuid /)
  const said = JSON.stringify(labels, (_key, value) => (typeof value === 'bigint' ? `${value}` : value))
  for (const one of secrets) assert.ok(!said.includes(one.slice(0, 12)), 'a secret is told unmasked')
})

test('the words of a private key in ssh-keygen are not a key', {
  skip: !existsSync('/usr/bin/ssh-keygen'),
}, async () => {
  const { findings, labels } = await told('/usr/bin/ssh-keygen')
  assert.equal(labels.length, 1)
  const about = labels.flatMap(({ regions }) => regions).filter((region) => region.class === 'secret')
  assert.deepEqual([...about, ...findings.filter(({ rule }) => rule.startsWith('secret-'))], [])
})

/** Findings on files of packages as they were brought would be findings on every such machine. */
test('what packages brought to /usr/bin and /etc gives nothing grave', { skip: !isLong || !packages }, async () => {
  for (const place of ['/usr/bin', '/etc']) {
    const { findings, labels } = await told(place)
    const whole = new Set(labels.filter(isAsBrought).map(({ path }) => displayPath(path)))
    const high = severities.indexOf('high')
    const grave = findings.filter(({ path, severity }) => whole.has(path) && severities.indexOf(severity) >= high)
    assert.ok(whole.size >= (place === '/etc' ? 50 : 200), `only ${whole.size} files of packages in ${place}`)
    assert.deepEqual(grave.map(lineOf), [])
    const medium = findings.filter(({ path, severity }) => whole.has(path) && severity === 'medium')
    assert.ok(medium.length <= whole.size / 50, medium.map(lineOf).join('\n'))
  }
})

function isAsBrought({ regions }: EntryLabels): boolean {
  return regions.some((region) => region.class === 'package' && region.attributes?.['unchanged'] === true)
}
