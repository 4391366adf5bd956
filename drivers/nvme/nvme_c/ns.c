// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces: finding them, what they are, and their disks.
 *
 * A scan asks for the list of active namespaces and looks at each: one that is
 * new gets a disk, one that is not the same any more gets another, one that is
 * gone loses it. Only the size of a disk changes while it lives. A disk that is lost in
 * this way is dead at once: the page cache is not written back. Requests that were on
 * their way by then are still sent, also those that a reset has sent again, which a scan
 * follows.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "nvme_c.h"
#include "user.h"

/* Ids tried one by one if there is no list of them. */
#define NVMEC_MAX_SEQUENTIAL	1024
/* Namespaces of a controller that get a disk. */
#define NVMEC_MAX_NAMESPACES	4096

#define NVMEC_NSIDS_PER_LIST	(NVME_IDENTIFY_DATA_SIZE / sizeof(__le32))

/* --- what it is ----------------------------------------------------------- */

/* Whether a status says that there is no such command, not that it failed now. */
static bool nvmec_not_offered(int status)
{
	int code = status & NVME_SCT_SC_MASK;

	return status > 0 &&
	       ((status & NVME_STATUS_DNR) || code == NVME_SC_INVALID_FIELD ||
		code == NVME_SC_INVALID_OPCODE);
}

/* An error that may pass must not cost a disk. */
static int nvmec_info_errno(int ret)
{
	if (ret <= 0)
		return ret;
	if ((ret & NVME_SCT_SC_MASK) == NVME_SC_INVALID_NS)
		return -ENODEV;
	return (ret & NVME_STATUS_DNR) ? -ENXIO : -EIO;
}

/*
 * Reads all there is to know. Returns 0; -ENODEV if there is no such namespace,
 * or none that can be used; -ENXIO if the controller refuses to say; or another errno
 * if it did not answer.
 */
static int nvmec_info_read(struct nvmec_ctrl *ctrl, u32 nsid,
			   struct nvmec_ns_info *info)
{
	size_t max_bytes = dma_max_mapping_size(&ctrl->pdev->dev);
	void *page;
	int ret;

	page = kmalloc(NVME_IDENTIFY_DATA_SIZE, GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	ret = nvmec_identify(ctrl, NVME_ID_CNS_NS, nsid, 0, page);
	if (ret)
		goto free;
	ret = nvmec_ident_ns(&ctrl->dev, nsid, &ctrl->ident, page, info);
	if (ret)
		goto free;
	info->limits.max_hw_sectors = min_t(size_t, max_bytes >> SECTOR_SHIFT,
					    info->limits.max_hw_sectors);
	ret = nvmec_identify(ctrl, NVME_ID_CNS_NS_DESC_LIST, nsid, 0, page);
	if (!ret) {
		info->described = true;
		nvmec_ident_ns_descs(&info->id, page);
		ret = nvmec_ident_ns_csi(&ctrl->dev, nsid, &info->id);
	}
	/* Older controllers have no such list. */
	if (nvmec_not_offered(ret))
		ret = 0;
free:
	kfree(page);
	return nvmec_info_errno(ret);
}

/* --- disks ---------------------------------------------------------------- */

/* On while the requests of any disk are watched. */
DEFINE_STATIC_KEY_FALSE(nvmec_watched);

static void nvmec_watch_set(struct mqblk_watch *watch, bool on)
{
	if (on)
		static_branch_inc(&nvmec_watched);
	else
		static_branch_dec(&nvmec_watched);
}

static void nvmec_free_disk(struct gendisk *disk)
{
	struct nvmec_ns *ns = disk->private_data;

	mqblk_watch_free(&ns->watch);
	kfree(ns);
}

static const struct block_device_operations nvmec_fops = {
	.owner		= THIS_MODULE,
	.ioctl		= nvmec_bdev_ioctl,
	.compat_ioctl	= blkdev_compat_ptr_ioctl,
	.free_disk	= nvmec_free_disk,
};

static struct nvmec_ns *nvmec_ns_find(struct nvmec_ctrl *ctrl, u32 nsid)
{
	struct nvmec_ns *ns;

