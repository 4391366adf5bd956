// SPDX-License-Identifier: GPL-2.0
/*
 * Devices: what the user configured, and switching it on and off.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "history.h"
#include "layer.h"
#include "model.h"
#include "null_blk_c.h"
#include "zoned.h"

/* How often it is looked whether processes are gone that rules end with */
#define NBC_ORPHANS_TIME	(HZ / 10)

/*
 * Makes a disk known, and lets its timer, limits and faults act. Before that they do
 * not: power-on reads partitions, under the lock that is needed to undo it.
 */
static void nbc_device_set_disk(struct nbc_device *dev, struct nbc_disk *ndisk)
{
	lockdep_assert_held(&dev->lock);
	guard(mutex)(&dev->config_lock);
	dev->disk = ndisk;
	if (ndisk)
		nbc_disk_arm(ndisk);
}

/*
 * In place of null_blk, values that a disk makes no use of, or less of, read as what it
 * makes of them, and stay so. Otherwise they read as they were written.
 */
static void nbc_config_as_null_blk(struct nbc_config *config)
{
	if (!nbc_defaults.drop_in)
		return;
	if (config->memory_backed)
		config->blocking = true;
	else
		config->cache_size = 0;
	if (!config->memory_backed || config->zoned)
		config->discard = false;
	if (config->zoned)
		nbc_zoned_as_null_blk(config);
}

static int nbc_device_power_on(struct nbc_device *dev,
			       struct nbc_config *config)
{
	struct nbc_disk *ndisk;
	int ret;

	lockdep_assert_held(&dev->lock);
	ret = nbc_zoned_configure(nbc_device_name(dev), config);
	if (ret)
		return ret;
	ndisk = nbc_disk_create(dev, config);
	if (IS_ERR(ndisk))
		return PTR_ERR(ndisk);
	nbc_config_as_null_blk(config);
	/* What was found free, or overruled: they read as what they are. */
	config->index = dev->minor;
	if (ndisk->set) {
		config->submit_queues = ndisk->set->queues.nr_default;
		config->poll_queues = ndisk->set->queues.nr_poll;
	}
	nbc_device_set_disk(dev, ndisk);
	return 0;
}

static void nbc_device_power_off(struct nbc_device *dev)
{
	struct nbc_disk *ndisk = dev->disk;

	lockdep_assert_held(&dev->lock);
	nbc_device_set_disk(dev, NULL);
	nbc_disk_destroy(ndisk, nbc_device_name(dev));
}

static int nbc_device_check_cut(struct nbc_device *dev, const struct nbc_cut *cut)
{
	const char *name = nbc_device_name(dev);

	if (!dev->disk) {
		pr_err("%s: there is no power to cut, the device is off\n", name);
		return -ENODEV;
	}
	if (cut->policy != NBC_CUT_LOST && !dev->disk->history) {
		pr_err("%s: %s needs cache_history, use lost\n", name,
		       nbc_cut_names[cut->policy]);
		return -EINVAL;
	}
	return 0;
}

/* Is what was asked for a size that a powered disk can have? */
static int nbc_device_check_size(struct nbc_device *dev, const struct nbc_config *config)
{
	const char *name = nbc_device_name(dev);

	if (config->size == dev->config.size)
		return 0;
	if (config->zoned) {
		pr_err_ratelimited("%s: size is fixed while the device is powered\n", name);
		return -EBUSY;
	}
	/* In the store it has twice that size. */
	if (dev->disk->pi.type && config->size > NBC_MAX_SIZE_MB / 2) {
		pr_err_ratelimited("%s: size: %lu is not valid with pi_type, use at most %lu\n",
				   name, config->size,
				   (unsigned long)(NBC_MAX_SIZE_MB / 2));
		return -EINVAL;
	}
	if (config->size > dev->config.size)
		return 0;
	pr_err_ratelimited("%s: size: %lu is less than the powered device has, use %lu and more\n",
			   name, config->size, dev->config.size);
	return -EBUSY;
}

static int nbc_device_resize_queues(struct nbc_device *dev,
				    const struct nbc_config *config)
{
	struct nbc_disk *ndisk = dev->disk;
	int ret;

	lockdep_assert_held(&dev->lock);
	if (config->submit_queues == dev->config.submit_queues &&
	    config->poll_queues == dev->config.poll_queues)
		return 0;
	ret = nbc_set_check_resize(ndisk, nbc_device_name(dev));
	if (ret)
		return ret;
	/* Who wants to switch it off waits for the lock, not for requests. */
	nbc_disk_disarm(ndisk, BLK_STS_OK);
	ret = nbc_set_resize(ndisk, config);
	nbc_disk_arm(ndisk);
	if (!ret)
		mqblk_watch_resized(&ndisk->watch);
	return ret;
}

