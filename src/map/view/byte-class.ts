/** What kind of byte: the five classes of the default colouring. */

export const byteClasses = ['zero', 'control', 'text', 'high', 'ff'] as const
export type ByteClass = (typeof byteClasses)[number]

export function byteClassOf(byte: number): ByteClass {
  if (byte === 0) return 'zero'
  if (byte === 0xff) return 'ff'
  if (byte >= 0x80) return 'high'
  return (byte >= 0x20 && byte <= 0x7e) || (byte >= 0x09 && byte <= 0x0d) ? 'text' : 'control'
}

/** What a person calls them. */
export const byteClassLabels: Readonly<Record<ByteClass, string>> = {
  zero: '00',
  control: 'control',
  text: 'text',
  high: 'high 80–FE',
  ff: 'FF',
}
