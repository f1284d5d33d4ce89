/* Threads that map, protect, give back and unmap memory all the time, in some hundred places. Says a dot when it is busy. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define PLACES 64

static void *work(void *number) {
  unsigned seed = (unsigned)(unsigned long)number;
  char *places[PLACES] = {0};
  unsigned long lengths[PLACES] = {0};
  for (unsigned long turn = 0;; turn++) {
    unsigned at = rand_r(&seed) % PLACES;
    if (places[at] != NULL) munmap(places[at], lengths[at]);
    lengths[at] = (rand_r(&seed) % 48 + 2) * PAGE;
    places[at] = mmap(NULL, lengths[at], PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (places[at] == MAP_FAILED) _exit(3);
    memset(places[at], (int)turn, lengths[at]);
    if (rand_r(&seed) % 3 == 0) mprotect(places[at], PAGE, PROT_READ);
    if (rand_r(&seed) % 3 == 0) madvise(places[at] + PAGE, PAGE, MADV_DONTNEED);
    if (turn == PLACES && write(1, ".", 1) != 1) _exit(4);
    usleep(200);
  }
  return NULL;
}

int main(void) {
  pthread_t thread;
  for (unsigned long number = 1; number <= 3; number++) pthread_create(&thread, NULL, work, (void *)number);
  pause();
}
