/**
 * Programs that keep a tree and give it back: ours, and those of others that are installed.
 *
 * A store counts when it is durable. brick, borg and restic sync what they write by themselves; tar does not, so its
 * archive is synced within the time. Making an empty repository is not counted. Giving back is counted without a sync:
 * nobody of the four makes one. No caches are kept between runs.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from './measure.ts'

export interface Place {
  readonly tree: string
  /** A new folder, for the store and everything beside it. */
  readonly store: string
  /** An empty folder, to give the tree back to. */
  readonly back: string
}

export interface Peer {
  readonly name: string
  /** undefined: not installed, or it does not start. */
  readonly version: string | undefined
  /** Before the time counts. */
  readonly prepare: (place: Place) => Command | undefined
  readonly store: (place: Place) => Command
  readonly restore: (place: Place) => Command
  /** What the store consists of. */
  readonly stored: (place: Place) => string
}

export const ourName = 'sfd'

/** Ours first. `sfd`: path of the program. */
export function findPeers(sfd: string): Peer[] {
  return [brick(sfd), tar(), borg(), restic()]
}

function brick(sfd: string): Peer {
  const file = ({ store }: Place): string => join(store, 'tree.brick')
  return {
    name: ourName,
    version: versionOf(sfd, '--version'),
    prepare: () => undefined,
    // 3: done, and some of it could not be read.
    store: (place) => ({ program: sfd, args: ['fold', place.tree, '-o', file(place), '--json'], accepted: [0, 3] }),
    restore: (place) => ({
      program: sfd,
      args: ['extract', file(place), '-o', place.back, '--json'],
      accepted: [0, 3],
    }),
    stored: file,
  }
}

function tar(): Peer {
  const file = ({ store }: Place): string => join(store, 'tree.tar.zst')
  const script = 'tar -I "zstd -1 -T0" -cf "$1" -C "$2" . && sync "$1"'
  return {
    name: 'tar | zstd -1 -T0',
    version: both(versionOf('tar', '--version'), versionOf('zstd', '--version')),
    prepare: () => undefined,
    store: (place) => ({ program: 'sh', args: ['-c', script, 'sh', file(place), place.tree] }),
    restore: (place) => ({ program: 'tar', args: ['-I', 'zstd -T0', '-xf', file(place), '-C', place.back] }),
    stored: file,
  }
}

function borg(): Peer {
  const repository = ({ store }: Place): string => join(store, 'repository')
  const env = (place: Place) => ({
    BORG_BASE_DIR: join(place.store, 'borg'),
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
    BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
  })
  const command = (place: Place, { args, cwd }: { args: readonly string[]; cwd: string }): Command => {
    // 1: a warning, such as a file that could not be read.
    return { program: 'borg', args, cwd, env: env(place), accepted: [0, 1] }
  }
  return {
    name: 'borg, lz4',
    version: versionOf('borg', '--version'),
    prepare: (place) => {
      return command(place, { args: ['init', '--encryption', 'none', repository(place)], cwd: place.store })
    },
    store: (place) => {
      return command(place, { args: ['create', '-C', 'lz4', `${repository(place)}::tree`, '.'], cwd: place.tree })
    },
    restore: (place) => command(place, { args: ['extract', `${repository(place)}::tree`], cwd: place.back }),
    stored: repository,
  }
}

function restic(): Peer {
  const repository = ({ store }: Place): string => join(store, 'repository')
  const command = (place: Place, { args, cwd }: { args: readonly string[]; cwd: string }): Command => {
    const common = ['--no-cache', '--quiet', '--repo', repository(place)]
    // 3: some files could not be read.
    return { program: 'restic', args: [...common, ...args], cwd, env: { RESTIC_PASSWORD: 'bench' }, accepted: [0, 3] }
  }
  return {
    name: 'restic',
    version: versionOf('restic', 'version'),
    prepare: (place) => command(place, { args: ['init'], cwd: place.store }),
    store: (place) => command(place, { args: ['backup', '.'], cwd: place.tree }),
    restore: (place) => command(place, { args: ['restore', 'latest', '--target', place.back], cwd: place.back }),
    stored: repository,
  }
}

/** The first line, which also has the program read from disk once before anything is timed. */
function versionOf(program: string, option: string): string | undefined {
  const { status, stdout } = spawnSync(program, [option], { encoding: 'utf8' })
  if (status !== 0) return undefined
  return (stdout.split('\n')[0] ?? '').replaceAll('*', '').trim()
}

function both(a: string | undefined, b: string | undefined): string | undefined {
  return a === undefined || b === undefined ? undefined : `${a}, ${b}`
}

/** Makes the folders of one run beneath `folder`. */
export function makePlace({ tree, folder }: { tree: string; folder: string }): Place {
  const place = { tree, store: join(folder, 'store'), back: join(folder, 'back') }
  for (const made of [place.store, place.back]) mkdirSync(made, { recursive: true })
  return place
}
