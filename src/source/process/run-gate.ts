/**
 * Whether a process can have written to its memory since: the time that its threads have run, as the scheduler counts it.
 *
 * Others may write there too: through shared memory, a debugger, a device that fills a buffer. Of shared memory the
 * caller knows; the rest is found when the process runs the next time, or by the look that is made now and then anyway.
 */
import type { ProcFolder } from './proc-folder.ts'

/** Equal marks: no thread ran in between. Undefined: this kernel does not count, or something could not be read. */
export function runMark(folder: ProcFolder): string | undefined {
  const tids = folder.tasks()
  if (tids.length === 0 || tids.length > threadsMax) return undefined
  let mark = ''
  let hasCounts = false
  for (const tid of tids) {
    const text = folder.text(`task/${tid}/schedstat`)
    if (text === undefined) return undefined
    const [ran = '', , slices = ''] = text.trimEnd().split(' ')
    hasCounts ||= ran !== '0'
    mark += `${tid} ${ran} ${slices}\n`
  }
  return hasCounts ? mark : undefined
}

/** Beyond that a real look costs little more than asking all of them. */
const threadsMax = 4_096
