/** sshd, ssh, sudoers and account files: each line alone, and what distributions ship. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { accounts } from './accounts.ts'
import { ssh } from './ssh.ts'
import { sshd } from './sshd.ts'
import { sudoers } from './sudoers.ts'
import { findingsOf, regionsOf } from './testing/said.ts'

const content = [sshd, ssh, sudoers, accounts]

function check(path: string, rows: Readonly<Record<string, readonly string[]>>): void {
  for (const [bytes, expected] of Object.entries(rows)) {
    test(`${path}: ${JSON.stringify(bytes).slice(1, 90)}: ${expected[0] ?? 'nothing'}`, async () => {
      assert.deepEqual(await findingsOf({ path, bytes, content }), expected)
    })
  }
}

check('/etc/ssh/sshd_config', {
  'PermitRootLogin yes': ['medium sshd-root-login'],
  'permitrootlogin=yes\n': ['medium sshd-root-login'],
  'PermitRootLogin prohibit-password': [],
  '#PermitRootLogin yes': [],
  'PermitRootLogin no\nPermitRootLogin yes\n': [],
  'PermitRootLogin no\nMatch Address 10.0.0.0/8\n  PermitRootLogin yes\n': ['medium sshd-root-login'],
  'PermitEmptyPasswords yes': ['high sshd-empty-passwords'],
  'StrictModes no': ['medium sshd-strict-modes'],
  'PermitUserEnvironment yes': ['medium sshd-environment'],
  'AcceptEnv LANG LC_*': [],
  'AcceptEnv LANG LD_PRELOAD': ['medium sshd-accept-env'],
  'AuthorizedKeysFile /tmp/keys/%u': ['high sshd-keys-place'],
  'AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2': [],
  'AuthorizedKeysCommand /tmp/k.sh\nAuthorizedKeysCommandUser root\n': ['high sshd-command-place'],
  'AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys\nAuthorizedKeysCommandUser nobody\n': [],
  'ForceCommand /bin/sh /dev/shm/x\n': ['high sshd-command-place'],
  'ForceCommand internal-sftp -d /tmp/in\n': [],
  'Subsystem sftp /tmp/sftp-server\n': ['high sshd-command-place'],
  'Ciphers aes256-gcm@openssh.com,3des-cbc': ['medium ssh-weak-cipher'],
  'Ciphers +arcfour': ['medium ssh-weak-cipher'],
  'Ciphers -3des-cbc': [],
  'MACs hmac-sha2-512,hmac-md5': ['medium ssh-weak-mac'],
  'KexAlgorithms diffie-hellman-group1-sha1': ['medium ssh-weak-exchange'],
  // What Debian 12 ships, without its comments.
  'Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\nPrintMotd no\nAcceptEnv LANG LC_*\nSubsystem\tsftp\t/usr/lib/openssh/sftp-server\n':
    [],
})

check('/etc/ssh/ssh_config', {
  'Host *\n  StrictHostKeyChecking no\n': ['medium ssh-host-unchecked'],
  'Host *\n  StrictHostKeyChecking accept-new\n': [],
  'Host build\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n': [
    'low ssh-host-unchecked',
    'low ssh-host-unchecked',
  ],
  'ForwardAgent yes': ['medium ssh-agent-forwarded'],
  'ForwardAgent no\nForwardAgent yes\nHost a\n  ForwardAgent yes\n': [],
  'Host a\n  ForwardAgent no\n  ForwardAgent yes\nHost *\n  ForwardAgent yes\n': ['medium ssh-agent-forwarded'],
  'Host a\n  ForwardAgent no\nHost b\n  ForwardAgent yes\nHost a\n  ForwardAgent yes\n': ['low ssh-agent-forwarded'],
  'Host a *\n  ForwardAgent yes\n': ['medium ssh-agent-forwarded'],
  'Host * !a\n  ForwardAgent yes\n': ['low ssh-agent-forwarded'],
  'Include /etc/ssh/ssh_config.d/*.conf\nHost *\n    SendEnv LANG LC_*\n    HashKnownHosts yes\n    GSSAPIAuthentication yes\n':
    [],
})

check('/etc/sudoers.d/made', {
  'ops ALL=(ALL:ALL) NOPASSWD: ALL': ['medium sudoers-no-password'],
  'ops ALL=(ALL) NOPASSWD:\\\n  ALL\n': ['medium sudoers-no-password'],
  'ALL ALL=(ALL) ALL': ['high sudoers-everybody'],
  'ALL ALL=(nobody) ALL': [],
  'ops ALL=(www-data) NOPASSWD: ALL': [],
  'ops ALL=NOPASSWD: /usr/bin/vim': ['medium sudoers-shell'],
  'ops ALL=(root) NOPASSWD: /usr/bin/python3, /usr/bin/vi': ['medium sudoers-shell'],
  'ops ALL=(root) NOPASSWD: /usr/bin/python3 /opt/app/deploy.py': [],
  'ops ALL=(root) NOPASSWD: /usr/bin/less /var/log/syslog': ['medium sudoers-shell'],
  'ops ALL=(root) NOPASSWD: /usr/bin/vi /etc/hosts': ['medium sudoers-shell'],
  'ops ALL=(root) NOPASSWD: /bin/nc.openbsd, sudoedit /etc/hosts': ['medium sudoers-shell'],
  'ops ALL=(root) NOPASSWD: sudoedit /etc/hosts': [],
  'ops ALL=(root) NOPASSWD: /usr/bin/php8.2': ['medium sudoers-shell'],
  'ops ALL=(root) NOPASSWD: /usr/sbin/service nginx restart, /usr/bin/systemctl reload nginx': [],
  'ops ALL=(root) NOPASSWD: /usr/bin/': ['medium sudoers-shell'],
  'Cmnd_Alias SHELLS = /bin/bash, \\\n  /bin/sh\nops ALL=(root) NOPASSWD: SHELLS\n': ['medium sudoers-shell'],
  'ops ALL=(root) NOPASSWD: B\nCmnd_Alias A = /usr/bin/id : B = A, /usr/bin/awk\n': ['medium sudoers-shell'],
  'Cmnd_Alias A = B\nCmnd_Alias B = A\nops ALL=(root) NOPASSWD: A\n': [],
  'Cmnd_Alias A = !/bin/sh, /usr/bin/id\nops ALL=(root) NOPASSWD: A\n': [],
  'Cmnd_Alias A = /bin/sh\nops ALL=(root) A\n': [],
  'ops ALL=(root) NOPASSWD: A\n': [],
  'ops ALL=NOPASSWD: /usr/bin/find': ['medium sudoers-shell'],
  'ops ALL=(root) NOPASSWD: /usr/bin/systemctl restart app, /usr/bin/python3.11': ['medium sudoers-shell'],
  'ops ALL=(root) NOPASSWD: /usr/bin/tail -n 100 /var/log/app.log': [],
  'ops ALL=(root) NOPASSWD: /usr/bin/tail *': ['medium sudoers-shell'],
  'ops ALL=(root) /usr/bin/find': [],
  'ops ALL=(root) NOPASSWD: /usr/bin/id, PASSWD: /usr/bin/find': [],
  'ops ALL=(root) /home/ops/deploy.sh': ['high sudoers-writable-command'],
  'Defaults !env_reset': ['high sudoers-environment'],
  'Defaults env_keep += "LANG LD_PRELOAD"': ['high sudoers-environment'],
  'Defaults env_keep -= "LD_PRELOAD"': [],
  'Defaults env_keep=LD_PRELOAD': ['high sudoers-environment'],
  'Defaults env_keep -= "PYTHONPATH", env_keep += "LANG, LD_PRELOAD"': ['high sudoers-environment'],
  'Defaults:ops !authenticate': ['medium sudoers-no-password'],
  'Defaults !authenticate': ['high sudoers-no-password'],
  'Defaults secure_path="/tmp/bin:/usr/bin"': ['high sudoers-writable-command'],
  // What Debian 12 ships, without its comments.
  'Defaults\tenv_reset\nDefaults\tmail_badpass\nDefaults\tsecure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\nDefaults\tuse_pty\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n':
    [],
})

check('/etc/passwd', {
  'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\n': [],
  'root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/:/bin/sh\n': ['high account-second-root'],
  '+::::::\n+@staff::::::\n-bob::::::\n+::0:0:::\n': [],
  'guest::1000:1000::/home/guest:/bin/sh\n': ['high account-no-password'],
})

check('/etc/shadow', {
  '+::::::::\n-bob::::::::\n+@staff::::::::\n': [],
  'root:*:19000:0:99999:7:::\nme:$y$j9T$aaaa:19000:0:99999:7:::\nlocked:!:19000::::::\n': [],
  'me::19000:0:99999:7:::\n': ['high account-no-password'],
})

check('/etc/ld.so.preload', { '/usr/local/lib/evil.so\n': ['high ld-preload'], '# nothing\n': [] })

test('a finding lies on its line, continued lines included', async () => {
  const bytes = '# first\nDefaults env_reset\nops ALL=(ALL) \\\n  NOPASSWD: ALL\nroot ALL=(ALL) ALL\n'
  const [found] = await regionsOf({ path: '/etc/sudoers', bytes, content })
  const text = bytes.slice(found?.offset, (found?.offset ?? 0) + (found?.length ?? 0))
  assert.equal(text, 'ops ALL=(ALL) \\\n  NOPASSWD: ALL')
  assert.equal(found?.finding?.evidence[0], 'line 3: ops ALL=(ALL)    NOPASSWD: ALL')
})

test('the check of a continued line shows all of it', async () => {
  const of = async (bytes: string) => (await regionsOf({ path: '/etc/sudoers', bytes, content }))[0]?.finding?.check
  assert.equal(await of('# first\nops ALL=(ALL) \\\n  NOPASSWD: \\\n ALL\n'), "sed -n '2,4p' FILE")
  assert.equal(await of('# first\nops ALL=(ALL) NOPASSWD: ALL\n'), "sed -n '2p' FILE")
})

test('whoever need no password are named', async () => {
  const titles: Readonly<Record<string, string>> = {
    'Defaults !authenticate': 'sudo asks nobody for a password',
    'Defaults !env_reset, !authenticate': 'sudo asks nobody for a password',
    'Defaults:bob !authenticate': 'sudo asks bob for no password',
    'Defaults:bob, %ops !authenticate': 'sudo asks bob, %ops for no password',
    'Defaults@web !authenticate': 'sudo asks for no password on web',
    'Defaults>www !authenticate': 'sudo asks for no password to become www',
    'Defaults!/usr/bin/id !authenticate': 'sudo asks for no password to run /usr/bin/id',
  }
  for (const [bytes, title] of Object.entries(titles)) {
    const found = await regionsOf({ path: '/etc/sudoers', bytes, content })
    assert.ok(found.map(({ name }) => name).includes(title), `${bytes}: ${found.map(({ name }) => name)}`)
  }
})

test('the check of an empty password leaves the lines of NIS out', async () => {
  const [found] = await regionsOf({ path: '/etc/passwd', bytes: 'guest::1:1:::\n+::::::\n', content })
  const check = found?.finding?.check?.replace('FILE', '-') ?? ''
  const shown = spawnSync('sh', ['-c', check], { input: 'guest::1:1:::\n+::::::\n-bob::::::\n', encoding: 'utf8' })
  assert.equal(shown.stdout, 'guest\n')
})

test('files of other names are not settings', async () => {
  assert.deepEqual(
    await findingsOf({ path: '/srv/notes.txt', bytes: 'PermitRootLogin yes\nALL ALL=(ALL) ALL\n', content }),
    [],
  )
})
