/**
 * Programs that do for their caller whatever he says: with setuid they are a way to become somebody else.
 *
 * Told by the bytes, not by the name, in two ways: the same MD5 as the file of that name that a package brought, and texts
 * that only this program carries (program.ts).
 */

export interface KnownProgram {
  readonly name: string
  readonly power: 'runs commands' | 'reads or writes any file'
}

/** Of /usr/bin, as packages name them. With setuid each gives its owner's rights to everybody, by documented options. */
const names: Readonly<Record<KnownProgram['power'], string>> = {
  'runs commands':
    'bash dash sh zsh ksh ksh93 mksh yash tcsh csh fish rbash busybox toybox sash ash ' +
    'perl python ruby php vim lua lua5.1 lua5.2 lua5.3 lua5.4 luajit tclsh8.6 expect node nodejs gdb ' +
    'python2.7 python3.7 python3.8 python3.9 python3.10 python3.11 python3.12 python3.13 python3.14 ' +
    'ruby2.7 ruby3.0 ruby3.1 ruby3.3 php7.4 php8.1 php8.2 php8.4 ' +
    'env find awk gawk mawk original-awk sed tar xargs make gmake ed vim.basic vim.tiny vim.nox nano less more ' +
    'nice timeout stdbuf setarch ionice chrt taskset nsenter unshare setpriv capsh script strace ltrace rsync ' +
    'git docker flock time watch socat nc.traditional nc.openbsd ncat tmux screen start-stop-daemon run-parts',
  'reads or writes any file':
    'cat cp mv dd tee install ln chmod chown head tail xxd od base64 sort cut diff openssl curl wget nl tac rev ' +
    'sqlite3 zip unzip gzip xz zstd grep',
}

/** By name. */
export const knownPrograms: ReadonlyMap<string, KnownProgram> = new Map(
  (Object.keys(names) as KnownProgram['power'][]).flatMap((power) =>
    names[power].split(' ').map((name): [string, KnownProgram] => [name, { name, power }]),
  ),
)

/**
 * Files that Debian's packages give to their owner's rights: setuid and setgid that somebody has thought about. Last
 * components, with a package's file behind each.
 */
export const usualPrivileged: ReadonlySet<string> = new Set(
  (
    'su sudo sudoedit passwd gpasswd chsh chfn chage expiry newgrp mount umount fusermount fusermount3 ping ping6 ' +
    'traceroute6.iputils pkexec polkit-agent-helper-1 ssh-keysign ssh-agent dbus-daemon-launch-helper crontab at ' +
    'unix_chkpwd utempter ntfs-3g mount.nfs mount.cifs mount.ecryptfs_private newuidmap newgidmap pppd exim4 ' +
    'postdrop postqueue procmail lockfile mail-lock mail-unlock mail-touchlock dotlockfile dotlock.mailutils wall ' +
    'write write.ul bsd-write screen mlocate plocate locate ssh-agent Xorg.wrap chrome-sandbox bwrap snap-confine ' +
    'vmware-user-suid-wrapper VBoxHeadless nvidia-modprobe staprun opiepasswd sperl5 kppp cgrulesengd camel-lock-helper-1.2 ' +
    'gnome-pty-helper xscreensaver-auth slock i3lock physlock vlock lppasswd mtr-packet mtr kismet_cap_linux_wifi ' +
    'lbdb-fetchaddr hack nethack-console rogue robots snake tetris-bsd phantasia sail worm atc battlestar canfield ' +
    'cribbage klondike pam_extrausers_chkpwd pam_timestamp_check doas userhelper usernetctl suexec suexec-pristine'
  ).split(' '),
)
