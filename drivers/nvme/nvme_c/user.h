/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What user space sends by itself: devices, who may send what, and how it is sent.
 */
#ifndef _NVME_C_USER_H
#define _NVME_C_USER_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/nvme.h>
#include <linux/nvme_ioctl.h>
#include <linux/types.h>

struct nvmec_ctrl;
struct nvmec_meta;
struct nvmec_ns;

struct io_uring_cmd;
struct nvmec_udata;

/**
 * struct nvmec_user - who asks
 * @ctrl: the controller; the open file has a reference
 * @ns: the namespace, or NULL if the controller's device was opened; likewise
 * @may_write: the file is open for writing
 * @part: it is a partition
 */
struct nvmec_user {
	struct nvmec_ctrl	*ctrl;
	struct nvmec_ns		*ns;
	bool			may_write;
	bool			part;
};

/**
 * struct nvmec_ucmd - a command of user space
 * @cmd: all but its id and data pointer
 * @admin: it is for the admin queue
 * @vec: @addr is that of an array of struct iovec
 * @compat: of struct compat_iovec, as the user's program has 32 bits
 * @addr: of the data, in user space
 * @len: bytes of the data; of an array, its entries
 * @meta_addr: of metadata in a buffer of its own, in user space
 * @meta_len: bytes of that
 * @timeout_ms: how long it may take, 0 for the time that others have
 * @fixed: the data lies in a buffer that is registered for the ring of this io_uring
 *	command, or NULL
 * @issue_flags: IO_URING_F_* of an io_uring command
 */
struct nvmec_ucmd {
	struct nvme_command	cmd;
	bool			admin;
	bool			vec;
	bool			compat;
	u64			addr;
	u32			len;
	u64			meta_addr;
	u32			meta_len;
	u32			timeout_ms;
	struct io_uring_cmd	*fixed;
	unsigned int		issue_flags;
};

/**
 * nvmec_ucmd_fill - take a command from what a user gave
 * @ucmd: the command; what is not in @arg is left as it is
 * @arg: all structures of <linux/nvme_ioctl.h> but one have its members up to the result.
 *	The user may write it meanwhile: each is read once
 *
 * Context: Any.
 */
static inline void nvmec_ucmd_fill(struct nvmec_ucmd *ucmd,
				   const struct nvme_passthru_cmd64 *arg)
{
	struct nvme_common_command *cmd = &ucmd->cmd.common;

	cmd->opcode = READ_ONCE(arg->opcode);
	cmd->flags = READ_ONCE(arg->flags);
	cmd->command_id = 0;
	cmd->nsid = cpu_to_le32(READ_ONCE(arg->nsid));
	cmd->cdw2[0] = cpu_to_le32(READ_ONCE(arg->cdw2));
	cmd->cdw2[1] = cpu_to_le32(READ_ONCE(arg->cdw3));
	cmd->metadata = 0;
	cmd->dptr.prp1 = 0;
	cmd->dptr.prp2 = 0;
	cmd->cdw10 = cpu_to_le32(READ_ONCE(arg->cdw10));
	cmd->cdw11 = cpu_to_le32(READ_ONCE(arg->cdw11));
	cmd->cdw12 = cpu_to_le32(READ_ONCE(arg->cdw12));
	cmd->cdw13 = cpu_to_le32(READ_ONCE(arg->cdw13));
	cmd->cdw14 = cpu_to_le32(READ_ONCE(arg->cdw14));
	cmd->cdw15 = cpu_to_le32(READ_ONCE(arg->cdw15));
	ucmd->addr = READ_ONCE(arg->addr);
	ucmd->len = READ_ONCE(arg->data_len);
	ucmd->meta_addr = READ_ONCE(arg->metadata);
	ucmd->meta_len = READ_ONCE(arg->metadata_len);
	ucmd->timeout_ms = READ_ONCE(arg->timeout_ms);
}

/* Effects of a command after which namespaces are looked at. */
#define NVMEC_EFFECTS_CHANGE	(NVME_CMD_EFFECTS_NCC | NVME_CMD_EFFECTS_NIC)

/* What nvmec_least_bytes() says of a command that it does not know. */
#define NVMEC_BYTES_UNKNOWN	U32_MAX

