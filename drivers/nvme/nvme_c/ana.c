// SPDX-License-Identifier: GPL-2.0
/*
 * Asymmetric namespace access (ANA): of several controllers, by which a namespace is to be
 * used.
 *
 * A controller puts its namespaces into groups, and says in a log page what state each
 * group is in, for itself. The page is read in each scan, when an event says that it has
 * changed, and when a command was refused for such a state. What it said last is kept for
 * ways that are found later: one page does for all of a scan. What it says is the state of
 * the ways, by which multi_io.c chooses. A namespace with a single way is none of its
 * business.
 *
 * A page with nonsense is refused with a line that names the field, and all states stay
 * what they were. A way is taken for optimized until a page has said otherwise: then
 * errors tell, as they do with a controller that does not know ANA.
 *
 * A change has to end in ANATT seconds. So long I/O waits for a way that is in change, or
 * inaccessible, if there is no other: where one controller takes over from another, both
 * may say so for a while. multi_io.c sees to the end of that time.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "admin.h"
#include "ana.h"
#include "cmd.h"
#include "ctrl.h"
#include "disks.h"
#include "ident.h"
#include "main.h"
#include "ns.h"
#include "prp.h"

/* The longest page: 500 groups and 12000 namespaces. */
#define NVMEC_ANA_MAX_BYTES	SZ_64K

/**
 * struct nvmec_ana - what a log page says
 * @groups: ids of the groups
 * @states: enum nvme_ana_state by namespace id
 */
struct nvmec_ana {
	struct xarray	groups;
	struct xarray	states;
};

/**
 * nvmec_ana_name - what a state is called, as the kernel's driver does
 * @state: enum nvme_ana_state
 *
 * Context: Any.
 * Return: the name, or NULL if there is no such state.
 */
const char *nvmec_ana_name(u8 state)
{
	switch (state) {
	case NVME_ANA_OPTIMIZED:
		return "optimized";
	case NVME_ANA_NONOPTIMIZED:
		return "non-optimized";
	case NVME_ANA_INACCESSIBLE:
		return "inaccessible";
	case NVME_ANA_PERSISTENT_LOSS:
		return "persistent-loss";
	case NVME_ANA_CHANGE:
		return "change";
	default:
		return NULL;
	}
}

/* --- what a page says ----------------------------------------------------- */

static int nvmec_ana_bad(struct device *dev, const char *what, u32 value, u32 most)
{
	dev_err_ratelimited(dev, "ANA log page: %s: %u is not valid, or there twice, 1 to %u are; states stay as they were\n",
			    what, value, most);
	return -EBADMSG;
}

/* Each namespace is in one group. */
static int nvmec_ana_parse_nsids(struct device *dev, const struct nvmec_ident *ident,
				 const struct nvme_ana_group_desc *group,
				 struct nvmec_ana *ana)
{
	u32 nr = le32_to_cpu(group->nnsids), i, nsid;
	int ret;

	for (i = 0; i < nr; i++) {
		nsid = le32_to_cpu(group->nsids[i]);
		ret = -EBUSY;
		if (nsid && nsid <= ident->nn)
			ret = xa_insert(&ana->states, nsid,
					xa_mk_value(group->state & 0xf), GFP_KERNEL);
		if (ret)
			return ret == -EBUSY ? nvmec_ana_bad(dev, "NSID", nsid, ident->nn) :
					       ret;
	}
	return 0;
}

/* Takes the group at @at, and moves that behind it. */
static int nvmec_ana_parse_group(struct device *dev, const struct nvmec_ident *ident,
				 const void *log, size_t bytes, size_t *at,
				 struct nvmec_ana *ana)
{
	const struct nvme_ana_group_desc *group = log + *at;
	u32 id, nr;
	int ret;

	if (bytes - *at < sizeof(*group))
		return -ENODATA;
	*at += sizeof(*group);
	id = le32_to_cpu(group->grpid);
	nr = le32_to_cpu(group->nnsids);
	if (nr > ident->nn)
		return nvmec_ana_bad(dev, "number of NSIDs", nr, ident->nn);
	if (!nvmec_ana_name(group->state & 0xf))
		return nvmec_ana_bad(dev, "state", group->state & 0xf, NVME_ANA_CHANGE);
	ret = -EBUSY;
	if (id && id <= ident->anagrpmax)
		ret = xa_insert(&ana->groups, id, xa_mk_value(1), GFP_KERNEL);
	if (ret)
		return ret == -EBUSY ? nvmec_ana_bad(dev, "group id", id, ident->anagrpmax) :
				       ret;
	if ((bytes - *at) / sizeof(*group->nsids) < nr)
		return -ENODATA;
	*at += nr * sizeof(*group->nsids);
	return nvmec_ana_parse_nsids(dev, ident, group, ana);
}

