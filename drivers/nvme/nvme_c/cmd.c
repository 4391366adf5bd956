// SPDX-License-Identifier: GPL-2.0
/*
 * Commands and statuses: values in, wire format out, and back. No state, no
 * device. The builders leave out the command id and the data pointer: those are
 * the business of who sends the command.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/string.h>

#include "cmd.h"

void nvmec_cmd_flush(struct nvme_command *cmd, u32 nsid)
{
	*cmd = (struct nvme_command) {
		.common = {
			.opcode		= nvme_cmd_flush,
			.nsid		= cpu_to_le32(nsid),
		},
	};
}

void nvmec_cmd_discard(struct nvme_command *cmd, u32 nsid, unsigned int nr)
{
	*cmd = (struct nvme_command) {
		.dsm = {
			.opcode		= nvme_cmd_dsm,
			.nsid		= cpu_to_le32(nsid),
			.nr		= cpu_to_le32(nr - 1),
			.attributes	= cpu_to_le32(NVME_DSMGMT_AD),
		},
	};
}

/* @first is the zone's first block; with @all, all zones for which it makes sense. */
void nvmec_cmd_zone(struct nvme_command *cmd, u32 nsid, u64 first, u8 action,
		    bool all)
{
	*cmd = (struct nvme_command) {
		.zms = {
			.opcode		= nvme_cmd_zone_mgmt_send,
			.nsid		= cpu_to_le32(nsid),
			.slba		= cpu_to_le64(first),
			.zsa		= action,
			.select_all	= all,
		},
	};
}

/**
 * nvmec_op_zone_action - what an operation of the block layer does to zones
 * @op: REQ_OP_ZONE_OPEN, _CLOSE, _FINISH, _RESET or _RESET_ALL
 *
 * Return: the action for nvmec_cmd_zone().
 */
u8 nvmec_op_zone_action(enum req_op op)
{
	switch (op) {
	case REQ_OP_ZONE_OPEN:
		return NVME_ZONE_OPEN;
	case REQ_OP_ZONE_CLOSE:
		return NVME_ZONE_CLOSE;
	case REQ_OP_ZONE_FINISH:
		return NVME_ZONE_FINISH;
	default:
		return NVME_ZONE_RESET;
	}
}

void nvmec_cmd_identify(struct nvme_command *cmd, u8 cns, u32 nsid, u8 csi)
{
	*cmd = (struct nvme_command) {
		.identify = {
			.opcode		= nvme_admin_identify,
			.nsid		= cpu_to_le32(nsid),
			.cns		= cns,
			.csi		= csi,
		},
	};
}

void nvmec_cmd_set_feature(struct nvme_command *cmd, u8 fid, u32 value)
{
	*cmd = (struct nvme_command) {
		.features = {
			.opcode		= nvme_admin_set_features,
			.fid		= cpu_to_le32(fid),
			.dword11	= cpu_to_le32(value),
		},
	};
}

/* @selector is what the feature itself takes in dword 11. */
void nvmec_cmd_get_feature(struct nvme_command *cmd, u8 fid, u32 selector)
{
	*cmd = (struct nvme_command) {
		.features = {
			.opcode		= nvme_admin_get_features,
			.fid		= cpu_to_le32(fid),
			.dword11	= cpu_to_le32(selector),
		},
	};
}

void nvmec_cmd_get_log(struct nvme_command *cmd, u8 lid, unsigned int bytes)
{
	u32 dwords = bytes / sizeof(u32) - 1;

	*cmd = (struct nvme_command) {
		.get_log_page = {
			.opcode		= nvme_admin_get_log_page,
			.nsid		= cpu_to_le32(NVME_NSID_ALL),
			.lid		= lid,
			.numdl		= cpu_to_le16(dwords & 0xffff),
			.numdu		= cpu_to_le16(dwords >> 16),
		},
	};
}

void nvmec_cmd_create_cq(struct nvme_command *cmd, u16 id, unsigned int depth,
			 dma_addr_t ring, bool irq, u16 vector)
{
	u16 flags = NVME_QUEUE_PHYS_CONTIG;

	if (irq)
		flags |= NVME_CQ_IRQ_ENABLED;
	*cmd = (struct nvme_command) {
		.create_cq = {
			.opcode		= nvme_admin_create_cq,
			.prp1		= cpu_to_le64(ring),
			.cqid		= cpu_to_le16(id),
			.qsize		= cpu_to_le16(depth - 1),
			.cq_flags	= cpu_to_le16(flags),
			.irq_vector	= cpu_to_le16(irq ? vector : 0),
		},
	};
}

void nvmec_cmd_create_sq(struct nvme_command *cmd, u16 id, unsigned int depth,
			 dma_addr_t ring)
{
	*cmd = (struct nvme_command) {
		.create_sq = {
			.opcode		= nvme_admin_create_sq,
			.prp1		= cpu_to_le64(ring),
			.sqid		= cpu_to_le16(id),
			.qsize		= cpu_to_le16(depth - 1),
			.sq_flags	= cpu_to_le16(NVME_QUEUE_PHYS_CONTIG |
						      NVME_SQ_PRIO_MEDIUM),
			.cqid		= cpu_to_le16(id),
		},
	};
}

void nvmec_cmd_delete_queue(struct nvme_command *cmd, u8 opcode, u16 id)
{
	*cmd = (struct nvme_command) {
		.delete_queue = {
			.opcode		= opcode,
			.qid		= cpu_to_le16(id),
		},
	};
}

