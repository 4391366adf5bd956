// SPDX-License-Identifier: GPL-2.0
/*
 * What controllers and namespaces say about themselves: a page of identify data
 * in, checked values out. No device is asked; one is named in the log, in a line
 * that says which field is wrong. The spelling of fields there is that of the
 * specification.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/bitfield.h>
#include <linux/ctype.h>
#include <linux/log2.h>
#include <linux/mqblk_compat.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ident.h"
#include "prp.h"

/* Says that NPWG, NPDG and NOWS are there. */
#define NVMEC_NSFEAT_OPTPERF	BIT(4)
/* CTRATT: formats may be extended; where data lies can be chosen. */
#define NVMEC_CTRATT_ELBAS	BIT(15)
#define NVMEC_CTRATT_FDPS	BIT(19)
/* Where ENDGIDMAX is: not all kernels have a name for it. */
#define NVMEC_ID_ENDGIDMAX	340
/* DLFEAT: what deallocated blocks read as, and that write zeroes can deallocate. */
#define NVMEC_DLFEAT_READ	GENMASK(2, 0)
#define NVMEC_DLFEAT_READ_ZEROS	1
#define NVMEC_DLFEAT_DEAC	BIT(3)

/* Limits of a shutdown, if RTD3E says nothing, or nonsense. */
#define NVMEC_SHUTDOWN_MIN_MS	5000
#define NVMEC_SHUTDOWN_MAX_MS	60000
/* The unit of CRDT1 to CRDT3. */
#define NVMEC_CRDT_UNIT_MS	100
/* The unit of HMPRE, HMMIN and HMMINDS. */
#define NVMEC_HMB_UNIT_BYTES	SZ_4K
/* Longest delay before a command is sent again. */
#define NVMEC_RETRY_MAX_MS	10000

/* --- controllers ---------------------------------------------------------- */

/* Text of identify data: printable ASCII, without blanks around it. */
static void nvmec_copy_text(char *to, const char *from, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i++)
		to[i] = isascii(from[i]) && isprint(from[i]) ? from[i] : ' ';
	to[bytes] = '\0';
	memmove(to, skip_spaces(to), strlen(skip_spaces(to)) + 1);
	strim(to);
}

/* Powers of two of the page size; 0 is no limit. */
static u32 nvmec_shift_limit(u8 shift, u32 most)
{
	u32 bytes;

	if (!shift || check_shl_overflow((u32)NVMEC_PAGE_SIZE, shift, &bytes))
		return most;
	return min(bytes, most);
}

static void nvmec_ident_power(struct nvmec_ident *ident, const struct nvme_id_ctrl *id)
{
	unsigned int i;

	static_assert(ARRAY_SIZE(ident->power) == ARRAY_SIZE(id->psd));
	ident->apsta = id->apsta & 1;
	ident->npss = id->npss;
	for (i = 0; i < ARRAY_SIZE(id->psd); i++) {
		ident->power[i].idle = id->psd[i].flags & NVME_PS_FLAGS_NON_OP_STATE;
		ident->power[i].enter_us = le32_to_cpu(id->psd[i].entry_lat);
		ident->power[i].leave_us = le32_to_cpu(id->psd[i].exit_lat);
	}
}

static void nvmec_ident_times(struct nvmec_ident *ident,
			      const struct nvme_id_ctrl *id)
{
	u32 retry[] = { le16_to_cpu(id->crdt1), le16_to_cpu(id->crdt2),
			le16_to_cpu(id->crdt3) };
	unsigned int i;

	ident->shutdown_ms = clamp(le32_to_cpu(id->rtd3e) / 1000,
				   NVMEC_SHUTDOWN_MIN_MS,
				   NVMEC_SHUTDOWN_MAX_MS);
	for (i = 0; i < ARRAY_SIZE(retry); i++)
		ident->retry_ms[i + 1] = min(retry[i] * NVMEC_CRDT_UNIT_MS,
					     NVMEC_RETRY_MAX_MS);
}

