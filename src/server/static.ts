/**
 * The map's files: read once at the start, then served from memory by their exact addresses.
 *
 * The list is made here from names that the build may write; no address of a request ever becomes a path on disk.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'

export interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly type: string
  /** Quoted, of the content. */
  readonly etag: string
}

const fileBytesMax = 32 * 1024 * 1024
const fileCountMax = 200

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
}

/** By address: `/` is index.html, or a sentence where the map is not built. */
export function readMapFiles(folder: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>()
  for (const [place, prefix] of [
    [folder, '/'],
    [join(folder, 'fonts'), '/fonts/'],
  ] as const) {
    for (const name of namesIn(place)) {
      const type = types[extname(name)]
      if (type === undefined || !/^[\w][\w.-]*$/.test(name) || files.size === fileCountMax) continue
      const path = join(place, name)
      const { size } = statSync(path)
      if (size > fileBytesMax) continue
      files.set(name === 'index.html' && prefix === '/' ? '/' : prefix + name, staticFile(readFileSync(path), type))
    }
  }
  if (!files.has('/')) files.set('/', staticFile(Buffer.from(notBuilt), 'text/plain; charset=utf-8'))
  return files
}

const notBuilt = 'System Foundry runs, but its map is not built. In the checkout: npm run build\n'

function staticFile(content: Buffer, type: string): StaticFile {
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
  return { bytes: new Uint8Array(content), type, etag }
}

/** Names of regular files, sorted. */
function namesIn(folder: string): string[] {
  try {
    const items = readdirSync(folder, { withFileTypes: true })
    return items
      .filter((item) => item.isFile())
      .map(({ name }) => name)
      .sort()
  } catch {
    return []
  }
}
