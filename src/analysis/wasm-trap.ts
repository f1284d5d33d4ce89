/** A trap in WebAssembly, by the name of its error: it may have left its module in any state, and all that uses it after. */
export function isWasmTrap(error: unknown): boolean {
  return error instanceof Error && error.name === 'RuntimeError'
}
