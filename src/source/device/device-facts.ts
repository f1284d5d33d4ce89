/**
 * What a driver engineer looks up of a device, as the lines of its entry: one fact a line, always in the same order, facts
 * that the kernel does not tell left out. Pure.
 */

export interface DeviceFacts {
  readonly name: string
  /** Of a class device its class, of a bus device its bus. */
  readonly subsystem?: string
  readonly driver?: string
  /** Kernel module of the driver; none of a driver that is built in. */
  readonly module?: string
  /** `operstate up`, `online 1`: what the kernel calls it, and what it is. */
  readonly states: readonly (readonly [name: string, value: string])[]
  /** Major and minor of its node. */
  readonly number?: string
  /** Below /dev. */
  readonly node?: string
  /** Name of the device that it belongs to. */
  readonly parent?: string
  readonly modalias?: string
  /** Of a node: who may open it. */
  readonly access?: string
}

const nameWidth = 14

/** UTF-8 is not assumed: one character a byte, control characters as `?`. */
export function factLines(facts: DeviceFacts): string {
  const { name, subsystem, driver, module, states, number, node, parent, modalias, access } = facts
  const rows: [string, string | undefined][] = [
    ['name', name],
    ['subsystem', subsystem],
    ['driver', driver],
    ['module', module],
    ...states.map(([what, value]): [string, string] => [what, value]),
    ['dev', number],
    ['node', node === undefined ? undefined : `/dev/${node}`],
    ['access', access],
    ['parent', parent],
    ['modalias', modalias],
  ]
  return rows
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([what, value]) => `${what.padEnd(nameWidth)} ${clean(value ?? '')}\n`)
    .join('')
}

/** KEY=value lines of a uevent file. */
export function parseUevent(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0) values.set(line.slice(0, at), line.slice(at + 1))
  }
  return values
}

function clean(value: string): string {
  return [...value].map((letter) => (letter < ' ' || letter === '\x7f' ? '?' : letter)).join('')
}
