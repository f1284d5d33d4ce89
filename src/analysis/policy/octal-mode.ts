/** Modes of files as people write them. */

/** Four octal digits: `4755`. */
export function octalMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}
