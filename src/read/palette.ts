/**
 * The colours of a rendered picture: the numbers of the map's dark palette (a test compares them with it).
 *
 * Byte classes are Okabe and Ito's colour-blind-safe hues, scalars cividis. Colours are 0xRRGGBB and are mixed as
 * squares, close to light.
 */

export type RenderMode = 'class' | 'entropy' | 'value'

export const byteClasses = ['zero', 'control', 'text', 'high', 'ff'] as const
export type ByteClass = (typeof byteClasses)[number]

export const classColours: Readonly<Record<ByteClass, number>> = {
  zero: 0x0d1014,
  control: 0x126b58,
  text: 0x76b4e2,
  high: 0xc9801a,
  ff: 0xf1efe9,
}

/** Zero bytes, and what nobody owns. */
export const groundColour = 0x0d1014
/** Where no brick is. */
export const worldColour = 0x07090b
export const labelColour = 0xf2f4f6
export const faintColour = 0x8b949e

/** One texel of an overview, each plane 0 .. 255. */
export interface Texel {
  readonly entropy: number
  readonly mean: number
  readonly zero: number
  readonly print: number
  readonly high: number
  readonly coverage: number
}

export function byteClassOf(byte: number): ByteClass {
  if (byte === 0) return 'zero'
  if (byte === 0xff) return 'ff'
  if (byte >= 0x80) return 'high'
  return (byte >= 0x20 && byte <= 0x7e) || (byte >= 0x09 && byte <= 0x0d) ? 'text' : 'control'
}

/** cividis at 18 even steps (Nuñez, Anderton, Renslow, PLOS ONE 13(7), 2018); between them: straight lines. */
const cividisSteps = [
  0x00204c, 0x002a66, 0x00346e, 0x273f6c, 0x3c4a6b, 0x4c556b, 0x5b5f6d, 0x686a70, 0x757575, 0x838178, 0x928c78,
  0xa19876, 0xb0a572, 0xc0b16d, 0xd1bf66, 0xe1cc5c, 0xf3db4f, 0xffe945,
] as const

/** cividis at `level` 0 .. 255. */
export function cividis(level: number): number {
  const at = (level / 255) * (cividisSteps.length - 1)
  const low = Math.min(cividisSteps.length - 2, Math.floor(at))
  return channels((shift) => {
    const from = channel(cividisSteps[low] as number, shift)
    const to = channel(cividisSteps[low + 1] as number, shift)
    return from + (to - from) * (at - low)
  })
}

/** Of an owned byte in a block of entropy `blockEntropy` (255 = 8 bits). */
export function byteColour(mode: RenderMode, { byte, blockEntropy }: { byte: number; blockEntropy: number }): number {
  if (mode === 'class') return classColours[byteClassOf(byte)]
  if (byte === 0 && (mode === 'value' || blockEntropy === 0)) return groundColour
  return cividis(mode === 'value' ? byte : blockEntropy)
}

export function texelColour(mode: RenderMode, texel: Texel): number {
  const owned = texel.coverage / 255
  if (owned === 0) return groundColour
  const ground = { colour: groundColour, weight: 1 - owned }
  if (mode === 'class') return mixed([...classParts(texel, owned), ground])
  const isEmpty = texel.mean === 0 && (mode === 'value' || texel.entropy === 0)
  const colour = isEmpty ? groundColour : cividis(mode === 'value' ? texel.mean : texel.entropy)
  return mixed([{ colour, weight: owned }, ground])
}

interface Part {
  readonly colour: number
  readonly weight: number
}

/** Shares are cubed: the class that prevails shows, a mixture does not turn grey. */
function classParts({ zero, print, high, mean }: Texel, owned: number): readonly Part[] {
  const ff = mean === 255 ? high : 0
  const shares: Readonly<Record<ByteClass, number>> = {
    zero,
    control: Math.max(0, 255 - zero - print - high),
    text: print,
    high: high - ff,
    ff,
  }
  const total = byteClasses.reduce((sum, name) => sum + shares[name] ** 3, 0)
  if (total === 0) return [{ colour: groundColour, weight: owned }]
  return byteClasses.map((name) => ({ colour: classColours[name], weight: (shares[name] ** 3 / total) * owned }))
}

/** Weights sum up to 1. */
function mixed(parts: readonly Part[]): number {
  return channels((shift) => {
    const light = parts.reduce((sum, { colour, weight }) => sum + weight * (channel(colour, shift) / 255) ** 2, 0)
    return Math.sqrt(light) * 255
  })
}

function channels(of: (shift: number) => number): number {
  return (Math.round(of(16)) << 16) | (Math.round(of(8)) << 8) | Math.round(of(0))
}

function channel(colour: number, shift: number): number {
  return (colour >> shift) & 255
}
