// SPDX-License-Identifier: GPL-2.0
/*
 * cmdfuzz [-q] [-k] [-s] [-z] [-b BYTES] [-m BYTES] [-n COUNT] [-u UID] SEED SECONDS DEVICE...
 *
 * Sends commands at random by all ioctls of <linux/nvme_ioctl.h> and by io_uring, to nodes
 * that are opened for writing and for reading only. Most of a command makes sense, and a
 * part of it does not: a length, a pointer, an opcode, a namespace, a flag. Each buffer
 * stands among bytes of a pattern, and is looked at when the command has ended: nothing
 * beside it may have changed.
 *
 *  -k     keep from what changes the controller: resets, namespaces, formats
 *  -q     the device writes no data (it is a model that was told so): whatever is in a
 *         buffer then and neither the pattern nor zero came from the kernel's memory
 *  -s     show each command, for one that went wrong
 *  -z     the namespace has zones: more commands that have to do with them
 *  -b N   bytes of a block, 512 if not said
 *  -m N   bytes of metadata for each block, in a buffer of its own
 *  -n N   end after so many commands, if not after the time
 *  -u UID become this user after the devices were opened
 *
 * Prints how many commands were sent, how many of them reached the device and how many
 * were refused. The same seed gives the same commands.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/nvme_ioctl.h>

#include "../lib/chance.h"
#include "uring.h"

#define PATTERN		0xa5
#define PAGE		4096UL
#define GUARD		PAGE
#define ROOM		(64 * PAGE)
#define TAIL		(8 * PAGE)	/* what follows it, and is not looked at */
#define HOLE		(64UL << 20)	/* and then: more than one command moves */
#define MAX_DEVICES	8
#define MAX_PIECES	16
#define MAX_IOVS	1024	/* whatever is said, the kernel takes no more */
#define SHORT_MS	2000	/* for whatever the device makes wait */
#define LARGEST		(64 * 512U)	/* what a sensible command moves at most */

#define NR_OF(array)	(sizeof(array) / sizeof((array)[0]))

/* What a command is sent by. */
enum way {
	BY_ADMIN, BY_ADMIN64, BY_IO, BY_IO64, BY_VEC, BY_SUBMIT, BY_OTHER,
	BY_URING_IO, BY_URING_VEC, BY_URING_ADMIN, BY_URING_ADMIN_VEC, NR_WAYS
};

struct attempt {
	enum way way;
	int fd;
	unsigned int request;		/* of BY_OTHER */
	int fixed;
	size_t at, len;			/* of the buffer in the room */
	struct nvme_passthru_cmd64 cmd;
};

static int fds[2 * MAX_DEVICES], nr_fds;
static unsigned char *room, *bad_memory;
static struct uring ring;
static unsigned long sent, ended, failed, refused, limit;
static unsigned int block = 512, meta;
static int keeps, quiet, shows, zones;
static struct attempt history[8];	/* what was sent before, by number */
static int returned[8];