	lockdep_assert_held(&ctrl->scan_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry) {
		if (ns->nsid == nsid)
			return ns;
	}
	return NULL;
}

/*
 * Makes the disk and lists it, stopped if the other I/O queues are. They are stopped
 * and started by that list. Making it may wait for I/O of another disk, and so for a
 * reset: not under ns_lock.
 */
static int nvmec_ns_attach(struct nvmec_ns *ns,
			   const struct mqblk_disk_params *params)
{
	struct nvmec_ctrl *ctrl = ns->ctrl;

	ns->disk = mqblk_disk_alloc(&ctrl->io_set, params);
	if (IS_ERR(ns->disk))
		return PTR_ERR(ns->disk);
	mutex_lock(&ctrl->ns_lock);
	if (ctrl->io_quiesced)
		blk_mq_quiesce_queue(ns->disk->queue);
	list_add_tail(&ns->entry, &ctrl->namespaces);
	mutex_unlock(&ctrl->ns_lock);
	return 0;
}

static void nvmec_ns_detach(struct nvmec_ns *ns)
{
	mutex_lock(&ns->ctrl->ns_lock);
	list_del(&ns->entry);
	mutex_unlock(&ns->ctrl->ns_lock);
}

static void nvmec_ns_add(struct nvmec_ctrl *ctrl, u32 nsid,
			 const struct nvmec_ns_info *info)
{
	char name[DISK_NAME_LEN];
	struct mqblk_disk_params params = {
		.name		= name,
		.fops		= &nvmec_fops,
		.limits		= &info->limits,
		.capacity_sects	= info->capacity_sects,
	};
	struct nvmec_ns *ns;
	int ret = -ENOMEM;

	ns = kzalloc(sizeof(*ns), GFP_KERNEL);
	if (!ns)
		goto fail;
	ns->ctrl = ctrl;
	ns->nsid = nsid;
	ns->lba_shift = info->lba_shift;
	ns->id = info->id;
	ns->described = info->described;
	ns->seen = true;
	params.private = ns;
	snprintf(name, sizeof(name), "%sn%u", dev_name(&ctrl->dev), nsid);
	ret = nvmec_ns_attach(ns, &params);
	if (ret)
		goto free;
	set_disk_ro(ns->disk, info->read_only);
	ret = mqblk_disk_publish(ns->disk, &ctrl->dev, nvmec_ns_groups);
	if (!ret) {
		mqblk_watch_add(&ns->watch, ns->disk, nvmec_watch_set);
		nvmec_generic_add(ns);
		return;
	}
	nvmec_ns_detach(ns);
	put_disk(ns->disk);
free:
	kfree(ns);
fail:
	dev_err(&ctrl->dev, "namespace %u: cannot make its disk: error %d\n",
		nsid, ret);
}

static void nvmec_ns_unfreeze(struct nvmec_ns *ns)
{
	if (ns->frozen)
		blk_mq_unfreeze_queue_non_owner(ns->disk->queue);
	ns->frozen = false;
}

/*
 * Listed until the last of its I/O has ended, which a reset may have to start. Who
 * goes while the system sleeps is still frozen.
 */
static void nvmec_ns_remove(struct nvmec_ns *ns)
{
	nvmec_ns_unfreeze(ns);
	nvmec_generic_del(ns);
	mqblk_watch_remove(&ns->watch);
	del_gendisk(ns->disk);
	nvmec_ns_detach(ns);
	put_disk(ns->disk);
}

/*
 * Of a namespace that is gone, or is another one by now. What is dirty must not be
 * written: it belongs to neither, and would be found in the other's data.
 */
static void nvmec_ns_lose(struct nvmec_ns *ns)
{
	dev_warn(&ns->ctrl->dev,
		 "namespace %u: gone, or another one: its disk goes with what was not written\n",
		 ns->nsid);
	blk_mark_disk_dead(ns->disk);
	nvmec_ns_remove(ns);
}

/**
 * nvmec_ns_remove_all - remove all disks
 * @ctrl: the controller
 *
 * What is dirty is written if the controller works. A command of a user that wants to be
 * alone is waited for.
 *
 * Context: Process context, may sleep.
 */
void nvmec_ns_remove_all(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns, *next;

	mutex_lock(&ctrl->scan_lock);
	list_for_each_entry_safe(ns, next, &ctrl->namespaces, entry)
		nvmec_ns_remove(ns);
	mutex_unlock(&ctrl->scan_lock);
}

/**
 * nvmec_ns_mark_dead - fail whatever wants to use the disks
 * @ctrl: a dead controller
 *
 * Context: Process context, may sleep.
 */
void nvmec_ns_mark_dead(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns;

	mutex_lock(&ctrl->ns_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry)
		blk_mark_disk_dead(ns->disk);
	mutex_unlock(&ctrl->ns_lock);
}

/**
 * nvmec_ns_freeze - let nobody begin I/O, and wait for what is under way
 * @ctrl: the controller; nvmec_ns_thaw() is due, whatever this returns
 * @left: how long to wait, in jiffies
 *
 * Context: Process context, under scan_lock, may sleep.
 * Return: false if not all of it ended in time.
 */
bool nvmec_ns_freeze(struct nvmec_ctrl *ctrl, unsigned long left)
{
	struct nvmec_ns *ns;

	lockdep_assert_held(&ctrl->scan_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry) {
		ns->frozen = true;
		blk_freeze_queue_start_non_owner(ns->disk->queue);
	}
	list_for_each_entry(ns, &ctrl->namespaces, entry) {
		left = blk_mq_freeze_queue_wait_timeout(ns->disk->queue, left);
		if (!left)
			return false;
	}
	return true;
}

/**
 * nvmec_ns_thaw - undo nvmec_ns_freeze()
 * @ctrl: the controller
 *
 * Context: Process context, under scan_lock.
 */
void nvmec_ns_thaw(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns;

	lockdep_assert_held(&ctrl->scan_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry)
		nvmec_ns_unfreeze(ns);
}

/* --- scanning ------------------------------------------------------------- */

static bool nvmec_ns_same(const struct nvmec_ns *ns,
			  const struct nvmec_ns_info *info)
{
	return ns->lba_shift == info->lba_shift &&
	       !memcmp(&ns->id, &info->id, sizeof(ns->id));
}

/* Returns an errno if the scan cannot go on. */
static int nvmec_scan_one(struct nvmec_ctrl *ctrl, u32 nsid)
{
	struct nvmec_ns *ns = nvmec_ns_find(ctrl, nsid);
	struct nvmec_ns_info info;
	int ret;

	ret = nvmec_info_read(ctrl, nsid, &info);
	/* What a namespace once said of itself is not unsaid by a refusal. */
	if (ns && (ret == -ENXIO || (!ret && ns->described && !info.described))) {
		dev_warn(&ctrl->dev, "namespace %u: not described any more, kept as it was\n",
			 nsid);
		ns->seen = true;
		return 0;
	}
	if (ret)
		return ret == -ENODEV || ret == -ENXIO ? 0 : ret;
	if (ns && nvmec_ns_same(ns, &info)) {
		ns->seen = true;
		set_capacity_and_notify(ns->disk, info.capacity_sects);
		return 0;
	}
	if (ns)
		nvmec_ns_lose(ns);
	nvmec_ns_add(ctrl, nsid, &info);
	return 0;
}

/* By the list of active ids, which ascend; one that does not ends it. */
static int nvmec_scan_list(struct nvmec_ctrl *ctrl, __le32 *list)
{
	unsigned int nr = 0, i;
	u32 last = 0, nsid;
	int ret;

	do {
		ret = nvmec_identify(ctrl, NVME_ID_CNS_NS_ACTIVE_LIST, last, 0,
				     list);
		if (ret)
			return ret;
		for (i = 0; i < NVMEC_NSIDS_PER_LIST; i++) {
			nsid = le32_to_cpu(list[i]);
			if (nsid <= last || nsid > ctrl->ident.nn)
				return 0;
			last = nsid;
			ret = nvmec_scan_one(ctrl, nsid);
			if (ret)
				return ret;
			if (++nr == NVMEC_MAX_NAMESPACES)
				return 0;
		}
	} while (last < ctrl->ident.nn);
	return 0;
}

static int nvmec_scan_sequential(struct nvmec_ctrl *ctrl)
{
	u32 last = min(ctrl->ident.nn, NVMEC_MAX_SEQUENTIAL), nsid;
	int ret;

	for (nsid = 1; nsid <= last; nsid++) {
		ret = nvmec_scan_one(ctrl, nsid);
		if (ret)
			return ret;
	}
	return 0;
}

static int nvmec_scan(struct nvmec_ctrl *ctrl)
{
	__le32 *list;
	int ret;

	list = kmalloc(NVME_IDENTIFY_DATA_SIZE, GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	ret = nvmec_scan_list(ctrl, list);
	if (nvmec_not_offered(ret))
		ret = nvmec_scan_sequential(ctrl);
	kfree(list);
	return ret;
}

/* A scan that a reset ended is repeated when the controller is live again. */
void nvmec_scan_work(struct work_struct *work)
{
	struct nvmec_ctrl *ctrl =
		container_of(work, struct nvmec_ctrl, scan_work);
	struct nvmec_ns *ns, *next;
	int ret;

	mutex_lock(&ctrl->scan_lock);
	if (nvmec_state(ctrl) != NVMEC_LIVE)
		goto unlock;
	list_for_each_entry(ns, &ctrl->namespaces, entry)
		ns->seen = false;
	ret = nvmec_scan(ctrl);
	if (ret) {
		if (nvmec_state(ctrl) == NVMEC_LIVE)
			dev_warn(&ctrl->dev,
				 "namespaces: the scan ended early: error %d\n",
				 ret);
		goto unlock;
	}
	list_for_each_entry_safe(ns, next, &ctrl->namespaces, entry) {
		if (!ns->seen)
			nvmec_ns_lose(ns);
	}
unlock:
	mutex_unlock(&ctrl->scan_lock);
}
