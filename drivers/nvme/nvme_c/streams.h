/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Write streams: Flexible Data Placement of the NVM Express specification.
 */
#ifndef _NVMEC_STREAMS_H
#define _NVMEC_STREAMS_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

struct device;
struct nvmec_ctrl;
struct nvmec_fdp_config;
struct nvmec_fdp_status;
struct nvmec_ns;
struct nvmec_ns_info;

/* The most placement handles that a namespace can have (NPHNDLS). */
#define NVMEC_MAX_STREAMS	128

/**
 * struct nvmec_streams - where writes in streams go
 * @nr: how many streams there are; 0: none
 * @ids: the placement id of each
 */
struct nvmec_streams {
	u16	nr;
	u16	ids[NVMEC_MAX_STREAMS];
};

bool nvmec_fdp_config(struct device *dev, u32 nsid, const struct nvmec_fdp_config *config,
		      struct nvmec_ns_info *info);
bool nvmec_fdp_handles(struct device *dev, u32 nsid, const struct nvmec_fdp_status *status,
		       const struct nvmec_ns_info *info, struct nvmec_streams *streams);
int nvmec_streams_ident(struct nvmec_ctrl *ctrl, u32 nsid, struct nvmec_ns_info *info,
			void *page);
bool nvmec_streams_renew(struct nvmec_ns *ns, const struct nvmec_ns_info *info);

/**
 * struct nvmec_fdp_config - descriptor of a configuration in the log page
 * @dsze: its size, in bytes
 * @fdpa: attributes: bit 7 says that it can be used
 * @vss: size of what the vendor has to say
 * @nrg: number of reclaim groups
 * @nruh: number of reclaim unit handles
 * @maxpids: most placement ids
 * @nns: most namespaces
 * @runs: size of a reclaim unit, in bytes
 * @erutl: how long one may stay unwritten
 * @reserved: zero
 */
struct nvmec_fdp_config {
	__le16	dsze;
	u8	fdpa;
	u8	vss;
	__le32	nrg;
	__le16	nruh;
	__le16	maxpids;
	__le32	nns;
	__le64	runs;
	__le32	erutl;
	u8	reserved[36];
};

static_assert(sizeof(struct nvmec_fdp_config) == 64);

/**
 * struct nvmec_fdp_handle - a placement handle, as I/O Management Receive tells of it
 * @pid: placement id, by which writes name it
 * @ruhid: number of the reclaim unit handle
 * @earutr: for how long yet a reclaim unit stays as it is
 * @ruamw: how much of it can be written yet
 * @reserved: zero
 */
struct nvmec_fdp_handle {
	__le16	pid;
	__le16	ruhid;
	__le32	earutr;
	__le64	ruamw;
	u8	reserved[16];
};

static_assert(sizeof(struct nvmec_fdp_handle) == 32);

/**
 * struct nvmec_fdp_status - all placement handles of a namespace
 * @reserved: zero
 * @nruhsd: how many there are
 * @handles: each
 */
struct nvmec_fdp_status {
	u8			reserved[14];
	__le16			nruhsd;
	struct nvmec_fdp_handle	handles[NVMEC_MAX_STREAMS];
};

static_assert(offsetof(struct nvmec_fdp_status, handles) == 16);

#endif /* _NVMEC_STREAMS_H */
