// SPDX-License-Identifier: GPL-2.0
/*
 * What user space sees: /sys/kernel/config/nvme_model/CONTROLLER with its attributes,
 * and namespaces/NSID below it.
 */
#define pr_fmt(fmt) "nvme_model: " fmt

#include <linux/hex.h>
#include <linux/idr.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "nvme_model.h"

#define NVMM_MAX_ZONE_MIB	1024

static DEFINE_IDA(nvmm_instances);

/* --- namespaces ------------------------------------------------------------------------ */

static struct nvmm_ns *to_nvmm_ns(struct config_item *item)
{
	return container_of(to_config_group(item), struct nvmm_ns, group);
}

/* Every change is told to the driver, if it can see the namespace or could before. */
static void nvmm_ns_end_change(struct nvmm_ns *ns, bool visible)
{
	mutex_unlock(&ns->ctrl->subsys->ns_lock);
	if (visible)
		nvmm_ns_changed(ns->ctrl, ns->nsid);
}

static ssize_t nvmm_ns_size_mib_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%llu\n", to_nvmm_ns(item)->bytes >> 20);
}

static ssize_t nvmm_ns_size_mib_store(struct config_item *item, const char *page,
				      size_t count)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);
	u32 mib;
	int ret = kstrtouint(page, 0, &mib);

	if (ret || !mib || mib > SZ_1M) {
		pr_err("size_mib: %.*s is not valid, use 1 to %u\n",
		       (int)strcspn(page, "\n"), page, SZ_1M);
		return ret ?: -EINVAL;
	}
	mutex_lock(&ns->ctrl->subsys->ns_lock);
	if ((u64)mib << 20 < ns->bytes)
		nvmm_store_zero(ns, (u64)mib << 20, ns->bytes - ((u64)mib << 20), true);
	ns->bytes = (u64)mib << 20;
	nvmm_ns_end_change(ns, ns->attached);
	return count;
}
CONFIGFS_ATTR(nvmm_ns_, size_mib);

static ssize_t nvmm_ns_zone_mib_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", to_nvmm_ns(item)->zone_bytes >> 20);
}

static ssize_t nvmm_ns_zone_mib_store(struct config_item *item, const char *page,
				      size_t count)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);
	u32 mib;

	if (kstrtouint(page, 0, &mib) || !mib || mib > NVMM_MAX_ZONE_MIB) {
		pr_err("zone_mib: %.*s is not valid, use 1 to %u\n",
		       (int)strcspn(page, "\n"), page, NVMM_MAX_ZONE_MIB);
		return -EINVAL;
	}
	mutex_lock(&ns->ctrl->subsys->ns_lock);
	ns->zone_bytes = mib << 20;
	nvmm_ns_end_change(ns, ns->attached);
	return count;
}
CONFIGFS_ATTR(nvmm_ns_, zone_mib);

static ssize_t nvmm_ns_block_size_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", 1U << to_nvmm_ns(item)->shift);
}

/* A format without metadata */
static bool nvmm_is_plain(u8 format, u32 size)
{
	return !nvmm_formats[format].ms && size == 1U << nvmm_formats[format].shift;
}

static ssize_t nvmm_ns_block_size_store(struct config_item *item, const char *page,
					size_t count)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);
	u32 size;
	int ret = kstrtouint(page, 0, &size);
	u8 format = 0;

	while (!ret && format < NVMM_NR_FORMATS && !nvmm_is_plain(format, size))
		format++;
	if (ret || format == NVMM_NR_FORMATS) {
		pr_err("block_size: %.*s is not valid, use 512, or a power of 2 from 4096 to 131072\n",
		       (int)strcspn(page, "\n"), page);
		return ret ?: -EINVAL;
	}
	mutex_lock(&ns->ctrl->subsys->ns_lock);
	nvmm_ns_set_format(ns, format, 0, false);
	nvmm_ns_end_change(ns, ns->attached);
	return count;
}
CONFIGFS_ATTR(nvmm_ns_, block_size);

/* "FORMAT [TYPE [first] [extended]]": protection of that type, its place, and the metadata's */
static ssize_t nvmm_ns_format_show(struct config_item *item, char *page)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);

	return sysfs_emit(page, "%u %u%s%s\n", ns->format, ns->dps & NVME_NS_DPS_PI_MASK,
			  ns->dps & NVME_NS_DPS_PI_FIRST ? " first" : "",
			  ns->extended ? " extended" : "");
}

