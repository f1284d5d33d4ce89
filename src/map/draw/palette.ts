/**
 * Every colour of the map, for the dark and the light ground.
 *
 * Byte classes are Okabe and Ito's colour-blind-safe hues (sky blue text, orange high bytes, bluish green control bytes),
 * their lightness spread so that they differ in greyscale too; zero is the ground, 0xFF its opposite. Scalars use
 * cividis. In all modes what is all zero is the ground: there is nothing to see. Change heat leaves the ground by steps of
 * lightness, in one warm hue, over a picture in greys; what glows has a colour that no class comes near to, for any eye.
 * Colours are 0xRRGGBB.
 */
import type { Severity } from '../../base/region.ts'
import { type ByteClass, byteClassOf } from '../view/byte-class.ts'
import { type ByteMode, byteModes } from '../view/permalink.ts'

export type Theme = 'dark' | 'light'

export interface Palette {
  readonly theme: Theme
  /** Behind everything, where no brick is. */
  readonly world: number
  /** Zero bytes, and what nobody owns. */
  readonly ground: number
  readonly classes: Readonly<Record<ByteClass, number>>
  readonly frame: number
  readonly directory: number
  readonly entry: number
  readonly accent: number
  readonly hatch: number
  /** Of what has just changed, and of the seam around it. */
  readonly glow: number
  readonly glowSeam: number
  /** Change heat by steps: how often, doubling from one to the next. */
  readonly heat: readonly number[]
  /** Severity, wherever it is shown: as an area, a mark, a line, in a panel. One warm ramp that leaves the ground step by step. */
  readonly risk: Readonly<Record<Severity, number>>
  /** The byte classes under heat and risk. */
  readonly muted: Readonly<Record<ByteClass, number>>
  readonly label: number
  readonly labelHalo: number
}

export const palettes: Readonly<Record<Theme, Palette>> = {
  dark: {
    theme: 'dark',
    world: 0x07090b,
    ground: 0x0d1014,
    classes: { zero: 0x0d1014, control: 0x126b58, text: 0x76b4e2, high: 0xc9801a, ff: 0xf1efe9 },
    frame: 0x59626d,
    directory: 0xc3cad2,
    entry: 0x2b333c,
    accent: 0xe58fc0,
    hatch: 0x6b737d,
    glow: 0xffd75e,
    glowSeam: 0x2a1c00,
    heat: [0x552408, 0x803912, 0xbb4b18, 0xd27313, 0xea974d, 0xf6c17f, 0xfeeac0],
    risk: { info: 0x66625e, low: 0xa06a3c, medium: 0xd0752a, high: 0xf5a24a, critical: 0xffe2b0 },
    muted: { zero: 0x0d1014, control: 0x14181d, text: 0x20262d, high: 0x2b323a, ff: 0x3a424b },
    label: 0xf2f4f6,
    labelHalo: 0x0b0d10,
  },
  light: {
    theme: 'light',
    world: 0xe9e7e2,
    ground: 0xf6f5f2,
    classes: { zero: 0xf6f5f2, control: 0x125f4b, text: 0x6fb3e2, high: 0xb86a10, ff: 0x1a1c1f },
    frame: 0x8e8b84,
    directory: 0x2f3338,
    entry: 0xb4b1a9,
    accent: 0xa8327c,
    hatch: 0x8d8a84,
    glow: 0xffc533,
    glowSeam: 0x4a2c00,
    heat: [0xf8d6a4, 0xf0b06c, 0xdf8a3f, 0xc06526, 0x974516, 0x6a290d, 0x3c1207],
    risk: { info: 0x928c83, low: 0xb27f36, medium: 0xab4d08, high: 0x96260a, critical: 0x560614 },
    muted: { zero: 0xf6f5f2, control: 0xebe9e5, text: 0xdcdad5, high: 0xcdcac5, ff: 0xb9b6b0 },
    label: 0x15171a,
    labelHalo: 0xf9f8f5,
  },
}

/**
 * cividis at 18 even steps, as its authors published it (Nuñez, Anderton, Renslow, PLOS ONE 13(7), 2018; these values:
 * their contribution to plotly, 2017). Between the steps: straight lines.
 */
const cividisSteps = [
  0x00204c, 0x002a66, 0x00346e, 0x273f6c, 0x3c4a6b, 0x4c556b, 0x5b5f6d, 0x686a70, 0x757575, 0x838178, 0x928c78,
  0xa19876, 0xb0a572, 0xc0b16d, 0xd1bf66, 0xe1cc5c, 0xf3db4f, 0xffe945,
] as const

/** cividis at `share` in [0, 1]. */
export function cividis(share: number): number {
  const at = Math.min(1, Math.max(0, share)) * (cividisSteps.length - 1)
  const low = Math.min(cividisSteps.length - 2, Math.floor(at))
  const a = cividisSteps[low] as number
  const b = cividisSteps[low + 1] as number
  const mix = (shift: number) => {
    const from = (a >> shift) & 255
    const to = (b >> shift) & 255
    return Math.round(from + (to - from) * (at - low)) << shift
  }
  return mix(16) | mix(8) | mix(0)
}

