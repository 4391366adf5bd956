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
 * io.c has one set of operations without data and one with, chosen at
 * power-on, so that a disk without data does not test for it. A request is
 * started, its data is copied to or from the store, and it completes as the
 * irqmode says, or waits for a poller if it came by a poll queue. mqblk does
 * the completion and says who owns a request when.
 *
 * Locks
 * -----
 * nbc_device.lock covers configuration, power and resize of one device. No
 * request takes it, so it may be held while requests are waited for. On the
 * data path there is a lock per unit of the store only; see store.c.
 *
 * Errors
 * ------
 * A request whose data finds no memory fails with BLK_STS_NOSPC, an operation
 * that was not offered with BLK_STS_NOTSUPP, a polled request that nobody polls
 * for with BLK_STS_TIMEOUT. Nothing else fails.
 *
 * What is left out
 * ----------------
 * Zones, a volatile cache, bad blocks, throttling, faults and tags shared
 * between devices.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/module.h>

#include "null_blk_c.h"

int nbc_major;

/* Devices made at load, newest first. */
static LIST_HEAD(nbc_devices);

static void nbc_default_remove(struct nbc_device *dev)
{
	list_del(&dev->entry);
	nbc_configfs_remove(dev);
	nbc_device_set_power(dev, false);
	config_group_put(&dev->group);
}

static void nbc_defaults_remove(void)
{
	struct nbc_device *dev, *next;

	list_for_each_entry_safe(dev, next, &nbc_devices, entry)
		nbc_default_remove(dev);
}

/* A device made at load: powered, and in configfs to look at or switch off. */
static int nbc_default_add(unsigned long nr)
{
	struct nbc_device *dev;
	char name[DISK_NAME_LEN];
	int ret;

	snprintf(name, sizeof(name), NBC_DISK_PREFIX "%lu", nr);
	dev = nbc_device_alloc(name);
	if (!dev)
		return -ENOMEM;
	ret = nbc_device_set_power(dev, true);
	if (ret)
		goto put;
	ret = nbc_configfs_add(dev);
	if (ret)
		goto power_off;
	list_add(&dev->entry, &nbc_devices);
	return 0;
power_off:
	nbc_device_set_power(dev, false);
put:
	config_group_put(&dev->group);
	return ret;
}

static int __init nbc_defaults_add(void)
{
	unsigned long nr;
	int ret;

	for (nr = 0; nr < nbc_defaults.nr_devices; nr++) {
		ret = nbc_default_add(nr);
		if (ret) {
			pr_err("cannot make device %lu: error %d\n", nr, ret);
			nbc_defaults_remove();
			return ret;
		}
	}
	return 0;
}

static int __init nbc_init(void)
{
	int ret;

	ret = nbc_store_init();
	if (ret)
		return ret;
	nbc_major = register_blkdev(0, KBUILD_MODNAME);
	if (nbc_major < 0) {
		ret = nbc_major;
		goto exit_store;
	}
	ret = nbc_configfs_init();
	if (ret)
		goto unregister;
	ret = nbc_defaults_add();
	if (ret)
		goto exit_configfs;
	return 0;
exit_configfs:
	nbc_configfs_exit();
unregister:
	unregister_blkdev(nbc_major, KBUILD_MODNAME);
exit_store:
	nbc_store_exit();
	return ret;
}

static void __exit nbc_exit(void)
{
	nbc_defaults_remove();
	nbc_configfs_exit();
	unregister_blkdev(nbc_major, KBUILD_MODNAME);
	nbc_store_exit();
}

module_init(nbc_init);
module_exit(nbc_exit);
MODULE_DESCRIPTION("Null and memory-backed test block device");
MODULE_LICENSE("GPL");
