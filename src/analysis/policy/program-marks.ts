/**
 * Texts by which a program is known, whatever the file is called: each stands in its read-only data, and nowhere else that
 * was looked at (all programs of a Debian 12 with 1,500 of them). A byte that somebody adds or changes does not hide it.
 */

export interface ProgramMark {
  /** As in known-programs.ts. */
  readonly name: string
  /** All of them have to be there. */
  readonly all: readonly string[]
}

/** The first that fits counts: what carries many programs in one stands before them. */
export const programMarks: readonly ProgramMark[] = [
  { name: 'bash', all: ['@(#)Bash version', 'BASH_EXECUTION_STRING'] },
  { name: 'busybox', all: ['BusyBox v', 'multi-call binary'] },
  { name: 'toybox', all: ['toybox --long', 'Toybox 0.'] },
  { name: 'zsh', all: ['ZSH_EVAL_CONTEXT', 'zsh_eval_context'] },
  { name: 'mksh', all: ['@(#)MIRBSD KSH'] },
  { name: 'ksh', all: ['Version AJM 93u'] },
  { name: 'tcsh', all: ['tcsh %d.%.2d.%.2d', 'promptchars'] },
  { name: 'dash', all: ['Maximum function recursion depth', 'Bad for loop variable', 'Bad substitution'] },
  { name: 'sash', all: ['Stand-alone shell (version'] },
  { name: 'gdb', all: ['This is the GNU debugger.'] },
  { name: 'python', all: ['PYTHONSTARTUP: file executed on interactive startup'] },
  { name: 'perl', all: ['PERL5OPT', 'PERL5DB', 'This is perl'] },
  { name: 'node', all: ['NODE_REPL_EXTERNAL_MODULE', 'NODE_OPTIONS'] },
  { name: 'ruby', all: ['RUBYOPT', 'RUBYLIB', 'ruby - '] },
  { name: 'php', all: ['[options] [-f] <file> [--] [args...]', 'PHP_INI_SCAN_DIR'] },
  { name: 'lua', all: ['usage: %s [options] [script [args]', 'LUA_INIT'] },
  { name: 'vim', all: ['$VIMRUNTIME', 'VIMINIT'] },
  { name: 'nano', all: ['.nanorc', 'NANO_'] },
  { name: 'less', all: ['LESSOPEN', 'LESSEDIT', 'LESSSECURE'] },
  { name: 'gawk', all: ["`%s' is a gawk extension"] },
  { name: 'mawk', all: ['Usage: mawk [Options] [Program] [file ...]'] },
  { name: 'env', all: ['Set each NAME to VALUE in the environment and run COMMAND.'] },
  { name: 'find', all: ['paths must precede expression', '-execdir'] },
  { name: 'xargs', all: ['quotes are special to xargs unless you use the -0 option'] },
  { name: 'tar', all: ['checkpoint-action', 'to-command'] },
  { name: 'sed', all: ["unknown command: `%c'", 'in-place', 'regexp-extended'] },
  { name: 'make', all: ['GNUMAKEFLAGS', 'GNU Make %s'] },
  { name: 'strace', all: ['--seccomp-bpf cannot be used without -f/--follow-forks'] },
  { name: 'rsync', all: ['rsync comes with ABSOLUTELY NO WARRANTY'] },
  { name: 'socat', all: ['socat [options] <bi-address> <bi-address>'] },
  { name: 'nsenter', all: ['Run a program with namespaces of other processes.'] },
  { name: 'unshare', all: ['Run a program with some namespaces unshared from the parent.'] },
  { name: 'setpriv', all: ['Run a program with different privilege settings.'] },
  { name: 'nice', all: ['Run COMMAND with an adjusted niceness'] },
  { name: 'timeout', all: ['Start COMMAND, and kill it if still running after DURATION.'] },
  { name: 'taskset', all: ['Show or change the CPU affinity of a process.'] },
  { name: 'chrt', all: ['Show or change the real-time scheduling attributes of a process.'] },
  { name: 'ionice', all: ['Show or change the I/O-scheduling class and priority of a process.'] },
  { name: 'flock', all: ['run a single command string through the shell', 'nonblock'] },
  { name: 'stdbuf', all: ['Run COMMAND, with modified buffering operations for its standard streams.'] },
  { name: 'ed', all: ['A restricted version of ed, red, can only edit files in'] },
  { name: 'more', all: ['Execute <cmd> in a subshell'] },
  { name: 'tmux', all: ['sessions should be nested with care, unset $TMUX to force'] },
  { name: 'install', all: ['This install program copies files (often just compiled) into destination'] },
  { name: 'ln', all: ['In the 1st form, create a link to TARGET with the name LINK_NAME.'] },
  { name: 'cp', all: ['Copy SOURCE to DEST, or multiple SOURCE(s) to DIRECTORY.'] },
  { name: 'mv', all: ['Rename SOURCE to DEST, or move SOURCE(s) to DIRECTORY.'] },
  { name: 'cat', all: ['Concatenate FILE(s) to standard output.'] },
  { name: 'dd', all: ['Copy a file, converting and formatting according to the operands.'] },
  { name: 'tee', all: ['Copy standard input to each FILE, and also to standard output.'] },
  { name: 'chmod', all: ['Change the mode of each FILE to MODE.'] },
  { name: 'chown', all: ['Change the owner and/or group of each FILE to OWNER and/or GROUP.'] },
]
