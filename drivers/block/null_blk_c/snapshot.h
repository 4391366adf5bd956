/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots of a device: names for layers.
 */
#ifndef _NULL_BLK_C_SNAPSHOT_H
#define _NULL_BLK_C_SNAPSHOT_H

#include <linux/list.h>
#include <linux/types.h>

#include "pi.h"

struct nbc_layer;
struct nbc_zones;

/* Longest name, with its end */
#define NBC_SNAPSHOT_NAME_BYTES	32
/* Most snapshots of a device: their list fits in a page. */
#define NBC_MAX_SNAPSHOTS	64

/**
 * struct nbc_needs - what a device must be to have some data
 * @size: its size in MiB
 * @blocksize: its logical block size in bytes
 * @pi: how its blocks are protected
 */
struct nbc_needs {
	unsigned long	size;
	unsigned long	blocksize;
	struct nbc_pi	pi;
};

/**
 * struct nbc_snapshot - what a device had at a time
 * @entry: place among those of the device
 * @name: its name there
 * @layer: the data; it has a reference
 * @zones: what its zones were, NULL if it had none; its own
 * @needs: what a device must be to have it: what it was then, as far as its data permits
 */
struct nbc_snapshot {
	struct list_head	entry;
	char			name[NBC_SNAPSHOT_NAME_BYTES];
	struct nbc_layer	*layer;
	struct nbc_zones	*zones;
	struct nbc_needs	needs;
};

/**
 * struct nbc_snapshots - those of a device
 * @list: struct nbc_snapshot, in the order in which they were taken; guarded as
 *	&nbc_device.config is
 * @nr: how many there are; guarded likewise
 */
struct nbc_snapshots {
	struct list_head	list;
	unsigned int		nr;
};

int nbc_snapshot_name_parse(const char *text, char *name);
void nbc_snapshots_create(struct nbc_snapshots *snapshots);
void nbc_snapshots_destroy(struct nbc_snapshots *snapshots);
struct nbc_snapshot *nbc_snapshots_find(const struct nbc_snapshots *snapshots,
					const char *name);
void nbc_snapshots_add(struct nbc_snapshots *snapshots,
		       struct nbc_snapshot *snapshot);
void nbc_snapshots_remove(struct nbc_snapshots *snapshots,
			  struct nbc_snapshot *snapshot);
void nbc_snapshots_take(struct nbc_snapshots *snapshots,
			struct nbc_snapshots *from);
ssize_t nbc_snapshots_print(const struct nbc_snapshots *snapshots, char *page);
void nbc_snapshot_destroy(struct nbc_snapshot *snapshot);

#endif /* _NULL_BLK_C_SNAPSHOT_H */
