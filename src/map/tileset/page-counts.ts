/** How many pages of textures the tile set may fill. */

/** Texture pages for this screen: about three views of tiles, within what a small GPU bears. */
export function pageCounts(): { bytePageCountMax: number; overviewPageCountMax: number } {
  const tilesInView = (side: number) => (screen.width / side + 2) * (screen.height / side + 2)
  const pages = (count: number, most: number) => Math.min(most, Math.max(2, Math.ceil(count / 256)))
  return {
    bytePageCountMax: pages(3 * tilesInView(128), 6),
    overviewPageCountMax: pages(3 * tilesInView(48), 12),
  }
}
