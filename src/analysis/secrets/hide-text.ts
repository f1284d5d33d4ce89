/**
 * Takes what may be a secret out of any text that is stored or shown: names, evidence, lines of logs.
 *
 * Far looser than what is found (rules.ts): here a word too much that is hidden costs nothing, one too few cannot be taken
 * back. What is hidden already stays as it is.
 */
import { maskSecret } from './mask.ts'
import { tokenForms } from './rules.ts'

/** The same text where nothing had to be hidden. */
export function hideText(text: string): string {
  const pieces = mayHoldToken.test(text) ? tokens.reduce(masked, text) : text
  return separators.test(pieces) && mayHoldSetting.test(pieces) ? settings.reduce(masked, pieces) : pieces
}

/** `value` is masked, what stands before it stays, and so do masks. */
function masked(text: string, pattern: RegExp): string {
  if (text.includes('…')) {
    const pieces = text.split(masks)
    if (pieces.length > 1)
      return pieces.map((piece, index) => (index % 2 === 0 ? masked(piece, pattern) : piece)).join('')
  }
  return text.replace(pattern, (whole: string, ...rest: unknown[]) => {
    const { value = whole } = rest.at(-1) as { value?: string }
    if (value.length < valueMin || value.includes('***')) return whole
    return whole.slice(0, whole.length - value.length) + maskSecret(value)
  })
}

const masks = /([^…]{1,4}… \(\d+ characters\))/

/** Shorter ones are hardly more than what a mask shows. */
const valueMin = 4

/** A token needs its alphabet only: what stands before or after it may be anything, and its end may be cut off. */
const tokens: readonly RegExp[] = [
  ...tokenForms.map((form) => new RegExp(`(?<value>${form})`, 'g')),
  ...[...new Set(tokenForms.map(prefixOf))].map((prefix) => {
    return new RegExp(`(?<value>${prefix}(?=[A-Za-z_+/=-]{0,40}[0-9])[A-Za-z0-9_+/=-]{8,2000})(?=…|\\.\\.\\.|$)`, 'g')
  }),
  /(?<value>eyJ[A-Za-z0-9_-]{8,2000}(?:\.[A-Za-z0-9_-]{1,4000}){0,2})/g,
]

/** What a form begins with, up to its first class of characters. */
function prefixOf(form: string): string {
  const at = form.search(/\\d|\[(?![a-z]{2,5}\])/)
  return at < 0 ? form : form.slice(0, at)
}

const mayHoldToken =
  /AKIA|ASIA|gh[pousr]_|github_pat_|gl(?:pat|dt|rt)-|xox[abprs]-|xapp-|[rs]k_live_|GOCSPX-|sk-|hf_|SG\.|npm_|pypi-|rubygems_|dckr_|do[por]_v1_|hv[sb]\.|dapi|glsa_|shp(?:at|ca|pa|ss)_|:AA|AGE-SECRET|tskey-|lin_api_|ATATT3|NRAK-|AIza|eyJ/

const separators = /[=: \t'"]/
const mayHoldSetting =
  /pass|pwd|secret|token|key|auth|bearer|basic|credential|cookie|@|-u|--user|mysql|mariadb|webhook/i

/** The end of a name that says what its value is; `NOPASSWD: ALL` of sudoers says something else. */
const name =
  '(?<!NO)(?:pass(?:words?|wd|phrase|code|wort)?|pwd|pw|secrets?|tokens?|(?:api|access|account|private|signing|encryption|master|shared)[_-]?key|auth|bearer|credentials?|cookie)(?:[_-]\\w{1,32}|\\d{1,3})?'
const quoted = (quote: string): string => `${quote}[^${quote}\\n]{4,1000}(?:${quote}|$)`
/** In quotes up to the quote, else up to the next space. */
const value = `(?<value>${quoted('"')}|${quoted("'")}|[^\\s]{1,1000})`

const settings: readonly RegExp[] = [
  // Whatever comes after the scheme of an authorization; then whatever is set to something.
  /authorization["']?[ \t]{0,8}[:=][ \t]{0,8}["']?(?:\w{1,16}[ \t]{1,8})?(?!(?:basic|bearer|token|digest)(?:\s|$))(?<value>[^\s]{1,4000})/gi,
  /\b(?:bearer|basic)[ \t]{1,8}(?<value>(?=\S{0,1000}\d)[^\s]{6,4000})/gi,
  new RegExp(
    `${name}\\\\?["']?\\]?[ \\t]{0,8}(?:=>|:=|[=:](?![=:]))[ \\t]{0,8}(?!ALL\\b|NOPASSWD|/(?:usr|s?bin|etc)/|%[sdqv])\\\\?${value}`,
    'gi',
  ),
  new RegExp(`${name}["'][ \\t]{0,8},[ \\t]{0,8}${value}`, 'gi'),
  // With a space in between only what no word of a language is.
  new RegExp(
    `${name}(?:[ \\t]{1,8}(?:is|was))?[ \\t]{1,8}(?<value>["']?(?=\\S{0,200}\\d)(?=\\S{0,200}[A-Za-z])[^\\s]{6,1000})`,
    'gi',
  ),
  /:\/\/[^\s/:@]{0,256}:(?<value>[^\s/@]{1,512})(?=@|$|…)/g,
  /(?<![:\w])[\w.+-]{1,64}:(?!:)(?<value>[^\s:@/]{4,256})(?=@[\w[])/g,
  /(?:^|\s)(?:-u|--user|--proxy-user|-U)[ =]?["']?[^\s:"']{1,128}:(?!\d{1,6}(?:\s|$))(?<value>[^\s]{1,512})/g,
  /\b(?:mysql\w*|mariadb[\w-]*|sshpass)\b[^\n]{0,300}?\s-p(?<value>[^\s]{1,256})/g,
  /\bsshpass\b[^\n]{0,300}?\s-p[ \t]{1,8}(?<value>[^\s]{1,256})/g,
  /\/(?:services|workflows|triggers|webhooks)\/(?<value>[A-Za-z0-9_/+-]{20,200})/g,
]
