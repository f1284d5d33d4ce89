/** The page around the map: bar, inspector, legend, help, hands and keys, each told what it needs and nothing more. */

import { severities } from '../base/region.ts'
import type { RegionJson } from '../wire/api.ts'
import type { MapApp } from './app.ts'
import { after, nowMs, type Timer } from './clock.ts'
import { cssColour, type Palette } from './draw/palette.ts'
import { createMeaningParts, type MeaningParts } from './meaning-parts.ts'
import { Navigator } from './navigate.ts'
import { SeriesWatch, type WatchedEntry } from './series-watch.ts'
import { now } from './time/instant.ts'
import { createTimeParts, type TimeParts } from './time-parts.ts'
import { coveredBy } from './ui/covered.ts'
import { createCrumbs } from './ui/crumbs.ts'
import { element, prefersReducedMotion } from './ui/dom.ts'
import { listenToHands } from './ui/hands.ts'
import { createHelp, type Help } from './ui/help.ts'
import { createInspector, type Inspection, type Inspector } from './ui/inspector.ts'
import { listenToKeys } from './ui/keys.ts'
import { createLegend, type LegendState } from './ui/legend.ts'
import { createMinimap } from './ui/minimap.ts'
import { createSaying } from './ui/saying.ts'
import { Search } from './ui/search.ts'
import { createSeriesSection, type SeriesState } from './ui/series-section.ts'
import { type Connection, createStatus } from './ui/status.ts'
import { createTasksPanel, type TasksPanel } from './ui/tasks-panel.ts'
import { toWorld } from './view/camera.ts'
import type { Mode } from './view/permalink.ts'
import type { ByteSpot } from './world.ts'

const permalinkPauseMs = 300

export interface Page {
  readonly navigator: Navigator
  /** In words, what the map shows and whether it is true. */
  showStatus(connection: Connection): void
  readonly tasks: TasksPanel
  readonly meaning: MeaningParts
  setMode(mode: Mode): void
  /** From now on the address follows the view. */
  keepPermalink(): void
}

export function buildPage(app: MapApp): Page {
  const navigator = new Navigator(app)
  const map = element('main', {
    class: 'map',
    attributes: {
      tabindex: '0',
      'aria-label': 'Map of bricks. Arrow keys pan, plus and minus zoom, Enter pins the middle.',
    },
  })
  app.overlay.canvas.className = 'writing'
  map.append(app.surface.canvas, app.overlay.canvas)
  const bar = element('header', { class: 'bar' })
  document.body.append(map, bar)
  const crumbs = createCrumbs(bar, {
    onHome: () => navigator.home(),
    onGo: (brick, path) => void navigator.toPath(brick, path),
  })
  const focusMap = (): void => map.focus({ preventScroll: true })
  const search = searchOf(app, bar, navigator, { meaning: () => meaning, focusMap })
  const saying = createSaying(document.body)
  const right = element('div', { class: 'right' })
  bar.append(right)
  const status = statusOf(app, right)
  const meaning = createMeaningParts(app, {
    navigator,
    bar: right,
    focusMap,
    say: (text) => saying.say(text),
  })
  const tasks = createTasksPanel(right, document.body, { changed: () => app.changed() })
  app.careOf = (name) => tasks.careOf(name)
  const help = helpOf(right)
  const { inspector, seriesOf } = inspectorOf(app, navigator)
  const setMode = (mode: Mode): void => {
    app.setMode(mode)
    inkSeverities(app.palette)
    legend.update(legendState(app, mode))
  }
  const legend = createLegend(document.body, { onMode: setMode })
  const minimap = createMinimap(document.body, {
    onGo: ({ x, y }) => void app.fly({ x, y, scale: app.motion.camera.scale }),
  })
  const time = createTimeParts(app, navigator)
  // A pin opens the inspector with the next frame: from now on its place is kept.
  app.covered = () => coveredBy({ viewport: app.view.viewport, hasInspector: app.focus.isPinned })
  setMode(app.mode)
  connectHands(app, map, navigator, { setMode, search, help, time, meaning })
  let permalinkTimer: Timer | undefined
  let keeping = false
  app.onFrame = (view) => {
    legend.setScale(view.camera.scale)
    const plates = [...app.world.bricks.values()].map(({ plate }) => plate)
    minimap.update({ view, world: app.world.rect, plates, palette: app.palette })
    crumbs.update(navigator.place())
    legend.update(legendState(app, app.mode))
    time.update()
    meaning.update()
    map.classList.toggle('on-mark', app.focus.cursor !== undefined && app.fractures.at(app.focus.cursor) !== undefined)
    status.show()
    const { palette, focus } = app
    const inspection = focus.inspection(view)
    const { revision } = app.findings
    inspector.update({ inspection, pinned: focus.isPinned, palette, revision, series: seriesOf(inspection) })
    if (!keeping) return
    permalinkTimer?.cancel()
    permalinkTimer = after(permalinkPauseMs, () => writePermalink(navigator))
  }
  return {
    navigator,
    showStatus: (connection) => status.show(connection),
    tasks,
    meaning,
    setMode,
    keepPermalink() {
      keeping = true
      addEventListener('hashchange', () => {
        const mode = navigator.restore(location.hash, 'fly')
        if (mode !== undefined) setMode(mode)
      })
    },
  }
}

