/** What everybody who reads a set is told while a new run into it is not finished. */
import type { PortableSet } from '../read/portable-set.ts'
import type { Call } from './command.ts'

export function warnOfRun(call: Call, { next }: PortableSet): void {
  if (next === 'none') return
  call.warn(
    'a new run into this set is not finished: this is the set of before; the same sfd crystallize goes on with it',
  )
}
