/** Where in a state folder exchanges with models are recorded. */
import { join } from 'node:path'

export function modelFolder(state: string): string {
  return join(state, 'model')
}
