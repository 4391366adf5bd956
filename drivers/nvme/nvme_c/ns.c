// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces: finding them, what they are, and their disks.
 *
 * A scan asks for the list of active namespaces and looks at each: one that is
 * new gets a disk, one that is not the same any more gets another, one that is
 * gone loses it. Only the size of a disk changes while it lives.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "nvme_c.h"

/* Ids tried one by one if there is no list of them. */
#define NVMEC_MAX_SEQUENTIAL	1024
/* Namespaces of a controller that get a disk. */
#define NVMEC_MAX_NAMESPACES	4096

#define NVMEC_NSIDS_PER_LIST	(NVME_IDENTIFY_DATA_SIZE / sizeof(__le32))

/**
 * struct nvmec_ns_info - what a namespace is, checked
 * @id: identity
 * @lba_shift: log2 of the logical block size in bytes
 * @capacity_sects: size in units of 512 bytes
 * @read_only: it cannot be written
 * @limits: for the block layer
 */
struct nvmec_ns_info {
	struct nvmec_ns_id	id;
	u8			lba_shift;
	sector_t		capacity_sects;
	bool			read_only;
	struct queue_limits	limits;
};

/* --- what it is ----------------------------------------------------------- */

/* Optional hints, counted from 0 in blocks; nonsense is no hint. */
static u32 nvmec_hint_bytes(u16 blocks, u8 lba_shift)
{
	u32 bytes = ((u32)blocks + 1) << lba_shift;

	return is_power_of_2(bytes) ? bytes : BIT(lba_shift);
}

static void nvmec_info_hints(struct nvmec_ns_info *info,
			     const struct nvme_id_ns *id)
{
	struct queue_limits *lim = &info->limits;
	u32 noiob = le16_to_cpu(id->noiob);

	if (id->nsfeat & NVME_NS_FEAT_IO_OPT) {
		lim->physical_block_size =
			min_t(u32, nvmec_hint_bytes(le16_to_cpu(id->npwg),
						    info->lba_shift), SZ_64K);
		lim->io_min = lim->physical_block_size;
		if (id->nows)
			lim->io_opt = nvmec_hint_bytes(le16_to_cpu(id->nows),
						       info->lba_shift);
		lim->discard_granularity =
			nvmec_hint_bytes(le16_to_cpu(id->npdg),
					 info->lba_shift);
	}
	if (is_power_of_2(noiob))
		lim->chunk_sectors = noiob << (info->lba_shift - SECTOR_SHIFT);
}

static void nvmec_info_limits(struct nvmec_ctrl *ctrl,
			      struct nvmec_ns_info *info,
			      const struct nvme_id_ns *id)
{
	const struct nvmec_ident *ident = &ctrl->ident;
	struct queue_limits *lim = &info->limits;
	size_t max_bytes = min_t(size_t, ident->max_bytes,
				 dma_max_mapping_size(&ctrl->pdev->dev));

	*lim = (struct queue_limits) {
		.logical_block_size	= BIT(info->lba_shift),
		.physical_block_size	= BIT(info->lba_shift),
		.discard_granularity	= BIT(info->lba_shift),
		.max_hw_sectors		= max_bytes >> SECTOR_SHIFT,
		.max_segments		= NVMEC_MAX_SEGS,
		.max_segment_size	= UINT_MAX,
		.virt_boundary_mask	= NVMEC_PAGE_SIZE - 1,
		/* PRP entries and, with them, SGLs are in dwords. */
		.dma_alignment		= 3,
	};
	if (ident->vwc)
		lim->features |= BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA;
	if (ident->max_ranges) {
		lim->max_hw_discard_sectors = UINT_MAX >> SECTOR_SHIFT;
		lim->max_discard_segments = ident->max_ranges;
	}
	lim->max_write_zeroes_sectors =
		min_t(u64, ident->max_zeroes_bytes >> SECTOR_SHIFT,
		      (u64)(U16_MAX + 1) << (info->lba_shift - SECTOR_SHIFT));
	nvmec_info_hints(info, id);
}

