// SPDX-License-Identifier: GPL-2.0
/*
 * zonesnap - is a snapshot of a busy zoned disk one that may be?
 *
 * usage: zonesnap ROOT DISK CLONE BLOCK ROUNDS SEED [STATES]
 *
 * ROOT is null_blk_c's directory in configfs, DISK a powered device in it with blocks of BLOCK
 * bytes, a conventional zone and some sequential ones, all empty; CLONE another device, which
 * is off. A thread for each zone writes to it all the time, with the number of its command:
 * to the first block of the conventional one, and behind the write pointer of the others,
 * which it resets, finishes, opens and closes as well. Meanwhile snapshots are taken, ROUNDS of
 * them. Each of them is cloned. Each zone of the clone must be as it was after one of its
 * thread's commands, the data and the write pointer: not before one that had ended when the
 * snapshot was asked for, nor after one that began when it was taken. No zone has a command
 * that began after one had ended that another zone has not. What limits refuse does nothing.
 * Then each zone is finished: there must be zeroes behind what was written. In the end, the
 * disk must have all commands. With STATES, whatever it is, the disk has cache_history, and
 * instead of snapshots there are crash states that keep all.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/blkzoned.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "snap.h"
#include "zoneio.h"

#define MAX_ZONES	16
#define MAX_COMMANDS	(1 << 20)
#define MAX_BLOCKS	16	/* of a write */

enum what { WRITE, RESET, FINISH, OPEN, CLOSE, NOTHING };

struct command {
	enum what what;
	unsigned int blocks;
	uint64_t begun;		/* by the clock */
	uint64_t ended;
};

/* What a zone is: the number of the command that wrote each block, and how many there are. */
struct state {
	unsigned int wp;
	bool finished;
	uint32_t *has;
};

struct zone {
	unsigned int number;
	unsigned int seed;
	pthread_t thread;
	char *buffer;
	struct command *commands;	/* the first is number 1 */
	_Atomic uint32_t begun;
	_Atomic uint32_t ended;
	struct state state;		/* for the thread, and in the end */
	/* What a snapshot has: its last command is one from @first to @last. */
	uint32_t first;
	uint32_t last;
};

static struct zone zones[MAX_ZONES];
static const char *disk, *clone_name;
static unsigned int block, nr_zones, zone_blocks, seen_busy;
static _Atomic uint64_t now = 1;
static _Atomic bool stop;
static bool states;
static char *data;
static int fd;

/* Returns false after an error of a limit; others end the program. */
static bool refused(const char *what)
{
	if (errno != ETOOMANYREFS && errno != EOVERFLOW)
		die(what);
	return false;
}

static void state_new(struct state *state)
{
	memset(state, 0, sizeof(*state));
	state->has = calloc(zone_blocks, sizeof(*state->has));
	if (!state->has)
		die("memory");
}

static bool is_conv(const struct zone *zone)
{
	return !zone->number;
}

/* What a command leaves */
static void state_do(const struct zone *zone, struct state *state, uint32_t number)
{
	const struct command *command = &zone->commands[number];
	unsigned int i;

	switch (command->what) {
	case WRITE:
		if (is_conv(zone))
			state->wp = 0;
		for (i = 0; i < command->blocks; i++)
			state->has[state->wp++] = number;
		break;
	case RESET:
		state->wp = 0;
		state->finished = false;
		break;
	case FINISH:
		for (i = state->wp; i < zone_blocks; i++)
			state->has[i] = 0;
		state->finished = true;
		state->wp = zone_blocks;
		break;
	default:
		break;
	}
}

static struct command choose(struct zone *zone)
{
	unsigned int left = zone_blocks - zone->state.wp, draw = rand_r(&zone->seed) % 64;
	struct command command = { .what = WRITE, .blocks = 1 };

	if (is_conv(zone))
		return command;
	command.blocks = 1 + rand_r(&zone->seed) % MAX_BLOCKS;
	if (command.blocks > left)
		command.blocks = left;
	if (!left || draw == 0)
		command.what = RESET;
	else if (draw == 1)
		command.what = FINISH;
	else if (draw < 4)
		command.what = OPEN;
	else if (draw < 6 && zone->state.wp)
		command.what = CLOSE;
	return command;
}

static void zone_report(const struct zone *zone, int file, struct blk_zone *is)
{
	zone_report_at(file, (uint64_t)zone->number * zone_blocks * block / 512, is);
}

