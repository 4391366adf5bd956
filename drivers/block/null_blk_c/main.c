// SPDX-License-Identifier: GPL-2.0
/*
 * null_blk_c: a null and memory-backed block device
 *
 * Theory of operation
 * ===================
 *
 * Devices and disks
 * -----------------
 * A struct nbc_device is what a user made: a directory in configfs with the
 * values that were asked for (struct nbc_config) and the data (struct
 * nbc_store). Powered, it has a struct nbc_disk: queues, gendisk and what the
 * I/O path reads, all derived from the configuration at power-on. Power-off
 * ends the disk; directory and data stay until rmdir, or until the module goes
 * for the devices that were made at load.
 *
 * Configuration
 * -------------
 * attrs.h is the one table of attributes. A write is parsed into a copy of the
 * configuration, the copy is applied to the disk if there is one, and only then
 * it replaces the configuration: what fails changes nothing.
 *
 * Data flow
 * ---------
 * request.c has one set of operations without data and one with, chosen at
 * power-on, so that a disk without data does not test for it. A request is
 * started, its data is copied to or from the store, and it completes as the
 * irqmode says, or waits for a poller if it came by a poll queue. mqblk does
 * the completion and says who owns a request when.
 *
 * Features
 * --------
 * nbc_disk.path, the word that says how a request completes, also sends every
 * request of a disk with a feature switched on another way: nbc_handle_full(), and
 * from there nbc_cmd_run(), which works on a struct nbc_cmd and not on a request,
 * because bios (queue_mode 0, bio.c) come there as well. So a feature costs
 * nothing where it is off, and what can be switched while a disk runs (bad
 * blocks, faults) only has to call nbc_disk_choose_path().
 *
 * Letting go
 * ----------
 * A request may be held for an hour by the timer or by a limit, and for ever by a
 * fault. So whatever waits for requests disarms the disk first (nbc_disk_disarm()):
 * then none of the three acts, and what they held ends. That is so while a disk comes,
 * as power-on reads partitions, while it is resized, and when it goes. Disks with
 * shared_tags may still wait for each other: where one holds all tags, another gets
 * none until the first is let go of.
 *
 * Locks
 * -----
 * nbc_device.lock covers power, resizes and writes to attributes of one device. No
 * request takes it, so it may be held while requests are waited for. What a user may
 * need meanwhile takes nbc_device.config_lock instead, which is not: reading
 * attributes, and switching faults and bad blocks. It comes after nbc_device.lock.
 * So do the lock of the shared tag set and that of layers (layer.c). On the data path only
 * those who write take a lock: that of a guard of the store, see store.c, and in a zone the
 * zone's, see zone.c, which comes after nbc_device.lock, and before the store's. A write that
 * finds no memory takes nbc_memory_lock (memory.c), which comes after the zone's; under it,
 * zones' locks are only tried.
 *
 * With record=data, a command that changes data of a disk with memory holds
 * nbc_record.order, which comes before all of those of the data path.
 *
 * Errors
 * ------
 * A request whose data finds no memory fails with BLK_STS_NOSPC, an operation
 * that was not offered with BLK_STS_NOTSUPP, a polled request that nobody polls
 * for with BLK_STS_TIMEOUT. Nothing else fails but what was asked to: bad blocks,
 * faults, and what zones do not permit.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/async.h>
#include <linux/blkdev.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>

#include "null_blk_c.h"
#include "unit.h"

/* Devices made at load, in configfs. */
static LIST_HEAD(nbc_devices);

/* The first error of nbc_power_on(). */
static int nbc_power_error;

static void nbc_power_on(void *data, async_cookie_t cookie)
{
	int ret = nbc_device_set_power(data, true);

	if (ret)
		cmpxchg(&nbc_power_error, 0, ret);
}

static void nbc_power_off(void *data, async_cookie_t cookie)
{
	struct nbc_device *dev = data;

	nbc_device_set_power(dev, false);
	config_group_put(&dev->group);
}

/*
 * Disks come and go in parallel: each takes milliseconds, or waits for grace
 * periods, and there may be thousands.
 */
static void nbc_power_all(struct list_head *devices, async_func_t power)
{
	ASYNC_DOMAIN_EXCLUSIVE(domain);
	struct nbc_device *dev, *next;

	list_for_each_entry_safe(dev, next, devices, entry)
		async_schedule_domain(power, dev, &domain);
	async_synchronize_full_domain(&domain);
}

