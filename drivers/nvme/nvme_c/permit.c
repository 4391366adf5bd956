// SPDX-License-Identifier: GPL-2.0
/*
 * Who may send which command, and how much data it moves: values in, an answer out.
 * No state, no device.
 *
 * Whoever may open a device for I/O shall be able to do what the block device lets him
 * do, and to ask what the controller is. The rest takes CAP_SYS_ADMIN, which the caller
 * looks at. A few commands nobody may send, because the driver could not work on.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/nvme.h>

#include "meta.h"
#include "user.h"

/* First opcode of those that a vendor gives a meaning to. */
#define NVMEC_FIRST_VENDOR	0x80

/* Blocks of a command, counted from 0, stand here in dword 12. */
#define NVMEC_NLB_MASK		GENMASK(15, 0)
/* Action of a zone management send that brings data. */
#define NVMEC_ZSA_MASK		GENMASK(7, 0)
#define NVMEC_ZSA_SET_EXTENSION	0x10

/* What a command without another effect than on the data it names may have. */
#define NVMEC_HARMLESS		(NVME_CMD_EFFECTS_CSUPP | NVME_CMD_EFFECTS_LBCC | \
				 NVME_CMD_EFFECTS_UUID_SEL | \
				 NVME_CMD_EFFECTS_SCOPE_MASK)

static bool nvmec_driver_owns_feature(u8 fid)
{
	switch (fid) {
	case NVME_FEAT_NUM_QUEUES:
	case NVME_FEAT_AUTO_PST:
	case NVME_FEAT_HOST_MEM_BUF:
	case NVME_FEAT_KATO:
	case NVME_FEAT_HOST_BEHAVIOR:
		return true;
	default:
		return false;
	}
}

/**
 * nvmec_driver_owns - is it a command that nobody but the driver may send
 * @ucmd: the command
 *
 * Queues, events, shadow doorbells, and features that say how driver and controller
 * deal with each other: NVM Express Base Specification, sections on the admin command
 * set and on features.
 *
 * Context: Any.
 * Return: true if it is refused, whoever asks.
 */
bool nvmec_driver_owns(const struct nvmec_ucmd *ucmd)
{
	if (!ucmd->admin)
		return false;
	switch (ucmd->cmd.common.opcode) {
	case nvme_admin_create_cq:
	case nvme_admin_create_sq:
	case nvme_admin_delete_cq:
	case nvme_admin_delete_sq:
	case nvme_admin_async_event:
	case nvme_admin_dbbuf:
		return true;
	case nvme_admin_set_features:
		return nvmec_driver_owns_feature(le32_to_cpu(ucmd->cmd.common.cdw10));
	default:
		return false;
	}
}

/**
 * nvmec_only_asks - is it an admin command that says what there is
 * @ucmd: the command
 *
 * It changes nothing, whatever the controller says of its effects: who may ask could hold
 * up all I/O otherwise.
 *
 * Context: Any.
 * Return: true if it has no effect to be looked at.
 */
bool nvmec_only_asks(const struct nvmec_ucmd *ucmd)
{
	if (!ucmd->admin)
		return false;
	switch (ucmd->cmd.common.opcode) {
	case nvme_admin_identify:
	case nvme_admin_get_log_page:
	case nvme_admin_get_features:
		return true;
	default:
		return false;
	}
}

static bool nvmec_anyone_may_identify(const struct nvme_command *cmd)
{
	switch (cmd->identify.cns) {
	case NVME_ID_CNS_NS:
	case NVME_ID_CNS_CTRL:
	case NVME_ID_CNS_CS_NS:
	case NVME_ID_CNS_CS_CTRL:
	case NVME_ID_CNS_NS_CS_INDEP:
		return true;
	default:
		return false;
	}
}

/**
 * nvmec_anyone_may - is it a command that takes no capability
 * @ucmd: the command; if it is for a namespace, for that of the device that is open
 * @effects: what it does, by the controller or the specification
 * @may_write: the device is open for writing
 *
 * Of the admin commands only what says what there is. Of the others those that do
 * nothing but to the data that they name, whose length is known, so that neither side
 * can go beyond a buffer that is too short.
 *
 * Context: Any.
 * Return: false if it takes CAP_SYS_ADMIN.
 */
bool nvmec_anyone_may(const struct nvmec_ucmd *ucmd, u32 effects, bool may_write)
{
	const struct nvme_command *cmd = &ucmd->cmd;

	if (ucmd->admin)
		return cmd->common.opcode == nvme_admin_identify &&
		       nvmec_anyone_may_identify(cmd);
	if (cmd->common.opcode >= NVMEC_FIRST_VENDOR ||
	    cmd->common.opcode == nvme_fabrics_command)
		return false;
	if (!(effects & NVME_CMD_EFFECTS_CSUPP) || (effects & ~NVMEC_HARMLESS))
		return false;
	if (!nvmec_moves_blocks(ucmd) &&
	    nvmec_least_bytes(ucmd, 0, NULL) == NVMEC_BYTES_UNKNOWN)
		return false;
	if (nvme_is_write(cmd) || (effects & NVME_CMD_EFFECTS_LBCC))
		return may_write;
	return true;
}

