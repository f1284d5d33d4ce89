/** A thread that writes batches of files: see extract-crew.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { must } from '../base/assert.ts'
import { FoundryError } from '../base/errors.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { noPointer } from '../brick/pointer.ts'
import { LibcError } from '../linux/libc.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { errnoNameOf } from './attributes.ts'
import { shareDestination } from './destination.ts'
import type { ExtractAnswer, ExtractOrder, ExtractSetup } from './extract-protocol.ts'
import { emptyReport } from './extract-report.ts'
import { fileWriter, writeFile } from './write-file.ts'

const { brickPath, brickFd, record, destFd, ownership } = workerData as ExtractSetup
const port = must(parentPort, 'parent port of a worker')
const dest = shareDestination(destFd)
const writer = fileWriter({
  view: new BrickView(new BrickFile(brickPath, brickFd), { record, commit: noPointer }),
  dest,
  ownership,
  report: emptyReport(),
})

port.on('message', (order: ExtractOrder) => {
  if (order.kind === 'write') return port.postMessage(write(order.files))
  dest.close()
  port.close()
})

function write(files: readonly EntryRecord[]): ExtractAnswer {
  const report = emptyReport()
  try {
    for (const file of files) writeFile({ ...writer, report }, file)
    return { kind: 'written', report }
  } catch (error) {
    const isFoundryError = error instanceof FoundryError && !(error instanceof LibcError)
    const code = isFoundryError ? error.code : (errnoNameOf(error) ?? '')
    return { kind: 'failed', isFoundryError, code, message: error instanceof Error ? error.message : String(error) }
  }
}
