/** What of the page has to do with meaning: findings, the model's word, searches through the bytes, and their keys. */
import type { FindingJson } from '../wire/api.ts'
import type { NameHit } from '../wire/search.ts'
import type { MapApp } from './app.ts'
import { ModelWatch } from './link/model-watch.ts'
import { type FoundHit, SearchRun } from './link/search-run.ts'
import type { Navigator } from './navigate.ts'
import { FindingsPanel } from './ui/findings-panel.ts'
import { HitsPanel } from './ui/hits-panel.ts'
import type { KeyHandlers } from './ui/keys.ts'
import { createModelWord } from './ui/model-word.ts'
import type { ByteQuery } from './view/byte-query.ts'
import { toWorld, type WorldPoint } from './view/camera.ts'
import { pathLabel } from './view/shapes.ts'
import type { WorldBrick } from './world.ts'

export interface MeaningParts {
  readonly keys: Pick<KeyHandlers, 'finding' | 'findings'>
  /** Once a frame. */
  update(): void
  /** A full answer is in. */
  renew(): void
  searchBytes(query: ByteQuery): void
  /** Somebody goes on to something else: the hits of the last search, and their marks, go. */
  endSearch(): void
  goToName(hit: NameHit): void
  /** True where the point is on a mark, which was gone to. */
  clickMark(point: WorldPoint): boolean
}

export function createMeaningParts(
  app: MapApp,
  parts: { navigator: Navigator; bar: HTMLElement; focusMap(): void; say(text: string): void },
): MeaningParts {
  const { navigator, bar, focusMap } = parts
  const model = new ModelWatch(() => app.changed())
  const modelWord = createModelWord(bar)
  const goToFinding = (found: FindingJson): void => {
    const { uuid, start, length } = found
    if (start !== null) return navigator.toRun(uuid, { start, length }, 'finding')
    // It is about an entry without bytes: to what lies beneath it.
    const brick = app.world.bricks.get(uuid)
    if (brick !== undefined) void navigator.toPath(brick.info.name, pathLabel(found))
  }
  const findings = new FindingsPanel(bar, document.body, {
    go: goToFinding,
    wants: (severity) => app.findings.setMildest(severity),
    left: focusMap,
    opened: () => hits.close(),
  })
  let run: SearchRun | undefined
  const goToHit = ({ uuid, hit }: FoundHit): void => navigator.toRun(uuid, hit, 'hit')
  const hits = new HitsPanel(document.body, {
    go: goToHit,
    closed() {
      run?.cancel()
      run = undefined
      app.hits = []
      app.changed()
    },
    left: focusMap,
  })
  return {
    keys: {
      findings: () => findings.toggle(),
      finding(direction) {
        if (hits.isOpen) {
          const found = hits.step(direction)
          if (found !== undefined) goToHit(found)
          return
        }
        const found = findings.step(direction)
        if (found !== undefined) goToFinding(found)
        else parts.say('no findings in these bricks')
      },
    },
    update() {
      findings.update(app.findings.list)
      modelWord.update(model.status)
    },
    renew: () => void model.renew(),
    searchBytes(query) {
      run?.cancel()
      findings.close()
      const started = new SearchRun(query, () => {
        if (run !== started) return
        app.hits = started.places
        hits.update(started)
        app.changed()
      })
      run = started
      hits.update(started)
      void started.run(searchedBricks(app))
    },
    endSearch: () => hits.close(),
    goToName(hit) {
      const { uuid, start, length } = hit
      if (length > 0) return navigator.toRun(uuid, { start, length }, hit.severity === undefined ? 'byte' : 'finding')
      const brick = app.world.bricks.get(uuid)
      if (brick !== undefined) void navigator.toPath(brick.info.name, pathLabel(hit))
    },
    clickMark(point) {
      const pointed = app.fractures.at(point)
      if (pointed === undefined) return false
      const { key } = pointed.mark.place
      const found = pointed.kind === 'fracture' ? app.findings.byKey(key) : undefined
      if (pointed.kind === 'hit') hits.choose(key)
      else findings.choose(key)
      if (found !== undefined && pointed.mark.of.length === 1) goToFinding(found)
      else navigator.toMark(pointed.mark)
      return true
    },
  }
}

/** All that have bytes, the nearest to the middle of the view first; of that one what is in view first. */
function searchedBricks(app: MapApp): Parameters<SearchRun['run']>[0] {
  const { camera, viewport } = app.view
  const middle = app.world.byteAt(toWorld(app.view, { x: viewport.width / 2, y: viewport.height / 2 }))
  const distance = ({ rect }: WorldBrick): number => {
    const dx = Math.max(rect.x - camera.x, 0, camera.x - rect.x - rect.width)
    const dy = Math.max(rect.y - camera.y, 0, camera.y - rect.y - rect.height)
    return Math.hypot(dx, dy)
  }
  return [...app.world.bricks.values()]
    .filter(({ info }) => info.commit !== '')
    .sort((a, b) => distance(a) - distance(b))
    .map(({ info }) => ({
      uuid: info.uuid,
      commit: info.commit,
      name: info.name,
      from: middle?.brick.info.uuid === info.uuid ? middle.offset : 0,
    }))
}
