// SPDX-License-Identifier: GPL-2.0
/*
 * Crash states: several states that a power cut could leave at one moment, each by a seed
 * of its own, as snapshots. All lie on one layer with what is durable, so that each costs
 * what it has of the writes since the last flush, and its zones.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/kstrtox.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "history.h"
#include "layer.h"
#include "null_blk_c.h"
#include "zoned.h"

/* Longest text: a name, a number, a policy and another number. */
#define NBC_STATES_TEXT_BYTES	128
/* A dash, and a number of 64 bits */
#define NBC_SEED_BYTES		21

/**
 * struct nbc_states - crash states that are being made
 * @name: of the snapshots; a dash and the seed follow
 * @cut: policy, and the first seed; each state has the next one
 * @nr: how many there are to be
 * @each: what each is, as long as it is not in @list
 * @list: struct nbc_snapshot, as far as they are made
 */
struct nbc_states {
	char			name[NBC_SNAPSHOT_NAME_BYTES];
	struct nbc_cut		cut;
	unsigned int		nr;
	struct nbc_state	*each;
	struct nbc_snapshots	list;
};

/* "NAME COUNT POLICY [SEED]" */
static int nbc_states_parse(const char *text, struct nbc_states *states)
{
	char copy[NBC_STATES_TEXT_BYTES], *rest = copy, *name, *count;

	if (strscpy(copy, text, sizeof(copy)) < 0)
		return -EINVAL;
	name = strsep(&rest, " ");
	count = strsep(&rest, " ");
	if (!rest || nbc_snapshot_name_parse(name, states->name) ||
	    kstrtouint(count, 10, &states->nr) || !states->nr ||
	    states->nr > NBC_MAX_SNAPSHOTS)
		return -EINVAL;
	return nbc_cut_parse(rest, &states->cut);
}

static int nbc_state_name(const struct nbc_states *states, unsigned int i, char *name)
{
	char full[NBC_SNAPSHOT_NAME_BYTES + NBC_SEED_BYTES];

	snprintf(full, sizeof(full), "%s-%llu", states->name, states->cut.seed + i);
	return strscpy(name, full, NBC_SNAPSHOT_NAME_BYTES) < 0 ? -EINVAL : 0;
}

static int nbc_states_check_names(struct nbc_device *dev, const struct nbc_states *states)
{
	const char *device = nbc_device_name(dev);
	char name[NBC_SNAPSHOT_NAME_BYTES];
	unsigned int i;

	for (i = 0; i < states->nr; i++) {
		if (nbc_state_name(states, i, name)) {
			pr_err("%s: crash_states: %s-%llu is too long, use at most %d characters\n",
			       device, states->name, states->cut.seed + i,
			       NBC_SNAPSHOT_NAME_BYTES - 1);
			return -EINVAL;
		}
		if (nbc_snapshots_find(&dev->snapshots, name)) {
			pr_err("%s: crash_states: there is a snapshot with the name %s\n",
			       device, name);
			return -EEXIST;
		}
	}
	return 0;
}

static int nbc_states_check(struct nbc_device *dev, const struct nbc_states *states)
{
	lockdep_assert_held(&dev->lock);
	if (!dev->disk || !dev->disk->history) {
		pr_err("%s: crash_states: there is no power or no cache_history\n",
		       nbc_device_name(dev));
		return -ENODEV;
	}
	/* Two layers come on those of the store. */
	if (dev->snapshots.nr + states->nr > NBC_MAX_SNAPSHOTS ||
	    nbc_layers_depth(&dev->store) + 2 > NBC_MAX_LAYERS) {
		pr_err("%s: crash_states: %u are too many, with %u snapshots that there are; use at most %u in all\n",
		       nbc_device_name(dev), states->nr, dev->snapshots.nr,
		       NBC_MAX_SNAPSHOTS);
		return -EMLINK;
	}
	return nbc_states_check_names(dev, states);
}

