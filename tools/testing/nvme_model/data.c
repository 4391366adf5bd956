// SPDX-License-Identifier: GPL-2.0
/*
 * Where the data of a command lies: PRP entries and lists, SGLs, with all that the
 * specification asks of them. nvmm_data_map() makes pieces of it, which the functions
 * that copy then use. What the driver names must be memory at all; whether it was
 * mapped for the device cannot be seen, as a DMA address is a physical one here.
 *
 * Context: the thread of the controller.
 */
#include <linux/io.h>
#include <linux/mm.h>

#include "nvme_model.h"

#define NVMM_PRPS	(NVMM_PAGE / sizeof(__le64))

/**
 * nvmm_memory - memory of the driver's
 * @ctrl: the controller
 * @address: DMA address
 * @bytes: how much
 *
 * Return: where it is, or NULL if there is no such memory, which is a breach.
 */
void *nvmm_memory(struct nvmm_ctrl *ctrl, u64 address, u64 bytes)
{
	/* Page 0 is what a driver names that forgot the address. */
	if (address >= NVMM_PAGE && pfn_valid(PHYS_PFN(address)) &&
	    pfn_valid(PHYS_PFN(address + bytes - 1)) && address + bytes > address)
		return phys_to_virt(address);
	nvmm_breach(ctrl, NVMM_ADDRESS, "%llu bytes at %#llx are not memory", bytes,
		    address);
	return NULL;
}

static u16 nvmm_add_piece(struct nvmm_ctrl *ctrl, u64 address, u32 bytes)
{
	void *at;

	if (ctrl->nr_pieces == NVMM_MAX_PIECES)
		return NVME_SC_INVALID_FIELD | NVME_STATUS_DNR;
	at = nvmm_memory(ctrl, address, bytes);
	if (!at)
		return NVME_SC_DATA_XFER_ERROR | NVME_STATUS_DNR;
	ctrl->pieces[ctrl->nr_pieces++] = (struct nvmm_piece){ at, bytes };
	return 0;
}

/* --- PRP ------------------------------------------------------------------------ */

/* All entries but the first begin a page. */
static u16 nvmm_add_prp(struct nvmm_ctrl *ctrl, u64 prp, u32 bytes)
{
	if (prp % NVMM_PAGE) {
		nvmm_breach(ctrl, NVMM_PRP_OFFSET, "%#llx is no page", prp);
		return NVME_SC_PRP_INVALID_OFFSET | NVME_STATUS_DNR;
	}
	return nvmm_add_piece(ctrl, prp, bytes);
}

/*
 * The last entry of a list that is not enough names the next list, which begins a
 * page; the first one may begin anywhere in a page.
 */
static u16 nvmm_map_list(struct nvmm_ctrl *ctrl, u64 address, u32 bytes)
{
	u32 room = NVMM_PRPS - address % NVMM_PAGE / sizeof(__le64);
	const __le64 *list;
	u16 status;

	if (address % sizeof(__le64)) {
		nvmm_breach(ctrl, NVMM_PRP_LIST, "a list at %#llx", address);
		return NVME_SC_PRP_INVALID_OFFSET | NVME_STATUS_DNR;
	}
	list = nvmm_memory(ctrl, address, room * sizeof(__le64));
	while (list && bytes) {
		u64 entry = le64_to_cpu(READ_ONCE(*list));
		u32 n = min(bytes, NVMM_PAGE);

		if (room == 1 && bytes > NVMM_PAGE) {
			if (entry % NVMM_PAGE) {
				nvmm_breach(ctrl, NVMM_PRP_LIST,
					    "the next list at %#llx", entry);
				return NVME_SC_PRP_INVALID_OFFSET | NVME_STATUS_DNR;
			}
			list = nvmm_memory(ctrl, entry, NVMM_PAGE);
			room = NVMM_PRPS;
			continue;
		}
		status = nvmm_add_prp(ctrl, entry, n);
		if (status)
			return status;
		bytes -= n;
		list++;
		room--;
	}
	return list ? 0 : NVME_SC_DATA_XFER_ERROR | NVME_STATUS_DNR;
}

