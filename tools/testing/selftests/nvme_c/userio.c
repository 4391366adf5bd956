// SPDX-License-Identifier: GPL-2.0
/*
 * userio [-bBcfnprsw] [-k N] [-m N] [-u UID] DEVICE IOCTL [KEY=NUMBER...] [in=FILE] [out=FILE]
 *
 * Makes one ioctl of <linux/nvme_ioctl.h>, or sends one command by io_uring, and prints what came of it: the name of an
 * errno, or "status" and "result" in hexadecimal. The buffer stands among bytes of a
 * pattern; "overrun" is printed if one of them changed, and what is not written by the
 * device has the pattern, too.
 *
 *  -k N      the Nth allocation of the kernel's for the command fails; print "through"
 *            after what came of it, if there were fewer
 *  -r        open the device for reading only
 *  -s        the buffer's pages come by userfaultfd: print "stalled" when somebody waits
 *            for one, and have them come after a line; nobody looks into the buffer then
 *  -u UID    become this user after it was opened
 *  -w        after it was opened print "open", and wait for a line
 *
 * and for io_uring
 *
 *  -b        a ring with small submissions
 *  -B        a ring with small completions
 *  -c        a ring of a program of 32 bits, and a vector of its kind
 *  -f        the data in a registered buffer
 *  -m N      send it N times, by a ring that lets the ends wait until they are asked for;
 *            print how many were done, and the errno of the last other one
 *  -n        print "sent" after it was sent, and look for its end after a line
 *  -p        a ring that polls
 *
 * IOCTL is id, admin, admin64, io, io64, vec, submit, reset, subsys, rescan or a number;
 * by io_uring uring-io, uring-vec, uring-admin, uring-admin-vec or uring-NUMBER.
 * Keys are op, flags, nsid, cdw2, cdw3, cdw10 to cdw15, len (of the buffer, and what the
 * driver is told), at (where in a page it begins), pieces (of a vector), addr (instead
 * of the buffer), meta (length of metadata), timeout (ms); for submit slba and blocks.
 * Files for metadata are min=FILE and mout=FILE.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/nvme_ioctl.h>
#include <linux/userfaultfd.h>

#include "uring.h"

/* Only x86 can be asked for a low address, and only there programs of 32 bits are tried. */
#ifndef MAP_32BIT
#define MAP_32BIT	0
#endif

#define PATTERN		0xa5
#define PAGE		4096
#define ROOM		(8UL << 20)
#define MAX_PIECES	256
#define META_ROOM	(1UL << 20)

struct numbers {
	unsigned long op, flags, nsid, cdw[16], len, at, pieces, addr, meta, timeout;
	unsigned long slba, blocks;
	const char *in, *out, *min, *mout;
};

static unsigned char *room, *buffer, *meta_room, *meta;
static unsigned int ring_flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32;
static int ring_fixed, ring_waits, ring_compat, ring_many;
static int fail_fd = -1, fail_nth, is_through;

static void die(const char *what)
{
	fprintf(stderr, "userio: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Of this task, and of whatever it has the kernel do itself. */
static void fail_open(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth", getpid());
	fail_fd = open(path, O_RDWR);
	if (fail_fd < 0)
		die(path);
}

static void fail_write(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	if (pwrite(fail_fd, text, len, 0) != len)
		die("fail-nth");
}

static void fail_begin(void)
{
	if (fail_nth)
		fail_write(fail_nth);
}

/* Leaves errno alone. */
static void fail_end(void)
{
	char text[16] = "";
	int error = errno;

	if (!fail_nth)
		return;
	if (pread(fail_fd, text, sizeof(text) - 1, 0) < 0)
		die("fail-nth");
	is_through = atoi(text) != 0;
	if (is_through)
		fail_write(0);
	errno = error;
}

static int set_number(struct numbers *n, const char *key, unsigned long value)
{
	const struct { const char *key; unsigned long *to; } keys[] = {
		{ "op", &n->op }, { "flags", &n->flags }, { "nsid", &n->nsid },
		{ "len", &n->len }, { "at", &n->at }, { "pieces", &n->pieces },
		{ "addr", &n->addr }, { "meta", &n->meta },
		{ "timeout", &n->timeout }, { "slba", &n->slba },
		{ "blocks", &n->blocks },
	};
	unsigned int i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strcmp(keys[i].key, key)) {
			*keys[i].to = value;
			return 0;
		}
	}
	if (strncmp(key, "cdw", 3) || strtoul(key + 3, NULL, 10) > 15)
		return -1;
	n->cdw[strtoul(key + 3, NULL, 10)] = value;
	return 0;
}

