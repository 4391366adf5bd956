// SPDX-License-Identifier: GPL-2.0
/*
 * Metadata of blocks, and protection information in it: NVM Command Set Specification,
 * section on end-to-end data protection. It is checked on its way in and out, made and
 * taken off (PRACT), and can be corrupted where it is stored.
 *
 * What was never written, or was discarded, has protection information of all ones, which
 * is not checked, and metadata of zeroes.
 *
 * Context: nvmm_subsys.ns_lock; of commands, the thread of the controller.
 */
#include <linux/crc-t10dif.h>
#include <linux/crc64.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "nvme_model.h"

#define NVMM_DNR(status)	((status) | NVME_STATUS_DNR)
#define NVMM_GUARD_64		2
#define NVMM_REF_32		U32_MAX
#define NVMM_REF_48		GENMASK_ULL(47, 0)

const struct nvmm_format nvmm_formats[NVMM_NR_FORMATS] = {
	{  9,  0, 0 },
	{ 12,  0, 0 },
	{  9,  8, 0 },
	{ 12,  8, 0 },
	{  9, 16, NVMM_GUARD_64 },
	{ 12, 16, NVMM_GUARD_64 },
	{  9, 64, 0 },
	{ 12, 64, 0 },
	{ 12, 64, NVMM_GUARD_64 },
	{  9, 16, 0 },
	{ 13,  0, 0 },
	{ 14,  0, 0 },
	{ 15,  0, 0 },
	{ 16,  0, 0 },
	{ 17,  0, 0 },
	{ 14,  8, 0 },
};

/**
 * struct nvmm_pi - protection information
 * @guard: CRC of the data, and of the metadata before
 * @app: application tag
 * @ref: reference tag
 */
struct nvmm_pi {
	u64	guard;
	u16	app;
	u64	ref;
};

/* --- layout ------------------------------------------------------------------------------- */

static u8 nvmm_pi_type(const struct nvmm_ns *ns)
{
	return ns->dps & NVME_NS_DPS_PI_MASK;
}

static bool nvmm_is_64(const struct nvmm_ns *ns)
{
	return nvmm_formats[ns->format].guard == NVMM_GUARD_64;
}

static u32 nvmm_pi_bytes(const struct nvmm_ns *ns)
{
	return nvmm_is_64(ns) ? 16 : 8;
}

static u32 nvmm_pi_offset(const struct nvmm_ns *ns)
{
	return ns->dps & NVME_NS_DPS_PI_FIRST ? 0 : nvmm_ms(ns) - nvmm_pi_bytes(ns);
}

static u64 nvmm_ref_mask(const struct nvmm_ns *ns)
{
	return nvmm_is_64(ns) ? NVMM_REF_48 : NVMM_REF_32;
}

static struct nvmm_pi nvmm_pi_get(const struct nvmm_ns *ns, const u8 *meta)
{
	const u8 *at = meta + nvmm_pi_offset(ns);

	if (nvmm_is_64(ns))
		return (struct nvmm_pi){ get_unaligned_be64(at), get_unaligned_be16(at + 8),
					 get_unaligned_be48(at + 10) };
	return (struct nvmm_pi){ get_unaligned_be16(at), get_unaligned_be16(at + 2),
				 get_unaligned_be32(at + 4) };
}

static void nvmm_pi_put(const struct nvmm_ns *ns, u8 *meta, struct nvmm_pi pi)
{
	u8 *at = meta + nvmm_pi_offset(ns);

	if (nvmm_is_64(ns)) {
		put_unaligned_be64(pi.guard, at);
		put_unaligned_be16(pi.app, at + 8);
		put_unaligned_be48(pi.ref, at + 10);
		return;
	}
	put_unaligned_be16(pi.guard, at);
	put_unaligned_be16(pi.app, at + 2);
	put_unaligned_be32(pi.ref, at + 4);
}

