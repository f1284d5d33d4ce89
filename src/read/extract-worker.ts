/** A thread that writes batches of files: see extract-crew.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { must } from '../base/assert.ts'
import { Beneath } from '../linux/beneath.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import type { ExtractAnswer, ExtractBatch, ExtractSetup } from './extract-protocol.ts'
import { emptyReport } from './extract-report.ts'
import { errnoNameOf } from './attributes.ts'
import { fileWriter, writeFile } from './write-file.ts'

const { brickPath, brickFd, record, dest, ownership } = workerData as ExtractSetup
const port = must(parentPort, 'parent port of a worker')
const writer = fileWriter({
  view: new BrickView(new BrickFile(brickPath, brickFd), record),
  dest: Beneath.open(dest),
  ownership,
  report: emptyReport(),
})

port.on('message', ({ files }: ExtractBatch) => port.postMessage(write(files)))

function write(files: ExtractBatch['files']): ExtractAnswer {
  const report = emptyReport()
  try {
    for (const file of files) writeFile({ ...writer, report }, file)
    return { kind: 'written', report }
  } catch (error) {
    return { kind: 'failed', code: errnoNameOf(error) ?? '', message: String(error) }
  }
}
