/** Bytes as text for people: hex, and tables that say what each byte is. */
import { toHex } from '../../../src/base/bytes.ts'

/** Length in bytes, what it is, what it says here. */
export type Part = readonly [length: number, what: string, says: string]

/** A table of all of `bytes`; an error where the parts do not cover them exactly. */
export function annotated(bytes: Uint8Array, parts: readonly Part[], start = 0): string {
  const rows: string[][] = []
  let at = 0
  for (const [length, what, says] of parts) {
    if (length > 0) rows.push([String(start + at), `\`${hexShort(bytes.subarray(at, at + length))}\``, what, says])
    at += length
  }
  if (at !== bytes.length) throw new Error(`the parts cover ${at} of ${bytes.length} bytes`)
  return table(['at', 'bytes', 'field', 'here'], rows)
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** As `xxd` prints it: 16 bytes a line, with text. */
export function hexDump(bytes: Uint8Array, start = 0): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16)
    const text = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${(start + at).toString(16).padStart(8, '0')}  ${spaced(row).padEnd(47)}  ${text}`)
  }
  return ['```text', ...lines, '```'].join('\n')
}

/** `61 62 63`. */
export function spaced(bytes: Uint8Array): string {
  return toHex(bytes).replaceAll(/(..)(?=.)/g, '$1 ')
}

function hexShort(bytes: Uint8Array): string {
  return bytes.length <= shownMax ? spaced(bytes) : `${spaced(bytes.subarray(0, 8))} .. (${bytes.length} bytes)`
}

const shownMax = 32
