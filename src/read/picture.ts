/** Pixels in memory: an RGB canvas that becomes a PNG. */
import { PNG } from 'pngjs'

export class Picture {
  readonly width: number
  readonly height: number
  /** RGBA, row-major. */
  readonly #pixels: Uint8Array

  constructor(size: { readonly width: number; readonly height: number; readonly colour: number }) {
    this.width = size.width
    this.height = size.height
    this.#pixels = new Uint8Array(4 * size.width * size.height)
    this.fill({ x: 0, y: 0, width: size.width, height: size.height, colour: size.colour })
  }

  /** Outside the picture: nothing. */
  put(x: number, y: number, colour: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return
    const at = 4 * (y * this.width + x)
    this.#pixels[at] = colour >> 16
    this.#pixels[at + 1] = (colour >> 8) & 255
    this.#pixels[at + 2] = colour & 255
    this.#pixels[at + 3] = 255
  }

  fill(box: { x: number; y: number; width: number; height: number; colour: number }): void {
    for (let y = box.y; y < box.y + box.height; y++) {
      for (let x = box.x; x < box.x + box.width; x++) this.put(x, y, box.colour)
    }
  }

  png(): Uint8Array {
    const png = new PNG({ width: this.width, height: this.height })
    png.data.set(this.#pixels)
    return PNG.sync.write(png, { colorType: 2, inputHasAlpha: true })
  }
}
