/** `${dir}`, `${state}`, `${brick:NAME}` and their like in the texts of a scenario; `$${` is a plain `${`. */

export type Names = (name: string) => string | undefined

/** The same value with every text, names of fields too, replaced. Error: a name that nobody knows. */
export function substituted<T>(value: T, names: Names): T {
  return deep(value, names) as T
}

function deep(value: unknown, names: Names): unknown {
  if (typeof value === 'string') return text(value, names)
  if (Array.isArray(value)) return value.map((item) => deep(item, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [text(key, names), deep(inner, names)]))
}

function text(value: string, names: Names): string {
  return value.replaceAll(/\$?\$\{([^}]*)\}/g, (whole, name: string) => {
    if (whole.startsWith('$$')) return whole.slice(1)
    const found = names(name)
    if (found === undefined) throw new Error(`nobody knows \${${name}}; write $\${${name}} for the text itself`)
    return found
  })
}
