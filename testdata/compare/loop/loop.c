// SPDX-License-Identifier: Apache-2.0

// Loop reads the status file of every process, each with one open, one read
// and one close, and prints how many it has read; with -t those of all threads,
// with -c also the cgroup file of each process. DIR stands for /proc:
//
//	loop [-t | -c] [DIR]
//
// No program that needs these files does less.

#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char buffer[1 << 16];

// file reads ID/NAME of a directory, and returns 0 if it has gone.
static int file(int dir, const char *id, const char *name)
{
	char path[272];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof path, "%s/%s", id, name);
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, buffer, sizeof buffer);
		close(fd);
	}
	return n > 0;
}

// threads reads the status file of each thread of a process but its leader.
static long threads(int dir, const char *pid)
{
	char path[272];
	long count = 0;
	struct dirent *entry;
	int fd;

	snprintf(path, sizeof path, "%s/task", pid);
	fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	DIR *task = fdopendir(fd);
	if (!task) {
		close(fd);
		return 0;
	}
	while ((entry = readdir(task)))
		if (isdigit((unsigned char)entry->d_name[0]) && strcmp(entry->d_name, pid) != 0)
			count += file(dirfd(task), entry->d_name, "status");
	closedir(task);
	return count;
}

int main(int argc, char **argv)
{
	int all = argc > 1 && strcmp(argv[1], "-t") == 0;
	int cgroup = argc > 1 && strcmp(argv[1], "-c") == 0;
	const char *path = argc > 1 + (all || cgroup) ? argv[argc - 1] : "/proc";
	long count = 0;
	struct dirent *entry;
	DIR *proc = opendir(path);

	if (!proc) {
		perror(path);
		return 1;
	}
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		count += file(dirfd(proc), entry->d_name, "status");
		if (cgroup)
			file(dirfd(proc), entry->d_name, "cgroup");
		if (all)
			count += threads(dirfd(proc), entry->d_name);
	}
	printf("%ld\n", count);
	return 0;
}
