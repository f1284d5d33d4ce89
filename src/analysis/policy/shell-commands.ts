/**
 * Which programs a shell command starts, and whether it runs what it downloads: enough of the shell's language for the
 * lines that stand in crontabs, units and start files. Quotes and expansions are not followed.
 */

/** Absolute paths of programs and scripts, in their order; names that PATH resolves are left out. */
export function programsOf(command: string): readonly string[] {
  const found: string[] = []
  let folder = ''
  // A value in quotes is no command, whatever it holds.
  const text = command.slice(0, commandCharactersMax).replaceAll(/(\b[A-Za-z_]\w*=)(?:"[^"]*"|'[^']*')/g, '$1')
  for (const part of text.split(/\|\||&&|[;|&\n]/)) {
    const words = part.replaceAll(/["']/g, '').replaceAll(/[`()]/g, ' ').trim().split(/\s+/)
    if (words[0] === 'cd') folder = words[1] ?? ''
    const program = programIn(words)
    if (program === undefined) continue
    const path = /^\.\.?\//.test(program) ? `${folder}/${program.replace(/^\.\//, '')}` : program
    if (path.startsWith('/')) found.push(path)
  }
  return found
}

const commandCharactersMax = 4_096

/** Past variables, wrappers with their options, and an interpreter in front of its script. */
function programIn(words: readonly string[]): string | undefined {
  let at = 0
  const skipOptions = (): void => {
    while (/^(?:-.*|\d[\d.]*[smhd]?)$/.test(words[at] ?? '')) at++
  }
  for (; at < words.length; ) {
    const word = words[at] as string
    const name = word.slice(word.lastIndexOf('/') + 1)
    if (/^[A-Za-z_]\w*=|^[!{]$|^(?:if|then|else|do|while|until)$/.test(word)) at++
    else if (wrappers.test(name)) {
      at++
      skipOptions()
      if (name === 'flock') at++
    } else if (interpreters.test(name)) {
      at++
      skipOptions()
      if (at >= words.length) return word
    } else return word
  }
  return undefined
}

const wrappers = /^(?:nice|ionice|nohup|exec|env|time|timeout|sudo|flock|chronic|setsid|stdbuf|command|systemd-cat)$/
const interpreters = /^(?:(?:ba|da|z|k|a)?sh|python[\d.]*|perl|ruby|php[\d.]*|node|\.|source)$/

const fetched = String.raw`\b(?:curl|wget|fetch|lynx|aria2c|base64\s+(?:-d|-D|--decode)|xxd\s+-r)\b`
const shell = String.raw`(?:/\S*/)?(?:(?:ba|da|z|k|a)?sh(?=\s|$|[;&|)"'])|(?:python[\d.]*|perl|ruby|php)(?=\s*(?:-\s*)?(?:$|[;&|>)"']|\d>)))`
const between = String.raw`(?:(?:sudo|env|nohup|exec|nice|timeout|tee)\s+(?:\S+=\S*\s+|-\S+\s+|\d+\s+)*)*`
const piped = new RegExp(String.raw`${fetched}[^;\n]{0,400}?(?<!\|)\|(?!\|)\s*${between}${shell}`)
const inside =
  /\b(?:(?:ba|da|z|k|a)?sh\s+(?:-\w+\s+)*|eval\s+|source\s+|(?:^|[;&|\s])\.\s+)["']?(?:<\(|\$\(|`)\s*(?:curl|wget|fetch)\b/

/** A download, or text that is decoded first, goes into a shell or an interpreter as its program. */
export function runsDownload(command: string): boolean {
  const text = command.slice(0, commandCharactersMax)
  return piped.test(text) || inside.test(text)
}
