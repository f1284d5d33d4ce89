/** A process of its own that changes a small tree, folds it and compacts its brick, again and again, until it is killed. */
import fs from 'node:fs'
import { join } from 'node:path'
import { patternOf } from '../fold/hostile-tree.ts'
import { fold } from '../fold/lab.ts'
import { compact } from './states.ts'

async function run(source: string, brick: string): Promise<void> {
  const parent = process.ppid
  for (let round = 1; process.ppid === parent; round++) {
    fs.writeFileSync(join(source, `${round % 7}`), patternOf(round, (round * 7919) % 200_000))
    const { generation } = await fold({ source, brick })
    fs.writeSync(1, `${generation}\n`)
    await compact(brick, round % 5 === 0 ? { retention: { last: 4, hourly: 0, daily: 0 } } : {})
  }
}

if (import.meta.main) await run(process.argv[2] as string, process.argv[3] as string)
