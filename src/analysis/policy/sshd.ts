/** Options of sshd_config that let in who should stay out. Values that OpenSSH or Debian have by default are no findings. */
import type { ContentAnalyzer } from '../analyzer.ts'
import { configBytesMax, configLines } from './config-lines.ts'
import { judgeOption, type OptionRule, optionOf } from './option-rules.ts'
import { brokenCiphers, brokenExchanges, brokenHostKeys, brokenMacs } from './ssh-ciphers.ts'

export const sshd: ContentAnalyzer = {
  name: 'sshd',
  version: 2,
  takes: ({ nameClass, content }) => nameClass === 'sshd-config' && content.size > 0 && content.size <= configBytesMax,
  analyze({ content }, report) {
    let scope: string | undefined
    const said = new Set<string>()
    for (const line of configLines(content)) {
      const option = optionOf(line)
      if (option === undefined) continue
      const { keyword, value } = option
      if (keyword === 'match') {
        scope = value.toLowerCase() === 'all' ? undefined : `Match ${value}`
        said.clear()
        continue
      }
      // sshd takes the first value that it meets.
      if (said.has(keyword)) continue
      if (!repeatable.has(keyword)) said.add(keyword)
      judgeOption({ line, keyword, value, scope }, rules, report)
    }
  },
}

const repeatable: ReadonlySet<string> = new Set([
  'port',
  'listenaddress',
  'hostkey',
  'acceptenv',
  'include',
  'subsystem',
])

const yes = /^yes$/
/** The program itself, or the script of an interpreter in front of it. */
const openCommand =
  /^(?:\/\S*\/)?(?:(?:(?:ba|da)?sh|python[\d.]*|perl)\s+(?:-\w+\s+)*["']?)?(?:(?:\/var)?\/tmp|\/dev\/shm|\/run\/lock|\/var\/lock)\//
const commandTitle = 'sshd runs what lies where everybody may write'
const rules: readonly OptionRule[] = [
  {
    ...{ rule: 'sshd-empty-passwords', keyword: 'permitemptypasswords', dangerous: yes, severity: 'high' },
    ...{ title: 'sshd lets accounts with an empty password in', weakness: 'CWE-258' },
  },
  {
    ...{ rule: 'sshd-root-login', keyword: 'permitrootlogin', dangerous: yes, severity: 'medium' },
    ...{ title: 'sshd lets root in with a password', weakness: 'CWE-250' },
  },
  {
    ...{ rule: 'sshd-strict-modes', keyword: 'strictmodes', dangerous: /^no$/, severity: 'medium' },
    ...{ title: 'sshd believes keys in files that others may write', weakness: 'CWE-732' },
  },
  {
    ...{ rule: 'sshd-host-based', keyword: 'hostbasedauthentication', dangerous: yes, severity: 'medium' },
    ...{ title: 'sshd lets in whom another machine vouches for', weakness: 'CWE-290' },
  },
  {
    ...{ rule: 'sshd-rhosts', keyword: 'ignorerhosts', dangerous: /^no$/, severity: 'medium' },
    ...{ title: "sshd reads users' .rhosts files", weakness: 'CWE-290' },
  },
  {
    ...{ rule: 'sshd-environment', keyword: 'permituserenvironment', dangerous: yes, severity: 'medium' },
    ...{ title: "sshd takes users' environment, LD_PRELOAD included", weakness: 'CWE-454' },
  },
  {
    ...{ rule: 'sshd-accept-env', keyword: 'acceptenv', dangerous: /(?:^|\s)(?:\*|ld_\*|ld_\S+|bash_env)(?:\s|$)/ },
    ...{ severity: 'medium', title: 'sshd takes variables that change how programs start', weakness: 'CWE-454' },
  },
  {
    ...{ rule: 'sshd-keys-place', keyword: 'authorizedkeysfile', dangerous: /(?:^|\s)(?:\/var)?\/tmp\/|\/dev\/shm\// },
    ...{ severity: 'high', title: 'sshd looks for keys where everybody may write', weakness: 'CWE-732' },
  },
  ...['authorizedkeyscommand', 'authorizedprincipalscommand', 'forcecommand'].map(
    (keyword): OptionRule => ({
      ...{ rule: 'sshd-command-place', keyword, dangerous: openCommand, severity: 'high' },
      ...{ title: commandTitle, weakness: 'CWE-732' },
    }),
  ),
  {
    ...{
      rule: 'sshd-command-place',
      keyword: 'subsystem',
      dangerous: /^\S+\s+(?:(?:\/var)?\/tmp|\/dev\/shm)\//,
      severity: 'high',
    },
    ...{ title: commandTitle, weakness: 'CWE-732' },
  },
  {
    ...{ rule: 'sshd-protocol-1', keyword: 'protocol', dangerous: /(?:^|,)1(?:,|$)/, severity: 'medium' },
    ...{ title: 'sshd speaks version 1 of the protocol', weakness: 'CWE-327' },
  },
  {
    ...{ rule: 'ssh-weak-cipher', keyword: 'ciphers', dangerous: brokenCiphers, severity: 'medium' },
    ...{ title: 'sshd takes a broken cipher', weakness: 'CWE-327' },
  },
  {
    ...{ rule: 'ssh-weak-mac', keyword: 'macs', dangerous: brokenMacs, severity: 'medium' },
    ...{ title: 'sshd takes a broken checksum', weakness: 'CWE-327' },
  },
  {
    ...{ rule: 'ssh-weak-exchange', keyword: 'kexalgorithms', dangerous: brokenExchanges, severity: 'medium' },
    ...{ title: 'sshd takes a broken key exchange', weakness: 'CWE-327' },
  },
  {
    ...{ rule: 'ssh-weak-host-key', keyword: 'hostkeyalgorithms', dangerous: brokenHostKeys, severity: 'medium' },
    ...{ title: 'sshd shows a host key of a broken kind', weakness: 'CWE-327' },
  },
]
