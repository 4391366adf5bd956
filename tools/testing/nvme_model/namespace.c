// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces: made by a directory of configfs or by a command, and deleted.
 *
 * One that a command made has no directory, and goes with a command or with the
 * controller. One that has a directory and is deleted by a command is gone for the
 * driver, whatever is written to the directory; rmdir is still due.
 *
 * Context: of commands, the thread of the controller.
 */
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uuid.h>

#include "nvme_model.h"

#define NVMM_DNR(status)	((status) | NVME_STATUS_DNR)

/* --- life -------------------------------------------------------------------------------- */

/**
 * nvmm_ns_alloc - make a namespace
 * @ctrl: the controller, which does not know it yet
 * @nsid: its id
 *
 * It has 64 MiB, zones of 4 MiB if it is to have some, blocks of 512 bytes, a UUID, and is not
 * attached.
 *
 * Return: the namespace, or NULL.
 */
struct nvmm_ns *nvmm_ns_alloc(struct nvmm_ctrl *ctrl, u32 nsid)
{
	struct nvmm_ns *ns = kzalloc_obj(*ns, GFP_NOIO);

	if (!ns)
		return NULL;
	ns->ctrl = ctrl;
	ns->nsid = nsid;
	ns->bytes = SZ_64M;
	ns->zone_bytes = SZ_4M;
	ns->shift = 9;
	ns->ana_state = NVME_ANA_OPTIMIZED;
	uuid_gen(&ns->uuid);
	ns->store = nvmm_store_alloc();
	if (!ns->store) {
		kfree(ns);
		return NULL;
	}
	return ns;
}

/** nvmm_ns_free - free a namespace that the controller does not know any more */
void nvmm_ns_free(struct nvmm_ns *ns)
{
	nvmm_store_put(ns->store);
	kfree(ns);
}

/** nvmm_ns_free_all - free those that commands made; the others' directories went before */
void nvmm_ns_free_all(struct nvmm_ctrl *ctrl)
{
	unsigned long index;
	struct nvmm_ns *ns;

	xa_for_each(&ctrl->namespaces, index, ns)
		nvmm_ns_free(ns);
	xa_destroy(&ctrl->namespaces);
}

/** nvmm_unallocated - bytes that no namespace has; context: ns_lock */
u64 nvmm_unallocated(struct nvmm_ctrl *ctrl)
{
	u64 left = NVMM_TOTAL_BYTES;
	unsigned long index;
	struct nvmm_ns *ns;

	lockdep_assert_held(&ctrl->subsys->ns_lock);
	xa_for_each(&ctrl->namespaces, index, ns)
		left -= min(left, ns->bytes);
	return left;
}

/**
 * nvmm_ns_delete - have the controller forget a namespace
 * @ns: it is detached with that; one that has a directory stays as that
 *
 * Context: ns_lock.
 * Return: whether the driver could see it.
 */
bool nvmm_ns_delete(struct nvmm_ns *ns)
{
	bool visible = ns->attached;

	lockdep_assert_held(&ns->ctrl->subsys->ns_lock);
	xa_erase(&ns->ctrl->namespaces, ns->nsid);
	ns->attached = false;
	if (!ns->has_directory)
		nvmm_ns_free(ns);
	return visible;
}

/* --- creation ----------------------------------------------------------------------------- */

/* What the host wants; all that is no zero and not heeded here is not offered. */
static u16 nvmm_parse_create(struct nvmm_ctrl *ctrl, u8 *format, u64 *bytes)
{
	const struct nvme_id_ns *id = (void *)ctrl->page;
	u64 blocks = le64_to_cpu(id->nsze);

	/* Formats with metadata come by Format NVM. */
	if (id->flbas >= NVMM_NR_FORMATS || nvmm_formats[id->flbas].ms)
		return NVMM_DNR(NVME_SC_INVALID_FORMAT);
	*format = id->flbas;
	if (!blocks || le64_to_cpu(id->ncap) > blocks || id->dps || id->nmic)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	if (id->ncap != id->nsze)
		return NVMM_DNR(NVME_SC_THIN_PROV_NOT_SUPP);
	if (check_shl_overflow(blocks, nvmm_formats[*format].shift, bytes))
		return NVMM_DNR(NVME_SC_NS_INSUFFICIENT_CAP);
	return 0;
}

/* The lowest id that is free. Directories that are made later find it taken. */
static u16 nvmm_insert(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns)
{
	int ret;

	lockdep_assert_held(&ctrl->subsys->ns_lock);
	if (ns->bytes > nvmm_unallocated(ctrl))
		return NVMM_DNR(NVME_SC_NS_INSUFFICIENT_CAP);
	ret = xa_alloc(&ctrl->namespaces, &ns->nsid, ns, XA_LIMIT(1, NVMM_NN),
		       GFP_NOIO);
	if (ret == -EBUSY)
		return NVMM_DNR(NVME_SC_NS_ID_UNAVAILABLE);
	return ret ? NVME_SC_INTERNAL : 0;
}

/**
 * nvmm_ns_create - execute Namespace Management, create
 * @ctrl: the controller
 * @cmd: the command; its result is the id
 *
 * Return: a status of NVMe.
 */
u16 nvmm_ns_create(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd)
{
	struct nvmm_ns *ns;
	u64 bytes;
	u16 status;
	u8 format;

	/* The command set: that of NVM. */
	if (le32_to_cpu(cmd->sqe.common.cdw11) >> 24)
		return NVMM_DNR(NVME_SC_INVALID_FIELD);
	status = nvmm_data_map(ctrl, &cmd->sqe, NVMM_PAGE);
	if (status)
		return status;
	nvmm_data_from_host(ctrl, ctrl->page, NVMM_PAGE);
	status = nvmm_parse_create(ctrl, &format, &bytes);
	if (status)
		return status;
	ns = nvmm_ns_alloc(ctrl, 0);
	if (!ns)
		return NVME_SC_INTERNAL;
	ns->bytes = bytes;
	nvmm_ns_set_format(ns, format, 0, false);
	mutex_lock(&ctrl->subsys->ns_lock);
	status = nvmm_insert(ctrl, ns);
	/* Nobody else can delete it: commands are executed one by one. */
	mutex_unlock(&ctrl->subsys->ns_lock);
	if (status)
		nvmm_ns_free(ns);
	else
		cmd->result = ns->nsid;
	return status;
}
