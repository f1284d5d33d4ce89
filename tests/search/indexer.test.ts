/** The daemon's index of names follows commits, one brick at a time, and its trouble is only told. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { toHex } from '../../src/base/bytes.ts'
import { noPointer } from '../../src/brick/pointer.ts'
import { openCatalog } from '../../src/catalog/catalog-db.ts'
import { behindNames, findNames } from '../../src/catalog/search-query.ts'
import { NameIndexer } from '../../src/daemon/name-indexer.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import type { FeedMessage } from '../../src/wire/api.ts'
import { clock, makeLab, Session } from '../fold/lab.ts'
import { infoOf } from '../server/brick-foundry.ts'

test('names are those of the newest commit a while after it, and of a brick that cannot be read a warning is told', async (t) => {
  const lab = makeLab(t)
  writeFileSync(join(lab.source, 'first'), '1')
  const session = new Session(t, lab)
  await session.reconcileAll()
  const catalogPath = join(lab.folder, 'catalog.db')
  const listeners = new Set<(message: FeedMessage) => void>()
  const warnings: string[] = []
  let view: BrickView = session.view
  const uuid = toHex(view.record.uuid)
  const indexer = new NameIndexer({
    catalogPath,
    clock,
    bricks: () => [{ uuid }],
    newest: () => view,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    warn: (message) => warnings.push(message),
    pace: { quietMs: 1, waitMsMax: 1 },
  })
  t.after(() => indexer.close())
  indexer.start()
  const catalog = openCatalog(catalogPath)
  t.after(() => catalog.close())
  const until = async (isReached: () => boolean) => {
    while (!isReached()) await new Promise((resolve) => setImmediate(resolve))
  }
  const names = (text: string) => findNames(catalog, { text, kinds: [], uuids: [uuid], limit: 9 }).hits.length
  await until(() => behindNames(catalog, [view]).length === 0)
  assert.deepEqual([names('first'), names('second')], [1, 0])
  writeFileSync(join(lab.source, 'second'), '2')
  await session.reconcileAll()
  view = session.view
  const message = {
    kind: 'commit',
    brick: infoOf(view),
    fromGeneration: 1,
    dirtyTiles: [],
    sequence: 1,
    time: '',
  } as const
  for (const listener of listeners) listener(message)
  await until(() => behindNames(catalog, [view]).length === 0)
  assert.deepEqual([names('first'), names('second'), warnings], [1, 1, []])
  const { file, record } = view
  const entries = { ...record.entries, hash: new Uint8Array(32) }
  const broken = { ...record, id: new Uint8Array(32), entries }
  view = new BrickView(file, { record: broken, commit: noPointer })
  for (const listener of listeners) listener(message)
  await until(() => warnings.length > 0)
  assert.match(warnings[0] as string, /x\.brick: its names are not searchable: /)
  await indexer.close()
  assert.equal(listeners.size, 0)
})
