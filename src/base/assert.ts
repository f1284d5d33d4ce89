/** Programmer mistakes: stop at once, say what was true instead. Kept on in production. */

export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/** `message` says what was true instead of what had to be true. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** The value, or an AssertionError naming `what` is missing. */
export function must<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new AssertionError(`${what} is missing`)
  return value
}
