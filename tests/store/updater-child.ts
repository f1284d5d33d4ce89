/** A process of its own that changes a small tree and folds it, again and again, until it is killed or its parent ends. */
import fs from 'node:fs'
import { join } from 'node:path'
import { patternOf } from '../fold/hostile-tree.ts'
import { fold } from '../fold/lab.ts'

async function run(source: string, brick: string): Promise<void> {
  const parent = process.ppid
  for (let round = 1; process.ppid === parent; round++) {
    fs.writeFileSync(join(source, `${round % 7}`), patternOf(round, (round * 7919) % 200_000))
    fs.rmSync(join(source, `${(round + 3) % 7}`), { force: true })
    const { generation } = await fold({ source, brick })
    // Told only now: from here on nobody may find an older state.
    fs.writeSync(1, `${generation}\n`)
  }
}

if (import.meta.main) await run(process.argv[2] as string, process.argv[3] as string)
