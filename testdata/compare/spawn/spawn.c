// SPDX-License-Identifier: Apache-2.0

// Spawn makes N idle tasks and keeps them until its standard input ends:
//
//	spawn processes|threads privileged|unprivileged N
//
// Processes are spawn's children, threads its own. They have what spawn has, or,
// unprivileged, no capability, and uid 65534 instead of 0. When all of them idle, spawn
// prints the process ids, one a line, and an empty line. It makes fewer if the
// kernel refuses more, and says why on standard error.
//
// Nothing stays behind. Spawn kills its children, by the ids of those that it
// has not waited for; the kernel kills them when spawn dies, and spawn when the
// thread that started it does; each ends itself after LIFE seconds; and they are
// the first to go when memory runs out.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIFE = 15 * 60, NOBODY = 65534 };

static int drop(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { 0 };

	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
				setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return -1;
	return syscall(SYS_capset, &header, none);
}

// child idles; a byte in the pipe ready tells that it does.
static void child(pid_t parent, int unprivileged, int ready)
{
	int ok = !unprivileged || drop() == 0;

	// A change of ids takes the signal of the parent's death back.
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(LIFE);
	if (!ok || getppid() != parent || write(ready, "", 1) != 1)
		_exit(1);
	close(ready);
	close(0);
	close(1);
	close(2);
	for (;;)
		pause();
}

// processes makes children, says how many, and returns whether all of them idle.
static int processes(int n, int unprivileged, pid_t *pids, int *made)
{
	pid_t self = getpid();
	int idle = 0, ready[2];
	char buffer[4096];
	ssize_t got;

	if (pipe2(ready, O_CLOEXEC) < 0) {
		perror("pipe2");
		return 0;
	}
	for (; *made < n; ++*made) {
		pid_t pid = fork();
		if (pid == 0) {
			close(ready[0]);
			child(self, unprivileged, ready[1]);
		}
		if (pid < 0) {
			fprintf(stderr, "fork: %s\n", strerror(errno));
			break;
		}
		pids[*made] = pid;
	}
	close(ready[1]);
	while ((got = read(ready[0], buffer, sizeof buffer)) > 0)
		idle += got;
	close(ready[0]);
	if (idle < *made)
		fprintf(stderr, "%d of %d processes could not drop what they hold\n", *made - idle, *made);
	return idle == *made;
}

static void *thread(void *unused)
{
	for (;;)
		pause();
	return unused;
}

// threads makes threads with small stacks and without guard pages, so that the
// stacks are one mapping.
static void threads(int n)
{
	pthread_attr_t small;
	pthread_t id;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 1 << 16);
	pthread_attr_setguardsize(&small, 0);
	for (int i = 0; i < n; i++) {
		int err = pthread_create(&id, &small, thread, NULL);
		if (err) {
			fprintf(stderr, "pthread_create: %s\n", strerror(err));
			return;
		}
	}
}

static void volunteer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1000", 4) < 0)
		perror("oom_score_adj");
	close(fd);
}

// finish kills and waits for the children.
static void finish(const pid_t *pids, int made)
{
	for (int i = 0; i < made; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv)
{
	int n = argc == 4 ? atoi(argv[3]) : 0, made = 0, ok = 1;
	int unprivileged = argc == 4 && strcmp(argv[2], "unprivileged") == 0;
	pid_t *pids = calloc(n > 0 ? n : 1, sizeof *pids);
	char byte;

	if (n < 1 || !pids)
		return 2;
	alarm(LIFE);
	volunteer();
	if (strcmp(argv[1], "threads") == 0) {
		ok = !unprivileged || drop() == 0;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		threads(n - 1);
		printf("%d\n", getpid());
	} else {
		ok = processes(n, unprivileged, pids, &made);
	}
	for (int i = 0; i < made; i++)
		printf("%d\n", pids[i]);
	if (ok) {
		printf("\n");
		fflush(stdout);
		while (read(0, &byte, 1) > 0)
			;
	}
	finish(pids, made);
	_exit(!ok);
}
