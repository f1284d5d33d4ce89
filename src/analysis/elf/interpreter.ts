/** The program that the kernel starts in the place of a program, to load it: the one that its header names. */
import type { ElfFile } from '../../binary/elf.ts'
import { segmentType } from '../../binary/elf-segments.ts'
import type { Content } from '../subject.ts'

/** Undefined where there is none; cut at 4,096 bytes. */
export function interpreterOf({ segments }: ElfFile, content: Content): string | undefined {
  const segment = segments.find(({ type, fileBytes }) => type === segmentType.interpreter && fileBytes > 0)
  if (segment === undefined) return undefined
  const bytes = new Uint8Array(content.read(segment.offset, Math.min(segment.fileBytes, pathBytesMax)))
  const [text = ''] = new TextDecoder().decode(bytes).split('\0')
  return text === '' ? undefined : text
}

const pathBytesMax = 4_096