static bool nbc_config_same_pace(const struct nbc_config *a, const struct nbc_config *b)
{
	return a->completion_nsec == b->completion_nsec &&
	       a->mbps == b->mbps && a->iops == b->iops &&
	       a->mbps_read == b->mbps_read && a->mbps_write == b->mbps_write &&
	       a->iops_read == b->iops_read && a->iops_write == b->iops_write;
}

/* Makes a disk that has power what @config says, as far as that can be. */
static int nbc_device_change(struct nbc_device *dev, const struct nbc_config *config)
{
	int ret;

	ret = nbc_device_check_size(dev, config) ?: nbc_device_resize_queues(dev, config);
	if (ret)
		return ret;
	if (config->size != dev->config.size)
		nbc_disk_grow(dev->disk, config);
	if (!nbc_config_same_pace(config, &dev->config))
		nbc_disk_set_pace(dev->disk, config);
	return 0;
}

/*
 * Makes @config the device's configuration, and the disk follow it. On error
 * both are as they were.
 */
static int nbc_device_apply(struct nbc_device *dev, struct nbc_config *config)
{
	int ret = 0;

	lockdep_assert_held(&dev->lock);
	if (config->power && !dev->disk)
		ret = nbc_device_power_on(dev, config);
	else if (!config->power && dev->disk)
		nbc_device_power_off(dev);
	else if (dev->disk)
		ret = nbc_device_change(dev, config);
	if (ret)
		return ret;
	guard(mutex)(&dev->config_lock);
	dev->config = *config;
	return 0;
}

/**
 * nbc_device_set_power - make or remove the disk of a device
 * @dev: the device
 * @on: whether there shall be a disk; nothing happens if it is so already
 *
 * Context: Process context; takes dev->lock, waits for requests in flight, which do
 * not wait for the timer, limits or faults.
 * Return: 0 or the error of nbc_disk_create().
 */
int nbc_device_set_power(struct nbc_device *dev, bool on)
{
	struct nbc_config config;

	guard(mutex)(&dev->lock);
	config = dev->config;
	config.power = on;
	return nbc_device_apply(dev, &config);
}

/**
 * nbc_device_show - print an attribute
 * @dev: the device
 * @attr: the attribute
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Process context; takes dev->config_lock.
 * Return: number of bytes printed.
 */
ssize_t nbc_device_show(struct nbc_device *dev, const struct nbc_attr *attr,
			char *page)
{
	guard(mutex)(&dev->config_lock);
	return nbc_attr_show(attr, &dev->config, page);
}

/* In place of null_blk, what is fixed there is fixed. */
static bool nbc_attr_is_live(const struct nbc_attr *attr)
{
	return attr->flags & NBC_A_LIVE ||
	       (attr->flags & NBC_A_LIVE_OURS && !nbc_defaults.drop_in);
}

/**
 * nbc_device_store - set an attribute
 * @dev: the device
 * @attr: the attribute
 * @text: what was written
 * @len: its length
 *
 * Context: Process context; takes dev->lock, may wait for requests in flight.
 * Return: @len; the error of nbc_attr_parse(); -EBUSY for an attribute that
 * cannot change while the device is powered; or what power-on or resize
 * returned. After an error nothing has changed.
 */
ssize_t nbc_device_store(struct nbc_device *dev, const struct nbc_attr *attr,
			 const char *text, size_t len)
{
	struct nbc_config config;
	enum nbc_source source;
	int ret;

	guard(mutex)(&dev->lock);
	config = dev->config;
	source = dev->disk ? NBC_FROM_LIVE : NBC_FROM_CONFIGFS;
	ret = nbc_attr_parse(attr, text, source, nbc_attr_value(attr, &config));
	if (ret)
		return ret;
	if (dev->disk && !nbc_attr_is_live(attr)) {
		pr_err_ratelimited("%s: %s is fixed while the device is powered\n",
				   nbc_device_name(dev), attr->name);
		return -EBUSY;
	}
	ret = nbc_device_apply(dev, &config);
	return ret ?: len;
}

/**
 * nbc_power_cut_store - cut the power of a device
 * @dev: the device
 * @text: as for nbc_cut_parse()
 *
 * Context: Process context; takes dev->lock, waits for requests in flight, which do
 * not wait for the timer, limits or faults.
 * Return: 0; -EINVAL for a text that is not valid, or for a policy that the device
 * cannot have; -ENODEV if it is off.
 */
