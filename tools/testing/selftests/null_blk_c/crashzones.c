// SPDX-License-Identifier: GPL-2.0
/*
 * crashzones - does a power cut leave of a zoned disk what its policy says, and nothing else?
 *
 * usage: crashzones ROOT DISK STATE BLOCK HISTORIES SEED
 *
 * ROOT is null_blk_c's directory in configfs, DISK a powered device in it with cache_history,
 * one conventional zone and blocks of BLOCK bytes, STATE another one, which is off. Does
 * HISTORIES random histories of writes, writes with FUA, flushes and commands on zones to
 * DISK, one command at a time, and compares what each policy leaves in STATE, zones and data,
 * with a model that knows which states are possible. The same seed leaves the same, as
 * crash_state and as crash_states. A state goes on: it is written at its write pointers, and
 * there is nothing behind them. At the end of each history the power of DISK is cut, and what
 * that leaves must be what STATE said before.
 *
 * The model: since the last flush there are writes that may be lost. Flushes, FUA in a
 * sequential zone and finishing it make durable what is in that zone, and a reset what it
 * leaves. So a sequential zone is as it was when it was made durable last, or up to any
 * later write or block, as the policy says.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/blkzoned.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "snap.h"
#include "zoneio.h"
#include "../lib/chance.h"

#define MAX_ZONES	8
#define MAX_BYTES	65536	/* of a write */
#define MAX_COMMANDS	40	/* of a history */
#define MANY		3	/* states at once */
#define CONV		0	/* number of the conventional zone */
#define CONV_BLOCKS	16	/* of it that are written, one by one */

enum policy { LOST, KEPT, PREFIX, TORN, SUBSET, EACH, NR_POLICIES };

static const char * const policies[NR_POLICIES] = {
	"lost", "kept", "prefix", "torn", "subset", "blocks",
};

/* A write that may be lost, or one to the conventional zone that may not */
struct entry {
	unsigned int zone;
	unsigned int first;
	unsigned int nr;
	uint32_t stamp;
	bool durable;
};

/* A zone: what wrote each block, 0 for zeroes */
struct zone {
	unsigned int wp;
	bool finished;
	uint32_t *has;
	unsigned int durable;	/* a write pointer that no cut takes away */
};

/* What was found in a zone */
struct found {
	unsigned int cond;
	unsigned int wp;
	uint32_t conv[CONV_BLOCKS];
};

static const char *disk, *state;
static unsigned int block, nr_zones, zone_blocks, cap_blocks;
static struct zone zones[MAX_ZONES];
static uint32_t base[CONV_BLOCKS];	/* durable at the last flush */
static struct entry entries[MAX_COMMANDS];
static unsigned int nr_entries;
static uint32_t last_stamp;
static char *data;
static int fd;
/* Write pointers between what was durable and what was there, and lengths of prefixes */
static unsigned int nr_between, nr_fallen, nr_all;
static bool prefix_seen[MAX_COMMANDS + 1];

static uint64_t zone_sector(unsigned int nr)
{
	return (uint64_t)nr * zone_blocks * block / 512;
}

static void forget_zone(unsigned int nr)
{
	unsigned int i, left = 0;

	for (i = 0; i < nr_entries; i++) {
		if (entries[i].zone != nr)
			entries[left++] = entries[i];
	}
	nr_entries = left;
	zones[nr].durable = zones[nr].wp;
}

static void forget_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_entries; i++) {
		if (entries[i].zone == CONV)
			base[entries[i].first] = entries[i].stamp;
	}
	nr_entries = 0;
	for (i = 0; i < nr_zones; i++)
		zones[i].durable = zones[i].wp;
}

static void do_flush(void)
{
	if (fdatasync(fd))
		die("flush");
	forget_all();
}

