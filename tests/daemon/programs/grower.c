/*
 * A process that changes its memory when it is told to, one command a line on stdin, and answers each with the address
 * that it is about:
 *   grow BYTES LETTER   the heap grows by so many bytes, filled with the letter
 *   write ADDRESS LETTER  one byte
 *   map BYTES LETTER    a private mapping of its own, filled with the letter
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char line[256];

static int read_line(void) {
  size_t length = 0;
  while (length + 1 < sizeof line) {
    if (read(0, line + length, 1) != 1) return 0;
    if (line[length] == '\n') break;
    length++;
  }
  line[length] = 0;
  return 1;
}

static void answer(const void *address) {
  char text[64];
  int length = snprintf(text, sizeof text, "%" PRIxPTR "\n", (uintptr_t)address);
  if (write(1, text, (size_t)length) != length) _exit(2);
}

int main(void) {
  answer(sbrk(0));
  while (read_line()) {
    uintptr_t number;
    char letter;
    if (sscanf(line, "grow %" SCNuPTR " %c", &number, &letter) == 2) {
      char *grown = sbrk((intptr_t)number);
      if (grown == (char *)-1) return 3;
      memset(grown, letter, number);
      answer(grown);
    } else if (sscanf(line, "write %" SCNxPTR " %c", &number, &letter) == 2) {
      *(volatile char *)number = letter;
      answer((void *)number);
    } else if (sscanf(line, "map %" SCNuPTR " %c", &number, &letter) == 2) {
      char *made = mmap(NULL, number, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (made == MAP_FAILED) return 4;
      memset(made, letter, number);
      answer(made);
    } else {
      return 5;
    }
  }
  return 0;
}
