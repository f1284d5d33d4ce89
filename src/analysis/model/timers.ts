/** Timers as deadlines need them; the real ones are the caller's. */
export interface Timers {
  /** Calls `run` once, after that many milliseconds, unless the returned function is called first. */
  after(delayMs: number, run: () => void): () => void
}
