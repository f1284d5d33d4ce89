/**
 * The GLSL of the map. Positions are CSS pixels of the view, computed on the CPU in doubles; each corner of a quad is
 * taken as given, never as origin + size, so that neighbours share their edge to the last bit and no seam shows.
 *
 * Where a screen pixel covers several texels, up to 4 x 4 of them are averaged, in squared values (close to light),
 * so that a coarse view keeps the brightness of a fine one; from one pixel a texel on, each pixel is exactly one colour.
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

/** `shade` is the body of vec3 shade(ivec2 texel); `side`: texels along the tile. */
function tileFragment(options: { samplers: string; shade: string; side: number }): string {
  return `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2DArray;
in vec2 vTexel;
flat in int vLayer;
${options.samplers}
uniform sampler2D uPalette;
uniform float uMode;
out vec4 oColour;
vec3 palette(int column, int row) { return texelFetch(uPalette, ivec2(column, row), 0).rgb; }
int level(float unorm) { return int(unorm * 255.0 + 0.5); }
vec3 shade(ivec2 texel, int mode) {
${options.shade}
}
void main() {
  int mode = int(uMode + 0.5);
  vec2 footprint = max(abs(dFdx(vTexel)), abs(dFdy(vTexel)));
  int taps = clamp(int(ceil(max(footprint.x, footprint.y) - 0.01)), 1, 4);
  ivec2 last = ivec2(${options.side - 1});
  if (taps == 1) {
    oColour = vec4(shade(clamp(ivec2(floor(vTexel)), ivec2(0), last), mode), 1.0);
    return;
  }
  vec3 sum = vec3(0.0);
  for (int row = 0; row < taps; row++) {
    for (int column = 0; column < taps; column++) {
      vec2 offset = (vec2(float(column), float(row)) + 0.5) / float(taps) - 0.5;
      vec3 colour = shade(clamp(ivec2(floor(vTexel + offset * footprint)), ivec2(0), last), mode);
      sum += colour * colour;
    }
  }
  oColour = vec4(sqrt(sum / float(taps * taps)), 1.0);
}
`
}

/** Level 0: one byte a texel, and one entropy for each block of 16 x 16. */
export const byteFragment = tileFragment({
  side: 256,
  samplers: 'uniform sampler2DArray uBytes;\nuniform sampler2DArray uEntropy;',
  shade: `
  int value = level(texelFetch(uBytes, ivec3(texel, vLayer), 0).r);
  if (mode == 0) return palette(value, 0);
  if (mode == 2) return palette(value, 2);
  int entropy = level(texelFetch(uEntropy, ivec3(texel >> 4, vLayer), 0).r);
  return entropy == 0 && value == 0 ? palette(4, 3) : palette(entropy, 1);`,
})

/**
 * Overviews: ENT MEAN COV ZERO in the left half of a layer, PRINT HIGH in the right. The class colours are mixed by
 * their shares, and the whole against the ground by the share of owned bytes. A mean of 255 is 0xFF throughout.
 */
export const overviewFragment = tileFragment({
  side: 64,
  samplers: 'uniform sampler2DArray uPlanes;',
  shade: `
  vec4 a = texelFetch(uPlanes, ivec3(texel, vLayer), 0);
  vec3 ground = palette(4, 3);
  if (a.b == 0.0) return ground;
  vec3 colour;
  if (mode == 0) {
    vec2 b = texelFetch(uPlanes, ivec3(texel.x + 64, texel.y, vLayer), 0).rg;
    float control = max(0.0, 1.0 - a.a - b.r - b.g);
    vec3 zeroColour = palette(0, 3), controlColour = palette(1, 3), textColour = palette(2, 3);
    vec3 highColour = palette(level(a.g) == 255 ? 5 : 3, 3);
    vec3 light = a.a * zeroColour * zeroColour + control * controlColour * controlColour
      + b.r * textColour * textColour + b.g * highColour * highColour;
    colour = sqrt(light / max(1e-3, a.a + control + b.r + b.g));
  } else if (mode == 2) {
    colour = palette(level(a.g), 2);
  } else {
    colour = level(a.r) == 0 && level(a.g) == 0 ? ground : palette(level(a.r), 1);
  }
  return sqrt(mix(ground * ground, colour * colour, a.b));`,
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

/** Pattern 0: plain; 1: hatched (unreadable); 2: sparse dots (pruned); 3: dashed. */
export const rectFragment = `#version 300 es
precision highp float;
precision highp int;
flat in vec4 vColour;
flat in int vPattern;
in vec2 vAt;
out vec4 oColour;
void main() {
  float share = 1.0;
  if (vPattern == 1) share = mod(vAt.x + vAt.y, 7.0) < 1.2 ? 1.0 : 0.0;
  else if (vPattern == 2) share = mod(vAt.x, 8.0) < 1.5 && mod(vAt.y, 8.0) < 1.5 ? 1.0 : 0.0;
  else if (vPattern == 3) share = mod(vAt.x + vAt.y, 6.0) < 3.0 ? 1.0 : 0.0;
  if (share == 0.0) discard;
  oColour = vec4(vColour.rgb * vColour.a, vColour.a);
}
`