static ssize_t nvmm_ns_format_store(struct config_item *item, const char *page,
				    size_t count)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);
	unsigned int format, type = 0;
	u8 dps;

	if (sscanf(page, "%u %u", &format, &type) < 1 || type > 3)
		return -EINVAL;
	dps = type | (strstr(page, "first") ? NVME_NS_DPS_PI_FIRST : 0);
	if (format > U8_MAX || !nvmm_format_fits(format, dps)) {
		pr_err("format: %.*s is not valid\n", (int)strcspn(page, "\n"), page);
		return -EINVAL;
	}
	mutex_lock(&ns->ctrl->subsys->ns_lock);
	nvmm_ns_set_format(ns, format, dps, strstr(page, "extended"));
	nvmm_ns_end_change(ns, ns->attached);
	return count;
}
CONFIGFS_ATTR(nvmm_ns_, format);

static ssize_t nvmm_ns_corrupt_store(struct config_item *item, const char *page,
				     size_t count)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);
	int ret;

	mutex_lock(&ns->ctrl->subsys->ns_lock);
	ret = nvmm_corrupt(ns, page);
	mutex_unlock(&ns->ctrl->subsys->ns_lock);
	return ret ?: count;
}
CONFIGFS_ATTR_WO(nvmm_ns_, corrupt);

static ssize_t nvmm_store_bool(struct nvmm_ns *ns, const char *page, size_t count,
			       bool *value)
{
	bool visible, set;
	int ret = kstrtobool(page, &set);

	if (ret)
		return ret;
	mutex_lock(&ns->ctrl->subsys->ns_lock);
	visible = ns->attached;
	*value = set;
	nvmm_ns_end_change(ns, visible || ns->attached);
	return count;
}

static ssize_t nvmm_ns_attached_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", to_nvmm_ns(item)->attached);
}

static ssize_t nvmm_ns_attached_store(struct config_item *item, const char *page,
				      size_t count)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);

	return nvmm_store_bool(ns, page, count, &ns->attached);
}
CONFIGFS_ATTR(nvmm_ns_, attached);

static ssize_t nvmm_ns_readonly_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", to_nvmm_ns(item)->readonly);
}

static ssize_t nvmm_ns_readonly_store(struct config_item *item, const char *page,
				      size_t count)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);

	return nvmm_store_bool(ns, page, count, &ns->readonly);
}
CONFIGFS_ATTR(nvmm_ns_, readonly);

/* As the log page has it: 1 optimized, 2 not, 3 inaccessible, 4 lost, 15 change */
static ssize_t nvmm_ns_ana_state_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", to_nvmm_ns(item)->ana_state);
}

static ssize_t nvmm_ns_ana_state_store(struct config_item *item, const char *page,
				       size_t count)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);
	bool attached;
	u8 state;
	int ret = kstrtou8(page, 0, &state);

	if (ret)
		return ret;
	mutex_lock(&ns->ctrl->subsys->ns_lock);
	ns->ana_state = state;
	attached = ns->attached;
	mutex_unlock(&ns->ctrl->subsys->ns_lock);
	if (attached)
		nvmm_ana_changed(ns->ctrl);
	return count;
}
CONFIGFS_ATTR(nvmm_ns_, ana_state);

static ssize_t nvmm_ns_csi_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", to_nvmm_ns(item)->csi);
}

static ssize_t nvmm_ns_csi_store(struct config_item *item, const char *page,
				 size_t count)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);
	u8 csi;
	int ret = kstrtou8(page, 0, &csi);

	if (ret)
		return ret;
	mutex_lock(&ns->ctrl->subsys->ns_lock);
	ns->csi = csi;
	nvmm_ns_end_change(ns, ns->attached);
	return count;
}
CONFIGFS_ATTR(nvmm_ns_, csi);

static ssize_t nvmm_ns_uuid_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%pUb\n", &to_nvmm_ns(item)->uuid);
}

