/** Who lies where on the map. New bricks get their places in the order of their tickets, however fast they are listed. */
import type { BrickMeta } from '../brick/meta.ts'
import { spaceSizeBytesMax } from '../layout/slots.ts'
import { type District, districtReserve, placeDistrict } from '../layout/world.ts'

export interface Placed {
  readonly kind: BrickMeta['kind']
  readonly length: number
}

export interface DistrictTicket {
  /** A place for a brick of that kind and that many bytes; resolves when those with earlier tickets have theirs or gave up. */
  place(brick: Placed): Promise<BrickMeta['district']>
  /** It needs no place, or not now; a place can still be asked for later. */
  giveUp(): void
}

export class Districts {
  readonly #placed: District[] = []
  #last: Promise<void> = Promise.resolve()

  /** A brick of that length lies there already. */
  add({ x, y }: BrickMeta['district'], brick: Placed): void {
    const side = sideOf(brick)
    this.#placed.push({ x, y, side })
  }

  ticket(): DistrictTicket {
    const before = this.#last
    const turn = Promise.withResolvers<void>()
    this.#last = before.then(() => turn.promise)
    return {
      place: async (brick) => {
        await before
        turn.resolve()
        const district = placeDistrict({ placed: this.#placed, side: sideOf(brick) })
        this.#placed.push(district)
        return district
      },
      giveUp: () => turn.resolve(),
    }
  }
}

/** Memory and logs have room to grow by this much before they come near their neighbours. */
const growthRoom = 16
const growing: ReadonlySet<BrickMeta['kind']> = new Set(['process', 'log'])

function sideOf({ kind, length }: Placed): number {
  const bytes = growing.has(kind) ? growthRoom * length : length
  return districtReserve(Math.min(bytes, spaceSizeBytesMax)).side
}