static u64 nvmm_guard(const struct nvmm_ns *ns, const u8 *data, const u8 *meta)
{
	u32 bytes = 1U << ns->shift, offset = nvmm_pi_offset(ns);

	if (nvmm_is_64(ns))
		return crc64_nvme(crc64_nvme(0, data, bytes), meta, offset);
	return crc_t10dif_update(crc_t10dif_update(0, data, bytes), meta, offset);
}

/** nvmm_format_fits - is there such a format, with this protection */
bool nvmm_format_fits(u8 format, u8 dps)
{
	u8 type = dps & NVME_NS_DPS_PI_MASK;

	if (format >= NVMM_NR_FORMATS || type > NVME_NS_DPS_PI_TYPE3)
		return false;
	return !type ||
	       nvmm_formats[format].ms >= (nvmm_formats[format].guard ? 16 : 8);
}

/* --- where it is stored ------------------------------------------------------------------- */

static void nvmm_meta_default(const struct nvmm_ns *ns, u8 *meta)
{
	memset(meta, 0, nvmm_ms(ns));
	if (nvmm_pi_type(ns))
		memset(meta + nvmm_pi_offset(ns), 0xff, nvmm_pi_bytes(ns));
}

/* That of a block; NULL if it was never written, or without memory if @make. */
static u8 *nvmm_meta_of(struct nvmm_ns *ns, u64 lba, bool make)
{
	u32 per_page = PAGE_SIZE / nvmm_ms(ns), i;
	unsigned long index = lba / per_page;
	u8 *page = xa_load(&ns->store->meta, index);

	if (!page && make) {
		page = (u8 *)get_zeroed_page(GFP_NOIO);
		if (!page)
			return NULL;
		for (i = 0; i < per_page; i++)
			nvmm_meta_default(ns, page + i * nvmm_ms(ns));
		if (xa_is_err(xa_store(&ns->store->meta, index, page, GFP_NOIO))) {
			free_page((unsigned long)page);
			return NULL;
		}
	}
	return page ? page + lba % per_page * nvmm_ms(ns) : NULL;
}

/** nvmm_ns_set_format - give a namespace another format; its metadata is gone */
void nvmm_ns_set_format(struct nvmm_ns *ns, u8 format, u8 dps, bool extended)
{
	nvmm_free_pages(&ns->store->meta);
	ns->format = format;
	ns->shift = nvmm_formats[format].shift;
	ns->dps = dps;
	ns->extended = extended && nvmm_formats[format].ms;
}

/** nvmm_meta_discard - have blocks the metadata of those that were never written */
void nvmm_meta_discard(struct nvmm_ns *ns, u64 lba, u64 blocks)
{
	u8 *meta;

	if (!nvmm_ms(ns))
		return;
	for (; blocks; blocks--, lba++) {
		meta = nvmm_meta_of(ns, lba, false);
		if (meta)
			nvmm_meta_default(ns, meta);
	}
}

/**
 * nvmm_corrupt - change a byte that is stored
 * @ns: the namespace
 * @text: "data" or "meta", the block, and which byte of it; its bits are inverted
 *
 * Return: 0 or an errno.
 */
int nvmm_corrupt(struct nvmm_ns *ns, const char *text)
{
	char what[5];
	u64 lba;
	u32 at;
	u8 byte, *meta;

	if (sscanf(text, "%4s %llu %u", what, &lba, &at) != 3 ||
	    lba >= ns->bytes >> ns->shift)
		return -EINVAL;
	if (!strcmp(what, "data") && at < 1U << ns->shift) {
		nvmm_store_read(ns, (lba << ns->shift) + at, &byte, 1);
		byte = ~byte;
		return nvmm_store_write(ns, (lba << ns->shift) + at, &byte, 1, true);
	}
	if (strcmp(what, "meta") || at >= nvmm_ms(ns))
		return -EINVAL;
	meta = nvmm_meta_of(ns, lba, true);
	if (!meta)
		return -ENOMEM;
	meta[at] = ~meta[at];
	return 0;
}

/* --- checks --------------------------------------------------------------------------------- */

