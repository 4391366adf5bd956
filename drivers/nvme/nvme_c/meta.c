// SPDX-License-Identifier: GPL-2.0
/*
 * Metadata of blocks, and protection information in it: values in, values out. No state,
 * no device; one is named in the log.
 *
 * Three kinds of formats can be used for I/O:
 *
 * - with metadata in a buffer of its own, if the kernel has integrity of data
 *   (CONFIG_BLK_DEV_INTEGRITY): the block layer brings the buffer, and makes and checks
 *   the protection information in it if there is any;
 * - with metadata that is nothing but protection information: where the block layer brings
 *   no buffer, the controller makes it for what is written, and checks it and takes it off
 *   what is read (PRACT);
 * - without metadata.
 *
 * Any other has a disk without size: commands of user space know what the blocks look
 * like.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-integrity.h>
#include <linux/device.h>
#include <linux/mqblk_compat.h>
#include <linux/t10-pi.h>

#include "ident.h"
#include "meta.h"

/* Guard types of extended formats. */
#define NVMEC_GUARD_16	0
#define NVMEC_GUARD_64	2

/* Same metadata is compared as memory. */
static_assert(sizeof(struct nvmec_meta) == 8);

/* Kernels that have no reserve for metadata allocate that of a request in one piece. */
#define NVMEC_MAX_RQ_META	(PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER)

/* --- what a namespace says ------------------------------------------------ */

static int nvmec_meta_check(struct device *dev, u32 nsid, const struct nvmec_meta *meta)
{
	if (meta->bytes >= meta->pi_bytes)
		return 0;
	dev_err(dev, "namespace %u: MS: %u bytes of metadata, its protection information (DPS %u) has %u\n",
		nsid, meta->bytes, meta->pi_type, meta->pi_bytes);
	return -ENODEV;
}

/**
 * nvmec_meta_ident - check and read what a namespace says of its metadata
 * @dev: to be named in the log
 * @nsid: likewise
 * @id: identify data of the namespace
 * @lbaf: the format that it has
 * @info: &nvmec_ns_info.meta is written, with the guard that all formats have which are
 *	not extended
 *
 * Context: Any.
 * Return: 0; or -ENODEV with a line in the log if it makes no sense.
 */
int nvmec_meta_ident(struct device *dev, u32 nsid, const struct nvme_id_ns *id,
		     const struct nvme_lbaf *lbaf, struct nvmec_ns_info *info)
{
	u8 type = id->dps & NVME_NS_DPS_PI_MASK;

	info->meta = (struct nvmec_meta) {
		.bytes		= le16_to_cpu(lbaf->ms),
		.pi_type	= type,
		.pi_bytes	= type ? sizeof(struct t10_pi_tuple) : 0,
		.pi_first	= type && id->dps & NVME_NS_DPS_PI_FIRST,
		.extended	= lbaf->ms && id->flbas & NVME_NS_FLBAS_META_EXT,
	};
	if (type > NVME_NS_DPS_PI_TYPE3) {
		dev_err(dev, "namespace %u: DPS: protection of type %u, 1 to 3 are known\n",
			nsid, type);
		return -ENODEV;
	}
	return nvmec_meta_check(dev, nsid, &info->meta);
}

/**
 * nvmec_meta_guard - heed the guard of a format that is extended
 * @dev: to be named in the log
 * @nsid: likewise
 * @id: identify data of the namespace for the NVM command set
 * @info: from nvmec_ident_ns(), with protection information; &nvmec_ns_info.meta is
 *	completed
 *
 * Context: Any.
 * Return: 0, also for a format that nothing is known of but its length; or -ENODEV with a
 * line in the log if it makes no sense.
 */
int nvmec_meta_guard(struct device *dev, u32 nsid, const struct nvme_id_ns_nvm *id,
		     struct nvmec_ns_info *info)
{
	u32 elbaf = le32_to_cpu(id->elbaf[info->format]);

	info->meta.guard = nvme_elbaf_guard_type(elbaf);
	switch (info->meta.guard) {
	case NVMEC_GUARD_16:
		break;
	case NVMEC_GUARD_64:
		info->meta.pi_bytes = sizeof(struct crc64_pi_tuple);
		break;
	default:
		info->no_blocks = "PIF: a guard that is not known";
		return 0;
	}
	if (nvme_elbaf_sts(elbaf))
		info->no_blocks = "STS: storage tags";
	return nvmec_meta_check(dev, nsid, &info->meta);
}

/* --- what the block layer is told ----------------------------------------- */

/* The application tag, and with type 3 the other tag, too, are for whoever wants them. */
static unsigned int nvmec_meta_tag_bytes(const struct nvmec_meta *meta)
{
	unsigned int guard_bytes = meta->pi_bytes == sizeof(struct t10_pi_tuple) ?
				   sizeof(__be16) : sizeof(__be64);

	if (meta->pi_type == NVME_NS_DPS_PI_TYPE3)
		return meta->pi_bytes - guard_bytes;
	return sizeof(__be16);
}

/*
 * Kernels that cannot take a block in two pieces make protection information for each piece,
 * and have room for each block: there must be no such block.
 */