/* A write with O_DSYNC may be FUA and a flush: the disk is told to forget that. */
static void write_blocks(unsigned int nr, unsigned int first, unsigned int blocks, bool fua)
{
	struct iovec iov = { .iov_base = data, .iov_len = (size_t)blocks * block };
	off_t pos = ((off_t)nr * zone_blocks + first) * block;

	stamp_bytes(data, iov.iov_len, ++last_stamp);
	if (fua)
		attr(disk, "rules", "add,op=FLUSH,lie=lost");
	if (pwritev2(fd, &iov, 1, pos, fua ? RWF_DSYNC : 0) != (ssize_t)iov.iov_len)
		die("write");
	if (fua)
		attr(disk, "rules", "removeall");
}

static void do_write(unsigned int nr, bool fua)
{
	struct entry *e = &entries[nr_entries++];
	struct zone *zone = &zones[nr];
	unsigned int i;

	*e = (struct entry) {
		.zone		= nr,
		.first		= nr == CONV ? below(CONV_BLOCKS) : zone->wp,
		.nr		= nr == CONV ? 1 : 1 + below(MAX_BYTES / block),
		.durable	= fua,
	};
	if (nr != CONV && e->nr > cap_blocks - zone->wp)
		e->nr = cap_blocks - zone->wp;
	write_blocks(nr, e->first, e->nr, fua);
	e->stamp = last_stamp;
	for (i = 0; i < e->nr; i++)
		zone->has[e->first + i] = e->stamp;
	if (nr == CONV)
		return;
	zone->wp += e->nr;
	if (fua)
		forget_zone(nr);
}

static void zone_do(unsigned int nr, unsigned long request)
{
	if (zone_command(fd, request, zone_sector(nr), zone_blocks * (block / 512)))
		die("zone command");
}

/* What was written to it before counts as writes, though nothing of it is seen any more. */
static void do_reset(unsigned int nr)
{
	zone_do(nr, BLKRESETZONE);
	zones[nr].wp = 0;
	zones[nr].durable = 0;
	zones[nr].finished = false;
}

static void do_finish(unsigned int nr)
{
	struct zone *zone = &zones[nr];
	unsigned int i;

	zone_do(nr, BLKFINISHZONE);
	if (zone->wp < cap_blocks) {
		for (i = zone->wp; i < zone_blocks; i++)
			zone->has[i] = 0;
		zone->wp = zone_blocks;
		zone->finished = true;
	}
	forget_zone(nr);
}

/* To one sequential zone or, one time of four, the conventional one */
static void do_command(void)
{
	unsigned int nr = 1 + below(nr_zones - 1), kind = below(32);
	struct zone *zone = &zones[nr];
	bool full = zone->wp >= cap_blocks;

	if (!kind)
		do_flush();
	else if (kind == 1)
		do_finish(nr);
	else if (kind < 4 || (full && kind < 24))
		do_reset(nr);
	else if (kind == 4 && !full)
		zone_do(nr, BLKOPENZONE);
	else if (kind == 5 && !full && zone->wp)
		zone_do(nr, BLKCLOSEZONE);
	else if (full || kind >= 24)
		do_write(CONV, kind == 31);
	else
		do_write(nr, kind == 6);
}

static void read_zone(int file, unsigned int nr)
{
	ssize_t bytes = (ssize_t)zone_blocks * block;

	if (pread(file, data, bytes, nr * (off_t)bytes) != bytes)
		die("read");
}

static const char *block_data(unsigned int nr)
{
	return data + (size_t)nr * block;
}

static void impossible(const char *cut, unsigned int nr, const char *what, unsigned int is)
{
	unsigned int i;

	fprintf(stderr, "%s: zone %u: %s, %u; wp %u, durable %u%s\n", cut, nr, what, is,
		zones[nr].wp, zones[nr].durable, zones[nr].finished ? ", finished" : "");
	for (i = 0; i < nr_entries; i++)
		fprintf(stderr, "  zone %u, %u+%u: %u%s\n", entries[i].zone, entries[i].first,
			entries[i].nr, entries[i].stamp,
			entries[i].durable ? ", durable" : "");
	exit(1);
}