static void nvmec_ident_fill(struct nvmec_ident *ident,
			     const struct nvme_id_ctrl *id)
{
	u16 oncs = le16_to_cpu(id->oncs);

	nvmec_copy_text(ident->serial, id->sn, sizeof(id->sn));
	nvmec_copy_text(ident->model, id->mn, sizeof(id->mn));
	nvmec_copy_text(ident->firmware, id->fr, sizeof(id->fr));
	nvmec_copy_text(ident->subnqn, id->subnqn,
			strnlen(id->subnqn, sizeof(id->subnqn)));
	ident->multi = id->cmic & NVME_CTRL_CMIC_MULTI_CTRL;
	ident->vid = le16_to_cpu(id->vid);
	ident->ssvid = le16_to_cpu(id->ssvid);
	ident->cntlid = le16_to_cpu(id->cntlid);
	ident->max_bytes = nvmec_shift_limit(id->mdts, NVMEC_MAX_BYTES);
	ident->max_zeroes_bytes = 0;
	if (oncs & NVME_CTRL_ONCS_WRITE_ZEROES)
		ident->max_zeroes_bytes = ident->max_bytes;
	ident->max_ranges = 0;
	if (oncs & NVME_CTRL_ONCS_DSM)
		ident->max_ranges = NVME_DSM_MAX_RANGES;
	ident->max_discard_blocks = U32_MAX;
	ident->oacs = le16_to_cpu(id->oacs);
	ident->elbas = le32_to_cpu(id->ctratt) & NVMEC_CTRATT_ELBAS;
	ident->fdp = le32_to_cpu(id->ctratt) & NVMEC_CTRATT_FDPS;
	ident->endgidmax = get_unaligned_le16((const u8 *)id + NVMEC_ID_ENDGIDMAX);
	ident->lpa = id->lpa;
	ident->oaes = le32_to_cpu(id->oaes);
	/* The last number means all of them. */
	ident->nn = min(le32_to_cpu(id->nn), NVME_NSID_ALL - 1);
	ident->sgls = le32_to_cpu(id->sgls) & 3;
	ident->vwc = id->vwc & NVME_CTRL_VWC_PRESENT;
	ident->cctemp = le16_to_cpu(id->cctemp);
	ident->awupf = le16_to_cpu(id->awupf);
	ident->hmpre_bytes = (u64)le32_to_cpu(id->hmpre) * NVMEC_HMB_UNIT_BYTES;
	ident->hmmin_bytes = (u64)le32_to_cpu(id->hmmin) * NVMEC_HMB_UNIT_BYTES;
	ident->hmminds_bytes = (u64)le32_to_cpu(id->hmminds) * NVMEC_HMB_UNIT_BYTES;
	ident->hmmaxd = le16_to_cpu(id->hmmaxd);
	nvmec_ident_power(ident, id);
	nvmec_ident_times(ident, id);
}

/* Nonsense is as if it was not offered: errors tell. */
static void nvmec_ident_ana(struct device *dev, struct nvmec_ident *ident,
			    const struct nvme_id_ctrl *id)
{
	ident->ana = id->cmic & NVME_CTRL_CMIC_ANA;
	ident->anatt_s = id->anatt;
	ident->anagrpmax = le32_to_cpu(id->anagrpmax);
	ident->nanagrpid = le32_to_cpu(id->nanagrpid);
	if (!ident->ana || (ident->nanagrpid && ident->nanagrpid <= ident->anagrpmax))
		return;
	dev_warn(dev, "NANAGRPID: %u groups with ids up to %u (ANAGRPMAX): goes without ANA\n",
		 ident->nanagrpid, ident->anagrpmax);
	ident->ana = false;
}

static int nvmec_ident_check(struct device *dev, const struct nvme_id_ctrl *id)
{
	if (FIELD_GET(GENMASK(3, 0), id->sqes) > NVME_NVM_IOSQES ||
	    FIELD_GET(GENMASK(7, 4), id->sqes) < NVME_NVM_IOSQES) {
		dev_err(dev, "SQES: no entries of 64 bytes, got %#x\n",
			id->sqes);
		return -ENODEV;
	}
	if (FIELD_GET(GENMASK(3, 0), id->cqes) > NVME_NVM_IOCQES ||
	    FIELD_GET(GENMASK(7, 4), id->cqes) < NVME_NVM_IOCQES) {
		dev_err(dev, "CQES: no entries of 16 bytes, got %#x\n",
			id->cqes);
		return -ENODEV;
	}
	if (id->cntrltype > NVME_CTRL_IO) {
		dev_err(dev, "CNTRLTYPE: no I/O controller, got %u\n",
			id->cntrltype);
		return -ENODEV;
	}
	/* The block layer has no requests that are limited to less than a page. */
	if (nvmec_shift_limit(id->mdts, NVMEC_MAX_BYTES) < PAGE_SIZE) {
		dev_err(dev, "MDTS: transfers of %lu bytes and more are needed, got 4096 << %u\n",
			PAGE_SIZE, id->mdts);
		return -ENODEV;
	}
	return 0;
}

