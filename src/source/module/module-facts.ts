/** A kernel module as regions: one for the whole of it with what it says of itself, and its parts. */
import { type JsonValue, type Region, regionLayers } from '../../base/region.ts'
import { elfRegions } from '../../binary/elf-regions.ts'
import { readSymbols } from '../../binary/elf-symbols.ts'
import { fileTypeWord, machineWord } from '../../binary/elf-words.ts'
import { bytesSource, type KernelModule, readKernelModule } from '../../binary/kernel-module.ts'
import { type ModuleField, moduleParameters } from '../../binary/modinfo.ts'
import type { ModuleSignature } from '../../binary/module-signature.ts'

export interface ModuleFacts {
  /** As the kernel calls it, with `_` for `-`; empty where the module does not say it. */
  readonly name: string
  /** First word of its vermagic: the kernel that it is for. */
  readonly release: string
  readonly isSigned: boolean
  readonly attributes: Attributes
  /**
   * Regions of sections, symbols and the like, none beginning at byte 0, as JSON: a fifth of the memory of objects, and
   * it crosses threads without being copied. Undefined: told already, and let go.
   */
  readonly parts: Uint8Array<ArrayBuffer> | undefined
}

export function unpackRegions(packed: Uint8Array): readonly Region[] {
  return JSON.parse(decoder.decode(packed)) as readonly Region[]
}

function packRegions(regions: readonly Region[]): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(regions))
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

type Attributes = { readonly [key: string]: JsonValue }

/** Undefined of what is no ELF file. */
export function moduleFacts(bytes: Uint8Array): ModuleFacts | undefined {
  const module = readKernelModule(bytes)
  if (module.kind === 'not elf') return undefined
  const firstOf = (key: string): string => module.fields.find((field) => field.key === key)?.value ?? ''
  return {
    name: firstOf('name').replaceAll('-', '_'),
    release: firstOf('vermagic').split(' ')[0] ?? '',
    isSigned: module.signature !== undefined,
    attributes: attributesOf(module),
    parts: packRegions(partsOf(module, bytes)),
  }
}

const symbolsMax = 64
const fieldsShownMax = 128
/** Of one key, such as `alias`: so many values, each of so many characters; all together of so many. */
const keysMax = 64
const valuesMax = 64
const valueCharactersMax = 1_024
const charactersMax = 16_384
const parametersMax = 128
const wordCharactersMax = 200
/** Of the attributes as JSON: a region may have 64 KiB. */
const attributesBytesMax = 56 * 1024
/** A module has at most some ten thousand: of a file that has more these are looked at. */
const symbolsReadMax = 262_144

/** Without what is longest where all of it does not fit. */
function attributesOf(module: KernelModule): Attributes {
  const all = allAttributesOf(module)
  if (encoder.encode(JSON.stringify(all)).length <= attributesBytesMax) return all
  const { parameters: _parameters, info: _info, depends: _depends, ...few } = all
  return { ...few, problems: ['what it says of itself is too long to be kept here'] }
}

function allAttributesOf(module: KernelModule): Attributes {
  const { elf, fields, signature, hardening } = module
  const parameters = moduleParameters(fields)
  return {
    machine: machineWord(elf.header.machine),
    type: fileTypeWord(elf.header.type),
    ...(elf.buildId !== undefined && { buildId: elf.buildId }),
    info: infoOf(fields),
    aliases: fields.filter(({ key }) => key === 'alias').length,
    depends: dependenciesOf(fields),
    parameters: parameters.slice(0, parametersMax).map(({ name, type, description }) => ({
      name: name.slice(0, wordCharactersMax),
      type: type.slice(0, wordCharactersMax),
      description: description.slice(0, wordCharactersMax),
    })),
    hardening,
    signature: signature === undefined ? null : signatureOf(signature),
    ...(elf.problems.length > 0 && {
      problems: elf.problems.slice(0, 16).map(({ part, detail }) => `${part}: ${detail}`),
    }),
  }
}

/** `depends=a,b`; empty where it needs no other. */
function dependenciesOf(fields: readonly ModuleField[]): readonly string[] {
  const names = fields.filter(({ key }) => key === 'depends').flatMap(({ value }) => value.split(','))
  return names
    .filter((name) => name !== '')
    .slice(0, valuesMax)
    .map((name) => name.slice(0, wordCharactersMax))
}

/** Values by key, in the order of the section; what there are thousands of comes last and may be cut off. */
function infoOf(fields: readonly ModuleField[]): Attributes {
  const values = new Map<string, string[]>()
  let left = charactersMax
  const isOfMany = ({ key }: ModuleField): number => (key === 'alias' ? 1 : 0)
  for (const { key, value } of [...fields].sort((a, b) => isOfMany(a) - isOfMany(b))) {
    if (key === 'parm' || key === 'parmtype' || key === '__proto__') continue
    const known = values.get(key) ?? []
    const shown = value.slice(0, valueCharactersMax)
    left -= key.length + shown.length
    if (left < 0 || (known.length === 0 && values.size >= keysMax)) break
    if (known.length < valuesMax) values.set(key, [...known, shown])
  }
  return Object.fromEntries([...values].map(([key, all]) => [key, all.length === 1 ? (all[0] as string) : all]))
}

function signatureOf({ offset: _offset, length: _length, ...signature }: ModuleSignature): Attributes {
  return signature
}

function partsOf({ elf, fields, signature }: KernelModule, bytes: Uint8Array): readonly Region[] {
  const { symbols } = readSymbols(bytesSource(bytes), elf, {
    table: 'linking',
    which: 'sized',
    countMax: symbolsReadMax,
  })
  const structure = elfRegions(elf, { sizeBytes: bytes.length, symbols, symbolsMax })
  return [...structure, ...signatureRegions(signature), ...fields.slice(0, fieldsShownMax).map(fieldRegion)].filter(
    ({ offset, length }) => offset > 0 && offset + length <= bytes.length && length > 0,
  )
}

function signatureRegions(signature: ModuleSignature | undefined): readonly Region[] {
  if (signature === undefined) return []
  const { offset, length, form } = signature
  const name = `${form} signature${signature.signer === undefined ? '' : `: ${signature.signer}`}`
  const attributes = signatureOf(signature)
  return [{ offset, length, layer: regionLayers.section, class: 'signature', name, attributes }]
}

function fieldRegion({ key, value, offset, length }: ModuleField): Region {
  const text = `${key}=${value}`
  const name = text.length <= 120 ? text : `${text.slice(0, 119)}…`
  return { offset, length, layer: regionLayers.record, class: 'modinfo', name }
}
