/** What of the page has to do with time: the strip, the list of changes, and their keys. */
import type { MapApp } from './app.ts'
import type { Navigator } from './navigate.ts'
import { type Instant, now } from './time/instant.ts'
import { createChangesPanel } from './ui/changes-panel.ts'
import type { KeyHandlers } from './ui/keys.ts'
import { createTimeStrip } from './ui/time-strip.ts'

export interface TimeParts {
  readonly keys: Pick<KeyHandlers, 'stepTime' | 'now' | 'hold' | 'timeStrip' | 'compare'>
  /** Once a frame. */
  update(): void
}

export function createTimeParts(app: MapApp, navigator: Navigator): TimeParts {
  const uuidsInView = (): string[] => app.bricksInView().map(({ info }) => info.uuid)
  // Among the commits of the bricks in view.
  const step = (direction: -1 | 1): void => app.time.step(direction, uuidsInView())
  const compare = (): void => app.setComparing(!app.isComparing)
  const changes = createChangesPanel(document.body, {
    go(uuid, { path, pathHex, kind, size, slot }) {
      const name = path === undefined ? { pathHex: pathHex ?? '' } : { path }
      navigator.toHit({ uuid, ...name, kind, size, slot, flags: [] })
    },
    close: compare,
  })
  const strip = createTimeStrip(document.body, {
    go: (instant) => app.time.go(instant),
    step,
    compare,
    opened() {
      app.time.watch()
      app.changed()
    },
    brickName: (uuid) => app.world.bricks.get(uuid)?.info.name ?? '',
  })
  return {
    keys: {
      stepTime(direction) {
        strip.open()
        step(direction)
      },
      now: () => app.time.go(now),
      hold: () => app.time.go(app.time.isPast ? now : newestInstant(app)),
      timeStrip: () => strip.toggle(),
      compare() {
        strip.open()
        compare()
      },
    },
    update() {
      const { instant, pending, newerCount } = app.time
      const stops = strip.isOpen ? app.time.stops(uuidsInView()) : []
      strip.update({ instant, stops, pending, newerCount, isComparing: app.isComparing, palette: app.palette })
      changes.update(app.isComparing && app.time.isPast ? app.changes : undefined)
    },
  }
}

/** The past that looks as now does, and stays so. */
function newestInstant(app: MapApp): Instant {
  const times = [...app.world.bricks.values()].map(({ newest }) => newest.time ?? '')
  const newest = times.sort().at(-1) ?? ''
  return newest === '' ? now : { kind: 'past', time: newest }
}
