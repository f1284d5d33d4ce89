/** Fields of a schema that know in words what they have to be: the words end the sentence "expected ..". */
import { z } from 'zod'
import type { PathProblem } from './task-path.ts'

const expectations = z.registry<{ text: string }>()
const textMax = 10_000

export function expecting<S extends z.ZodType>(words: string, schema: S): S {
  expectations.add(schema, { text: words })
  return schema
}

export function checked(problemOf: (value: string) => PathProblem, words: string): z.ZodString {
  const schema = z.string().superRefine((value, context) => {
    const problem = problemOf(value)
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
  })
  return expecting(words, schema)
}

export function wholeNumber({ min, max }: { min: number; max: number }): z.ZodInt {
  const top = max === Number.MAX_SAFE_INTEGER ? 'on' : `to ${max}`
  return expecting(`a whole number from ${min} ${top}`, z.int().min(min).max(max))
}

export function text(): z.ZodString {
  return expecting(`a text of at most ${textMax} characters`, z.string().min(1).max(textMax))
}

export function yesOrNo(): z.ZodBoolean {
  return expecting('true or false', z.boolean())
}

/** In words; undefined where nobody said. */
export function expectationOf(schema: z.core.$ZodType): string | undefined {
  return expectations.get(innermost(schema))?.text
}

/** What is optional, or has a default. */
export function innermost(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) inner = inner.unwrap()
  return inner
}
