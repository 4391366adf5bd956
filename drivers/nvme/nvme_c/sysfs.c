// SPDX-License-Identifier: GPL-2.0
/*
 * What user space sees and may ask for: attributes of controllers and disks.
 * Their names and formats are those that libnvme and udev know.
 */
#include <linux/blkdev.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include "admin.h"
#include "ana.h"
#include "apst.h"
#include "cmb.h"
#include "ctrl.h"
#include "disks.h"
#include "ident.h"
#include "main.h"
#include "multi.h"
#include "ns.h"
#include "queue.h"
#include "quirks.h"
#include "state.h"
#include "subsys.h"
#include "sysfs.h"

static struct nvmec_ctrl *nvmec_dev_ctrl(struct device *dev)
{
	return container_of(dev, struct nvmec_ctrl, dev);
}

/* Of a disk with one way or several: both structures begin with it. */
static const struct nvmec_head *nvmec_dev_head(struct device *dev)
{
	static_assert(!offsetof(struct nvmec_ns, head));
	static_assert(!offsetof(struct nvmec_multi, head));
	return dev_to_disk(dev)->private_data;
}

/* --- controllers ---------------------------------------------------------- */

#define NVMEC_CTRL_ATTR(name, format, value)				\
static ssize_t name##_show(struct device *dev,				\
			   struct device_attribute *attr, char *page)	\
{									\
	struct nvmec_ctrl *ctrl = nvmec_dev_ctrl(dev);			\
									\
	return sysfs_emit(page, format "\n", value);			\
}									\
static DEVICE_ATTR_RO(name)

NVMEC_CTRL_ATTR(serial, "%s", ctrl->ident.serial);
NVMEC_CTRL_ATTR(model, "%s", ctrl->ident.model);
NVMEC_CTRL_ATTR(firmware_rev, "%s", ctrl->ident.firmware);
NVMEC_CTRL_ATTR(cntlid, "%u", ctrl->ident.cntlid);
NVMEC_CTRL_ATTR(state, "%s", nvmec_state_name(nvmec_state(ctrl)));
NVMEC_CTRL_ATTR(address, "%s", pci_name(ctrl->pdev));
NVMEC_CTRL_ATTR(queue_count, "%u", READ_ONCE(ctrl->nr_queues));
NVMEC_CTRL_ATTR(sqsize, "%u",
		ctrl->nr_queues > 1 ? ctrl->queues[1].depth - 1 : 0);
NVMEC_CTRL_ATTR(numa_node, "%d", dev_to_node(&ctrl->pdev->dev));
NVMEC_CTRL_ATTR(cmbloc, "%u", ctrl->cmbloc);
NVMEC_CTRL_ATTR(cmbsz, "%u", ctrl->cmbsz);
NVMEC_CTRL_ATTR(timeouts, "%u", atomic_read(&ctrl->nr_timeouts));
NVMEC_CTRL_ATTR(aborts, "%u", atomic_read(&ctrl->nr_aborts));
NVMEC_CTRL_ATTR(retries, "%u", atomic_read(&ctrl->nr_retries));
NVMEC_CTRL_ATTR(resets, "%u", atomic_read(&ctrl->nr_resets));

static ssize_t transport_show(struct device *dev,
			      struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "pcie\n");
}
static DEVICE_ATTR_RO(transport);

static ssize_t quirks_show(struct device *dev, struct device_attribute *attr,
			   char *page)
{
	return nvmec_quirks_show(nvmec_dev_ctrl(dev), page);
}
static DEVICE_ATTR_RO(quirks);

/* Milliseconds, from a second on. Says what is wrong with others. */
static int nvmec_parse_ms(struct device *dev, const struct device_attribute *attr,
			  const char *text, unsigned int most_s, unsigned int *ms)
{
	unsigned int most_ms = most_s * MSEC_PER_SEC;

	if (!kstrtouint(text, 0, ms) && *ms >= MSEC_PER_SEC && *ms <= most_ms)
		return 0;
	dev_err(dev, "%s: \"%.*s\" is not valid, use %lu to %u\n", attr->attr.name,
		(int)strcspn(text, "\n"), text, MSEC_PER_SEC, most_ms);
	return -EINVAL;
}