/* permit.c */
bool nvmec_driver_owns(const struct nvmec_ucmd *ucmd);
bool nvmec_only_asks(const struct nvmec_ucmd *ucmd);
bool nvmec_anyone_may(const struct nvmec_ucmd *ucmd, u32 effects, bool may_write);
u32 nvmec_least_bytes(const struct nvmec_ucmd *ucmd, u8 lba_shift,
		      const struct nvmec_meta *meta);
u32 nvmec_least_meta_bytes(const struct nvmec_ucmd *ucmd, const struct nvmec_meta *meta);
u32 nvmec_blocks_without_data(const struct nvmec_ucmd *ucmd);
bool nvmec_brings_ranges(const struct nvmec_ucmd *ucmd);
u64 nvmec_blocks_of_ranges(const struct nvme_dsm_range *ranges, unsigned int nr);
u32 nvmec_known_effects(bool admin, u8 opcode);
bool nvmec_moves_blocks(const struct nvmec_ucmd *ucmd);
u32 nvmec_blocks_bytes(const struct nvmec_ucmd *ucmd, u8 lba_shift,
		       const struct nvmec_meta *meta);

/* effects.c */
int nvmec_effects_read(struct nvmec_ctrl *ctrl);
u32 nvmec_effects(struct nvmec_ctrl *ctrl, bool admin, u8 opcode);
void nvmec_effects_free(struct nvmec_ctrl *ctrl);

/* udata.c */
struct nvmec_udata *nvmec_udata_get(const struct nvmec_ucmd *ucmd,
				    struct request_queue *q);
u32 nvmec_udata_bytes(const struct nvmec_udata *data);
u32 nvmec_udata_meta_bytes(const struct nvmec_udata *data);
const void *nvmec_udata_copied(const struct nvmec_udata *data);
int nvmec_udata_attach(struct nvmec_udata *data, struct request *rq, u32 bytes,
		       u32 meta_bytes);
int nvmec_udata_put(struct nvmec_udata *data, bool done);

/* piece.c */
bool nvmec_piece_get(const struct nvmec_ucmd *ucmd, struct request_queue *q,
		     struct bio_vec *bv, struct page **pinned);
void nvmec_piece_put(struct page *pinned, bool written);

/* passthru.c */
int nvmec_await_bringup(struct nvmec_ctrl *ctrl);
int nvmec_passthru_check(const struct nvmec_user *user,
			 const struct nvmec_ucmd *ucmd, u32 *effects);
struct nvmec_udata *nvmec_passthru_data(const struct nvmec_user *user,
					const struct nvmec_ucmd *ucmd);
struct request *nvmec_passthru_request(const struct nvmec_user *user,
				       const struct nvmec_ucmd *ucmd,
				       blk_mq_req_flags_t flags, blk_opf_t opf);
int nvmec_passthru_map(const struct nvmec_user *user, const struct nvmec_ucmd *ucmd,
		       struct request *rq, struct nvmec_udata *data);
int nvmec_passthru_map_piece(const struct nvmec_user *user, const struct nvmec_ucmd *ucmd,
			     struct request *rq, const struct bio_vec *bv);
int nvmec_passthru_status(struct request *rq, blk_status_t status);
int nvmec_passthru(const struct nvmec_user *user, const struct nvmec_ucmd *ucmd,
		   u64 *result);

/* ioctl.c */
long nvmec_user_ioctl(const struct nvmec_user *user, unsigned int nr,
		      unsigned long arg);

/* uring.c */
int nvmec_uring_cmd(const struct nvmec_user *user, struct io_uring_cmd *ioucmd,
		    unsigned int issue_flags);
int nvmec_uring_iopoll(struct io_uring_cmd *ioucmd, struct io_comp_batch *iob,
		       unsigned int poll_flags);

/* chardev.c */
int nvmec_chardev_init(void);
void nvmec_chardev_exit(void);
int nvmec_chardev_add(struct nvmec_ctrl *ctrl);
void nvmec_chardev_del(struct nvmec_ctrl *ctrl);
void nvmec_generic_add(struct nvmec_ns *ns);
void nvmec_generic_del(struct nvmec_ns *ns);
int nvmec_ns_ioctl(struct nvmec_ns *ns, struct block_device *bdev, blk_mode_t mode,
		   unsigned int nr, unsigned long arg);
int nvmec_bdev_ioctl(struct block_device *bdev, blk_mode_t mode, unsigned int nr,
		     unsigned long arg);

#endif /* _NVME_C_USER_H */