/*
 * Takes what a log page says, of which @bytes are there, if all of it makes sense. Returns
 * 0; -ENODATA if the page is longer than that; -EBADMSG, with a line in the log, if it is
 * nonsense; or -ENOMEM. After an error a part of @ana is filled in.
 */
static int nvmec_ana_parse(struct device *dev, const struct nvmec_ident *ident,
			   const void *log, size_t bytes, struct nvmec_ana *ana)
{
	const struct nvme_ana_rsp_hdr *header = log;
	u32 nr = le16_to_cpu(header->ngrps), i;
	size_t at = sizeof(*header);
	int ret = 0;

	if (nr > ident->nanagrpid)
		return nvmec_ana_bad(dev, "number of groups", nr, ident->nanagrpid);
	for (i = 0; i < nr && !ret; i++)
		ret = nvmec_ana_parse_group(dev, ident, log, bytes, &at, ana);
	return ret;
}

/* --- reading it ----------------------------------------------------------- */

static int nvmec_ana_get(struct nvmec_ctrl *ctrl, void *page, u32 offset)
{
	struct nvme_command cmd;
	int ret;

	nvmec_cmd_get_log(&cmd, NVME_LOG_ANA, NVMEC_PAGE_SIZE);
	cmd.get_log_page.lpo = cpu_to_le64(offset);
	ret = nvmec_admin(ctrl, &cmd, page, NVMEC_PAGE_SIZE, NULL);
	return ret > 0 ? -EIO : ret;
}

static void nvmec_ana_clear(struct nvmec_ana *ana)
{
	xa_destroy(&ana->groups);
	xa_destroy(&ana->states);
}

static struct nvmec_ana *nvmec_ana_alloc(void)
{
	struct nvmec_ana *ana = kzalloc(sizeof(*ana), GFP_KERNEL);

	if (!ana)
		return NULL;
	xa_init(&ana->groups);
	xa_init(&ana->states);
	return ana;
}

/**
 * nvmec_ana_free - free what a log page says
 * @ana: that, or NULL
 *
 * Context: Process context.
 */
void nvmec_ana_free(struct nvmec_ana *ana)
{
	if (ana)
		nvmec_ana_clear(ana);
	kfree(ana);
}

/*
 * As much as it takes. A change meanwhile is an event, as the first part has been read, and
 * then all of it is read again.
 */
static int nvmec_ana_get_all(struct nvmec_ctrl *ctrl, struct nvmec_ana *ana)
{
	u32 most = ctrl->ident.lpa & NVMEC_LPA_OFFSETS ? NVMEC_ANA_MAX_BYTES :
							 NVMEC_PAGE_SIZE;
	u32 bytes = 0;
	void *page, *log;
	int ret = -ENOMEM;

	page = kmalloc(NVMEC_PAGE_SIZE, GFP_KERNEL);
	log = kvmalloc(most, GFP_KERNEL);
	while (page && log && bytes < most) {
		ret = nvmec_ana_get(ctrl, page, bytes);
		if (ret)
			break;
		memcpy(log + bytes, page, NVMEC_PAGE_SIZE);
		bytes += NVMEC_PAGE_SIZE;
		nvmec_ana_clear(ana);
		ret = nvmec_ana_parse(&ctrl->dev, &ctrl->ident, log, bytes, ana);
		if (ret != -ENODATA)
			break;
	}
	if (ret == -ENODATA)
		dev_err_ratelimited(&ctrl->dev, "ANA log page: length: over %u bytes; states stay as they were\n",
				    most);
	kvfree(log);
	kfree(page);
	return ret;
}

/**
 * nvmec_ana_accessible - is a way to be used
 * @state: enum nvme_ana_state
 *
 * Context: Any.
 * Return: true if commands have a chance.
 */
bool nvmec_ana_accessible(u8 state)
{
	return state == NVME_ANA_OPTIMIZED || state == NVME_ANA_NONOPTIMIZED;
}

static void nvmec_ana_set(struct nvmec_ns *ns, u8 state, unsigned long end)
{
	bool was_accessible = nvmec_ana_accessible(ns->ana_state);

	lockdep_assert_held(&ns->ctrl->ns_lock);
	if (state == ns->ana_state)
		return;
	if (was_accessible)
		WRITE_ONCE(ns->ana_until, end);
	/* After the time: see nvmec_path_hope(). */
	smp_store_release(&ns->ana_state, state);
	/*
	 * Not for each state: see nvmec_streams_note(). With a pause, and once for all, as a
	 * controller may say something else each time.
	 */
	if (ns->streams_unsaid && !was_accessible && nvmec_ana_accessible(state))
		queue_delayed_work(nvmec_wq, &ns->ctrl->scan_later, NVMEC_SCAN_PAUSE);
	dev_info_ratelimited(&ns->ctrl->dev, "namespace %u: access is %s\n", ns->nsid,
			     nvmec_ana_name(state));
}

