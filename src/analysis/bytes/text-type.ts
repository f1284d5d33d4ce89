/** What kind of text a text is: a script by its first line, a few formats by how they begin, else plain. Content only, never names. */
import type { FileType } from '../file-type.ts'
import type { TextLook } from './text-encoding.ts'

/** `head`: the beginning of the content as text, one character a byte. `isWhole`: it is all. */
export interface TextHead {
  readonly head: string
  readonly isWhole: boolean
  readonly look: TextLook
}

export function textType({ head, isWhole, look }: TextHead): FileType {
  const encoding = look.encoding
  const format = formats.find(({ matches }) => matches(head, isWhole))
  const kind = format?.kind ?? 'text'
  const name = format === undefined ? encodingText(look) : `${format.name}, ${encodingText(look)}`
  return { kind, description: name, mimeType: format?.mimeType ?? 'text/plain', encoding }
}

export interface Script {
  /** The first line after `#!`, at most 128 characters, without what could move a cursor. */
  readonly interpreter: string
  /** How people call scripts of it: `Python script`. */
  readonly name: string
  readonly mimeType: string
}

/** Of a first line `#!/path ...`; undefined of any other. One character a byte. */
export function scriptOf(head: string): Script | undefined {
  const line = /^#![ \t]*([^\n\r\0]{1,512})/.exec(head)?.[1]?.trim()
  if (line === undefined || line === '' || /^[[({]/.test(line)) return undefined
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to go
  const interpreter = line.replace(/[\x00-\x1f\x7f-\xff]/g, '?').slice(0, interpreterLengthMax)
  const program = programOf(interpreter)
  const known = scriptKinds.find(({ pattern }) => pattern.test(program))
  return {
    interpreter,
    name: known?.name ?? `a ${interpreter.split(/[ \t]/, 1)[0] ?? interpreter} script`,
    mimeType: known?.mimeType ?? 'text/plain',
  }
}

/** A script, in words: `look` is undefined where what follows the first line is no text. */
export function scriptType(script: Script, look: TextLook | undefined): FileType {
  const text = look === undefined ? 'executable (binary data)' : `${encodingText(look)} executable`
  return {
    kind: 'script',
    description: `${script.name}, ${text}`,
    mimeType: script.mimeType,
    interpreter: script.interpreter,
    ...(look && { encoding: look.encoding }),
  }
}

export function encodingText({ encoding, markBytes, isExtended }: TextLook): string {
  switch (encoding) {
    case 'ascii':
      return 'ASCII text'
    case 'utf-8':
      return markBytes > 0 ? 'Unicode text, UTF-8 (with BOM) text' : 'Unicode text, UTF-8 text'
    case 'utf-16le':
      return 'Unicode text, UTF-16, little-endian text'
    case 'utf-16be':
      return 'Unicode text, UTF-16, big-endian text'
    case 'latin-1':
      return isExtended ? 'Non-ISO extended-ASCII text' : 'ISO-8859 text'
  }
}

const interpreterLengthMax = 128

/** The program's own name: behind `env`, its options and its assignments. */
function programOf(interpreter: string): string {
  const words = interpreter.split(/[ \t]+/)
  const first = baseName(words[0] ?? '')
  if (first !== 'env') return first
  return baseName(words.slice(1).find((word) => !word.startsWith('-') && !word.includes('=')) ?? first)
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

const scriptKinds: readonly { readonly pattern: RegExp; readonly name: string; readonly mimeType: string }[] = [
  { pattern: /^bash$/, name: 'Bourne-Again shell script', mimeType: 'text/x-shellscript' },
  { pattern: /^(sh|dash|ash|busybox)$/, name: 'POSIX shell script', mimeType: 'text/x-shellscript' },
  { pattern: /^(zsh|ksh|mksh|fish|csh|tcsh)$/, name: 'shell script', mimeType: 'text/x-shellscript' },
  { pattern: /^python[\d.]*$/, name: 'Python script', mimeType: 'text/x-script.python' },
  { pattern: /^perl[\d.]*$/, name: 'Perl script', mimeType: 'text/x-perl' },
  { pattern: /^ruby[\d.]*$/, name: 'Ruby script', mimeType: 'text/x-ruby' },
  { pattern: /^(node|nodejs)$/, name: 'Node.js script', mimeType: 'application/javascript' },
  { pattern: /^lua[\d.]*$/, name: 'Lua script', mimeType: 'text/x-lua' },
  { pattern: /^(awk|gawk|mawk|nawk)$/, name: 'awk script', mimeType: 'text/x-awk' },
  { pattern: /^(tclsh|wish)[\d.]*$/, name: 'Tcl/Tk script', mimeType: 'text/x-tcl' },
  { pattern: /^php[\d.]*$/, name: 'PHP script', mimeType: 'text/x-php' },
  { pattern: /^(make|gmake)$/, name: 'makefile script', mimeType: 'text/x-makefile' },
  { pattern: /^sed$/, name: 'sed script', mimeType: 'text/plain' },
]

interface Format {
  readonly name: string
  readonly mimeType: string
  readonly kind: FileType['kind']
  matches(head: string, isWhole: boolean): boolean
}

/** Longer JSON is not parsed: that it begins like one proves nothing. */
const jsonLengthMax = 65_536

function beginning(name: string, mimeType: string, pattern: RegExp, kind: FileType['kind'] = 'text'): Format {
  return { name, mimeType, kind, matches: (head) => pattern.test(head) }
}

/** At least two different things that one line in another language seldom has. */
function source(name: string, mimeType: string, signs: readonly RegExp[]): Format {
  const matches = (head: string) => {
    const part = head.slice(0, sourceHeadLength)
    let count = 0
    for (const sign of signs) if (sign.test(part) && ++count === 2) return true
    return false
  }
  return { name, mimeType, kind: 'text', matches }
}

const sourceHeadLength = 8_192

const formats: readonly Format[] = [
  beginning('PDF document', 'application/pdf', /^%PDF-\d/, 'document'),
  beginning('PostScript document', 'application/postscript', /^%!PS/, 'document'),
  beginning('Rich Text Format data', 'text/rtf', /^\{\\rtf\d/, 'document'),
  beginning('PEM certificate', 'application/x-pem-file', /^-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/),
  beginning('PEM certificate request', 'application/x-pem-file', /^-----BEGIN (NEW )?CERTIFICATE REQUEST-----/),
  beginning('OpenSSH private key', 'application/x-pem-file', /^-----BEGIN OPENSSH PRIVATE KEY-----/),
  beginning('PEM private key', 'application/x-pem-file', /^-----BEGIN ([A-Z0-9]+ )?(ENCRYPTED )?PRIVATE KEY-----/),
  beginning('PEM public key', 'application/x-pem-file', /^-----BEGIN ([A-Z0-9]+ )?PUBLIC KEY-----/),
  beginning('PGP public key block', 'application/pgp-keys', /^-----BEGIN PGP PUBLIC KEY BLOCK-----/),
  beginning('PGP private key block', 'application/pgp-keys', /^-----BEGIN PGP PRIVATE KEY BLOCK-----/),
  beginning('PGP message', 'application/pgp-encrypted', /^-----BEGIN PGP (SIGNED )?MESSAGE-----/),
  beginning(
    'SVG Scalable Vector Graphics image',
    'image/svg+xml',
    /^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,256}>\s*)?(?:<!--[\s\S]{0,2048}?-->\s*)?(?:<!DOCTYPE svg[^>]{0,256}>\s*)?<svg[\s>]/i,
  ),
  beginning(
    'HTML document',
    'text/html',
    /^(?:\xef\xbb\xbf)?\s*(?:<!--[\s\S]{0,2048}?-->\s*)?<(?:!DOCTYPE html|html[\s>])/i,
  ),
  beginning('XML document', 'text/xml', /^(?:\xef\xbb\xbf)?\s*<\?xml[\s?]/),
  beginning('unified diff output', 'text/x-diff', /^(?:diff --git |--- [^\n]{1,512}\n\+\+\+ )/),
  beginning('GNU gettext message catalogue', 'text/x-po', /^(?:#[^\n]{0,512}\n|\s)*msgid "/),
  {
    name: 'JSON text data',
    mimeType: 'application/json',
    kind: 'text',
    matches: (head, isWhole) => isWhole && head.length <= jsonLengthMax && /^\s*[[{]/.test(head) && isJson(head),
  },
  beginning('troff or preprocessor input', 'text/troff', /^(?:[.']\\"[^\n]*\n|\.[a-z]{2}[^\n]*\n)*\.(?:TH|Dd|SH|so) /),
  source('C source', 'text/x-c', [
    /^[ \t]*#[ \t]*include[ \t]*[<"]/m,
    /^[ \t]*#[ \t]*(?:ifndef|ifdef|endif|define)\b/m,
    /^(?:typedef |static |extern |struct \w+ *\{|enum \w* *\{)/m,
    /^\/\*|\n \*\//,
    /^\w[\w *]*\([^;{}()]*\)\s*\{/m,
  ]),
  source('Python source', 'text/x-script.python', [
    /^(?:from [\w.]+ import |import \w[\w.]*(?: as \w+)?$)/m,
    /^[ \t]*def \w+\([^\n]*\)[^\n]*:\s*(?:#.*)?$/m,
    /^class \w+(?:\([^)\n]*\))?:\s*(?:#.*)?$/m,
    /^(?:"""|''')/m,
    /^if __name__ == /m,
  ]),
]

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
