/** `sfd analyze BRICK|PATH [ENTRY]`: what it is, what is wrong with it, and how one knows. */
import type { AnalyzeOptions } from './analyze-target.ts'
import { runs, type Shell } from './command.ts'

const example = `
A brick gets what was found as labels, in a commit of its own that changes no content; with --no-write it does not. A
file or a folder is looked at as it lies there. What was looked at once is not looked at again while it is the same.

Examples:
  sfd analyze /usr/bin/ls
  sfd analyze /etc
  sfd analyze usr-bin
  sfd analyze usr-bin ls --json`

export function addAnalyze(shell: Shell): void {
  const command = shell.program
    .command('analyze')
    .description('what a brick, a file or a folder is, what is wrong with it, and how one knows')
    .argument('<target>', 'path or name of a brick, or a file or a folder')
    .argument('[entry]', 'only this entry of the brick, with all beneath')
    .option('--severity <least>', 'milder findings are only counted (default: medium)')
    .option('--model', 'of one file: have a model of this machine describe it, too')
    .option('--no-model', 'ask no model (default)')
    .option('--no-write', 'keep nothing: no labels in the brick, nothing in the catalog')
    .addHelpText('after', example)
  runs<AnalyzeOptions>(shell, command, async (call, { args, options }) => {
    const { analyzeTarget } = await import('./analyze-target.ts')
    return analyzeTarget(call, { target: args[0] as string, entry: args[1] }, options)
  })
}
