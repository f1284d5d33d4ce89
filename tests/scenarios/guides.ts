/** Whether the guide that a scenario names is there, and still makes the promises that the scenario quotes. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PlacedScenario } from './read-scenarios.ts'

/** Empty where every guide says what is quoted. `root`: of the checkout. */
export function guideProblems(scenarios: readonly PlacedScenario[], root: string): string[] {
  return scenarios.flatMap(({ scenario: { guide, promises }, line }) => {
    const [file = '', heading = ''] = guide.split('#')
    const path = join(root, file)
    if (!existsSync(path)) return [`line ${line}: there is no guide ${file}`]
    const text = readFileSync(path, 'utf8')
    const plain = plainText(text)
    return [
      ...(headingsOf(text).includes(heading) ? [] : [`line ${line}: ${file} has no heading #${heading}`]),
      ...promises
        .filter((promise) => !plain.includes(plainText(promise)))
        .map((promise) => `line ${line}: ${file} does not say: ${promise}`),
    ]
  })
}

/** As GitHub makes anchors of headings. */
function headingsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ +(.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  )
}

/** Without emphasis, code marks, links and line breaks. */
function plainText(markdown: string): string {
  return markdown
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[*`]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
