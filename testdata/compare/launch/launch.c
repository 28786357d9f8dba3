// SPDX-License-Identifier: Apache-2.0

// Launch runs commands turn by turn and prints what each run took:
//
//	launch [-p] RUNS COMMAND [ARG ...] [-- COMMAND [ARG ...]] ...
//
// A line is the command's number, its nanoseconds from before vfork to after
// wait4, its microseconds of user and of system time, its wait status, and the
// microseconds that all else on the machine took meanwhile, to some 10,000. The
// commands have no environment, and /dev/null as all standard streams; with -p
// standard output is a pipe, which launch reads to its end. It is in C because
// a fork by the Go runtime takes some 50 us, which would make two programs that
// are compared look more alike.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long us(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

// busy returns the microseconds that the CPUs did not idle since boot.
static long long busy(void)
{
	long long user = 0, nice = 0, system = 0, idle, wait, irq = 0, soft = 0;
	FILE *f = fopen("/proc/stat", "re");

	if (f) {
		if (fscanf(f, "cpu %lld %lld %lld %lld %lld %lld %lld", &user, &nice, &system, &idle, &wait, &irq, &soft) != 7)
			user = nice = system = irq = soft = 0;
		fclose(f);
	}
	return (user + nice + system + irq + soft) * (1000000 / sysconf(_SC_CLK_TCK));
}

static void drain(int fd)
{
	static char buffer[1 << 16];

	while (read(fd, buffer, sizeof buffer) > 0)
		;
	close(fd);
}

static int run(int number, char **argv, int null, int piped)
{
	char *none[] = { NULL };
	struct timespec a, b;
	struct rusage use;
	int status, out[2] = { -1, null };

	if (piped && pipe2(out, O_CLOEXEC) < 0) {
		perror("pipe2");
		return 0;
	}
	long long before = busy();
	clock_gettime(CLOCK_MONOTONIC, &a);
	pid_t pid = vfork();
	if (pid == 0) {
		dup2(null, 0);
		dup2(out[1], 1);
		dup2(null, 2);
		execve(argv[0], argv, none);
		_exit(127);
	}
	if (piped) {
		close(out[1]);
		drain(out[0]);
	}
	if (pid < 0 || wait4(pid, &status, 0, &use) < 0) {
		perror(argv[0]);
		return 0;
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	long long own = us(use.ru_utime) + us(use.ru_stime);
	printf("%d %lld %lld %d %lld\n", number, (b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec,
		own, status, busy() - before - own);
	return 1;
}

int main(int argc, char **argv)
{
	int piped = argc > 1 && strcmp(argv[1], "-p") == 0;
	int first = 2 + piped;
	int runs = argc > first ? atoi(argv[1 + piped]) : 0;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (runs < 1 || null < 0)
		return 2;
	for (int i = first; i < argc; i++)
		if (strcmp(argv[i], "--") == 0)
			argv[i] = NULL;
	while (runs-- > 0)
		for (int i = first, number = 0; i < argc; i++)
			if (argv[i] && (i == first || !argv[i - 1]) && !run(number++, &argv[i], null, piped))
				return 1;
	return 0;
}
