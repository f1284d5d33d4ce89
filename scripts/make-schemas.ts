/** Writes openspec/schemas/ anew from the task schema (src/task/foundry-task.ts). A test holds the files to it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { schemaDrafts, schemaFileName, schemaText } from '../src/task/json-schema.ts'

const folder = join(import.meta.dirname, '..', 'openspec', 'schemas')
mkdirSync(folder, { recursive: true })
for (const draft of schemaDrafts) writeFileSync(join(folder, schemaFileName(draft)), schemaText(draft))
