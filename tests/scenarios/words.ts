/** Every word that a scenario may use, so that the guide can be held against it. */
import { z } from 'zod'
import { scenarioSchema } from './vocabulary.ts'

export function everyWord(): string[] {
  const words = new Set<string>()
  collect(z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any' }), words)
  return [...words].sort()
}

function collect(schema: unknown, words: Set<string>): void {
  if (typeof schema !== 'object' || schema === null) return
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') for (const word of Object.keys(value as object)) words.add(word)
    collect(value, words)
  }
}
