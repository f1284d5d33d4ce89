/**
 * Which strings of a binary are worth keeping: where it talks to, which files it uses, what it runs, which version it is.
 *
 * Everything else is there on demand (strings-of.ts). What is kept is shown to people, so credentials in an address are
 * left out here already. One string gives at most one notable thing.
 */
import { mark } from './string-scan.ts'

export type NotableKind = 'url' | 'path' | 'address' | 'command' | 'version'

export interface Notable {
  readonly kind: NotableKind
  /** Characters into the string. */
  readonly start: number
  /** Characters of the string, whatever `text` shows. */
  readonly length: number
  /** At most 160 characters, without credentials. */
  readonly text: string
  /** 0 or 1: the lower, the sooner it is kept where there are too many. */
  readonly rank: number
}

/** At least one of these characters is in everything notable. */
export const notableMarks = mark.slash | mark.dot | mark.digit | mark.space

/** `text`: one string, at most 4,096 characters of it. */
export function notableIn(text: string, marks: number): Notable | undefined {
  return (
    ((marks & mark.space) !== 0 ? downloadIn(text) : undefined) ??
    ((marks & mark.slash) !== 0 && (marks & mark.colon) !== 0 ? urlIn(text) : undefined) ??
    ((marks & mark.space) !== 0 ? commandIn(text) : undefined) ??
    ((marks & mark.slash) !== 0 ? pathIn(text) : undefined) ??
    ((marks & mark.digit) !== 0 && (marks & mark.dot) !== 0 ? (addressIn(text) ?? versionIn(text)) : undefined)
  )
}

const shownMax = 160

function notable(kind: NotableKind, place: { start: number; found: string; rank: number; text?: string }): Notable {
  const { start, found, rank, text = found } = place
  const shown = text.length > shownMax ? `${text.slice(0, shownMax - 1)}…` : text
  return { kind, start, length: found.length, text: shown, rank }
}