int nbc_power_cut_store(struct nbc_device *dev, const char *text)
{
	struct nbc_cut cut;
	int ret;

	if (nbc_cut_parse(text, &cut)) {
		pr_err_ratelimited("%s: power_cut: \"%*pE\" is not valid, use lost, kept, prefix, torn, subset or blocks, and a seed\n",
				   nbc_device_name(dev),
				   (int)strcspn(text, "\n"), text);
		return -EINVAL;
	}
	guard(mutex)(&dev->lock);
	ret = nbc_device_check_cut(dev, &cut);
	if (ret)
		return ret;
	dev->disk->cut = cut;
	dev->disk->loses_power = true;
	nbc_device_power_off(dev);
	guard(mutex)(&dev->config_lock);
	dev->config.power = false;
	return 0;
}

/* A device that is off becomes one that has room for the data of another, and gets @zones. */
static void nbc_device_be_like(struct nbc_device *dev, const struct nbc_needs *needs,
			       struct nbc_zones *zones)
{
	lockdep_assert_held(&dev->lock);
	nbc_zones_destroy(dev->zones);
	dev->zones = zones;
	guard(mutex)(&dev->config_lock);
	dev->config.zoned = !!zones;
	dev->config.memory_backed = true;
	dev->config.size = needs->size;
	dev->config.blocksize = needs->blocksize;
	dev->config.pi_type = needs->pi.type;
	dev->config.pi_guard = needs->pi.guard;
	dev->pi = needs->pi;
	if (zones)
		nbc_zoned_be_like(&dev->config, &zones->geometry);
}

/* May a device get other data, by an attribute? */
static int nbc_device_check_new_data(struct nbc_device *dev, const char *attribute)
{
	lockdep_assert_held(&dev->lock);
	if (!dev->disk)
		return 0;
	pr_err("%s: %s is fixed while the device is powered\n",
	       nbc_device_name(dev), attribute);
	return -EBUSY;
}

/*
 * What a device must be to have the data of another. What was written to the attributes of
 * one that is off need not fit its data, whose blocks are what they are.
 */
static void nbc_device_needs(struct nbc_device *dev, struct nbc_needs *needs)
{
	needs->size = dev->config.size;
	needs->blocksize = nbc_store_block_bytes(&dev->store, dev->config.blocksize);
	needs->pi = (struct nbc_pi) { };
	if (dev->zones) {
		needs->size = dev->zones->geometry.disk_sects >> (20 - SECTOR_SHIFT);
		needs->blocksize = dev->zones->geometry.block_bytes;
	}
	if (!dev->disk && nbc_store_is_empty(&dev->store))
		return;
	needs->pi = dev->pi;
	if (needs->pi.type)
		needs->blocksize = BIT(needs->pi.block_shift);
}

/* Copies zones and data of one moment. Returns as nbc_history_copy(). */
static int nbc_device_copy_moment(struct nbc_device *dev, struct nbc_device *from,
				  const struct nbc_cut *cut, struct nbc_zones *zones)
{
	int ret;

	lockdep_assert_held(&from->config_lock);
	nbc_zoned_pause(from);
	if (zones)
		nbc_zones_copy(zones, from->zones);
	ret = nbc_history_copy(from->disk->history, cut, &dev->store, zones);
	nbc_zoned_resume(from);
	return ret;
}

/* Makes @zones those of what was copied, which are the caller's. Without any they are NULL. */
static int nbc_device_copy_zoned(struct nbc_device *dev, struct nbc_device *from,
				 const struct nbc_cut *cut, struct nbc_zones **zones)
{
	int ret;

	*zones = NULL;
	if (from->zones) {
		*zones = nbc_zoned_alloc(nbc_device_name(dev), &from->zones->geometry,
					 dev->config.home_node);
		if (!*zones)
			return -ENOMEM;
	}
	ret = nbc_device_copy_moment(dev, from, cut, *zones);
	if (ret)
		nbc_zones_destroy(*zones);
	return ret;
}

static int nbc_device_copy_disk(struct nbc_device *dev, struct nbc_device *from,
				const struct nbc_cut *cut, struct nbc_needs *needs,
				struct nbc_zones **zones)
{
	unsigned int noio;
	int ret;

