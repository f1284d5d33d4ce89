/**
 * The system's liblzma, where there is one: unpacks .xz three times as fast as the same in WebAssembly.
 *
 * dpkg, rpm, pacman and systemd need the library, so it is nearly always there; where it is not, `loadLzma` says so.
 */
import koffi, { type LibraryHandle } from 'koffi'

export interface Lzma {
  /** Takes all of `stored`, one stream, fills `target` exactly and proves checks and index; else says what is wrong. */
  decompress(stored: Uint8Array, target: Uint8Array): LzmaFailure | undefined
}

export type LzmaFailure = 'damaged' | 'unsupported' | 'memory'

const names = ['liblzma.so.5', 'liblzma.so']
/** What unpacking may take beside both buffers: the largest dictionary that xz makes is 64 MiB. */
const memoryBytesMax = 128n * 2n ** 20n
const failures: Readonly<Record<number, LzmaFailure>> = { 3: 'unsupported', 5: 'memory', 6: 'memory', 8: 'unsupported' }

export function loadLzma(): Lzma | undefined {
  const library = openLibrary()
  if (library === undefined) return undefined
  const decode = library.func(
    'int lzma_stream_buffer_decode(uint64_t *memlimit, uint32_t flags, void *allocator, uint8_t *stored, size_t *at, size_t length, uint8_t *target, size_t *filled, size_t capacity)',
  ) as (
    memlimit: BigUint64Array,
    flags: number,
    allocator: null,
    stored: Uint8Array,
    at: BigUint64Array,
    length: number,
    target: Uint8Array,
    filled: BigUint64Array,
    capacity: number,
  ) => number
  return {
    decompress(stored, target) {
      const limit = BigUint64Array.of(memoryBytesMax)
      const at = BigUint64Array.of(0n)
      const filled = BigUint64Array.of(0n)
      const code = decode(limit, 0, null, stored, at, stored.length, target, filled, target.length)
      if (code !== 0) return failures[code] ?? 'damaged'
      const isWhole = Number(filled[0]) === target.length && Number(at[0]) === stored.length
      return isWhole ? undefined : 'damaged'
    },
  }
}

function openLibrary(): LibraryHandle | undefined {
  for (const name of names) {
    try {
      return koffi.load(name)
    } catch {
      // Not installed under this name.
    }
  }
  return undefined
}