/* Reads the blocks of the conventional zone that are written. */
static void find_conv(int file, const char *cut, struct found *found)
{
	unsigned int i;

	read_zone(file, CONV);
	for (i = 0; i < CONV_BLOCKS; i++) {
		memcpy(&found->conv[i], block_data(i), sizeof(found->conv[i]));
		if (!stamped(block_data(i), block, found->conv[i]))
			impossible(cut, CONV, "torn block", i);
	}
	if (!bytes_are(block_data(i), (size_t)(zone_blocks - i) * block, 0))
		impossible(cut, CONV, "data that nobody wrote", 0);
}

/*
 * A sequential zone has what was written up to its write pointer, and nothing behind it, and
 * is what it should be with that.
 */
static void find_seq(int file, unsigned int nr, const char *cut, struct found *found)
{
	const struct zone *zone = &zones[nr];
	struct blk_zone is;
	unsigned int i;

	zone_report_at(file, zone_sector(nr), &is);
	found->cond = is.cond;
	found->wp = (is.wp - is.start) * 512 / block;
	if (found->wp > zone->wp || found->wp < zone->durable)
		impossible(cut, nr, "write pointer", found->wp);
	if (found->cond != zone_closed_cond(found->wp, cap_blocks))
		impossible(cut, nr, "condition", found->cond);
	read_zone(file, nr);
	for (i = 0; i < found->wp; i++) {
		if (!stamped(block_data(i), block, zone->has[i]))
			impossible(cut, nr, "other data in block", i);
	}
	if (!bytes_are(block_data(i), (size_t)(zone_blocks - i) * block, 0xff))
		impossible(cut, nr, "something behind the write pointer", found->wp);
}

static void find(const char *dev, const char *cut, struct found *found)
{
	int file = disk_open(dev, O_RDONLY);
	unsigned int nr;

	memset(found, 0, nr_zones * sizeof(*found));
	find_conv(file, cut, &found[CONV]);
	for (nr = 1; nr < nr_zones; nr++)
		find_seq(file, nr, cut, &found[nr]);
	close(file);
}

static unsigned int nr_writes(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < nr_entries; i++)
		nr += !entries[i].durable;
	return nr;
}

/* Was a write undone by a reset since? Then it is not where the zone says it wrote last. */
static bool is_there(const struct entry *e)
{
	const struct zone *zone = &zones[e->zone];

	return e->first >= zone->durable && e->first + e->nr <= zone->wp &&
	       zone->has[e->first] == e->stamp;
}

/* Where a sequential zone ends after the first @nr writes */
static unsigned int end_after(unsigned int zone, unsigned int nr)
{
	unsigned int end = zones[zone].durable, i, write = 0;

	for (i = 0; i < nr_entries && write < nr; i++) {
		if (entries[i].zone == zone && is_there(&entries[i]))
			end = entries[i].first + entries[i].nr;
		write += !entries[i].durable;
	}
	return end;
}

/* May a block of the conventional zone be @value after @nr writes, and one @torn? */
static bool may_be(unsigned int b, uint32_t value, unsigned int nr, bool torn)
{
	bool found = base[b] == value;
	unsigned int i, write = 0;

	for (i = 0; i < nr_entries; i++) {
		const struct entry *e = &entries[i];

		if (e->zone == CONV && e->first == b) {
			if (e->durable || write < nr)
				found = e->stamp == value;
			else if (torn && write == nr)
				found |= e->stamp == value;
		}
		write += !e->durable;
	}
	return found;
}

static bool is_prefix(const struct found *found, unsigned int nr, bool torn)
{
	unsigned int i;

	for (i = 1; i < nr_zones; i++) {
		if (found[i].wp < end_after(i, nr) || found[i].wp > end_after(i, nr + torn))
			return false;
	}
	for (i = 0; i < CONV_BLOCKS; i++) {
		if (!may_be(i, found[CONV].conv[i], nr, torn))
			return false;
	}
	return true;
}

static bool is_some_prefix(const struct found *found, bool torn)
{
	unsigned int nr;

	for (nr = 0; nr <= nr_writes(); nr++) {
		if (!is_prefix(found, nr, torn))
			continue;
		if (!torn)
			prefix_seen[nr] = true;
		return true;
	}
	return false;
}

