/** What a field of a JSON object says so far, while the object is still being written. */

/** Undefined while the field has not begun. `json`: the object's text so far, whatever it is. */
export function partialField(json: string, name: string): string | undefined {
  const start = new RegExp(`"${name}"\\s*:\\s*"`).exec(json)
  if (start === null) return undefined
  const body =
    /^(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/.exec(json.slice(start.index + start[0].length))?.[0] ?? ''
  // Half of a character waits for the other.
  const whole = body.replace(/\\ud[89ab][0-9a-f]{2}$/i, '').replaceAll(/\p{Cc}/gu, ' ')
  return JSON.parse(`"${whole}"`) as string
}
