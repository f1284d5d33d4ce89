/**
 * The GLSL of the map. Positions are CSS pixels of the view, computed on the CPU in doubles; each corner of a quad is
 * taken as given, never as origin + size, so that neighbours share their edge to the last bit and no seam shows.
 *
 * Where a screen pixel covers several texels, up to 4 x 4 of them are read and summed up as an overview would: colours
 * are mixed in squared values (close to light), classes by the cubes of their shares, so that the main one is seen.
 * From one pixel a texel on, each pixel of level 0 is exactly one colour of the palette. `overviewColour` in palette.ts is
 * the same in TypeScript.
 */

export const tileVertex = `#version 300 es
precision highp float;
in vec2 aCorner;
in vec4 aRect;
in vec4 aTexels;
in float aLayer;
uniform vec2 uPixel;
out vec2 vTexel;
flat out int vLayer;
void main() {
  vec2 at = vec2(aCorner.x == 0.0 ? aRect.x : aRect.z, aCorner.y == 0.0 ? aRect.y : aRect.w);
  gl_Position = vec4(at.x * uPixel.x - 1.0, 1.0 - at.y * uPixel.y, 0.0, 1.0);
  vTexel = vec2(aCorner.x == 0.0 ? aTexels.x : aTexels.z, aCorner.y == 0.0 ? aTexels.y : aTexels.w);
  vLayer = int(aLayer + 0.5);
}
`

/**
 * `read` is the body of void read(ivec2 texel, int mode, inout vec4 shares, inout vec2 ends, inout vec4 light): adds what
 * the texel holds. Of class mode: shares of control, text, high, 0xFF; of zero and of owned bytes. Of the others: squared
 * colour and weight. `single`: statements that may colour a texel drawn alone and return. `side`: texels along the tile.
 * uMix: squared colours of zero, control, text, high, 0xFF, ground.
 */
function tileFragment(options: { samplers: string; read: string; single: string; side: number }): string {
  return `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2DArray;
in vec2 vTexel;
flat in int vLayer;
${options.samplers}
uniform sampler2D uPalette;
uniform float uMode;
uniform vec3 uMix[6];
out vec4 oColour;
vec3 palette(int column, int row) { return texelFetch(uPalette, ivec2(column, row), 0).rgb; }
// Keeps a pixel whose middle lies exactly on a texel's edge from falling back by a rounding error.
const float nudge = 1.0 / 4096.0;
vec3 squared(vec3 colour) { return colour * colour; }
int level(float unorm) { return int(unorm * 255.0 + 0.5); }
void read(ivec2 texel, int mode, inout vec4 shares, inout vec2 ends, inout vec4 light) {
${options.read}
}
vec3 mixed(vec4 shares, vec2 ends, float count) {
  vec4 weights = shares * shares * shares;
  float zero = ends.x * ends.x * ends.x;
  float total = zero + weights.x + weights.y + weights.z + weights.w;
  if (total == 0.0) return uMix[5];
  vec3 owned = zero * uMix[0] + weights.x * uMix[1] + weights.y * uMix[2] + weights.z * uMix[3] + weights.w * uMix[4];
  return mix(uMix[5], owned / total, ends.y / count);
}
void main() {
  int mode = int(uMode + 0.5);
  vec2 footprint = max(abs(dFdx(vTexel)), abs(dFdy(vTexel)));
  int taps = clamp(int(ceil(max(footprint.x, footprint.y) - 0.01)), 1, 4);
  ivec2 last = ivec2(${options.side - 1});
  if (taps == 1) {
    ivec2 texel = clamp(ivec2(floor(vTexel + nudge)), ivec2(0), last);
${options.single}
  }
  vec4 shares = vec4(0.0);
  vec2 ends = vec2(0.0);
  vec4 light = vec4(0.0);
  for (int row = 0; row < taps; row++) {
    for (int column = 0; column < taps; column++) {
      vec2 offset = (vec2(float(column), float(row)) + 0.5) / float(taps) - 0.5;
      read(clamp(ivec2(floor(vTexel + offset * footprint + nudge)), ivec2(0), last), mode, shares, ends, light);
    }
  }
  vec3 colour = mode == 0 ? mixed(shares, ends, float(taps * taps)) : light.rgb / light.a;
  oColour = vec4(sqrt(colour), 1.0);
}
`
}