static ssize_t nvmm_ns_uuid_store(struct config_item *item, const char *page,
				  size_t count)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);
	uuid_t uuid;
	int ret = uuid_parse(page, &uuid);

	if (ret)
		return ret;
	mutex_lock(&ns->ctrl->subsys->ns_lock);
	ns->uuid = uuid;
	nvmm_ns_end_change(ns, ns->attached);
	return count;
}
CONFIGFS_ATTR(nvmm_ns_, uuid);

/* As many hex digits as the identifier has. */
static ssize_t nvmm_store_hex(struct nvmm_ns *ns, const char *page, size_t count,
			      u8 *value, size_t len)
{
	u8 bytes[16];

	if (strcspn(page, "\n") != 2 * len || hex2bin(bytes, page, len))
		return -EINVAL;
	mutex_lock(&ns->ctrl->subsys->ns_lock);
	memcpy(value, bytes, len);
	nvmm_ns_end_change(ns, ns->attached);
	return count;
}

static ssize_t nvmm_ns_nguid_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%16phN\n", to_nvmm_ns(item)->nguid);
}

static ssize_t nvmm_ns_nguid_store(struct config_item *item, const char *page,
				   size_t count)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);

	return nvmm_store_hex(ns, page, count, ns->nguid, sizeof(ns->nguid));
}
CONFIGFS_ATTR(nvmm_ns_, nguid);

static ssize_t nvmm_ns_eui64_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%8phN\n", to_nvmm_ns(item)->eui64);
}

static ssize_t nvmm_ns_eui64_store(struct config_item *item, const char *page,
				   size_t count)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);

	return nvmm_store_hex(ns, page, count, ns->eui64, sizeof(ns->eui64));
}
CONFIGFS_ATTR(nvmm_ns_, eui64);

static ssize_t nvmm_ns_shared_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", to_nvmm_ns(item)->shared);
}

/* There is no way back but rmdir. */
static ssize_t nvmm_ns_shared_store(struct config_item *item, const char *page,
				    size_t count)
{
	bool set;
	int ret = kstrtobool(page, &set);

	if (!ret && set != to_nvmm_ns(item)->shared)
		ret = set ? nvmm_ns_share(to_nvmm_ns(item)) : -EBUSY;
	return ret ?: count;
}
CONFIGFS_ATTR(nvmm_ns_, shared);

static struct configfs_attribute *nvmm_ns_attrs[] = {
	&nvmm_ns_attr_size_mib,
	&nvmm_ns_attr_zone_mib,
	&nvmm_ns_attr_block_size,
	&nvmm_ns_attr_format,
	&nvmm_ns_attr_corrupt,
	&nvmm_ns_attr_attached,
	&nvmm_ns_attr_readonly,
	&nvmm_ns_attr_csi,
	&nvmm_ns_attr_uuid,
	&nvmm_ns_attr_nguid,
	&nvmm_ns_attr_eui64,
	&nvmm_ns_attr_shared,
	&nvmm_ns_attr_ana_state,
	NULL,
};

static void nvmm_ns_release(struct config_item *item)
{
	nvmm_ns_free(to_nvmm_ns(item));
}

static const struct configfs_item_operations nvmm_ns_item_ops = {
	.release	= nvmm_ns_release,
};

static const struct config_item_type nvmm_ns_type = {
	.ct_item_ops	= &nvmm_ns_item_ops,
	.ct_attrs	= nvmm_ns_attrs,
	.ct_owner	= THIS_MODULE,
};

static struct nvmm_ctrl *nvmm_of_ns_group(struct config_group *group)
{
	return container_of(group, struct nvmm_ctrl, ns_group);
}

static struct config_group *nvmm_make_ns(struct config_group *group, const char *name)
{
	struct nvmm_ctrl *ctrl = nvmm_of_ns_group(group);
	struct nvmm_ns *ns;
	u32 nsid;
	int ret = kstrtouint(name, 10, &nsid);

	if (ret || !nsid || nsid > NVMM_NN) {
		pr_err("namespace %s: not valid, use 1 to %u\n", name, NVMM_NN);
		return ERR_PTR(-EINVAL);
	}
	ns = nvmm_ns_alloc(ctrl, nsid);
	if (!ns)
		return ERR_PTR(-ENOMEM);
	ns->has_directory = true;
	config_group_init_type_name(&ns->group, name, &nvmm_ns_type);
	/* Its subsystem does not change meanwhile. */
	mutex_lock(&ctrl->power_lock);
	mutex_lock(&ctrl->subsys->ns_lock);
	ret = xa_insert(&ctrl->namespaces, nsid, ns, GFP_KERNEL);
	mutex_unlock(&ctrl->subsys->ns_lock);
	mutex_unlock(&ctrl->power_lock);
	if (ret) {
		nvmm_ns_free(ns);
		return ERR_PTR(ret == -EBUSY ? -EEXIST : ret);
	}
	return &ns->group;
}

