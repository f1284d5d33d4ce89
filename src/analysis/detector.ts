/** How regions name who said them. */

/** `hardening/2`. */
export function detectorOf({ name, version }: { readonly name: string; readonly version: number }): string {
  return `${name}/${version}`
}

/** Who says that bytes could not be looked at by anybody. */
export const engineName = 'engine'