/**
 * nvmec_ident_ctrl - check and read what a controller says
 * @dev: to be named in the log
 * @ident: written, if the controller can be used
 * @id: identify data of the controller
 *
 * Context: Any.
 * Return: 0, or -ENODEV if it is nothing that can be used.
 */
int nvmec_ident_ctrl(struct device *dev, struct nvmec_ident *ident,
		     const struct nvme_id_ctrl *id)
{
	int ret = nvmec_ident_check(dev, id);

	if (ret)
		return ret;
	nvmec_ident_fill(ident, id);
	nvmec_ident_ana(dev, ident, id);
	return 0;
}

/**
 * nvmec_ident_nvm - heed the limits that the NVM command set has of its own
 * @ident: filled in by nvmec_ident_ctrl(); its limits are changed
 * @nvm: identify data of the controller for the NVM command set
 *
 * Context: Any.
 */
void nvmec_ident_nvm(struct nvmec_ident *ident,
		     const struct nvme_id_ctrl_nvm *nvm)
{
	if (ident->max_zeroes_bytes && nvm->wzsl)
		ident->max_zeroes_bytes = nvmec_shift_limit(nvm->wzsl, SZ_1G);
	if (ident->max_ranges && nvm->dmrl)
		ident->max_ranges = min_t(u16, nvm->dmrl, NVME_DSM_MAX_RANGES);
	/* The block layer has no limit for a range beside the one for all. */
	if (nvm->dmrsl)
		ident->max_discard_blocks = le32_to_cpu(nvm->dmrsl);
	if (nvm->dmsl)
		ident->max_discard_blocks =
			min_t(u64, ident->max_discard_blocks,
			      le64_to_cpu(nvm->dmsl));
}

/* --- namespaces ----------------------------------------------------------- */

/* Optional hints, counted from 0 in blocks. Nonsense is no hint: 0. */
static u32 nvmec_hint_bytes(__le16 blocks, u8 lba_shift)
{
	u32 bytes = (le16_to_cpu(blocks) + 1U) << lba_shift;

	return is_power_of_2(bytes) ? bytes : 0;
}

/*
 * What is written as a whole or not at all if the power fails, in bytes. No transfer is as
 * large as what does not fit.
 */
static u32 nvmec_atomic_bytes(const struct nvmec_ns_info *info,
			      const struct nvmec_ident *ident,
			      const struct nvme_id_ns *id)
{
	u32 last = ident->awupf;

	if (id->nsfeat & NVME_NS_FEAT_ATOMICS)
		last = le16_to_cpu(id->nawupf);
	return min_t(u64, (last + 1ULL) << info->lba_shift, SZ_2G);
}

/*
 * Where a write must not cross to be atomic, in bytes, 0 for nowhere. The block layer
 * knows only boundaries that begin with the disk and agree with its chunks: for any
 * other, every block is taken for one, which no write of one block crosses.
 */
static u32 nvmec_atomic_boundary(const struct nvmec_ns_info *info,
				 const struct nvme_id_ns *id)
{
	u32 bytes = nvmec_hint_bytes(id->nabspf, info->lba_shift);
	u32 chunk_bytes = info->limits.chunk_sectors << SECTOR_SHIFT;

	if (!id->nabspf)
		return 0;
	if (id->nabo || !bytes || (chunk_bytes && bytes > chunk_bytes))
		return BIT(info->lba_shift);
	return bytes;
}

static void nvmec_info_atomic(struct nvmec_ns_info *info,
			      const struct nvmec_ident *ident,
			      const struct nvme_id_ns *id)
{
	u32 boundary = nvmec_atomic_boundary(info, id);
	struct queue_limits *lim = &info->limits;

	lim->features |= MQBLK_FEAT_ATOMIC_WRITES;
	lim->atomic_write_hw_max = nvmec_atomic_bytes(info, ident, id);
	lim->atomic_write_hw_boundary = boundary;
	if (boundary)
		lim->atomic_write_hw_max = min(lim->atomic_write_hw_max,
					       boundary);
	if (lim->chunk_sectors)
		lim->atomic_write_hw_max = min(lim->atomic_write_hw_max,
					       lim->chunk_sectors << SECTOR_SHIFT);
	lim->atomic_write_hw_unit_min = BIT(info->lba_shift);
	lim->atomic_write_hw_unit_max =
		rounddown_pow_of_two(lim->atomic_write_hw_max);
}

