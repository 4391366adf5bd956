// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces: finding them, what they are, and their disks.
 *
 * A scan asks for the list of active namespaces and looks at each: one that is
 * new gets a disk, one that is not the same any more gets another, one that is
 * gone loses it. One that is the same is followed in its size, its limits and
 * whether it can be written: nvmec_ns_revalidate(), in every scan, and a scan
 * follows each reset. A disk that is lost is dead at once: the page cache is not
 * written back. Requests that were on their way by then are still sent, also those
 * that a reset has sent again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/blkdev.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/mqblk_compat.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "admin.h"
#include "ana.h"
#include "cmd.h"
#include "ctrl.h"
#include "disks.h"
#include "head.h"
#include "hwmon.h"
#include "ident.h"
#include "inject.h"
#include "main.h"
#include "map.h"
#include "multi.h"
#include "ns.h"
#include "quirks.h"
#include "state.h"
#include "streams.h"
#include "sysfs.h"
#include "user.h"
#include "zns.h"

/*
 * How many scans follow in a row because of what namespaces did not say. A controller that
 * never says it does not have scans for ever.
 */
#define NVMEC_MAX_UNSAID	5

/* Ids tried one by one if there is no list of them. */
#define NVMEC_MAX_SEQUENTIAL	1024
/* Namespaces of a controller that get a disk. */
#define NVMEC_MAX_NAMESPACES	4096

/* A scan's array ends with a page of the list, and has room for all it tries. */
static_assert(IS_ALIGNED(NVMEC_MAX_NAMESPACES, NVMEC_NSIDS_PER_PAGE));
static_assert(NVMEC_MAX_SEQUENTIAL < NVMEC_MAX_NAMESPACES);

/* --- what it is ----------------------------------------------------------- */

/* As nvmec_identify(); tests answer in its place. */
VISIBLE_IF_KUNIT int nvmec_ns_identify(struct nvmec_ctrl *ctrl, u8 cns,
				       u32 nsid, void *page)
{
	KUNIT_STATIC_STUB_REDIRECT(nvmec_ns_identify, ctrl, cns, nsid, page);
	return nvmec_identify(ctrl, cns, nsid, 0, page);
}

