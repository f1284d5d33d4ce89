/** What the brick of a source holds of it: the truth for artifacts whose bytes cannot be asked for twice. */
import type { JsonValue } from '../../base/region.ts'

export interface Held {
  /** What the artifact said of itself at that commit (`Artifact.about`). */
  readonly about?: { readonly [key: string]: JsonValue }
  /** Bytes of the only entry; 0 where there is none. */
  readonly sizeBytes: number
  /** Bytes [start, start + length) of the entry's content. */
  read(start: number, length: number): Uint8Array
}
