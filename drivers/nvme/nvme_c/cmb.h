/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The controller memory buffer.
 */
#ifndef _NVMEC_CMB_H
#define _NVMEC_CMB_H

#include <linux/bits.h>
#include <linux/types.h>

/* Of CMBSZ: how much memory there is, 0 for none. */
#define NVMEC_CMBSZ_SZ		GENMASK(31, 12)

struct device;
struct nvmec_ctrl;

/**
 * struct nvmec_cmb - where a controller has memory of its own
 * @bar: in which BAR
 * @offset: where it begins there, in bytes
 * @bytes: how long it is
 */
struct nvmec_cmb {
	unsigned int	bar;
	u64		offset;
	u64		bytes;
};

/**
 * struct nvmec_cmb_kept - what is in a BAR already
 * @field: the field that says where, for the log
 * @bar: in which BAR
 * @offset: where it begins there, in bytes
 * @bytes: how long it is, 0 if there is none
 */
struct nvmec_cmb_kept {
	const char	*field;
	unsigned int	bar;
	u64		offset;
	u64		bytes;
};

/**
 * struct nvmec_cmb_said - what a controller says of it
 * @cmbloc: register CMBLOC
 * @cmbsz: register CMBSZ
 * @regs_bytes: registers and doorbells have so much of BAR 0
 * @bar_bytes: how long each BAR of memory is, 0 for one that is none
 * @kept: the table of interrupts, and which of them are pending (MSI-X)
 */
struct nvmec_cmb_said {
	u32	cmbloc;
	u32	cmbsz;
	u64	regs_bytes;
	u64	bar_bytes[6];
	struct nvmec_cmb_kept kept[2];
};

void nvmec_cmb_add(struct nvmec_ctrl *ctrl);
int nvmec_cmb_start(struct nvmec_ctrl *ctrl);

#if IS_ENABLED(CONFIG_KUNIT)
/* What only tests call from outside of its file. */
int nvmec_cmb_check(struct device *dev, const struct nvmec_cmb_said *said,
		    struct nvmec_cmb *cmb);
#endif

#endif /* _NVMEC_CMB_H */
