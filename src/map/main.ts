/**
 * Entry of the page: session, surface, parts, wiring. The first questions to the server run while the GPU starts.
 */
import { MapApp } from './app.ts'
import { makeDebugHandle } from './debug.ts'
import { palettes, type Theme } from './draw/palette.ts'
import { createSurface } from './draw/surface.ts'
import { enter } from './link/session.ts'
import { openTileLink } from './link/tile-link.ts'
import { Live } from './live.ts'
import { makeNavigator, type Navigator } from './navigate.ts'
import { createCrumbs } from './ui/crumbs.ts'
import { element, prefersReducedMotion } from './ui/dom.ts'
import { listenToHands } from './ui/hands.ts'
import { createHelp } from './ui/help.ts'
import { createInspector } from './ui/inspector.ts'
import { listenToKeys } from './ui/keys.ts'
import { createLegend } from './ui/legend.ts'
import { type NoticeKind, showNotice } from './ui/notices.ts'
import { createSearch } from './ui/search.ts'
import { createStatus } from './ui/status.ts'
import { toWorld } from './view/camera.ts'
import type { Mode } from './view/permalink.ts'
import { tileRunRects } from './world.ts'

const tileWorkerUrl = '/tile-worker.js'
const permalinkPauseMs = 300
const warmRectCountMax = 128

void start()

async function start(): Promise<void> {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const theme = (): Theme => (dark.matches ? 'dark' : 'light')
  const viewport = () => ({ width: Math.max(1, innerWidth), height: Math.max(1, innerHeight) })
  const link = openTileLink(tileWorkerUrl)
  const [entrance, surface] = await Promise.all([
    enter(),
    createSurface({ viewport: viewport(), pixelRatio: devicePixelRatio, palette: palettes[theme()] }),
  ])
  const notice = noticeBoard()
  if (surface === undefined) return notice('no-webgl')
  if (entrance === 'refused') return notice('no-session')

  const app = new MapApp({
    surface,
    link,
    viewport: viewport(),
    pixelRatio: devicePixelRatio,
    palette: palettes[theme()],
    onCommitGone: () => void live.resync(),
  })
  const ui = buildUi(app)
  const live = new Live({
    world: app.world,
    tiles: app.tiles,
    handlers: {
      changed() {
        ui.status.update([...app.world.bricks.values()].map(({ info }) => info), live.connection)
        notice(app.world.bricks.size === 0 ? 'no-bricks' : undefined)
        app.changed()
      },
      committed: (brick, dirty) => app.warm(tileRunRects(brick.tiled, dirty ?? [], warmRectCountMax)),
      unauthorized: () => notice('no-session'),
      unreachable: () => notice('no-server'),
    },
  })
  Object.assign(window, {
    __sfd: makeDebugHandle({ app, link, setMode: ui.setMode, connection: () => live.connection }),
  })
  addEventListener('resize', () => app.resize(viewport(), devicePixelRatio))
  dark.addEventListener('change', () => {
    app.setTheme(theme())
    ui.setMode(app.mode)
  })
  void loadFonts().then(() => {
    app.overlay.forgetTexts()
    app.changed()
  })
  await live.start()
  if (!live.known) return
  firstPlace(app, ui.navigator, ui.setMode)
  ui.keepPermalink()
}

/** The canvas asks for no font by itself: those of the names and digits are loaded here. */
async function loadFonts(): Promise<void> {
  const faces = ['400 12px Inter', '500 12px Inter', '600 12px Inter', '400 12px "JetBrains Mono"', '500 12px "JetBrains Mono"']
  await Promise.allSettled(faces.map((face) => document.fonts.load(face)))
}

/** One notice at a time; undefined takes it away. */
function noticeBoard(): (kind: NoticeKind | undefined) => void {
  let shown: { kind: NoticeKind; remove(): void } | undefined
  return (kind) => {
    if (shown?.kind === kind) return
    shown?.remove()
    shown = kind === undefined ? undefined : { kind, remove: showNotice(document.body, kind) }
  }
}

