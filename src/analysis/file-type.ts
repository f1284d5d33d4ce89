/** What kind of file some bytes are, as far as they show it. */

export interface FileType {
  /** What analyzers choose by. */
  readonly kind:
    | 'elf'
    | 'script'
    | 'text'
    | 'archive'
    | 'compressed'
    | 'image'
    | 'audio'
    | 'document'
    | 'database'
    | 'bytecode'
    | 'data'
    | 'empty'
  /** For people, as file(1) would say it in short: `ELF 64-bit LSB pie executable, x86-64`. At most 200 characters. */
  readonly description: string
  readonly mimeType: string
  /** Of a script: the interpreter as its first line names it, `/usr/bin/env python3`. */
  readonly interpreter?: string
  /** Of text: as it is written. */
  readonly encoding?: 'ascii' | 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin-1'
}