static ssize_t io_timeout_show(struct device *dev, struct device_attribute *attr,
			       char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(nvmec_dev_ctrl(dev)->io_timeout_ms));
}

static ssize_t io_timeout_store(struct device *dev, struct device_attribute *attr,
				const char *text, size_t len)
{
	unsigned int ms;
	int ret = nvmec_parse_ms(dev, attr, text, NVMEC_MAX_IO_TIMEOUT_S, &ms);

	if (ret)
		return ret;
	nvmec_disks_set_timeout(nvmec_dev_ctrl(dev), ms);
	return len;
}
static DEVICE_ATTR_RW(io_timeout);

static ssize_t admin_timeout_show(struct device *dev, struct device_attribute *attr,
				  char *page)
{
	return sysfs_emit(page, "%u\n",
			  READ_ONCE(nvmec_dev_ctrl(dev)->admin_timeout_ms));
}

static ssize_t admin_timeout_store(struct device *dev, struct device_attribute *attr,
				   const char *text, size_t len)
{
	unsigned int ms;
	int ret = nvmec_parse_ms(dev, attr, text, NVMEC_MAX_ADMIN_TIMEOUT_S, &ms);

	if (ret)
		return ret;
	nvmec_admin_set_timeout(nvmec_dev_ctrl(dev), ms);
	return len;
}
static DEVICE_ATTR_RW(admin_timeout);

static ssize_t hmb_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(nvmec_dev_ctrl(dev)->hmb_on));
}

/* By a reset, after which it has its memory or not: that is its command for it. */
static int nvmec_hmb_switch(struct nvmec_ctrl *ctrl, bool wanted)
{
	bool before = ctrl->hmb_wanted;
	int ret = 0;

	lockdep_assert_held(&ctrl->hmb_lock);
	if (wanted == READ_ONCE(ctrl->hmb_on)) {
		WRITE_ONCE(ctrl->hmb_wanted, wanted);
		return 0;
	}
	/* For what it does not want, nobody's I/O shall wait. */
	if (!wanted || ctrl->ident.hmpre_bytes) {
		WRITE_ONCE(ctrl->hmb_wanted, wanted);
		ret = nvmec_ctrl_reset_wait(ctrl);
	}
	/* The bring-up goes on without: the controller does not take it. */
	if (!ret && wanted && !READ_ONCE(ctrl->hmb_on)) {
		dev_err(&ctrl->dev, "hmb: switched on, but the controller got no host memory\n");
		ret = -EIO;
	}
	/* Nothing has changed: nor shall it at a later reset. */
	if (ret)
		WRITE_ONCE(ctrl->hmb_wanted, before);
	return ret;
}

static ssize_t hmb_store(struct device *dev, struct device_attribute *attr,
			 const char *text, size_t len)
{
	struct nvmec_ctrl *ctrl = nvmec_dev_ctrl(dev);
	bool wanted;
	int ret;

	if (kstrtobool(text, &wanted)) {
		dev_err(dev, "hmb: \"%.*s\" is not valid, use 0 or 1\n",
			(int)strcspn(text, "\n"), text);
		return -EINVAL;
	}
	if (mutex_lock_interruptible(&ctrl->hmb_lock))
		return -EINTR;
	ret = nvmec_hmb_switch(ctrl, wanted);
	mutex_unlock(&ctrl->hmb_lock);
	return ret ?: len;
}
static DEVICE_ATTR_RW(hmb);

static ssize_t apst_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(nvmec_dev_ctrl(dev)->apst_on));
}
static DEVICE_ATTR_RO(apst);

static ssize_t ps_max_latency_us_show(struct device *dev, struct device_attribute *attr,
				      char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(nvmec_dev_ctrl(dev)->apst_most_us));
}

