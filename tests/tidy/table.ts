/**
 * Who may import whom: the layers of the project as data. A folder of src/ may import itself, `base`, and what its row
 * lists. Read by the tidy test (the authority) and by scripts/sync-tsconfig.ts (the same edges for the compiler).
 *
 * In data-flow order, as in ARCHITECTURE.md. A new edge or package is a decision: write it down in docs/adr.
 */

/** pure: neither node:* nor DOM. node: Node.js. dom: the browser. */
export type Environment = 'pure' | 'node' | 'dom'

export interface FolderRule {
  readonly environment: Environment
  readonly imports: readonly string[]
  readonly packages: readonly string[]
}

export interface Table {
  readonly folders: Readonly<Record<string, FolderRule>>
  /** What unit tests of a folder may import beyond its row: the real tools that its code is given by callers. */
  readonly testImports: Readonly<Record<string, readonly string[]>>
  /** Folders that may reach for the clock, chance and timers; everyone else gets them as parameters. */
  readonly adapters: readonly string[]
  /** Single files with the same right, and why. One that does not need it any more is a problem, too. */
  readonly adapterFiles: Readonly<Record<string, string>>
  /** Written by a program; only its imports are looked at. */
  readonly generated: readonly string[]
}

const folders: Record<string, FolderRule> = {
  base: pure([]),
  hilbert: pure([]),
  kernel: pure(['hilbert']),
  brick: pure(['hilbert', 'kernel']),
  layout: pure(['hilbert']),
  linux: node([], ['koffi']),
  binary: pure([], ['xz-decompress']),
  source: node(['linux', 'binary']),
  store: node(['brick', 'layout', 'linux']),
  fold: node(['source', 'layout', 'kernel', 'brick', 'store']),
  read: node(['brick', 'layout', 'kernel', 'hilbert', 'store', 'source', 'linux'], ['pngjs']),
  catalog: node(['brick', 'store'], ['node:sqlite']),
  analysis: node(
    ['brick', 'store', 'catalog', 'binary', 'read', 'source'],
    ['openai', 'zod', '@alexaltea/capstone-js', '@virustotal/yara-x', 'wasmagic'],
  ),
  task: node([], ['zod', 'yaml']),
  sync: node(['task', 'layout']),
  hook: node(['catalog']),
  wire: pure(['brick'], ['zod']),
  server: node(['wire', 'brick', 'store', 'catalog', 'task', 'read'], ['hono', '@hono/node-server', 'ws']),
  map: {
    environment: 'dom',
    imports: ['wire', 'brick', 'kernel', 'hilbert', 'layout'],
    packages: ['pixi.js', 'fzstd'],
  },
  fleet: node(['wire', 'store', 'catalog'], ['@nats-io/transport-node', '@nats-io/jetstream', '@nats-io/kv']),
  daemon: node([], ['pino', 'prom-client']),
  cli: node(
    ['wire', 'daemon', 'read', 'fold', 'store', 'catalog', 'task', 'source', 'brick', 'analysis'],
    ['commander', 'sarif'],
  ),
}

// The composition root may see everything but the browser's code and its own caller.
const daemonImports = Object.keys(folders).filter((name) => !['daemon', 'map', 'cli'].includes(name))
folders['daemon'] = node(daemonImports, ['pino', 'prom-client'])

export const table: Table = {
  folders,
  testImports: { brick: ['store'] },
  adapters: ['daemon', 'cli'],
  adapterFiles: {
    'src/fold/reconcile.ts': 'backs off between attempts at a changing file, and lets the event loop go on in between',
    'src/read/search-worker.ts': 'slices of a thread that nobody else can tell the time while it works',
    'src/analysis/analysis-pool.ts': 'threads that have nothing to do end after a while',
    'src/analysis/analysis-thread.ts': 'the deadline of a thread that may never answer',
    'src/store/brick-file.ts': 'a head that is being written is read again, 5 times in a second (spec 7.2)',
    'src/server/start.ts': 'the network edge: pings, the grace at the end, how fast wrong tokens come',
    'src/map/clock.ts': 'the browser edge: all timers and clocks of the map',
    'src/map/link/feed.ts':
      'the browser edge: waits, a little longer each time and by chance, before it connects again',
  },
  generated: ['src/kernel/wasm-bytes.ts'],
}

function pure(imports: readonly string[], packages: readonly string[] = []): FolderRule {
  return { environment: 'pure', imports, packages }
}

function node(imports: readonly string[], packages: readonly string[] = []): FolderRule {
  return { environment: 'node', imports, packages }
}
