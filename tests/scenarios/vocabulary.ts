/**
 * The words that a scenario may use, as a schema: everything else is refused. docs/scenarios.md explains them.
 *
 * Only shapes are checked here; that paths and names mean something is seen when the scenario runs.
 */
import { z } from 'zod'

/** Text, or an object for everything that text cannot say. */
const fileSpec = z.preprocess(
  (value) => (typeof value === 'string' ? { content: value } : value),
  z.strictObject({
    content: z.string().optional(),
    /** Bytes that look random and are the same in every run; `seed` makes others. */
    size: z.int().min(0).optional(),
    seed: z.int().optional(),
    /** [from, to): left unwritten. */
    hole: z.tuple([z.int().min(0), z.int().min(0)]).optional(),
    mode: z
      .string()
      .regex(/^[0-7]{3,4}$/)
      .optional(),
    link: z.string().optional(),
    folder: z.literal(true).optional(),
    /** Written as YAML or JSON, as the name says. */
    task: z.record(z.string(), z.unknown()).optional(),
  }),
)
const files = z.record(z.string(), fileSpec)

const conditionStatus = z.union([
  z.enum(['True', 'False', 'Unknown']),
  z.boolean().transform((is) => (is ? 'True' : 'False')),
])
const condition = z.strictObject({
  type: z.enum(['Ready', 'Degraded', 'Invalid', 'Conflict']),
  status: conditionStatus,
  reason: z.string().optional(),
  /** A part of it. */
  message: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
})
const taskStatus = z.strictObject({
  task: z.string().nullable().optional(),
  /** The end of its path. */
  file: z.string().optional(),
  type: z.string().nullable().optional(),
  source: z.string().nullable().optional(),
  brick: z.string().nullable().optional(),
  generation: z.int().optional(),
  observedGeneration: z.int().optional(),
  conditions: z.array(condition).optional(),
})

const brickExpectation = z.strictObject({
  /** The folder or file that it equals, to the bit. */
  equals: z.string().optional(),
  /** Exactly these files, folders not named. */
  files: z.array(z.string()).optional(),
  /** Entries that are so: text is the content, an object what `sfd ls --json` says. */
  has: z.record(z.string(), z.unknown()).optional(),
  lacks: z.array(z.string()).optional(),
  /** Each list: entries that lie side by side in the brick's space. */
  neighbours: z.array(z.array(z.string()).min(2)).optional(),
  /** Whatever had a place at that mark and the same size since has it still. */
  unmoved_since: z.string().optional(),
  state: z.string().optional(),
  /** A part of it. */
  message: z.string().optional(),
  generation: z.unknown().optional(),
  missing: z.literal(true).optional(),
})
const feedExpectation = z.strictObject({
  /** Messages that are there in this order, others between them. */
  in_order: z.array(z.record(z.string(), z.unknown())).optional(),
  none: z.array(z.record(z.string(), z.unknown())).optional(),
  /** Each number is one higher than the one before. */
  unbroken: z.literal(true).optional(),
  /** Only what came after that mark. */
  since: z.string().optional(),
})
const callExpectation = z.strictObject({
  argv: z.unknown().optional(),
  stdin: z.unknown().optional(),
  env: z.unknown().optional(),
  cwd: z.unknown().optional(),
})
const hookExpectation = z.strictObject({
  at_least: z.int().min(0).optional(),
  exactly: z.int().min(0).optional(),
  /** Calls that are there in this order, others between them. */
  calls: z.array(callExpectation).optional(),
  /** Every call has the key of the first. */
  same_key: z.literal(true).optional(),
})
const fileExpectation = z.preprocess(
  (value) => (typeof value === 'string' ? { content: value } : value),
  z.strictObject({
    content: z.string().optional(),
    contains: z.string().optional(),
    size: z.int().optional(),
    mode: z.string().optional(),
    missing: z.literal(true).optional(),
  }),
)

export const expectationSchema = z.strictObject({
  bricks: z.record(z.string(), brickExpectation).optional(),
  status: z.array(taskStatus).optional(),
  /** How many statuses there are, whatever they are. */
  tasks: z.int().min(0).optional(),
  feed: feedExpectation.optional(),
  hooks: hookExpectation.optional(),
  files: z.record(z.string(), fileExpectation).optional(),
  /** Parts of what the daemon said on stderr. */
  said: z.array(z.string()).optional(),
  daemon: z.enum(['running', 'gone']).optional(),
})

