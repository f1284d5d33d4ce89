/*
 * A process with memory that is known: each page of its areas begins with its own address and is filled from it.
 * It says where its areas are, then does what it is told, a line each, and answers each line with one line.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define LARGE_PAGES 512UL
#define SPARSE_PAGES 64UL
#define SMALL_PAGES 16UL
#define STACK_BYTES (128 * 1024)

static char *large, *sparse, *shared, *memory_file, *guarded, *kept_out, *heap, *stack, *moving;

static void fill_page(char *page, uint64_t seed) {
  uint64_t value = (uint64_t)(uintptr_t)page ^ seed;
  for (unsigned long at = 0; at < PAGE; at += 8) {
    memcpy(page + at, &value, 8);
    value = value * 6364136223846793005UL + 1442695040888963407UL;
  }
}

static void fill(char *area, unsigned long pages, uint64_t seed) {
  for (unsigned long page = 0; page < pages; page++) fill_page(area + page * PAGE, seed);
}

static char *map(unsigned long pages, int protection, int flags, int fd) {
  char *area = mmap(NULL, pages * PAGE, protection, flags, fd, 0);
  if (area == MAP_FAILED) exit(9);
  return area;
}

/* Between two pages that nothing may touch, so that the kernel does not join it with what lies beside it. */
static char *map_apart(unsigned long pages, int flags, int fd) {
  char *room = map(pages + 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  void *area = mmap(room + PAGE, pages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
  if (area == MAP_FAILED) exit(9);
  return area;
}

static void *wait_for_ever(void *unused) {
  for (;;) pause();
  return unused;
}

static void make_areas(void) {
  const int private = MAP_PRIVATE | MAP_ANONYMOUS;
  large = map_apart(LARGE_PAGES, private, -1);
  madvise(large, LARGE_PAGES * PAGE, MADV_NOHUGEPAGE);
  sparse = map_apart(SPARSE_PAGES, private, -1);
  madvise(sparse, SPARSE_PAGES * PAGE, MADV_NOHUGEPAGE);
  shared = map_apart(SMALL_PAGES, MAP_SHARED | MAP_ANONYMOUS, -1);
  int fd = memfd_create("subject", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, SMALL_PAGES * PAGE) != 0) exit(8);
  memory_file = map_apart(SMALL_PAGES, MAP_SHARED, fd);
  guarded = map_apart(SMALL_PAGES, private, -1);
  kept_out = map_apart(SMALL_PAGES, private, -1);
  moving = map(16 * SMALL_PAGES, PROT_NONE, private, -1) + 14 * SMALL_PAGES * PAGE;
  mmap(moving, SMALL_PAGES * PAGE, PROT_READ | PROT_WRITE, private | MAP_FIXED, -1, 0);
  heap = sbrk(SMALL_PAGES * PAGE);
  heap += (PAGE - (uintptr_t)heap % PAGE) % PAGE;
  fill(large, LARGE_PAGES, 1);
  for (unsigned long page = 0; page < SPARSE_PAGES; page += 3) fill_page(sparse + page * PAGE, 2);
  fill(shared, SMALL_PAGES, 3);
  fill(memory_file, SMALL_PAGES, 4);
  fill(guarded, SMALL_PAGES, 5);
  mprotect(guarded, SMALL_PAGES * PAGE, PROT_NONE);
  fill(kept_out, SMALL_PAGES, 6);
  madvise(kept_out, SMALL_PAGES * PAGE, MADV_DONTDUMP);
  fill(moving, SMALL_PAGES, 7);
  fill(heap, SMALL_PAGES - 1, 8);
}

static int answer_write(unsigned long count, unsigned long seed) {
  /* Distinct pages of the large area: a walk by a step that has no divisor in common with their number. */
  unsigned long page = seed % LARGE_PAGES;
  for (unsigned long i = 0; i < count; i++) {
    large[page * PAGE + (seed * 31 + i * 7) % PAGE] ^= 0x5a;
    printf(i == 0 ? "%lu" : " %lu", page);
    page = (page + 101) % LARGE_PAGES;
  }
  return printf("\n");
}

static void do_fork(void) {
  pid_t child = fork();
  if (child == 0) {
    fill(large, LARGE_PAGES, 99);
    _exit(0);
  }
  waitpid(child, NULL, 0);
}

/* New memory in front of `moving`, touched: the kernel makes one mapping of both. */
static void grow_down(void) {
  char *lower = moving - SMALL_PAGES * PAGE;
  if (mmap(lower, SMALL_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != lower) exit(7);
  fill(lower, SMALL_PAGES, 10);
  moving = lower;
}

static void act(const char *line, char **argv) {
  unsigned long a = 0, b = 0;
  if (sscanf(line, "write %lu %lu", &a, &b) == 2) {
    answer_write(a, b);
    return;
  }
  if (strncmp(line, "exec", 4) == 0) execv("/proc/self/exe", argv);
  if (strncmp(line, "exit", 4) == 0) _exit(0);
  if (strncmp(line, "fork", 4) == 0) do_fork();
  if (strncmp(line, "hide", 4) == 0) prctl(PR_SET_DUMPABLE, 0);
  if (strncmp(line, "split", 5) == 0) mprotect(large, PAGE, PROT_READ);
  if (strncmp(line, "drop", 4) == 0) madvise(large, 8 * PAGE, MADV_DONTNEED);
  if (strncmp(line, "unmap", 5) == 0) munmap(large, LARGE_PAGES * PAGE);
  if (strncmp(line, "replace", 7) == 0) {
    int fd = open("/proc/self/exe", O_RDONLY);
    mmap(sparse, PAGE * 2, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
  }
  if (strncmp(line, "down", 4) == 0) grow_down();
  if (strncmp(line, "share", 5) == 0) fill_page(shared, 77);
  if (sscanf(line, "leak %lu", &a) == 1) {
    char *more = map(a, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    fill(more, a, 11);
  }
  if (sscanf(line, "brk %lu", &a) == 1) fill(sbrk(a * PAGE), a, 12);
  printf("done\n");
}

int main(int argc, char **argv) {
  char room[STACK_BYTES + PAGE];
  (void)argc;
  stack = room + (PAGE - (uintptr_t)room % PAGE);
  fill(stack, STACK_BYTES / PAGE, 9);
  make_areas();
  pthread_t thread;
  pthread_create(&thread, NULL, wait_for_ever, NULL);
  printf("large %lu sparse %lu shared %lu memory_file %lu guarded %lu kept_out %lu heap %lu stack %lu moving %lu\n",
         (unsigned long)large, (unsigned long)sparse, (unsigned long)shared, (unsigned long)memory_file, (unsigned long)guarded,
         (unsigned long)kept_out, (unsigned long)heap, (unsigned long)stack, (unsigned long)moving);
  fflush(stdout);
  char line[64];
  for (;;) {
    /* read(2), not stdio: its buffers would change with every line. */
    unsigned long length = 0;
    while (length + 1 < sizeof line && read(0, line + length, 1) == 1 && line[length] != '\n') length++;
    if (length == 0) return 0;
    line[length] = 0;
    act(line, argv);
    fflush(stdout);
  }
}
