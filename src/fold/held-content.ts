/**
 * What a brick holds of a source that has one entry: for artifacts whose bytes cannot be asked for twice, and which go on
 * from here. Reads what is committed, whatever is being written.
 */
import { FoundryError } from '../base/errors.ts'
import type { Held } from '../source/log/held.ts'
import { BrickView } from '../store/brick-view.ts'
import type { OpenBrick } from './open-brick.ts'

/** Of the last commit; undefined where there is none. Good for as long as the brick is open. */
export function heldContent({ writer }: Pick<OpenBrick, 'writer'>): Held | undefined {
  const { head } = writer
  if (head === undefined) return undefined
  const view = new BrickView(writer.file, head)
  const { about } = view.meta
  const entry = [...view.entries()].find(({ kind }) => kind === 'file')
  const { slot, size: sizeBytes = 0 } = entry ?? {}
  return {
    ...(about !== undefined && { about }),
    sizeBytes,
    read(start, length) {
      if (start < 0 || length < 0 || start + length > sizeBytes) {
        const asked = `${start}:${start + length}`
        throw new FoundryError('RANGE_INVALID', `The brick holds ${sizeBytes} bytes, and not ${asked}.`)
      }
      return slot === undefined ? new Uint8Array(length) : view.bytes({ start: slot.start + start, length })
    },
  }
}
