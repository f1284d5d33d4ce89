/** The index of names: what it finds and in which order, and that going from commit to commit ends where a new index would. */
import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { toHex } from '../../src/base/bytes.ts'
import { timestampOf } from '../../src/base/entry.ts'
import type { Region } from '../../src/base/region.ts'
import { type Catalog, openCatalog, temporaryCatalog } from '../../src/catalog/catalog-db.ts'
import { forgetOtherBricks, indexBrick } from '../../src/catalog/search-index.ts'
import { indexBrickApart } from '../../src/catalog/search-index-thread.ts'
import type { NameKind } from '../../src/catalog/search-names.ts'
import { behindNames, candidatesMax, findNames } from '../../src/catalog/search-query.ts'
import { labelCommit } from '../../src/fold/label-commit.ts'
import type { BrickView } from '../../src/store/brick-view.ts'
import { chanceOf, seedsOf } from '../fold/chance.ts'
import { clock, fold, isLong, makeLab, openView, Session } from '../fold/lab.ts'

const rest = { signal: new AbortController().signal, pause: async () => undefined }
const memory = join(import.meta.dirname, '../../spec/fixtures/memory.brick')

function found(catalog: Catalog, views: readonly BrickView[], text: string, kinds: readonly NameKind[] = []): string[] {
  const uuids = views.map(({ record }) => toHex(record.uuid))
  const { hits } = findNames(catalog, { text, kinds, uuids, limit: 100 })
  return hits.map(({ path, kind, name, offset }) => `${kind} ${Buffer.from(path)} ${name} ${offset}`)
}

function memoryCatalog(t: TestContext): Catalog {
  const catalog = temporaryCatalog()
  t.after(() => catalog.close())
  return catalog
}

/** All that the index holds, however it came there. */
function dump(catalog: Catalog): unknown {
  return catalog.run((sql) => {
    const places = sql
      .prepare(`select e.path, e.kind as entry, n.kind, n.text, p.start, p.length, p.class, p.severity
        from search_place p join search_entry e on e.id = p.entry join search_name n on n.id = p.name
        order by e.path, n.kind, n.text`)
      .all()
    const names = sql.prepare('select kind, text from search_name order by text, kind').all()
    const texts = sql.prepare('select count(*) as count from search_text').get()
    return { places, names, texts }
  })
}

test('paths are found by parts of them, the best first, and as the source names them', async (t) => {
  const lab = makeLab(t)
  mkdirSync(join(lab.source, 'lib/ssh'), { recursive: true })
  for (const path of ['lib/libssh.so', 'lib/ssh/known', 'ssh', 'lib/Open-SSH', 'ssh-keys', 'other']) {
    writeFileSync(join(lab.source, path), path)
  }
  await fold(lab)
  const view = openView(t, lab.brick)
  const catalog = memoryCatalog(t)
  assert.deepEqual(behindNames(catalog, [view]), [toHex(view.record.uuid)])
  assert.deepEqual(await indexBrick(view, catalog, rest), { how: 'all', entries: 9 })
  assert.deepEqual(behindNames(catalog, [view]), [])
  assert.deepEqual(await indexBrick(view, catalog, rest), { how: 'current', entries: 0 })
  const paths = (text: string) => found(catalog, [view], text, ['path']).map((line) => line.split(' ')[1])
  assert.deepEqual(paths('ssh'), ['ssh', 'lib/ssh', 'ssh-keys', 'lib/Open-SSH', 'lib/libssh.so', 'lib/ssh/known'])
  assert.deepEqual(paths('SS'), paths('ss'))
  assert.deepEqual(paths('ssh/kn'), ['lib/ssh/known'])
  assert.deepEqual(paths(join(lab.source, 'lib/ssh')), ['lib/ssh', 'lib/ssh/known'])
  assert.deepEqual(paths('%'), [])
  assert.deepEqual(paths('"'), [])
  assert.deepEqual(found(catalog, [], 'ssh'), [])
  const { hits, truncated } = findNames(catalog, { text: 'ssh', kinds: [], uuids: [toHex(view.record.uuid)], limit: 2 })
  assert.deepEqual([hits.length, truncated], [2, true])
  forgetOtherBricks(catalog, [])
  assert.deepEqual(dump(catalog), { places: [], names: [], texts: Object.assign(Object.create(null), { count: 0 }) })
})