static void die(const char *what)
{
	fprintf(stderr, "cmdfuzz: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- chance -------------------------------------------------------------- */

static int one_in(unsigned int n) { return !below(n); }

/* A number near @value more often than not. */
static unsigned int near(unsigned int value)
{
	switch (below(16)) {
	case 0: return value - 1;
	case 1: return value + 1;
	case 2: return value * 2;
	case 3: return value / 2;
	case 4: return 0;
	case 5: return ~0U;
	case 6: return chance();
	default: return value;
	}
}

/* --- commands that make sense ---------------------------------------------- */

static const unsigned char admin_ops[] = {
	0x00, 0x01, 0x02, 0x02, 0x02, 0x04, 0x05, 0x06, 0x06, 0x06, 0x06, 0x06, 0x08,
	0x09, 0x0a, 0x0a, 0x0c, 0x0d, 0x10, 0x11, 0x14, 0x15, 0x18, 0x19, 0x1a, 0x1c,
	0x1d, 0x1e, 0x24, 0x7c, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x86, 0xc0, 0xff,
};

static const unsigned char io_ops[] = {
	0x00, 0x01, 0x01, 0x01, 0x02, 0x02, 0x02, 0x04, 0x05, 0x08, 0x08, 0x09, 0x09,
	0x0c, 0x0d, 0x0e, 0x11, 0x12, 0x15, 0x19, 0x79, 0x7a, 0x7d, 0x7f, 0x80, 0xff,
};

/* What is left out with -k: whatever takes the disks away, or all that is on them. */
static int changes_much(unsigned char op)
{
	switch (op) {
	case 0x0d: case 0x10: case 0x11: case 0x14: case 0x15: case 0x1c: case 0x1d:
	case 0x24: case 0x80: case 0x84:
		return 1;
	default:
		return op >= 0xc0;
	}
}

static size_t sensible_admin(struct nvme_passthru_cmd64 *cmd)
{
	static const unsigned char cns[] = { 0, 1, 2, 3, 5, 6, 8, 0x10, 0x13, 0x1c };
	unsigned int dwords;

	switch (cmd->opcode) {
	case 0x06:
		cmd->cdw10 = one_in(4) ? chance() : cns[below(NR_OF(cns))];
		return 4096;
	case 0x02:
		dwords = 1 + below(1024);
		cmd->cdw10 = (dwords - 1) << 16 | (one_in(4) ? below(256) : 1 + below(6));
		return dwords * 4;
	case 0x09:
	case 0x0a:
		cmd->cdw10 = below(one_in(4) ? 256 : 0x20);
		cmd->cdw11 = below(256);
		return one_in(2) ? 4096 : 0;
	case 0x7c:
		cmd->data_len = 0;
		return 4096;
	default:
		cmd->cdw10 = chance();
		return one_in(2) ? 4096 : 0;
	}
}

/* A zone has 4 MiB, and most of what is done with one begins where it does. */
static void sensible_zone(struct nvme_passthru_cmd64 *cmd)
{
	static const unsigned char ops[] = { 0x79, 0x7a, 0x7d, 0x7d, 0x01 };

	cmd->opcode = ops[below(NR_OF(ops))];
	cmd->cdw10 = below(16) * ((4U << 20) / block);
}

/*
 * Metadata of so many blocks, and what is to be checked or made of it (PRINFO). Returns
 * the bytes of data.
 */
static size_t protect(struct nvme_passthru_cmd64 *cmd, unsigned int blocks)
{
	if (meta) {
		cmd->metadata_len = blocks * meta;
		if (one_in(2))
			cmd->cdw12 |= below(16) << 26;
		cmd->cdw14 = one_in(4) ? chance() : cmd->cdw10;
	}
	return (size_t)blocks * block;
}

static size_t sensible_io(struct nvme_passthru_cmd64 *cmd)
{
	unsigned int blocks = 1 + below(64);

	cmd->cdw10 = below(4096);
	cmd->cdw12 = blocks - 1;
	if (zones && one_in(2))
		sensible_zone(cmd);
	switch (cmd->opcode) {
	case 0x01: case 0x02: case 0x05: case 0x7d:
		if (blocks * block > LARGEST)
			blocks = LARGEST / block;
		cmd->cdw12 = blocks - 1;
		return protect(cmd, blocks);
	case 0x09:
		cmd->cdw10 = below(16);
		cmd->cdw11 = below(8);
		return (cmd->cdw10 + 1) * 16;
	case 0x0d: case 0x11:
		return 16;
	case 0x0e: case 0x15:
		cmd->cdw10 = below(256);
		return (cmd->cdw10 + 1) * 4;
	case 0x7a:
		cmd->cdw12 = below(256);
		cmd->cdw13 = below(2) | below(8) << 8 | below(2) << 16;
		return (cmd->cdw12 + 1) * 4;
	case 0x79:
		cmd->cdw13 = below(6) | (one_in(16) ? 1 << 8 : 0);
		return 0;
	default:
		return one_in(4) ? below(4 * PAGE) : 0;
	}
}

static int is_admin(enum way way)
{
	return way == BY_ADMIN || way == BY_ADMIN64 || way == BY_URING_ADMIN ||
	       way == BY_URING_ADMIN_VEC;
}

/* --- and what is wrong with them --------------------------------------------- */

static void spoil(struct attempt *a)
{
	struct nvme_passthru_cmd64 *cmd = &a->cmd;

	switch (below(12)) {
	case 0: a->len = near(a->len) % (ROOM - 2 * GUARD - PAGE); break;
	case 1: cmd->opcode = chance(); break;
	case 2: cmd->nsid = near(cmd->nsid); break;
	case 3: cmd->flags = chance(); break;
	case 4: cmd->cdw10 = near(cmd->cdw10); break;
	case 5: cmd->cdw11 = near(cmd->cdw11); break;
	case 6: cmd->cdw12 = near(cmd->cdw12); break;
	case 7: cmd->cdw13 = chance(); break;
	case 8: cmd->metadata_len = near(64); break;
	case 9: cmd->cdw2 = chance(); cmd->cdw3 = chance(); break;
	case 10: cmd->rsvd1 = chance(); break;
	case 11: cmd->cdw14 = chance(); cmd->cdw15 = chance(); break;
	}
}

/* Memory that is not there, or not to be written, or of the kernel. */
static unsigned long bad_address(size_t len)
{
	switch (below(6)) {
	case 0: return 0;
	case 1: return (unsigned long)bad_memory - below(TAIL);
	case 2: return ~0UL - len / 2;
	case 3: return (unsigned long)die;
	case 4: return 1UL << 63;
	default: return chance();
	}
}

/* Pieces of unequal lengths; behind them are some of no length at no address. */
static struct iovec *cut_up(unsigned char *from, size_t len, unsigned int nr)
{
	static struct iovec iov[MAX_IOVS];
	unsigned int i;
	size_t part;

	memset(iov, 0, sizeof(iov));
	for (i = 0; i < nr; i++) {
		part = i == nr - 1 ? len : len / (1 + below(4));
		iov[i] = (struct iovec) { from, part };
		from += part;
		len -= part;
	}
	if (one_in(32))
		iov[below(nr)].iov_base = (void *)bad_address(PAGE);
	if (one_in(32))
		iov[below(nr)].iov_len = chance();
	return iov;
}

static int takes_vector(enum way way)
{
	return way == BY_VEC || way == BY_URING_VEC || way == BY_URING_ADMIN_VEC;
}

static void set_buffer(struct attempt *a)
{
	struct nvme_passthru_cmd64 *cmd = &a->cmd;
	unsigned int nr = 1 + below(MAX_PIECES);
	unsigned char *buffer;

	a->at = GUARD + (one_in(2) ? 0 : below(PAGE / 4) * 4);
	if (one_in(16))
		a->at += below(4);
	buffer = room + a->at;
	cmd->data_len = a->len;
	cmd->addr = a->len || one_in(2) ? (unsigned long)buffer : 0;
	if (takes_vector(a->way)) {
		cmd->addr = (unsigned long)cut_up(buffer, a->len, nr);
		cmd->vec_cnt = one_in(32) ? near(nr) : nr;
	}
	if (one_in(24))
		cmd->addr = bad_address(a->len);
	/* Metadata of its own has its own place, behind the data. */
	cmd->metadata = (unsigned long)buffer + (meta && !one_in(8) ? a->len : 0);
	if (one_in(8))
		cmd->metadata = bad_address(64);
}

static void choose(struct attempt *a)
{
	struct nvme_passthru_cmd64 *cmd = &a->cmd;
	unsigned int wrong = below(4);

	memset(a, 0, sizeof(*a));
	a->fd = fds[below(nr_fds)];
	a->way = below(NR_WAYS);
	a->fixed = one_in(4);
	cmd->nsid = one_in(8) ? 0 : one_in(8) ? ~0U : 1;
	cmd->timeout_ms = SHORT_MS;
	do {
		cmd->opcode = is_admin(a->way) ? admin_ops[below(NR_OF(admin_ops))] :
						 io_ops[below(NR_OF(io_ops))];
		a->len = is_admin(a->way) ? sensible_admin(cmd) : sensible_io(cmd);
		if (wrong == 1)
			spoil(a);
	} while (keeps && is_admin(a->way) && changes_much(cmd->opcode));
	set_buffer(a);
	if (a->way != BY_OTHER)
		return;
	a->request = one_in(2) ? _IOC(below(4), 'N', 0x40 + below(0x20), below(128)) :
				 (unsigned int)chance();
	if (a->request == NVME_IOCTL_SUBMIT_IO)	/* of another structure */
		a->way = BY_SUBMIT;
	if (keeps && (a->request == NVME_IOCTL_RESET ||
		      a->request == NVME_IOCTL_SUBSYS_RESET))
		a->request = NVME_IOCTL_ID;
	if (quiet && a->request == NVME_IOCTL_RESCAN)	/* which would find nothing */
		a->request = NVME_IOCTL_ID;
}

/* --- looking ------------------------------------------------------------------- */

static void show(const struct attempt *a, FILE *to)
{
	const struct nvme_passthru_cmd64 *cmd = &a->cmd;

	fprintf(to, "fd %d way %u request %#x fixed %d op %#x flags %#x nsid %#x len %zu at %zu addr %#llx vec %u meta %#llx %u cdw2 %#x cdw3 %#x cdw10 %#x %#x %#x %#x %#x %#x\n",
		a->fd, a->way, a->request, a->fixed, cmd->opcode, cmd->flags,
		cmd->nsid, a->len, a->at, (unsigned long long)cmd->addr, cmd->vec_cnt,
		(unsigned long long)cmd->metadata, cmd->metadata_len, cmd->cdw2, cmd->cdw3,
		cmd->cdw10, cmd->cdw11, cmd->cdw12, cmd->cdw13, cmd->cdw14, cmd->cdw15);
}

static void found(const struct attempt *a, const char *what, size_t at)
{
	size_t end = at;
	unsigned int i;

	while (end < ROOM && room[end] != PATTERN)
		end++;
	printf("%s at %zu to %zu of the buffer, byte %#x, after the first of these:\n", what, at - a->at,
	       end - a->at, room[at]);
	for (i = 0; i < NR_OF(history) && i < sent; i++) {
		unsigned long nr = sent - 1 - i;

		printf("returned %#x: ", returned[nr % NR_OF(history)]);
		show(&history[nr % NR_OF(history)], stdout);
	}
	exit(1);
}

/* --- sending ------------------------------------------------------------------ */

static int send_submit(const struct attempt *a)
{
	struct nvme_user_io io = {
		.opcode = a->cmd.opcode, .flags = a->cmd.flags,
		.control = a->cmd.cdw12 >> 16, .nblocks = a->cmd.cdw12,
		.rsvd = a->cmd.rsvd1, .metadata = a->cmd.metadata,
		.addr = a->cmd.addr, .slba = a->cmd.cdw10, .dsmgmt = a->cmd.cdw13,
	};

	return ioctl(a->fd, NVME_IOCTL_SUBMIT_IO, &io);
}

static int send_uring(const struct attempt *a, unsigned int op)
{
	unsigned long long result;
	int ret;

	ret = uring_send(&ring, a->fd, op, &a->cmd, sizeof(struct nvme_uring_cmd),
			 a->fixed);
	if (ret >= 0) {
		ret = uring_wait(&ring, &result);
		if (ring.ended + 1 != *uring_word(&ring, ring.params.sq_off.tail)) {
			history[sent % NR_OF(history)] = *a;
			returned[sent++ % NR_OF(history)] = ret;
			printf("the completion of another command\n");
			found(a, "nothing", a->at);
		}
	}
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static int send(const struct attempt *a)
{
	struct nvme_passthru_cmd64 cmd64 = a->cmd;
	struct nvme_passthru_cmd cmd;

	memcpy(&cmd, &cmd64, offsetof(struct nvme_passthru_cmd, result));
	cmd.result = 0;
	switch (a->way) {
	case BY_ADMIN: return ioctl(a->fd, NVME_IOCTL_ADMIN_CMD, &cmd);
	case BY_ADMIN64: return ioctl(a->fd, NVME_IOCTL_ADMIN64_CMD, &cmd64);
	case BY_IO: return ioctl(a->fd, NVME_IOCTL_IO_CMD, &cmd);
	case BY_IO64: return ioctl(a->fd, NVME_IOCTL_IO64_CMD, &cmd64);
	case BY_VEC: return ioctl(a->fd, NVME_IOCTL_IO64_CMD_VEC, &cmd64);
	case BY_SUBMIT: return send_submit(a);
	case BY_URING_IO: return send_uring(a, NVME_URING_CMD_IO);
	case BY_URING_VEC: return send_uring(a, NVME_URING_CMD_IO_VEC);
	case BY_URING_ADMIN: return send_uring(a, NVME_URING_CMD_ADMIN);
	case BY_URING_ADMIN_VEC: return send_uring(a, NVME_URING_CMD_ADMIN_VEC);
	default: return ioctl(a->fd, a->request, &cmd64);
	}
}

/*
 * Where the last byte may be that a command changes. Its metadata may go where the data
 * does. NVME_IOCTL_SUBMIT_IO counts blocks, not bytes.
 */
static size_t last_byte(const struct attempt *a)
{
	size_t bytes = a->len, blocks = (a->cmd.cdw12 & 0xffff) + 1;

	if (a->way == BY_SUBMIT)
		bytes = blocks * block;
	if (a->way == BY_SUBMIT && meta && bytes < a->len + blocks * meta)
		bytes = a->len + blocks * meta;
	else if (a->cmd.metadata_len)
		bytes += a->cmd.metadata_len;
	if (a->cmd.metadata_len && bytes < PAGE)
		bytes = PAGE;
	return a->at + bytes;
}

static void look(const struct attempt *a)
{
	size_t end = last_byte(a), i;

	if (room[0] == PATTERN && !memcmp(room, room + 1, ROOM - 1))
		return;
	for (i = 0; i < ROOM; i++) {
		if (room[i] == PATTERN)
			continue;
		if (i < a->at || i >= end)
			found(a, "overrun", i);
		if (quiet && room[i])
			found(a, "leak", i);
		room[i] = PATTERN;
	}
}

static void one(void)
{
	struct attempt a;
	int ret;

	choose(&a);
	if (shows)
		show(&a, stdout);
	fflush(stdout);
	ret = send(&a);
	sent++;
	if (ret < 0)
		refused++;
	else if (ret)
		failed++;
	else
		ended++;
	history[(sent - 1) % NR_OF(history)] = a;
	returned[(sent - 1) % NR_OF(history)] = ret < 0 ? -errno : ret;
	look(&a);
}

static void make_room(void)
{
	room = mmap(NULL, ROOM + TAIL + HOLE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED || mprotect(room + ROOM + TAIL, HOLE, PROT_NONE))
		die("memory");
	/* All of it: debugging of DMA takes the page of zeroes for the kernel's own. */
	memset(room, PATTERN, ROOM + TAIL);
	bad_memory = room + ROOM + TAIL;
	if (uring_open(&ring, IORING_SETUP_SQE128 | IORING_SETUP_CQE32, 0) ||
	    uring_register(&ring, room, ROOM))
		die("io_uring");
}

static void open_devices(char **names)
{
	for (; *names && nr_fds < 2 * MAX_DEVICES; names++) {
		fds[nr_fds] = open(*names, O_RDWR);
		fds[nr_fds + 1] = open(*names, O_RDONLY);
		if (fds[nr_fds] < 0 || fds[nr_fds + 1] < 0)
			die(*names);
		nr_fds += 2;
	}
}

int main(int argc, char **argv)
{
	uid_t uid = 0;
	time_t end;
	int opt;

	while ((opt = getopt(argc, argv, "b:km:n:qsu:z")) != -1) {
		if (opt == 'b')
			block = strtoul(optarg, NULL, 0);
		else if (opt == 'k')
			keeps = 1;
		else if (opt == 'm')
			meta = strtoul(optarg, NULL, 0);
		else if (opt == 'n')
			limit = strtoul(optarg, NULL, 0);
		else if (opt == 'q')
			quiet = 1;
		else if (opt == 's')
			shows = 1;
		else if (opt == 'u')
			uid = strtoul(optarg, NULL, 0);
		else if (opt == 'z')
			zones = 1;
		else
			return 2;
	}
	if (argc - optind < 3 || !block)
		return 2;
	chance_seed(strtoull(argv[optind], NULL, 0));
	end = time(NULL) + strtoul(argv[optind + 1], NULL, 0);
	open_devices(argv + optind + 2);
	make_room();
	if (uid && setresuid(uid, uid, uid))
		die("setresuid");
	while (time(NULL) < end && (!limit || sent < limit))
		one();
	printf("%lu sent: %lu done, %lu failed, %lu refused\n", sent, ended, failed,
	       refused);
	return !ended;
}
