/** The thread of search-index-thread.ts: one brick, then it ends. */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { must } from '../base/assert.ts'
import { BrickDamage } from '../brick/damage.ts'
import { noPointer } from '../brick/pointer.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { openCatalog } from './catalog-db.ts'
import { forgetOtherBricks, indexing } from './search-index.ts'
import type { IndexAnswer, IndexSetup } from './search-index-thread.ts'

const port = must(parentPort, 'parent port of a worker')
/** Of this thread alone: what is asked for now goes first. */
setPriority(10)

const { catalogPath, brickPath, brickFd, record, kept } = workerData as IndexSetup
const catalog = openCatalog(catalogPath)
const said = answer()
if (kept !== undefined) forgetOtherBricks(catalog, kept)
catalog.close()
port.postMessage(said)

function answer(): IndexAnswer {
  const view = new BrickView(new BrickFile(brickPath, brickFd), { record, commit: noPointer })
  try {
    const work = indexing(view, catalog)
    for (let step = work.next(); ; step = work.next()) {
      if (step.done === true) return { kind: 'done', report: step.value }
    }
  } catch (error) {
    if (error instanceof BrickDamage) return { kind: 'damaged', message: error.message }
    throw error
  }
}
