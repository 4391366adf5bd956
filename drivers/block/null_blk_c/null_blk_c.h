/* SPDX-License-Identifier: GPL-2.0 */
/*
 * null_blk_c's parts and what they offer each other, by owning file.
 */
#ifndef _NULL_BLK_C_H
#define _NULL_BLK_C_H

#include <linux/configfs.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mqblk.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "attr.h"
#include "store.h"

/* Prefix of the names of devices made at load. */
#define NBC_DISK_PREFIX	"nullbc"

/* attrs.h: values of irqmode, part of the user interface */
enum nbc_irqmode {
	NBC_IRQ_INLINE,
	NBC_IRQ_SOFTIRQ,
	NBC_IRQ_TIMER,
};

/**
 * struct nbc_disk - run state: a device that is powered
 * @store: where its data is; used by data operations only
 * @irqmode: enum nbc_irqmode
 * @delay: time from taking a request to its completion, with NBC_IRQ_TIMER
 * @set: its hardware queues
 * @disk: its gendisk
 * @index: its minor number, from an IDA
 *
 * Everything a request needs comes first; it does not change while powered.
 */
struct nbc_disk {
	struct nbc_store	*store;
	unsigned int		irqmode;
	ktime_t			delay;

	struct mqblk_set	set;
	struct gendisk		*disk;
	int			index;
};

/**
 * struct nbc_device - what the user made, powered or not
 * @group: its directory in configfs; the last reference frees the device
 * @lock: guards @config and @disk, serialises power and resize
 * @config: what the user asked for
 * @disk: run state, NULL while off
 * @store: its data, which outlives @disk
 * @entry: place in the list of devices made at load, guarded by being used in
 *	module init and exit only
 */
struct nbc_device {
	struct config_group	group;
	struct mutex		lock;
	struct nbc_config	config;
	struct nbc_disk		*disk;
	struct nbc_store	store;
	struct list_head	entry;
};

/* main.c */
extern int nbc_major;

/* configfs.c */
int nbc_configfs_init(void);
void nbc_configfs_exit(void);
int nbc_configfs_init_group(struct nbc_device *dev, const char *name);
int nbc_configfs_add(struct nbc_device *dev);
void nbc_configfs_remove(struct nbc_device *dev);

/* device.c */
struct nbc_device *nbc_device_alloc(const char *name);
void nbc_device_free(struct nbc_device *dev);
int nbc_device_set_power(struct nbc_device *dev, bool on);
ssize_t nbc_device_show(struct nbc_device *dev, const struct nbc_attr *attr,
			char *page);
ssize_t nbc_device_store(struct nbc_device *dev, const struct nbc_attr *attr,
			 const char *text, size_t len);

/* disk.c */
struct nbc_disk *nbc_disk_create(const char *name,
				 const struct nbc_config *config,
				 struct nbc_store *store);
void nbc_disk_destroy(struct nbc_disk *nbd);

/* io.c */
extern const struct blk_mq_ops nbc_null_ops;
extern const struct blk_mq_ops nbc_data_ops;

#endif /* _NULL_BLK_C_H */
