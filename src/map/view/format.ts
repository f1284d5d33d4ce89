/** Numbers and times for a person's eye: IEC sizes, hex offsets with thin separators, bytes as characters. */

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

/** `0x1a2f0` with a thin space before every fourth digit from the right: for reading. */
export function hexOffset(offset: number): string {
  return groupedHex(offset.toString(16))
}

/** An address as the server writes it, `0x7ffd2000`, for reading; any other text as it is. */
export function addressText(text: string): string {
  return /^0x[0-9a-f]+$/.test(text) ? groupedHex(text.slice(2)) : text
}

function groupedHex(digits: string): string {
  const groups: string[] = []
  for (let end = digits.length; end > 0; end -= 4) groups.unshift(digits.slice(Math.max(0, end - 4), end))
  return `0x${groups.join(thinSpace)}`
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
