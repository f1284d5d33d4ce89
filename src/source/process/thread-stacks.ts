/** Which mapping holds which thread's stack: where the stack pointer of a thread that waits in the kernel points to. */
import type { KnownMapping } from './known-mapping.ts'
import type { ProcFolder } from './proc-folder.ts'

/** Threads by the key of the mapping, as far as they can be told: of a thread that runs right now the kernel says nothing. */
export function threadStacks(
  folder: ProcFolder,
  mappings: readonly KnownMapping[],
): ReadonlyMap<number, readonly number[]> {
  const stacks = new Map<number, number[]>()
  for (const tid of folder.tasks().slice(0, threadsMax)) {
    const pointer = stackPointer(folder.text(`task/${tid}/syscall`))
    const mapping = pointer === undefined ? undefined : mappingAt(mappings, pointer)
    if (mapping === undefined) continue
    const tids = stacks.get(mapping.key)
    if (tids === undefined) stacks.set(mapping.key, [tid])
    else tids.push(tid)
  }
  return stacks
}

const threadsMax = 256

/** proc_pid_syscall(5): number, arguments, stack pointer, program counter; `-1`, the last two; or `running`. */
function stackPointer(text: string | undefined): number | undefined {
  const fields = text?.trim().split(' ') ?? []
  const pointer = fields.length >= 3 ? fields.at(-2) : undefined
  return pointer !== undefined && /^0x[0-9a-f]+$/.test(pointer) ? Number.parseInt(pointer, 16) : undefined
}

/** `mappings` ascending by start. */
function mappingAt(mappings: readonly KnownMapping[], address: number): KnownMapping | undefined {
  let low = 0
  let high = mappings.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((mappings[middle] as KnownMapping).end <= address) low = middle + 1
    else high = middle
  }
  const found = mappings[low]
  return found !== undefined && found.start <= address ? found : undefined
}
