/**
 * The real Chromium, looking at the real daemon: one browser with a fresh profile, pages that remember every complaint.
 *
 * A page's problems (console errors and warnings, exceptions, breaches of the content policy, unwanted dialogs) fail the
 * test that caused them, and the next one too if nobody looked: see `assertQuiet`.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import type { DebugHandle } from '../../src/map/debug.ts'
import type { Camera } from '../../src/map/view/camera.ts'
import type { Mode } from '../../src/map/view/permalink.ts'
import { until } from '../daemon/harness.ts'

/** CSS pixels from the top-left corner of the view. */
export type ScreenPoint = readonly [x: number, y: number]

declare global {
  interface Window {
    /** Only on the pages of a map whose first answer is in. */
    __sfd: DebugHandle
  }
}

/** Reason why no test of this folder can run here, or false. */
const lacksBrowser = process.env['SFD_NO_BROWSER'] === '1' && 'no Chromium on this machine (SFD_NO_BROWSER=1)'

const chromiumArgs = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
/** CSS pixels. Small, for all is drawn by software here. */
export const viewport = { width: 960, height: 600 }

/** Cases that share what `open` made; without a browser each is skipped by its name. */
export function browserSuite<S extends { readonly maps: readonly MapPage[] }>(
  name: string,
  open: (t: TestContext) => Promise<S>,
  cases: Readonly<Record<string, (stage: S, t: TestContext) => Promise<void>>>,
): void {
  test(name, async (t) => {
    const stage = lacksBrowser ? undefined : await open(t)
    for (const [title, run] of Object.entries(cases)) {
      await t.test(title, { skip: lacksBrowser }, async (t) => {
        assert.ok(stage !== undefined)
        await run(stage, t)
        for (const map of stage.maps) map.assertQuiet()
      })
    }
  })
}

/** A browser with a profile of its own, gone after the test. */
export async function openBrowser(t: TestContext, size = viewport): Promise<BrowserContext> {
  const profile = mkdtempSync(join(tmpdir(), 'sfd-browser-'))
  const launched = chromium.launchPersistentContext(profile, {
    executablePath: process.env['SFD_CHROMIUM'] ?? '/usr/bin/chromium',
    headless: true,
    args: chromiumArgs,
    viewport: size,
    deviceScaleFactor: 1,
    colorScheme: 'dark',
  })
  // Before the first await: whatever fails meanwhile beside it, the browser is closed.
  t.after(async () => {
    await launched.then((browser) => browser.close()).catch(() => {})
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  return await launched
}

/** A tab with the map. */
export class MapPage {
  readonly page: Page
  readonly #problems: string[] = []
  #expected: RegExp | undefined

  private constructor(page: Page) {
    this.page = page
  }

  /** An empty tab that listens for problems. */
  static async blank(browser: BrowserContext): Promise<MapPage> {
    const map = new MapPage(await browser.newPage())
    const { page } = map
    const note = (problem: string): void => {
      if (map.#expected?.test(problem) !== true) map.#problems.push(problem)
    }
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') note(`${message.type()}: ${message.text()}`)
    })
    page.on('pageerror', (error) => note(`exception: ${error.stack ?? error.message}`))
    page.on('crash', () => note('the tab crashed'))
    page.on('dialog', (dialog) => {
      note(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    await page.exposeBinding('__sfdPolicyBreach', (_source, text: string) => note(`content policy: ${text}`))
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
        const report = (globalThis as unknown as { __sfdPolicyBreach(text: string): void }).__sfdPolicyBreach
        report(`${violatedDirective} ${blockedURI} ${sourceFile}`)
      })
    })
    return map
  }

  /** A tab that shows the map at `url`, settled; WebGL 2 is there, and known not to be lost. */
  static async open(browser: BrowserContext, url: string): Promise<MapPage> {
    const map = await MapPage.blank(browser)
    await map.goto(url)
    return map
  }

  async goto(url: string): Promise<void> {
    await this.page.goto(url)
    await this.ready()
  }

  async reload(): Promise<void> {
    await this.page.reload()
    await this.ready()
  }

  /** Waits until the map has its first answer and all that is in view. */
  async ready(): Promise<void> {
    await this.until('the first answer', () => window.__sfd?.bricks.some(({ commit }) => commit !== '') === true)
    await this.settle()
    const lost = await this.page.evaluate(() => window.__sfd.canvas.getContext('webgl2')?.isContextLost())
    assert.equal(lost, false, 'the map must have a WebGL 2 context that is not lost')
  }

  /** Waits until all in view is held at the right level and drawn; with `names`, outlines and names too. */
  async settle(options: { names?: boolean } = {}): Promise<void> {
    const settled = await this.page.evaluate((asked) => window.__sfd.settle(asked), options)
    assert.equal(settled, true, 'the view must settle')
  }

  /** Asks the page until it says yes. Polls from here: the page's policy forbids what `waitForFunction` does. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void>
  async until<A>(what: string, condition: (asked: A) => boolean | Promise<boolean>, asked: A): Promise<void>
  async until<A>(what: string, condition: (asked: A) => boolean | Promise<boolean>, asked?: A): Promise<void> {
    await until(what, () => this.page.evaluate(condition as never, asked))
  }

  /** Waits until the page has noticed and drawn it. */
  async resize(size: { width: number; height: number }): Promise<void> {
    await this.page.setViewportSize(size)
    await this.until('the new size', (width) => innerWidth === width, size.width)
    await this.settle()
  }

  /** Jumps, and waits until all in view is there at the right level. */
  async show(camera: Camera): Promise<void> {
    await this.page.evaluate((to) => window.__sfd.setCamera(to), camera)
    await this.settle()
  }

  async setMode(mode: Mode): Promise<void> {
    await this.page.evaluate((to) => {
      window.__sfd.mode = to
    }, mode)
    await this.settle()
  }

  /** Colours (0xRRGGBB) of CSS pixels of the data alone. */
  async colours(points: readonly ScreenPoint[]): Promise<number[]> {
    const pixels = await this.page.evaluate((asked) => window.__sfd.readPixels(asked), points)
    return pixels.map(([red, green, blue, alpha]) => {
      assert.equal(alpha, 255, 'the picture is opaque')
      return (red << 16) | (green << 8) | blue
    })
  }

  /** Lets the browser draw so many frames. */
  async frames(count: number): Promise<void> {
    await this.page.evaluate(async (wanted) => {
      for (let drawn = 0; drawn < wanted; drawn++) await new Promise(requestAnimationFrame)
    }, count)
  }

  stats(): Promise<DebugHandle['stats']> {
    return this.page.evaluate(() => window.__sfd.stats)
  }

  camera(): Promise<Camera> {
    return this.page.evaluate(() => window.__sfd.camera)
  }

  /** Problems that match are meant to happen while `run` runs. */
  async expecting(problem: RegExp, run: () => Promise<void>): Promise<void> {
    this.#expected = problem
    try {
      await run()
    } finally {
      this.#expected = undefined
    }
  }

  /** Every problem since the last `assertQuiet`. */
  get problems(): readonly string[] {
    return this.#problems
  }

  /** Throws with every problem since the last call. */
  assertQuiet(): void {
    assert.deepEqual(this.#problems.splice(0), [])
  }
}