/* Returns false if a limit refuses it. */
static bool manage(const struct zone *zone, int file, unsigned long request)
{
	uint64_t sects = (uint64_t)zone_blocks * block / 512;

	return !zone_command(file, request, zone->number * sects, sects) ||
	       refused("zone command");
}

/* As manage() */
static bool write_blocks(struct zone *zone, uint32_t number, unsigned int blocks)
{
	unsigned int at = is_conv(zone) ? 0 : zone->state.wp;
	ssize_t bytes = (ssize_t)blocks * block;

	stamp_bytes(zone->buffer, bytes, number);
	return pwrite(fd, zone->buffer, bytes,
		      ((off_t)zone->number * zone_blocks + at) * block) == bytes ||
	       refused("write");
}

static void do_one(struct zone *zone, uint32_t number)
{
	struct command *command = &zone->commands[number];
	struct blk_zone is;
	bool done;

	*command = choose(zone);
	command->begun = atomic_fetch_add(&now, 1);
	command->ended = UINT64_MAX;
	atomic_store(&zone->begun, number);
	if (command->what == WRITE)
		done = write_blocks(zone, number, command->blocks);
	else
		done = manage(zone, fd, command->what == RESET ? BLKRESETZONE :
					command->what == FINISH ? BLKFINISHZONE :
					command->what == OPEN ? BLKOPENZONE : BLKCLOSEZONE);
	/* After an error the block layer wants a report before the next write. */
	if (!done) {
		command->what = NOTHING;
		zone_report(zone, fd, &is);
	}
	command->ended = atomic_fetch_add(&now, 1);
	atomic_store(&zone->ended, number);
	state_do(zone, &zone->state, number);
}

static void *do_all(void *data)
{
	struct zone *zone = data;
	uint32_t number;

	for (number = 1; number < MAX_COMMANDS && !atomic_load(&stop); number++)
		do_one(zone, number);
	return NULL;
}

/* Is all memory from block @from to @to of what was read bytes of @value? */
static bool are(unsigned int from, unsigned int to, unsigned char value)
{
	return bytes_are(data + (size_t)from * block, (size_t)(to - from) * block, value);
}

static bool block_is(unsigned int nr, uint32_t number)
{
	return stamped(data + (size_t)nr * block, block, number);
}

static void zone_read(const struct zone *zone, int file)
{
	ssize_t bytes = (ssize_t)zone_blocks * block;

	if (pread(file, data, bytes, zone->number * (off_t)bytes) != bytes)
		die("read");
}

/* Is a clone's zone, its report and what was read of it, as the state says? */
static bool state_fits(const struct zone *zone, const struct state *state,
		       const struct blk_zone *is)
{
	unsigned int nr;

	if (is_conv(zone))
		return block_is(0, state->has[0]) && are(1, zone_blocks, 0);
	if (is->cond != zone_closed_cond(state->wp, zone_blocks) || is->wp != is->start + (uint64_t)state->wp * block / 512)
		return false;
	for (nr = 0; nr < state->wp; nr++) {
		if (!block_is(nr, state->has[nr]))
			return false;
	}
	return are(state->wp, zone_blocks, 0xff);
}

/* Finds out which commands a clone's zone has: from @least to @most may be the last. */
static void check_zone(struct zone *zone, int file, uint32_t least, uint32_t most,
		       const char *what)
{
	struct state state;
	struct blk_zone is;
	uint32_t number;

	zone_read(zone, file);
	zone_report(zone, file, &is);
	state_new(&state);
	zone->first = UINT32_MAX;
	for (number = 0; number <= most; number++) {
		if (number)
			state_do(zone, &state, number);
		if (number < least || !state_fits(zone, &state, &is))
			continue;
		if (zone->first == UINT32_MAX)
			zone->first = number;
		zone->last = number;
	}
	free(state.has);
	if (zone->first != UINT32_MAX)
		return;
	fprintf(stderr, "%s: zone %u is not as after a command from %u to %u: condition %u, %llu sectors\n",
		what, zone->number, least, most, is.cond,
		(unsigned long long)(is.wp - is.start));
	exit(1);
}

/* Has no zone a command that began after one had ended that another has not? */
static void check_order(const uint32_t *most, const char *what)
{
	const struct zone *a, *b;

	for (a = zones; a < zones + nr_zones; a++) {
		for (b = zones; b < zones + nr_zones; b++) {
			if (!a->first || b->last >= most[b->number] ||
			    a->commands[a->first].begun < b->commands[b->last + 1].ended)
				continue;
			fprintf(stderr, "%s: zone %u has command %u, and zone %u not command %u, which had ended before\n",
				what, a->number, a->first, b->number, b->last + 1);
			exit(1);
		}
	}
}

