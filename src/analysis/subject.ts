/**
 * What analyzers look at: the content of one entry, of a brick or of a live file, and what is known of the entry.
 *
 * The content is whatever somebody put there. It does not change while it is looked at; bytes that could not be read or
 * are gone read as zeros, and `missing` says where.
 */
import type { EntryMeta, Run } from '../base/entry.ts'
import type { ElfFile, ElfSource } from '../binary/elf.ts'
import type { ElfSymbols, SymbolTable } from '../binary/elf-symbols.ts'
import type { FileType } from './file-type.ts'
import type { NameClass } from './name-class.ts'

/** Bytes at offsets; `read` gives fewer than asked for only at the end, and what it gives may be overwritten by the next call. */
export type Content = ElfSource

export interface Subject {
  /** Absolute, as the source's system names it; of a source that has no path, its own name. For display and for rules of place. */
  readonly path: Uint8Array
  readonly meta: EntryMeta
  readonly content: Content
  /** Runs of the content that read as zeros because nobody has the bytes, ascending. */
  readonly missing: readonly Run[]
  /** The whole content in one piece, not to be changed; undefined where it is longer than `wholeBytesMax`: read it in windows. */
  whole(): Uint8Array | undefined
  readonly type: FileType
  /** What kind of place it is in, where rules ask for it: `sshd-config`, `sudoers`, `log`, `c-source`; else `other`. See name-class.ts. */
  readonly nameClass: NameClass
  /** Read once; undefined where it is no ELF file. */
  elf(): ElfFile | undefined
  /** Each table is read once, whole. */
  symbols(table: SymbolTable): ElfSymbols
}

/** Contents up to this size are given in one piece. */
export const wholeBytesMax = 64 * 2 ** 20