/* Checks what a namespace says, and says which field is wrong if one is. */
static int nvmec_info_fill(struct nvmec_ctrl *ctrl, u32 nsid,
			   struct nvmec_ns_info *info,
			   const struct nvme_id_ns *id)
{
	unsigned int format = nvme_lbaf_index(id->flbas);
	u64 blocks = le64_to_cpu(id->nsze), sects;
	const struct nvme_lbaf *lbaf;

	if (format > id->nlbaf || format >= ARRAY_SIZE(id->lbaf)) {
		dev_err(&ctrl->dev, "namespace %u: FLBAS: format %u of %u\n",
			nsid, format, id->nlbaf + 1);
		return -ENODEV;
	}
	lbaf = &id->lbaf[format];
	if (lbaf->ds < SECTOR_SHIFT || lbaf->ds > PAGE_SHIFT) {
		dev_err(&ctrl->dev,
			"namespace %u: LBADS: blocks of 2^%u bytes, 2^%u to 2^%u can be used\n",
			nsid, lbaf->ds, SECTOR_SHIFT, PAGE_SHIFT);
		return -ENODEV;
	}
	if (lbaf->ms) {
		dev_err(&ctrl->dev,
			"namespace %u: MS: %u bytes of metadata, none can be used\n",
			nsid, le16_to_cpu(lbaf->ms));
		return -ENODEV;
	}
	if (check_shl_overflow(blocks, lbaf->ds - SECTOR_SHIFT, &sects) ||
	    sects > (u64)LLONG_MAX >> SECTOR_SHIFT) {
		dev_err(&ctrl->dev, "namespace %u: NSZE: %llu blocks\n", nsid,
			blocks);
		return -ENODEV;
	}

	info->lba_shift = lbaf->ds;
	info->capacity_sects = sects;
	info->read_only = id->nsattr & NVME_NS_ATTR_RO;
	nvmec_info_limits(ctrl, info, id);
	return 0;
}

/* --- who it is ------------------------------------------------------------ */

/* One descriptor; one of the wrong length is left alone. */
static void nvmec_id_take(struct nvmec_ns_id *id,
			  const struct nvme_ns_id_desc *desc)
{
	const void *value = desc + 1;

	if (desc->nidt == NVME_NIDT_EUI64 && desc->nidl == sizeof(id->eui64))
		memcpy(id->eui64, value, sizeof(id->eui64));
	if (desc->nidt == NVME_NIDT_NGUID && desc->nidl == sizeof(id->nguid))
		memcpy(id->nguid, value, sizeof(id->nguid));
	if (desc->nidt == NVME_NIDT_UUID && desc->nidl == sizeof(id->uuid))
		memcpy(id->uuid, value, sizeof(id->uuid));
}

/* A list of descriptors, each with its length; a length of 0 ends it. */
static void nvmec_id_parse(struct nvmec_ns_id *id, const void *page)
{
	const struct nvme_ns_id_desc *desc;
	unsigned int at = 0;

	while (at + sizeof(*desc) <= NVME_IDENTIFY_DATA_SIZE) {
		desc = page + at;
		if (!desc->nidl ||
		    at + sizeof(*desc) + desc->nidl > NVME_IDENTIFY_DATA_SIZE)
			break;
		nvmec_id_take(id, desc);
		at += sizeof(*desc) + desc->nidl;
	}
}

/*
 * Reads all there is to know. Returns 0; -ENODEV if there is no such namespace,
 * or none that can be used; or another errno if the controller did not answer.
 */
static int nvmec_info_read(struct nvmec_ctrl *ctrl, u32 nsid,
			   struct nvmec_ns_info *info)
{
	struct nvme_id_ns *id;
	int ret;