static void nvmec_meta_profile(const struct nvmec_meta *meta, struct queue_limits *lim)
{
	unsigned int max_blocks = NVMEC_MAX_RQ_META / meta->bytes;
	struct blk_integrity *bi = &lim->integrity;

	mqblk_set_integrity_bytes(bi, meta->bytes, meta->pi_bytes);
	lim->max_integrity_segments = 1;
	lim->max_hw_sectors = min(lim->max_hw_sectors,
				  max_blocks * (lim->logical_block_size >> SECTOR_SHIFT));
	if (!meta->pi_type)
		return;
	if (!MQBLK_SPLIT_INTERVAL_CAPABLE)
		lim->dma_alignment = max(lim->dma_alignment, lim->logical_block_size - 1);
	bi->csum_type = meta->pi_bytes == sizeof(struct t10_pi_tuple) ?
			BLK_INTEGRITY_CSUM_CRC : BLK_INTEGRITY_CSUM_CRC64;
	bi->pi_offset = meta->pi_first ? 0 : meta->bytes - meta->pi_bytes;
	bi->tag_size = nvmec_meta_tag_bytes(meta);
	bi->flags |= BLK_INTEGRITY_DEVICE_CAPABLE | MQBLK_SPLIT_INTERVAL_CAPABLE;
	if (meta->pi_type != NVME_NS_DPS_PI_TYPE3)
		bi->flags |= BLK_INTEGRITY_REF_TAG;
}

/*
 * Can the block layer bring metadata for such blocks? Linux 7.3 counts the bytes of all the
 * blocks that it has room for in 32 bits: past their end no block could be read. Kernels
 * that want a block with protection information in one piece have a page for it.
 */
static bool nvmec_meta_in_reach(const struct nvmec_ns_info *info)
{
	u64 most_bytes = (u64)(MQBLK_MAX_BIO_META / info->meta.bytes) << info->lba_shift;

	return most_bytes <= U32_MAX &&
	       (MQBLK_SPLIT_INTERVAL_CAPABLE || !info->meta.pi_type ||
		info->lba_shift <= PAGE_SHIFT);
}

/**
 * nvmec_meta_limits - say what the block layer can do with metadata
 * @info: all of it was read; its limits, its size and &nvmec_ns_info.no_blocks are
 *	changed
 *
 * Context: Any.
 */
void nvmec_meta_limits(struct nvmec_ns_info *info)
{
	struct nvmec_meta *meta = &info->meta;

	if (!meta->bytes)
		return;
	/* A bio may be split after any block, and addresses are of dwords. */
	if (!info->no_blocks && !meta->extended && meta->bytes % sizeof(u32))
		info->no_blocks = "MS: no multiple of 4";
	if (!info->no_blocks && IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY) && !meta->extended &&
	    meta->bytes <= U8_MAX && nvmec_meta_in_reach(info)) {
		nvmec_meta_profile(meta, &info->limits);
		return;
	}
	if (!info->no_blocks && nvmec_meta_strips(meta))
		return;
	if (!info->no_blocks)
		info->no_blocks = meta->extended ? "FLBAS: metadata between the data" :
						   "MS: metadata of that length for its blocks";
	meta->barred = true;
	info->capacity_sects = 0;
}

/* --- what a command says -------------------------------------------------- */

/**
 * nvmec_meta_checks - all checks that a format has
 * @meta: the format
 *
 * Context: Any.
 * Return: bits NVME_RW_PRINFO_PRCHK_*.
 */
u16 nvmec_meta_checks(const struct nvmec_meta *meta)
{
	switch (meta->pi_type) {
	case NVME_NS_DPS_PI_TYPE1:
	case NVME_NS_DPS_PI_TYPE2:
		return NVME_RW_PRINFO_PRCHK_GUARD | NVME_RW_PRINFO_PRCHK_REF;
	case NVME_NS_DPS_PI_TYPE3:
		return NVME_RW_PRINFO_PRCHK_GUARD;
	default:
		return 0;
	}
}

/**
 * nvmec_cmd_protect - say in a command what becomes of protection information
 * @cmd: a read, a write or a write zeroes
 * @meta: the format
 * @protect: what to say
 *
 * Context: Any.
 */
void nvmec_cmd_protect(struct nvme_command *cmd, const struct nvmec_meta *meta,
		       const struct nvmec_protect *protect)
{
	cmd->rw.control |= cpu_to_le16(protect->control);
	cmd->rw.reftag = cpu_to_le32(lower_32_bits(protect->ref_tag));
	/* With a guard of 64 bits the tag has 48. */
	if (meta->pi_bytes == sizeof(struct crc64_pi_tuple))
		cmd->rw.cdw3 = cpu_to_le32(upper_32_bits(lower_48_bits(protect->ref_tag)));
	if (protect->control & NVME_RW_PRINFO_PRCHK_APP) {
		cmd->rw.lbat = cpu_to_le16(protect->app_tag);
		cmd->rw.lbatm = cpu_to_le16(U16_MAX);
	}
}