static void parse(struct numbers *n, char *arg)
{
	char *value = strchr(arg, '=');

	errno = EINVAL;
	if (!value)
		die(arg);
	*value++ = '\0';
	if (!strcmp(arg, "in"))
		n->in = value;
	else if (!strcmp(arg, "out"))
		n->out = value;
	else if (!strcmp(arg, "min"))
		n->min = value;
	else if (!strcmp(arg, "mout"))
		n->mout = value;
	else if (set_number(n, arg, strtoul(value, NULL, 0)))
		die(arg);
}

static void fill_from(unsigned char *to, const char *name, size_t len)
{
	FILE *file = fopen(name, "r");

	if (!file || fread(to, 1, len, file) != len)
		die(name);
	fclose(file);
}

static void make_room(const struct numbers *n)
{
	room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | (ring_compat ? MAP_32BIT : 0), -1, 0);
	if (room == MAP_FAILED)
		die("mmap");
	memset(room, PATTERN, ROOM);
	buffer = room + PAGE + n->at;
	if (n->in)
		fill_from(buffer, n->in, n->len);
	meta_room = malloc(META_ROOM);
	if (!meta_room)
		die("malloc");
	memset(meta_room, PATTERN, META_ROOM);
	meta = meta_room + PAGE + n->at;
	if (n->min)
		fill_from(meta, n->min, n->meta);
}

/* Nothing but @len bytes at @where has changed; what they are now goes to @name. */
static void look_at(const unsigned char *from, size_t size, const unsigned char *where,
		    size_t len, const char *name)
{
	const unsigned char *at;
	FILE *file;

	for (at = from; at < from + size; at++) {
		if (at == where)
			at += len;
		if (at < from + size && *at != PATTERN) {
			printf("overrun\n");
			exit(1);
		}
	}
	if (!name)
		return;
	file = fopen(name, "w");
	if (!file || fwrite(where, 1, len, file) != len || fclose(file))
		die(name);
}

static void fill64(struct nvme_passthru_cmd64 *cmd, const struct numbers *n)
{
	*cmd = (struct nvme_passthru_cmd64) {
		.opcode = n->op, .flags = n->flags, .nsid = n->nsid,
		.cdw2 = n->cdw[2], .cdw3 = n->cdw[3],
		.addr = n->addr ?: (unsigned long)buffer,
		.metadata = n->meta ? (unsigned long)meta : 0,
		.metadata_len = n->meta, .data_len = n->len,
		.cdw10 = n->cdw[10], .cdw11 = n->cdw[11], .cdw12 = n->cdw[12],
		.cdw13 = n->cdw[13], .cdw14 = n->cdw[14], .cdw15 = n->cdw[15],
		.timeout_ms = n->timeout,
	};
}

/* Pieces of unequal length, one after the other in memory. */
static void fill_vec(struct nvme_passthru_cmd64 *cmd, const struct numbers *n)
{
	static unsigned int half[2 * MAX_PIECES];
	static struct iovec iov[MAX_PIECES];
	unsigned long i, at = 0, step = n->len / n->pieces;

	for (i = 0; i < n->pieces; i++) {
		iov[i].iov_base = buffer + at;
		iov[i].iov_len = i == n->pieces - 1 ? n->len - at :
						      step - (i & 1) * 4;
		at += iov[i].iov_len;
	}
	for (i = 0; i < n->pieces; i++) {
		half[2 * i] = (unsigned long)iov[i].iov_base;
		half[2 * i + 1] = iov[i].iov_len;
	}
	cmd->addr = n->addr ?: ring_compat ? (unsigned long)half : (unsigned long)iov;
	cmd->vec_cnt = n->pieces;
}

