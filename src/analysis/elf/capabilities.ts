/** What imports say a file can do: rows of a table (capability-table.ts, module-capability-table.ts) by names of functions. */

export interface Capability {
  /** Stable word: `run-programs`. */
  readonly name: string
  /** What it can do: `runs other programs`. */
  readonly title: string
  /** Why a person who looks at the program wants to know. */
  readonly why: string
  /** Names of functions; one that ends with `*` stands for all that begin so. */
  readonly symbols: readonly string[]
}

export interface FoundCapability {
  readonly capability: Capability
  /** Of the names given, in their order. */
  readonly symbols: readonly string[]
}

/** In the table's order, only those of which a name occurs. */
export function capabilitiesOf(imports: readonly string[], table: readonly Capability[]): readonly FoundCapability[] {
  const index = indexOf(table)
  const found = new Map<Capability, string[]>()
  for (const name of new Set(imports)) {
    const capability = index.exact.get(name) ?? index.beginnings.find(([beginning]) => name.startsWith(beginning))?.[1]
    if (capability === undefined) continue
    const known = found.get(capability)
    if (known === undefined) found.set(capability, [name])
    else known.push(name)
  }
  return table.flatMap((capability) => {
    const symbols = found.get(capability)
    return symbols === undefined ? [] : [{ capability, symbols }]
  })
}

interface Index {
  readonly exact: ReadonlyMap<string, Capability>
  readonly beginnings: readonly (readonly [string, Capability])[]
}

const indexes = new WeakMap<readonly Capability[], Index>()

function indexOf(table: readonly Capability[]): Index {
  const known = indexes.get(table)
  if (known !== undefined) return known
  const all = table.flatMap((capability) => capability.symbols.map((name) => [name, capability] as const))
  const index: Index = {
    exact: new Map(all),
    beginnings: all.filter(([name]) => name.endsWith('*')).map(([name, row]) => [name.slice(0, -1), row] as const),
  }
  indexes.set(table, index)
  return index
}

/** Rows of a table, as they are written there. */
export function row(name: string, title: string, why: string, symbols: readonly string[]): Capability {
  return { name, title, why, symbols }
}

/** Words between spaces. */
export function names(text: string): readonly string[] {
  return text.split(' ')
}