static ssize_t ps_max_latency_us_store(struct device *dev, struct device_attribute *attr,
				       const char *text, size_t len)
{
	u32 us;

	if (kstrtou32(text, 0, &us)) {
		dev_err(dev, "ps_max_latency_us: \"%.*s\" is not valid, use 0 to %u\n",
			(int)strcspn(text, "\n"), text, U32_MAX);
		return -EINVAL;
	}
	nvmec_apst_limit(nvmec_dev_ctrl(dev), us);
	return len;
}
static DEVICE_ATTR_RW(ps_max_latency_us);

static ssize_t reset_controller_store(struct device *dev,
				      struct device_attribute *attr,
				      const char *text, size_t len)
{
	return nvmec_ctrl_reset_wait(nvmec_dev_ctrl(dev)) ?: len;
}
static DEVICE_ATTR_WO(reset_controller);

static ssize_t rescan_controller_store(struct device *dev,
				       struct device_attribute *attr,
				       const char *text, size_t len)
{
	return nvmec_ctrl_rescan_wait(nvmec_dev_ctrl(dev)) ?: len;
}
static DEVICE_ATTR_WO(rescan_controller);

static ssize_t subsysnqn_show(struct device *dev, struct device_attribute *attr,
			      char *page)
{
	char nqn[NVMEC_NQN_BYTES];

	nvmec_subsys_nqn(&nvmec_dev_ctrl(dev)->ident, nqn);
	return sysfs_emit(page, "%s\n", nqn);
}
static DEVICE_ATTR_RO(subsysnqn);

static ssize_t cntrltype_show(struct device *dev, struct device_attribute *attr,
			      char *page)
{
	return sysfs_emit(page, "io\n");
}
static DEVICE_ATTR_RO(cntrltype);

static ssize_t dctype_show(struct device *dev, struct device_attribute *attr,
			   char *page)
{
	return sysfs_emit(page, "none\n");
}
static DEVICE_ATTR_RO(dctype);

static struct attribute *nvmec_ctrl_attrs[] = {
	&dev_attr_subsysnqn.attr,
	&dev_attr_cntrltype.attr,
	&dev_attr_dctype.attr,
	&dev_attr_serial.attr,
	&dev_attr_model.attr,
	&dev_attr_firmware_rev.attr,
	&dev_attr_cntlid.attr,
	&dev_attr_state.attr,
	&dev_attr_address.attr,
	&dev_attr_transport.attr,
	&dev_attr_queue_count.attr,
	&dev_attr_sqsize.attr,
	&dev_attr_numa_node.attr,
	&dev_attr_quirks.attr,
	&dev_attr_io_timeout.attr,
	&dev_attr_admin_timeout.attr,
	&dev_attr_cmbloc.attr,
	&dev_attr_cmbsz.attr,
	&dev_attr_hmb.attr,
	&dev_attr_apst.attr,
	&dev_attr_ps_max_latency_us.attr,
	&dev_attr_timeouts.attr,
	&dev_attr_aborts.attr,
	&dev_attr_retries.attr,
	&dev_attr_resets.attr,
	&dev_attr_reset_controller.attr,
	&dev_attr_rescan_controller.attr,
	NULL
};

/* Memory that a controller does not have has no files. */
static umode_t nvmec_ctrl_attr_mode(struct kobject *kobj, struct attribute *attr,
				    int index)
{
	if ((attr == &dev_attr_cmbloc.attr || attr == &dev_attr_cmbsz.attr) &&
	    !(nvmec_dev_ctrl(kobj_to_dev(kobj))->cmbsz & NVMEC_CMBSZ_SZ))
		return 0;
	return attr->mode;
}

static const struct attribute_group nvmec_ctrl_group = {
	.attrs		= nvmec_ctrl_attrs,
	.is_visible	= nvmec_ctrl_attr_mode,
};

const struct attribute_group *nvmec_ctrl_groups[] = {
	&nvmec_ctrl_group,
	NULL
};

/* --- namespaces ----------------------------------------------------------- */

static bool nvmec_is_zero(const u8 *bytes, size_t len)
{
	return !memchr_inv(bytes, 0, len);
}

