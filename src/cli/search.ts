/** `sfd search QUERY [BRICK...]`: names of files, symbols and labels, and bytes: text, hex, regular expressions. */
import { InvalidArgumentError } from 'commander'
import { type AtOptions, atOption, runs, type Shell } from './command.ts'

const hitsMax = 1_000_000

const example = `
Without a form, names (paths, symbols, labels, findings) come first, then the text in all bytes. A text is looked for in
UTF-8 and UTF-16; hex bytes are pairs of digits, ? for any half; regular expressions are those of JavaScript over
bytes, ^ and $ at lines. Matches lie in one file each, and may cross tiles. Exit code 1: nothing was found.

Examples:
  sfd search PermitRootLogin etc
  sfd search --path libssl
  sfd search --symbol pthread_create
  sfd search --hex '7f 45 4c 46 02 ?? ?? ?? 09' usr-bin
  sfd search --regex 'AKIA[0-9A-Z]{16}' --at yesterday
  sfd search -i password etc --limit 20`

export interface SearchOptions extends AtOptions {
  readonly text?: boolean
  readonly hex?: boolean
  readonly regex?: boolean
  readonly path?: boolean
  readonly symbol?: boolean
  readonly ignoreCase?: boolean
  readonly count?: boolean
  readonly limit: number
}

export function addSearch(shell: Shell): void {
  const command = shell.program
    .command('search')
    .description('find names and bytes: text, hex patterns, regular expressions')
    .argument('<query>', 'what to look for')
    .argument('[bricks...]', 'paths or names of bricks (default: all of the state)')
    .option('--text', 'only bytes, as text')
    .option('--hex', 'only bytes, as hex digits')
    .option('--regex', 'only bytes, as a regular expression')
    .option('--path', 'only paths')
    .option('--symbol', 'only symbols of binaries')
    .option('-i, --ignore-case', 'letters of ASCII in both cases (names: always)')
    .option('-c, --count', 'count all matches, beyond those listed')
    .option('--limit <n>', 'list so many (default 100)', parseLimit, 100)
    .option(...atOption)
    .addHelpText('after', example)
  runs<SearchOptions>(shell, command, async (call, { args, options }) => {
    const { search } = await import('./search-run.ts')
    const [query, ...bricks] = args
    return search(call, { query: query as string, bricks }, options)
  })
}

function parseLimit(text: string): number {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= hitsMax) return value
  throw new InvalidArgumentError(`it is from 1 to ${hitsMax}.`)
}