	/* As long as it is held, the disk and its zones stay. */
	guard(mutex)(&from->config_lock);
	if (!from->disk || !from->disk->history) {
		pr_err("%s: crash_state: %s has no power or no cache_history\n",
		       nbc_device_name(dev), nbc_device_name(from));
		return -ENODEV;
	}
	nbc_device_needs(from, needs);
	nbc_store_empty(&dev->store);
	nbc_zones_destroy(dev->zones);
	dev->zones = NULL;
	/* Reclaim must not wait for a write that waits for the copy, or that a rule holds. */
	noio = memalloc_noio_save();
	ret = nbc_device_copy_zoned(dev, from, cut, zones);
	memalloc_noio_restore(noio);
	return ret;
}

/**
 * nbc_device_copy_state - make a device what a power cut would leave of another
 * @dev: the device; its data goes
 * @from: the other, which goes on, though writes wait until the copy is made
 * @cut: which power cut
 *
 * @dev takes over what its data needs: memory_backed, size, blocksize, pi_* and zones, of
 * which it has what the cut leaves.
 *
 * Context: Process context; takes dev->lock and then from->config_lock.
 * Return: 0; -EBUSY if @dev is powered; -ENODEV if @from is off, or has no history; -ENOMEM
 * without memory for zones; or the error of nbc_history_copy().
 */
int nbc_device_copy_state(struct nbc_device *dev, struct nbc_device *from,
			  const struct nbc_cut *cut)
{
	struct nbc_zones *zones;
	struct nbc_needs needs;
	int ret;

	guard(mutex)(&dev->lock);
	ret = nbc_device_check_new_data(dev, "crash_state") ?:
	      nbc_device_copy_disk(dev, from, cut, &needs, &zones);
	if (ret)
		return ret;
	nbc_device_be_like(dev, &needs, zones);
	return 0;
}

/* Can a device have one more snapshot? */
static bool nbc_device_has_room(struct nbc_device *dev)
{
	if (dev->snapshots.nr >= NBC_MAX_SNAPSHOTS)
		return false;
	if (nbc_layers_depth(&dev->store) < NBC_MAX_LAYERS)
		return true;
	/* Some may be nobody else's any more. */
	nbc_layers_merge(&dev->store);
	return nbc_layers_depth(&dev->store) < NBC_MAX_LAYERS;
}

static int nbc_device_check_snapshot(struct nbc_device *dev, const char *snapshot)
{
	const char *name = nbc_device_name(dev);

	lockdep_assert_held(&dev->lock);
	if (!dev->config.memory_backed) {
		pr_err("%s: snapshot: only with memory_backed 1\n", name);
		return -EINVAL;
	}
	/* Those that it last had may have been without data. */
	if (dev->zones ? !dev->zones->geometry.backed : dev->config.zoned) {
		pr_err("%s: snapshot: with zoned %lu only once the device had power with memory_backed 1\n",
		       name, dev->config.zoned);
		return -EINVAL;
	}
	if (!dev->disk && dev->config.pi_type && nbc_store_is_empty(&dev->store)) {
		pr_err("%s: snapshot: with pi_type %lu only once the device had power\n", name,
		       dev->config.pi_type);
		return -EINVAL;
	}
	if (dev->disk && dev->disk->cache) {
		pr_err("%s: snapshot: only while the device is off, as it has a cache\n",
		       name);
		return -EBUSY;
	}
	if (nbc_snapshots_find(&dev->snapshots, snapshot)) {
		pr_err("%s: snapshot: there is one with the name %s, use another or drop it\n",
		       name, snapshot);
		return -EEXIST;
	}
	if (!nbc_device_has_room(dev)) {
		pr_err("%s: snapshot: there are as many as can be, %u of a device, or %u beneath a clone\n",
		       name, NBC_MAX_SNAPSHOTS, NBC_MAX_LAYERS);
		return -EMLINK;
	}
	return 0;
}

/* Keeps what zones and data are at one moment. Returns false without memory. */
static bool nbc_snapshot_freeze(struct nbc_snapshot *snapshot, struct nbc_device *dev)
{
	if (dev->zones) {
		snapshot->zones = nbc_zoned_alloc(nbc_device_name(dev), &dev->zones->geometry,
						  NUMA_NO_NODE);
		if (!snapshot->zones)
			return false;
	}
	nbc_zoned_pause(dev);
	if (dev->zones)
		nbc_zones_copy(snapshot->zones, dev->zones);
	snapshot->layer = nbc_layers_freeze(&dev->store);
	nbc_zoned_resume(dev);
	return snapshot->layer;
}