const urlPattern =
  /\b(?:https?|ftps?|sftp|wss?|ssh|git|ldaps?|s3|gs|tcp|udp|mqtts?|amqps?|redis|mongodb|postgres(?:ql)?|mysql|smb|nfs):\/\/[^\s"'<>\\^`{}|]{3,2048}/i
/** Names of formats and licences, where to report bugs: everybody has them. */
const dullUrl =
  /^\w+:\/\/(?:www\.)?(?:w3\.org|gnu\.org|debuginfod\.|debian\.org\/Bugs|schemas\.|xmlns\.|purl\.org|apache\.org\/licenses|creativecommons\.org|opensource\.org|example\.|translationproject\.org|bugs\.|savannah\.)/i

function urlIn(text: string): Notable | undefined {
  const found = urlPattern.exec(text)
  if (found === null) return undefined
  const url = found[0].replace(/[.,;:)\]]+$/, '')
  const host = url.replace(/^\w+:\/\/(?:[^@/?#]*@)?/, '')
  // A host that a format fills in says nothing: `http://%s/`.
  if (!/^(?:[\w-]+\.[\w.-]{2,}|localhost\b|\[[\da-f:]+\])/i.test(host)) return undefined
  if (dullUrl.test(url)) return undefined
  const shown = url.replace(/^(\w+:\/\/)[^@/?#]*@/, '$1***@').replace(/[?#].+$/, (query) => `${query.slice(0, 1)}…`)
  return notable('url', { start: found.index, found: url, rank: 0, text: shown })
}

const pathPattern =
  /^\/(?:etc|usr|var|tmp|dev|proc|sys|run|home|root|opt|s?bin|lib(?:32|64|x32)?|boot|mnt|media|srv)\/[\w.@%+,:~*-][\w.@%+,:~*/-]{1,511}$/
const vividPath = /^\/(?:etc|dev|proc|sys|run|home|root|tmp|var|boot)\//
const dullPath =
  /^\/(?:usr\/lib\/debug|usr\/share\/(?:locale|doc|man|zoneinfo)|lib(?:64)?\/ld-|dev\/(?:null|zero|tty|stdin|stdout|stderr)$)/

/** Eight letters in an instruction of x86-64, and the first byte of the next: `/dev/fd/H`. */
const immediate = /^.{8}H$/

function pathIn(text: string): Notable | undefined {
  if (!pathPattern.test(text) || dullPath.test(text) || immediate.test(text)) return undefined
  return notable('path', { start: 0, found: text, rank: vividPath.test(text) ? 0 : 1 })
}

const commandPattern =
  /^(?:exec |sudo )?(?:\/(?:usr\/)?s?bin\/)?(?:(?:ba|da|z|k)?sh -\w*c\b|(?:rm|cp|mv|ln|chmod|chown|mount|umount|modprobe|insmod|rmmod|iptables|nft|ip6?tables|systemctl|service|useradd|usermod|crontab|mkfs(?:\.\w+)?|mkdir|kill|pkill|tar|dd|nc|ncat|curl|wget|scp|rsync|ssh|openssl|base64|python[23]?|perl|gdb|dpkg|apt-get|rpm) (?=[^ ]*[-/%$"'=]|[0-7]{3,4} ))[^\n]{1,1024}$/

/** How to call it, or that it failed: no call. */
const aboutCommand = /\[-|\.\.\.|\[\w+\]|<\w+>|\bfailed\b|: %[sm]|not loaded|[!=]= |^perl -$/

/** What downloads a program and hands it to a shell at once. */
export const downloadAndRun =
  /\b(?:curl|wget)\s[^|;&\n]{1,1024}\|\s*(?:sudo\s+(?:-\w+\s+)*)?(?:\/(?:usr\/)?bin\/)?(?:ba|da|z|k|a)?sh\b(?![\w./-]*=)/

/** Whole, with what stands before it: the address alone would say much less. */
function downloadIn(text: string): Notable | undefined {
  const found = downloadAndRun.exec(text)
  if (found === null) return undefined
  const start = text.length <= shownMax ? 0 : found.index
  const command = text.slice(start)
  return notable('command', { start, found: command, rank: 0, text: withoutCredentials(command) })
}

/** Those in addresses and options. */
export function withoutCredentials(command: string): string {
  return command
    .replace(/(\b\w+:\/\/)[^@/?#\s]*@/g, '$1***@')
    .replace(/((?:passw(?:or)?d|token|secret)[= ])\S+/gi, '$1***')
    .replace(/(\s(?:-u|--user)[= ]?)(?=[^\s|]*:)\S+/g, '$1***')
    .replace(/(authorization: *(?:\w+ +)?)[^\s"']+/gi, '$1***')
}

function commandIn(text: string): Notable | undefined {
  if (!commandPattern.test(text) || aboutCommand.test(text)) return undefined
  const isShell = /^(?:\/(?:usr\/)?bin\/)?\w*sh -/.test(text)
  return notable('command', { start: 0, found: text, rank: isShell ? 0 : 1, text: withoutCredentials(text) })
}

const addressPattern = /(?:^|[\s@=(/,])((?:\d{1,3}\.){3}\d{1,3})(?=$|[\s:/,)])/

/** IPv4. A first number below 3 is an object identifier far more often, a last dot-separated list of four a version. */
function addressIn(text: string): Notable | undefined {
  const found = addressPattern.exec(text)
  const address = found?.[1]
  if (found === null || address === undefined) return undefined
  const numbers = address.split('.').map(Number)
  const [first = 0, second = 0, , last = 0] = numbers
  if (numbers.some((number) => number > 255) || first < 3 || first === 127 || first >= 224) return undefined
  // Small numbers all along are a version or a section of a standard: 5.2.3.21.
  const isRound = numbers.every((number) => number === first) && first >= 8
  if (numbers.every((number) => number < 60) && !isRound) return undefined
  if (/version|\bv\.? ?$/i.test(text.slice(0, found.index + 1))) return undefined
  const isPrivate = first === 10 || (first === 192 && second === 168) || (first === 172 && second >= 16 && second < 32)
  const isNet = last === 0
  const start = found.index + found[0].length - address.length
  return notable('address', { start, found: address, rank: isPrivate || isNet ? 1 : 0 })
}

const versionPatterns: readonly RegExp[] = [
  /^[\w@()#+./-]+(?:,? [\w+-]+){0,3},? version v?\d+\.\d+[\w.~+()-]*(?: .{0,40})?$/i,
  /^[A-Za-z][A-Za-z0-9_+-]{1,31}[ /]v?\d+\.\d+\.\d+[\w.~+-]*(?: .{0,60})?$/,
]
/** What a sentence about versions has. */
const aboutVersion =
  /%|\b(?:requires?|support|needs?|newer|later|older|since|minimum|added|least|until|before|only|instead|available)/i
const versionLengthMax = 120

function versionIn(text: string): Notable | undefined {
  if (text.length > versionLengthMax || aboutVersion.test(text)) return undefined
  if (!versionPatterns.some((pattern) => pattern.test(text))) return undefined
  return notable('version', { start: 0, found: text, rank: 0 })
}