/*
 * Bytes of dwords that are counted from 0. More than 32 bits can say is more than any
 * buffer has.
 */
static u32 nvmec_dword_bytes(u32 dwords)
{
	if (dwords >= U32_MAX / sizeof(u32))
		return NVMEC_BYTES_UNKNOWN - 1;
	return (dwords + 1) * sizeof(u32);
}

static u32 nvmec_admin_bytes(const struct nvme_command *cmd)
{
	switch (cmd->common.opcode) {
	case nvme_admin_identify:
		return NVME_IDENTIFY_DATA_SIZE;
	case nvme_admin_get_log_page:
		return nvmec_dword_bytes(le16_to_cpu(cmd->get_log_page.numdl) |
					 (u32)le16_to_cpu(cmd->get_log_page.numdu) << 16);
	case nvme_admin_download_fw:
		return nvmec_dword_bytes(le32_to_cpu(cmd->common.cdw10));
	default:
		return NVMEC_BYTES_UNKNOWN;
	}
}

/**
 * nvmec_moves_blocks - does a command move as many blocks as dword 12 says
 * @ucmd: the command
 *
 * With their metadata, if they have any.
 *
 * Context: Any.
 * Return: true if it does.
 */
bool nvmec_moves_blocks(const struct nvmec_ucmd *ucmd)
{
	if (ucmd->admin)
		return false;
	switch (ucmd->cmd.common.opcode) {
	case nvme_cmd_read:
	case nvme_cmd_write:
	case nvme_cmd_compare:
	case nvme_cmd_zone_append:
		return true;
	default:
		return false;
	}
}

static u32 nvmec_blocks(const struct nvme_command *cmd)
{
	return (le32_to_cpu(cmd->common.cdw12) & NVMEC_NLB_MASK) + 1;
}

/* Metadata that the controller makes, and takes off: it is not moved. Of a compare it is. */
static bool nvmec_keeps_meta(const struct nvme_command *cmd, const struct nvmec_meta *meta)
{
	return cmd->common.opcode != nvme_cmd_compare && nvmec_meta_strips(meta) &&
	       le16_to_cpu(cmd->rw.control) & NVME_RW_PRINFO_PRACT;
}

/**
 * nvmec_blocks_bytes - nvmec_least_bytes() of a command that moves blocks
 * @ucmd: nvmec_moves_blocks() is true
 * @lba_shift: log2 of the logical block size in bytes
 * @meta: what the blocks have beside, or NULL
 *
 * Context: Any.
 * Return: bytes.
 */
u32 nvmec_blocks_bytes(const struct nvmec_ucmd *ucmd, u8 lba_shift,
		       const struct nvmec_meta *meta)
{
	const struct nvme_command *cmd = &ucmd->cmd;
	u64 block = 1ULL << lba_shift;

	if (meta && meta->extended && !nvmec_keeps_meta(cmd, meta))
		block += meta->bytes;
	return min_t(u64, nvmec_blocks(cmd) * block, NVMEC_BYTES_UNKNOWN - 1);
}

/**
 * nvmec_least_meta_bytes - how long the buffer for metadata of a command must be
 * @ucmd: the command, for a namespace
 * @meta: what its blocks have
 *
 * The controller would go on beyond a buffer that is shorter, or to memory at address 0
 * if there is none.
 *
 * Context: Any.
 * Return: bytes.
 */
u32 nvmec_least_meta_bytes(const struct nvmec_ucmd *ucmd, const struct nvmec_meta *meta)
{
	if (!nvmec_moves_blocks(ucmd) || meta->extended ||
	    nvmec_keeps_meta(&ucmd->cmd, meta))
		return 0;
	return min_t(u64, (u64)nvmec_blocks(&ucmd->cmd) * meta->bytes, U32_MAX);
}

/**
 * nvmec_least_bytes - how long the buffer of a command must be
 * @ucmd: the command
 * @lba_shift: log2 of the logical block size in bytes, if it is for a namespace
 * @meta: what the blocks have beside, or NULL
 *
 * Either side would go on beyond a buffer that is shorter: a PRP list has no length.
 *
 * Context: Any.
 * Return: bytes, or NVMEC_BYTES_UNKNOWN.
 */
