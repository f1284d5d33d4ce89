/** Leaves the note by which the command line finds the daemon: at once, or on a full disk when there is room. */
import type { DaemonNote, StateFolder } from './state-folder.ts'

export interface NoteParts {
  readonly state: StateFolder
  readonly note: DaemonNote
  readonly signal: AbortSignal
  readonly warn: (message: string) => void
}

const tryEveryMs = 1_000

/** Errors: those of the operating system other than ENOSPC. */
export function leaveNote({ state, note, signal, warn }: NoteParts): void {
  if (isWritten(state, note)) return
  warn(`${state.path} has no room for daemon.json: until there is, \`sfd status\` does not find this daemon.`)
  const timer = setInterval(() => {
    if (isWritten(state, note)) clearInterval(timer)
  }, tryEveryMs)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}

function isWritten(state: StateFolder, note: DaemonNote): boolean {
  try {
    state.writeNote(note)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    return false
  }
}
