/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands and statuses: values in, wire format out, and back.
 */
#ifndef _NVMEC_CMD_H
#define _NVMEC_CMD_H

#include <linux/blk_types.h>
#include <linux/nvme.h>
#include <linux/types.h>

/**
 * struct nvmec_range - blocks of a namespace
 * @nsid: the namespace
 * @first: the first logical block
 * @blocks: how many, 1 to 65536
 */
struct nvmec_range {
	u32	nsid;
	u64	first;
	u32	blocks;
};

/* A command id as it stands in a command: linux/nvme.h leaves its order open. */
static inline __u16 nvmec_wire_id(u16 id)
{
	return (__force __u16)cpu_to_le16(id);
}

/*
 * Read, write, and write zeroes, which has the same layout; without data. The fields are
 * written one by one, because clearing the whole command first takes longer.
 */
static inline void nvmec_cmd_rw(struct nvme_command *cmd, u8 opcode,
				const struct nvmec_range *range, u16 control)
{
	struct nvme_rw_command *rw = &cmd->rw;

	static_assert(offsetof(struct nvme_write_zeroes_cmd, length) ==
		      offsetof(struct nvme_rw_command, length));

	rw->opcode = opcode;
	rw->flags = 0;
	rw->command_id = 0;
	rw->nsid = cpu_to_le32(range->nsid);
	rw->cdw2 = 0;
	rw->cdw3 = 0;
	rw->metadata = 0;
	rw->dptr.prp1 = 0;
	rw->dptr.prp2 = 0;
	rw->slba = cpu_to_le64(range->first);
	rw->length = cpu_to_le16(range->blocks - 1);
	rw->control = cpu_to_le16(control);
	rw->dsmgmt = 0;
	rw->reftag = 0;
	rw->lbat = 0;
	rw->lbatm = 0;
}

/* Says in a write by which placement id: in bits 23:20 of dword 12 that, in dword 13 which. */
static inline void nvmec_cmd_place(struct nvme_command *cmd, u16 pid)
{
	const u16 placement = 2 << 4;

	cmd->rw.control |= cpu_to_le16(placement);
	cmd->rw.dsmgmt |= cpu_to_le32((u32)pid << 16);
}

void nvmec_cmd_flush(struct nvme_command *cmd, u32 nsid);
void nvmec_cmd_discard(struct nvme_command *cmd, u32 nsid, unsigned int nr);
void nvmec_cmd_zone(struct nvme_command *cmd, u32 nsid, u64 first, u8 action,
		    bool all);
u8 nvmec_op_zone_action(enum req_op op);
void nvmec_cmd_identify(struct nvme_command *cmd, u8 cns, u32 nsid, u8 csi);
void nvmec_cmd_set_feature(struct nvme_command *cmd, u8 fid, u32 value);
void nvmec_cmd_get_feature(struct nvme_command *cmd, u8 fid, u32 selector);
void nvmec_cmd_get_log(struct nvme_command *cmd, u8 lid, unsigned int bytes);
void nvmec_cmd_create_cq(struct nvme_command *cmd, u16 id, unsigned int depth,
			 dma_addr_t ring, bool irq, u16 vector);
void nvmec_cmd_create_sq(struct nvme_command *cmd, u16 id, unsigned int depth,
			 dma_addr_t ring);
void nvmec_cmd_delete_queue(struct nvme_command *cmd, u8 opcode, u16 id);
void nvmec_cmd_abort(struct nvme_command *cmd, u16 sqid, u16 id);
void nvmec_cmd_shadows(struct nvme_command *cmd, dma_addr_t shadows,
		       dma_addr_t events);

blk_status_t nvmec_status_to_blk(u16 status);
bool nvmec_status_of_way(u16 status);
bool nvmec_status_passes(u16 status);
unsigned int nvmec_status_crd(u16 status);
u8 nvmec_op_opcode(enum req_op op);

#endif /* _NVMEC_CMD_H */