static void nbc_defaults_remove(void)
{
	struct nbc_device *dev;

	list_for_each_entry(dev, &nbc_devices, entry) {
		if (!nbc_defaults.drop_in)
			nbc_configfs_remove(dev);
	}
	nbc_power_all(&nbc_devices, nbc_power_off);
}

/*
 * What a disk takes at least, measured on Linux 6.12: 120 KiB, and 430 bytes for each
 * request that its queues can hold.
 */
#define NBC_DISK_BYTES		(120 * SZ_1K)
#define NBC_REQUEST_BYTES	430

static u64 __init nbc_defaults_bytes(void)
{
	u64 queues = nbc_defaults.submit_queues;

	if (nbc_defaults.use_per_node_hctx)
		queues = nr_online_nodes;
	queues += nbc_defaults.poll_queues;
	if (nbc_defaults.shared_tag_bitmap)
		queues = 1;
	if (nbc_defaults.queue_mode == NBC_Q_BIO || nbc_defaults.shared_tags)
		queues = 0;
	return nbc_defaults.nr_devices *
	       (NBC_DISK_BYTES + queues * nbc_defaults.hw_queue_depth *
		NBC_REQUEST_BYTES);
}

static int __init nbc_defaults_check(void)
{
	u64 bytes = nbc_defaults_bytes();

	if (nbc_memory_covers(bytes))
		return 0;
	pr_err("nr_devices: %lu disks need some %llu MiB of memory, which is not there; use fewer\n",
	       nbc_defaults.nr_devices, bytes >> 20);
	return -ENOMEM;
}

static int __init nbc_defaults_alloc(struct list_head *devices)
{
	struct nbc_device *dev;
	char name[DISK_NAME_LEN];
	unsigned long nr;

	for (nr = 0; nr < nbc_defaults.nr_devices; nr++) {
		snprintf(name, sizeof(name), "%s%lu", NBC_DISK_PREFIX, nr);
		dev = nbc_configfs_alloc(name);
		if (!dev)
			return -ENOMEM;
		dev->config.index = nr;
		list_add_tail(&dev->entry, devices);
	}
	return 0;
}

/*
 * Makes the devices, powered, and in configfs to look at or switch off; not there
 * with drop_in, as null_blk has it so.
 */
static int __init nbc_defaults_add(void)
{
	struct nbc_device *dev, *next;
	LIST_HEAD(devices);
	int ret;

	ret = nbc_defaults_check();
	if (ret)
		return ret;
	ret = nbc_defaults_alloc(&devices);
	if (!ret) {
		nbc_power_all(&devices, nbc_power_on);
		ret = nbc_power_error;
	}
	list_for_each_entry_safe(dev, next, &devices, entry) {
		if (ret)
			break;
		if (!nbc_defaults.drop_in)
			ret = nbc_configfs_add(dev);
		if (!ret)
			list_move_tail(&dev->entry, &nbc_devices);
	}
	if (ret) {
		pr_err("nr_devices: cannot make %lu devices: error %d\n",
		       nbc_defaults.nr_devices, ret);
		nbc_defaults_remove();
		nbc_power_all(&devices, nbc_power_off);
	}
	return ret;
}

static int __init nbc_init(void)
{
	int ret;

	ret = nbc_memory_init();
	if (ret)
		return ret;
	ret = nbc_units_init();
	if (ret)
		goto exit_memory;
	ret = nbc_bios_init();
	if (ret)
		goto exit_units;
	nbc_record_files_init();
	nbc_major = register_blkdev(0, NBC_ROOT_NAME);
	if (nbc_major < 0) {
		ret = nbc_major;
		goto exit_files;
	}
	ret = nbc_configfs_init();
	if (ret)
		goto unregister;
	ret = nbc_defaults_add();
	if (ret)
		goto exit_configfs;
	nbc_configfs_open();
	return 0;
exit_configfs:
	nbc_configfs_exit();
unregister:
	unregister_blkdev(nbc_major, NBC_ROOT_NAME);
exit_files:
	nbc_record_files_exit();
	nbc_bios_exit();
exit_units:
	nbc_units_exit();
exit_memory:
	nbc_memory_exit();
	return ret;
}

static void __exit nbc_exit(void)
{
	nbc_defaults_remove();
	nbc_configfs_exit();
	unregister_blkdev(nbc_major, NBC_ROOT_NAME);
	nbc_record_files_exit();
	nbc_bios_exit();
	nbc_units_exit();
	nbc_memory_exit();
}

module_init(nbc_init);
module_exit(nbc_exit);
MODULE_DESCRIPTION("Null and memory-backed test block device");
MODULE_LICENSE("GPL");
