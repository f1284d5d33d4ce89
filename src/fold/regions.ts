/**
 * Writes REGIONS of a commit (spec 8.3): of one with other contents, and of one that only says more of the same.
 *
 * What becomes of which region, `region-plan.ts` decides.
 */
import type { MapRoot } from '../brick/commit-record.ts'
import type { MetaAnalysis } from '../brick/meta-analysis.ts'
import { buildMap, emptyMap, updateMap } from '../brick/page-map.ts'
import { frameBytes } from '../brick/pointer.ts'
import type { EntryRegions } from '../source/artifact.ts'
import type { BrickWriter } from '../store/brick-writer.ts'
import type { Before } from './maps.ts'
import type { BrickModel } from './model.ts'
import { type RegionCounts, totalsOf, withTotals } from './region-counts.ts'
import { RegionPlan, type SaidOfEntry } from './region-plan.ts'
import { OldRegions } from './regions-before.ts'

export interface RegionChanges {
  /** What the last commit says of every entry that may differ. */
  readonly before: Before
  /** What the artifact says now; entries that it does not name keep what they have, and take it along where they move. */
  readonly changes: Iterable<EntryRegions>
}

export interface WrittenRegions {
  readonly root: MapRoot
  readonly replacedBytes: number
  /** For META: what analyzers said is not of all that the brick holds any more. Missing where nothing was analysed. */
  readonly analysis?: MetaAnalysis
}

/**
 * To be called for every commit, also where the artifact says nothing. Give `root` to the commit. What lies beyond the
 * content of its entry is cut off; of entries that own no bytes there are none. Errors: BrickDamage in the old map, DISK_*.
 */
export function writeRegions(writer: BrickWriter, model: BrickModel, update: RegionChanges): WrittenRegions {
  const analysis = writer.meta?.analysis
  const plan = new RegionPlan(model, oldRegions(writer), update.before)
  for (const change of update.changes) plan.replace(change)
  plan.follow()
  const written = write(writer, plan)
  if (analysis === undefined) return written
  const now = withTotals(analysis, plan.counts.after(totalsOf(analysis)))
  return { ...written, analysis: { ...now, state: 'partial' } }
}

/**
 * What analyzers say of entries of the last commit; `undefined` where it is what the brick has. Findings, problems and labels
 * of the new commit are counted, those of `placeless` not. Errors: as of writeRegions.
 */
export function writeLabels(
  writer: BrickWriter,
  model: BrickModel,
  labels: Iterable<SaidOfEntry>,
): WrittenRegions & { readonly counts: RegionCounts; readonly isSame: boolean } {
  const plan = new RegionPlan(model, oldRegions(writer), new Map())
  for (const label of labels) plan.label(label)
  const root = writer.head?.record.regions ?? emptyMap
  const written = write(writer, plan)
  return { ...written, counts: plan.counts, isSame: written.root === root }
}

function oldRegions(writer: BrickWriter): OldRegions {
  const root = writer.head?.record.regions ?? emptyMap
  return new OldRegions(writer.pages, { root, hasLabels: (writer.meta?.analysis?.labels ?? 0) > 0 })
}

function write(writer: BrickWriter, plan: RegionPlan): WrittenRegions {
  const root = writer.head?.record.regions ?? emptyMap
  if (root.count === 0) {
    const built = buildMap(writer.pages, 'regions', plan.items())
    return { root: built.count === 0 ? root : built, replacedBytes: 0 }
  }
  const changes = plan.changes()
  if (changes.length === 0) return { root, replacedBytes: 0 }
  const { root: now, replaced } = updateMap(writer.pages, 'regions', root, changes)
  return { root: now, replacedBytes: replaced.reduce((sum, { storedLength }) => sum + frameBytes(storedLength), 0) }
}
