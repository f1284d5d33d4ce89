/** `sfd analyze PATH`: a file or a folder as it lies there, without a brick. */
import { analyzeLive } from '../analysis/analyze-live.ts'
import { readPackages } from '../analysis/packages.ts'
import { FoundryError } from '../base/errors.ts'
import { absolutePath, openSource, type Source } from '../source/open.ts'
import { openArtifact } from '../source/open-artifact.ts'
import { entryJson } from './analysis-json.ts'
import { pageText } from './analysis-page.ts'
import { AnalysisResult, isUnread } from './analysis-result.ts'
import { hasState, modelOff, withTools } from './analysis-tools.ts'
import { oneFileOnly, type Wish } from './analyze-wish.ts'
import { argumentBytes } from './arguments.ts'
import type { Call } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { shownPath, shownText } from './text.ts'

/** Errors: SOURCE_*, CANCELLED. */
export async function analyzeFiles(call: Call, wish: Wish): Promise<ExitCode> {
  const source = openSource(argumentBytes(wish.target))
  if (source.kind !== 'tree' && source.kind !== 'file') throw notLive(source)
  if (source.kind === 'tree' && wish.model === 'ask') throw oneFileOnly()
  return withTools(call, wish, async (tools) => {
    const { clock, signal } = call
    const ownFolders = hasState(call) ? [argumentBytes(call.state)] : []
    const artifact = openArtifact(source, {
      exclude: [],
      crossFilesystems: 'no',
      clock,
      signal,
      ownFiles: [],
      ownFolders,
    })
    const analysis = analyzeLive({
      ...tools,
      root: source.root,
      reader: artifact.reader,
      entries: artifact.lister.walk(source.path),
      again: (path) => artifact.lister.stat(path),
      host: { packages: readPackages() },
      signal,
    })
    return source.kind === 'file'
      ? showFile(call, { source, wish, analysis })
      : showFolder(call, { source, wish, analysis })
  })
}

type Analysis = ReturnType<typeof analyzeLive>

interface Parts {
  readonly source: Source
  readonly wish: Wish
  readonly analysis: Analysis
}

async function showFile(call: Call, { source, wish, analysis }: Parts): Promise<ExitCode> {
  const place = absolutePath(source)
  let code: ExitCode = exitCode.ok
  for await (const labels of analysis) {
    call.progress.end()
    if (!call.json) await call.output.text(pageText(labels, place, wish.model === 'ask' ? undefined : modelOff))
    await call.output.flush()
    const model = wish.model === 'ask' ? await (await describer())(call, labels, place) : modelOff
    if (call.json) await call.output.json({ ...entryJson(labels, { place, regions: 'with' }), model })
    if (isUnread(labels)) code = exitCode.doubtful
  }
  return code
}

async function describer() {
  return (await import('./analysis-description.ts')).describeFile
}

async function showFolder(call: Call, { source, wish, analysis }: Parts): Promise<ExitCode> {
  const result = new AnalysisResult(call, {
    title: shownPath(absolutePath(source)),
    placeOf: (path) => absolutePath({ root: source.root, path }),
    more: `sfd analyze ${shownText(wish.target)} --severity info`,
    least: wish.least,
    model: modelOff,
    bytesTotal: 0,
  })
  for await (const labels of analysis) await result.add(labels)
  return result.show(analysis.summary())
}

function notLive({ kind }: Source): FoundryError {
  const what = `A ${kind} does not hold still to be looked at`
  return new FoundryError('SOURCE_KIND', `${what}: make a brick of it (sfd fold), and analyse that.`)
}
