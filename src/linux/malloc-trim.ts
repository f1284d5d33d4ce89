/** What the C allocator has freed goes back to the system (malloc_trim(3)); nothing where libc has no such call. */
import { bind } from './libc.ts'

/** Takes milliseconds: for when much was let go and little will come. */
export function trimMalloc(): void {
  trim ??= bound()
  trim(0)
}

type Trim = (padBytes: number) => number
let trim: Trim | undefined

function bound(): Trim {
  try {
    return bind<Trim>('int malloc_trim(size_t pad)')
  } catch {
    // musl has none.
    return () => 0
  }
}