static unsigned int uring_op(const char *name)
{
	if (!strcmp(name, "io"))
		return NVME_URING_CMD_IO;
	if (!strcmp(name, "vec"))
		return NVME_URING_CMD_IO_VEC;
	if (!strcmp(name, "admin"))
		return NVME_URING_CMD_ADMIN;
	if (!strcmp(name, "admin-vec"))
		return NVME_URING_CMD_ADMIN_VEC;
	return strtoul(name, NULL, 0);
}

static void wait_for_line(const char *said)
{
	printf("%s\n", said);
	fflush(stdout);
	while (getchar() != '\n')
		if (feof(stdin))
			exit(2);
}

/* Returns how many were done; @result is the errno of the last that was not. */
static int run_many(struct uring *ring, int fd, unsigned int op,
		    const struct nvme_passthru_cmd64 *cmd, __u64 *result)
{
	int i, ret, sent = 0, done = 0;
	unsigned long long second;

	for (i = 0; i < ring_many; i++) {
		ret = uring_send(ring, fd, op, cmd, sizeof(struct nvme_uring_cmd), 0);
		if (ret)
			*result = -ret;
		else
			sent++;
	}
	for (i = 0; i < sent; i++) {
		ret = uring_wait(ring, &second);
		if (ret < 0)
			*result = -ret;
		else
			done += !ret;
	}
	return done;
}

static int run_uring(int fd, const char *name, const struct numbers *n, __u64 *result)
{
	unsigned int op = uring_op(name);
	struct nvme_passthru_cmd64 cmd;
	unsigned long long second = 0;
	struct uring ring;
	int ret;

	fill64(&cmd, n);
	if (op == NVME_URING_CMD_IO_VEC || op == NVME_URING_CMD_ADMIN_VEC)
		fill_vec(&cmd, n);
	if (uring_open(&ring, ring_flags, ring_compat))
		die("io_uring_setup");
	if (ring_fixed && uring_register(&ring, buffer, n->len ?: 1))
		die("io_uring_register");
	if (ring_many)
		return run_many(&ring, fd, op, &cmd, result);
	fail_begin();
	ret = uring_send(&ring, fd, op, &cmd, sizeof(struct nvme_uring_cmd), ring_fixed);
	if (!ret && ring_waits)
		wait_for_line("sent");
	if (!ret)
		ret = uring_wait(&ring, &second);
	fail_end();
	*result = second;
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static int run_ioctl(int fd, const char *name, const struct numbers *n, __u64 *result)
{
	struct nvme_passthru_cmd64 cmd64;
	struct nvme_passthru_cmd cmd;
	struct nvme_user_io io;
	int ret;

	fill64(&cmd64, n);
	memcpy(&cmd, &cmd64, offsetof(struct nvme_passthru_cmd, result));
	cmd.result = 0;
	if (!strcmp(name, "admin") || !strcmp(name, "io")) {
		ret = ioctl(fd, !strcmp(name, "io") ? NVME_IOCTL_IO_CMD :
						      NVME_IOCTL_ADMIN_CMD, &cmd);
		*result = cmd.result;
		return ret;
	}
	if (!strcmp(name, "submit")) {
		io = (struct nvme_user_io) {
			.opcode = n->op, .flags = n->flags, .nblocks = n->blocks,
			.slba = n->slba, .addr = cmd64.addr,
			.metadata = (unsigned long)meta, .control = n->cdw[12] >> 16,
			.reftag = n->cdw[14], .apptag = n->cdw[15],
			.appmask = n->cdw[15] >> 16,
		};
		return ioctl(fd, NVME_IOCTL_SUBMIT_IO, &io);
	}
	if (!strcmp(name, "vec"))
		fill_vec(&cmd64, n);
	if (!strcmp(name, "admin64"))
		ret = ioctl(fd, NVME_IOCTL_ADMIN64_CMD, &cmd64);
	else if (!strcmp(name, "io64"))
		ret = ioctl(fd, NVME_IOCTL_IO64_CMD, &cmd64);
	else if (!strcmp(name, "vec"))
		ret = ioctl(fd, NVME_IOCTL_IO64_CMD_VEC, &cmd64);
	else if (!strcmp(name, "id"))
		ret = ioctl(fd, NVME_IOCTL_ID);
	else if (!strcmp(name, "reset"))
		ret = ioctl(fd, NVME_IOCTL_RESET);
	else if (!strcmp(name, "subsys"))
		ret = ioctl(fd, NVME_IOCTL_SUBSYS_RESET);
	else if (!strcmp(name, "rescan"))
		ret = ioctl(fd, NVME_IOCTL_RESCAN);
	else
		ret = ioctl(fd, strtoul(name, NULL, 0), &cmd64);
	*result = cmd64.result;
	return ret;
}

static int run(int fd, const char *name, const struct numbers *n, __u64 *result)
{
	int ret;

	if (!strncmp(name, "uring-", 6))
		return run_uring(fd, name + 6, n, result);
	fail_begin();
	ret = run_ioctl(fd, name, n, result);
	fail_end();
	return ret;
}

static void *bring_pages(void *arg)
{
	struct uffdio_range range = { (unsigned long)room, ROOM };
	int fd = *(int *)arg;
	struct uffd_msg msg;

	if (read(fd, &msg, sizeof(msg)) != sizeof(msg))
		die("userfaultfd");
	wait_for_line("stalled");
	if (ioctl(fd, UFFDIO_UNREGISTER, &range))
		die("UFFDIO_UNREGISTER");
	return NULL;
}

static void stall_room(void)
{
	struct uffdio_register reg = { { (unsigned long)room, ROOM },
				       .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	static pthread_t thread;
	static int fd;

	fd = syscall(__NR_userfaultfd, O_CLOEXEC);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg) ||
	    madvise(room, ROOM, MADV_DONTNEED))
		die("userfaultfd");
	errno = pthread_create(&thread, NULL, bring_pages, &fd);
	if (errno)
		die("pthread_create");
}

