/**
 * Combinations of imports and exports that are worth a person's time. Single functions are not: every shell runs
 * programs, every browser connects.
 */
import type { Finding } from '../../base/region.ts'
import { type ElfFile, elfFileType } from '../../binary/elf.ts'
import { dynamicTag } from '../../binary/elf-dynamic.ts'
import { segmentType } from '../../binary/elf-segments.ts'
import type { Linkage } from './imports.ts'

export interface ImportFinding {
  /** The symbol that shows it. */
  readonly symbol: string
  readonly title: string
  readonly finding: Omit<Finding, 'origin'>
}

export function importFindings(elf: ElfFile, linkage: Linkage): readonly ImportFinding[] {
  if (linkage.isModule) return hookingModule(linkage)
  return [...interposing(elf, linkage), ...boundless(linkage)]
}

interface Family {
  readonly title: string
  readonly what: string
  readonly functions: readonly string[]
  /** Libraries whose work it is to give these functions, by the beginning of their SONAME. */
  readonly owners: readonly string[]
}

const families: readonly Family[] = [
  {
    title: 'Stands between programs and those they start',
    what: 'a program that loads it first starts others only through it: it can see, change or refuse every command',
    functions: [
      'execve',
      'execv',
      'execvp',
      'execvpe',
      'execl',
      'execlp',
      'execle',
      'fexecve',
      'posix_spawn',
      'posix_spawnp',
    ],
    owners: ['libc.', 'libc-', 'ld-', 'libpthread'],
  },
  {
    title: 'Stands between programs and the lists of folders',
    what: 'a program that loads it first sees in folders only what it shows: it can hide files and processes',
    functions: ['readdir', 'readdir64', 'readdir_r', 'readdir64_r', 'getdents64'],
    owners: ['libc.', 'libc-', 'ld-'],
  },
  {
    title: 'Stands between programs and their passwords or secrets',
    what: 'a program that loads it first gives it what it reads: passwords, or what is sent encrypted',
    functions: ['pam_authenticate', 'pam_get_authtok', 'pam_get_item', 'SSL_read', 'SSL_write', 'getpass', 'crypt'],
    owners: ['libpam', 'libssl', 'libcrypt', 'libc.', 'libc-', 'libwolfssl', 'libgnutls', 'libxcrypt', 'libowcrypt'],
  },
]

/** Defined by whole C libraries, and by the runtimes that compilers put between on purpose. */
const runtimes = [
  '__libc_start_main',
  '__asan_init',
  '__tsan_init',
  '__msan_init',
  '__hwasan_init',
  '__lsan_init',
  '__dfsan_init',
]
const lookups = ['dlsym', 'dlvsym']

/** A library that has functions of the C library under their names, and looks for the true ones behind itself. */
function interposing(elf: ElfFile, { exports, imports }: Linkage): readonly ImportFinding[] {
  if (isProgram(elf) || runtimes.some((name) => exports.has(name))) return []
  const lookup = lookups.find((name) => imports.has(name))
  if (lookup === undefined) return []
  const soname = elf.dynamic.find(({ tag }) => tag === dynamicTag.soname)?.text ?? ''
  return families.flatMap(({ title, what, functions, owners }) => {
    const shown = functions.filter((name) => exports.has(name) && !imports.has(name))
    const [symbol] = shown
    if (symbol === undefined || owners.some((owner) => soname.startsWith(owner))) return []
    return [
      {
        symbol,
        title,
        finding: {
          severity: 'medium',
          rule: 'interposes-functions',
          evidence: [
            `it defines ${shown.join(', ')}, functions of system libraries, and asks for others of the same name by ${lookup}`,
            what,
            'such libraries are loaded by LD_PRELOAD or /etc/ld.so.preload: look there for its path',
          ],
          confidence: 0.9,
          check: `readelf --dyn-syms -W FILE | grep -E ' (${[...shown, lookup].join('|')})(@|$)'`,
          weakness: 'CWE-506',
        },
      },
    ]
  })
}

function isProgram({ header, segments, dynamic }: ElfFile): boolean {
  const hasInterpreter = segments.some(({ type }) => type === segmentType.interpreter)
  return header.type !== elfFileType.shared || hasInterpreter || dynamic.some(({ tag }) => tag === dynamicTag.debug)
}

function boundless({ imports }: Linkage): readonly ImportFinding[] {
  if (!imports.has('gets')) return []
  return [
    {
      symbol: 'gets',
      title: 'Reads lines of any length into a buffer that has an end',
      finding: {
        severity: 'medium',
        rule: 'uses-gets',
        evidence: ['it takes gets from the C library: there is no way to call it that a long line does not break'],
        confidence: 0.9,
        check: "readelf --dyn-syms -W FILE | grep -E ' gets(@|$)'",
        weakness: 'CWE-242',
      },
    },
  ]
}

/** What rootkits need and drivers do not: to stand in a function of the kernel, and to make a process root. */
function hookingModule({ imports }: Linkage): readonly ImportFinding[] {
  const hooks = ['register_ftrace_function', 'register_kprobe', 'register_kretprobe', 'kallsyms_lookup_name']
  const rights = ['commit_creds', 'prepare_creds', 'prepare_kernel_cred']
  const hook = hooks.find((name) => imports.has(name))
  const right = rights.find((name) => imports.has(name))
  if (hook === undefined || right === undefined) return []
  const shown = [...hooks, ...rights].filter((name) => imports.has(name))
  return [
    {
      symbol: hook,
      title: 'A kernel module that hooks the kernel and changes credentials',
      finding: {
        severity: 'medium',
        rule: 'module-hooks-kernel',
        evidence: [
          `it takes ${shown.join(', ')} from the kernel`,
          'drivers need neither; together they let a module change what programs see, and make a process root',
        ],
        confidence: 0.6,
        check: `readelf -sW FILE | grep -E ' UND (${shown.join('|')})$'`,
        weakness: 'CWE-506',
      },
    },
  ]
}
