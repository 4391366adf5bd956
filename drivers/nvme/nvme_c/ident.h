/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What controllers and namespaces say about themselves, checked.
 */
#ifndef _NVMEC_IDENT_H
#define _NVMEC_IDENT_H

#include <linux/bits.h>
#include <linux/blkdev.h>
#include <linux/nvme.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "meta.h"

struct device;

/* Largest transfer, whatever the controller allows. */
#define NVMEC_MAX_BYTES		SZ_4M
/* Most pieces of memory in one transfer. */
#define NVMEC_MAX_SEGS		256
/* Ids in a page of the list of active namespaces. */
#define NVMEC_NSIDS_PER_PAGE	(NVME_IDENTIFY_DATA_SIZE / sizeof(__le32))

/* LPA: log pages can be read from an offset. */
#define NVMEC_LPA_OFFSETS	BIT(2)

/* Name of a subsystem: the field, and a NUL. */
#define NVMEC_NQN_BYTES		257

/**
 * struct nvmec_power - a power state of a controller
 * @idle: it executes no commands in it (NOPS)
 * @enter_us: how long it takes to enter it at most, in microseconds; 0 if it does not say
 * @leave_us: the same to leave it
 */
struct nvmec_power {
	bool	idle;
	u32	enter_us;
	u32	leave_us;
};

/**
 * struct nvmec_ident - what a controller says about itself, checked
 * @serial: without blanks around it, as are @model and @firmware
 * @model: see @serial
 * @firmware: see @serial
 * @subnqn: name of its subsystem, or ""
 * @multi: the subsystem may have other controllers
 * @ana: it says by a log page which namespaces are to be used by it
 * @anatt_s: how long a change of that may take, in seconds
 * @anagrpmax: largest id of a group of namespaces that it says it of
 * @nanagrpid: most groups of such
 * @vid: PCI vendor
 * @ssvid: PCI vendor of the board
 * @cntlid: controller id in its subsystem
 * @max_bytes: largest transfer, a multiple of NVMEC_PAGE_SIZE
 * @max_zeroes_bytes: largest write zeroes, or 0
 * @max_ranges: of one dataset management command; 0: it is not offered
 * @max_discard_blocks: logical blocks of all its ranges together
 * @oacs: optional admin commands
 * @elbas: formats of its namespaces may be extended: then they have an entry more
 * @fdp: where data lies can be chosen, if that is on for an endurance group
 * @endgidmax: largest id of an endurance group
 * @lpa: what its log pages offer
 * @oaes: optional asynchronous events
 * @nn: largest namespace id
 * @sgls: SGLs for data are offered, with byte granularity or dwords
 * @vwc: there is a volatile write cache
 * @cctemp: temperature in kelvins that is critical, or 0
 * @awupf: logical blocks beyond the first that a write keeps together if the power
 *	fails, unless a namespace says otherwise
 * @hmpre_bytes: host memory that it wants to have; 0: none
 * @hmmin_bytes: how much it needs at least to make use of it
 * @hmminds_bytes: of a chunk of that, at least
 * @hmmaxd: most chunks; 0: as many as there are
 * @apsta: it can go to power states by itself
 * @npss: number of the last of @power, which may be beyond its end
 * @power: its power states
 * @retry_ms: delays by the CRD field of a status, [0] being none
 * @shutdown_ms: how long a shutdown may take
 */
struct nvmec_ident {
	char	serial[21];
	char	model[41];
	char	firmware[9];
	char	subnqn[NVMEC_NQN_BYTES];
	bool	multi;
	bool	ana;
	u8	anatt_s;
	u32	anagrpmax;
	u32	nanagrpid;
	u16	vid;
	u16	ssvid;
	u16	cntlid;
	u32	max_bytes;
	u32	max_zeroes_bytes;
	u16	max_ranges;
	u32	max_discard_blocks;
	u16	oacs;
	bool	elbas;
	bool	fdp;
	u16	endgidmax;
	u8	lpa;
	u32	oaes;
	u32	nn;
	bool	sgls;
	bool	vwc;
	u16	cctemp;
	u16	awupf;
	u64	hmpre_bytes;
	u64	hmmin_bytes;
	u64	hmminds_bytes;
	unsigned int hmmaxd;
	bool	apsta;
	u8	npss;
	struct nvmec_power power[32];
	u32	retry_ms[4];
	u32	shutdown_ms;
};

/**
 * struct nvmec_ns_id - what tells a namespace from all others
 * @nguid: zero if it has none, as are @eui64 and @uuid
 * @eui64: see @nguid
 * @uuid: see @nguid
 * @csi: its command set, NVME_CSI_NVM if it does not say
 */
struct nvmec_ns_id {
	u8	nguid[16];
	u8	eui64[8];
	u8	uuid[16];
	u8	csi;
};

/**
 * struct nvmec_ns_info - what a namespace is, checked
 * @id: identity
 * @described: there is a list of descriptors, which @id has
 * @shared: other controllers may have it, too
 * @format: which of its formats it has
 * @lba_shift: log2 of the logical block size in bytes
 * @meta: what its blocks have beside their data
 * @no_blocks: why the block layer cannot use its blocks, or NULL
 * @capacity_sects: size in units of 512 bytes; 0 with @no_blocks
 * @read_only: it cannot be written
 * @deac: write zeroes may deallocate: zeros are read then
 * @endgid: the endurance group that it is in; 0: it does not say
 * @fdp_unknown: the controller did not say now whether where data lies can be chosen in that
 * @fdp: it can; then the following are valid
 * @fdp_handles: reclaim unit handles of the group
 * @stream_bytes: what is given up together, or 0 if it cannot be said
 * @limits: for the block layer
 */
struct nvmec_ns_info {
	struct nvmec_ns_id	id;
	bool			described;
	bool			shared;
	u8			format;
	u8			lba_shift;
	struct nvmec_meta	meta;
	const char		*no_blocks;
	sector_t		capacity_sects;
	bool			read_only;
	bool			deac;
	u16			endgid;
	bool			fdp_unknown;
	bool			fdp;
	u16			fdp_handles;
	u32			stream_bytes;
	struct queue_limits	limits;
};

int nvmec_ident_ctrl(struct device *dev, struct nvmec_ident *ident,
		     const struct nvme_id_ctrl *id);
void nvmec_ident_nvm(struct nvmec_ident *ident,
		     const struct nvme_id_ctrl_nvm *nvm);
int nvmec_ident_ns(struct device *dev, u32 nsid,
		   const struct nvmec_ident *ident, const struct nvme_id_ns *id,
		   struct nvmec_ns_info *info);
void nvmec_limits_renew(struct queue_limits *lim,
			const struct queue_limits *said);
bool nvmec_ident_ns_descs(struct nvmec_ns_id *id, const void *page);
int nvmec_ident_ns_list(struct device *dev, const __le32 *page, u32 after,
			u32 nn, u32 *nsids);
int nvmec_ident_ns_csi(struct device *dev, u32 nsid,
		       const struct nvmec_ns_id *id);

#if IS_ENABLED(CONFIG_KUNIT)
/* What only tests call from outside of its file. */
unsigned int nvmec_max_block_bytes(void);
#endif

#endif /* _NVMEC_IDENT_H */
