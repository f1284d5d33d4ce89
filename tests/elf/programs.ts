/** Programs and libraries that a C compiler builds for a test, each weak in its own way. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const hasCompiler = spawnSync('cc', ['--version']).status === 0

export interface Workshop {
  readonly folder: string
  /** Path of what was built; undefined where the linker of this machine cannot do it. */
  build(name: string, source: string, options: readonly string[]): string | undefined
  bytes(path: string): Uint8Array
  close(): void
}

export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-elf-'))
  return {
    folder,
    build(name, source, options) {
      const path = join(folder, name)
      const file = `${path}.${source.startsWith('\t') ? 's' : 'c'}`
      writeFileSync(file, source)
      const { status } = spawnSync('cc', ['-w', '-o', path, file, ...options], { encoding: 'utf8' })
      return status === 0 ? path : undefined
    },
    bytes: (path) => readFileSync(path),
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Copies what it is given into a small buffer, and hands it to a shell. */
export const copier = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) {
  char small[16];
  strcpy(small, argv[argc - 1]);
  printf("<%s>\\n", small);
  return system(small);
}
`

/** Stands before execve and readdir, as preloaded libraries do. */
export const interposer = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <dirent.h>
typedef int (*run)(const char *, char *const[], char *const[]);
int execve(const char *path, char *const argv[], char *const env[]) { return ((run)dlsym(RTLD_NEXT, "execve"))(path, argv, env); }
struct dirent *readdir(DIR *folder) { return ((struct dirent *(*)(DIR *))dlsym(RTLD_NEXT, "readdir"))(folder); }
`

/** Needs no library, and never ends. */
export const endless = 'void _start(void) { for (;;) {} }'

/** A place in code that the loader has to fill. */
export const relocatedCode =
  '\t.globl here\n\t.text\nhere:\n\t.quad elsewhere\n\t.data\n\t.globl elsewhere\nelsewhere:\n\t.quad 1\n'
