/** Who lies where on the map. New bricks get their places in the order of their tickets, however fast they are listed. */
import type { BrickMeta } from '../brick/meta.ts'
import { type District, districtReserve, placeDistrict } from '../layout/world.ts'

export interface DistrictTicket {
  /** A place for a brick of that many bytes; resolves when those with earlier tickets have theirs or gave up. */
  place(length: number): Promise<BrickMeta['district']>
  /** It needs no place, or not now; a place can still be asked for later. */
  giveUp(): void
}

export class Districts {
  readonly #placed: District[] = []
  #last: Promise<void> = Promise.resolve()

  /** A brick of that length lies there already. */
  add({ x, y }: BrickMeta['district'], length: number): void {
    const { side } = districtReserve(length)
    this.#placed.push({ x, y, side })
  }

  ticket(): DistrictTicket {
    const before = this.#last
    const turn = Promise.withResolvers<void>()
    this.#last = before.then(() => turn.promise)
    return {
      place: async (length) => {
        await before
        turn.resolve()
        const { side } = districtReserve(length)
        const district = placeDistrict({ placed: this.#placed, side })
        this.#placed.push(district)
        return district
      },
      giveUp: () => turn.resolve(),
    }
  }
}
