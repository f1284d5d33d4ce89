/**
 * The process that reads files which may make their reader wait: its owner kills it where it does not come back.
 *
 * Questions come by standard input, answers go to standard output (pseudo-frames.ts). Opens without blocking and without
 * following a link, beneath a directory that the owner holds open, with the owner's rights. Ends when the owner does. Knows
 * nothing of rules and deadlines, and keeps nothing.
 */
import fs, { constants } from 'node:fs'
import {
  decodeQuestion,
  frameBytesMax,
  frameHeadBytes,
  nameBytesMax,
  outcome,
  questionHeadBytes,
  writeFrameHead,
} from './pseudo-frames.ts'

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY
const [input, output] = [0, 1]
const head = new Uint8Array(questionHeadBytes)
const name = new Uint8Array(nameBytesMax)
const frame = new Uint8Array(frameHeadBytes + frameBytesMax + 1)
const content = frame.subarray(frameHeadBytes)

send(outcome.end, 0)
while (filled(head)) {
  const { directoryFd, bytesMax, nameBytes } = decodeQuestion(head)
  const rest = name.subarray(0, nameBytes)
  if (!filled(rest)) break
  answer(pathOf(directoryFd, rest), bytesMax)
}

function answer(path: Buffer, bytesMax: number): void {
  let fd = -1
  let filledBytes = 0
  try {
    fd = fs.openSync(path, flags)
    for (let leftBytes = bytesMax; ; ) {
      const room = Math.min(frameBytesMax, leftBytes + 1)
      const count = fs.readSync(fd, content, filledBytes, room - filledBytes, null)
      filledBytes += count
      if (count === 0) return send(outcome.end, filledBytes)
      if (filledBytes > leftBytes) return send(outcome.cut, leftBytes)
      if (filledBytes < room) continue
      send(outcome.more, filledBytes)
      leftBytes -= filledBytes
      filledBytes = 0
    }
  } catch (failed) {
    if (filledBytes > 0) send(outcome.more, filledBytes)
    const why = Buffer.from((failed as NodeJS.ErrnoException).code ?? 'EIO')
    content.set(why)
    send(outcome.failed, why.length)
  } finally {
    if (fd >= 0) fs.closeSync(fd)
  }
}

function send(what: number, length: number): void {
  writeFrameHead(frame, { outcome: what, length })
  for (let at = 0; at < frameHeadBytes + length; ) at += fs.writeSync(output, frame, at, frameHeadBytes + length - at)
}

/** False where the owner is gone. */
function filled(target: Uint8Array): boolean {
  for (let at = 0; at < target.length; ) {
    const count = fs.readSync(input, target, at, target.length - at, null)
    if (count === 0) return false
    at += count
  }
  return true
}

/** The entry of that name in the owner's open directory, whatever has been renamed above it. */
function pathOf(directoryFd: number, entry: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`/proc/${process.ppid}/fd/${directoryFd}/`), entry])
}
