/** Damage of frames: headers, crcs, limits, codecs. Most are of the DATA frame of `one-file`, "Hello, brick!". */
import { concatBytes } from '../../../src/base/bytes.ts'
import { Codec, FrameType } from '../../../src/brick/frame.ts'
import { deflateFixed, zstdOfRuns } from './codecs.ts'
import { changed, type DamagedBrick, derived, edited, payloadOf, withByte, withHex } from './damage.ts'
import type { FrameDraft } from './frame-log.ts'

const common = { base: 'one-file', opens: 'yes' } as const

export const damagedFrames: readonly DamagedBrick[] = [
  {
    ...common,
    name: 'frame-crc',
    breaks: 'A byte of the DATA payload is another: its crc does not hold.',
    rule: 'frame-crc',
    readerRule: 'frame',
    bytes: derived('one-file', (bytes) => withByte(bytes, payloadOf(bytes, FrameType.data), 0x4a)),
  },
  {
    ...common,
    name: 'frame-header-crc',
    breaks: 'A byte of the id in the header of the DATA frame is another.',
    rule: 'frame-crc',
    readerRule: 'frame',
    bytes: derived('one-file', (bytes) => withByte(bytes, payloadOf(bytes, FrameType.data) - 16, 9)),
  },
  {
    ...common,
    name: 'frame-padding',
    breaks: 'A byte of the padding behind the DATA payload is not zero.',
    rule: 'frame',
    readerRule: 'frame',
    bytes: derived('one-file', (bytes) => withByte(bytes, payloadOf(bytes, FrameType.data) + 15, 1)),
  },
  {
    ...common,
    name: 'frame-missing',
    breaks: 'Zeros where the PAD frame should begin: something lies between frames.',
    rule: 'frame',
    readerRule: 'frame',
    bytes: edited('one-file', (bytes) => bytes.fill(0, payloadOf(bytes, FrameType.pad) - 32)),
  },
  data(
    'frame-other-epoch',
    'The header of the DATA frame was made with another epoch.',
    'frame-crc',
    'frame',
    (draft) => ({
      ...draft,
      epoch: new Uint8Array(8),
    }),
  ),
  data('frame-too-long', 'A DATA frame with a rawLen of 70,000.', 'frame-limit', 'frame', (draft) => ({
    ...draft,
    codec: Codec.zstd,
    stored: zstdOfRuns(new Uint8Array(70_000)),
    rawLength: 70_000,
  })),
  data('frame-raw-length', 'A raw frame whose rawLen is not its storedLen.', 'frame', 'frame', (draft) => ({
    ...draft,
    rawLength: draft.rawLength + 1,
  })),
  data('frame-type', 'An OVERVIEW frame where a DATA frame belongs.', 'frame', 'frame', (draft) => ({
    ...draft,
    type: FrameType.overview,
  })),
  data('frame-flags', 'A frame whose flags are not 0.', 'frame', 'frame', (draft) => ({ ...draft, flags: 1 })),
  data('frame-codec-unknown', 'Codec 3.', 'frame', 'frame', (draft) => ({ ...draft, codec: 3 })),
  zstd('zstd-two-frames', 'Two zstd frames, the second of no bytes.', (frame) =>
    concatBytes([frame, zstdOfRuns(empty)]),
  ),
  zstd('zstd-trailing-byte', 'A byte behind the zstd frame.', (frame) => concatBytes([frame, Uint8Array.of(0)])),
  zstd('zstd-skippable', 'A skippable frame before the zstd frame.', (frame) => {
    return concatBytes([Uint8Array.from(Buffer.from('502a4d1800000000', 'hex')), frame])
  }),
  // Frame header descriptor: no content size, a window of 1 KiB instead.
  zstd('zstd-no-content-size', 'A zstd frame without content size.', (frame) =>
    withHex(frame, '28b52ffd200d', '28b52ffd0000'),
  ),
  zstd('zstd-content-size', 'The content size is 14, rawLen and the content 13.', (frame) => {
    return withHex(frame, '28b52ffd200d', '28b52ffd200e')
  }),
  zstd('zstd-dictionary', 'A zstd frame with a dictionary id.', (frame) =>
    withHex(frame, '28b52ffd20', '28b52ffd2107'),
  ),
  zstd('zstd-cut', 'A zstd frame without its last byte.', (frame) => frame.subarray(0, -1)),
  deflate('deflate-trailing-byte', 'A byte behind the deflate stream.', (stream) => {
    return concatBytes([stream, Uint8Array.of(0)])
  }),
  deflate('deflate-cut', 'A deflate stream without its last byte.', (stream) => stream.subarray(0, -1)),
  deflate('deflate-too-much', 'A deflate stream of 1,000 bytes where rawLen is 13.', () => {
    return deflateFixed(new Uint8Array(1_000))
  }),
  {
    ...common,
    name: 'pad-not-zeros',
    breaks: 'A PAD frame whose payload is not zeros.',
    rule: 'frame',
    readerRule: 'frame',
    bytes: changed('one-file', {
      frame: (draft) => (draft.type === FrameType.pad ? { ...draft, stored: withByte(draft.stored, 5, 5) } : draft),
    }),
  },
  {
    ...common,
    name: 'ident-other',
    breaks: 'IDENT has another uuid than the record.',
    rule: 'frame',
    readerRule: 'ident',
    bytes: changed('one-file', {
      frame: (draft) => (draft.type === FrameType.ident ? { ...draft, stored: withByte(draft.stored, 0, 0) } : draft),
    }),
  },
]

const empty = new Uint8Array(0)

function data(
  name: string,
  breaks: string,
  rule: string,
  readerRule: string,
  change: (draft: FrameDraft) => FrameDraft,
): DamagedBrick {
  const bytes = changed('one-file', { frame: (draft) => (draft.type === FrameType.data ? change(draft) : draft) })
  return { ...common, name, breaks, rule, readerRule, bytes }
}

function zstd(name: string, breaks: string, change: (frame: Uint8Array) => Uint8Array): DamagedBrick {
  return data(name, breaks, 'codec', 'zstd', (draft) => ({
    ...draft,
    codec: Codec.zstd,
    stored: change(zstdOfRuns(draft.stored)),
  }))
}

function deflate(name: string, breaks: string, change: (stream: Uint8Array) => Uint8Array): DamagedBrick {
  return data(name, breaks, 'codec', 'deflate', (draft) => ({
    ...draft,
    codec: Codec.deflateRaw,
    stored: change(deflateFixed(draft.stored)),
  }))
}