static u16 nvmm_map_prp(struct nvmm_ctrl *ctrl, u64 prp1, u64 prp2, u32 bytes)
{
	u32 n = min_t(u32, bytes, NVMM_PAGE - prp1 % NVMM_PAGE);
	u16 status;

	if (prp1 % sizeof(__le32)) {
		nvmm_breach(ctrl, NVMM_PRP_OFFSET, "PRP1 is %#llx", prp1);
		return NVME_SC_PRP_INVALID_OFFSET | NVME_STATUS_DNR;
	}
	status = nvmm_add_piece(ctrl, prp1, n);
	bytes -= n;
	if (status)
		return status;
	if (!bytes) {
		if (prp2)
			nvmm_breach(ctrl, NVMM_PRP2_RESERVED,
				    "%#llx with data in one page", prp2);
		return 0;
	}
	if (bytes <= NVMM_PAGE)
		return nvmm_add_prp(ctrl, prp2, bytes);
	return nvmm_map_list(ctrl, prp2, bytes);
}

/* --- SGL ------------------------------------------------------------------------ */

static u16 nvmm_bad_sgl(struct nvmm_ctrl *ctrl, u16 status, const char *what, u64 value)
{
	nvmm_breach(ctrl, NVMM_SGL, "%s: %#llx", what, value);
	return status | NVME_STATUS_DNR;
}

/* A data block: takes from @bytes what it describes. */
static u16 nvmm_map_block(struct nvmm_ctrl *ctrl, const struct nvme_sgl_desc *desc,
			  u32 *bytes)
{
	u32 len = le32_to_cpu(desc->length);
	u16 status;

	if (desc->type)
		return nvmm_bad_sgl(ctrl, NVME_SC_SGL_INVALID_TYPE, "type", desc->type);
	if (len > *bytes)
		return nvmm_bad_sgl(ctrl, NVME_SC_SGL_INVALID_DATA,
				    "bytes more than the data", len - *bytes);
	if (!len)
		return 0;
	status = nvmm_add_piece(ctrl, le64_to_cpu(desc->addr), len);
	if (!status)
		*bytes -= len;
	return status;
}

static bool nvmm_is_segment(const struct nvme_sgl_desc *desc)
{
	return desc->type == NVME_SGL_FMT_SEG_DESC << 4 ||
	       desc->type == NVME_SGL_FMT_LAST_SEG_DESC << 4;
}

/* One segment; if another one follows, @next is its descriptor. */
static u16 nvmm_map_segment(struct nvmm_ctrl *ctrl, const struct nvme_sgl_desc *seg,
			    u32 *bytes, struct nvme_sgl_desc *next, bool *more)
{
	u32 n = le32_to_cpu(seg->length) / sizeof(*seg), i;
	const struct nvme_sgl_desc *desc;
	u16 status;

	*more = false;
	if (!n || le32_to_cpu(seg->length) % sizeof(*seg))
		return nvmm_bad_sgl(ctrl, NVME_SC_SGL_INVALID_COUNT, "segment bytes",
				    le32_to_cpu(seg->length));
	desc = nvmm_memory(ctrl, le64_to_cpu(seg->addr), le32_to_cpu(seg->length));
	if (!desc)
		return NVME_SC_DATA_XFER_ERROR | NVME_STATUS_DNR;
	for (i = 0; i < n; i++, desc++) {
		if (nvmm_is_segment(desc)) {
			if (i != n - 1 || seg->type == NVME_SGL_FMT_LAST_SEG_DESC << 4)
				return nvmm_bad_sgl(ctrl, NVME_SC_SGL_INVALID_LAST,
						    "segment descriptor", i);
			*next = *desc;
			*more = true;
			return 0;
		}
		status = nvmm_map_block(ctrl, desc, bytes);
		if (status)
			return status;
	}
	if (seg->type == NVME_SGL_FMT_SEG_DESC << 4)
		return nvmm_bad_sgl(ctrl, NVME_SC_SGL_INVALID_LAST,
				    "no segment follows, descriptors", n);
	return 0;
}

