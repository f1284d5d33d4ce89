/**
 * Takes secrets out of what other analyzers said of the same bytes: a string that was notable, a line of a log.
 *
 * Works on names, attributes and evidence of regions. The bytes themselves stay where they are.
 */
import type { JsonValue, Region } from '../../base/region.ts'
import type { Content } from '../subject.ts'
import { maskSecret } from './mask.ts'
import { secretClass } from './secrets.ts'

/** The same array where nothing had to be hidden. */
export function hideSecrets(regions: readonly Region[], content: Content): readonly Region[] {
  const found = regions.filter((region) => region.class === secretClass && region.length <= secretBytesMax)
  if (found.length === 0) return regions
  const hidden = found.map(({ offset, length }) => secretAt(content, { offset, length }))
  return regions.map((region) => {
    if (region.class === secretClass) return region
    const near = hidden.filter(
      ({ offset, length }) => offset < region.offset + region.length && region.offset < offset + length,
    )
    return near.length === 0 ? region : cleaned(region, near)
  })
}

/** Longer ones are private keys, of which the body lines are hidden one by one. */
const secretBytesMax = 65_536
/** Of what was cut off in the middle, so much of the beginning gives it away. */
const tellingMin = 6

interface Hidden {
  readonly offset: number
  readonly length: number
  /** What must not be seen: the secret, or the lines of a key. */
  readonly texts: readonly string[]
}

function secretAt(content: Content, { offset, length }: Pick<Region, 'offset' | 'length'>): Hidden {
  const bytes = content.read(offset, length)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const isKey = text.startsWith('-----BEGIN')
  const lines = text.split(/\r?\n|\\n/).map((line) => line.trim())
  return { offset, length, texts: isKey ? lines.filter((line) => /^[A-Za-z0-9+/=]{16,}$/.test(line)) : [text] }
}

function cleaned(region: Region, near: readonly Hidden[]): Region {
  const texts = near.flatMap((one) => one.texts)
  const clean = (text: string): string => texts.reduce(without, text)
  const { name, attributes, finding } = region
  return {
    ...region,
    name: clean(name),
    ...(attributes && { attributes: cleanValue(attributes, clean) as { readonly [key: string]: JsonValue } }),
    ...(finding && { finding: { ...finding, evidence: finding.evidence.map(clean) } }),
  }
}

/** Also where only the beginning of the secret is there, at the end of the text. */
function without(text: string, secret: string): string {
  if (text.includes(secret)) return text.replaceAll(secret, maskSecret(secret))
  const beginning = secret.slice(0, tellingMin)
  const at = text.lastIndexOf(beginning)
  if (at < 0) return text
  const rest = text.slice(at).replace(/[….]+$/, '')
  return secret.startsWith(rest) ? text.slice(0, at) + maskSecret(secret) : text
}

function cleanValue(value: JsonValue, clean: (text: string) => string): JsonValue {
  if (typeof value === 'string') return clean(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one: JsonValue) => cleanValue(one, clean))
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cleanValue(one as JsonValue, clean)]))
}
