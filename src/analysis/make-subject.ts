/** A subject out of bytes: read in one piece where they are few enough, else in windows; structure read once. */
import type { EntryMeta } from '../base/entry.ts'
import { type ElfFile, readElf } from '../binary/elf.ts'
import { type ElfSymbols, readSymbols, type SymbolTable } from '../binary/elf-symbols.ts'
import type { FileType } from './file-type.ts'
import { nameClassOf } from './name-class.ts'
import type { RawContent } from './raw-content.ts'
import { type Content, type Subject, wholeBytesMax } from './subject.ts'

/** Content that is read once where it is short enough, and never changes then. */
export class HeldContent implements Content {
  readonly size: number
  readonly #raw: RawContent
  #whole: Uint8Array | undefined
  #window = new Uint8Array(0)

  constructor(raw: RawContent) {
    this.size = raw.size
    this.#raw = raw
  }

  get missing(): RawContent['missing'] {
    return this.#raw.missing
  }

  /** Errors: ContentGone. */
  read(offset: number, length: number): Uint8Array {
    const from = Math.max(0, Math.min(offset, this.size))
    const count = Math.max(0, Math.min(length, this.size - from))
    const whole = this.whole()
    if (whole !== undefined) return whole.subarray(from, from + count)
    if (this.#window.length < count) this.#window = new Uint8Array(Math.max(count, windowBytesMin))
    const window = this.#window.subarray(0, count)
    this.#raw.readInto(window, from)
    return window
  }

  /** Errors: ContentGone. */
  whole(): Uint8Array | undefined {
    if (this.#whole === undefined && this.size <= wholeBytesMax) {
      const bytes = new Uint8Array(this.size)
      this.#raw.readInto(bytes, 0)
      this.#whole = bytes
    }
    return this.#whole
  }
}

const windowBytesMin = 65_536

export interface SubjectParts {
  readonly path: Uint8Array
  readonly meta: EntryMeta
  readonly content: HeldContent
  readonly type: FileType
}

export function makeSubject({ path, meta, content, type }: SubjectParts): Subject {
  let elf: ReturnType<typeof readElf> | undefined
  const tables = new Map<SymbolTable, ElfSymbols>()
  const elfOf = (): ElfFile | undefined => {
    if (type.kind !== 'elf') return undefined
    elf ??= readElf(content)
    return elf.kind === 'elf' ? elf : undefined
  }
  return {
    ...{ path, meta, content, type },
    nameClass: nameClassOf(path),
    get missing() {
      return content.missing
    },
    whole: () => content.whole(),
    elf: elfOf,
    symbols(table) {
      const known = tables.get(table)
      if (known !== undefined) return known
      const file = elfOf()
      const read = file === undefined ? { symbols: [], problems: [] } : readSymbols(content, file, { table })
      tables.set(table, read)
      return read
    },
  }
}