/* Any version since the last durable one */
static bool is_version(unsigned int b, uint32_t value)
{
	bool found = base[b] == value;
	unsigned int i;

	for (i = 0; i < nr_entries; i++) {
		const struct entry *e = &entries[i];

		if (e->zone == CONV && e->first == b)
			found = e->stamp == value || (found && !e->durable);
	}
	return found;
}

static bool is_end_of_write(unsigned int zone, unsigned int wp)
{
	unsigned int i;

	for (i = 0; i < nr_entries; i++) {
		if (entries[i].zone == zone && is_there(&entries[i]) &&
		    entries[i].first + entries[i].nr == wp)
			return true;
	}
	return wp == zones[zone].durable;
}

/* Writes of the conventional zone are of one block, so that they are whole. */
static bool is_mixture(const struct found *found, bool whole)
{
	unsigned int i;

	for (i = 1; whole && i < nr_zones; i++) {
		if (!is_end_of_write(i, found[i].wp))
			return false;
	}
	for (i = 0; i < CONV_BLOCKS; i++) {
		if (!is_version(i, found[CONV].conv[i]))
			return false;
	}
	return true;
}

static bool is_possible(const struct found *found, enum policy policy)
{
	switch (policy) {
	case LOST:
		return is_prefix(found, 0, false);
	case KEPT:
		return is_prefix(found, nr_writes(), false);
	case PREFIX:
		return is_some_prefix(found, false);
	case TORN:
		return is_some_prefix(found, true);
	default:
		return is_mixture(found, policy == SUBSET);
	}
}

static void count(const struct found *found)
{
	unsigned int nr;

	for (nr = 1; nr < nr_zones; nr++) {
		nr_all++;
		nr_fallen += found[nr].wp < zones[nr].wp;
		nr_between += found[nr].wp < zones[nr].wp && found[nr].wp > zones[nr].durable;
	}
}

static void same(const struct found *a, const struct found *b, const char *cut,
		 const char *what)
{
	unsigned int nr;

	for (nr = 0; nr < nr_zones; nr++) {
		if (memcmp(&a[nr], &b[nr], sizeof(*a)))
			impossible(cut, nr, what, b[nr].wp);
	}
}

/* A state goes on where its zones end, and has nothing behind that. */
static void go_on(const struct found *found, const char *cut)
{
	int file = disk_open(state, O_RDWR);
	unsigned int nr;

	for (nr = 1; nr < nr_zones; nr++) {
		unsigned int wp = found[nr].wp;

		if (wp >= cap_blocks)
			continue;
		stamp_bytes(data, block, UINT32_MAX - 1);
		if (pwrite(file, data, block, ((off_t)nr * zone_blocks + wp) * block) !=
		    (ssize_t)block)
			impossible(cut, nr, "no write", wp);
		if (zone_command(file, BLKFINISHZONE, zone_sector(nr),
				 zone_blocks * (block / 512)))
			die("finish");
		read_zone(file, nr);
		if (!stamped(block_data(wp), block, UINT32_MAX - 1) ||
		    !bytes_are(block_data(wp + 1), (size_t)(zone_blocks - wp - 1) * block, 0))
			impossible(cut, nr, "something behind the write pointer", wp);
	}
	close(file);
}

/* Makes STATE what the cut would leave, and looks. Returns with STATE on. */
static void take_state(const char *cut, enum policy policy, struct found *found)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %s", disk, cut);
	attr(state, "crash_state", text);
	attr(state, "power", "1");
	find(state, cut, found);
	if (!is_possible(found, policy))
		impossible(cut, CONV, "not possible", found[CONV].conv[0]);
	count(found);
}

static void check_policy(enum policy policy)
{
	struct found found[MAX_ZONES], again[MAX_ZONES];
	char cut[64];

	snprintf(cut, sizeof(cut), "%s %u", policies[policy], below(1 << 30));
	take_state(cut, policy, found);
	if (!below(4))
		go_on(found, cut);
	attr(state, "power", "0");
	if (below(4))
		return;
	take_state(cut, policy, again);
	attr(state, "power", "0");
	same(found, again, cut, "the same seed left something else");
}

