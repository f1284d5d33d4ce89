/** All parts of the model as a program has them, against a stand, with time and chance in the test's hand. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { DescribeParts } from '../../src/analysis/model/describe-region.ts'
import { type ModelSettings, modelSettings } from '../../src/analysis/model/model-settings.ts'
import { openModel } from '../../src/analysis/model/open-model.ts'
import type { RegionQuestion } from '../../src/analysis/model/region-question.ts'
import { temporaryCatalog } from '../../src/catalog/catalog-db.ts'
import { openReportCache } from '../../src/catalog/report-cache.ts'
import { countingRandom, HandClock, HandTimers } from './stand.ts'

export interface Bench extends DescribeParts {
  readonly clock: HandClock
  readonly timers: HandTimers
  readonly state: string
}

export function bench(t: TestContext, url: string, more: Partial<ModelSettings> = {}): Bench {
  const state = mkdtempSync(join(tmpdir(), 'sfd-model-'))
  const catalog = temporaryCatalog()
  const cache = openReportCache(catalog)
  t.after(() => {
    cache.close()
    catalog.close()
    rmSync(state, { recursive: true, force: true })
  })
  const own = { clock: new HandClock(), timers: new HandTimers() }
  const settings = { ...modelSettings({}, { url }), ...more }
  return { ...openModel({ settings, state, cache, random: countingRandom(), ...own }), ...own, state }
}

export function questionOf(more: Partial<RegionQuestion> = {}): RegionQuestion {
  return {
    about: 'file',
    place: { offset: 0, length: 151_344 },
    contentId: new Uint8Array(32).fill(7),
    facts: [
      { what: 'kind of file', value: 'ELF 64-bit LSB pie executable, x86-64' },
      { what: 'size in bytes', value: 151_344 },
      { what: 'capability', value: ['lists directories', 'reads attributes of files'] },
    ],
    isSuspected: false,
    isPrivate: false,
    ...more,
  }
}
