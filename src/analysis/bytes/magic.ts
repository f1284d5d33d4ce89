/**
 * libmagic in WASM: what file(1) says of bytes. Loaded once in a thread, on demand, never at a program's start.
 *
 * It is C code that reads hostile bytes, in a memory of its own: what goes wrong there becomes `undefined` here, and the
 * instance that did it is not used again.
 */

export interface MagicAnswer {
  readonly description: string
  readonly mimeType: string
}

/** Bytes of a content that are shown to libmagic: enough for every magic but those of CD images' second descriptors. */
export const magicHeadBytes = 262_144

/** Loads it; later calls give the same. */
export function prepareMagic(): Promise<void> {
  loading ??= load()
  return loading
}

/** Undefined before `prepareMagic` has ended, and where libmagic failed. */
export function askMagic(head: Uint8Array): MagicAnswer | undefined {
  if (detectors === undefined) return undefined
  try {
    const bytes = head.subarray(0, magicHeadBytes)
    const description = detectors.describe(bytes).split('\n', 1)[0] ?? ''
    return { description, mimeType: detectors.mime(bytes) }
  } catch {
    detectors = undefined
    loading = undefined
    return undefined
  }
}

interface Detectors {
  describe(bytes: Uint8Array): string
  mime(bytes: Uint8Array): string
}

/** Undefined: not asked for, or it failed and is loaded anew. */
let loading: Promise<void> | undefined
let detectors: Detectors | undefined

async function load(): Promise<void> {
  const { WASMagic, WASMagicFlags } = await import('wasmagic')
  // One instance answers in one way only.
  const describing = await WASMagic.create({ flags: WASMagicFlags.NONE })
  const typing = await WASMagic.create({ flags: WASMagicFlags.MIME_TYPE })
  detectors = { describe: (bytes) => describing.detect(bytes), mime: (bytes) => typing.detect(bytes) }
}
