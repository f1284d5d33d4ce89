/**
 * YARA-X in WASM, with our rules: where in some bytes they match. Loaded and compiled once in a thread, on demand.
 *
 * Scans one piece at a time and copies it into its own memory. A scan has a time limit of its own, far above what any
 * piece needs: without one a hostile piece could only be ended with the thread.
 */
import { readFileSync } from 'node:fs'

export interface YaraMatch {
  /** Name of the rule. */
  readonly rule: string
  /** In the bytes that were scanned. */
  readonly offset: number
  readonly length: number
}

/** More of one pattern in one piece are left out. */
export const matchesMaxPerPattern = 1_000

export class Yara {
  readonly #scanner: Scanner

  constructor(scanner: Scanner) {
    this.#scanner = scanner
  }

  /** By offset, then rule. Undefined where it took too long or failed. */
  scan(piece: Uint8Array): readonly YaraMatch[] | undefined {
    const { valid, matches } = this.#scanner.scan(piece) as ScanResult
    scans++
    if (!valid) return undefined
    const found = matches.flatMap(({ identifier, patterns }) =>
      patterns.flatMap((pattern) =>
        pattern.matches.map(({ offset, length }): YaraMatch => ({ rule: identifier, offset, length })),
      ),
    )
    return found.toSorted((a, b) => a.offset - b.offset || (a.rule < b.rule ? -1 : 1))
  }
}

/**
 * In this thread, by all scanners. YARA-X 1.20.0 keeps some 90 KB of each scan for ever (WebAssembly.Memory and what holds it,
 * also of scanners that were freed), and traps after 16,000: a thread must end long before.
 */
export function scansMade(): number {
  return scans
}

let scans = 0

/** Loads and compiles; an error is one of the rules. */
export async function loadYara(rules: string): Promise<Yara> {
  const { default: init, Compiler } = await import('@virustotal/yara-x')
  // Its own loader would fetch(), which reads no files in Node.
  const module = new URL('yara_x_js_bg.wasm', import.meta.resolve('@virustotal/yara-x'))
  await init({ module_or_path: readFileSync(module) })
  const compiler = new Compiler()
  compiler.addSource(rules)
  const scanner = compiler.build().scanner()
  scanner.setMaxMatchesPerPattern(matchesMaxPerPattern)
  scanner.setTimeoutMs(scanTimeoutMsMax)
  return new Yara(scanner)
}

const scanTimeoutMsMax = 15_000

type Scanner = import('@virustotal/yara-x').Scanner

interface ScanResult {
  readonly valid: boolean
  readonly matches: readonly {
    readonly identifier: string
    readonly patterns: readonly { readonly matches: readonly { readonly offset: number; readonly length: number }[] }[]
  }[]
}
