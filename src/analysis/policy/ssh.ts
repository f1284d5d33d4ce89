/** Options of ssh_config that make a client believe a host it does not know, or lend its keys to all of them. */
import type { ContentAnalyzer } from '../analyzer.ts'
import { configBytesMax, configLines } from './config-lines.ts'
import { judgeOption, type OptionRule, optionOf } from './option-rules.ts'
import { brokenCiphers, brokenExchanges, brokenMacs } from './ssh-ciphers.ts'

export const ssh: ContentAnalyzer = {
  name: 'ssh',
  version: 2,
  takes: ({ nameClass, content }) => nameClass === 'ssh-config' && content.size > 0 && content.size <= configBytesMax,
  analyze({ content }, report) {
    let scope: string | undefined
    const said = new Said()
    for (const line of configLines(content)) {
      const option = optionOf(line)
      if (option === undefined) continue
      const { keyword, value } = option
      if (keyword === 'host') scope = isAllHosts(value) ? undefined : `Host ${value}`
      else if (keyword === 'match') scope = value.toLowerCase() === 'all' ? undefined : `Match ${value}`
      else if (said.isLate(keyword, scope)) continue
      else if (scope === undefined) judgeOption({ line, keyword, value, scope }, rules, report)
      else judgeOption({ line, keyword, value, scope }, narrowRules, report)
    }
  },
}

/**
 * What was said before, for all or for the same hosts: `the first obtained value will be used` (ssh_config(5)). What was said
 * for some hosts leaves the others to what comes later.
 */
class Said {
  /** By scope; the empty one is that of all. */
  readonly #keywords = new Map<string, Set<string>>()

  /** Whether it has no effect any more; notes it. */
  isLate(keyword: string, scope = ''): boolean {
    const here = this.#keywords.get(scope) ?? new Set()
    const isLate = here.has(keyword) || this.#keywords.get('')?.has(keyword) === true
    this.#keywords.set(scope, here.add(keyword))
    return isLate
  }
}

/** One of the patterns takes all, and none takes some away. */
function isAllHosts(patterns: string): boolean {
  const all = patterns.split(/\s+/)
  return all.includes('*') && !all.some((pattern) => pattern.startsWith('!'))
}

const rules: readonly OptionRule[] = [
  {
    ...{ rule: 'ssh-host-unchecked', keyword: 'stricthostkeychecking', dangerous: /^(?:no|off)$/, severity: 'medium' },
    ...{ title: 'ssh takes any host for the one it asked for', weakness: 'CWE-295' },
  },
  {
    ...{ rule: 'ssh-host-unchecked', keyword: 'userknownhostsfile', dangerous: /^\/dev\/null$/, severity: 'medium' },
    ...{ title: 'ssh forgets the keys of hosts', weakness: 'CWE-295' },
  },
  {
    ...{ rule: 'ssh-agent-forwarded', keyword: 'forwardagent', dangerous: /^yes$/, severity: 'medium' },
    ...{ title: 'ssh lends its agent to every host', weakness: 'CWE-522' },
  },
  {
    ...{ rule: 'ssh-weak-cipher', keyword: 'ciphers', dangerous: brokenCiphers, severity: 'medium' },
    ...{ title: 'ssh takes a broken cipher', weakness: 'CWE-327' },
  },
  {
    ...{ rule: 'ssh-weak-mac', keyword: 'macs', dangerous: brokenMacs, severity: 'medium' },
    ...{ title: 'ssh takes a broken checksum', weakness: 'CWE-327' },
  },
  {
    ...{ rule: 'ssh-weak-exchange', keyword: 'kexalgorithms', dangerous: brokenExchanges, severity: 'medium' },
    ...{ title: 'ssh takes a broken key exchange', weakness: 'CWE-327' },
  },
]

/** What is worth a word also where it holds for some hosts only, and how much less. */
const narrowRules: readonly OptionRule[] = rules.map((rule) => ({ ...rule, severity: 'low' }))
