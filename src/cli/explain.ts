/** `sfd explain BRICK [ENTRY|POSITION] [OFFSET]`: what it is, what is wrong with it, how one knows; then what a model says. */

import type { Description, Skipped } from '../analysis/model/description.ts'
import type { LabelledEntry } from '../analysis/model/region-facts.ts'
import type { RegionQuestion } from '../analysis/model/region-question.ts'
import { displayPath } from '../base/bytes.ts'
import type { Catalog } from '../catalog/catalog-db.ts'
import { type AtOptions, atOption, type Call, runs, type Shell, withBrickAt } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import type { CodeAround } from './explain-excerpt.ts'
import type { Explained, Place } from './explain-subject.ts'
import { catalogOf, type ModelOptions, wishOf, withModel, withModelOptions } from './model-tools.ts'
import type { StoredDescription } from './model-words.ts'

const example = `
The page is made of what was measured, and complete without a model. Where a model of this machine answers (LM Studio,
Ollama, llama.cpp, vLLM), its description follows, marked as such: it describes, it decides nothing. A number in the
place of ENTRY is a position in the brick's space, of a process an address; OFFSET is one in the entry.

Examples:
  sfd explain usr-bin ls
  sfd explain usr-bin ls 0x4680
  sfd explain ls.brick 0x4680 --no-model
  sfd explain usr-bin sudo --json`

interface ExplainOptions extends AtOptions, ModelOptions {
  /** Undefined: where one answers at once. */
  readonly model?: boolean
}

export function addExplain(shell: Shell): void {
  const command = shell.program
    .command('explain')
    .description('what an entry or a byte of a brick is, what is wrong with it, and how one knows')
    .argument('<brick>', 'path or name of a brick')
    .argument('[entry]', 'entry, or a position in the brick')
    .argument('[offset]', 'a byte of the entry')
    .option('--model', 'have a model describe it also where its text addresses AI tools')
    .option('--no-model', 'ask no model')
    .option(...atOption)
  runs<ExplainOptions>(shell, withModelOptions(command).addHelpText('after', example), (call, { args, options }) => {
    const [brick = '', what, offset] = args
    return explain(call, { brick, place: { what, offset } }, options)
  })
}

interface Wanted {
  readonly brick: string
  readonly place: Place
}

async function explain(call: Call, { brick, place }: Wanted, options: ExplainOptions): Promise<ExitCode> {
  const { explained: look, pointedAt } = await import('./explain-subject.ts')
  const catalog = catalogOf(call.state)
  try {
    await withBrickAt(call, { brick, at: options.at }, async (view) => {
      const explained = await look(view, pointedAt(view, place), { call, catalog })
      await show(call, { explained, catalog, brick: view.meta.name }, options)
    })
    return exitCode.ok
  } finally {
    catalog.close()
  }
}

interface Shown {
  readonly explained: Explained
  readonly catalog: Catalog
  /** Its name. */
  readonly brick: string
}

async function show(call: Call, shown: Shown, options: ExplainOptions): Promise<void> {
  const [{ pageJson, pageText }, { bytesExcerpt, codeAround, codeExcerpt }] = await Promise.all([
    import('./explain-page.ts'),
    import('./explain-excerpt.ts'),
  ])
  const { explained } = shown
  const { offset, subject } = explained
  const isPlace = offset !== undefined && subject !== undefined
  const code = isPlace ? await codeAround(subject, offset) : undefined
  const hex = isPlace && (code === undefined || code.lines.length === 0) ? bytesExcerpt(subject, offset) : undefined
  const excerpt = hex ?? (code === undefined || offset === undefined ? undefined : codeExcerpt(code, offset))
  const page = { explained, excerpt }
  if (!call.json) {
    await call.output.text(pageText(page))
    await call.output.flush()
  }
  const said = await description(call, { ...shown, code }, options)
  if (call.json) await call.output.json({ ...pageJson(page), model: said })
}

async function description(
  call: Call,
  { explained, catalog, brick, code }: Shown & { readonly code: CodeAround | undefined },
  options: ExplainOptions,
): Promise<Description | Skipped | StoredDescription> {
  const [question, { told }] = await Promise.all([questionAbout(explained, code), import('./model-words.ts')])
  const stored = await storedOf(explained)
  const known = stored.find(
    ({ offset, length }) => offset === question.place.offset && length === question.place.length,
  )
  if (known !== undefined && options.model !== true) return toldOf(call, known)
  const said = options.model === false ? noModel : await asked(call, { question, explained, catalog, brick }, options)
  if ('heard' in said) return told(call, said.said, said.heard)
  // Of what lies around it, which is better than nothing.
  const [around] = stored
  return around === undefined ? told(call, said) : toldOf(call, around)
}

const noModel: Skipped = { kind: 'skipped', why: 'off', reason: 'no model was used (off)' }

/** Those of the brick that say something of the place, the closest first. */
async function storedOf({ descriptions, offset }: Explained): Promise<readonly StoredDescription[]> {
  const { storedDescription } = await import('./model-words.ts')
  return descriptions
    .filter((each) => offset === undefined || (each.offset <= offset && offset < each.offset + each.length))
    .sort((a, b) => (offset === undefined ? b.length - a.length : a.length - b.length))
    .map(storedDescription)
}

async function toldOf(call: Call, stored: StoredDescription): Promise<StoredDescription> {
  const { storedText } = await import('./model-words.ts')
  if (!call.json) await call.output.text(storedText(stored))
  return stored
}

interface Asking extends Shown {
  readonly question: RegionQuestion
}

async function asked(
  call: Call,
  { question, explained, catalog, brick }: Asking,
  options: ExplainOptions,
): Promise<Skipped | { readonly said: Description | Skipped; readonly heard: string }> {
  const [{ describeRegion }, { ModelWaiting }] = await Promise.all([
    import('../analysis/model/describe-region.ts'),
    import('./model-waiting.ts'),
  ])
  const waiting = new ModelWaiting(call)
  try {
    const said = await withModel(call, { wish: wishOf(options), catalog }, (parts) =>
      describeRegion(question, parts, {
        ...{ signal: call.signal, isAsked: options.model === true, wanted: undefined, brick },
        path: displayPath(explained.entry.path),
        onAsk: (model) => waiting.asking(model),
        onText: (text) => waiting.said(text),
      }),
    )
    await waiting.end()
    call.signal.throwIfAborted()
    return said.kind === 'skipped' && waiting.heard === '' ? said : { said, heard: waiting.heard }
  } finally {
    await waiting.end()
  }
}

async function questionAbout(explained: Explained, code: CodeAround | undefined): Promise<RegionQuestion> {
  const [{ entryQuestion, partQuestion }, { isPublic }, { sampleOf }, { around }] = await Promise.all([
    import('../analysis/model/region-facts.ts'),
    import('../analysis/model/public-entry.ts'),
    import('./explain-excerpt.ts'),
    import('./explain-page.ts'),
  ])
  const { entry, regions, view } = explained
  const { path, contentId, size } = entry
  const { meta } = view
  const readable = isPublic(entry, { worldReadable: meta.worldReadable, entry: (above) => view.entry(above) })
  const labelled: LabelledEntry = { path, contentId, size, regions, isPublic: readable }
  const inner = code?.region ?? around(explained).find(({ finding }) => finding === undefined)
  if (inner === undefined || inner.length === size) return entryQuestion(labelled, sampleOf(explained))
  return partQuestion(labelled, { region: inner, instructions: (code?.lines ?? []).map(({ text }) => text) })
}
