/* A process of so many MiB of memory that is all touched; a line on stdin makes it write into 50 pages of it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv) {
  unsigned long bytes = strtoul(argc > 1 ? argv[1] : "16", NULL, 10) << 20;
  char *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) return 1;
  uint64_t value = 88172645463325252UL;
  for (unsigned long at = 0; at < bytes; at += 8) {
    value ^= value << 13;
    value ^= value >> 7;
    value ^= value << 17;
    *(uint64_t *)(area + at) = value;
  }
  char line;
  for (unsigned long turn = 1;; turn++) {
    if (write(1, ".", 1) != 1 || read(0, &line, 1) != 1) return 0;
    for (unsigned long i = 0; i < 50; i++) area[(i * 7919 + turn * 104729) * 4096 % bytes] ^= 1;
  }
}