static void nvmm_drop_ns(struct config_group *group, struct config_item *item)
{
	struct nvmm_ns *ns = to_nvmm_ns(item);
	struct nvmm_ctrl *ctrl = ns->ctrl;
	bool visible;

	mutex_lock(&ctrl->subsys->ns_lock);
	visible = ns->attached;
	/* A command may have deleted it, and another have made one with its id. */
	if (xa_load(&ctrl->namespaces, ns->nsid) == ns)
		xa_erase(&ctrl->namespaces, ns->nsid);
	nvmm_ns_end_change(ns, visible);
	config_item_put(item);
}

static const struct configfs_group_operations nvmm_namespaces_ops = {
	.make_group	= nvmm_make_ns,
	.drop_item	= nvmm_drop_ns,
};

static const struct config_item_type nvmm_namespaces_type = {
	.ct_group_ops	= &nvmm_namespaces_ops,
	.ct_owner	= THIS_MODULE,
};

/* --- the controller's numbers ------------------------------------------------------------ */

static struct nvmm_ctrl *to_nvmm_ctrl(struct config_item *item)
{
	return container_of(to_config_group(item), struct nvmm_ctrl, group);
}

static ssize_t nvmm_store_number(struct nvmm_ctrl *ctrl, const char *name,
				 const char *page, size_t count, u32 *value, u32 least,
				 u32 most)
{
	u32 number;
	int ret = kstrtouint(page, 0, &number);

	if (ret || number < least || number > most) {
		pr_err("%s: %s: %.*s is not valid, use %u to %u\n", ctrl->name, name,
		       (int)strcspn(page, "\n"), page, least, most);
		return ret ?: -EINVAL;
	}
	mutex_lock(&ctrl->power_lock);
	if (ctrl->powered) {
		pr_err("%s: %s: not while it has power\n", ctrl->name, name);
		ret = -EBUSY;
	} else {
		*value = number;
	}
	mutex_unlock(&ctrl->power_lock);
	return ret ?: count;
}

#define NVMM_NUMBER(_name, _least, _most)					\
static ssize_t nvmm_ctrl_##_name##_show(struct config_item *item, char *page)	\
{										\
	return sysfs_emit(page, "%u\n", to_nvmm_ctrl(item)->config._name);	\
}										\
static ssize_t nvmm_ctrl_##_name##_store(struct config_item *item,		\
					 const char *page, size_t count)	\
{										\
	struct nvmm_ctrl *ctrl = to_nvmm_ctrl(item);				\
										\
	return nvmm_store_number(ctrl, #_name, page, count,			\
				 &ctrl->config._name, _least, _most);		\
}										\
CONFIGFS_ATTR(nvmm_ctrl_, _name)

NVMM_NUMBER(queues, 1, NVMM_MAX_IO_QUEUES);
NVMM_NUMBER(depth, 2, 65536);
NVMM_NUMBER(mdts, 0, 13);
NVMM_NUMBER(dstrd, 0, 4);
NVMM_NUMBER(timeout, 1, 255);
NVMM_NUMBER(ready_ms, 0, 600000);
NVMM_NUMBER(shutdown_ms, 0, 600000);
NVMM_NUMBER(acl, 0, 255);
NVMM_NUMBER(sgl, 0, 1);
NVMM_NUMBER(shadow, 0, 1);
NVMM_NUMBER(vwc, 0, 1);
NVMM_NUMBER(anatt, 0, 255);
NVMM_NUMBER(fdp, 0, NVMM_MAX_HANDLES);
NVMM_NUMBER(lossy, 0, 1);
NVMM_NUMBER(check, 0, 1);
NVMM_NUMBER(time, 0, 1);
NVMM_NUMBER(version, 0x10000, 0x20300);
NVMM_NUMBER(hmpre, 0, U32_MAX);
NVMM_NUMBER(hmmin, 0, U32_MAX);
NVMM_NUMBER(hmminds, 0, U32_MAX);
NVMM_NUMBER(hmmaxd, 0, U16_MAX);
NVMM_NUMBER(apst, 0, 4);
NVMM_NUMBER(cmbloc, 0, U32_MAX);
NVMM_NUMBER(cmbsz, 0, U32_MAX);

