/**
 * The report of one analyzer on one entry, as it is taken: nothing outside the content, nothing without a bound.
 *
 * What an analyzer says wrongly or too much of is left out and becomes a problem; it never makes the others' part worse.
 */
import { type Finding, type Region, regionLayers } from '../base/region.ts'
import { cutText } from '../brick/region-record.ts'
import { findingsMaxPerEntry, type Report, regionsMaxPerEntry } from './analyzer.ts'

export interface Collector {
  readonly report: Report
  /** In the order in which they were said. */
  readonly regions: Region[]
  readonly problems: string[]
  /** Adds what was left out to the problems. */
  close(): void
}

/** `size`: bytes of the content, 0 where it has none. */
export function collect(detector: string, size: number): Collector {
  const regions: Region[] = []
  const problems: string[] = []
  const left = { outside: 0, regions: 0, findings: 0, problems: 0 }
  const count = { regions: 0, findings: 0 }
  const add = (region: Region): void => {
    if (isInside(region, size)) regions.push(region)
    else left.outside++
  }
  const report: Report = {
    region(region) {
      if (++count.regions > regionsMaxPerEntry) left.regions++
      else add({ ...bounded(region), detector })
    },
    finding({ offset, length, name, attributes }, finding) {
      if (++count.findings > findingsMaxPerEntry) {
        left.findings++
        return
      }
      const place = { offset, length, layer: regionLayers.finding, class: 'finding', name: cutTitle(name) }
      add({ ...place, ...(attributes && { attributes }), finding: boundedFinding(finding), detector })
    },
    problem(text) {
      if (problems.length < problemsMax) problems.push(cutText(text, problemBytesMax))
      else left.problems++
    },
  }
  const close = (): void => {
    if (left.outside > 0) problems.push(`${left.outside} regions outside the content were left out`)
    if (left.regions > 0) problems.push(`${left.regions} more regions than ${regionsMaxPerEntry} were left out`)
    if (left.findings > 0) problems.push(`${left.findings} more findings than ${findingsMaxPerEntry} were left out`)
    if (left.problems > 0) problems.push(`${left.problems} more problems than ${problemsMax} were left out`)
  }
  return { report, regions, problems, close }
}

export const problemsMax = 32
const problemBytesMax = 500
const nameBytesMax = 1_000
const titleMax = 80
const evidenceMax = 32
const evidenceBytesMax = 1_000
const checkBytesMax = 1_024

function isInside({ offset, length, layer }: Region, size: number): boolean {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && Number.isInteger(layer)
  return whole && offset >= 0 && length >= 0 && offset + length <= size && layer >= 0 && layer <= layerMax
}

const layerMax = 255

function bounded<T extends Pick<Region, 'name'>>(region: T): T {
  const name = cutText(region.name, nameBytesMax)
  return name === region.name ? region : { ...region, name }
}

function cutTitle(title: string): string {
  const characters = [...title]
  return characters.length <= titleMax ? title : `${characters.slice(0, titleMax - 1).join('')}…`
}

function boundedFinding({
  evidence,
  origin = 'deterministic',
  check,
  ...rest
}: Omit<Finding, 'origin'> & Partial<Pick<Finding, 'origin'>>): Finding {
  return {
    ...rest,
    evidence: evidence.slice(0, evidenceMax).map((text) => cutText(text, evidenceBytesMax)),
    origin,
    ...(check !== undefined && { check: cutText(check, checkBytesMax) }),
  }
}