int main(int argc, char **argv)
{
	int fd, opt, ret, flags = O_RDWR, waits = 0, stalls = 0, i;
	struct numbers n = { .pieces = 1 };
	__u64 result = 0;
	uid_t uid = 0;

	while ((opt = getopt(argc, argv, "bBcfk:m:nprsu:w")) != -1) {
		switch (opt) {
		case 'r':
			flags = O_RDONLY;
			break;
		case 's':
			stalls = 1;
			break;
		case 'u':
			uid = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			waits = 1;
			break;
		case 'b':
			ring_flags &= ~IORING_SETUP_SQE128;
			break;
		case 'B':
			ring_flags &= ~IORING_SETUP_CQE32;
			break;
		case 'f':
			ring_fixed = 1;
			break;
		case 'c':
			ring_compat = 1;
			break;
		case 'k':
			fail_nth = atoi(optarg);
			break;
		case 'm':
			ring_many = atoi(optarg);
			ring_flags |= IORING_SETUP_SINGLE_ISSUER |
				      IORING_SETUP_DEFER_TASKRUN;
			break;
		case 'n':
			ring_waits = 1;
			break;
		case 'p':
			ring_flags |= IORING_SETUP_IOPOLL;
			break;
		default:
			return 2;
		}
	}
	if (argc - optind < 2)
		return 2;
	for (i = optind + 2; i < argc; i++)
		parse(&n, argv[i]);
	errno = EINVAL;
	if (n.meta + n.at > META_ROOM / 2)
		die("meta");
	if (n.len + n.at > ROOM / 2 || !n.pieces || n.pieces > MAX_PIECES)
		n.addr = n.addr ?: 1;
	make_room(&n);
	fd = open(argv[optind], flags);
	if (fd < 0)
		die(argv[optind]);
	/* Not after: then it is root's. */
	if (fail_nth)
		fail_open();
	if (uid && setresuid(uid, uid, uid))
		die("setresuid");
	if (waits)
		wait_for_line("open");
	if (stalls)
		stall_room();
	ret = run(fd, argv[optind + 1], &n, &result);
	if (ret < 0)
		printf("%s\n", strerrorname_np(errno));
	else
		printf("%#x %#llx\n", ret, (unsigned long long)result);
	if (is_through)
		printf("through\n");
	if (stalls)
		return 0;
	look_at(room, ROOM, buffer, (n.addr || ret < 0) && !n.in ? 0 : n.len, n.out);
	look_at(meta_room, META_ROOM, meta, ret < 0 && !n.min ? 0 : n.meta, n.mout);
	return 0;
}
