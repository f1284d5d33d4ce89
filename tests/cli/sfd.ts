/** Runs bin/sfd as a user does, in a bare environment, and places for its files that go away with their test. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

export const sfdPath = join(import.meta.dirname, '../../bin/sfd')
export const isRoot = process.getuid?.() === 0
/** Compiled code is kept between the calls of one test file: most of a call's time is its start. */
const cache = mkdtempSync(join(tmpdir(), 'sfd-cli-cache-'))
process.on('exit', () => rmSync(cache, { recursive: true, force: true }))

/** nobody. */
export const strangerId = 65_534

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Effective user and group; only root may choose. */
  readonly as?: number
}

export interface Run {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  readonly bytes: Buffer
}

export function bareEnv(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', XDG_CACHE_HOME: cache, ...more }
}

export function sfd(args: readonly string[], options: RunOptions = {}): Run {
  return finished(spawnSync(sfdPath, args, spawnOptions(options)))
}

/** Through a shell, for what no argument list of Node.js can say: bytes that are no text. `$SFD` is the program. */
export function shell(script: string, options: RunOptions = {}): Run {
  const env = bareEnv({ SFD: sfdPath, ...options.env })
  return finished(spawnSync('/bin/sh', ['-c', script], { ...spawnOptions(options), env }))
}

/** One entry in an answer: its path, or null and pathHex. */
export interface NamedPath {
  readonly path: string | null
  readonly pathHex?: string
}

/** All that the tests look at in any command's JSON; which fields there are depends on the command. */
export interface Answer extends NamedPath {
  readonly error?: { readonly code: string; readonly message: string }
  readonly ok: boolean
  readonly damaged: readonly Damaged[]
  readonly differs: readonly (NamedPath & { readonly what: string })[]
  /** A count of fold, the reason of an entry. */
  readonly unreadable: number | string
  readonly brick: string
  readonly uuid: string
  readonly contentRoot: string
  readonly treeHash: string
  readonly generation: number
  readonly bytes: number
  readonly entries: number
  readonly commits: number
  readonly files: number
  readonly seconds: number
  readonly source: string
  readonly time: string
  readonly reason: string
  readonly dirtyTiles: number
  readonly writtenBytes: number
  readonly width: number
  readonly height: number
  readonly level: number
  readonly size: number
  readonly contentId: string | null
  readonly flags: readonly string[]
  readonly slot: { readonly start: number; readonly length: number } | null
}

/** What extract lists under these names. */
export interface Problems {
  readonly skipped: readonly NamedPath[]
  readonly failed: readonly NamedPath[]
  readonly unreadable: readonly NamedPath[]
}

/** Of verify; those of extract have a path of their own. */
export interface Damaged extends NamedPath {
  readonly rule: string
  readonly detail: string
  readonly part: string
  readonly entries?: readonly NamedPath[]
}

/** The one JSON value on stdout. */
export function json(run: Run): Answer {
  return JSON.parse(run.stdout)
}

/** The JSON of an extraction. */
export function problems(run: Run): Problems {
  return JSON.parse(run.stdout)
}

/** One JSON value a line. */
export function jsonLines(run: Run): Answer[] {
  return run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** A folder that everybody may enter. */
export function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-cli-'))
  chmodSync(folder, 0o755)
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The same with an empty folder `source` in it. */
export function makePlace(t: TestContext): { folder: string; source: string; brick: string } {
  const folder = makeFolder(t)
  const source = join(folder, 'source')
  mkdirSync(source)
  return { folder, source, brick: join(folder, 'x.brick') }
}

function spawnOptions({ cwd, env, as }: RunOptions) {
  const ids = as === undefined ? {} : { uid: as, gid: as }
  return { ...(cwd !== undefined && { cwd }), env: bareEnv(env), maxBuffer: 2 ** 28, ...ids }
}

function finished({ status, stdout, stderr, error }: SpawnSyncReturns<Buffer>): Run {
  if (error !== undefined) throw error
  return { status, stdout: stdout.toString(), stderr: stderr.toString(), bytes: stdout }
}
