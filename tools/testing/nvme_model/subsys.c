// SPDX-License-Identifier: GPL-2.0
/*
 * Subsystems: which controllers can share namespaces, and the sharing itself.
 *
 * Each controller is in one of its own, unless it is put into one by name. A namespace
 * is shared if two controllers have one with the same id and both say that it is: from
 * then on they have the same data.
 *
 * Context: of configfs.
 */
#include <linux/slab.h>

#include "nvme_model.h"

/* Taken before any nvmm_subsys.ns_lock. */
static DEFINE_MUTEX(nvmm_subsys_lock);
static LIST_HEAD(nvmm_subsystems);
static u32 nvmm_last_number;

static struct nvmm_subsys *nvmm_subsys_find(const char *name)
{
	struct nvmm_subsys *subsys;

	list_for_each_entry(subsys, &nvmm_subsystems, entry)
		if (*name && !strcmp(subsys->name, name))
			return subsys;
	subsys = kzalloc_obj(*subsys);
	if (!subsys)
		return NULL;
	strscpy(subsys->name, name, sizeof(subsys->name));
	subsys->number = ++nvmm_last_number;
	INIT_LIST_HEAD(&subsys->ctrls);
	mutex_init(&subsys->ns_lock);
	list_add_tail(&subsys->entry, &nvmm_subsystems);
	return subsys;
}

static void nvmm_leave_locked(struct nvmm_ctrl *ctrl)
{
	struct nvmm_subsys *subsys = ctrl->subsys;

	if (!subsys)
		return;
	ctrl->subsys = NULL;
	list_del(&ctrl->in_subsys);
	if (--subsys->nr_ctrls)
		return;
	list_del(&subsys->entry);
	kfree(subsys);
}

/**
 * nvmm_subsys_join - put a controller into a subsystem
 * @ctrl: the controller, without power and namespaces
 * @name: of the subsystem, which is made if need be; "" is a new one for it alone
 *
 * Return: 0 or -ENOMEM: then it stays where it was.
 */
int nvmm_subsys_join(struct nvmm_ctrl *ctrl, const char *name)
{
	struct nvmm_subsys *subsys;

	mutex_lock(&nvmm_subsys_lock);
	subsys = nvmm_subsys_find(name);
	if (subsys && subsys != ctrl->subsys) {
		nvmm_leave_locked(ctrl);
		subsys->nr_ctrls++;
		list_add_tail(&ctrl->in_subsys, &subsys->ctrls);
		ctrl->subsys = subsys;
	}
	mutex_unlock(&nvmm_subsys_lock);
	return subsys ? 0 : -ENOMEM;
}

/** nvmm_subsys_leave - undo nvmm_subsys_join(), at the end */
void nvmm_subsys_leave(struct nvmm_ctrl *ctrl)
{
	mutex_lock(&nvmm_subsys_lock);
	nvmm_leave_locked(ctrl);
	mutex_unlock(&nvmm_subsys_lock);
}

/* The same namespace of another controller, if there is one. */
static struct nvmm_ns *nvmm_ns_other(struct nvmm_ns *ns)
{
	struct nvmm_ctrl *ctrl;
	struct nvmm_ns *other;

	list_for_each_entry(ctrl, &ns->ctrl->subsys->ctrls, in_subsys) {
		other = xa_load(&ctrl->namespaces, ns->nsid);
		if (other && other != ns && other->shared)
			return other;
	}
	return NULL;
}

/* It is what the other one is, and has its data. */
static void nvmm_ns_adopt(struct nvmm_ns *ns, const struct nvmm_ns *other)
{
	refcount_inc(&other->store->users);
	nvmm_store_put(ns->store);
	ns->store = other->store;
	ns->bytes = other->bytes;
	ns->zone_bytes = other->zone_bytes;
	ns->shift = other->shift;
	ns->format = other->format;
	ns->dps = other->dps;
	ns->extended = other->extended;
	ns->csi = other->csi;
	ns->uuid = other->uuid;
	memcpy(ns->nguid, other->nguid, sizeof(ns->nguid));
	memcpy(ns->eui64, other->eui64, sizeof(ns->eui64));
}

/**
 * nvmm_ns_share - share a namespace with other controllers of the subsystem
 * @ns: the namespace; if another controller has shared one with its id already, it has
 *	the size, the blocks, the identity and the data of that one afterwards
 *
 * Return: 0, or -EBUSY if the driver can see it.
 */
int nvmm_ns_share(struct nvmm_ns *ns)
{
	struct nvmm_ns *other;
	int ret = 0;

	mutex_lock(&nvmm_subsys_lock);
	mutex_lock(&ns->ctrl->subsys->ns_lock);
	if (ns->attached) {
		ret = -EBUSY;
	} else if (!ns->shared) {
		other = nvmm_ns_other(ns);
		if (other)
			nvmm_ns_adopt(ns, other);
		ns->shared = true;
	}
	mutex_unlock(&ns->ctrl->subsys->ns_lock);
	mutex_unlock(&nvmm_subsys_lock);
	return ret;
}
