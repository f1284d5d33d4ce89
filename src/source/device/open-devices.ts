/** The devices of this machine, as somebody names them as a source. */
import { utf8 } from '../../base/bytes.ts'
import type { Source } from '../open.ts'

export const devicesSourceText = 'devices:'

/** The one source of its kind on a machine. */
export function openDevices(): Source {
  return { kind: 'devices', root: utf8('/sys'), path: new Uint8Array(0), name: utf8(devicesSourceText) }
}
