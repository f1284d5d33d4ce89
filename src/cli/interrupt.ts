/** Ctrl-C and SIGTERM: the first asks everything under way to stop and clean up, the second ends the program at once. */
import { FoundryError } from '../base/errors.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const exitCodeOfInterrupt = 130

/** Aborted, with CANCELLED as its reason, by the first such signal to this process. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of signals) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCodeOfInterrupt)
      controller.abort(new FoundryError('CANCELLED', `Stopped by ${name}; what was not finished is gone.`))
    })
  }
  return controller.signal
}