test('a name is found by any part of it as it is written, whatever its letters', async (t) => {
  const lab = makeLab(t)
  const written = [
    'ÄÖ',
    'xäöy',
    'İstanbul',
    'ΑΣΑ',
    'ſtraßE',
    'ÇaĞrı',
    '\u212aelvin',
    '\u{1f600}\u{1f601}',
    'a%_b',
    'ǅX',
    'ẞẞ',
  ]
  for (const name of written) writeFileSync(join(lab.source, name), '')
  await fold(lab)
  const view = openView(t, lab.brick)
  const catalog = memoryCatalog(t)
  await indexBrick(view, catalog, rest)
  for (const name of written) {
    const letters = [...name]
    for (let from = 0; from < letters.length; from++) {
      for (let to = from + 1; to <= letters.length; to++) {
        const part = letters.slice(from, to).join('')
        assert.ok(found(catalog, [view], part, ['path']).includes(`path ${name} ${name} 0`), `${part} of ${name}`)
      }
    }
  }
  assert.equal(found(catalog, [view], 'äö', ['path']).length, 2)
})

test('of more names than are looked at, the best stay', (t) => {
  const catalog = memoryCatalog(t)
  catalog.run((sql) => {
    sql.exec(`insert into search_brick values(1, 'u', x'2f', '', 1);
      insert into search_entry values(1, 1, x'61', 'file');
      with recursive n(i) as (select 1 union all select i + 1 from n where i <= ${candidatesMax})
        insert into search_name select i, 0, 'many/xlibraries' || i from n;
      insert into search_name values(100001, 0, 'deep/down/lib'), (100002, 0, 'deep/down/library');
      insert into search_text(rowid, text) select id, text from search_name;
      insert into search_place select 1, id, 0, 0, 'file', null from search_name;`)
  })
  const best = findNames(catalog, { text: 'lib', kinds: ['path'], uuids: ['u'], limit: 3 })
  assert.deepEqual(best.hits.map(({ name }) => name).slice(0, 2), ['deep/down/lib', 'deep/down/library'])
  assert.equal(best.truncated, true)
})

test('symbols, labels and rules of findings are found where they are', async (t) => {
  const view = openView(t, memory)
  const catalog = memoryCatalog(t)
  await indexBrick(view, catalog, rest)
  const code = [...view.regions({ start: 64, end: 65 })].length
  assert.equal(code, 3)
  const path = Buffer.from(view.slotAt(64)?.path ?? []).toString()
  assert.deepEqual(found(catalog, [view], 'main', ['symbol']), [`symbol ${path} main 64`])
  assert.deepEqual(found(catalog, [view], '.text'), [`label ${path} .text 0`])
  assert.deepEqual(found(catalog, [view], 'memory-gr').length, 1)
  const [finding] = findNames(catalog, {
    text: 'memory-growth',
    kinds: ['label'],
    uuids: [toHex(view.record.uuid)],
    limit: 9,
  }).hits
  assert.equal(finding?.severity, [...view.regions({ start: 0, end: view.record.length })].at(-1)?.finding?.severity)
})

const names = ['alpha', 'beta', 'gamma', 'delta', '.text', 'a name with "quotes"', 'é']

test('from commit to commit it holds what a new index of the last one holds', async (t) => {
  for (const seed of seedsOf(isLong ? 40 : 2)) {
    t.diagnostic(`seed ${seed}`)
    const chance = chanceOf(seed)
    const lab = makeLab(t)
    for (let i = 0; i < 30; i++) writeFileSync(join(lab.source, `f${i}`), 'x'.repeat(100 * i))
    const session = new Session(t, lab)
    const catalog = memoryCatalog(t)
    for (let step = 0; step < 8; step++) {
      for (let i = chance.below(6); i > 0; i--) {
        const path = join(lab.source, `f${chance.below(40)}`)
        rmSync(path, { recursive: true, force: true })
        if (chance.happens(30)) mkdirSync(path, { recursive: true })
        else if (chance.happens(80)) writeFileSync(path, chance.bytes(chance.below(70_000)))
      }
      if (chance.happens(20)) renameAny(lab.source, chance.below(30))
      await session.reconcileAll()
      if (chance.happens(70)) label(session, chance)
      if (chance.happens(30)) continue
      await indexBrick(session.view, catalog, rest)
    }
    const report = await indexBrick(session.view, catalog, rest)
    assert.notEqual(report.how, 'all', `seed ${seed}`)
    const fresh = memoryCatalog(t)
    await indexBrick(session.view, fresh, rest)
    assert.deepEqual(dump(catalog), dump(fresh), `seed ${seed}`)
  }
})

