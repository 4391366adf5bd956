// SPDX-License-Identifier: GPL-2.0
/*
 * The faults of a device in configfs: a directory for each, with the files that
 * the kernel's fault injection has for them; and the module parameters that new
 * devices start with.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "null_blk_c.h"

static const char * const nbc_fault_groups[] = {
	[NBC_FAULT_timeout]	= "timeout_inject",
	[NBC_FAULT_requeue]	= "requeue_inject",
	[NBC_FAULT_init_hctx]	= "init_hctx_fault_inject",
};

/* What modprobe asked for, as text; every new device starts so. */
static char nbc_fault_defaults[NBC_NR_FAULTS][NBC_FAULT_TEXT_BYTES];

/* From text to a number of @min to @max; what is not one is logged. */
static int nbc_fault_parse(struct config_item *item, const char *file,
			   const char *text, long long min, long long max,
			   long long *value)
{
	bool on;
	int ret;

	ret = kstrtoll(text, 0, value);
	if (ret == -EINVAL && max == 1) {
		ret = kstrtobool(text, &on);
		*value = on;
	}
	if (!ret && (*value < min || *value > max))
		ret = -EINVAL;
	if (ret)
		pr_err("%s/%s: \"%*pE\" is not valid, use %lld to %lld\n",
		       config_item_name(item), file,
		       (int)strcspn(text, "\n"), text, min, max);
	return ret;
}

static struct nbc_fault *nbc_item_fault(struct config_item *item)
{
	return container_of(to_config_group(item), struct nbc_fault, group);
}

/*
 * A file of a fault: @_get and @_set are expressions of fault, a struct
 * mqblk_fault *, and the second of value.
 */
#define NBC_FAULT_FILE(_id, _file, _min, _max, _get, _set)		\
static ssize_t nbc_fault_##_id##_show(struct config_item *item,		\
				      char *page)			\
{									\
	struct mqblk_fault *fault = &nbc_item_fault(item)->fault;	\
									\
	return sysfs_emit(page, "%lld\n", (long long)(_get));		\
}									\
static ssize_t nbc_fault_##_id##_store(struct config_item *item,	\
				       const char *text, size_t len)	\
{									\
	struct nbc_device *dev = nbc_item_fault(item)->dev;		\
	struct mqblk_fault *fault = &nbc_item_fault(item)->fault;	\
	long long value;						\
	int ret;							\
									\
	ret = nbc_fault_parse(item, _file, text, _min, _max, &value);	\
	if (ret)							\
		return ret;						\
	guard(mutex)(&dev->config_lock);				\
	_set;								\
	if (dev->disk)							\
		nbc_disk_choose_path(dev->disk);			\
	return len;							\
}									\
static struct configfs_attribute nbc_fault_attr_##_id = {		\
	.ca_name	= _file,					\
	.ca_mode	= 0644,						\
	.ca_owner	= THIS_MODULE,					\
	.show		= nbc_fault_##_id##_show,			\
	.store		= nbc_fault_##_id##_store,			\
}

NBC_FAULT_FILE(interval, "interval", 0, UINT_MAX, fault->interval,
	       WRITE_ONCE(fault->interval, value));
NBC_FAULT_FILE(probability, "probability", 0, 100, fault->probability,
	       WRITE_ONCE(fault->probability, value));
NBC_FAULT_FILE(space, "space", 0, INT_MAX, atomic_read(&fault->space),
	       atomic_set(&fault->space, value));
NBC_FAULT_FILE(task_filter, "task-filter", 0, 1, fault->task_filter,
	       WRITE_ONCE(fault->task_filter, value));
NBC_FAULT_FILE(times, "times", -1, INT_MAX, atomic_read(&fault->times),
	       atomic_set(&fault->times, value));
NBC_FAULT_FILE(verbose, "verbose", 0, UINT_MAX, fault->verbose,
	       WRITE_ONCE(fault->verbose, value));
NBC_FAULT_FILE(burst, "verbose_ratelimit_burst", 0, INT_MAX,
	       fault->ratelimit.burst, fault->ratelimit.burst = value);
NBC_FAULT_FILE(interval_ms, "verbose_ratelimit_interval_ms", 0, INT_MAX,
	       jiffies_to_msecs(fault->ratelimit.interval),
	       fault->ratelimit.interval = msecs_to_jiffies(value));

static struct configfs_attribute *nbc_fault_files[] = {
	&nbc_fault_attr_interval,
	&nbc_fault_attr_probability,
	&nbc_fault_attr_space,
	&nbc_fault_attr_task_filter,
	&nbc_fault_attr_times,
	&nbc_fault_attr_verbose,
	&nbc_fault_attr_burst,
	&nbc_fault_attr_interval_ms,
	NULL,
};

static const struct config_item_type nbc_fault_type = {
	.ct_attrs	= nbc_fault_files,
	.ct_owner	= THIS_MODULE,
};

/**
 * nbc_faults_init - give a new device its faults
 * @dev: a device whose group nobody sees yet
 *
 * Context: Process context.
 */
void nbc_faults_init(struct nbc_device *dev)
{
	int id;

	for (id = 0; id < NBC_NR_FAULTS; id++) {
		struct nbc_fault *fault = &dev->faults[id];

		fault->dev = dev;
		mqblk_fault_init(&fault->fault);
		if (*nbc_fault_defaults[id])
			mqblk_fault_setup(&fault->fault,
					  nbc_fault_defaults[id]);
		config_group_init_type_name(&fault->group, nbc_fault_groups[id],
					    &nbc_fault_type);
		configfs_add_default_group(&fault->group, &dev->group);
	}
}

static int nbc_fault_param_set(const char *text, const struct kernel_param *kp)
{
	char *value = kp->arg;
	struct mqblk_fault fault;
	char copy[NBC_FAULT_TEXT_BYTES];
	int ret = -EINVAL;

	mqblk_fault_init(&fault);
	if (strscpy(copy, text, sizeof(copy)) >= 0) {
		strim(copy);
		ret = *copy ? mqblk_fault_setup(&fault, copy) : 0;
	}
	if (ret) {
		pr_err("%s: \"%*pE\" is not valid, use interval,probability,space,times: 1 and more, 0 to 100, 0 and more, -1 and more\n",
		       kp->name, (int)strcspn(text, "\n"), text);
		return ret;
	}
	strscpy(value, copy, NBC_FAULT_TEXT_BYTES);
	return 0;
}

static int nbc_fault_param_get(char *page, const struct kernel_param *kp)
{
	return sysfs_emit(page, "%s\n", (char *)kp->arg);
}

static const struct kernel_param_ops nbc_fault_param_ops = {
	.set	= nbc_fault_param_set,
	.get	= nbc_fault_param_get,
};

#define NBC_PARAM_FAULT(_param, _help)					\
	__MODULE_PARM_TYPE(_param, "string");				\
	MODULE_PARM_DESC(_param, _help);				\
	module_param_cb(_param, &nbc_fault_param_ops,			\
			nbc_fault_defaults[NBC_FAULT_##_param], 0444);
#define NBC_ATTR(...)
#include "attrs.h"