static struct nbc_snapshot *nbc_device_snapshot(struct nbc_device *dev, const char *name,
						const struct nbc_needs *needs)
{
	struct nbc_snapshot *snapshot;

	snapshot = kzalloc(sizeof(*snapshot), GFP_KERNEL);
	if (!snapshot)
		return NULL;
	strscpy(snapshot->name, name);
	snapshot->needs = *needs;
	if (nbc_snapshot_freeze(snapshot, dev))
		return snapshot;
	nbc_snapshot_destroy(snapshot);
	return NULL;
}

static int nbc_snapshot_read_name(struct nbc_device *dev, const char *attribute,
				  const char *text, char *name)
{
	int ret = nbc_snapshot_name_parse(text, name);

	if (ret)
		pr_err_ratelimited("%s: %s: \"%*pE\" is not valid, use 1 to %d letters, digits and +-.:=@_\n",
				   nbc_device_name(dev), attribute,
				   (int)strcspn(text, "\n"), text,
				   NBC_SNAPSHOT_NAME_BYTES - 1);
	return ret;
}

/**
 * nbc_snapshot_store - take a snapshot of a device
 * @dev: the device, powered or not
 * @text: its name
 *
 * It has all writes that were acknowledged before, and none that is issued after this
 * returns. A write in flight may be in it for some of its blocks. I/O goes on
 * meanwhile, but for what changes sequential zones.
 *
 * Context: Process context; takes dev->lock, waits for a grace period, but for no
 * request other than the one that is under way in each sequential zone.
 * Return: 0; -EINVAL for a name that is not valid, or a device that cannot have snapshots;
 * -EBUSY if it can only while it is off; -EEXIST, -EMLINK or -ENOMEM. After an error
 * nothing has changed.
 */
int nbc_snapshot_store(struct nbc_device *dev, const char *text)
{
	char name[NBC_SNAPSHOT_NAME_BYTES];
	struct nbc_snapshot *snapshot;
	struct nbc_needs needs;
	unsigned int noio;
	int ret;

	ret = nbc_snapshot_read_name(dev, "snapshot", text, name);
	if (ret)
		return ret;
	guard(mutex)(&dev->lock);
	ret = nbc_device_check_snapshot(dev, name);
	if (ret)
		return ret;
	nbc_device_needs(dev, &needs);
	/*
	 * Reclaim must not wait for a write of this disk: it may wait for the end of the pause,
	 * or be held until power-off, which needs the lock.
	 */
	noio = memalloc_noio_save();
	snapshot = nbc_device_snapshot(dev, name, &needs);
	memalloc_noio_restore(noio);
	if (!snapshot)
		return -ENOMEM;
	guard(mutex)(&dev->config_lock);
	nbc_snapshots_add(&dev->snapshots, snapshot);
	return 0;
}

/**
 * nbc_snapshot_show - print the snapshots of a device
 * @dev: the device
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Process context; takes dev->config_lock.
 * Return: number of bytes printed.
 */
ssize_t nbc_snapshot_show(struct nbc_device *dev, char *page)
{
	guard(mutex)(&dev->config_lock);
	return nbc_snapshots_print(&dev->snapshots, page);
}

/**
 * nbc_snapshot_drop_store - keep a snapshot of a device no longer
 * @dev: the device, powered or not
 * @text: name of the snapshot
 *
 * What was cloned from it stays, and so does what it has in common with others. The rest
 * is freed, while I/O goes on.
 *
 * Context: Process context; takes dev->lock. Takes as long as there is to move.
 * Return: 0; -EINVAL for a name that is not valid; -ENOENT for one that is not there.
 */
int nbc_snapshot_drop_store(struct nbc_device *dev, const char *text)
{
	char name[NBC_SNAPSHOT_NAME_BYTES];
	struct nbc_snapshot *snapshot;
	int ret;

	ret = nbc_snapshot_read_name(dev, "snapshot_drop", text, name);
	if (ret)
		return ret;
	guard(mutex)(&dev->lock);
	snapshot = nbc_snapshots_find(&dev->snapshots, name);
	if (!snapshot) {
		pr_err("%s: snapshot_drop: there is no %s, see snapshot\n",
		       nbc_device_name(dev), name);
		return -ENOENT;
	}
	scoped_guard(mutex, &dev->config_lock)
		nbc_snapshots_remove(&dev->snapshots, snapshot);
	nbc_snapshot_destroy(snapshot);
	nbc_layers_merge(&dev->store);
	return 0;
}

/* The zones of a snapshot, for @dev. The caller needs config_lock of whose it is. */
static struct nbc_zones *nbc_snapshot_clone_zones(const struct nbc_snapshot *snapshot,
						  struct nbc_device *dev)
{
	struct nbc_zones *zones;
	unsigned int noio;

