/** What a folder of kernel modules says of itself as a whole, for a brick's META. */
import type { JsonValue } from '../../base/region.ts'
import type { RunningKernel } from './loaded-modules.ts'
import { loadedWord } from './module-regions.ts'
import type { KnownModule } from './module-table.ts'

/** Counts of modules; `loaded` is null where it cannot be known which are. */
export function aboutModules(
  modules: readonly KnownModule[],
  kernel: RunningKernel,
): { readonly [key: string]: JsonValue } {
  const facts = modules.flatMap(({ inspected }) => (inspected.kind === 'module' ? (inspected.facts ?? []) : []))
  const releases = new Map<string, number>()
  for (const { release } of facts) if (release !== '') releases.set(release, (releases.get(release) ?? 0) + 1)
  const loaded = modules.filter((known) => loadedWord(known, kernel) === 'yes').length
  return {
    modules: modules.length,
    signed: facts.filter(({ isSigned }) => isSigned).length,
    notReadable: modules.filter(({ inspected }) => inspected.kind === 'as it is').length,
    releases: [...releases]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([release, count]) => ({ release, modules: count })),
    running: kernel.release,
    loaded: kernel.loaded === undefined ? null : loaded,
  }
}
