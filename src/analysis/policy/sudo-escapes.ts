/**
 * Programs that become a shell, or read and write any file, for whoever may run them as root: the names under which people
 * grant them in sudoers, and by what documented means one gets out. Those with a dialogue of their own do so whatever the
 * arguments are; the others where the caller chooses arguments.
 */
import { knownPrograms } from './known-programs.ts'

export interface Escape {
  /** As it is called for people. */
  readonly name: string
  /** What its caller does, as half a sentence. */
  readonly how: string
  /** Arguments that are fixed do not prevent it. */
  readonly isInteractive: boolean
}

/** By the last component of a command; undefined where it is not known to give more than it says. */
export function escapeOf(program: string): Escape | undefined {
  const name = program.slice(program.lastIndexOf('/') + 1)
  return [name, name.replace(/[-.]?\d[\d.]*$/, ''), name.replace(/[.].*$/, '')].map(escapeNamed).find((one) => one)
}

function escapeNamed(name: string): Escape | undefined {
  const inside = interactive.get(name)
  if (inside !== undefined) return { name, how: inside, isInteractive: true }
  const how = byArguments.get(name) ?? knownPrograms.get(name)?.power
  return how === undefined ? undefined : { name, how, isInteractive: false }
}

function table(rows: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(rows).flatMap(([how, names]) => names.split(' ').map((name) => [name, how] as const)))
}

const interactive = table({
  '`!sh` inside it starts a shell': 'less more most pg man ed ftp telnet mail mailx mutt',
  '`:!sh` inside it starts a shell': 'vi vim view vimdiff rvim nvim nvi elvis ex gvim',
  'its keys run a command': 'nano pico emacs joe mcedit mc',
  '`\\! sh` inside it starts a shell': 'mysql mariadb psql',
  '`.shell sh` inside it starts a shell': 'sqlite3',
  'commands typed into it run': 'gdb irb ipython ipython3 screen tmux',
  'the editor that it starts can start a shell': 'visudo vipw vigr',
})

const byArguments = table({
  'its text is a program':
    'python pypy perl ruby php lua node nodejs tclsh wish expect awk gawk mawk nawk jrunscript jjs',
  'it runs what it is given':
    'env find xargs nice timeout stdbuf setarch time watch parallel su sudo runuser chroot pkexec',
  'it connects a shell to the network': 'nc ncat netcat socat',
  'an option of it names a program to run':
    'tar zip git rsync ssh scp sftp tcpdump nmap rpm dpkg apt apt-get pip pip3 gem npm make',
  'it makes a container with the whole machine in it': 'docker podman lxc ctr nerdctl',
  'it reads or writes any file': 'cp mv cat dd tee install ln chmod chown chgrp sed curl wget scp openssl visudo',
})