	/* Reclaim must not wait for a write that a rule holds: the lock is needed to let it go. */
	noio = memalloc_noio_save();
	zones = nbc_zoned_clone(nbc_device_name(dev), snapshot->zones, dev->config.home_node);
	memalloc_noio_restore(noio);
	return zones;
}

/*
 * Copies for @dev what a snapshot of @from is but for its name; the layer has a reference.
 * Returns 0, -ENOENT or -ENOMEM.
 */
static int nbc_snapshot_get(struct nbc_device *dev, struct nbc_device *from,
			    const char *name, struct nbc_snapshot *copy)
{
	struct nbc_snapshot *snapshot;

	guard(mutex)(&from->config_lock);
	snapshot = nbc_snapshots_find(&from->snapshots, name);
	if (!snapshot) {
		pr_err_ratelimited("%s: origin: %s has no snapshot \"%*pE\"\n",
				   nbc_device_name(dev), nbc_device_name(from),
				   (int)strlen(name), name);
		return -ENOENT;
	}
	copy->zones = NULL;
	if (snapshot->zones) {
		copy->zones = nbc_snapshot_clone_zones(snapshot, dev);
		if (!copy->zones)
			return -ENOMEM;
	}
	copy->needs = snapshot->needs;
	copy->layer = nbc_layer_get(snapshot->layer);
	return 0;
}

/**
 * nbc_device_clone - make a device a clone of a snapshot
 * @dev: the device; its data goes, its snapshots stay
 * @from: the device that has the snapshot; may be @dev
 * @name: name of the snapshot, which stays as it is
 *
 * @dev takes over what its data needs: memory_backed, size, blocksize, pi_* and zones, of
 * which it has those of the snapshot.
 *
 * Context: Process context; takes dev->lock and then from->config_lock.
 * Return: 0; -EBUSY if @dev is powered; -ENOENT for a snapshot that is not there; -ENOMEM
 * without memory for zones. After an error nothing has changed.
 */
int nbc_device_clone(struct nbc_device *dev, struct nbc_device *from,
		     const char *name)
{
	struct nbc_snapshot copy;
	int ret;

	guard(mutex)(&dev->lock);
	ret = nbc_device_check_new_data(dev, "origin") ?:
	      nbc_snapshot_get(dev, from, name, &copy);
	if (ret)
		return ret;
	nbc_store_empty(&dev->store);
	nbc_layers_set_base(&dev->store, copy.layer);
	nbc_device_be_like(dev, &copy.needs, copy.zones);
	return 0;
}

/**
 * nbc_badblocks_store - mark sectors of a device good or bad
 * @dev: the device
 * @text: as for nbc_badblocks_change()
 *
 * Context: Process context; takes dev->config_lock.
 * Return: as nbc_badblocks_change().
 */
int nbc_badblocks_store(struct nbc_device *dev, const char *text)
{
	int ret;

	guard(mutex)(&dev->config_lock);
	ret = nbc_badblocks_change(&dev->badblocks, nbc_device_name(dev), text);
	if (!ret && dev->disk)
		nbc_disk_choose_path(dev->disk);
	return ret;
}

/* Looks for processes that are gone, and again later if rules have any. */
static void nbc_device_look_for_orphans(struct work_struct *work)
{
	struct nbc_device *dev =
		container_of(to_delayed_work(work), struct nbc_device, orphans);
	struct nbc_disk *ndisk = NULL;
	LIST_HEAD(taken);

	scoped_guard(mutex, &dev->config_lock) {
		if (nbc_rules_remove_orphans(&dev->rules) && dev->disk) {
			nbc_disk_choose_path(dev->disk);
			if (nbc_hold_take_free(&dev->disk->hold, &dev->rules, &taken))
				ndisk = dev->disk;
		}
		if (nbc_rules_have_holders(&dev->rules))
			schedule_delayed_work(&dev->orphans, NBC_ORPHANS_TIME);
	}
	if (ndisk)
		nbc_hold_go_orphans(&ndisk->hold, ndisk, &taken);
}

/**
 * nbc_rules_store - add and remove rules of a device
 * @dev: the device
 * @text: as for nbc_rules_change()
 *
 * Operations that a rule holds go on when it is removed.
 *
 * Context: Process context; takes dev->config_lock.
 * Return: as nbc_rules_change().
 */
