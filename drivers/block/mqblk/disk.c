// SPDX-License-Identifier: GPL-2.0
/*
 * Disks: the life of a gendisk from limits to removal.
 */
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mqblk.h>
#include <linux/string.h>

static struct gendisk *mqblk_gendisk_alloc(struct mqblk_set *set,
					   const struct mqblk_disk_params *params)
{
	struct queue_limits limits = *params->limits;

	if (set)
		return blk_mq_alloc_disk(&set->tags, &limits, params->private);
	return blk_alloc_disk(&limits, params->node);
}

/**
 * mqblk_disk_alloc - make a disk that nobody sees yet
 * @set: a set that outlives the disk; NULL for one whose @fops have ->submit_bio
 * @params: what it is made from; not used after return, except what it points
 *	to as @fops and @private
 *
 * Context: Process context, may sleep.
 * Return: the disk, to be given to mqblk_disk_publish() or put_disk(), or an
 * ERR_PTR(): -EINVAL for limits that the block layer refuses or a name too
 * long, -ENOMEM. After an error there is nothing to undo.
 */
struct gendisk *mqblk_disk_alloc(struct mqblk_set *set,
				 const struct mqblk_disk_params *params)
{
	struct gendisk *disk;

	disk = mqblk_gendisk_alloc(set, params);
	if (IS_ERR(disk))
		return disk;

	disk->major = params->major;
	disk->first_minor = params->first_minor;
	disk->minors = params->minors;
	disk->fops = params->fops;
	disk->private_data = params->private;
	set_capacity(disk, params->capacity_sects);
	if (strscpy(disk->disk_name, params->name, DISK_NAME_LEN) < 0) {
		put_disk(disk);
		return ERR_PTR(-EINVAL);
	}
	return disk;
}
EXPORT_SYMBOL_GPL(mqblk_disk_alloc);

/**
 * mqblk_disk_publish - put a disk into /dev
 * @disk: from mqblk_disk_alloc()
 * @parent: its device in sysfs, or NULL
 * @groups: attributes that it has there besides the usual, or NULL
 *
 * I/O may arrive before this returns: partitions are read.
 *
 * Context: Process context, may sleep.
 * Return: 0, and the disk is to be given to mqblk_disk_remove(); or -EEXIST for
 * a name or number in use, or -ENOMEM, and it is to be given to put_disk().
 */
int mqblk_disk_publish(struct gendisk *disk, struct device *parent,
		       const struct attribute_group **groups)
{
	int ret;

	/*
	 * device_add_disk() does this too, but without looking whether it found
	 * memory, and then has no name and says EINVAL. It leaves this name.
	 */
	ret = dev_set_name(disk_to_dev(disk), "%s", disk->disk_name);
	if (ret)
		return ret;
	return device_add_disk(parent, disk, groups);
}
EXPORT_SYMBOL_GPL(mqblk_disk_publish);

/**
 * mqblk_disk_add - make a disk and put it into /dev
 * @set: as for mqblk_disk_alloc()
 * @params: as for mqblk_disk_alloc()
 *
 * mqblk_disk_alloc() and mqblk_disk_publish() in one, for a driver that has
 * nothing to do in between.
 *
 * Context: Process context, may sleep.
 * Return: the disk, to be given to mqblk_disk_remove(), or an ERR_PTR(): the
 * errors of both. After an error there is nothing to undo.
 */
struct gendisk *mqblk_disk_add(struct mqblk_set *set,
			       const struct mqblk_disk_params *params)
{
	struct gendisk *disk;
	int ret;

	disk = mqblk_disk_alloc(set, params);
	if (IS_ERR(disk))
		return disk;
	ret = mqblk_disk_publish(disk, NULL, NULL);
	if (ret) {
		put_disk(disk);
		return ERR_PTR(ret);
	}
	return disk;
}
EXPORT_SYMBOL_GPL(mqblk_disk_add);

/**
 * mqblk_disk_remove - take a disk out of /dev and drop it
 * @disk: from mqblk_disk_add(), or published
 *
 * Dirty data is written back, then every request in flight is waited for. No
 * request comes afterwards, even if the block device is still open; such an opener
 * gets errors. An operation that needs no request, as ->report_zones, may still be
 * at work, and may be called.
 *
 * Context: Process context, may sleep.
 */
void mqblk_disk_remove(struct gendisk *disk)
{
	del_gendisk(disk);
	put_disk(disk);
}
EXPORT_SYMBOL_GPL(mqblk_disk_remove);
