/** The command line of the bench. */
import { existsSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { watchParts } from './watch/main.ts'

const usage = `npm run bench -- [--quick] [--json] [--only PART]... [--tree DIR]... [--repetitions N] [--tmp DIR] [--sfd PATH]

  --quick          small generated trees, once each: shows that the bench works, not how fast anything is
  --json           one JSON object instead of tables
  --only PART      kernel, trees, bytes, diff, latency, modules, analysis, memory or watch; may be repeated; watch-busy,
                   watch-missed, watch-folders, watch-restart or watch-idle: a part of watch alone
  --tree DIR       tree to store and give back, instead of /usr/lib/x86_64-linux-gnu and /usr/share; may be repeated
  --repetitions N  runs of every program on every tree (3)
  --tmp DIR        where to write; on the disk that is to be measured (${tmpdir()})
  --sfd PATH       another build of ours
`
const parts: readonly string[] = [
  'kernel',
  'trees',
  'bytes',
  'diff',
  'latency',
  'modules',
  'analysis',
  'memory',
  'watch',
]
const watchPartNames = Object.keys(watchParts).map((part) => `watch-${part}`)

/** Ends the process after --help (0) and where the command line is wrong (2). */
export function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [...parts] },
        tree: { type: 'string', multiple: true, default: [] },
        repetitions: { type: 'string' },
        tmp: { type: 'string', default: tmpdir() },
        sfd: { type: 'string', default: join(import.meta.dirname, '../bin/sfd') },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) {
      process.stdout.write(usage)
      process.exit(0)
    }
    const unknown = values.only.find((part) => !parts.includes(part) && !watchPartNames.includes(part))
    if (unknown !== undefined) throw new Error(`There is no part ${unknown}.`)
    if (!existsSync(values.sfd)) throw new Error(`There is no ${values.sfd}.`)
    const size = values.quick ? 'quick' : 'full'
    const repetitions = Number(values.repetitions ?? (values.quick ? 1 : 3))
    if (!Number.isInteger(repetitions) || repetitions < 1) throw new Error('--repetitions is a number from 1.')
    const trees = values.tree.map((tree) => resolve(tree))
    const { json } = values
    return {
      json,
      size,
      repetitions,
      trees,
      only: new Set(values.only),
      tmp: realpathSync(values.tmp),
      sfd: resolve(values.sfd),
    } as const
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}