/* --- the subsystem ------------------------------------------------------------------------ */

static ssize_t nvmm_ctrl_subsystem_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%s\n", to_nvmm_ctrl(item)->subsys->name);
}

static ssize_t nvmm_ctrl_subsystem_store(struct config_item *item, const char *page,
					 size_t count)
{
	struct nvmm_ctrl *ctrl = to_nvmm_ctrl(item);
	char name[sizeof(ctrl->subsys->name)];
	size_t len = strcspn(page, "\n");
	int ret = -EBUSY;

	if (len >= sizeof(name)) {
		pr_err("%s: subsystem: %.*s is not valid, use up to %zu bytes\n",
		       ctrl->name, (int)len, page, sizeof(name) - 1);
		return -EINVAL;
	}
	strscpy(name, page, len + 1);
	mutex_lock(&ctrl->power_lock);
	if (!ctrl->powered && xa_empty(&ctrl->namespaces))
		ret = nvmm_subsys_join(ctrl, name);
	mutex_unlock(&ctrl->power_lock);
	return ret ?: count;
}
CONFIGFS_ATTR(nvmm_ctrl_, subsystem);

/* --- power ---------------------------------------------------------------------------------- */

static int nvmm_power_on(struct nvmm_ctrl *ctrl)
{
	int ret = nvmm_engine_start(ctrl);

	if (ret)
		return ret;
	ret = nvmm_pci_add(ctrl);
	if (ret) {
		nvmm_engine_stop(ctrl);
		return ret;
	}
	ctrl->powered = true;
	return 0;
}

/* A driver that lets go of a controller which still works shuts it down. */
static void nvmm_power_off(struct nvmm_ctrl *ctrl)
{
	bool alive = !ctrl->gone && !ctrl->frozen && !ctrl->spoiled;

	nvmm_pci_remove(ctrl);
	nvmm_engine_stop(ctrl);
	ctrl->powered = false;
	if (!ctrl->unsafe)
		return;
	ctrl->unsafe_shutdowns++;
	nvmm_cut(ctrl);
	if (alive)
		nvmm_breach(ctrl, NVMM_UNSAFE_SHUTDOWN, "CC %#x CSTS %#x", ctrl->cc,
			    ctrl->csts);
}

static ssize_t nvmm_ctrl_power_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", to_nvmm_ctrl(item)->powered);
}

static ssize_t nvmm_ctrl_power_store(struct config_item *item, const char *page,
				     size_t count)
{
	struct nvmm_ctrl *ctrl = to_nvmm_ctrl(item);
	bool on;
	int ret = kstrtobool(page, &on);

	if (ret)
		return ret;
	mutex_lock(&ctrl->power_lock);
	if (on && !ctrl->powered)
		ret = nvmm_power_on(ctrl);
	else if (!on && ctrl->powered)
		nvmm_power_off(ctrl);
	mutex_unlock(&ctrl->power_lock);
	return ret ?: count;
}
CONFIGFS_ATTR(nvmm_ctrl_, power);

static ssize_t nvmm_ctrl_address_show(struct config_item *item, char *page)
{
	struct nvmm_ctrl *ctrl = to_nvmm_ctrl(item);
	ssize_t len = -ENODEV;

	mutex_lock(&ctrl->power_lock);
	if (ctrl->powered)
		len = sysfs_emit(page, "%s\n", pci_name(ctrl->pdev));
	mutex_unlock(&ctrl->power_lock);
	return len;
}
CONFIGFS_ATTR_RO(nvmm_ctrl_, address);

/* --- faults and findings ---------------------------------------------------------------------- */

static ssize_t nvmm_ctrl_rules_show(struct config_item *item, char *page)
{
	return nvmm_rules_show(to_nvmm_ctrl(item), page);
}

static ssize_t nvmm_ctrl_rules_store(struct config_item *item, const char *page,
				     size_t count)
{
	return nvmm_rules_write(to_nvmm_ctrl(item), page) ?: count;
}
CONFIGFS_ATTR(nvmm_ctrl_, rules);