function firstPlace(app: MapApp, navigator: Navigator, setMode: (mode: Mode) => void): void {
  app.motion.setBounds({ world: app.world.rect, viewport: app.view.viewport })
  const mode = navigator.restore(location.hash, 'jump')
  if (mode === undefined) app.motion.jump(app.cameraFor(app.world.rect))
  setMode(mode ?? app.mode)
}

interface Ui {
  readonly navigator: Navigator
  readonly status: ReturnType<typeof createStatus>
  setMode(mode: Mode): void
  /** From now on the address follows the view. */
  keepPermalink(): void
}

function buildUi(app: MapApp): Ui {
  const navigator = makeNavigator(app)
  const map = element('main', {
    class: 'map',
    attributes: { tabindex: '0', 'aria-label': 'Map of bricks. Arrow keys pan, plus and minus zoom, Enter pins the middle.' },
  })
  app.overlay.canvas.className = 'writing'
  map.append(app.surface.canvas, app.overlay.canvas)
  const bar = element('header', { class: 'bar' })
  document.body.append(map, bar)
  const crumbs = createCrumbs(bar, { onHome: navigator.home, onGo: (brick, path) => void navigator.toPath(brick, path) })
  const search = createSearch(bar, {
    brickName: (uuid) => app.world.bricks.get(uuid)?.info.name,
    offsetTarget(offset) {
      const brick = app.world.nearest(app.motion.camera)
      return brick !== undefined && offset < brick.info.length ? `in ${brick.info.name}` : undefined
    },
    onHit: navigator.toHit,
    onOffset: navigator.toOffset,
    onLeave: () => map.focus({ preventScroll: true }),
  })
  const status = createStatus(bar)
  const help = createHelp(document.body)
  const helpButton = element('button', { class: 'icon', text: '?', attributes: { type: 'button', 'aria-label': 'Help' } })
  helpButton.addEventListener('click', () => help.toggle())
  bar.append(helpButton)
  const inspector = createInspector(document.body)
  const setMode = (mode: Mode): void => {
    app.setMode(mode)
    legend.update({ mode, palette: app.palette })
  }
  const legend = createLegend(document.body, { onMode: setMode })
  setMode(app.mode)
  connectHands(app, map, navigator, { setMode, search, help })
  let permalinkTimer: ReturnType<typeof setTimeout> | undefined
  let keeping = false
  app.onFrame = (view) => {
    legend.setScale(view.camera.scale)
    crumbs.update(navigator.place())
    const { palette, focus } = app
    inspector.update({ inspection: focus.inspection(view), pinned: focus.isPinned, palette })
    if (!keeping) return
    clearTimeout(permalinkTimer)
    permalinkTimer = setTimeout(() => writePermalink(navigator), permalinkPauseMs)
  }
  return {
    navigator,
    status,
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

function writePermalink(navigator: Navigator): void {
  const hash = navigator.permalink()
  if (hash !== undefined && hash !== location.hash) history.replaceState(null, '', hash)
}

function connectHands(
  app: MapApp,
  map: HTMLElement,
  navigator: Navigator,
  parts: { setMode(mode: Mode): void; search: { focus(): void }; help: { toggle(): void } },
): void {
  const reduced = prefersReducedMotion()
  app.motion.reduced = reduced.matches
  reduced.addEventListener('change', () => {
    app.motion.reduced = reduced.matches
  })
  listenToHands(map, {
    motion: app.motion,
    nowMs: () => performance.now(),
    changed: () => app.changed(),
    hover: (point) => app.focus.point(point),
    click: (point) => app.focus.pin(app.world.byteAt(toWorld(app.view, point))),
  })
  listenToKeys({
    mode: parts.setMode,
    search: () => parts.search.focus(),
    help: () => parts.help.toggle(),
    home: navigator.home,
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
  })
}