/* Returns whether the last page has a state for a namespace; then that is its state now. */
static bool nvmec_ana_apply_one(struct nvmec_ns *ns)
{
	struct nvmec_ctrl *ctrl = ns->ctrl;
	void *state = NULL;

	lockdep_assert_held(&ctrl->ns_lock);
	if (ctrl->ana)
		state = xa_load(&ctrl->ana->states, ns->nsid);
	if (state)
		nvmec_ana_set(ns, xa_to_value(state),
			      jiffies + ctrl->ident.anatt_s * HZ);
	return state;
}

/* Keeps @ana, and returns the one of before. */
static struct nvmec_ana *nvmec_ana_apply(struct nvmec_ctrl *ctrl, struct nvmec_ana *ana)
{
	struct nvmec_ns *ns;

	mutex_lock(&ctrl->ns_lock);
	swap(ctrl->ana, ana);
	list_for_each_entry(ns, &ctrl->namespaces, entry)
		nvmec_ana_apply_one(ns);
	mutex_unlock(&ctrl->ns_lock);
	return ana;
}

/**
 * nvmec_ana_renew - give states time that are old
 * @ctrl: the controller, which is about to be live after a reset: what it said before is
 *	no reason to give up a way until it was asked
 *
 * Context: Process context, may sleep.
 */
void nvmec_ana_renew(struct nvmec_ctrl *ctrl)
{
	unsigned long end = jiffies + ctrl->ident.anatt_s * HZ;
	struct nvmec_ns *ns;

	mutex_lock(&ctrl->ns_lock);
	list_for_each_entry(ns, &ctrl->namespaces, entry)
		WRITE_ONCE(ns->ana_until, end);
	mutex_unlock(&ctrl->ns_lock);
}

/**
 * nvmec_ana_ask - have nvmec_ana_read() done soon
 * @ctrl: the controller; one that does not know ANA is not asked
 *
 * Context: Any.
 */
void nvmec_ana_ask(struct nvmec_ctrl *ctrl)
{
	if (nvmec_multipath && ctrl->ident.ana)
		mod_delayed_work(nvmec_wq, &ctrl->ana_work, 0);
}

/**
 * nvmec_ana_read - have ways be what their controller says of them
 * @ctrl: the controller; one that does not know ANA is not asked
 *
 * I/O that waits is looked at again.
 *
 * Context: Process context, may sleep; as nvmec_admin().
 */
void nvmec_ana_read(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ana *ana;
	unsigned int noio;

	if (!nvmec_multipath || !ctrl->ident.ana)
		return;
	/* I/O that memory may wait for may wait for this. */
	noio = memalloc_noio_save();
	mutex_lock(&ctrl->ana_lock);
	ana = nvmec_ana_alloc();
	if (ana && !nvmec_ana_get_all(ctrl, ana))
		ana = nvmec_ana_apply(ctrl, ana);
	mutex_unlock(&ctrl->ana_lock);
	memalloc_noio_restore(noio);
	nvmec_ana_free(ana);
	nvmec_disks_kick(ctrl);
}

/**
 * nvmec_ana_meet - have a new way be what its controller says of it
 * @ns: the way, listed by its controller; the log is read only if what it said last has
 *	nothing about that
 *
 * Context: Process context, may sleep; as nvmec_admin().
 */
void nvmec_ana_meet(struct nvmec_ns *ns)
{
	bool known;

	mutex_lock(&ns->ctrl->ns_lock);
	known = nvmec_ana_apply_one(ns);
	mutex_unlock(&ns->ctrl->ns_lock);
	if (!known)
		nvmec_ana_read(ns->ctrl);
}

/**
 * nvmec_ana_work - &nvmec_ctrl.ana_work
 * @work: of it
 *
 * Context: Process context.
 */
void nvmec_ana_work(struct work_struct *work)
{
	struct nvmec_ctrl *ctrl = container_of(to_delayed_work(work), struct nvmec_ctrl,
					       ana_work);

	WRITE_ONCE(ctrl->ana_asked, jiffies);
	if (READ_ONCE(ctrl->state) != NVMEC_LIVE)
		return;
	nvmec_ana_read(ctrl);
	if (READ_ONCE(ctrl->zones_unseen))
		queue_delayed_work(nvmec_wq, &ctrl->scan_later, NVMEC_SCAN_PAUSE);
}