/* A physical block is what can be written as a whole, which NPWG does not promise. */
static u32 nvmec_physical_bytes(const struct nvmec_ns_info *info, u32 npwg,
				u32 atomic)
{
	return clamp(min(npwg, rounddown_pow_of_two(atomic)),
		     (u32)BIT(info->lba_shift), (u32)SZ_64K);
}

static void nvmec_info_hints(struct nvmec_ns_info *info,
			     const struct nvmec_ident *ident,
			     const struct nvme_id_ns *id)
{
	struct queue_limits *lim = &info->limits;
	u32 noiob = le16_to_cpu(id->noiob), block = BIT(info->lba_shift);
	u32 atomic = nvmec_atomic_bytes(info, ident, id), npwg;

	if (id->nsfeat & NVMEC_NSFEAT_OPTPERF) {
		npwg = nvmec_hint_bytes(id->npwg, info->lba_shift);
		lim->physical_block_size = nvmec_physical_bytes(info, npwg, atomic);
		lim->io_min = clamp(npwg, block, SZ_64K);
		if (id->nows)
			lim->io_opt = nvmec_hint_bytes(id->nows,
						       info->lba_shift);
		lim->discard_granularity =
			max(nvmec_hint_bytes(id->npdg, info->lba_shift), block);
	}
	if (is_power_of_2(noiob))
		lim->chunk_sectors = noiob << (info->lba_shift - SECTOR_SHIFT);
	nvmec_info_atomic(info, ident, id);
}

/* Holes may be punched by a command that writes zeroes, if those are read then. */
static bool nvmec_can_deac(const struct nvme_id_ns *id)
{
	return (id->dlfeat & NVMEC_DLFEAT_DEAC) &&
	       FIELD_GET(NVMEC_DLFEAT_READ, id->dlfeat) ==
	       NVMEC_DLFEAT_READ_ZEROS;
}

static void nvmec_info_limits(struct nvmec_ns_info *info,
			      const struct nvmec_ident *ident,
			      const struct nvme_id_ns *id)
{
	u32 zeroes_bytes = round_down(ident->max_zeroes_bytes, (u32)BIT(info->lba_shift));
	struct queue_limits *lim = &info->limits;

	*lim = (struct queue_limits) {
		.logical_block_size	= BIT(info->lba_shift),
		.physical_block_size	= BIT(info->lba_shift),
		.discard_granularity	= BIT(info->lba_shift),
		.max_hw_sectors		= ident->max_bytes >> SECTOR_SHIFT,
		.max_segments		= NVMEC_MAX_SEGS,
		.max_segment_size	= UINT_MAX,
		.virt_boundary_mask	= NVMEC_PAGE_SIZE - 1,
		/* PRP entries and, with them, SGLs are in dwords. */
		.dma_alignment		= 3,
	};
	if (ident->vwc)
		lim->features |= BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA;
	if (ident->max_ranges) {
		lim->max_hw_discard_sectors =
			min_t(u64, UINT_MAX >> SECTOR_SHIFT,
			      (u64)ident->max_discard_blocks <<
			      (info->lba_shift - SECTOR_SHIFT));
		lim->max_discard_segments = ident->max_ranges;
	}
	/* Of less than a block there would be commands of none, which mean 65536. */
	lim->max_write_zeroes_sectors =
		min_t(u64, zeroes_bytes >> SECTOR_SHIFT,
		      (u64)(U16_MAX + 1) << (info->lba_shift - SECTOR_SHIFT));
	nvmec_info_hints(info, ident, id);
}

/* The largest block that the block layer takes; tests take others. */
VISIBLE_IF_KUNIT unsigned int nvmec_max_block_bytes(void)
{
	KUNIT_STATIC_STUB_REDIRECT(nvmec_max_block_bytes);
	return MQBLK_MAX_BLOCK_BYTES;
}

/* One block must fit both the block layer and a transfer. */
static int nvmec_ident_block(struct device *dev, u32 nsid, const struct nvmec_ident *ident,
			     u8 lbads)
{
	unsigned int max = ilog2(nvmec_max_block_bytes());

	if (lbads < SECTOR_SHIFT || lbads > max) {
		dev_err(dev, "namespace %u: LBADS: blocks of 2^%u bytes, 2^%u to 2^%u can be used\n",
			nsid, lbads, SECTOR_SHIFT, max);
		return -ENODEV;
	}
	if (BIT(lbads) > ident->max_bytes) {
		dev_err(dev, "namespace %u: MDTS: blocks of %lu bytes need as large transfers, got %u\n",
			nsid, BIT(lbads), ident->max_bytes);
		return -ENODEV;
	}
	return 0;
}