/**
 * struct nvmm_transfer - a command that moves blocks with metadata
 * @ctrl: the controller, whose pieces are those of the data
 * @ns: the namespace
 * @rw: the command
 * @lba: the block that it has come to
 * @control: what it says of protection information
 * @ref: the tag of the next block
 * @meta: where the host has metadata apart, of the next block; or NULL
 * @piece: where the data of the next block begins
 * @at: how far in that piece
 */
struct nvmm_transfer {
	struct nvmm_ctrl		*ctrl;
	struct nvmm_ns			*ns;
	const struct nvme_rw_command	*rw;
	u64				lba;
	u16				control;
	u64				ref;
	u8				*meta;
	unsigned int			piece;
	u32				at;
};

static bool nvmm_is_unchecked(const struct nvmm_ns *ns, struct nvmm_pi pi)
{
	return pi.app == U16_MAX && (nvmm_pi_type(ns) != NVME_NS_DPS_PI_TYPE3 ||
				     pi.ref == nvmm_ref_mask(ns));
}

static u16 nvmm_check_pi(struct nvmm_transfer *t, const u8 *data, const u8 *meta)
{
	struct nvmm_pi pi = nvmm_pi_get(t->ns, meta);
	u16 mask = le16_to_cpu(t->rw->lbatm);

	if (nvmm_is_unchecked(t->ns, pi))
		return 0;
	if (t->control & NVME_RW_PRINFO_PRCHK_GUARD &&
	    pi.guard != nvmm_guard(t->ns, data, meta))
		return NVMM_DNR(NVME_SC_GUARD_CHECK);
	if (t->control & NVME_RW_PRINFO_PRCHK_APP &&
	    (pi.app & mask) != (le16_to_cpu(t->rw->lbat) & mask))
		return NVMM_DNR(NVME_SC_APPTAG_CHECK);
	if (t->control & NVME_RW_PRINFO_PRCHK_REF && pi.ref != t->ref)
		return NVMM_DNR(NVME_SC_REFTAG_CHECK);
	return 0;
}

static void nvmm_make_pi(struct nvmm_transfer *t, const u8 *data, u8 *meta)
{
	nvmm_pi_put(t->ns, meta, (struct nvmm_pi){
		.guard	= nvmm_guard(t->ns, data, meta),
		.app	= le16_to_cpu(t->rw->lbat),
		.ref	= t->ref,
	});
}

/* Type 1 has the block's number for a tag, and type 3 none that could be checked. */
static u16 nvmm_check_info(struct nvmm_transfer *t)
{
	u8 type = nvmm_pi_type(t->ns);
	bool uses = t->control & (NVME_RW_PRINFO_PRACT | NVME_RW_PRINFO_PRCHK_REF);

	if (!type)
		return 0;
	if (t->control & NVME_RW_PRINFO_PRCHK_GUARD)
		t->ctrl->counts[NVMM_CHECKED]++;
	if (t->rw->opcode == nvme_cmd_compare && t->control & NVME_RW_PRINFO_PRACT)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	if ((type == NVME_NS_DPS_PI_TYPE1 && uses &&
	     t->ref != (t->lba & nvmm_ref_mask(t->ns))) ||
	    (type == NVME_NS_DPS_PI_TYPE3 && t->control & NVME_RW_PRINFO_PRCHK_REF)) {
		nvmm_breach(t->ctrl, NVMM_PROTECTION, "type %u, block %llu, tag %#llx, PRINFO %#x",
			    type, t->lba, t->ref, t->control);
		return NVMM_DNR(NVME_SC_INVALID_PI);
	}
	return 0;
}

/* --- transfers -------------------------------------------------------------------------------- */

static void nvmm_transfer_begin(struct nvmm_transfer *t, struct nvmm_ctrl *ctrl,
				struct nvmm_ns *ns, const struct nvme_rw_command *rw)
{
	u64 ref = le32_to_cpu(rw->reftag) | (u64)le32_to_cpu(rw->cdw3) << 32;

