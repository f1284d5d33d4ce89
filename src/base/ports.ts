/** What the program takes from outside, as parameters: production adapters live in `daemon` and `cli`. */

export interface Clock {
  /** Wall clock, nanoseconds since 1970-01-01T00:00:00Z; may go backwards. */
  nowNs(): bigint
  /** Monotonic milliseconds, origin unspecified. */
  monotonicMs(): number
}

export interface Random {
  /** Fresh unpredictable bytes. */
  bytes(count: number): Uint8Array
}
