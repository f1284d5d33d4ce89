/**
 * What the process that reads slow pseudo files and its owner say to each other over two pipes: one question at a time, answered
 * by frames. Before the first question comes one empty frame: it has started. Numbers are u32, little-endian.
 *
 * Question: directory fd of the owner, bytes wanted at most, length of the name, name. Frame: outcome, length, bytes; the
 * frames of an answer end with the first that is not `more`. Bytes of `failed` are the errno's name, of all others content.
 */

/** `cut`: there is more than was wanted. */
export const outcome = { more: 0, end: 1, cut: 2, failed: 3 } as const

export const questionHeadBytes = 12
export const frameHeadBytes = 8
/** Bytes of one frame, without its head. */
export const frameBytesMax = 65_536
export const nameBytesMax = 4_096

export interface Question {
  readonly directoryFd: number
  readonly bytesMax: number
  readonly name: Uint8Array
}

export function encodeQuestion({ directoryFd, bytesMax, name }: Question): Uint8Array {
  const bytes = new Uint8Array(questionHeadBytes + name.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, directoryFd, true)
  view.setUint32(4, bytesMax, true)
  view.setUint32(8, name.length, true)
  bytes.set(name, questionHeadBytes)
  return bytes
}

/** Head of a question; the name follows. */
export function decodeQuestion(head: Uint8Array): Omit<Question, 'name'> & { readonly nameBytes: number } {
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  return {
    directoryFd: view.getUint32(0, true),
    bytesMax: view.getUint32(4, true),
    nameBytes: view.getUint32(8, true),
  }
}

export function writeFrameHead(frame: Uint8Array, head: { readonly outcome: number; readonly length: number }): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  view.setUint32(0, head.outcome, true)
  view.setUint32(4, head.length, true)
}

export function readFrameHead(frame: Uint8Array): { readonly outcome: number; readonly length: number } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  return { outcome: view.getUint32(0, true), length: view.getUint32(4, true) }
}
