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
import { shownText } from './text.ts'

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
): Promise<Description | Skipped> {
  if (options.model === false) return told(call, { kind: 'skipped', why: 'off', reason: 'no model was used (off)' })
  const { describeRegion } = await import('../analysis/model/describe-region.ts')
  const question = await questionAbout(explained, code)
  const words = new Words(call)
  const said = await withModel(call, { wish: wishOf(options), catalog }, (parts) =>
    describeRegion(question, parts, {
      ...{ signal: call.signal, isAsked: options.model === true, wanted: undefined, brick },
      path: displayPath(explained.entry.path),
      onText: (text) => words.heard(text),
    }),
  )
  await words.end()
  call.signal.throwIfAborted()
  return told(call, said, words.shown)
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

/** Prints the summary on a terminal while it is said; what is not a terminal gets it when it was checked. */
class Words {
  readonly #call: Call
  readonly #isShown: boolean
  #printing: Promise<void> = Promise.resolve()
  /** What of the summary was printed. */
  shown = ''

  constructor(call: Call) {
    this.#call = call
    this.#isShown = !call.json && process.stdout.isTTY
  }

  heard(json: string): void {
    if (!this.#isShown) return
    this.#printing = this.#printing.then(async () => {
      const { partialField } = await import('../analysis/model/partial-field.ts')
      const text = shownText(partialField(json, 'summary') ?? '').slice(0, summaryMax)
      if (text.length <= this.shown.length) return
      const begin = this.shown === '' ? '\nA model says (unchecked while it speaks)\n  ' : ''
      await this.#call.output.text(`${begin}${text.slice(this.shown.length)}`)
      await this.#call.output.flush()
      this.shown = text
    })
  }

  async end(): Promise<void> {
    await this.#printing
    if (this.shown !== '') await this.#call.output.text('\n')
  }
}

const summaryMax = 600

/** For a person; for a program nothing is printed. */
export async function told(call: Call, said: Description | Skipped, spoken = ''): Promise<Description | Skipped> {
  if (call.json) return said
  if (said.kind === 'skipped') {
    const withdrawn = spoken === '' ? '' : 'That answer is not used. '
    await call.output.text(`\n${withdrawn}${sentence(said)}\n`)
    return said
  }
  const { by, title, summary, confidence, evidence, risk, riskReason, mentionsInstructions } = said
  const kept = by.isCached ? ', said before' : ''
  const lines = [
    `Described by ${shownText(by.modelReported)}${kept}; nobody has verified it`,
    `  ${shownText(title)}`,
    ...(spoken === '' || spoken !== shownText(summary) ? [`  ${shownText(summary)}`] : []),
    ...(risk === 'none' ? [] : [`  It thinks that somebody should look: ${shownText(riskReason)}`]),
    ...(mentionsInstructions ? ['  It says that the data held instructions.'] : []),
    `  confidence ${confidence}, because of`,
    ...evidence.map((text) => `    ${shownText(text)}`),
    `  sfd model log ${shownText(by.exchange)}`,
  ]
  await call.output.text(`\n${lines.join('\n')}\n`)
  return said
}

function sentence({ why, reason }: Skipped): string {
  const isSaid = /^no model was used/i.test(reason)
  return shownText(isSaid ? `${reason[0]?.toUpperCase()}${reason.slice(1)}.` : `No model was used (${why}: ${reason}).`)
}