/* There must be nothing behind what was written. */
static void check_behind(const struct zone *zone, int file, const char *what)
{
	struct blk_zone is;
	unsigned int wp;

	if (is_conv(zone))
		return;
	zone_report(zone, file, &is);
	wp = (is.wp - is.start) * 512 / block;
	manage(zone, file, BLKFINISHZONE);
	zone_read(zone, file);
	if (are(wp, zone_blocks, 0))
		return;
	fprintf(stderr, "%s: zone %u has something behind block %u\n", what, zone->number, wp);
	exit(1);
}

static void take(const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), "%s 1 kept", name);
	if (states)
		attr(disk, "crash_states", text);
	else
		attr(disk, "snapshot", name);
}

/* A state has the seed in its name. */
static void snapshot_name(char *text, size_t size, const char *prefix, const char *name)
{
	snprintf(text, size, "%s%s%s", prefix, name, states ? "-0" : "");
}

static void drop(const char *name)
{
	char text[64];

	snapshot_name(text, sizeof(text), "", name);
	attr(disk, "snapshot_drop", text);
}

static void clone_snapshot(const char *name)
{
	char prefix[32], origin[64];

	snprintf(prefix, sizeof(prefix), "%s/", disk);
	snapshot_name(origin, sizeof(origin), prefix, name);
	attr(clone_name, "origin", origin);
	attr(clone_name, "power", "1");
}

static void round_once(unsigned int round)
{
	uint32_t least[MAX_ZONES], most[MAX_ZONES];
	unsigned int i, again;
	char name[16];
	int file;

	snprintf(name, sizeof(name), "r%u", round);
	for (i = 0; i < nr_zones; i++)
		least[i] = atomic_load(&zones[i].ended);
	take(name);
	for (i = 0; i < nr_zones; i++)
		most[i] = atomic_load(&zones[i].begun);
	for (again = 0; again < 2; again++) {
		clone_snapshot(name);
		file = disk_open(clone_name, O_RDWR);
		for (i = 0; i < nr_zones; i++)
			check_zone(&zones[i], file, least[i], most[i], name);
		check_order(most, name);
		for (i = 0; i < nr_zones; i++)
			check_behind(&zones[i], file, name);
		close(file);
		attr(clone_name, "power", "0");
	}
	for (i = 0; i < nr_zones; i++)
		seen_busy += most[i] > least[i];
	/* Some stay for a while, so that there are several layers. */
	if (round >= 5) {
		snprintf(name, sizeof(name), "r%u", round - 5);
		drop(name);
	}
}

static void start(struct zone *zone, unsigned int number, unsigned int seed)
{
	zone->number = number;
	zone->seed = seed + number;
	zone->buffer = buffer_new((size_t)MAX_BLOCKS * block);
	zone->commands = calloc(MAX_COMMANDS, sizeof(*zone->commands));
	state_new(&zone->state);
	if (!zone->commands || pthread_create(&zone->thread, NULL, do_all, zone))
		die("thread");
}

int main(int argc, char **argv)
{
	uint32_t sects;
	unsigned int i;

	if (argc != 7 && argc != 8)
		return 2;
	states = argc == 8;
	root = argv[1];
	disk = argv[2];
	clone_name = argv[3];
	block = atoi(argv[4]);
	fd = disk_open(disk, O_RDWR);
	if (ioctl(fd, BLKGETNRZONES, &nr_zones) || ioctl(fd, BLKGETZONESZ, &sects))
		die("zones");
	if (nr_zones > MAX_ZONES)
		return 2;
	zone_blocks = sects / (block / 512);
	data = buffer_new((size_t)zone_blocks * block);
	for (i = 0; i < nr_zones; i++)
		start(&zones[i], i, atoi(argv[6]));
	for (i = 0; i < (unsigned int)atoi(argv[5]); i++)
		round_once(i);
	atomic_store(&stop, true);
	for (i = 0; i < nr_zones; i++)
		pthread_join(zones[i].thread, NULL);
	take("last");
	clone_snapshot("last");
	close(fd);
	fd = disk_open(clone_name, O_RDWR);
	for (i = 0; i < nr_zones; i++)
		check_zone(&zones[i], fd, zones[i].ended, zones[i].ended, "the disk");
	printf("%u commands of zone 1; %u times zones were busy\n", zones[1].ended, seen_busy);
	if (!seen_busy) {
		fprintf(stderr, "no snapshot met a command\n");
		return 1;
	}
	return 0;
}