u32 nvmec_least_bytes(const struct nvmec_ucmd *ucmd, u8 lba_shift,
		      const struct nvmec_meta *meta)
{
	const struct nvme_command *cmd = &ucmd->cmd;
	u32 cdw12 = le32_to_cpu(cmd->common.cdw12);

	if (ucmd->admin)
		return nvmec_admin_bytes(cmd);
	if (nvmec_moves_blocks(ucmd))
		return nvmec_blocks_bytes(ucmd, lba_shift, meta);
	switch (cmd->common.opcode) {
	case nvme_cmd_flush:
	case nvme_cmd_write_zeroes:
	case nvme_cmd_write_uncor:
	case nvme_cmd_verify:
		return 0;
	case nvme_cmd_dsm:
		return ((le32_to_cpu(cmd->common.cdw10) & 0xff) + 1) *
		       sizeof(struct nvme_dsm_range);
	case nvme_cmd_resv_report:
		return nvmec_dword_bytes(le32_to_cpu(cmd->common.cdw10));
	case nvme_cmd_resv_register:
	case nvme_cmd_resv_acquire:
		return 2 * sizeof(u64);
	case nvme_cmd_resv_release:
		return sizeof(u64);
	case nvme_cmd_zone_mgmt_recv:
		return nvmec_dword_bytes(cdw12);
	case nvme_cmd_zone_mgmt_send:
		if ((le32_to_cpu(cmd->common.cdw13) & NVMEC_ZSA_MASK) ==
		    NVMEC_ZSA_SET_EXTENSION)
			return NVMEC_BYTES_UNKNOWN;
		return 0;
	default:
		return NVMEC_BYTES_UNKNOWN;
	}
}

/**
 * nvmec_blocks_without_data - how many blocks a command works on of which it moves none
 * @ucmd: the command
 *
 * One may name more of them than a controller is through with in the time that commands
 * have.
 *
 * Context: Any.
 * Return: blocks, or 0 if it is no such command.
 */
u32 nvmec_blocks_without_data(const struct nvmec_ucmd *ucmd)
{
	if (ucmd->admin)
		return 0;
	switch (ucmd->cmd.common.opcode) {
	case nvme_cmd_write_zeroes:
	case nvme_cmd_write_uncor:
	case nvme_cmd_verify:
		return nvmec_blocks(&ucmd->cmd);
	default:
		return 0;
	}
}

/**
 * nvmec_brings_ranges - does a command say in its data which blocks it works on
 * @ucmd: the command
 *
 * Then the data is to be copied before it is looked at: the user can change his own.
 *
 * Context: Any.
 * Return: true for dataset management.
 */
bool nvmec_brings_ranges(const struct nvmec_ucmd *ucmd)
{
	return !ucmd->admin && ucmd->cmd.common.opcode == nvme_cmd_dsm;
}

/**
 * nvmec_blocks_of_ranges - how many blocks ranges have together
 * @ranges: the data of a command of dataset management
 * @nr: how many, at most NVME_DSM_MAX_RANGES
 *
 * Context: Any.
 * Return: blocks; one that is in several ranges counts in each.
 */
u64 nvmec_blocks_of_ranges(const struct nvme_dsm_range *ranges, unsigned int nr)
{
	u64 blocks = 0;

	while (nr--)
		blocks += le32_to_cpu(ranges[nr].nlb);
	return blocks;
}

/**
 * nvmec_known_effects - what a command does, by the specification
 * @admin: it is an admin command
 * @opcode: of it
 *
 * For controllers that say less, or nothing.
 *
 * Context: Any.
 * Return: bits NVME_CMD_EFFECTS_*, which include that it is supported for what
 * every controller has.
 */
u32 nvmec_known_effects(bool admin, u8 opcode)
{
	if (!admin)
		switch (opcode) {
		case nvme_cmd_read:
		case nvme_cmd_flush:
			return NVME_CMD_EFFECTS_CSUPP;
		case nvme_cmd_write:
			return NVME_CMD_EFFECTS_CSUPP | NVME_CMD_EFFECTS_LBCC;
		case nvme_cmd_write_zeroes:
		case nvme_cmd_write_uncor:
		case nvme_cmd_dsm:
			return NVME_CMD_EFFECTS_LBCC;
		default:
			return 0;
		}
	switch (opcode) {
	case nvme_admin_format_nvm:
		return NVME_CMD_EFFECTS_LBCC | NVME_CMD_EFFECTS_NCC |
		       NVME_CMD_EFFECTS_CSE_MASK;
	case nvme_admin_sanitize_nvm:
		return NVME_CMD_EFFECTS_LBCC | NVME_CMD_EFFECTS_CSE_MASK;
	case nvme_admin_ns_mgmt:
	case nvme_admin_ns_attach:
		return NVME_CMD_EFFECTS_NIC;
	case nvme_admin_activate_fw:
		return NVME_CMD_EFFECTS_CCC;
	default:
		return 0;
	}
}