/** The panels have the map's colours of severities, see style.css. */
function inkSeverities({ risk }: Palette): void {
  for (const severity of severities) {
    document.documentElement.style.setProperty(`--sev-${severity}`, cssColour(risk[severity]))
  }
}

/** The field that goes to places; what it finds among bytes is for `meaning`, which comes after it. */
function searchOf(
  app: MapApp,
  bar: HTMLElement,
  navigator: Navigator,
  parts: { meaning(): MeaningParts; focusMap(): void },
): Search {
  return new Search(bar, {
    brickName: (uuid) => app.world.bricks.get(uuid)?.info.name,
    offsetTarget(offset) {
      const brick = app.world.nearest(app.motion.camera)
      return brick !== undefined && offset < brick.info.length ? `in ${brick.info.name}` : undefined
    },
    hasMemory: () => [...app.world.bricks.values()].some(({ info }) => info.kind === 'process'),
    onHit(hit) {
      parts.meaning().endSearch()
      navigator.toHit(hit)
    },
    onOffset(offset) {
      parts.meaning().endSearch()
      navigator.toOffset(offset)
    },
    onName(hit) {
      parts.meaning().endSearch()
      parts.meaning().goToName(hit)
    },
    onBytes: (query) => parts.meaning().searchBytes(query),
    onLeave: parts.focusMap,
  })
}

function helpOf(bar: HTMLElement): Help {
  const help = createHelp(document.body)
  const attributes = { type: 'button', 'aria-label': 'Help' }
  const button = element('button', { class: 'icon', text: '?', attributes })
  button.addEventListener('click', () => help.toggle())
  bar.append(button)
  return help
}

function legendState(app: MapApp, mode: Mode): LegendState {
  const { palette, heatCommits, findings } = app
  return { mode, palette, heatCommits, counts: findings.list?.counts }
}

