/** What kind of place a path names, as far as rules about contents ask for it. Part of the key by which reports are kept. */
import { displayPath } from '../base/bytes.ts'

export const nameClasses = [
  'sshd-config',
  'ssh-config',
  'sudoers',
  'passwd',
  'shadow',
  'ld-preload',
  'log',
  'c-source',
  'other',
] as const
export type NameClass = (typeof nameClasses)[number]

/** `path` is absolute, or as much of it as is known. */
export function nameClassOf(path: Uint8Array): NameClass {
  const text = displayPath(path)
  return rules.find(([pattern]) => pattern.test(text))?.[1] ?? 'other'
}

const rules: readonly (readonly [RegExp, NameClass])[] = [
  [/(^|\/)sshd_config(\.d\/[^/]+\.conf)?$/, 'sshd-config'],
  [/(^|\/)ssh_config(\.d\/[^/]+\.conf)?$/, 'ssh-config'],
  [/(^|\/)sudoers(\.d\/[^/]+)?$/, 'sudoers'],
  [/(^|\/)etc\/passwd-?$/, 'passwd'],
  [/(^|\/)etc\/shadow-?$/, 'shadow'],
  [/(^|\/)etc\/ld\.so\.preload$/, 'ld-preload'],
  [/\.log(\.\d+)?$|(^|\/)(syslog|messages|auth\.log|kern\.log|dmesg)(\.\d+)?$/, 'log'],
  [/\.(c|h|cc|cpp|cxx|hh|hpp|hxx|inc)$/i, 'c-source'],
]
