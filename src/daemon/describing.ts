/**
 * The model's part in one analysis of a brick: descriptions that are known already go into its labels, and what is worth one
 * is offered when the analysis is done. Asks nobody and waits for nothing.
 */
import type { EntryLabels } from '../analysis/entry-labels.ts'
import type { ModelDesk } from '../analysis/model/model-desk.ts'
import { isPublic } from '../analysis/model/public-entry.ts'
import { type LabelledEntry, priorityOf } from '../analysis/model/region-facts.ts'
import { toHex } from '../base/bytes.ts'
import type { Region } from '../base/region.ts'
import type { MetaAnalysis } from '../brick/meta-analysis.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { ModelRules } from './assignment.ts'

export interface DescribingParts {
  readonly desk: ModelDesk
  readonly view: BrickView
  readonly rules: ModelRules
}

interface Offered {
  readonly entry: LabelledEntry
  readonly priority: number
}

/** Of one analysis. */
const offeredMax = 64

export class Describing {
  readonly #parts: DescribingParts
  #best: Offered[] = []

  constructor(parts: DescribingParts) {
    this.#parts = parts
  }

  status(): Omit<MetaAnalysis['model'], 'labelled'> {
    const { state, reason } = this.#parts.desk.status()
    return { state, ...(reason !== '' && { reason }) }
  }

  /** What is known of an entry; nothing where nobody was asked yet. */
  of({ path, meta, regions }: EntryLabels): readonly Region[] {
    const { desk, view, rules } = this.#parts
    const facts = { path, size: meta.size, regions }
    const priority = meta.size === 0 ? undefined : priorityOf({ ...facts, contentId: undefined, isPublic: false })
    if (priority === undefined) return []
    const entry: LabelledEntry = {
      ...facts,
      contentId: view.entry(path)?.contentId,
      isPublic: isPublic(meta, { worldReadable: view.meta.worldReadable, entry: (above) => view.entry(above) }),
    }
    const known = desk.descriptionsOf(entry, rules.model ?? undefined)
    if (known.length === 0) this.#keep({ entry, priority })
    return known
  }

  /** Offers what is left; their paths. */
  offer(): readonly Uint8Array[] {
    const { desk, view, rules } = this.#parts
    const entries = this.#sorted().map(({ entry }) => entry)
    const uuid = toHex(view.record.uuid)
    const { model, maxTokens } = rules
    const contents = toHex(view.record.contentRoot)
    desk.offer({
      uuid,
      name: view.meta.name,
      contents,
      model: model ?? undefined,
      maxTokens: maxTokens ?? undefined,
      entries,
    })
    return entries.map(({ path }) => path)
  }

  #keep(offered: Offered): void {
    this.#best.push(offered)
    if (this.#best.length >= 4 * offeredMax) this.#best = this.#sorted()
  }

  #sorted(): Offered[] {
    return this.#best.sort((a, b) => a.priority - b.priority).slice(0, offeredMax)
  }
}
