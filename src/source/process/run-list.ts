/** Runs as pairs of start and length, built in ascending order; neighbours become one. */
export class RunList {
  readonly flat: number[] = []

  /** [start, end), not before the end of the one before. */
  add(start: number, end: number): void {
    const { flat } = this
    const lastAt = flat.length - 2
    if (lastAt >= 0 && (flat[lastAt] as number) + (flat[lastAt + 1] as number) === start) {
      flat[lastAt + 1] = end - (flat[lastAt] as number)
    } else flat.push(start, end - start)
  }
}