/** The inspector, and the numbers over time of what it shows. */
function inspectorOf(
  app: MapApp,
  navigator: Navigator,
): { inspector: Inspector; seriesOf(inspection: Inspection | undefined): SeriesState } {
  const watch = new SeriesWatch(() => app.changed())
  let shown: Inspection | undefined
  const section = createSeriesSection({
    go: (time) => app.time.go(time === 'now' ? now : { kind: 'past', time }),
    choose(name) {
      const entry = watchedEntry(app, shown)
      if (entry !== undefined) watch.choose(entry, name)
    },
  })
  const regions = {
    go(region: { readonly start: number; readonly length: number }) {
      if (shown !== undefined) navigator.toRun(shown.uuid, region, 'byte')
    },
    commandOf({ start, finding }: RegionJson) {
      if (shown === undefined || finding === undefined) return undefined
      return app.findings.commandAt({ uuid: shown.uuid, start, rule: finding.rule })
    },
    othersIn(run: { readonly start: number; readonly length: number }, except: number) {
      return shown === undefined ? [] : app.findings.within({ uuid: shown.uuid, ...run }, except)
    },
  }
  return {
    inspector: createInspector(document.body, { regions, series: section }),
    seriesOf(inspection) {
      shown = inspection
      const answer = watch.of(watchedEntry(app, inspection))
      return { answer, instant: app.time.instant, palette: app.palette }
    },
  }
}

/** Files of the kernel tell numbers; of others nobody asks. */
function watchedEntry(app: MapApp, inspection: Inspection | undefined): WatchedEntry | undefined {
  const brick = inspection === undefined ? undefined : app.world.bricks.get(inspection.uuid)
  const entry = inspection?.answer?.entry ?? inspection?.shape?.entry
  if (brick === undefined || entry === undefined || entry.kind !== 'file') return undefined
  if (!/^\/(proc|sys)(\/|$)/.test(brick.info.source)) return undefined
  const { path, pathHex, size } = entry
  const { uuid, commit } = brick.newest
  return { uuid, commit, size, ...(path !== undefined && { path }), ...(pathHex !== undefined && { pathHex }) }
}

/** The status of the bricks at the instant shown; without a connection, that of the last time. */
function statusOf(app: MapApp, bar: HTMLElement): { show(connection?: Connection): void } {
  const line = createStatus(bar)
  let last: Connection = 'connecting'
  return {
    show(connection = last) {
      last = connection
      const bricks = [...app.world.bricks.values()].map(({ newest }) => newest)
      line.update(bricks, { connection, instant: app.time.instant })
    },
  }
}

function writePermalink(navigator: Navigator): void {
  const hash = navigator.permalink()
  if (hash !== undefined && hash !== location.hash) history.replaceState(null, '', hash)
}

function connectHands(
  app: MapApp,
  map: HTMLElement,
  navigator: Navigator,
  parts: {
    setMode(mode: Mode): void
    search: { focus(): void }
    help: { toggle(): void }
    time: TimeParts
    meaning: MeaningParts
  },
): void {
  const reduced = prefersReducedMotion()
  app.motion.reduced = reduced.matches
  reduced.addEventListener('change', () => {
    app.motion.reduced = reduced.matches
  })
  let pinnedBefore: ByteSpot | undefined
  listenToHands(map, {
    motion: app.motion,
    nowMs,
    changed: () => app.changed(),
    hover: (point) => app.focus.point(point),
    click(point) {
      pinnedBefore = app.focus.pinned()
      if (parts.meaning.clickMark(point)) return
      app.focus.pin(app.world.byteAt(toWorld(app.view, point)))
    },
    unclick: () => app.focus.pin(pinnedBefore),
  })
  listenToKeys({
    mode: parts.setMode,
    search: () => parts.search.focus(),
    help: () => parts.help.toggle(),
    home: () => navigator.home(),
    pan(shareX, shareY) {
      const { camera, viewport } = app.view
      const dx = (shareX * viewport.width) / camera.scale
      const dy = (shareY * viewport.height) / camera.scale
      void app.fly({ x: camera.x + dx, y: camera.y + dy, scale: camera.scale })
    },
    zoom(factor) {
      const { viewport } = app.view
      app.motion.zoom({ x: viewport.width / 2, y: viewport.height / 2 }, factor)
      app.changed()
    },
    escape() {
      if (app.focus.isPinned) app.focus.pin(undefined)
      else navigator.up()
    },
    pinMiddle: () => app.focus.pin(navigator.middle()),
    ...parts.meaning.keys,
    ...parts.time.keys,
  })
}