/* States of one moment, which stay when there is more */
static void check_many(enum policy policy)
{
	struct found found[MANY][MAX_ZONES], clone[MAX_ZONES];
	unsigned int seed = below(1 << 30), i;
	char text[64];

	for (i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%s %u", policies[policy], seed + i);
		take_state(text, policy, found[i]);
		attr(state, "power", "0");
	}
	snprintf(text, sizeof(text), "cut %u %s %u", MANY, policies[policy], seed);
	attr(disk, "crash_states", text);
	for (i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%s/cut-%u", disk, seed + i);
		attr(state, "origin", text);
		attr(state, "power", "1");
		find(state, text, clone);
		same(found[i], clone, text, "crash_states left something else");
		go_on(clone, text);
		attr(state, "power", "0");
		attr(disk, "snapshot_drop", strchr(text, '/') + 1);
	}
}

/* The power of DISK is cut, and the model is what is left. */
static void check_cut(enum policy policy)
{
	struct found found[MAX_ZONES], after[MAX_ZONES];
	unsigned int nr;
	char cut[64];

	snprintf(cut, sizeof(cut), "%s %u", policies[policy], below(1 << 30));
	take_state(cut, policy, found);
	attr(state, "power", "0");
	attr(disk, "power_cut", cut);
	attr(disk, "power", "1");
	find(disk, cut, after);
	same(found, after, cut, "the cut left something else");
	nr_entries = 0;
	memcpy(base, after[CONV].conv, sizeof(base));
	for (nr = 1; nr < nr_zones; nr++)
		zones[nr].wp = zones[nr].durable = after[nr].wp;
	fd = disk_open(disk, O_RDWR);
}

static void run_history(void)
{
	unsigned int nr = below(MAX_COMMANDS), i;

	for (i = 0; i < nr; i++)
		do_command();
	for (i = 0; i < NR_POLICIES; i++)
		check_policy(i);
	check_many(below(NR_POLICIES));
	close(fd);
	check_cut(below(NR_POLICIES));
}

/* Zones are empty. */
static void look_at_disk(void)
{
	struct blk_zone first;
	uint32_t sects;
	unsigned int i;

	fd = disk_open(disk, O_RDWR);
	if (ioctl(fd, BLKGETNRZONES, &nr_zones) || ioctl(fd, BLKGETZONESZ, &sects) ||
	    nr_zones > MAX_ZONES)
		die("zones");
	zone_blocks = sects / (block / 512);
	zone_report_at(fd, sects, &first);
	cap_blocks = first.capacity / (block / 512);
	data = buffer_new((size_t)zone_blocks * block);
	for (i = 0; i < nr_zones; i++) {
		zones[i].has = calloc(zone_blocks, sizeof(*zones[i].has));
		if (!zones[i].has)
			die("memory");
	}
}

int main(int argc, char **argv)
{
	unsigned int histories, i, nr_prefixes = 0;

	if (argc != 7) {
		fprintf(stderr, "usage: crashzones ROOT DISK STATE BLOCK HISTORIES SEED\n");
		return 2;
	}
	root = argv[1];
	disk = argv[2];
	state = argv[3];
	block = atoi(argv[4]);
	histories = atoi(argv[5]);
	chance_seed(strtoull(argv[6], NULL, 0));
	look_at_disk();
	for (i = 0; i < histories; i++)
		run_history();
	for (i = 0; i <= MAX_COMMANDS; i++)
		nr_prefixes += prefix_seen[i];
	printf("%u histories: of %u zones of states %u had fallen back, %u of them in part; prefixes of %u lengths\n",
	       histories, nr_all, nr_fallen, nr_between, nr_prefixes);
	/* Policies that spare none, or all, would not show in the model. */
	if (!nr_between) {
		fprintf(stderr, "none is in part\n");
		return 1;
	}
	return 0;
}