int nbc_rules_store(struct nbc_device *dev, const char *text)
{
	struct nbc_disk *ndisk = NULL;
	LIST_HEAD(taken);
	int ret;

	scoped_guard(mutex, &dev->config_lock) {
		ret = nbc_rules_change(&dev->rules, nbc_device_name(dev), text);
		if (nbc_rules_have_holders(&dev->rules))
			schedule_delayed_work(&dev->orphans, NBC_ORPHANS_TIME);
		if (!dev->disk)
			return ret;
		nbc_disk_choose_path(dev->disk);
		if (nbc_hold_take_free(&dev->disk->hold, &dev->rules, &taken))
			ndisk = dev->disk;
	}
	if (ndisk)
		nbc_hold_go(&ndisk->hold, ndisk, &taken, BLK_STS_OK);
	return ret;
}

/**
 * nbc_rules_show - print the rules of a device
 * @dev: the device
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Process context; takes dev->config_lock.
 * Return: number of bytes printed.
 */
ssize_t nbc_rules_show(struct nbc_device *dev, char *page)
{
	guard(mutex)(&dev->config_lock);
	return nbc_rules_print(&dev->rules, page);
}

/**
 * nbc_latency_store - change how long operations of a device take
 * @dev: the device
 * @text: as for nbc_latency_change()
 *
 * Operations that wait already go on as the old model said.
 *
 * Context: Process context, may sleep; takes dev->config_lock.
 * Return: as nbc_latency_change(). After an error nothing has changed.
 */
int nbc_latency_store(struct nbc_device *dev, const char *text)
{
	struct nbc_model *old;
	int ret;

	scoped_guard(mutex, &dev->config_lock) {
		ret = nbc_latency_change(&dev->latency, nbc_device_name(dev), text, &old);
		if (!ret && dev->disk)
			nbc_disk_choose_path(dev->disk);
	}
	/* See litmus/latency_model.litmus. */
	if (old) {
		synchronize_rcu();
		nbc_model_free(old);
	}
	return ret;
}

/**
 * nbc_latency_show - print the model that says how long operations of a device take
 * @dev: the device
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Process context; takes dev->config_lock.
 * Return: number of bytes printed, 0 without a model.
 */
ssize_t nbc_latency_show(struct nbc_device *dev, char *page)
{
	guard(mutex)(&dev->config_lock);
	return nbc_latency_print(&dev->latency, page);
}

/* Takes what an order is about off the list of a disk, which stays until it has gone on. */
static int nbc_held_take(struct nbc_device *dev, const struct nbc_hold_order *order,
			 struct nbc_disk **ndisk, struct list_head *taken)
{
	const char *name = nbc_device_name(dev);

	guard(mutex)(&dev->config_lock);
	if (!dev->disk) {
		pr_err("%s: held: nothing waits, the device is off\n", name);
		return -ENODEV;
	}
	if (nbc_hold_take(&dev->disk->hold, order, taken)) {
		*ndisk = dev->disk;
		return 0;
	}
	if (order->all)
		return 0;
	pr_err("%s: held: %llu does not wait, see the list\n", name, order->id);
	return -ENOENT;
}

/**
 * nbc_held_store - let operations go on that wait, or fail them
 * @dev: the device
 * @text: as for nbc_hold_parse()
 *
 * Context: Process context; takes dev->config_lock. They are done when it returns, but
 * for what the timer or limits say.
 * Return: 0; -EINVAL for a text that is not valid, -ENODEV if the device is off, -ENOENT
 * if the operation does not wait.
 */
int nbc_held_store(struct nbc_device *dev, const char *text)
{
	struct nbc_disk *ndisk = NULL;
	struct nbc_hold_order order;
	LIST_HEAD(taken);
	int ret;

	if (nbc_hold_parse(text, &order)) {
		pr_err("%s: held: \"%*pE\" is not valid, use release ID or fail ID STATUS, an ID of the list or all\n",
		       nbc_device_name(dev), (int)strcspn(text, "\n"), text);
		return -EINVAL;
	}
	ret = nbc_held_take(dev, &order, &ndisk, &taken);
	if (ndisk)
		nbc_hold_go(&ndisk->hold, ndisk, &taken, order.status);
	return ret;
}

/**
 * nbc_held_show - print which operations wait
 * @dev: the device
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Process context; takes dev->config_lock.
 * Return: number of bytes printed.
 */
ssize_t nbc_held_show(struct nbc_device *dev, char *page)
{
	guard(mutex)(&dev->config_lock);
	return dev->disk ? nbc_hold_print(&dev->disk->hold, page) : 0;
}

/**
 * nbc_lies_store - forget lies of a device
 * @dev: the device
 * @text: as for nbc_lies_forget()
 *
 * Context: Process context.
 * Return: 0, or -EINVAL for a text that is not valid.
 */
