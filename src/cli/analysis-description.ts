/** `sfd analyze FILE --model`: what a model says of a file, below what was measured. It describes, it decides nothing. */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { EntryLabels } from '../analysis/entry-labels.ts'
import { describeRegion } from '../analysis/model/describe-region.ts'
import type { Description, Skipped } from '../analysis/model/description.ts'
import { entryQuestion } from '../analysis/model/region-facts.ts'
import { displayPath } from '../base/bytes.ts'
import type { Call } from './command.ts'
import { catalogOf, withModel } from './model-tools.ts'
import { ModelWaiting } from './model-waiting.ts'
import { told } from './model-words.ts'

/** From the facts alone: no text of the file goes to the model. `place`: absolute. */
export async function describeFile(call: Call, labels: EntryLabels, place: Uint8Array): Promise<Description | Skipped> {
  const { regions, meta } = labels
  const catalog = catalogOf(call.state)
  try {
    const isPublic = (meta.mode & readByOthers) !== 0 && canBeEntered(place)
    const entry = { path: meta.path, contentId: undefined, size: meta.size, regions, isPublic }
    const waiting = new ModelWaiting(call)
    const said = await withModel(call, { wish: {}, catalog }, (parts) =>
      describeRegion(entryQuestion(entry), parts, {
        ...{ signal: call.signal, isAsked: true, wanted: undefined, brick: '', path: displayPath(place) },
        onAsk: (model) => waiting.asking(model),
      }),
    ).finally(() => waiting.end())
    call.signal.throwIfAborted()
    return await told(call, said)
  } finally {
    catalog.close()
  }
}

const readByOthers = 0o004
const enterByOthers = 0o001

function canBeEntered(place: Uint8Array): boolean {
  for (let folder = dirname(latin1(place)); ; folder = dirname(folder)) {
    if ((statSync(Buffer.from(folder, 'latin1')).mode & enterByOthers) === 0) return false
    if (folder === '/') return true
  }
}

/** One character a byte. */
function latin1(path: Uint8Array): string {
  return Buffer.from(path).toString('latin1')
}
