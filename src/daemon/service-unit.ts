/**
 * The systemd unit of the daemon. It may read everything and write its state folder, and can do little else.
 *
 * Not among the restrictions: MemoryDenyWriteExecute (the JIT needs it), ProtectHome, ProtectProc, PrivateUsers,
 * ProtectKernelLogs, ProtectKernelModules: they hide what the daemon is there to see. Hooks inherit the restrictions.
 */

export interface ServiceParts {
  /** Absolute path of the command. */
  readonly sfd: string
  readonly statePath: string
  /** Absolute path of the folder with task files. */
  readonly tasksPath: string
}

export const serviceName = 'system-foundry.service'

export function serviceUnit({ sfd, statePath, tasksPath }: ServiceParts): string {
  const lines = [
    '[Unit]',
    'Description=System Foundry Daemon: an exact, zoomable map of this system',
    'After=local-fs.target',
    'StartLimitIntervalSec=300',
    'StartLimitBurst=10',
    '',
    '[Service]',
    `ExecStart=${quoted(sfd)} up --json --log-format json --state ${quoted(statePath)} --tasks ${quoted(tasksPath)}`,
    'Restart=on-failure',
    'RestartSec=5',
    'TimeoutStopSec=30',
    'KillMode=mixed',
    'UMask=0077',
    '# The first line on stdout holds the token; journals have other readers.',
    'StandardOutput=null',
    'StandardError=journal',
    'Nice=5',
    'IOSchedulingClass=best-effort',
    'IOSchedulingPriority=7',
    'LimitNOFILE=65536',
    'MemoryHigh=1G',
    '',
    '# What it may do: read what it is pointed at, hear of changes, write its state.',
    'CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SYS_ADMIN CAP_SYS_PTRACE',
    'AmbientCapabilities=',
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    `ReadWritePaths=${quoted(statePath)}`,
    'PrivateTmp=no',
    'PrivateDevices=yes',
    'DevicePolicy=closed',
    'ProtectClock=yes',
    'ProtectHostname=yes',
    'ProtectControlGroups=yes',
    'ProtectKernelTunables=yes',
    'LockPersonality=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'RestrictNamespaces=yes',
    'RemoveIPC=yes',
    'KeyringMode=private',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'IPAddressDeny=any',
    'IPAddressAllow=localhost',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service fanotify_init fanotify_mark name_to_handle_at open_by_handle_at',
    'SystemCallFilter=~@mount @swap @reboot @module @raw-io @cpu-emulation @obsolete',
    'SystemCallErrorNumber=EPERM',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ]
  return `${lines.join('\n')}\n`
}

/** A word of a unit file: `%` would be a specifier, blanks and quotes end a word. */
function quoted(text: string): string {
  const escaped = text.replaceAll('%', '%%')
  return /^[\w@+=:,./%-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
