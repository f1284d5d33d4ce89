/**
 * What kind of file some bytes are: ELF, scripts and text by own rules, the rest by libmagic.
 *
 * Own rules first, because they are faster by far (a tree has more text than anything), exact for ELF, and cannot crash;
 * libmagic is loaded with the first content that they do not know.
 */

import { bytesKey } from '../../base/bytes.ts'
import { type ElfFile, readElf } from '../../binary/elf.ts'
import type { FileType } from '../file-type.ts'
import type { Content } from '../subject.ts'
import { elfType } from './elf-type.ts'
import { askMagic, magicHeadBytes, prepareMagic } from './magic.ts'
import { kindOfMime } from './magic-kind.ts'
import { lookAtText, textHeadBytes } from './text-encoding.ts'
import { scriptOf, scriptType, textType } from './text-type.ts'

/** Raised whenever the same bytes would get another type: part of the key by which reports are kept. */
export const fileTypeVersion = 1

/** `elf`: what is already known of it, where somebody has read it; else it is read here. Errors: those of `content.read`. */
export async function fileTypeOf(
  content: Content,
  elf: () => ElfFile | undefined = () => elfOf(content),
): Promise<FileType> {
  if (content.size === 0) return emptyType
  // A copy: reading again may overwrite what was read.
  const head = Uint8Array.from(content.read(0, Math.min(textHeadBytes, content.size)))
  if (head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46) {
    const file = elf()
    if (file !== undefined) return bounded(elfType(file))
  }
  return bounded(textualType(head, content.size) ?? (await magicType(content)))
}

const emptyType: FileType = { kind: 'empty', description: 'empty', mimeType: 'inode/x-empty' }
const descriptionLengthMax = 200

function elfOf(content: Content): ElfFile | undefined {
  const file = readElf(content)
  return file.kind === 'elf' ? file : undefined
}

function textualType(head: Uint8Array, sizeBytes: number): FileType | undefined {
  const isWhole = head.length === sizeBytes
  const look = lookAtText(head, isWhole ? 'whole' : 'beginning')
  const isScript = head[0] === 0x23 && head[1] === 0x21
  if (look === undefined && !isScript) return undefined
  const text = bytesKey(head)
  if (arArchive.test(text)) return undefined
  const script = isScript ? scriptOf(text) : undefined
  if (script !== undefined) return scriptType(script, look)
  return look && textType({ head: text, isWhole, look })
}

/** Its headers are text, and what it holds may be, too. */
const arArchive = /^!<(?:arch|thin)>\n/

async function magicType(content: Content): Promise<FileType> {
  await prepareMagic()
  const answer = askMagic(content.read(0, Math.min(magicHeadBytes, content.size)))
  if (answer === undefined) return { kind: 'data', description: 'data', mimeType: 'application/octet-stream' }
  const kind = kindOfMime(answer.mimeType)
  // libmagic may take for text what the own rules, which are stricter, do not: analyzers of text would read noise.
  return { kind: kind === 'text' || kind === 'empty' ? 'data' : kind, ...answer }
}

/** What libmagic quotes of a file is data: no control characters. */
function bounded(type: FileType): FileType {
  const clean = type.description.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').trim()
  const description = clean.length > descriptionLengthMax ? `${clean.slice(0, descriptionLengthMax - 1)}…` : clean
  return { ...type, description: description === '' ? 'data' : description }
}
