/** Where our file types differ from those of file(1), and why: each difference that is allowed, with its reason. */
import type { FileType } from '../../src/analysis/file-type.ts'

export interface Compared {
  readonly ours: FileType
  /** What `file -b -e csv` prints. */
  readonly theirs: string
}

/** `same`, the reason of a difference, or undefined: nobody knows why. */
export function differenceOf(compared: Compared): string | undefined {
  const { ours, theirs } = compared
  if (ours.description === theirs) return 'same'
  return reasons.find(({ holds }) =>
    holds({ ...compared, theirs: theirs.replace(/^(?:(?:setuid|setgid|sticky) )+/, '') }),
  )?.reason
}

/** How a text of ours is encoded, in both programs' words. */
const encodings =
  /(?:ASCII text|Unicode text, UTF-8 (?:\(with BOM\) )?text|Unicode text, UTF-16, (?:little|big)-endian text|ISO-8859 text|Non-ISO extended-ASCII text)/

const reasons: readonly { readonly reason: string; readonly holds: (compared: Compared) => boolean }[] = [
  {
    reason: 'same parts; version, interpreter, build id and target are regions of their own with us',
    holds: ({ ours, theirs }) =>
      ours.kind === 'elf' && ours.description.split(', ').every((part) => theirs.split(/, */).includes(part)),
  },
  {
    reason: 'the same, and file(1) says more of its lines',
    holds: ({ ours, theirs }) =>
      /^, with /.test(theirs.slice(ours.description.length)) && theirs.startsWith(ours.description),
  },
  {
    reason: 'file(1) names the version of XML, and what an SGML file exports',
    holds: ({ ours, theirs }) => /^(?:XML|HTML|SVG)/.test(ours.description) && /(?:XML|HTML|SVG|SGML)/.test(theirs),
  },
  {
    reason: 'file(1) leaves out the encoding of some formats',
    holds: ({ ours, theirs }) =>
      ours.description.replace(encodings, '').replace(/[, ]+$/, '') === theirs.split(',')[0]?.replace(/[, ]+$/, ''),
  },
  {
    reason: 'keys and certificates: file(1) reads the packets, and names what we call by its PEM words',
    holds: ({ ours, theirs }) =>
      /^(?:PGP|PEM|OpenSSH)/.test(ours.description) && /^(?:PGP|PEM|OpenSSH|OpenPGP)/.test(theirs),
  },
  {
    reason: 'file(1) leaves out the encoding of Perl scripts, and names some scripts twice or by another word',
    holds: ({ ours, theirs }) => ours.kind === 'script' && /(?:script|executable|source)/.test(theirs),
  },
  {
    reason: 'file(1) guesses a language from words; we need two signs of it',
    holds: ({ ours, theirs }) => {
      const encoding = encodings.exec(ours.description)?.[0]
      return ours.kind === 'text' && encoding !== undefined && theirs.includes(encoding)
    },
  },
  {
    reason: 'a text format that file(1) knows and we call text; it leaves out the encoding then',
    holds: ({ ours, theirs }) =>
      ours.kind === 'text' &&
      encodings.test(ours.description) &&
      /^(?:[\w/+.-]+ )*(?:text|data|document|source|script|input|signature|format|output|certificate|key|code|file|catalogue|translation|commands|message|table)\b/i.test(
        theirs,
      ),
  },
  {
    reason: 'another version of libmagic answers in other words of the same beginning',
    holds: ({ ours, theirs }) => wordsOf(ours.description)[0] === wordsOf(theirs)[0] && ours.description !== 'data',
  },
  {
    reason: 'a content of one or two bytes has no magic; we tell text from data there, too',
    holds: ({ theirs }) => theirs === 'very short file (no magic)',
  },
]

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().split(/[^a-z\d]+/)
}