#define NVMEC_NS_ATTR(name, format, value)				\
static ssize_t name##_show(struct device *dev,				\
			   struct device_attribute *attr, char *page)	\
{									\
	const struct nvmec_head *head = nvmec_dev_head(dev);		\
									\
	return sysfs_emit(page, format "\n", value);			\
}									\
static DEVICE_ATTR_RO(name)

NVMEC_NS_ATTR(nsid, "%u", head->nsid);
NVMEC_NS_ATTR(nguid, "%pU", head->id.nguid);
NVMEC_NS_ATTR(uuid, "%pU", head->id.uuid);
NVMEC_NS_ATTR(eui, "%8ph", head->id.eui64);

/* The best identity there is; with none, that of the controller and the id. */
static ssize_t wwid_show(struct device *dev, struct device_attribute *attr,
			 char *page)
{
	const struct nvmec_head *head = nvmec_dev_head(dev);
	const struct nvmec_ns_id *id = &head->id;
	const struct nvmec_ident *ident;

	if (!nvmec_is_zero(id->uuid, sizeof(id->uuid)))
		return sysfs_emit(page, "uuid.%pU\n", id->uuid);
	if (!nvmec_is_zero(id->nguid, sizeof(id->nguid)))
		return sysfs_emit(page, "eui.%16phN\n", id->nguid);
	if (!nvmec_is_zero(id->eui64, sizeof(id->eui64)))
		return sysfs_emit(page, "eui.%8phN\n", id->eui64);
	/* One with several ways has an identity. */
	ident = &container_of(head, const struct nvmec_ns, head)->ctrl->ident;
	return sysfs_emit(page, "nvme.%04x-%*phN-%*phN-%08x\n", ident->vid,
			  (int)strlen(ident->serial), ident->serial,
			  (int)strlen(ident->model), ident->model, head->nsid);
}
static DEVICE_ATTR_RO(wwid);

static struct attribute *nvmec_ns_attrs[] = {
	&dev_attr_nsid.attr,
	&dev_attr_nguid.attr,
	&dev_attr_uuid.attr,
	&dev_attr_eui.attr,
	&dev_attr_wwid.attr,
	NULL
};

/* An identity that a namespace does not have has no file. */
static umode_t nvmec_ns_attr_mode(struct kobject *kobj, struct attribute *attr,
				  int index)
{
	const struct nvmec_ns_id *id = &nvmec_dev_head(kobj_to_dev(kobj))->id;

	if ((attr == &dev_attr_nguid.attr &&
	     nvmec_is_zero(id->nguid, sizeof(id->nguid))) ||
	    (attr == &dev_attr_uuid.attr &&
	     nvmec_is_zero(id->uuid, sizeof(id->uuid))) ||
	    (attr == &dev_attr_eui.attr &&
	     nvmec_is_zero(id->eui64, sizeof(id->eui64))))
		return 0;
	return attr->mode;
}

const struct attribute_group nvmec_ns_group = {
	.attrs		= nvmec_ns_attrs,
	.is_visible	= nvmec_ns_attr_mode,
};

static ssize_t ana_state_show(struct device *dev, struct device_attribute *attr,
			      char *page)
{
	const struct nvmec_ns *ns = dev_to_disk(dev)->private_data;

	return sysfs_emit(page, "%s\n", nvmec_ana_name(READ_ONCE(ns->ana_state)));
}
static DEVICE_ATTR_RO(ana_state);

static struct attribute *nvmec_path_attrs[] = {
	&dev_attr_ana_state.attr,
	NULL
};

/* Of one way of several, if its controller knows of such states. */
static umode_t nvmec_path_attr_mode(struct kobject *kobj, struct attribute *attr,
				    int index)
{
	const struct nvmec_ns *ns = dev_to_disk(kobj_to_dev(kobj))->private_data;

	return ns->multi && ns->ctrl->ident.ana ? attr->mode : 0;
}

static const struct attribute_group nvmec_path_group = {
	.attrs		= nvmec_path_attrs,
	.is_visible	= nvmec_path_attr_mode,
};

const struct attribute_group *nvmec_ns_groups[] = {
	&nvmec_ns_group,
	&nvmec_path_group,
	NULL
};