/** Level 0: one byte a texel, and one entropy for each block of 16 x 16. */
export const byteFragment = tileFragment({
  side: 256,
  samplers: 'uniform sampler2DArray uBytes;\nuniform sampler2DArray uEntropy;',
  single: `
    int only = level(texelFetch(uBytes, ivec3(texel, vLayer), 0).r);
    int row = mode;
    if (mode == 1) {
      int entropy = level(texelFetch(uEntropy, ivec3(texel >> 4, vLayer), 0).r);
      if (entropy == 0 && only == 0) row = 0;
      else only = entropy;
    }
    oColour = vec4(palette(only, row), 1.0);
    return;`,
  read: `
  int value = level(texelFetch(uBytes, ivec3(texel, vLayer), 0).r);
  if (mode == 0) {
    vec4 one = texelFetch(uPalette, ivec2(value, 3), 0);
    shares += one;
    ends += vec2(1.0 - one.x - one.y - one.z - one.w, 1.0);
    return;
  }
  int entropy = level(texelFetch(uEntropy, ivec3(texel >> 4, vLayer), 0).r);
  if (value == 0 && (mode == 2 || entropy == 0)) light += vec4(uMix[5], 1.0);
  else light += vec4(squared(mode == 1 ? palette(entropy, 1) : palette(value, 2)), 1.0);`,
})

/** Overviews: ENT MEAN COV ZERO in the left half of a layer, PRINT HIGH in the right. A mean of 255 is 0xFF throughout. */
export const overviewFragment = tileFragment({
  side: 64,
  samplers: 'uniform sampler2DArray uPlanes;',
  single: '',
  read: `
  vec4 a = texelFetch(uPlanes, ivec3(texel, vLayer), 0);
  if (mode == 0) {
    vec2 b = texelFetch(uPlanes, ivec3(texel.x + 64, texel.y, vLayer), 0).rg;
    float high = level(a.g) == 255 ? 0.0 : b.g;
    shares += a.b * vec4(max(0.0, 1.0 - a.a - b.r - b.g), b.r, high, b.g - high);
    ends += a.b * vec2(a.a, 1.0);
    return;
  }
  bool empty = level(a.g) == 0 && (mode == 2 || level(a.r) == 0);
  vec3 colour = empty ? uMix[5] : squared(mode == 2 ? palette(level(a.g), 2) : palette(level(a.r), 1));
  light += vec4(mix(uMix[5], colour, a.b), 1.0);`,
})

/** Flat rectangles: plates, frames, hairlines, hatching. aColour is not premultiplied. */
export const rectVertex = `#version 300 es
precision highp float;
in vec2 aCorner;
in vec4 aRect;
in vec4 aColour;
in float aPattern;
uniform vec2 uPixel;
flat out vec4 vColour;
flat out int vPattern;
out vec2 vAt;
void main() {
  vec2 at = vec2(aCorner.x == 0.0 ? aRect.x : aRect.z, aCorner.y == 0.0 ? aRect.y : aRect.w);
  gl_Position = vec4(at.x * uPixel.x - 1.0, 1.0 - at.y * uPixel.y, 0.0, 1.0);
  vColour = aColour;
  vPattern = int(aPattern + 0.5);
  vAt = at;
}
`

/** Pattern 0: plain; 1: hatched (unreadable); 2: sparse dots (pruned); 3: dashed; 4: dotted. */
export const rectFragment = `#version 300 es
precision highp float;
precision highp int;
flat in vec4 vColour;
flat in int vPattern;
in vec2 vAt;
out vec4 oColour;
void main() {
  float share = 1.0;
  // Off the middles of pixels, so that no rounding error decides.
  float along = vAt.x + vAt.y + 0.3;
  if (vPattern == 1) share = mod(along, 7.0) < 1.6 ? 1.0 : 0.0;
  else if (vPattern == 2) share = mod(vAt.x, 8.0) < 1.5 && mod(vAt.y, 8.0) < 1.5 ? 1.0 : 0.0;
  else if (vPattern == 3) share = mod(along, 6.0) < 3.0 ? 1.0 : 0.0;
  else if (vPattern == 4) share = mod(along, 4.0) < 1.6 ? 1.0 : 0.0;
  if (share == 0.0) discard;
  oColour = vec4(vColour.rgb * vColour.a, vColour.a);
}
`

/** Digits in cells: coverage from the atlas, dark ink for 0 and light ink for 1. */
export const glyphVertex = `#version 300 es
precision highp float;
in vec2 aCorner;
in vec4 aRect;
in vec4 aTexels;
in float aInk;
uniform vec2 uPixel;
out vec2 vAt;
flat out float vInk;
void main() {
  vec2 at = mix(aRect.xy, aRect.zw, aCorner);
  gl_Position = vec4(at.x * uPixel.x - 1.0, 1.0 - at.y * uPixel.y, 0.0, 1.0);
  vAt = mix(aTexels.xy, aTexels.zw, aCorner);
  vInk = aInk;
}
`

export const glyphFragment = `#version 300 es
precision highp float;
in vec2 vAt;
flat in float vInk;
uniform sampler2D uGlyphs;
out vec4 oColour;
void main() {
  float share = texture(uGlyphs, vAt).r;
  oColour = vec4(mix(vec3(0.043, 0.051, 0.063), vec3(0.957, 0.961, 0.965), vInk) * share, share);
}
`
