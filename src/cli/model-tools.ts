/** What commands need to ask a model: options that all of them have, the parts put together, statuses in words. */
import { join } from 'node:path'
import type { Command } from 'commander'
import type { DescribeParts } from '../analysis/model/describe-region.ts'
import type { ModelWish } from '../analysis/model/model-settings.ts'
import { type Catalog, openCatalog, temporaryCatalog } from '../catalog/catalog-db.ts'
import { systemTimers } from '../daemon/timers.ts'
import { lookAt } from '../store/look-at.ts'
import { argumentBytes } from './arguments.ts'
import type { Call } from './command.ts'

export interface ModelOptions {
  readonly modelUrl?: string
  readonly modelName?: string
  readonly allowRemote?: boolean
}

/** Adds `--model-url`, `--model-name` and `--allow-remote`. */
export function withModelOptions(command: Command): Command {
  return command
    .option('--model-url <url>', 'address of the model server (default: $SFD_MODEL_URL, else this machine is searched)')
    .option('--model-name <name>', 'which model (default: $SFD_MODEL, else qwen2.5-coder)')
    .option('--allow-remote', 'the server may be another machine: what is described leaves this one')
}

export function wishOf({ modelUrl, modelName, allowRemote }: ModelOptions): ModelWish {
  return {
    ...(modelUrl !== undefined && { url: modelUrl }),
    ...(modelName !== undefined && { model: modelName }),
    ...(allowRemote !== undefined && { allowRemote }),
  }
}

/** Where answers and reports are kept: in the state folder where there is one. */
export function catalogOf(state: string): Catalog {
  const found = lookAt(argumentBytes(state))
  const isFolder = found.kind === 'there' && found.stat.isDirectory()
  return isFolder ? openCatalog(join(state, 'catalog.db')) : temporaryCatalog()
}

/** Calls `use` with all that asking a model needs. Errors: USAGE of the options. */
export async function withModel<T>(
  call: Call,
  { wish, catalog }: { readonly wish: ModelWish; readonly catalog: Catalog },
  use: (parts: DescribeParts) => Promise<T>,
): Promise<T> {
  const [{ openModel }, { modelSettings }, { openReportCache }] = await Promise.all([
    import('../analysis/model/open-model.ts'),
    import('../analysis/model/model-settings.ts'),
    import('../catalog/report-cache.ts'),
  ])
  const cache = openReportCache(catalog)
  const { state, clock, random, signal, surroundings } = call
  const settings = modelSettings(surroundings.env, wish)
  try {
    return await use(openModel({ settings, state, cache, clock, random, signal, timers: systemTimers }))
  } finally {
    cache.close()
  }
}
