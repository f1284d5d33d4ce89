/**
 * The wire's shapes of meaning: regions of a commit, findings, what an entry that is a mapping of memory says of itself.
 * Part of api.ts, which gives them out; the same rules hold. Names and attributes are data that anyone may have written:
 * shown as text, never as anything else.
 */
import type { Finding, JsonValue } from '../base/region.ts'

/** A run of bytes with a meaning, as a commit has it. */
export interface RegionJson {
  /** Position in the brick's space; the region lies inside the content of one entry. */
  readonly start: number
  /** Bytes; 0: a point before the byte at `start`. */
  readonly length: number
  /** Containers have lower ones than what they contain; see `regionLayers`. 0 .. 255. */
  readonly layer: number
  /** One word for the kind of thing: `mapping`, `section`, `symbol`, `line`, `gap`, .. */
  readonly class: string
  /** Empty where it has none. */
  readonly name: string
  readonly attributes?: { readonly [key: string]: JsonValue }
  readonly finding?: Finding
  /** Which analyzer said it, `name/version`; absent where the source itself did. */
  readonly detector?: string
}

/**
 * GET /b/{uuid}/{commit}/regions?start=&end=&min=&limit= : what touches [start, end), by start, then layer; `min` leaves
 * out what is shorter (default 0), `limit` 1 .. regionsMax (default that). With `findings=1` only those with a finding.
 */
export interface RegionsAnswer {
  readonly regions: readonly RegionJson[]
  /** True where more matched; those with the lowest starts are given. Ask again with a larger `min` or a smaller run. */
  readonly truncated: boolean
}
export const regionsMax = 2_000

/** Regions of an /at answer. */
export const inspectRegionsMax = 64

/** An entry that is a mapping of a process's memory. Addresses are `0x` and lower-case hex: they do not fit a number. */
export interface MappingJson {
  /** Virtual address of byte 0 of the content; that of byte i is i more. */
  readonly address: string
  /** So many bytes at the beginning of the content are not mapped yet: room into which it may grow down. */
  readonly lead: number
  /** `rw-p`, as in /proc/PID/maps. */
  readonly permissions: string
  /** A path, `[heap]`, or nothing; escaped for display. */
  readonly name: string
  /** Of the mapped file: position of the mapping's own first byte; `0x` and hex. */
  readonly fileOffset: string
}