/**
 * nvmec_ident_ns - check and read what a namespace says
 * @dev: to be named in the log
 * @nsid: likewise
 * @ident: what its controller is
 * @id: identify data of the namespace
 * @info: written
 *
 * Context: Any.
 * Return: 0, or -ENODEV if there is no such namespace, which is not worth a line
 * in the log, or none that can be used.
 */
int nvmec_ident_ns(struct device *dev, u32 nsid,
		   const struct nvmec_ident *ident, const struct nvme_id_ns *id,
		   struct nvmec_ns_info *info)
{
	unsigned int format = nvme_lbaf_index(id->flbas);
	u64 blocks = le64_to_cpu(id->nsze), sects;
	const struct nvme_lbaf *lbaf;
	int ret;

	memset(info, 0, sizeof(*info));
	/* All zero: there is such an id, but nothing behind it. */
	if (!id->ncap)
		return -ENODEV;
	if (format > id->nlbaf || format >= ARRAY_SIZE(id->lbaf)) {
		dev_err(dev, "namespace %u: FLBAS: format %u of %u\n", nsid,
			format, id->nlbaf + 1);
		return -ENODEV;
	}
	lbaf = &id->lbaf[format];
	ret = nvmec_ident_block(dev, nsid, ident, lbaf->ds);
	if (ret)
		return ret;
	ret = nvmec_meta_ident(dev, nsid, id, lbaf, info);
	if (ret)
		return ret;
	if (check_shl_overflow(blocks, lbaf->ds - SECTOR_SHIFT, &sects) ||
	    sects > (u64)LLONG_MAX >> SECTOR_SHIFT) {
		dev_err(dev, "namespace %u: NSZE: %llu blocks\n", nsid, blocks);
		return -ENODEV;
	}

	memcpy(info->id.eui64, id->eui64, sizeof(info->id.eui64));
	memcpy(info->id.nguid, id->nguid, sizeof(info->id.nguid));
	info->format = format;
	info->lba_shift = lbaf->ds;
	info->capacity_sects = sects;
	info->read_only = id->nsattr & NVME_NS_ATTR_RO;
	info->deac = nvmec_can_deac(id);
	info->endgid = le16_to_cpu(id->endgid);
	info->shared = ident->multi && (id->nmic & NVME_NS_NMIC_SHARED);
	nvmec_info_limits(info, ident, id);
	return 0;
}

/**
 * nvmec_limits_renew - bring limits in force to what a namespace says now
 * @lim: the limits of its queue
 * @said: from nvmec_ident_ns()
 *
 * What users can set stays as they set it.
 *
 * Context: Any.
 */
void nvmec_limits_renew(struct queue_limits *lim, const struct queue_limits *said)
{
	const blk_features_t ours = BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA |
				    MQBLK_FEAT_ATOMIC_WRITES | BLK_FEAT_ZONED |
				    BLK_FEAT_PCI_P2PDMA;

	lim->features = (lim->features & ~ours) | said->features;
	lim->physical_block_size = said->physical_block_size;
	lim->io_min = said->io_min;
	lim->io_opt = said->io_opt;
	lim->chunk_sectors = said->chunk_sectors;
	lim->max_open_zones = said->max_open_zones;
	lim->max_active_zones = said->max_active_zones;
	mqblk_copy_zone_append(lim, said);
	lim->max_hw_sectors = said->max_hw_sectors;
	lim->max_hw_discard_sectors = said->max_hw_discard_sectors;
	lim->max_discard_segments = said->max_discard_segments;
	lim->discard_granularity = said->discard_granularity;
	lim->max_write_zeroes_sectors = said->max_write_zeroes_sectors;
	lim->atomic_write_hw_max = said->atomic_write_hw_max;
	lim->atomic_write_hw_boundary = said->atomic_write_hw_boundary;
	lim->atomic_write_hw_unit_min = said->atomic_write_hw_unit_min;
	lim->atomic_write_hw_unit_max = said->atomic_write_hw_unit_max;
}

/* Where the value of a descriptor goes, and its length; NULL for other types. */
static void *nvmec_id_place(struct nvmec_ns_id *id, u8 nidt, size_t *bytes)
{
	switch (nidt) {
	case NVME_NIDT_EUI64:
		*bytes = sizeof(id->eui64);
		return id->eui64;
	case NVME_NIDT_NGUID:
		*bytes = sizeof(id->nguid);
		return id->nguid;
	case NVME_NIDT_UUID:
		*bytes = sizeof(id->uuid);
		return id->uuid;
	case NVME_NIDT_CSI:
		*bytes = sizeof(id->csi);
		return &id->csi;
	default:
		return NULL;
	}
}

