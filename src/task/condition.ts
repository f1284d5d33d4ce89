/** What is said of a task and of a place in its file. Plain records; the same shapes travel to clients. */

/**
 * `Ready`: its bricks are kept as the task says. `Degraded`: kept, but not in every way as it says. `Invalid`: its file
 * is none or cannot be read. `Conflict`: something else has its id, its source or its brick already.
 */
export type ConditionType = 'Ready' | 'Degraded' | 'Invalid' | 'Conflict'

export interface Condition {
  readonly type: ConditionType
  readonly status: 'True' | 'False' | 'Unknown'
  /** One CamelCase word for programs. */
  readonly reason: string
  /** For people: what, which, what to do. */
  readonly message: string
  /** Where in the task's file, from 1; column counts UTF-16 units. */
  readonly line?: number
  readonly column?: number
}

/** From 1; column counts UTF-16 units, as editors do. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** Why a file is no task. */
export interface TaskError extends Place {
  readonly message: string
  /** What would be right there. */
  readonly expected: string
}

export type WarningReason = 'UnknownField' | 'NoEffect'

/** What is not as its writer may think, though it is a task. */
export interface TaskWarning extends Place {
  readonly reason: WarningReason
  readonly message: string
}
