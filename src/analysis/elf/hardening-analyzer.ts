/** The analyzer `hardening`: one region over the whole file with what hardening.ts says, and what of it is worth a word. */
import { regionLayers } from '../../base/region.ts'
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import type { Subject } from '../subject.ts'
import { type Hardening, hardeningOf } from './hardening.ts'
import { hardeningFindings } from './hardening-findings.ts'

export const hardeningAnalyzer: ContentAnalyzer = {
  name: 'hardening',
  version: 2,
  takes: ({ type }) => type.kind === 'elf',
  analyze(subject: Subject, report: Report): void {
    const elf = subject.elf()
    const hardening = elf === undefined ? undefined : hardeningOf(elf, subject.symbols('loading'), subject.content)
    if (elf === undefined || hardening === undefined) return
    report.region({
      offset: 0,
      length: subject.content.size,
      layer: regionLayers.whole,
      class: 'hardening',
      name: hardeningLine(hardening),
      attributes: attributesOf(hardening),
    })
    for (const { place, finding } of hardeningFindings({ elf, hardening, sizeBytes: subject.content.size })) {
      report.finding(place, finding)
    }
  },
}

/** In one line, for people: `pie, full RELRO, NX, canary, 5 fortified functions`. */
export function hardeningLine(hardening: Hardening): string {
  const { relro, nx, pie, canary, fortified, rpath, runpath } = hardening
  return [
    { pie: 'PIE', dso: 'shared library', exec: 'fixed address (no PIE)' }[pie],
    { full: 'full RELRO', partial: 'partial RELRO', none: 'no RELRO' }[relro],
    nx ? 'NX' : 'no NX',
    { present: 'canary', absent: 'no canary', unknown: 'canary unknown' }[canary],
    `${fortified} fortified ${fortified === 1 ? 'function' : 'functions'}`,
    ...(rpath === null ? [] : [`RPATH ${rpath}`]),
    ...(runpath === null ? [] : [`RUNPATH ${runpath}`]),
  ].join(', ')
}

const pathCharactersMax = 4_096
const functionsShownMax = 128

function attributesOf({ details, rpath, runpath, ...rest }: Hardening) {
  return {
    ...rest,
    rpath: rpath?.slice(0, pathCharactersMax) ?? null,
    runpath: runpath?.slice(0, pathCharactersMax) ?? null,
    details: { ...details, fortifiedFunctions: details.fortifiedFunctions.slice(0, functionsShownMax) },
  }
}
