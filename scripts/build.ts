/**
 * node scripts/build.ts map | all
 *
 * `map`: dist/map, the browser's side; does nothing where it is newer than everything that it is made of.
 * `all`: that, and dist/ as `npm pack` ships it. A checkout runs src/ directly and needs only `map`.
 */

import { join } from 'node:path'
import { buildMap } from './build/map.ts'
import { buildProgram } from './build/program.ts'

const root = join(import.meta.dirname, '..')
const what = process.argv[2]
if (what === 'map') {
  await buildMap(root, 'when-changed')
} else if (what === 'all') {
  const map = await buildMap(root, 'always')
  await buildProgram(root, map.packages)
} else {
  process.stderr.write('usage: node scripts/build.ts map | all\n')
  process.exitCode = 2
}
