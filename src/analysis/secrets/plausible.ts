/** Whether something in the form of a secret may be one: not an example, a placeholder or a pattern. */

/** Shannon's entropy of the characters, in bits a character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

/** It says of itself that it is none: documentation's keys, `changeme`, `xxxxxxxx`, `1234567890`. */
export function isPlaceholder(secret: string): boolean {
  const text = secret.toLowerCase()
  return (
    words.test(text) ||
    // What PostHog calls an API key only lets in: it stands in every page that uses it.
    /^phc_/.test(text) ||
    /^(?:my|the|db|user|root|admin)?[-_.]?(?:pass|password|passwd|secret|token)[0-9]{0,4}$/.test(text) ||
    /(.)\1{5,}/.test(text) ||
    sequences.some((sequence) => text.includes(sequence)) ||
    /^(.{1,4})\1{2,}$/.test(text)
  )
}

/** A value of a setting that names something instead of being it: a path, a URL, a word of code, a number, a type. */
export function isReference(value: string): boolean {
  return (
    /^(?:\/|\.{1,2}\/|~\/|https?:|file:|env:|@|&|\$|%|!)/.test(value) ||
    /^[A-Za-z][A-Za-z]*$/.test(value) ||
    /^[a-z]+(?:[-_.:/][a-z]+)+$/i.test(value) ||
    /^[0-9.,:/-]+$/.test(value) ||
    /::|->|\.(?:txt|key|pem|conf|json|ya?ml|so|py|js|sh|h|c)$/i.test(value)
  )
}

/** A value between quotes that a program puts together or a person is asked for; in source code also a word of its own. */
export function isTemplate(value: string): boolean {
  return /\$[{(A-Za-z_]|\{\{|%[(sdqv]|<[A-Za-z]|^[<[{(]|#\{|\{\w*\}/.test(value)
}

/** A value of source code that may be a secret: between quotes, with a digit and a letter, and no name of anything. */
export function isLiteral(value: string): boolean {
  return (
    /[0-9]/.test(value) && /[A-Za-z]/.test(value) && !/^[a-z0-9]+(?:[-_.:/][a-z0-9]+)*$/.test(value) && !isNamed(value)
  )
}

/** `camelCase2`, `CONSTANT_1`: digits only behind a word. */
function isNamed(value: string): boolean {
  return /^[A-Za-z_]+[0-9]{0,2}$/.test(value) || /^[A-Z0-9_]+$/.test(value)
}

/** The last ones are examples of RFC 6749, RFC 7519 and manuals. */
const words =
  /example|sample|dummy|placeholder|changeme|change[-_]me|replace|your[-_]?|insert|redacted|notreal|fake|xxxx|\.\.\.|test(?:key|token|ing)|deadbeef|foobar|jwt\.io|eyjzdwiioiixmjm0nty3odkw|eyjzb21lijoicgf5bg9hzc|2yotnfzfejr1zcsicmwpaa|tgzv3jokf0xg5qx2tlkwia|bm90ig15ihjlywwgcgfzc3dvcmq/
const sequences = ['0123456789', '1234567890', 'abcdefgh', 'abcdef0123', '9876543210']
