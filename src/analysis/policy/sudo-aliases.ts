/** `Cmnd_Alias` of one sudoers file: which commands a name stands for. */
import type { ConfigLine } from './config-lines.ts'

export interface AliasedCommand {
  readonly text: string
  /** The line that says so; undefined where the command stands in the grant itself. */
  readonly alias?: ConfigLine
}

export interface Aliases {
  /** The command itself, or all that the alias of that name stands for; nothing of an alias that this file has not. */
  commandsOf(command: string): readonly AliasedCommand[]
}

/** Commands that one grant names, through all its aliases. */
const commandsMax = 1_000

export function aliasesIn(lines: readonly ConfigLine[]): Aliases {
  const known = new Map<string, { readonly line: ConfigLine; readonly commands: readonly string[] }>()
  for (const line of lines) {
    const said = /^(?:Cmnd|Cmd)_Alias\s+(.*)$/.exec(line.text)?.[1]
    // Several stand on one line, between `:`.
    for (const one of said?.split(/:(?=\s*[A-Z][A-Z0-9_]*\s*=)/) ?? []) {
      const match = /^\s*([A-Z][A-Z0-9_]*)\s*\+?=\s*(.*)$/.exec(one)
      if (match === null) continue
      const [, name = '', commands = ''] = match
      known.set(name, { line, commands: commands.split(',').map((command) => command.trim()) })
    }
  }
  return {
    commandsOf(command) {
      if (!isAlias(command)) return [{ text: command }]
      const found: AliasedCommand[] = []
      const seen = new Set([command])
      for (const name of seen) {
        const alias = known.get(name)
        for (const text of alias?.commands ?? []) {
          if (isAlias(text)) seen.add(text)
          else if (alias !== undefined && !/^!|^$/.test(text) && found.length < commandsMax) {
            found.push({ text, alias: alias.line })
          }
        }
      }
      return found
    },
  }
}

function isAlias(command: string): boolean {
  return command !== 'ALL' && /^[A-Z][A-Z0-9_]*$/.test(command)
}
