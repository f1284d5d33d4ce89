/** What a kernel module says of itself: the key=value texts of its .modinfo section, as modinfo(8) shows them. */

export interface ModuleField {
  readonly key: string
  readonly value: string
  /** Of the whole text, from the section's first byte; without the zero byte that ends it. */
  readonly offset: number
  readonly length: number
}

export interface ModuleParameter {
  readonly name: string
  readonly type: string
  readonly description: string
}

/** In the section's order. Texts without `=` are left out; so is what lies beyond `fieldsMax`. */
export function readModuleFields(section: Uint8Array): readonly ModuleField[] {
  const fields: ModuleField[] = []
  let start = 0
  for (let at = 0; at <= section.length && fields.length < fieldsMax; at++) {
    if (at < section.length && section[at] !== 0) continue
    const equals = section.subarray(start, at).indexOf(equalsByte)
    if (equals > 0) {
      fields.push({
        key: text(section.subarray(start, start + equals)),
        value: text(section.subarray(start + equals + 1, at)),
        offset: start,
        length: at - start,
      })
    }
    start = at + 1
  }
  return fields
}

/** `parm=name:description` and `parmtype=name:type` joined, in the order in which the names come. */
export function moduleParameters(fields: readonly ModuleField[]): readonly ModuleParameter[] {
  const types = new Map<string, string>()
  const descriptions = new Map<string, string>()
  for (const { key, value } of fields) {
    const into = key === 'parm' ? descriptions : key === 'parmtype' ? types : undefined
    const colon = value.indexOf(':')
    if (colon > 0) into?.set(value.slice(0, colon), value.slice(colon + 1))
  }
  const names = new Set([...types.keys(), ...descriptions.keys()])
  return [...names].map((name) => ({ name, type: types.get(name) ?? '', description: descriptions.get(name) ?? '' }))
}

/** A device driver for much hardware has thousands of aliases. */
const fieldsMax = 65_536
const equalsByte = 0x3d
const utf8 = new TextDecoder('utf-8')

function text(bytes: Uint8Array): string {
  return utf8.decode(bytes)
}
