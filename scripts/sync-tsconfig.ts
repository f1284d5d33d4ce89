/** npm run tsconfig: writes every tsconfig.json anew from the import table (tests/tidy/table.ts). */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { table } from '../tests/tidy/table.ts'
import { foldersWithCode, tsconfigTexts } from '../tests/tidy/tsconfigs.ts'

const root = join(import.meta.dirname, '..')
for (const [path, text] of tsconfigTexts(table, foldersWithCode(root, table))) {
  const file = join(root, path)
  if (textOf(file) === text) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  process.stdout.write(`wrote ${path}\n`)
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
