// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots of a device: names for layers. What a layer is, and how a store becomes one,
 * is in layer.c.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "layer.h"
#include "snapshot.h"
#include "zone.h"

static bool nbc_snapshot_name_valid(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++) {
		if (!isascii(*name) || (!isalnum(*name) && !strchr("+-.:=@_", *name)))
			return false;
	}
	return true;
}

/**
 * nbc_snapshot_name_parse - read the name of a snapshot
 * @text: letters, digits and +-.:=@_, and a newline or none
 * @name: output, NBC_SNAPSHOT_NAME_BYTES long
 *
 * Context: Any.
 * Return: 0 or -EINVAL, and then @name is anything.
 */
int nbc_snapshot_name_parse(const char *text, char *name)
{
	size_t len = strcspn(text, "\n");

	if (len >= NBC_SNAPSHOT_NAME_BYTES || (text[len] && text[len + 1]))
		return -EINVAL;
	memcpy(name, text, len);
	name[len] = '\0';
	return nbc_snapshot_name_valid(name) ? 0 : -EINVAL;
}

/**
 * nbc_snapshots_create - begin without snapshots
 * @snapshots: memory for them
 *
 * Context: Any.
 */
void nbc_snapshots_create(struct nbc_snapshots *snapshots)
{
	INIT_LIST_HEAD(&snapshots->list);
	snapshots->nr = 0;
}

/**
 * nbc_snapshots_find - find a snapshot by its name
 * @snapshots: those of a device
 * @name: the name
 *
 * Context: Any; the caller holds what guards the list.
 * Return: the snapshot, or NULL.
 */
struct nbc_snapshot *nbc_snapshots_find(const struct nbc_snapshots *snapshots,
					const char *name)
{
	struct nbc_snapshot *snapshot;

	list_for_each_entry(snapshot, &snapshots->list, entry) {
		if (!strcmp(snapshot->name, name))
			return snapshot;
	}
	return NULL;
}

/**
 * nbc_snapshots_add - add a snapshot
 * @snapshots: those of a device
 * @snapshot: another one, with a name that none of them has
 *
 * Context: Any; the caller holds what guards the list.
 */
void nbc_snapshots_add(struct nbc_snapshots *snapshots,
		       struct nbc_snapshot *snapshot)
{
	list_add_tail(&snapshot->entry, &snapshots->list);
	snapshots->nr++;
}

/**
 * nbc_snapshots_remove - take back nbc_snapshots_add()
 * @snapshots: those of a device
 * @snapshot: one of them, which is the caller's then
 *
 * Context: Any; the caller holds what guards the list.
 */
void nbc_snapshots_remove(struct nbc_snapshots *snapshots,
			  struct nbc_snapshot *snapshot)
{
	list_del(&snapshot->entry);
	snapshots->nr--;
}

/**
 * nbc_snapshots_take - add all snapshots of a list to another
 * @snapshots: those of a device
 * @from: others, with names that none of them has; there are none afterwards
 *
 * Context: Any; the caller holds what guards the list.
 */
void nbc_snapshots_take(struct nbc_snapshots *snapshots,
			struct nbc_snapshots *from)
{
	list_splice_tail_init(&from->list, &snapshots->list);
	snapshots->nr += from->nr;
	from->nr = 0;
}

/**
 * nbc_snapshots_print - print the names of snapshots, and how large the device was
 * @snapshots: those of a device
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Any; the caller holds what guards the list.
 * Return: number of bytes printed.
 */
ssize_t nbc_snapshots_print(const struct nbc_snapshots *snapshots, char *page)
{
	struct nbc_snapshot *snapshot;
	ssize_t len = 0;

	list_for_each_entry(snapshot, &snapshots->list, entry)
		len += sysfs_emit_at(page, len, "%s %lu\n", snapshot->name,
				     snapshot->needs.size);
	return len;
}

/**
 * nbc_snapshot_destroy - free a snapshot; its data as well, if nobody else has it
 * @snapshot: a snapshot in no list
 *
 * Context: Process context, may sleep.
 */
void nbc_snapshot_destroy(struct nbc_snapshot *snapshot)
{
	nbc_layer_put(snapshot->layer);
	nbc_zones_destroy(snapshot->zones);
	kfree(snapshot);
}

/**
 * nbc_snapshots_destroy - free all snapshots of a device
 * @snapshots: those of a device that nobody refers to
 *
 * Context: Process context, may sleep.
 */
void nbc_snapshots_destroy(struct nbc_snapshots *snapshots)
{
	struct nbc_snapshot *snapshot, *next;

	list_for_each_entry_safe(snapshot, next, &snapshots->list, entry) {
		nbc_snapshots_remove(snapshots, snapshot);
		nbc_snapshot_destroy(snapshot);
	}
}
