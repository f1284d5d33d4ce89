/** `sfd ls BRICK [PATH]`: what a brick holds, entry by entry. */
import type { Mapping } from '../base/entry.ts'
import { hexText, mappingStart } from '../base/mapping-text.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { Forgotten } from '../read/forgotten.ts'
import { entriesUnder, entryPath } from '../read/select.ts'
import { argumentBytes } from './arguments.ts'
import { type AtOptions, atOption, type BrickAt, type Call, runs, type Shell, withBrickAt } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { counted, hexOrNull, iec, modeText, pathFields, rfc3339, shortHash, shortTime, shownPath } from './text.ts'

const example = `
With PATH: that entry and everything beneath it. Flags: torn, racy, unreadable, special, sparse,
forgotten (sfd forget took bytes of it out of that commit). Of a process entries are mappings: their path is their
address, PATH may also be a name such as '[heap]'.

Examples:
  sfd ls etc.brick ssh
  sfd ls etc.brick ssh --at yesterday`

export function addLs(shell: Shell): void {
  const command = shell.program
    .command('ls')
    .description('list the entries of a brick')
    .argument('<brick>', 'path or name of a brick')
    .argument('[path]', 'entry to begin at')
    .option(...atOption)
    .addHelpText('after', example)
  runs<AtOptions>(shell, command, (call, { args, options }) => {
    return ls(call, { brick: args[0] as string, at: options.at }, args[1])
  })
}

async function ls(call: Call, brick: BrickAt, path: string | undefined): Promise<ExitCode> {
  let forgottenCount = 0
  await withBrickAt(call, brick, async (view) => {
    const forgotten = new Forgotten(view)
    const from = path === undefined ? new Uint8Array(0) : entryPath(view, argumentBytes(path))
    for (const entry of entriesUnder(view, from)) {
      const flags = [...flagsOf(entry), ...(forgotten.hasBytesOf(entry) ? ['forgotten'] : [])]
      if (flags.includes('forgotten')) forgottenCount++
      if (call.json) await call.output.json(entryJson(entry, flags))
      else await call.output.text(`${entryLine(entry, flags)}\n`)
    }
  })
  if (forgottenCount === 0) return exitCode.ok
  call.warn(`of ${counted(forgottenCount, { one: 'file', many: 'files' })} bytes were forgotten in this commit`)
  return exitCode.doubtful
}

/** One entry as the command line's JSON shows it. */
export function entryJson(entry: EntryRecord, flags: readonly string[] = flagsOf(entry)): Record<string, unknown> {
  const { kind, size, contentId, sha256, slot, target, linkTo, unreadable } = entry
  const shownTarget = target && pathFields(target)
  const shownLink = linkTo && pathFields(linkTo)
  return {
    ...pathFields(entry.path),
    kind,
    size,
    contentId: hexOrNull(contentId),
    ...(sha256 !== undefined && { sha256: hexOrNull(sha256) }),
    slot: slot === undefined ? null : { start: slot.start, length: slot.length },
    flags,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    mtime: rfc3339(entry.mtime),
    ...(shownTarget && { target: shownTarget.path, ...(shownTarget.pathHex && { targetHex: shownTarget.pathHex }) }),
    ...(shownLink && { hardLink: shownLink.path, ...(shownLink.pathHex && { hardLinkHex: shownLink.pathHex }) }),
    ...(unreadable !== undefined && { unreadable }),
    ...(entry.mapping && { mapping: mappingJson(entry.mapping) }),
  }
}

/** Numbers of 64 bits as text: they do not fit a JSON reader's numbers. */
export function mappingJson({
  address,
  lead,
  unread = 0,
  permissions,
  fileOffset,
  dev,
  ino,
  name,
}: Mapping): Record<string, unknown> {
  const shown = pathFields(name)
  return {
    address: hexText(address),
    lead,
    unread,
    permissions,
    name: shown.path,
    ...(shown.pathHex !== undefined && { nameHex: shown.pathHex }),
    fileOffset: hexText(fileOffset),
    dev: String(dev),
    ino: String(ino),
  }
}

const sizeWidth = 9

function entryLine(entry: EntryRecord, flags: readonly string[]): string {
  const { kind, size, contentId, target, linkTo } = entry
  const shownSize = (kind === 'file' ? iec(size) : '-').padStart(sizeWidth)
  const arrow =
    target !== undefined ? ` -> ${shownPath(target)}` : linkTo !== undefined ? ` = ${shownPath(linkTo)}` : ''
  const memory = entry.mapping === undefined ? '' : `  ${mappingText(entry.mapping)}`
  const shownFlags = flags.length > 0 ? `  [${flags.join(' ')}]` : ''
  const hash = kind === 'file' ? shortHash(contentId) : ' '.repeat(12)
  return `${modeText(entry)}  ${shownSize}  ${shortTime(entry.mtime)}  ${hash}  ${shownPath(entry.path)}${arrow}${memory}${shownFlags}`
}

/** Whole names, where outlines have the last part: the path of the entry says no more than the address. */
function mappingText(mapping: Mapping): string {
  const { permissions, name, lead, unread } = mapping
  const room = lead === 0 ? '' : ` (from ${hexText(mappingStart(mapping))})`
  const aside = unread === undefined ? '' : ` (${iec(unread)} never read)`
  return `${permissions} ${name.length === 0 ? 'anonymous' : shownPath(name)}${room}${aside}`
}

function flagsOf(entry: EntryRecord): string[] {
  const { flags, unreadable, unreadableRanges, extents } = entry
  return [
    ...(flags.torn ? ['torn'] : []),
    ...(flags.racy ? ['racy'] : []),
    ...(unreadable !== undefined || unreadableRanges !== undefined ? ['unreadable'] : []),
    ...(flags.special ? ['special'] : []),
    ...(extents !== undefined ? ['sparse'] : []),
  ]
}