static ssize_t nvmm_ctrl_now_store(struct config_item *item, const char *page,
				   size_t count)
{
	struct nvmm_ctrl *ctrl = to_nvmm_ctrl(item);

	/* Not under power_lock: what is to end a hang must not wait for it. */
	if (!READ_ONCE(ctrl->thread))
		return -ENODEV;
	return nvmm_rules_now(ctrl, page) ?: count;
}
CONFIGFS_ATTR_WO(nvmm_ctrl_, now);

static ssize_t nvmm_ctrl_breaches_show(struct config_item *item, char *page)
{
	return nvmm_breaches_show(to_nvmm_ctrl(item), page);
}

static ssize_t nvmm_ctrl_breaches_store(struct config_item *item, const char *page,
					size_t count)
{
	nvmm_breaches_clear(to_nvmm_ctrl(item));
	return count;
}
CONFIGFS_ATTR(nvmm_ctrl_, breaches);

static ssize_t nvmm_ctrl_counts_show(struct config_item *item, char *page)
{
	return nvmm_counts_show(to_nvmm_ctrl(item), page);
}
CONFIGFS_ATTR_RO(nvmm_ctrl_, counts);

static ssize_t nvmm_ctrl_apst_table_show(struct config_item *item, char *page)
{
	return nvmm_apst_show(to_nvmm_ctrl(item), page);
}
CONFIGFS_ATTR_RO(nvmm_ctrl_, apst_table);

static ssize_t nvmm_ctrl_placed_show(struct config_item *item, char *page)
{
	return nvmm_fdp_show(to_nvmm_ctrl(item), page);
}

static ssize_t nvmm_ctrl_placed_store(struct config_item *item, const char *page,
				      size_t count)
{
	nvmm_fdp_forget(to_nvmm_ctrl(item));
	return count;
}
CONFIGFS_ATTR(nvmm_ctrl_, placed);

static struct configfs_attribute *nvmm_ctrl_attrs[] = {
	&nvmm_ctrl_attr_power,
	&nvmm_ctrl_attr_address,
	&nvmm_ctrl_attr_rules,
	&nvmm_ctrl_attr_now,
	&nvmm_ctrl_attr_breaches,
	&nvmm_ctrl_attr_counts,
	&nvmm_ctrl_attr_subsystem,
	&nvmm_ctrl_attr_queues,
	&nvmm_ctrl_attr_depth,
	&nvmm_ctrl_attr_mdts,
	&nvmm_ctrl_attr_dstrd,
	&nvmm_ctrl_attr_timeout,
	&nvmm_ctrl_attr_ready_ms,
	&nvmm_ctrl_attr_shutdown_ms,
	&nvmm_ctrl_attr_acl,
	&nvmm_ctrl_attr_sgl,
	&nvmm_ctrl_attr_shadow,
	&nvmm_ctrl_attr_vwc,
	&nvmm_ctrl_attr_anatt,
	&nvmm_ctrl_attr_lossy,
	&nvmm_ctrl_attr_check,
	&nvmm_ctrl_attr_time,
	&nvmm_ctrl_attr_version,
	&nvmm_ctrl_attr_hmpre,
	&nvmm_ctrl_attr_hmmin,
	&nvmm_ctrl_attr_hmminds,
	&nvmm_ctrl_attr_hmmaxd,
	&nvmm_ctrl_attr_apst,
	&nvmm_ctrl_attr_apst_table,
	&nvmm_ctrl_attr_fdp,
	&nvmm_ctrl_attr_placed,
	&nvmm_ctrl_attr_cmbloc,
	&nvmm_ctrl_attr_cmbsz,
	NULL,
};

/* --- life ------------------------------------------------------------------------------------- */

static void nvmm_ctrl_free(struct nvmm_ctrl *ctrl)
{
	nvmm_rules_free(ctrl);
	nvmm_ns_free_all(ctrl);
	nvmm_subsys_leave(ctrl);
	if (ctrl->instance > 0)
		ida_free(&nvmm_instances, ctrl->instance);
	kvfree(ctrl->pieces);
	kfree(ctrl->page);
	kvfree(ctrl->block);
	kvfree(ctrl);
}

