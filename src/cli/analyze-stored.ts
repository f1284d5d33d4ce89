/** `sfd analyze BRICK [ENTRY]`: what a brick holds, with labels in it afterwards; by the daemon where it keeps the brick. */
import { analyzeBrick, type BrickAnalysis } from '../analysis/analyze-brick.ts'
import type { EntryLabels } from '../analysis/entry-labels.ts'
import type { Host } from '../analysis/host.ts'
import { isOfThisMachine } from '../analysis/own-machine.ts'
import { readPackages } from '../analysis/packages.ts'
import type { AnalysisSummary } from '../analysis/tally.ts'
import { must } from '../base/assert.ts'
import { labelBrick } from '../daemon/brick-labels.ts'
import { openBrick } from '../fold/open-brick.ts'
import { listFindings, placeOnMachine } from '../read/findings.ts'
import { entryAt, entryPath } from '../read/select.ts'
import { BrickView } from '../store/brick-view.ts'
import type { AnalyzeAnswer } from '../wire/care.ts'
import { pause } from './adapters.ts'
import { entryJson } from './analysis-json.ts'
import { pageText } from './analysis-page.ts'
import { AnalysisResult, isUnread } from './analysis-result.ts'
import { readSeal, writeSeal } from './analysis-seal.ts'
import { type AnalysisTools, modelOff, withTools } from './analysis-tools.ts'
import type { Wish } from './analyze-wish.ts'
import { argumentBytes } from './arguments.ts'
import { takeCare } from './care.ts'
import { type Call, withBrick } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { afterwards, unwritten } from './label-failure.ts'
import { shownPath, shownText } from './text.ts'

/** All of it. Errors: BRICK_*, DISK_*, DAEMON_FAILED, CANCELLED. */
export async function analyzeStored(call: Call, wish: Wish): Promise<ExitCode> {
  return withTools(call, wish, async (tools) => {
    let failure: unknown
    if (wish.keep === 'what is found') {
      const sealed = call.json ? undefined : await showSealed(call, wish, tools)
      if (sealed !== undefined) return sealed
      const done = await takeCare<Labelled | AnalyzeAnswer>(call, {
        brick: wish.target,
        control: '/api/analyze',
        body: {},
        direct: ({ path }) => labelHere(call, { path, wish, tools }),
      }).catch(unwritten)
      if ('result' in done) return afterwards(await done.result.show(done.summary), done.failure)
      if ('failure' in done) failure = done.failure
    }
    // The daemon has put into the catalog what it saw; or nothing is to be kept.
    return withBrick(call, wish.target, async (view) => {
      const result = resultOf(call, wish, view)
      const analysis = analyzeBrick({ ...tools, view, host: hostOf(view), signal: call.signal })
      for await (const labels of analysis) await result.add(labels)
      const summary = analysis.summary()
      const isKept = wish.keep === 'what is found' && failure === undefined
      if (isKept) writeSeal(view, tools.cache, { summary, problems: result.problems() })
      return afterwards(await result.show(summary), failure)
    })
  })
}

/** Where all of it is known, and in the brick. Programs are told entry by entry: for that all of it is gone through. */
async function showSealed(call: Call, wish: Wish, { cache }: AnalysisTools): Promise<ExitCode | undefined> {
  return withBrick(call, wish.target, async (view) => {
    const sealed = readSeal(view, cache)
    return sealed && resultOf(call, wish, view).showSealed(sealed, listFindings(view))
  })
}

/** One entry, with all beneath where it is a folder: nothing is written. Errors: BRICK_*, ENTRY_MISSING, CANCELLED. */
export async function analyzeEntry(call: Call, wish: Wish, entry: string): Promise<ExitCode> {
  return withTools(call, wish, (tools) =>
    withBrick(call, wish.target, async (view) => {
      const path = entryPath(view, argumentBytes(entry))
      const isFolder = entryAt(view, path).kind === 'dir'
      const result = resultOf(call, wish, view, isFolder ? placeOnMachine(view.meta, path) : undefined)
      const options = { ...tools, view, host: hostOf(view), signal: call.signal }
      const analysis = analyzeBrick(isFolder ? { ...options, only: [path] } : { ...options, just: [path] })
      for await (const labels of analysis) {
        if (isFolder) await result.add(labels)
        else return await showEntry(call, view, labels)
      }
      return result.show(analysis.summary())
    }),
  )
}

async function showEntry(call: Call, view: BrickView, labels: EntryLabels): Promise<ExitCode> {
  const place = placeOnMachine(view.meta, labels.path)
  call.progress.end()
  if (call.json) await call.output.json(entryJson(labels, { place, regions: 'with' }))
  else await call.output.text(pageText(labels, place, view.meta.analysis?.model ?? modelOff))
  return isUnread(labels) ? exitCode.doubtful : exitCode.ok
}

interface HereParts {
  readonly path: Uint8Array
  readonly wish: Wish
  readonly tools: AnalysisTools
}

interface Labelled {
  readonly result: AnalysisResult
  readonly summary: AnalysisSummary
  /** Why the brick does not say it; undefined where it does. */
  readonly failure: unknown
}

/** By this process: nobody else has the brick. */
async function labelHere(call: Call, { path, wish, tools }: HereParts): Promise<Labelled> {
  const brick = openBrick(path, call.random)
  try {
    const view = new BrickView(brick.writer.file, brick.recovery.head)
    const host = hostOf(view)
    const result = resultOf(call, wish, view)
    let analysis: BrickAnalysis | undefined
    let failure: unknown
    const analyze: typeof analyzeBrick = (options) => {
      analysis = analyzeBrick(options)
      return analysis
    }
    await labelBrick({
      ...{ view, which: 'all', machine: 'this', clock: call.clock, signal: call.signal },
      room: { enter: async () => ({ ...tools, analyzeBrick: analyze, host: () => host }) },
      onLabels: (labels) => result.note(labels),
      pause: async () => {
        await result.flush()
        await pause()
      },
      commit: async (write) => {
        // After a failure the brick must not be written any more; what is found is shown all the same.
        if (failure !== undefined) return
        try {
          write(brick)
        } catch (error) {
          failure = unwritten(error).failure
        }
      },
    })
    const summary = must(analysis as BrickAnalysis | undefined, 'an analysis that was begun').summary()
    if (failure === undefined) writeSeal(view, tools.cache, { summary, problems: result.problems() })
    return { result, summary, failure }
  } finally {
    brick.writer.close()
  }
}

function resultOf(call: Call, wish: Wish, view: BrickView, beneath?: Uint8Array): AnalysisResult {
  const { meta, extras } = view
  const title = beneath === undefined ? `${shownPath(meta.source)} (brick ${shownText(meta.name)})` : shownPath(beneath)
  const placeOf = (path: Uint8Array): Uint8Array => placeOnMachine(meta, path)
  const more = `sfd analyze ${shownText(wish.target)} --severity info`
  const model = meta.analysis?.model ?? modelOff
  return new AnalysisResult(call, { title, placeOf, more, least: wish.least, model, bytesTotal: extras.counts.bytes })
}

function hostOf(view: BrickView): Host {
  return { packages: isOfThisMachine(view) ? readPackages() : undefined }
}
