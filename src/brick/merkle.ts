/**
 * Hashes of tiles and nodes, content root and content id (spec section 6), and the heights that follow from lengths.
 *
 * The domain prefixes keep a tile, a node and a root from ever having the same preimage. A hash of zeros is never used for
 * "nothing": subtrees without bytes have the hash of their zeros.
 */
import { assert } from '../base/assert.ts'
import { TileKind } from './tile-kind.ts'
import type { Tools } from './tools.ts'

export const tileBytes = 65_536
export const fanOut = 256
export const hashBytes = 32
export const heightMax = 4
/** Largest N. */
export const lengthMax = 2 ** 47

/** Tiles beneath an item of `height`: 0 is a tile, 1 a leaf node. */
export function tilesAt(height: number): number {
  return fanOut ** height
}

/** Tiles of a byte space of `length` bytes. */
export function tileCount(length: number): number {
  return Math.ceil(length / tileBytes)
}

/** The smallest height >= 1 whose node covers `length` bytes, 0 .. 2^47. */
export function heightFor(length: number): number {
  assert(Number.isSafeInteger(length) && length >= 0 && length <= lengthMax, `length was ${length}`)
  let height = 1
  while (length > tileBytes * tilesAt(height)) height++
  return height
}

/** Kinds whose subtrees have the hash of their constant content; PRUNED keeps a recorded one. */
export type ConstantKind = 0 | 2 | 3 | 4

export interface Merkle {
  /** Of at most 65,536 bytes, zero-padded. */
  leaf(tile: Uint8Array): Uint8Array
  readonly unreadableLeaf: Uint8Array
  /** `hashes`: 8,192 bytes, those of the 256 items; height >= 1. */
  node(height: number, hashes: Uint8Array): Uint8Array
  /** Z[height]: of all zeros, 0 is a tile. Shared: not to be written to. */
  zero(height: number): Uint8Array
  /** Of a whole item of one kind; `fillByte` matters to FILL alone. Shared: not to be written to. */
  subtree(item: { kind: ConstantKind; height: number; fillByte?: number }): Uint8Array
  contentRoot(length: number, rootHash: Uint8Array): Uint8Array
  /** root(N) of the packed hashes of all tiles, 32 bytes each. */
  rootOfLeaves(leaves: Uint8Array, length: number): Uint8Array
  /** Of a whole file; of one larger than a tile the packed leaf hashes are enough. */
  contentIdOf(content: { bytes: Uint8Array } | { leaves: Uint8Array; length: number }): Uint8Array
}

export function createMerkle(tools: Tools): Merkle {
  const zeros = new Uint8Array(tileBytes)
  const constants = new Map<number, Uint8Array>()

  const leaf = (tile: Uint8Array): Uint8Array => {
    assert(tile.length <= tileBytes, `a tile had ${tile.length} bytes`)
    if (tile.length === tileBytes) return tools.sha256(leafPrefix, tile)
    return tools.sha256(leafPrefix, tile, zeros.subarray(tile.length))
  }

  const node = (height: number, hashes: Uint8Array): Uint8Array => {
    assert(height >= 1 && height <= heightMax, `a node's height was ${height}`)
    assert(hashes.length === fanOut * hashBytes, `a node had ${hashes.length} bytes of hashes`)
    return tools.sha256(Uint8Array.of(nodePrefix, height), hashes)
  }

  const constantLeaf = (kind: ConstantKind, fillByte: number): Uint8Array => {
    if (kind === TileKind.unreadable) return tools.sha256(unreadablePrefix)
    return leaf(fillByte === 0 ? zeros : new Uint8Array(tileBytes).fill(fillByte))
  }

  const constant = (kind: ConstantKind, height: number, fillByte: number): Uint8Array => {
    assert(height >= 0 && height <= heightMax, `height was ${height}`)
    const key = ((kind === TileKind.unreadable ? 1 : 0) * 256 + fillByte) * (heightMax + 1) + height
    let hash = constants.get(key)
    if (hash === undefined) {
      hash = height === 0 ? constantLeaf(kind, fillByte) : node(height, repeat(constant(kind, height - 1, fillByte)))
      constants.set(key, hash)
    }
    return hash
  }

  const subtree: Merkle['subtree'] = ({ kind, height, fillByte = 0 }) => {
    assert(fillByte >= 0 && fillByte <= 255, `fillByte was ${fillByte}`)
    return constant(kind, height, kind === TileKind.fill ? fillByte : 0)
  }
  const zero = (height: number): Uint8Array => constant(TileKind.hole, height, 0)

  const contentRoot = (length: number, rootHash: Uint8Array): Uint8Array => {
    assert(rootHash.length === hashBytes, `a hash had ${rootHash.length} bytes`)
    const head = new Uint8Array(10)
    head[0] = contentRootPrefix
    new DataView(head.buffer).setBigUint64(1, BigInt(length), true)
    head[9] = tileBytesLog2
    return tools.sha256(head, rootHash)
  }

  const rootOfLeaves = (leaves: Uint8Array, length: number): Uint8Array => {
    const count = tileCount(length)
    assert(leaves.length === count * hashBytes, `${count} tiles had ${leaves.length} bytes of hashes`)
    let level = leaves
    const top = heightFor(length)
    for (let height = 1; height <= top; height++) {
      level = parents(level, { height, zero: zero(height - 1), node })
    }
    return level
  }

  const contentIdOf: Merkle['contentIdOf'] = (content) => {
    if ('leaves' in content) {
      assert(content.length > tileBytes, `the id of ${content.length} bytes is their own hash`)
      return contentRoot(content.length, rootOfLeaves(content.leaves, content.length))
    }
    const { bytes } = content
    if (bytes.length <= tileBytes) return tools.sha256(bytes)
    const leaves = new Uint8Array(tileCount(bytes.length) * hashBytes)
    for (let tile = 0; tile * tileBytes < bytes.length; tile++) {
      leaves.set(leaf(bytes.subarray(tile * tileBytes, (tile + 1) * tileBytes)), tile * hashBytes)
    }
    return contentIdOf({ leaves, length: bytes.length })
  }

  const unreadableLeaf = constant(TileKind.unreadable, 0, 0)
  return { leaf, unreadableLeaf, node, zero, subtree, contentRoot, rootOfLeaves, contentIdOf }
}

const leafPrefix = Uint8Array.of(0)
const unreadablePrefix = Uint8Array.of(3)
const nodePrefix = 1
const contentRootPrefix = 2
const tileBytesLog2 = 16

interface Parenting {
  readonly height: number
  /** Stands for what is beyond the last item. */
  readonly zero: Uint8Array
  readonly node: Merkle['node']
}

/** Packed hashes of the nodes over packed `items`; at least one node. */
function parents(items: Uint8Array, how: Parenting): Uint8Array {
  const nodeBytes = fanOut * hashBytes
  const nodes = new Uint8Array(Math.max(1, Math.ceil(items.length / nodeBytes)) * hashBytes)
  for (let at = 0; at < nodes.length; at += hashBytes) {
    let hashes = items.subarray(at * fanOut, at * fanOut + nodeBytes)
    if (hashes.length < nodeBytes) {
      const padded = repeat(how.zero)
      padded.set(hashes)
      hashes = padded
    }
    nodes.set(how.node(how.height, hashes), at)
  }
  return nodes
}

/** 256 times the same hash. */
function repeat(hash: Uint8Array): Uint8Array {
  const hashes = new Uint8Array(fanOut * hashBytes)
  for (let at = 0; at < hashes.length; at += hashBytes) hashes.set(hash, at)
  return hashes
}