/** The palette of the picture under the change heat and under the risk. */
export function mutedPalette(palette: Palette): Palette {
  return { ...palette, classes: palette.muted }
}

/** Which step of `palette.heat` a count of changes (>= 1) is: 1, 2, 3 .. 4, 5 .. 8 and so on. */
export function heatStep(count: number): number {
  return Math.min(heatStepCount - 1, Math.ceil(Math.log2(Math.max(1, count))))
}
export const heatStepCount = 7

export const paletteRowCount = 4

/**
 * The palette texture: RGBA, 256 wide, a row for each mode in the order of `byteModes`: the colour of each byte, cividis for
 * entropy, cividis for values with the ground at 0; then a row that tells the class of each byte: one of control, text,
 * high, 0xFF is 255, none for zero.
 */
export function paletteTexels(palette: Palette): Uint8Array {
  const texels = new Uint8Array(256 * 4 * paletteRowCount)
  const put = (row: number, column: number, colour: number) => {
    texels.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], (row * 256 + column) * 4)
  }
  for (let byte = 0; byte < 256; byte++) {
    put(byteModes.indexOf('class'), byte, palette.classes[byteClassOf(byte)])
    put(byteModes.indexOf('entropy'), byte, cividis(byte / 255))
    put(byteModes.indexOf('value'), byte, byte === 0 ? palette.ground : cividis(byte / 255))
    const isOne = (name: ByteClass) => (byteClassOf(byte) === name ? 255 : 0)
    texels.set([isOne('control'), isOne('text'), isOne('high'), isOne('ff')], (byteModes.length * 256 + byte) * 4)
  }
  return texels
}

/** Squared channels (0 .. 1) of zero, control, text, high, 0xFF and the ground, for the mixing of classes. */
export function mixColours(palette: Palette): Float32Array {
  const { zero, control, text, high, ff } = palette.classes
  const colours = [zero, control, text, high, ff, palette.ground]
  return Float32Array.from(
    colours.flatMap((colour) => [16, 8, 0].map((shift) => (((colour >> shift) & 255) / 255) ** 2)),
  )
}

/** Colour of a byte in a block of entropy `blockEntropy` (255 = 8 bits): what the shader draws at level 0. */
export function byteColour(options: { palette: Palette; mode: ByteMode; byte: number; blockEntropy: number }): number {
  const { palette, mode, byte, blockEntropy } = options
  if (mode === 'class') return palette.classes[byteClassOf(byte)]
  if (byte === 0 && (mode === 'value' || blockEntropy === 0)) return palette.ground
  return cividis((mode === 'value' ? byte : blockEntropy) / 255)
}

/** One texel of an overview, each plane 0 .. 255. */
export interface OverviewTexel {
  readonly entropy: number
  readonly mean: number
  readonly zero: number
  readonly print: number
  readonly high: number
  readonly coverage: number
}

/** Colour of an overview's texel drawn one pixel or larger: what the shader computes, up to rounding. */
export function overviewColour(options: { palette: Palette; mode: ByteMode; texel: OverviewTexel }): number {
  const { palette, mode, texel } = options
  const coverage = texel.coverage / 255
  if (coverage === 0) return palette.ground
  if (mode !== 'class') {
    const level = mode === 'value' ? texel.mean : texel.entropy
    const empty = texel.mean === 0 && (mode === 'value' || texel.entropy === 0)
    return mixedLight([
      { colour: empty ? palette.ground : cividis(level / 255), weight: coverage },
      { colour: palette.ground, weight: 1 - coverage },
    ])
  }
  const ff = texel.mean === 255 ? texel.high / 255 : 0
  const shares: Readonly<Record<ByteClass, number>> = {
    zero: texel.zero / 255,
    control: Math.max(0, 255 - texel.zero - texel.print - texel.high) / 255,
    text: texel.print / 255,
    high: texel.high / 255 - ff,
    ff,
  }
  const total = Object.values(shares).reduce((sum, share) => sum + share ** 3, 0)
  if (total === 0) return palette.ground
  const parts = Object.entries(shares).map(([name, share]) => ({
    colour: palette.classes[name as ByteClass],
    weight: (share ** 3 / total) * coverage,
  }))
  return mixedLight([...parts, { colour: palette.ground, weight: 1 - coverage }])
}

/** Weights sum up to 1; channels are mixed as squares. */
function mixedLight(parts: readonly { colour: number; weight: number }[]): number {
  const channel = (shift: number) => {
    const light = parts.reduce((sum, { colour, weight }) => sum + weight * (((colour >> shift) & 255) / 255) ** 2, 0)
    return Math.round(Math.sqrt(light) * 255) << shift
  }
  return channel(16) | channel(8) | channel(0)
}

export function cssColour(colour: number, alpha = 1): string {
  return `rgb(${colour >> 16} ${(colour >> 8) & 255} ${colour & 255} / ${alpha})`
}

/** Relative luminance of WCAG 2, 0 .. 1. */
export function luminance(colour: number): number {
  const linear = (shift: number) => {
    const part = ((colour >> shift) & 255) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * linear(16) + 0.7152 * linear(8) + 0.0722 * linear(0)
}
