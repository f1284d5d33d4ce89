/**
 * Entry of the page: session, surface, parts, wiring. The first questions to the server run while the GPU starts.
 */

import type { RunTuple } from '../wire/api.ts'
import { MapApp } from './app.ts'
import { makeDebugHandle } from './debug.ts'
import { palettes, type Theme } from './draw/palette.ts'
import { createSurface } from './draw/surface.ts'
import { getBricks } from './link/api-client.ts'
import { enter } from './link/session.ts'
import { openTileLink } from './link/tile-link.ts'
import { Live } from './live.ts'
import type { Navigator } from './navigate.ts'
import { buildPage } from './page.ts'
import { now } from './time/instant.ts'
import { type NoticeKind, showNotice } from './ui/notices.ts'
import { type Mode, parsePlace } from './view/permalink.ts'
import { tileRunRects } from './world.ts'

const tileWorkerUrl = '/tile-worker.js'
const warmRectCountMax = 128

void start()

async function start(): Promise<void> {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const theme = (): Theme => (dark.matches ? 'dark' : 'light')
  const viewport = () => ({ width: Math.max(1, innerWidth), height: Math.max(1, innerHeight) })
  const link = openTileLink(tileWorkerUrl)
  await enter()
  const firstAnswer = getBricks()
  const surface = await createSurface({
    viewport: viewport(),
    pixelRatio: devicePixelRatio,
    palette: palettes[theme()],
  })
  const notice = noticeBoard()
  if (surface === undefined) return notice('no-webgl')

  const app = new MapApp({
    surface,
    link,
    viewport: viewport(),
    pixelRatio: devicePixelRatio,
    palette: palettes[theme()],
    onCommitGone: () => void live.resync(),
  })
  const page = buildPage(app)
  const live = new Live({
    world: app.world,
    tiles: app.tiles,
    firstAnswer,
    handlers: {
      changed() {
        app.time.bricksChanged()
        page.showStatus(live.connection)
        notice(app.world.bricks.size === 0 ? 'no-bricks' : undefined)
        app.changed()
      },
      committed(brick, { dirty, tag }) {
        app.time.committed(brick.newest, { dirtyTiles: tileCount(dirty), tag })
        if (brick.era === 'now') app.warm(tileRunRects(brick.tiled, dirty ?? [], warmRectCountMax))
      },
      task: (status) => page.tasks.set(status),
      renewed() {
        void page.tasks.renew()
        page.meaning.renew()
      },
      unauthorized: () => notice('no-session'),
      unreachable: () => notice('no-server'),
    },
  })
  Object.assign(window, {
    __sfd: makeDebugHandle({ app, link, setMode: page.setMode, connection: () => live.connection }),
  })
  addEventListener('resize', () => app.resize(viewport(), devicePixelRatio))
  dark.addEventListener('change', () => {
    app.setTheme(theme())
    page.setMode(app.mode)
  })
  void loadFonts().then(() => app.fontsReady())
  // An address that names an instant leads there at once: nothing of the present is asked for or shown.
  app.time.go(parsePlace(location.hash)?.instant ?? now)
  await live.start()
  if (!live.known) return
  firstPlace(app, page.navigator, page.setMode)
  page.keepPermalink()
}

function tileCount(runs: readonly RunTuple[] | null): number {
  return (runs ?? []).reduce((sum, [, length]) => sum + length, 0)
}

/** The canvas asks for no font by itself: those of the names and digits are loaded here. */
async function loadFonts(): Promise<void> {
  const faces = [
    '400 12px Inter',
    '500 12px Inter',
    '600 12px Inter',
    '400 12px "JetBrains Mono"',
    '500 12px "JetBrains Mono"',
  ]
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
  app.drawNow()
}
