/**
 * The file as frames, one after another from its beginning to the commit's end, whatever they are for: what old commits
 * need is checked here, and padding, and that nothing lies between.
 */
import { BrickDamage } from '../brick/damage.ts'
import { decodeFrame, type FrameHeader, FrameType, openFrame, parseFrameHeader } from '../brick/frame.ts'
import { frameBytes, frameHeaderBytes, headBytes } from '../brick/pointer.ts'
import type { BrickView } from '../store/brick-view.ts'
import { nodeTools } from '../store/node-tools.ts'
import type { DamageList } from './damage-list.ts'
import type { VerifyRequest } from './verify.ts'

const typeNames = ['', 'DATA', 'OVERVIEW', 'NODE', 'HASHES', 'PAGES', 'META', 'COMMIT', 'PAD', 'IDENT'] as const
const framesBetweenPauses = 2_000
const alignment = 16

export async function checkFrames({ view, signal, pause }: VerifyRequest, damages: DamageList): Promise<void> {
  const { fileEnd } = view.record
  let offset = headBytes
  for (let count = 1; offset < fileEnd; count++) {
    if (count % framesBetweenPauses === 0) {
      await pause()
      signal.throwIfAborted()
    }
    const header = headerAt(view, offset, damages)
    if (header === undefined) offset = await nextFrame(view, offset, pause)
    else {
      checkFrame(view, { offset, header }, damages)
      offset += frameBytes(header.storedLength)
    }
  }
}

function headerAt(view: BrickView, offset: number, damages: DamageList): FrameHeader | undefined {
  try {
    return parsedHeader(view, offset)
  } catch (error) {
    if (!damages.has(offset)) damages.note({ part: 'a frame' }, error)
    return undefined
  }
}

function parsedHeader({ file, record }: BrickView, offset: number): FrameHeader {
  const place = { offset, epoch: record.epoch, tools: nodeTools, fileEnd: record.fileEnd }
  return parseFrameHeader(file.readAt(offset, frameHeaderBytes), place)
}

function checkFrame(view: BrickView, frame: { offset: number; header: FrameHeader }, damages: DamageList): void {
  const { offset, header } = frame
  const { epoch, fileEnd } = view.record
  try {
    if (offset === headBytes && header.type !== FrameType.ident) {
      throw new BrickDamage('frame', 'the first frame is not IDENT', offset)
    }
    const bytes = view.file.readAt(offset, frameBytes(header.storedLength))
    const expect = { expectType: header.type, offset, epoch, fileEnd, tools: nodeTools }
    if (header.type === FrameType.pad) decodeFrame(bytes, expect)
    else openFrame(bytes, expect)
  } catch (error) {
    if (damages.has(offset)) return
    damages.note({ part: `a ${typeNames[header.type]} frame, first written with id ${header.id}` }, error)
  }
}

/** Where frames begin again after a damaged header; the end where they do not. */
async function nextFrame(view: BrickView, damagedAt: number, pause: () => Promise<void>): Promise<number> {
  const { fileEnd } = view.record
  let tried = 0
  for (let offset = damagedAt + alignment; offset < fileEnd; offset += alignment) {
    if (++tried % framesBetweenPauses === 0) await pause()
    try {
      parsedHeader(view, offset)
      return offset
    } catch (error) {
      if (!(error instanceof BrickDamage)) throw error
    }
  }
  return fileEnd
}
