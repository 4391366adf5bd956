/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Metadata of blocks, and protection information in it.
 */
#ifndef _NVMEC_META_H
#define _NVMEC_META_H

#include <linux/nvme.h>
#include <linux/types.h>

struct device;
struct nvmec_ns_info;

/**
 * struct nvmec_meta - what a block has beside its data
 * @bytes: of metadata for each block; 0 if there is none
 * @pi_type: type of the protection information in it, 1 to 3; 0 if there is none
 * @pi_bytes: how long that is: 8 with a guard of 16 bits, 16 with one of 64 bits; or 0
 * @pi_first: it comes first in the metadata, otherwise last
 * @extended: the metadata of each block follows its data in the same buffer
 * @guard: type of the guard (PIF); 0 has 16 bits
 * @barred: the block layer cannot use such blocks
 */
struct nvmec_meta {
	u16	bytes;
	u8	pi_type;
	u8	pi_bytes;
	bool	pi_first;
	bool	extended;
	u8	guard;
	bool	barred;
};

/* Can the controller make it for what is written, and take it off what is read? */
static inline bool nvmec_meta_strips(const struct nvmec_meta *meta)
{
	return meta->pi_type && meta->bytes == meta->pi_bytes;
}

/**
 * struct nvmec_protect - what a command says of protection information
 * @control: bits NVME_RW_PRINFO_*
 * @app_tag: that is looked for, with NVME_RW_PRINFO_PRCHK_APP
 * @ref_tag: that is looked for, or made, of the first block
 */
struct nvmec_protect {
	u16	control;
	u16	app_tag;
	u64	ref_tag;
};

int nvmec_meta_ident(struct device *dev, u32 nsid, const struct nvme_id_ns *id,
		     const struct nvme_lbaf *lbaf, struct nvmec_ns_info *info);
int nvmec_meta_guard(struct device *dev, u32 nsid, const struct nvme_id_ns_nvm *id,
		     struct nvmec_ns_info *info);
void nvmec_meta_limits(struct nvmec_ns_info *info);
u16 nvmec_meta_checks(const struct nvmec_meta *meta);
void nvmec_cmd_protect(struct nvme_command *cmd, const struct nvmec_meta *meta,
		       const struct nvmec_protect *protect);

#endif /* _NVMEC_META_H */