	memset(info, 0, sizeof(*info));
	id = kmalloc(sizeof(*id), GFP_KERNEL);
	if (!id)
		return -ENOMEM;
	ret = nvmec_identify(ctrl, NVME_ID_CNS_NS, nsid, 0, id);
	if (ret)
		goto free;
	/* All zero: there is such an id, but nothing behind it. */
	ret = -ENODEV;
	if (!id->ncap)
		goto free;
	ret = nvmec_info_fill(ctrl, nsid, info, id);
	if (ret)
		goto free;
	memcpy(info->id.eui64, id->eui64, sizeof(info->id.eui64));
	memcpy(info->id.nguid, id->nguid, sizeof(info->id.nguid));
	ret = nvmec_identify(ctrl, NVME_ID_CNS_NS_DESC_LIST, nsid, 0, id);
	if (!ret)
		nvmec_id_parse(&info->id, id);
	/* Older controllers have no such list. */
	if (ret > 0 && ret != NVME_SC_HOST_ABORTED_CMD)
		ret = 0;
free:
	kfree(id);
	if (ret == NVME_SC_HOST_ABORTED_CMD)
		return -EINTR;
	return ret > 0 ? -ENODEV : ret;
}

/* --- disks ---------------------------------------------------------------- */

static void nvmec_free_disk(struct gendisk *disk)
{
	kfree(disk->private_data);
}

static const struct block_device_operations nvmec_fops = {
	.owner		= THIS_MODULE,
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
 * Makes the disk and lists it, in one step for whoever stops or starts the I/O
 * queues: this one must be like the others.
 */
static int nvmec_ns_attach(struct nvmec_ns *ns,
			   const struct mqblk_disk_params *params)
{
	struct nvmec_ctrl *ctrl = ns->ctrl;
	int ret;

	mutex_lock(&ctrl->ns_lock);
	ns->disk = mqblk_disk_alloc(&ctrl->io_set, params);
	ret = PTR_ERR_OR_ZERO(ns->disk);
	if (!ret) {
		if (ctrl->io_quiesced)
			blk_mq_quiesce_queue(ns->disk->queue);
		list_add_tail(&ns->entry, &ctrl->namespaces);
	}
	mutex_unlock(&ctrl->ns_lock);
	return ret;
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
	ns->seen = true;
	params.private = ns;
	snprintf(name, sizeof(name), "%sn%u", dev_name(&ctrl->dev), nsid);
	ret = nvmec_ns_attach(ns, &params);
	if (ret)
		goto free;
	set_disk_ro(ns->disk, info->read_only);
	ret = mqblk_disk_publish(ns->disk, &ctrl->dev, nvmec_ns_groups);
	if (!ret)
		return;
	nvmec_ns_detach(ns);
	put_disk(ns->disk);
free:
	kfree(ns);
fail:
	dev_err(&ctrl->dev, "namespace %u: cannot make its disk: error %d\n",
		nsid, ret);
}

static void nvmec_ns_remove(struct nvmec_ns *ns)
{
	nvmec_ns_detach(ns);
	mqblk_disk_remove(ns->disk);
}

/**
 * nvmec_ns_remove_all - remove all disks
 * @ctrl: the controller; no scan will run any more
 *
 * What is dirty is written if the controller works.
 *
 * Context: Process context, may sleep.
 */
void nvmec_ns_remove_all(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ns *ns, *next;

	list_for_each_entry_safe(ns, next, &ctrl->namespaces, entry)
		nvmec_ns_remove(ns);
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
	if (ret)
		return ret == -ENODEV ? 0 : ret;
	if (ns && nvmec_ns_same(ns, &info)) {
		ns->seen = true;
		set_capacity_and_notify(ns->disk, info.capacity_sects);
		return 0;
	}
	if (ns)
		nvmec_ns_remove(ns);
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
	if (ret > 0 && ret != NVME_SC_HOST_ABORTED_CMD)
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

	mutex_lock(&ctrl->scan_lock);
	if (nvmec_state(ctrl) != NVMEC_LIVE)
		goto unlock;
	list_for_each_entry(ns, &ctrl->namespaces, entry)
		ns->seen = false;
	if (nvmec_scan(ctrl))
		goto unlock;
	list_for_each_entry_safe(ns, next, &ctrl->namespaces, entry) {
		if (!ns->seen)
			nvmec_ns_remove(ns);
	}
unlock:
	mutex_unlock(&ctrl->scan_lock);
}