static void nvmm_ctrl_release(struct config_item *item)
{
	nvmm_ctrl_free(to_nvmm_ctrl(item));
}

static const struct configfs_item_operations nvmm_ctrl_item_ops = {
	.release	= nvmm_ctrl_release,
};

static const struct config_item_type nvmm_ctrl_type = {
	.ct_item_ops	= &nvmm_ctrl_item_ops,
	.ct_attrs	= nvmm_ctrl_attrs,
	.ct_owner	= THIS_MODULE,
};

static const struct nvmm_config nvmm_defaults = {
	.queues		= 4,
	.depth		= 1024,
	.mdts		= 8,
	.timeout	= 20,
	.acl		= 3,
	.sgl		= 1,
	.vwc		= 1,
	.check		= 1,
	.version	= NVME_VS(1, 4, 0),
};

static struct nvmm_ctrl *nvmm_ctrl_alloc(const char *name)
{
	struct nvmm_ctrl *ctrl = kvzalloc_obj(*ctrl);

	if (!ctrl)
		return NULL;
	mutex_init(&ctrl->power_lock);
	spin_lock_init(&ctrl->lock);
	spin_lock_init(&ctrl->event_lock);
	spin_lock_init(&ctrl->rules_lock);
	init_waitqueue_head(&ctrl->wait);
	INIT_LIST_HEAD(&ctrl->waiting);
	INIT_LIST_HEAD(&ctrl->rules);
	xa_init_flags(&ctrl->namespaces, XA_FLAGS_ALLOC1);
	strscpy(ctrl->name, name, sizeof(ctrl->name));
	ctrl->config = nvmm_defaults;
	ctrl->pieces = kvcalloc(NVMM_MAX_PIECES, sizeof(*ctrl->pieces), GFP_KERNEL);
	ctrl->page = kmalloc(NVMM_PAGE, GFP_KERNEL);
	/* Two blocks with their metadata, for a compare */
	ctrl->block = kvmalloc(2 * NVMM_MAX_BLOCK, GFP_KERNEL);
	ctrl->instance = ida_alloc_range(&nvmm_instances, 1, U16_MAX, GFP_KERNEL);
	if (!ctrl->pieces || !ctrl->page || !ctrl->block || ctrl->instance < 0 ||
	    nvmm_subsys_join(ctrl, "")) {
		nvmm_ctrl_free(ctrl);
		return NULL;
	}
	return ctrl;
}

static struct config_group *nvmm_make_ctrl(struct config_group *group, const char *name)
{
	struct nvmm_ctrl *ctrl = nvmm_ctrl_alloc(name);

	if (!ctrl)
		return ERR_PTR(-ENOMEM);
	config_group_init_type_name(&ctrl->group, name, &nvmm_ctrl_type);
	config_group_init_type_name(&ctrl->ns_group, "namespaces",
				    &nvmm_namespaces_type);
	configfs_add_default_group(&ctrl->ns_group, &ctrl->group);
	return &ctrl->group;
}

static void nvmm_drop_ctrl(struct config_group *group, struct config_item *item)
{
	struct nvmm_ctrl *ctrl = to_nvmm_ctrl(item);

	mutex_lock(&ctrl->power_lock);
	if (ctrl->powered)
		nvmm_power_off(ctrl);
	mutex_unlock(&ctrl->power_lock);
	config_item_put(item);
}

static const struct configfs_group_operations nvmm_root_ops = {
	.make_group	= nvmm_make_ctrl,
	.drop_item	= nvmm_drop_ctrl,
};

static const struct config_item_type nvmm_root_type = {
	.ct_group_ops	= &nvmm_root_ops,
	.ct_owner	= THIS_MODULE,
};

static struct configfs_subsystem nvmm_subsystem = {
	.su_group = {
		.cg_item = {
			.ci_namebuf	= "nvme_model",
			.ci_type	= &nvmm_root_type,
		},
	},
	.su_mutex = __MUTEX_INITIALIZER(nvmm_subsystem.su_mutex),
};

/** nvmm_configfs_init - register the directory; return: 0 or an errno */
int __init nvmm_configfs_init(void)
{
	config_group_init(&nvmm_subsystem.su_group);
	return configfs_register_subsystem(&nvmm_subsystem);
}