/* Takes one descriptor. Returns false for a known type of another length. */
static bool nvmec_id_take(struct nvmec_ns_id *id,
			  const struct nvme_ns_id_desc *desc)
{
	size_t bytes;
	void *place = nvmec_id_place(id, desc->nidt, &bytes);

	if (!place)
		return true;
	if (desc->nidl != bytes)
		return false;
	memcpy(place, desc + 1, bytes);
	return true;
}

/**
 * nvmec_ident_ns_descs - read the descriptors of a namespace's identity
 * @id: written if the list makes sense: what it does not say is left
 * @page: NVME_IDENTIFY_DATA_SIZE bytes of descriptors, each with its length; a
 *	length of 0 ends them
 *
 * An identity is taken as a whole or not at all: half of one would make another
 * namespace of the one that it describes. Its command set is taken in any case: a
 * namespace of another set must not be taken for one of NVM.
 *
 * Context: Any.
 * Return: true if the list makes sense and identifies the namespace; false if it
 * does not, or has a descriptor that leads out of the page, or one of a known type
 * and another length.
 */
bool nvmec_ident_ns_descs(struct nvmec_ns_id *id, const void *page)
{
	const struct nvme_ns_id_desc *desc;
	bool valid = true, identifies = false;
	struct nvmec_ns_id read = *id;
	unsigned int at = 0;

	while (at + sizeof(*desc) <= NVME_IDENTIFY_DATA_SIZE) {
		desc = page + at;
		if (!desc->nidl)
			break;
		at += sizeof(*desc) + desc->nidl;
		if (at > NVME_IDENTIFY_DATA_SIZE)
			valid = false;
		else
			valid &= nvmec_id_take(&read, desc);
		identifies |= desc->nidt >= NVME_NIDT_EUI64 &&
			      desc->nidt <= NVME_NIDT_UUID;
	}
	id->csi = read.csi;
	if (!identifies || !valid)
		return false;
	*id = read;
	return true;
}

/**
 * nvmec_ident_ns_list - check a page of the list of active namespaces
 * @dev: to be named in the log
 * @page: NVMEC_NSIDS_PER_PAGE ids, which ascend; 0 behind the last of them
 * @after: what they are greater than
 * @nn: the largest there can be
 * @nsids: room for as many; written as far as the page makes sense
 *
 * Context: Any.
 * Return: how many ids there are; or -EBADMSG, with a line in the log, if the page
 * has an id out of order, one that is too large, or one behind the end.
 */
int nvmec_ident_ns_list(struct device *dev, const __le32 *page, u32 after,
			u32 nn, u32 *nsids)
{
	unsigned int nr = 0, i;
	u32 nsid;

	for (i = 0; i < NVMEC_NSIDS_PER_PAGE; i++) {
		nsid = le32_to_cpu(page[i]);
		if (!nsid)
			continue;
		if (nr < i || nsid <= after || nsid > nn) {
			dev_err(dev, "namespaces: entry %u of the list is %u, after %u of %u at most: the list is not used\n",
				i, nsid, after, nn);
			return -EBADMSG;
		}
		after = nsid;
		nsids[nr++] = nsid;
	}
	return nr;
}

/**
 * nvmec_ident_ns_csi - is a namespace one of a command set that is known
 * @dev: for messages
 * @nsid: its id
 * @id: its identity
 *
 * A zoned namespace takes the same reads and writes, but not in any order: as a plain
 * disk it would lose what is written to it.
 *
 * Context: Any.
 * Return: 0, or -ENODEV with a line in the log.
 */
int nvmec_ident_ns_csi(struct device *dev, u32 nsid,
		       const struct nvmec_ns_id *id)
{
	if (id->csi == NVME_CSI_NVM)
		return 0;
	if (IS_ENABLED(CONFIG_BLK_DEV_ZONED) && id->csi == NVME_CSI_ZNS)
		return 0;
	dev_err(dev, "namespace %u: CSI: command set %u, only 0 (NVM)%s known\n",
		nsid, id->csi,
		IS_ENABLED(CONFIG_BLK_DEV_ZONED) ? " and 2 (zoned) are" : " is");
	return -ENODEV;
}