	*t = (struct nvmm_transfer){
		.ctrl = ctrl, .ns = ns, .rw = rw, .lba = le64_to_cpu(rw->slba),
		.control = le16_to_cpu(rw->control), .ref = ref & nvmm_ref_mask(ns),
	};
}

/* Metadata that is nothing but protection information is not moved with PRACT. */
static bool nvmm_is_stripped(const struct nvmm_transfer *t)
{
	return nvmm_pi_type(t->ns) && t->control & NVME_RW_PRINFO_PRACT &&
	       nvmm_ms(t->ns) == nvmm_pi_bytes(t->ns);
}

/* The next @bytes, between the host and @buffer. */
static void nvmm_move(struct nvmm_transfer *t, u8 *buffer, u32 bytes, bool to_host)
{
	while (bytes) {
		struct nvmm_piece *piece = &t->ctrl->pieces[t->piece];
		u32 n = min(bytes, piece->bytes - t->at);

		if (to_host)
			memcpy(piece->at + t->at, buffer, n);
		else
			memcpy(buffer, piece->at + t->at, n);
		buffer += n;
		bytes -= n;
		t->at += n;
		if (t->at == piece->bytes) {
			t->piece++;
			t->at = 0;
		}
	}
}

static void nvmm_move_meta(struct nvmm_transfer *t, u8 *buffer, bool to_host)
{
	u16 ms = nvmm_ms(t->ns);

	if (nvmm_is_stripped(t))
		return;
	if (t->ns->extended) {
		nvmm_move(t, buffer, ms, to_host);
		return;
	}
	if (to_host)
		memcpy(t->meta, buffer, ms);
	else
		memcpy(buffer, t->meta, ms);
	t->meta += ms;
}

static void nvmm_next(struct nvmm_transfer *t)
{
	t->lba++;
	if (nvmm_pi_type(t->ns) != NVME_NS_DPS_PI_TYPE3)
		t->ref = (t->ref + 1) & nvmm_ref_mask(t->ns);
}

static u16 nvmm_write_block(struct nvmm_transfer *t, u8 *data, u8 *meta)
{
	u32 bytes = 1U << t->ns->shift;
	bool fua = t->control & NVME_RW_FUA;
	u16 status = 0;
	u8 *stored;

	memset(meta, 0, nvmm_ms(t->ns));
	nvmm_move(t, data, bytes, false);
	nvmm_move_meta(t, meta, false);
	if (nvmm_pi_type(t->ns) && t->control & NVME_RW_PRINFO_PRACT)
		nvmm_make_pi(t, data, meta);
	else if (nvmm_pi_type(t->ns))
		status = nvmm_check_pi(t, data, meta);
	if (status)
		return status;
	stored = nvmm_meta_of(t->ns, t->lba, true);
	if (!stored || nvmm_store_write(t->ns, t->lba << t->ns->shift, data, bytes,
					nvmm_is_safe(t->ctrl, fua)))
		return NVME_SC_WRITE_FAULT;
	memcpy(stored, meta, nvmm_ms(t->ns));
	return 0;
}

static void nvmm_load(struct nvmm_transfer *t, u8 *data, u8 *meta)
{
	u8 *stored = nvmm_meta_of(t->ns, t->lba, false);

	nvmm_store_read(t->ns, t->lba << t->ns->shift, data, 1U << t->ns->shift);
	if (stored)
		memcpy(meta, stored, nvmm_ms(t->ns));
	else
		nvmm_meta_default(t->ns, meta);
}

static u16 nvmm_read_block(struct nvmm_transfer *t, u8 *data, u8 *meta)
{
	u16 status = 0;

	nvmm_load(t, data, meta);
	if (nvmm_pi_type(t->ns))
		status = nvmm_check_pi(t, data, meta);
	if (status)
		return status;
	nvmm_move(t, data, 1U << t->ns->shift, true);
	nvmm_move_meta(t, meta, true);
	return 0;
}