static u16 nvmm_map_sgl(struct nvmm_ctrl *ctrl, const struct nvme_sgl_desc *desc,
			u32 bytes)
{
	struct nvme_sgl_desc seg = *desc, next;
	bool more = nvmm_is_segment(desc);
	unsigned int limit = NVMM_MAX_PIECES;
	u16 status = 0;

	if (!ctrl->config.sgl)
		return nvmm_bad_sgl(ctrl, NVME_SC_INVALID_FIELD, "not supported", 0);
	if (!more)
		status = nvmm_map_block(ctrl, desc, &bytes);
	while (more && !status && limit--) {
		status = nvmm_map_segment(ctrl, &seg, &bytes, &next, &more);
		seg = next;
	}
	if (!status && bytes)
		return nvmm_bad_sgl(ctrl, NVME_SC_SGL_INVALID_DATA,
				    "bytes that are missing", bytes);
	return status;
}

/* --- use ------------------------------------------------------------------------- */

/**
 * nvmm_data_map - find where the data of a command lies
 * @ctrl: the controller; its pieces are set
 * @sqe: the command
 * @bytes: how much data it has
 *
 * Return: 0 or a status of NVMe.
 */
u16 nvmm_data_map(struct nvmm_ctrl *ctrl, const struct nvme_command *sqe, u64 bytes)
{
	const union nvme_data_ptr *dptr = &sqe->common.dptr;

	ctrl->nr_pieces = 0;
	if (!bytes)
		return 0;
	if (bytes > U32_MAX || (ctrl->config.mdts && bytes > NVMM_PAGE << ctrl->config.mdts)) {
		nvmm_breach(ctrl, NVMM_TOO_LARGE, "%llu bytes, opcode %#x", bytes,
			    sqe->common.opcode);
		return NVME_SC_INVALID_FIELD | NVME_STATUS_DNR;
	}
	if (sqe->common.flags & NVME_CMD_SGL_ALL)
		return nvmm_map_sgl(ctrl, &dptr->sgl, bytes);
	return nvmm_map_prp(ctrl, le64_to_cpu(dptr->prp1), le64_to_cpu(dptr->prp2),
			    bytes);
}

/** nvmm_data_to_host - write at most @bytes to where nvmm_data_map() found */
void nvmm_data_to_host(struct nvmm_ctrl *ctrl, const void *from, u32 bytes)
{
	unsigned int i;

	for (i = 0; i < ctrl->nr_pieces && bytes; i++) {
		u32 n = min(bytes, ctrl->pieces[i].bytes);

		memcpy(ctrl->pieces[i].at, from, n);
		from += n;
		bytes -= n;
	}
}

/** nvmm_data_from_host - read at most @bytes from where nvmm_data_map() found */
void nvmm_data_from_host(struct nvmm_ctrl *ctrl, void *to, u32 bytes)
{
	unsigned int i;

	for (i = 0; i < ctrl->nr_pieces && bytes; i++) {
		u32 n = min(bytes, ctrl->pieces[i].bytes);

		memcpy(to, ctrl->pieces[i].at, n);
		to += n;
		bytes -= n;
	}
}

static void nvmm_patch_byte(struct nvmm_ctrl *ctrl, u32 offset, u8 byte)
{
	unsigned int i;

	for (i = 0; i < ctrl->nr_pieces; i++) {
		if (offset < ctrl->pieces[i].bytes) {
			*((u8 *)ctrl->pieces[i].at + offset) = byte;
			return;
		}
		offset -= ctrl->pieces[i].bytes;
	}
}

/** nvmm_data_patch - change the data that the driver gets, as rules say */
void nvmm_data_patch(struct nvmm_ctrl *ctrl, const struct nvmm_effect *fx)
{
	unsigned int i, k;

	for (i = 0; i < fx->nr_patches; i++)
		for (k = 0; k < fx->patches[i].len; k++)
			nvmm_patch_byte(ctrl, fx->patches[i].offset + k,
					fx->patches[i].bytes[k]);
}