/* Makes a snapshot of a state that was copied. */
static int nbc_state_add(struct nbc_device *dev, struct nbc_states *states,
			 unsigned int i)
{
	struct nbc_snapshot *snapshot;

	snapshot = kzalloc(sizeof(*snapshot), GFP_KERNEL);
	if (!snapshot)
		return -ENOMEM;
	nbc_state_name(states, i, snapshot->name);
	snapshot->needs = (struct nbc_needs) {
		.size		= dev->config.size,
		.blocksize	= dev->config.blocksize,
		.pi		= dev->disk->pi,
	};
	snapshot->layer = nbc_layers_freeze(&states->each[i].store);
	if (!snapshot->layer) {
		kfree(snapshot);
		return -ENOMEM;
	}
	swap(snapshot->zones, states->each[i].zones);
	nbc_snapshots_add(&states->list, snapshot);
	return 0;
}

/* Returns 0 or -ENOMEM. */
static int nbc_states_alloc_zones(struct nbc_device *dev, struct nbc_states *states)
{
	unsigned int i;

	if (!dev->zones)
		return 0;
	for (i = 0; i < states->nr; i++) {
		states->each[i].zones = nbc_zoned_alloc(nbc_device_name(dev),
							&dev->zones->geometry, NUMA_NO_NODE);
		if (!states->each[i].zones)
			return -ENOMEM;
	}
	return 0;
}

/* Copies zones and data of one moment. Returns as nbc_history_copy_many(). */
static int nbc_states_copy(struct nbc_device *dev, struct nbc_states *states)
{
	unsigned int i;
	int ret;

	ret = nbc_states_alloc_zones(dev, states);
	if (ret)
		return ret;
	nbc_zoned_pause(dev);
	for (i = 0; dev->zones && i < states->nr; i++)
		nbc_zones_copy(states->each[i].zones, dev->zones);
	ret = nbc_history_copy_many(dev->disk->history, &states->cut, states->each,
				    states->nr);
	nbc_zoned_resume(dev);
	return ret;
}

static int nbc_states_make(struct nbc_device *dev, struct nbc_states *states)
{
	unsigned int noio, i;
	int ret;

	for (i = 0; i < states->nr; i++)
		nbc_store_create(&states->each[i].store);
	/* Reclaim must not wait for a write that waits for the copies, or that a rule holds. */
	noio = memalloc_noio_save();
	ret = nbc_states_copy(dev, states);
	memalloc_noio_restore(noio);
	for (i = 0; !ret && i < states->nr; i++)
		ret = nbc_state_add(dev, states, i);
	for (i = 0; i < states->nr; i++) {
		nbc_store_destroy(&states->each[i].store);
		nbc_zones_destroy(states->each[i].zones);
	}
	return ret;
}

/**
 * nbc_crash_states_store - keep what power cuts would leave of a device, as snapshots
 * @dev: the device, powered, with a history
 * @text: "NAME COUNT POLICY [SEED]": COUNT snapshots NAME-SEED, of that seed and those after
 *	it
 *
 * All are of one moment. Writes wait until the copies are made.
 *
 * Context: Process context; takes dev->lock.
 * Return: 0; -EINVAL for a text that is not valid; -ENODEV if there is no history; -EEXIST,
 * -EMLINK; -ENOMEM, or -EINTR after a fatal signal. After an error nothing has changed.
 */
int nbc_crash_states_store(struct nbc_device *dev, const char *text)
{
	struct nbc_states states = {};
	int ret;

	if (nbc_states_parse(text, &states)) {
		pr_err_ratelimited("%s: crash_states: \"%*pE\" is not valid, use a name, 1 to %d, then lost, kept, prefix, torn, subset or blocks, and a seed\n",
				   nbc_device_name(dev), (int)strcspn(text, "\n"),
				   text, NBC_MAX_SNAPSHOTS);
		return -EINVAL;
	}
	nbc_snapshots_create(&states.list);
	guard(mutex)(&dev->lock);
	ret = nbc_states_check(dev, &states);
	if (ret)
		return ret;
	states.each = kvcalloc(states.nr, sizeof(*states.each), GFP_KERNEL);
	if (!states.each)
		return -ENOMEM;
	ret = nbc_states_make(dev, &states);
	kvfree(states.each);
	if (ret) {
		nbc_snapshots_destroy(&states.list);
		return ret;
	}
	guard(mutex)(&dev->config_lock);
	nbc_snapshots_take(&dev->snapshots, &states.list);
	return 0;
}