static u16 nvmm_compare_block(struct nvmm_transfer *t, u8 *data, u8 *meta)
{
	u32 bytes = 1U << t->ns->shift, ms = nvmm_ms(t->ns);
	u8 *other = meta + ms, *other_meta = other + bytes;

	nvmm_load(t, data, meta);
	nvmm_move(t, other, bytes, false);
	nvmm_move_meta(t, other_meta, false);
	if (memcmp(data, other, bytes) || memcmp(meta, other_meta, ms))
		return NVMM_DNR(NVME_SC_COMPARE_FAILED);
	return 0;
}

static u16 nvmm_move_block(struct nvmm_transfer *t)
{
	u8 *data = t->ctrl->block, *meta = data + (1U << t->ns->shift);

	switch (t->rw->opcode) {
	case nvme_cmd_read:
		return nvmm_read_block(t, data, meta);
	case nvme_cmd_compare:
		return nvmm_compare_block(t, data, meta);
	}
	return nvmm_write_block(t, data, meta);
}

/* Where the host has data and metadata. */
static u16 nvmm_map_transfer(struct nvmm_transfer *t, const struct nvme_command *sqe,
			     u32 blocks)
{
	u32 ms = nvmm_ms(t->ns), bytes = 1U << t->ns->shift;
	u64 address = le64_to_cpu(t->rw->metadata);
	u16 status;

	if (nvmm_is_stripped(t))
		t->ctrl->counts[NVMM_STRIPPED]++;
	else if (t->ns->extended)
		bytes += ms;
	status = nvmm_data_map(t->ctrl, sqe, (u64)blocks * bytes);
	if (status || t->ns->extended || nvmm_is_stripped(t))
		return status;
	if (!address || address % sizeof(u32)) {
		nvmm_breach(t->ctrl, NVMM_METADATA, "%u blocks, MPTR is %#llx", blocks,
			    address);
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	}
	t->meta = nvmm_memory(t->ctrl, address, (u64)blocks * ms);
	return t->meta ? 0 : NVMM_DNR(NVME_SC_DATA_XFER_ERROR);
}

/**
 * nvmm_protected_rw - execute a read, write or compare of blocks with metadata
 * @ctrl: the controller
 * @ns: the namespace
 * @sqe: the command, of blocks that there are
 *
 * Return: a status of NVMe; blocks before the one that is wrong are moved.
 */
u16 nvmm_protected_rw(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns,
		      const struct nvme_command *sqe)
{
	u32 blocks = le16_to_cpu(sqe->rw.length) + 1;
	struct nvmm_transfer t;
	u16 status;

	nvmm_transfer_begin(&t, ctrl, ns, &sqe->rw);
	status = nvmm_check_info(&t);
	if (!status)
		status = nvmm_map_transfer(&t, sqe, blocks);
	for (; blocks && !status; blocks--) {
		status = nvmm_move_block(&t);
		nvmm_next(&t);
	}
	return status;
}

/** nvmm_meta_zero - execute Write Zeroes as to metadata; return: a status of NVMe */
u16 nvmm_meta_zero(struct nvmm_ns *ns, const struct nvme_rw_command *rw)
{
	u32 blocks = le16_to_cpu(rw->length) + 1;
	struct nvmm_ctrl *ctrl = ns->ctrl;
	struct nvmm_transfer t;
	u16 status;
	u8 *meta;

	if (!nvmm_ms(ns))
		return 0;
	nvmm_transfer_begin(&t, ctrl, ns, rw);
	status = nvmm_check_info(&t);
	memset(ctrl->block, 0, 1U << ns->shift);
	for (; blocks && !status; blocks--) {
		meta = nvmm_meta_of(ns, t.lba, true);
		if (!meta)
			return NVME_SC_WRITE_FAULT;
		memset(meta, 0, nvmm_ms(ns));
		if (nvmm_pi_type(ns) && t.control & NVME_RW_PRINFO_PRACT)
			nvmm_make_pi(&t, ctrl->block, meta);
		nvmm_next(&t);
	}
	return status;
}
