/**
 * The schema of a task as JSON Schema, for editors. Stricter than the check in one thing: an unknown field is marked in
 * the editor, while `sfd` takes the task and says so in a warning.
 */
import { z } from 'zod'
import { foundryTaskSchema } from './foundry-task.ts'

export const schemaDrafts = ['draft-07', '2020-12'] as const
export type SchemaDraft = (typeof schemaDrafts)[number]

/** File name of the published schema. */
export function schemaFileName(draft: SchemaDraft): string {
  return `foundry-task.${draft}.schema.json`
}

/** The published text. */
export function schemaText(draft: SchemaDraft): string {
  const schema = z.toJSONSchema(foundryTaskSchema, {
    target: draft === 'draft-07' ? 'draft-07' : 'draft-2020-12',
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.type === 'object') jsonSchema.additionalProperties = false
    },
  })
  return `${JSON.stringify({ ...schema, allOf: [sourceOrPaths] }, undefined, 2)}\n`
}

/** What the object's own fields cannot say: these types have to know what to keep. */
const sourceOrPaths = {
  if: {
    properties: { type: { enum: ['convert_binary', 'convert_directory', 'watch_path', 'foundry-v2'] } },
    required: ['type'],
  },
  // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema.
  then: { anyOf: [{ required: ['source'] }, { required: ['paths'] }] },
}