int nbc_lies_store(struct nbc_device *dev, const char *text)
{
	int ret = nbc_lies_forget(&dev->rules.lies, text);

	if (ret)
		pr_err("%s: lies: \"%*pE\" is not valid, use forget ID or forget all\n",
		       nbc_device_name(dev), (int)strcspn(text, "\n"), text);
	return ret;
}

/**
 * nbc_lies_show - print the lies of a device
 * @dev: the device
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Process context.
 * Return: number of bytes printed.
 */
ssize_t nbc_lies_show(struct nbc_device *dev, char *page)
{
	return nbc_lies_print(&dev->rules.lies, page);
}

/* Changes what is recorded, and makes the file. */
static int nbc_record_change_file(struct nbc_device *dev, const char *text)
{
	int ret;

	lockdep_assert_held(&dev->config_lock);
	ret = nbc_record_change(dev->record, nbc_device_name(dev), text, dev->config.record_mb);
	if (!ret && nbc_record_on(dev->record))
		nbc_record_show_file(dev->record, nbc_device_name(dev));
	return ret;
}

/**
 * nbc_record_store - say what is recorded of a device
 * @dev: the device
 * @text: as for nbc_record_change()
 *
 * The file to read appears when there is something to record for the first time.
 *
 * Context: Process context, may sleep; takes dev->config_lock.
 * Return: as nbc_record_change(). After an error nothing has changed.
 */
int nbc_record_store(struct nbc_device *dev, const char *text)
{
	unsigned int noio;
	int ret;

	guard(mutex)(&dev->config_lock);
	/* Reclaim must not wait for a write that a rule holds: the lock is needed to let it go. */
	noio = memalloc_noio_save();
	ret = nbc_record_change_file(dev, text);
	memalloc_noio_restore(noio);
	if (ret)
		return ret;
	if (dev->disk)
		nbc_disk_choose_path(dev->disk);
	return 0;
}

/**
 * nbc_record_show - print what is recorded of a device
 * @dev: the device
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Process context; takes dev->config_lock.
 * Return: number of bytes printed.
 */
ssize_t nbc_record_show(struct nbc_device *dev, char *page)
{
	guard(mutex)(&dev->config_lock);
	return nbc_record_print(dev->record, page);
}

/**
 * nbc_device_hide_record - let nobody open the record of a device any more
 * @dev: a device that is off, and that goes: another may get its name
 *
 * Context: Process context, may sleep; takes dev->config_lock.
 */
void nbc_device_hide_record(struct nbc_device *dev)
{
	guard(mutex)(&dev->config_lock);
	nbc_record_hide_file(dev->record);
}

/**
 * nbc_device_alloc - make a device with the defaults, off
 *
 * Its group and its faults are the caller's to prepare.
 *
 * Context: Process context, may sleep.
 * Return: the device, to be given to nbc_device_free(); NULL without memory.
 */
struct nbc_device *nbc_device_alloc(void)
{
	struct nbc_device *dev;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return NULL;
	mutex_init(&dev->lock);
	mutex_init(&dev->config_lock);
	dev->config = nbc_defaults;
	dev->minor = -1;
	INIT_DELAYED_WORK(&dev->orphans, nbc_device_look_for_orphans);
	nbc_store_create(&dev->store);
	nbc_snapshots_create(&dev->snapshots);
	nbc_rules_create(&dev->rules);
	dev->record = nbc_record_create();
	if (!dev->record || badblocks_init(&dev->badblocks, 1)) {
		nbc_device_free(dev);
		return NULL;
	}
	return dev;
}

/**
 * nbc_device_free - free a device and its data
 * @dev: a device that is off and that nobody refers to
 *
 * Context: Process context, may sleep.
 */
void nbc_device_free(struct nbc_device *dev)
{
	WARN_ON_ONCE(dev->disk);
	cancel_delayed_work_sync(&dev->orphans);
	badblocks_exit(&dev->badblocks);
	nbc_rules_destroy(&dev->rules);
	nbc_latency_destroy(&dev->latency);
	nbc_zones_destroy(dev->zones);
	nbc_snapshots_destroy(&dev->snapshots);
	if (dev->record)
		nbc_record_hide_file(dev->record);
	nbc_record_put(dev->record);
	nbc_store_destroy(&dev->store);
	nbc_minor_put(dev);
	mutex_destroy(&dev->config_lock);
	mutex_destroy(&dev->lock);
	kfree(dev);
}
