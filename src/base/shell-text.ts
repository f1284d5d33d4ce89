/** Text as a POSIX shell reads it literally: in single quotes. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
