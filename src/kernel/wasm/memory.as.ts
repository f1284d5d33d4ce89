// @ts-nocheck AssemblyScript: compiled by build.mjs, not by tsc.
/**
 * Where everything lies in the kernel's memory: fixed addresses, shared with kernel.ts as exported globals.
 *
 * The tables are written once by kernel.ts (from fold-tables.ts and entropy-table.ts) before the first call.
 */

// 0x400 on: the compiler's own data (memory.data).

/** Four histograms of 256 u8 each; all zero between calls. */
export const histograms: usize = 0x800
/** 256 bytes for the block at work. */
export const scratch: usize = 0xc00

/** u32 x 257. */
export const entropyTermTable: usize = 0x1000
/** The terms of the counts 0 .. 15 as three planes of 16 bytes: bits 0-7, 8-15, 16-23. */
export const entropyTermPlanes: usize = 0x1410

/** For each orientation of a 16 x 16 block: source offset of its sixteen 4 x 4 parts in row-major order, u8. */
export const partOffsets: usize = 0x1500
/** For each orientation of a part: the sixteen lanes that lay it row-major. */
export const foldLanes: usize = 0x1600
/** In the order of partOffsets, for each part: the sixteen lanes that lay it in curve order. */
export const unfoldLanes: usize = 0x1a00
/** For each orientation of a tile: column + 16 * row of its 256 blocks in curve order, then their orientations. */
export const tileCells: usize = 0x1e00
export const tileTurns: usize = 0x2200
/** The same for the 16 blocks of a 64 x 64 plane. */
export const planeCells: usize = 0x2600
export const planeTurns: usize = 0x2640

/** 7,680 bytes, packed planes; then 6 x 256 bytes. */
export const level2: usize = 0x3000
export const level4: usize = 0x5000

export const mask: usize = 0x10000
export const output: usize = 0x20000
/** Tiles, 65,536 bytes each, up to the end of memory. */
export const input: usize = 0x30000