/* Whether a status says that there is no such command, not that it failed now. */
static bool nvmec_not_offered(int status)
{
	return status > 0 && !nvmec_status_passes(status);
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
 * What can be mapped at once, and what can be at little cost: an IOMMU keeps addresses
 * at hand up to some length only. Users may set a longer one.
 */
static void nvmec_info_dma(struct nvmec_ctrl *ctrl, struct queue_limits *lim)
{
	struct device *dev = &ctrl->pdev->dev;
	size_t max_sects = dma_max_mapping_size(dev) >> SECTOR_SHIFT;
	size_t opt_sects = dma_opt_mapping_size(dev) >> SECTOR_SHIFT;
	size_t block_sects = lim->logical_block_size >> SECTOR_SHIFT;

	lim->max_hw_sectors = min_t(size_t, max_sects, lim->max_hw_sectors);
	if (opt_sects < lim->max_hw_sectors)
		lim->max_user_sectors = max3(opt_sects, PAGE_SECTORS, block_sects);
}

/* Older controllers have no list of descriptors. */
static int nvmec_info_describe(struct nvmec_ctrl *ctrl, u32 nsid,
			       struct nvmec_ns_info *info, void *page)
{
	int ret;

	if (!nvmec_offers(ctrl, NVME_ID_CNS_NS_DESC_LIST))
		return 0;
	ret = nvmec_ns_identify(ctrl, NVME_ID_CNS_NS_DESC_LIST, nsid, page);
	if (nvmec_not_offered(ret))
		return 0;
	if (ret)
		return ret;
	info->described = nvmec_ident_ns_descs(&info->id, page);
	return nvmec_ident_ns_csi(&ctrl->dev, nsid, &info->id);
}

/*
 * Which guard a format has, if it may be another one than of old. Controllers before that
 * do not know the question. One that has such formats and does not answer is not believed:
 * what its namespaces were stays.
 */
static int nvmec_info_guard(struct nvmec_ctrl *ctrl, u32 nsid,
			    struct nvmec_ns_info *info, void *page)
{
	int ret;

	if (!info->meta.pi_type || !ctrl->ident.elbas)
		return 0;
	ret = nvmec_identify(ctrl, NVME_ID_CNS_CS_NS, nsid, NVME_CSI_NVM, page);
	if (!ret)
		ret = nvmec_meta_guard(&ctrl->dev, nsid, page, info);
	if (!ret && info->meta.guard && !ctrl->formats_extended)
		info->no_blocks = "LBAFEE: refused, and the format is extended";
	return ret;
}

/* The largest append, in units of 512 bytes: ZASL is in pages of the controller. */
static u32 nvmec_append_sects(struct nvmec_ctrl *ctrl, u8 zasl, u32 max_sects)
{
	unsigned int shift = zasl + NVME_CAP_MPSMIN(ctrl->cap) + 12 - SECTOR_SHIFT;

	if (!zasl || shift > 31)
		return max_sects;
	return min(BIT(shift), max_sects);
}

/* What only zoned namespaces have, and their controller for them. */
static int nvmec_info_zones(struct nvmec_ctrl *ctrl, u32 nsid,
			    struct nvmec_ns_info *info, void *page)
{
	const struct nvme_id_ctrl_zns *id = page;
	u32 append_sects;
	int ret;

	if (info->meta.bytes) {
		dev_err(&ctrl->dev, "namespace %u: MS: %u bytes of metadata, with zones none can be used\n",
			nsid, info->meta.bytes);
		return -ENODEV;
	}
	ret = nvmec_identify(ctrl, NVME_ID_CNS_CS_CTRL, 0, NVME_CSI_ZNS, page);
	if (ret)
		return ret;
	append_sects = nvmec_append_sects(ctrl, id->zasl, info->limits.max_hw_sectors);
	ret = nvmec_identify(ctrl, NVME_ID_CNS_CS_NS, nsid, NVME_CSI_ZNS, page);
	if (ret)
		return ret;
	return nvmec_zns_ident(&ctrl->dev, nsid, page, append_sects, info);
}

/*
 * Reads all there is to know. Returns 0; -ENODEV if there is no such namespace,
 * or none that can be used; -ENXIO if the controller refuses to say; or another errno
 * if it did not answer.
 */
static int nvmec_info_read(struct nvmec_ctrl *ctrl, u32 nsid,
			   struct nvmec_ns_info *info)
{
	void *page;
	int ret;

	page = kmalloc(NVME_IDENTIFY_DATA_SIZE, GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	ret = nvmec_ns_identify(ctrl, NVME_ID_CNS_NS, nsid, page);
	if (ret)
		goto free;
	ret = nvmec_ident_ns(&ctrl->dev, nsid, &ctrl->ident, page, info);
	if (!ret)
		ret = nvmec_info_guard(ctrl, nsid, info, page);
	if (ret)
		goto free;
	nvmec_info_dma(ctrl, &info->limits);
	nvmec_meta_limits(info);
	if (!info->meta.bytes && nvmec_takes_peers(ctrl))
		info->limits.features |= BLK_FEAT_PCI_P2PDMA;
	ret = nvmec_info_describe(ctrl, nsid, info, page);
	if (!ret && info->id.csi == NVME_CSI_ZNS)
		ret = nvmec_info_zones(ctrl, nsid, info, page);
	nvmec_quirks_ns_id(ctrl, &info->id);
	if (!ret)
		ret = nvmec_streams_ident(ctrl, nsid, info, page);
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
	struct nvmec_ctrl *ctrl = ns->ctrl;

	mqblk_watch_free(&ns->watch);
	kfree(ns);
	put_device(&ctrl->dev);
}

static const struct block_device_operations nvmec_fops = {
	.owner		= THIS_MODULE,
	.ioctl		= nvmec_bdev_ioctl,
	.compat_ioctl	= blkdev_compat_ptr_ioctl,
	.report_zones	= nvmec_zns_report_zones,
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
	/* That of the tags is what it was when they were made. */
	blk_queue_rq_timeout(ns->disk->queue, msecs_to_jiffies(ctrl->io_timeout_ms));
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

/* Which of its identities the disk is shown with. */
static void nvmec_ns_take_head(struct nvmec_ns *ns, const char *name,
			       bool shared)
{
	const struct nvmec_ident *ident = &ns->ctrl->ident;
	struct nvmec_head *head = &ns->head;

	head->id = ns->id;
	head->nsid = ns->nsid;
	head->cntlid = ident->cntlid;
	head->shared = shared;
	strscpy(head->name, name, sizeof(head->name));
	strscpy(head->subnqn, ident->subnqn, sizeof(head->subnqn));
	nvmec_head_add(head, &ns->ctrl->dev);
}

/*
 * Listed until the last of its I/O has ended, which a reset may have to start. Who
 * goes while the system sleeps is still frozen.
 */
static void nvmec_ns_remove(struct nvmec_ns *ns)
{
	nvmec_disk_thaw(ns);
	nvmec_inject_remove(&ns->inject);
	nvmec_generic_del(ns);
	mqblk_watch_remove(&ns->watch);
	if (ns->multi)
		nvmec_multi_leave(ns);
	del_gendisk(ns->disk);
	nvmec_head_remove(&ns->head);
	nvmec_ns_detach(ns);
	nvmec_multi_unjoin(ns);
	put_disk(ns->disk);
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
	get_device(&ctrl->dev);
	ns->ctrl = ctrl;
	ns->nsid = nsid;
	ns->lba_shift = info->lba_shift;
	ns->meta = info->meta;
	ns->extra = info->meta.bytes;
	ns->id = info->id;
	ns->described = info->described;
	ns->deac = info->deac;
	ns->said = info->limits;
	ns->seen = true;
	ns->ana_state = NVME_ANA_OPTIMIZED;
	params.private = ns;
	snprintf(name, sizeof(name), "%sn%u", dev_name(&ctrl->dev), nsid);
	ret = nvmec_ns_attach(ns, &params);
	if (ret)
		goto free;
	set_disk_ro(ns->disk, info->read_only);
	if (info->no_blocks)
		dev_warn(&ctrl->dev, "namespace %u: %s (%u bytes): its disk has no size, commands alone reach the blocks\n",
			 nsid, info->no_blocks, info->meta.bytes);
	nvmec_streams_renew(ns, info);
	nvmec_ns_take_head(ns, name, info->shared);
	ret = nvmec_multi_join(ns, info);
	if (!ret)
		ret = nvmec_zns_start(ns);
	if (ret)
		goto remove_head;
	ret = mqblk_disk_publish(ns->disk, &ctrl->dev, nvmec_ns_groups);
	if (ret)
		goto remove_head;
	mqblk_watch_add(&ns->watch, ns->disk, nvmec_watch_set);
	nvmec_inject_add(&ns->inject, ctrl, ns->disk->disk_name);
	nvmec_generic_add(ns);
	if (!ns->multi)
		return;
	nvmec_ana_meet(ns);
	ret = nvmec_multi_add(ns);
	if (!ret)
		return;
	nvmec_ns_remove(ns);
	goto fail;
remove_head:
	nvmec_head_remove(&ns->head);
	nvmec_ns_detach(ns);
	nvmec_multi_unjoin(ns);
	put_disk(ns->disk);
free:
	kfree(ns);
	put_device(&ctrl->dev);
fail:
	dev_err(&ctrl->dev, "namespace %u: cannot make its disk: error %d\n",
		nsid, ret);
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
	if (ns->multi)
		nvmec_multi_lose(ns);
	else
		blk_mark_disk_dead(ns->disk);
	nvmec_ns_remove(ns);
}

/* Of one that its controller does not have any more: others may still have it. */
static void nvmec_ns_gone(struct nvmec_ns *ns)
{
	if (!ns->multi || nvmec_multi_gone(ns)) {
		nvmec_ns_lose(ns);
		return;
	}
	dev_info(&ns->ctrl->dev, "namespace %u: gone, but for other controllers\n",
		 ns->nsid);
	nvmec_ns_remove(ns);
}

/*
 * Drops the disk of a namespace, or with NVME_NSID_ALL all of them, as it is not known
 * any more. What is dirty is not written. A scan finds the namespace anew.
 */
static void nvmec_ns_lose_id(struct nvmec_ctrl *ctrl, u32 nsid)
{
	struct nvmec_ns *ns, *next;

	lockdep_assert_held(&ctrl->scan_lock);
	list_for_each_entry_safe(ns, next, &ctrl->namespaces, entry) {
		if (ns->nsid == nsid || nsid == NVME_NSID_ALL)
			nvmec_ns_lose(ns);
	}
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

/* --- scanning ------------------------------------------------------------- */

static bool nvmec_ns_same(const struct nvmec_ns *ns,
			  const struct nvmec_ns_info *info)
{
	return !nvmec_multi_lost(ns) && ns->lba_shift == info->lba_shift &&
	       !memcmp(&ns->meta, &info->meta, sizeof(ns->meta)) &&
	       !memcmp(&ns->id, &info->id, sizeof(ns->id));
}

/**
 * struct nvmec_scan - what a scan has to look at
 * @nsids: ids, ascending; room for NVMEC_MAX_NAMESPACES
 * @nr: number of them
 * @end: namespaces with larger ids were not asked for, and stay
 */
struct nvmec_scan {
	u32		*nsids;
	unsigned int	nr;
	u32		end;
};

/* A controller may take its time for each of thousands of answers. */
static int nvmec_scan_may_go_on(struct nvmec_ctrl *ctrl)
{
	if (nvmec_state(ctrl) != NVMEC_LIVE)
		return -ECANCELED;
	return READ_ONCE(ctrl->scan_unwanted) ? -EAGAIN : 0;
}

/*
 * Requests that are under way are waited for: they were made by the old limits. Returns
 * whether there are new ones.
 */
static bool nvmec_ns_limit(struct nvmec_ns *ns, const struct queue_limits *said)
{
	struct request_queue *q = ns->disk->queue;
	struct queue_limits lim;
	int ret;

	if (!memcmp(&ns->said, said, sizeof(*said)))
		return false;
	lim = queue_limits_start_update(q);
	nvmec_limits_renew(&lim, said);
	ret = queue_limits_commit_update_frozen(q, &lim);
	if (ret) {
		dev_err(&ns->ctrl->dev, "namespace %u: its limits cannot change: error %d\n",
			ns->nsid, ret);
		return false;
	}
	ns->said = *said;
	dev_info(&ns->ctrl->dev, "namespace %u: its limits changed\n", ns->nsid);
	return true;
}

/* The one place where a disk follows what its namespace says. */
static void nvmec_ns_revalidate(struct nvmec_ns *ns,
				const struct nvmec_ns_info *info)
{
	bool size = get_capacity(ns->disk) != info->capacity_sects;
	bool limits = nvmec_ns_limit(ns, &info->limits);

	WRITE_ONCE(ns->deac, info->deac);
	set_disk_ro(ns->disk, info->read_only);
	set_capacity_and_notify(ns->disk, info->capacity_sects);
	nvmec_zns_renew(ns);
	limits |= nvmec_streams_renew(ns, info);
	if (ns->multi)
		nvmec_multi_follow(ns, limits, size);
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
	/* Its zones are not those of the disk any more, which others may go on with. */
	if (ns && nvmec_multi_strays(ns, &info)) {
		nvmec_ns_gone(ns);
		ns = NULL;
	}
	if (ns && nvmec_ns_same(ns, &info)) {
		ns->seen = true;
		nvmec_ns_revalidate(ns, &info);
		return 0;
	}
	if (ns)
		nvmec_ns_lose(ns);
	nvmec_ns_add(ctrl, nsid, &info);
	return 0;
}

/*
 * Reads the whole list of active ids before anything is made of it: a list with
 * nonsense on its last page is nonsense. Returns a status only for the first page.
 */
static int nvmec_scan_read_list(struct nvmec_ctrl *ctrl,
				struct nvmec_scan *scan, __le32 *page)
{
	u32 last = 0;
	int ret;

	do {
		ret = nvmec_scan_may_go_on(ctrl);
		if (ret)
			return ret;
		ret = nvmec_ns_identify(ctrl, NVME_ID_CNS_NS_ACTIVE_LIST, last,
					page);
		if (ret)
			return ret > 0 && scan->nr ? -EIO : ret;
		ret = nvmec_ident_ns_list(&ctrl->dev, page, last, ctrl->ident.nn,
					  scan->nsids + scan->nr);
		if (ret < 0)
			return ret;
		scan->nr += ret;
		if (ret < NVMEC_NSIDS_PER_PAGE)
			return 0;
		last = scan->nsids[scan->nr - 1];
	} while (last < ctrl->ident.nn && scan->nr < NVMEC_MAX_NAMESPACES);
	scan->end = last;
	return 0;
}

/* Without a list: the ids one by one. */
static void nvmec_scan_make_list(struct nvmec_ctrl *ctrl,
				 struct nvmec_scan *scan)
{
	scan->end = min(ctrl->ident.nn, NVMEC_MAX_SEQUENTIAL);
	for (scan->nr = 0; scan->nr < scan->end; scan->nr++)
		scan->nsids[scan->nr] = scan->nr + 1;
}

/* A controller that has given a list has one, whatever it answers now. */
static int nvmec_scan_list(struct nvmec_ctrl *ctrl, struct nvmec_scan *scan,
			   __le32 *page)
{
	int ret;

	if (!nvmec_offers(ctrl, NVME_ID_CNS_NS_ACTIVE_LIST)) {
		nvmec_scan_make_list(ctrl, scan);
		return 0;
	}
	ret = nvmec_scan_read_list(ctrl, scan, page);
	if (!ret) {
		ctrl->ns_listed = true;
	} else if (nvmec_not_offered(ret) && !ctrl->ns_listed) {
		nvmec_scan_make_list(ctrl, scan);
		ret = 0;
	}
	return ret > 0 ? -EIO : ret;
}

static int nvmec_scan_each(struct nvmec_ctrl *ctrl,
			   const struct nvmec_scan *scan)
{
	struct nvmec_ns *ns;
	unsigned int i;
	int ret;

	list_for_each_entry(ns, &ctrl->namespaces, entry)
		ns->seen = ns->nsid > scan->end;
	for (i = 0; i < scan->nr; i++) {
		ret = nvmec_scan_may_go_on(ctrl);
		if (!ret)
			ret = nvmec_scan_one(ctrl, scan->nsids[i]);
		if (ret)
			return ret;
	}
	return 0;
}

/* Looks at all there are. After an error, who was not seen is not gone. */
VISIBLE_IF_KUNIT int nvmec_scan(struct nvmec_ctrl *ctrl)
{
	struct nvmec_scan scan = { .end = U32_MAX };
	__le32 *page;
	int ret = -ENOMEM;

	page = kmalloc(NVME_IDENTIFY_DATA_SIZE, GFP_KERNEL);
	scan.nsids = kvmalloc_array(NVMEC_MAX_NAMESPACES, sizeof(*scan.nsids),
				    GFP_KERNEL);
	if (page && scan.nsids)
		ret = nvmec_scan_list(ctrl, &scan, page);
	if (!ret)
		ret = nvmec_scan_each(ctrl, &scan);
	kvfree(scan.nsids);
	kfree(page);
	return ret;
}

/* Says why a scan ended, if that is news: nonsense has its line, and others ask. */
static void nvmec_scan_report(struct nvmec_ctrl *ctrl, int ret)
{
	if (nvmec_state(ctrl) == NVMEC_LIVE && ret != -EBADMSG && ret != -EAGAIN)
		dev_warn(&ctrl->dev,
			 "namespaces: the scan ended early: error %d\n", ret);
}

/* For what was not said. One scan in which all was said is the end of the row. */
static void nvmec_scan_follow(struct nvmec_ctrl *ctrl)
{
	lockdep_assert_held(&ctrl->scan_lock);
	if (!ctrl->unsaid) {
		ctrl->nr_unsaid = 0;
		return;
	}
	if (ctrl->nr_unsaid >= NVMEC_MAX_UNSAID)
		return;
	/* One that is on its way already does not count again. */
	if (queue_delayed_work(nvmec_wq, &ctrl->scan_later, NVMEC_SCAN_PAUSE))
		ctrl->nr_unsaid++;
}

/*
 * Looks for namespaces, and brings disks to what they are. Returns 0; -EAGAIN if
 * somebody wants the lock; -ECANCELED if the controller is not live; or another errno,
 * with a line in the log: not all is known then.
 */
static int nvmec_scan_all(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns, *next;
	int ret;

	lockdep_assert_held(&ctrl->scan_lock);
	ctrl->unsaid = false;
	WRITE_ONCE(ctrl->zones_unseen, false);
	ret = nvmec_scan_may_go_on(ctrl);
	if (!ret) {
		nvmec_ana_read(ctrl);
		ret = nvmec_scan(ctrl);
	}
	if (ret) {
		nvmec_scan_report(ctrl, ret);
		/* Not the end of a row, as not all were asked; -EAGAIN is repeated anyway. */
		if (ctrl->unsaid && ret != -EAGAIN)
			nvmec_scan_follow(ctrl);
		return ret;
	}
	list_for_each_entry_safe(ns, next, &ctrl->namespaces, entry) {
		if (!ns->seen)
			nvmec_ns_gone(ns);
	}
	nvmec_scan_follow(ctrl);
	return 0;
}

/**
 * nvmec_scan_again - look for namespaces after a command that may have changed one
 * @ctrl: the controller
 * @nsid: which one, or NVME_NSID_ALL; it loses its disk if it cannot be said what it is
 *
 * For &nvmec_ctrl.scan_again.
 *
 * Context: Process context, under scan_lock, may sleep.
 */
void nvmec_scan_again(struct nvmec_ctrl *ctrl, u32 nsid)
{
	if (nvmec_scan_all(ctrl))
		nvmec_ns_lose_id(ctrl, nsid);
}

/*
 * A scan that a reset ended is repeated when the controller is live again, one that
 * made room for somebody is repeated behind him.
 */
void nvmec_scan_work(struct work_struct *work)
{
	struct nvmec_ctrl *ctrl =
		container_of(work, struct nvmec_ctrl, scan_work);
	int ret;

	mutex_lock(&ctrl->scan_lock);
	ret = nvmec_scan_all(ctrl);
	mutex_unlock(&ctrl->scan_lock);
	if (ret == -EAGAIN)
		queue_work(nvmec_wq, work);
	/* Not under the lock, for which suspend waits. */
	if (!ret)
		nvmec_hwmon_add(ctrl);
}

/**
 * nvmec_scan_later - &nvmec_ctrl.scan_later
 * @work: of it
 *
 * A work of its own: who waits for scan_work does not wait for this time.
 *
 * Context: Process context.
 */
void nvmec_scan_later(struct work_struct *work)
{
	struct nvmec_ctrl *ctrl = container_of(to_delayed_work(work), struct nvmec_ctrl,
					       scan_later);

	queue_work(nvmec_wq, &ctrl->scan_work);
}

/**
 * nvmec_scan_lock - take scan_lock without waiting for a scan to reach its end
 * @ctrl: the controller
 * @limit_ms: how long to wait
 *
 * A scan that runs ends after the command that it waits for, and begins anew when
 * the lock is free. One who asks so at a time. A user's command that wants to be alone
 * has the lock as long as it runs.
 *
 * Context: Process context, may sleep.
 * Return: false if it was not to be had in that time.
 */
bool nvmec_scan_lock(struct nvmec_ctrl *ctrl, unsigned int limit_ms)
{
	bool locked;

	WRITE_ONCE(ctrl->scan_unwanted, true);
	read_poll_timeout(mutex_trylock, locked, locked, 5000,
			  (u64)limit_ms * USEC_PER_MSEC, false, &ctrl->scan_lock);
	WRITE_ONCE(ctrl->scan_unwanted, false);
	return locked;
}