function renameAny(source: string, number: number): void {
  try {
    renameSync(join(source, `f${number}`), join(source, `f${number + 1}`))
  } catch {
    // Not there, or a folder in the way.
  }
}

function label(session: Session, chance: ReturnType<typeof chanceOf>): void {
  const entries = [...session.view.entries()].filter(({ kind, size }) => kind === 'file' && size > 0)
  const chosen = entries.filter(() => chance.happens(30))
  const labels = chosen.map(({ path, size }) => {
    const regions: Region[] = Array.from({ length: chance.below(4) }, () => ({
      offset: chance.below(size),
      length: 0,
      layer: 48,
      class: chance.pick(['symbol', 'section', 'line']),
      name: chance.pick(names),
      detector: 'test/1',
    }))
    return { path, regions }
  })
  const { contentRoot, metaHash, generation } = session.view.record
  labelCommit(session.brick, {
    labels,
    analysis: {
      version: 'test/1',
      ...{ generation, state: 'partial', contentRoot: toHex(contentRoot), metaHash: toHex(metaHash) },
      ...{ entries: 0, analysed: 0, model: { state: 'off', labelled: 0 }, placeless: [] },
    },
    time: timestampOf(clock.nowNs()),
  })
}

test('on a thread of its own it comes to the same, and another brick goes when it is gone', async (t) => {
  const lab = makeLab(t)
  writeFileSync(join(lab.source, 'one'), '1')
  await fold(lab)
  const view = openView(t, lab.brick)
  const catalogPath = join(lab.folder, 'catalog.db')
  const { signal } = rest
  assert.deepEqual(await indexBrickApart({ view, catalogPath, signal }), { how: 'all', entries: 2 })
  const catalog = openCatalog(catalogPath)
  t.after(() => catalog.close())
  assert.deepEqual(found(catalog, [view], 'one'), ['path one one 0'])
  const other = openView(t, memory)
  await indexBrickApart({ view: other, catalogPath, signal, kept: [toHex(other.record.uuid)] })
  assert.deepEqual(found(catalog, [view, other], 'one'), [])
  assert.equal(found(catalog, [view, other], 'main').length, 1)
  const stop = new AbortController()
  stop.abort(new Error('enough'))
  await assert.rejects(indexBrickApart({ view, catalogPath, signal: stop.signal }), /enough/)
})

test('who began later goes on, and the other is told; nothing is lost', async (t) => {
  const lab = makeLab(t)
  for (let i = 0; i < 2_000; i++) writeFileSync(join(lab.source, `f${i}`), '')
  await fold(lab)
  const view = openView(t, lab.brick)
  const catalog = memoryCatalog(t)
  let later: Promise<unknown> | undefined
  const first = indexBrick(view, catalog, {
    signal: rest.signal,
    pause: async () => {
      later ??= indexBrick(view, catalog, rest)
      await later
    },
  })
  assert.equal((await first).how, 'refused')
  assert.deepEqual(await later, { how: 'all', entries: 2_001 })
  assert.equal(
    findNames(catalog, { text: 'f1', kinds: [], uuids: [toHex(view.record.uuid)], limit: 5_000 }).hits.length,
    1_111,
  )
})

test('without a catalog nothing is found and nothing fails', async (t) => {
  const view = openView(t, memory)
  const catalog = openCatalog(join(makeLab(t).folder, 'missing/catalog.db'))
  assert.deepEqual(await indexBrick(view, catalog, rest), { how: 'refused', entries: 0 })
  assert.deepEqual(found(catalog, [view], 'main'), [])
  assert.deepEqual(behindNames(catalog, [view]), [toHex(view.record.uuid)])
})