const output = z.strictObject({
  /** Parts of it, in any order. */
  contains: z.array(z.string()).optional(),
  lacks: z.array(z.string()).optional(),
  is: z.string().optional(),
  /** The one JSON value that it is. */
  json: z.unknown().optional(),
  /** JSON values, one a line, that are there in this order, others between them. */
  lines: z.array(z.unknown()).optional(),
})

const paths = z.union([z.string().transform((path) => [path]), z.array(z.string()).min(1)])
const pairs = z.record(z.string(), z.string())

/** What each action is given. */
const actions = {
  write: files,
  append: pairs,
  truncate: z.record(z.string(), z.int().min(0)),
  rename: pairs,
  remove: paths,
  mkdir: paths,
  touch: paths,
  chmod: pairs,
  symlink: pairs,
  hardlink: pairs,
  run: z.array(z.string()).min(1),
  sync: z.literal(true),
  kill: z.enum(['SIGKILL', 'SIGTERM', 'SIGSTOP', 'SIGCONT']),
  start: z.union([z.literal(true), z.array(z.string())]),
  wait: expectationSchema,
  mark: z.string(),
  /** What follows under `steps`, that often; `${n}` counts from 1. */
  repeat: z.int().min(1),
}
type ActionName = keyof typeof actions
const actionNames = Object.keys(actions) as ActionName[]
/** What goes with one action alone. */
const companions = { exit: 'run', stdout: 'run', stderr: 'run', within: 'wait', steps: 'repeat' } as const

const optional = Object.fromEntries(actionNames.map((name) => [name, actions[name].optional()])) as {
  [K in ActionName]: z.ZodOptional<(typeof actions)[K]>
}
const { repeat, ...plainActions } = optional
const plainFields = {
  ...plainActions,
  exit: z.int().optional(),
  stdout: output.optional(),
  stderr: output.optional(),
  /** Seconds. */
  within: z.number().positive().optional(),
}
const plainStep = z.preprocess(asObject, z.strictObject(plainFields).superRefine(oneAction))
const stepSchema = z.preprocess(
  asObject,
  z.strictObject({ ...plainFields, repeat, steps: z.array(plainStep).optional() }).superRefine(oneAction),
)

/** `sync` says the same as `sync: true`. */
function asObject(value: unknown): unknown {
  return typeof value === 'string' ? { [value]: true } : value
}

function oneAction(step: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const named = actionNames.filter((name) => step[name] !== undefined)
  if (named.length !== 1) {
    const which = named.length === 0 ? 'none' : named.join(' and ')
    context.addIssue({ code: 'custom', message: `a step has one action, not ${which}` })
  }
  for (const [name, action] of Object.entries(companions)) {
    if (step[name] === undefined || named.includes(action)) continue
    context.addIssue({ code: 'custom', path: [name], message: `${name} goes with ${action} only` })
  }
}

export const scenarioSchema = z.strictObject({
  name: z.string().min(10),
  /** Where the promise is made: FILE.md#heading. */
  guide: z.string().regex(/^[\w./-]+\.md#[\w-]+$/),
  /** Sentences that stand there word for word. */
  promises: z.array(z.string()).default([]),
  /** Runs with SFD_TEST_LONG alone. */
  long: z.literal(true).optional(),
  /** Runs as somebody without rights, too, where the tests are root's. */
  user: z.literal('nobody').optional(),
  given: z
    .strictObject({
      tree: files.default({}),
      tasks: files.default({}),
      files: files.default({}),
      /** Arguments of `sfd up`; by default it follows the tasks. `no`: the daemon is not started. */
      up: z.union([z.array(z.string()), z.literal('no')]).optional(),
    })
    .prefault({}),
  steps: z.array(stepSchema).default([]),
  // biome-ignore lint/suspicious/noThenProperty: the word of the scenarios; nothing awaits one.
  then: expectationSchema.optional(),
})

export type Scenario = z.output<typeof scenarioSchema>
export type Step = z.output<typeof stepSchema>
export type Expectation = z.output<typeof expectationSchema>
export type FileSpec = z.output<typeof fileSpec>
export type BrickExpectation = z.output<typeof brickExpectation>
export type FeedExpectation = z.output<typeof feedExpectation>
export type HookExpectation = z.output<typeof hookExpectation>
export type FileExpectation = z.output<typeof fileExpectation>
export type TaskExpectation = z.output<typeof taskStatus>
export type OutputExpectation = z.output<typeof output>
