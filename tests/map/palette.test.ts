/**
 * The palette as data: for every eye, on either ground, the classes stay apart and the ramp stays a ramp.
 *
 * Simulation: Machado, Oliveira and Fernandes 2009, severity 1, in linear light. Distance: CIE 1976 (L*, a*, b*), D65;
 * about 2 is the least that a trained eye sees side by side, 20 is another colour to anyone.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { severities } from '../../src/base/region.ts'
import { cividis, heatStep, heatStepCount, luminance, palettes } from '../../src/map/draw/palette.ts'
import { byteClasses } from '../../src/map/view/byte-class.ts'

const classDistanceMin = 20
/** Of a severity's area from the next one's. */
const riskDistanceMin = 12
/** Of the mildest, which is never an area, from the next: it is a ring, all others have corners. */
const infoDistanceMin = 5
/** Of neighbours among 16 steps of the ramp. */
const rampDistanceMin = 2

type Triple = readonly [number, number, number]
type Matrix = readonly [Triple, Triple, Triple]

const eyes: Readonly<Record<string, Matrix>> = {
  full: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}
const sRgbToXyz: Matrix = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
]
const white: Triple = [0.95047, 1, 1.08883]

function times(matrix: Matrix, [a, b, c]: Triple): Triple {
  return matrix.map(([x, y, z]) => x * a + y * b + z * c) as unknown as Triple
}

/** L*, a*, b* of a colour 0xRRGGBB as this eye has it. */
function lab(colour: number, eye: Matrix): Triple {
  const linear = [16, 8, 0].map((shift) => {
    const part = ((colour >> shift) & 255) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as unknown as Triple
  const seen = times(eye, linear).map((part) => Math.min(1, Math.max(0, part))) as unknown as Triple
  const [x, y, z] = times(sRgbToXyz, seen).map((part, i) => {
    const share = part / (white[i] as number)
    return share > 216 / 24_389 ? Math.cbrt(share) : (share * (24_389 / 27) + 16) / 116
  }) as unknown as Triple
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

function distance(options: { a: number; b: number; eye: Matrix }): number {
  const [a, b] = [lab(options.a, options.eye), lab(options.b, options.eye)]
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

test('the measure knows what is known: white and black are 100 apart, and a grey is the same to every eye', () => {
  for (const eye of Object.values(eyes)) {
    assert.ok(Math.abs(distance({ a: 0xffffff, b: 0, eye }) - 100) < 0.1)
    const [full, seen] = [lab(0x808080, eyes['full'] as Matrix), lab(0x808080, eye)]
    for (let i = 0; i < 3; i++) assert.ok(Math.abs((full[i] as number) - (seen[i] as number)) < 0.1)
  }
  assert.ok(distance({ a: 0xff0000, b: 0x00ff00, eye: eyes['full'] as Matrix }) > 150)
  assert.ok(distance({ a: 0xcc4444, b: 0x7a7a20, eye: eyes['deutan'] as Matrix }) < 25)
})

for (const palette of Object.values(palettes)) {
  for (const [name, eye] of Object.entries(eyes)) {
    test(`on the ${palette.theme} ground ${name} vision tells the byte classes apart`, (t) => {
      let least = { distance: Number.POSITIVE_INFINITY, pair: '' }
      for (const [at, one] of byteClasses.entries()) {
        for (const other of byteClasses.slice(at + 1)) {
          const apart = distance({ a: palette.classes[one], b: palette.classes[other], eye })
          if (apart < least.distance) least = { distance: apart, pair: `${one} and ${other}` }
        }
      }
      t.diagnostic(`least: ${least.pair}, ${least.distance.toFixed(1)}`)
      assert.ok(least.distance >= classDistanceMin, `${least.pair} are ${least.distance.toFixed(1)} apart`)
    })
  }
}

/** Least distance and lightness step of neighbours in the heat ramp, and least distance from what lies under it. */
const heatDistanceMin = 12
const heatLightnessMin = 8
const heatGroundDistanceMin = 15

for (const palette of Object.values(palettes)) {
  for (const [name, eye] of Object.entries(eyes)) {
    test(`on the ${palette.theme} ground ${name} vision tells what glows from every class`, () => {
      for (const one of byteClasses) {
        const apart = distance({ a: palette.glow, b: palette.classes[one], eye })
        assert.ok(apart >= classDistanceMin, `${one} is ${apart.toFixed(1)} away`)
      }
      assert.ok(distance({ a: palette.glow, b: palette.glowSeam, eye }) >= 50, 'and sees the line in its seam')
    })

    test(`on the ${palette.theme} ground ${name} vision reads the change heat by lightness alone`, () => {
      const { heat } = palette
      assert.equal(heat.length, heatStepCount)
      const away = palette.theme === 'dark' ? 1 : -1
      for (let step = 1; step < heat.length; step++) {
        const [a, b] = [heat[step - 1] as number, heat[step] as number]
        assert.ok(distance({ a, b, eye }) >= heatDistanceMin, `step ${step}`)
        assert.ok(away * (lab(b, eye)[0] - lab(a, eye)[0]) >= heatLightnessMin, `step ${step}`)
      }
      for (const colour of heat) {
        for (const muted of Object.values(palette.muted)) {
          assert.ok(distance({ a: colour, b: muted, eye }) >= heatGroundDistanceMin)
        }
      }
    })
  }
}

for (const [theme, palette] of Object.entries(palettes)) {
  for (const [name, eye] of Object.entries(eyes)) {
    test(`to ${name} vision the risk of the ${theme} ground leaves the greys step by step`, () => {
      const colours = severities.map((severity) => palette.risk[severity])
      const away = colours.map((colour) => Math.abs(lab(colour, eye)[0] - lab(palette.ground, eye)[0]))
      assert.deepEqual(
        away,
        away.toSorted((a, b) => a - b),
      )
      for (let step = 1; step < colours.length; step++) {
        const [milder, graver] = [colours[step - 1] as number, colours[step] as number]
        const apart = distance({ a: milder, b: graver, eye })
        assert.ok(apart >= (step === 1 ? infoDistanceMin : riskDistanceMin), `step ${step}: ${apart.toFixed(1)}`)
      }
      for (const colour of colours.slice(1)) {
        for (const muted of Object.values(palette.muted)) {
          assert.ok(
            distance({ a: colour, b: muted, eye }) >= heatGroundDistanceMin,
            'an area leaves the greys under it',
          )
        }
      }
    })
  }
}

test('a severity’s colour is seen as a small shape, too: on the ground and in the seam around it', () => {
  for (const { risk, ground, labelHalo } of Object.values(palettes)) {
    for (const colour of Object.values(risk)) {
      for (const under of [ground, labelHalo]) {
        const [light, dark] = [luminance(colour), luminance(under)].toSorted((a, b) => b - a) as [number, number]
        assert.ok((light + 0.05) / (dark + 0.05) >= 3, colour.toString(16))
      }
    }
  }
})

test('heat steps double: 1, 2, 3 to 4, 5 to 8', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 5000].map(heatStep), [0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
})

for (const [name, eye] of Object.entries(eyes)) {
  test(`to ${name} vision the ramp grows lighter step by step`, () => {
    for (let step = 1; step < 16; step++) {
      const [low, high] = [cividis((step - 1) / 15), cividis(step / 15)]
      assert.ok(lab(high, eye)[0] > lab(low, eye)[0], `step ${step}`)
      assert.ok(distance({ a: low, b: high, eye }) >= rampDistanceMin, `step ${step}`)
    }
  })
}
