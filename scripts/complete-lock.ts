/** npm run lock: adds to package-lock.json the packages of other platforms that `npm install` left out. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { missingFromLock } from '../tests/tidy/lock.ts'

const file = join(import.meta.dirname, '../package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))
const missing = missingFromLock(lock)
const packages = Object.entries({ ...lock.packages, ...Object.fromEntries(missing) })
packages.sort(([a], [b]) => a.localeCompare(b, 'en'))
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`)
process.stdout.write(`${missing.size} packages added\n`)
