/**
 * Takes secrets out of what analyzers say: a string that was notable, a line of a log, the name of a symbol.
 *
 * Works on names, attributes and evidence of all regions and findings: what was found as a secret in the same bytes, and
 * whatever looks remotely like one (hide-text.ts). The bytes themselves stay where they are.
 */
import type { Finding, JsonValue, Region } from '../../base/region.ts'
import type { Content } from '../subject.ts'
import { hideText } from './hide-text.ts'
import { maskSecret } from './mask.ts'
import { secretClass } from './secret-region.ts'

/** The same array where nothing had to be hidden. */
export function hideSecrets(regions: readonly Region[], content: Content): readonly Region[] {
  const found = regions.filter((region) => region.class === secretClass && region.length <= secretBytesMax)
  const hidden = found.map(({ offset, length }) => secretAt(content, { offset, length }))
  const anywhere = [...new Set(hidden.flatMap(({ texts }) => texts))]
    .filter((text) => text.length >= anywhereLengthMin)
    .slice(0, anywhereMax)
  let isSame = true
  const cleaned = regions.map((region) => {
    if (region.class === secretClass) return region
    const near = hidden.filter(
      ({ offset, length }) => offset < region.offset + region.length && region.offset < offset + length,
    )
    const texts = near.flatMap((one) => one.texts)
    const clean = (text: string): string =>
      hideText(
        texts.reduce(
          without,
          anywhere.reduce((rest, secret) => rest.replaceAll(secret, maskSecret), text),
        ),
      )
    const result = cleanRegion(region, clean)
    if (result !== region) isSame = false
    return result
  })
  return isSame ? regions : cleaned
}

/** Of regions about bytes that nobody has at hand. */
export function hideInRegion(region: Region): Region {
  return region.class === secretClass ? region : cleanRegion(region, hideText)
}

/** Longer ones are private keys, of which the body lines are hidden one by one. */
const secretBytesMax = 65_536
/** Of what was cut off in the middle, so much of the beginning gives it away. */
const tellingMin = 6
/** Looked for in all that is said; shorter ones may be a word of something else, and of more than that many few are said again. */
const anywhereLengthMin = 8
const anywhereMax = 200

interface Hidden {
  readonly offset: number
  readonly length: number
  /** What must not be seen: the secret, or the lines of a key. */
  readonly texts: readonly string[]
}

function secretAt(content: Content, { offset, length }: Pick<Region, 'offset' | 'length'>): Hidden {
  const bytes = content.read(offset, length)
  // Of two bytes a character every other one is zero.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1').replaceAll('\0', '')
  const isKey = text.startsWith('-----BEGIN')
  const lines = text.split(/\r?\n|\\n/).map((line) => line.trim())
  return { offset, length, texts: isKey ? lines.filter((line) => /^[A-Za-z0-9+/=]{16,}$/.test(line)) : [text] }
}

type Clean = (text: string) => string

function cleanRegion(region: Region, clean: Clean): Region {
  const { finding } = region
  const name = clean(region.name)
  const attributes = region.attributes && (cleanValue(region.attributes, clean) as typeof region.attributes)
  const judged = finding && cleanFinding(finding, clean)
  if (name === region.name && attributes === region.attributes && judged === finding) return region
  return { ...region, name, ...(attributes && { attributes }), ...(judged && { finding: judged }) }
}

function cleanFinding(finding: Finding, clean: Clean): Finding {
  const evidence = cleanValue(finding.evidence, clean) as readonly string[]
  const check = finding.check === undefined ? undefined : clean(finding.check)
  if (evidence === finding.evidence && check === finding.check) return finding
  // A command with a hole in it shows something else than was found.
  const { check: _, ...rest } = finding
  return { ...rest, evidence, ...(check !== undefined && check === finding.check && { check }) }
}

/** Also where only the beginning of the secret is there, at the end of the text. */
function without(text: string, secret: string): string {
  if (text.includes(secret)) return text.replaceAll(secret, () => maskSecret(secret))
  const beginning = secret.slice(0, tellingMin)
  const at = text.lastIndexOf(beginning)
  if (at < 0) return text
  const rest = text.slice(at).replace(/[….]+$/, '')
  return secret.startsWith(rest) ? text.slice(0, at) + maskSecret(secret) : text
}

/** The same value where nothing changed. */
function cleanValue(value: JsonValue, clean: Clean): JsonValue {
  if (typeof value === 'string') return clean(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const all = value.map((one: JsonValue) => cleanValue(one, clean))
    return all.every((one, index) => one === value[index]) ? value : all
  }
  const pairs = Object.entries(value).map(
    ([key, one]) => [key, clean(key), one as JsonValue, cleanValue(one, clean)] as const,
  )
  if (pairs.every(([key, cleanKey, one, cleanOne]) => key === cleanKey && one === cleanOne)) return value
  return Object.fromEntries(pairs.map(([, key, , one]) => [key, one]))
}
