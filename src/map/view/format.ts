/** Numbers and times for a person's eye: IEC sizes, hex offsets, bytes as characters. */

const thinSpace = '\u2009'
const unitNames = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `4 KiB`, `1.5 MiB`, `312 B`: at most three significant digits. */
export function iecSize(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < unitNames.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit === 0 || value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2
  const text = value.toFixed(digits)
  return `${digits === 0 ? text : text.replace(/\.?0+$/, '')}\u00a0${unitNames[unit]}`
}

/** `0x1a2f0`, without gaps: whoever copies it can paste it anywhere. */
export function hexOffset(offset: number): string {
  return `0x${offset.toString(16)}`
}

/** Decimal integer with thin spaces between thousands. */
export function groupedInteger(value: number): string {
  return String(Math.trunc(value)).replace(/\B(?=(\d{3})+(?!\d))/g, thinSpace)
}

/** At most `countMax` (>= 3) characters: a long text loses its middle. */
export function middleCut(text: string, countMax: number): string {
  if (text.length <= countMax) return text
  const tail = Math.floor((countMax - 1) / 2)
  return `${text.slice(0, countMax - 1 - tail)}…${text.slice(text.length - tail)}`
}

/** At most `countMax` characters of a path: its beginning is left out, whole folders where that leaves enough. */
export function startCut(path: string, countMax: number): string {
  if (path.length <= countMax) return path
  const tail = path.slice(path.length - countMax + 1)
  const slash = tail.indexOf('/')
  return `…${slash > 0 && slash < tail.length / 2 ? tail.slice(slash) : tail}`
}

/**
 * As much of the beginning as `fits`, cut between words where one ends near; undefined where fewer than `countMin` characters
 * would be left.
 */
export function endCut(text: string, options: { fits(text: string): boolean; countMin: number }): string | undefined {
  const { fits, countMin } = options
  if (fits(text)) return text
  let [low, high] = [0, text.length]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (fits(`${text.slice(0, middle).trimEnd()}…`)) low = middle
    else high = middle - 1
  }
  const space = text.lastIndexOf(' ', low)
  const count = space >= low - wordLossMax && space >= countMin ? space : low
  return count < countMin ? undefined : `${text.slice(0, count).trimEnd()}…`
}

/** So many characters are given up for the end of a word. */
const wordLossMax = 9

export function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

const controlNames = [
  'NUL',
  'SOH',
  'STX',
  'ETX',
  'EOT',
  'ENQ',
  'ACK',
  'BEL',
  'BS',
  'TAB',
  'LF',
  'VT',
  'FF',
  'CR',
  'SO',
  'SI',
  'DLE',
  'DC1',
  'DC2',
  'DC3',
  'DC4',
  'NAK',
  'SYN',
  'ETB',
  'CAN',
  'EM',
  'SUB',
  'ESC',
  'FS',
  'GS',
  'RS',
  'US',
] as const

/** The character of a byte: `H`, `LF`, or undefined where ASCII has none. */
export function byteCharacter(byte: number): string | undefined {
  if (byte < 0x20) return controlNames[byte] as string
  if (byte === 0x20) return 'SP'
  if (byte === 0x7f) return 'DEL'
  return byte < 0x7f ? String.fromCharCode(byte) : undefined
}

/** Local wall time of an RFC 3339 text as HH:MM:SS; the text itself where it is none. */
export function clockTime(rfc3339: string): string {
  return localTime(rfc3339).slice(11) || rfc3339
}

/** Local date and time as YYYY-MM-DD HH:MM:SS; the text itself where it is none. */
export function localTime(rfc3339: string): string {
  const time = new Date(rfc3339)
  if (Number.isNaN(time.getTime())) return rfc3339
  const two = (value: number) => String(value).padStart(2, '0')
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}

/** Local time with its zone, for hovering. */
export function zonedTime(rfc3339: string): string {
  const time = new Date(rfc3339)
  return Number.isNaN(time.getTime()) ? rfc3339 : time.toString()
}

/** A round number of bytes (a power of two) whose bar is at most `pixelsMax` wide, for the scale bar. */
export function scaleBar(options: { scale: number; pixelsMax: number }): { units: number; pixels: number } {
  const units = 2 ** Math.floor(Math.log2(options.pixelsMax / options.scale))
  return { units, pixels: units * options.scale }
}

/** Names, titles, evidence: what could reorder, hide or break the text around it is written out. */
export function visibleText(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`
  })
}