void nvmec_cmd_abort(struct nvme_command *cmd, u16 sqid, u16 id)
{
	*cmd = (struct nvme_command) {
		.abort = {
			.opcode		= nvme_admin_abort_cmd,
			.sqid		= cpu_to_le16(sqid),
			.cid		= nvmec_wire_id(id),
		},
	};
}

void nvmec_cmd_shadows(struct nvme_command *cmd, dma_addr_t shadows,
		       dma_addr_t events)
{
	*cmd = (struct nvme_command) {
		.dbbuf = {
			.opcode		= nvme_admin_dbbuf,
			.prp1		= cpu_to_le64(shadows),
			.prp2		= cpu_to_le64(events),
		},
	};
}

/**
 * nvmec_status_to_blk - what a status means to the block layer
 * @status: from a completion, without the phase bit
 *
 * What is not listed is BLK_STS_IOERR: an error, and not to be explained.
 *
 * Return: the block layer's status for it.
 */
blk_status_t nvmec_status_to_blk(u16 status)
{
	switch (status & NVME_SCT_SC_MASK) {
	case NVME_SC_SUCCESS:
		return BLK_STS_OK;
	case NVME_SC_CAP_EXCEEDED:
		return BLK_STS_NOSPC;
	case NVME_SC_LBA_RANGE:
	case NVME_SC_NS_NOT_READY:
	case NVME_SC_CMD_INTERRUPTED:
	case NVME_SC_NS_WRITE_PROTECTED:
	case NVME_SC_READ_ONLY:
		return BLK_STS_TARGET;
	case NVME_SC_INVALID_OPCODE:
	case NVME_SC_INVALID_FIELD:
	case NVME_SC_INVALID_NS:
	case NVME_SC_BAD_ATTRIBUTES:
		return BLK_STS_NOTSUPP;
	case NVME_SC_WRITE_FAULT:
	case NVME_SC_READ_ERROR:
	case NVME_SC_UNWRITTEN_BLOCK:
	case NVME_SC_COMPARE_FAILED:
	case NVME_SC_ACCESS_DENIED:
		return BLK_STS_MEDIUM;
	case NVME_SC_GUARD_CHECK:
	case NVME_SC_APPTAG_CHECK:
	case NVME_SC_REFTAG_CHECK:
	case NVME_SC_INVALID_PI:
		return BLK_STS_PROTECTION;
	case NVME_SC_ZONE_TOO_MANY_ACTIVE:
		return BLK_STS_ZONE_ACTIVE_RESOURCE;
	case NVME_SC_ZONE_TOO_MANY_OPEN:
		return BLK_STS_ZONE_OPEN_RESOURCE;
	case NVME_SC_RESERVATION_CONFLICT:
		return BLK_STS_RESV_CONFLICT;
	default:
		return BLK_STS_IOERR;
	}
}

/**
 * nvmec_status_of_way - has a status to do with the controller that was asked
 * @status: from a completion, without the phase bit
 *
 * That is all of the path related type; one that says that to try again is of no use
 * means any controller. A namespace that this one does not have others may have, whatever
 * it says about that.
 *
 * Return: true if another controller of the subsystem may do what this one did not.
 */
bool nvmec_status_of_way(u16 status)
{
	if ((status & NVME_SCT_SC_MASK) == NVME_SC_INVALID_NS)
		return true;
	return (status & NVME_SCT_MASK) == NVME_SCT_PATH && !(status & NVME_STATUS_DNR);
}

/**
 * nvmec_status_passes - may a command succeed the next time
 * @status: of one that failed, from a completion, without the phase bit
 *
 * A controller that does not know a command may say so without a word on trying again.
 *
 * Return: true if that is of use.
 */
bool nvmec_status_passes(u16 status)
{
	unsigned int code = status & NVME_SCT_SC_MASK;

	return !(status & NVME_STATUS_DNR) && code != NVME_SC_INVALID_FIELD &&
	       code != NVME_SC_INVALID_OPCODE;
}

/* The retry delay that a status asks for: an index, 0 for none. */
unsigned int nvmec_status_crd(u16 status)
{
	return FIELD_GET(NVME_STATUS_CRD, status);
}

/**
 * nvmec_op_opcode - the opcode of the command for an operation
 * @op: of a request that does not bring its command
 *
 * Return: of the NVM or zoned command set; an operation that has no command is none that
 * is sent, and a flush as good as any.
 */
u8 nvmec_op_opcode(enum req_op op)
{
	switch (op) {
	case REQ_OP_READ:
		return nvme_cmd_read;
	case REQ_OP_WRITE:
		return nvme_cmd_write;
	case REQ_OP_DISCARD:
		return nvme_cmd_dsm;
	case REQ_OP_WRITE_ZEROES:
		return nvme_cmd_write_zeroes;
	case REQ_OP_ZONE_APPEND:
		return nvme_cmd_zone_append;
	case REQ_OP_ZONE_OPEN:
	case REQ_OP_ZONE_CLOSE:
	case REQ_OP_ZONE_FINISH:
	case REQ_OP_ZONE_RESET:
	case REQ_OP_ZONE_RESET_ALL:
		return nvme_cmd_zone_mgmt_send;
	default:
		return nvme_cmd_flush;
	}
}
