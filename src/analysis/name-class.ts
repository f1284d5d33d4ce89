/** What kind of place a path names, as far as rules about contents ask for it. Part of the key by which reports are kept. */
import { displayPath } from '../base/bytes.ts'

export const nameClasses = [
  'sshd-config',
  'ssh-config',
  'sudoers',
  'passwd',
  'shadow',
  'ld-preload',
  'ld-conf',
  'crontab',
  'user-crontab',
  'root-script',
  'shell-startup',
  'user-startup',
  'systemd-unit',
  'pam',
  'log',
  'c-source',
  'source',
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
  [/(^|\/)etc\/ld\.so\.conf(\.d\/[^/]+\.conf)?$/, 'ld-conf'],
  [/(^|\/)etc\/(crontab|cron\.d\/[^/]+)$/, 'crontab'],
  [/(^|\/)var\/spool\/cron\/(crontabs\/)?[^/]+$/, 'user-crontab'],
  [
    /(^|\/)etc\/(anacrontab|rc\.local|(cron\.(hourly|daily|weekly|monthly|yearly)|init\.d|update-motd\.d)\/[^/]+)$/,
    'root-script',
  ],
  [
    /(^|\/)etc\/(profile|environment|bash\.?bashrc|profile\.d\/[^/]+|environment\.d\/[^/]+|zsh\/[^/]+|security\/pam_env\.conf)$/,
    'shell-startup',
  ],
  [/(^|\/)root\/\.(bashrc|profile|bash_profile|bash_login|zshrc|zshenv|zprofile)$/, 'shell-startup'],
  [/\/\.(bashrc|profile|bash_profile|bash_login|zshrc|zshenv|zprofile)$/, 'user-startup'],
  [/(^|\/)systemd\/(system|user)\/([^/]+\.d\/)?[^/]+\.(service|socket|conf)$/, 'systemd-unit'],
  [/(^|\/)(etc\/pam\.conf|pam\.d\/[^/]+)$/, 'pam'],
  [/\.log(\.\d+)?$|(^|\/)(syslog|messages|auth\.log|kern\.log|dmesg)(\.\d+)?$/, 'log'],
  [/\.(c|h|cc|cpp|cxx|hh|hpp|hxx|inc)$/i, 'c-source'],
  [/\.([cm]?[jt]s|[jt]sx|vue|py|pyi|java|kt|go|rs|rb|pl|pm|php|lua|cs|swift|scala|dart)$/i, 'source'],
]
