// SPDX-License-Identifier: GPL-2.0
/*
 * The attribute table at work: parsing with ranges, showing, module parameters
 * and the list of features.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "attr.h"

/* Longest text of a range, as in "0, or 8 to 4294967295". */
#define NBC_RANGE_BYTES	64

#define NBC_ROW(_id, _name, _param, _type, _min, _max, _flags)	\
	[NBC_ATTR_##_id] = {						\
		.name	= _name,					\
		.param	= _param,					\
		.type	= NBC_##_type,					\
		.offset	= offsetof(struct nbc_config, _id),		\
		.min	= _min,						\
		.max	= _max,						\
		.flags	= _flags,					\
	},

const struct nbc_attr nbc_attrs[NBC_NR_ATTRS] = {
#define NBC_ATTR(_name, _param, _type, _default, _min, _max, _flags, _help) \
	NBC_ROW(_name, #_name, #_param, _type, _min, _max, _flags)
#define NBC_ATTR_ONLY(_name, _type, _default, _min, _max, _flags, _help) \
	NBC_ROW(_name, #_name, NULL, _type, _min, _max, _flags)
#define NBC_PARAM_ONLY(_param, _type, _default, _min, _max, _flags, _help) \
	NBC_ROW(_param, NULL, #_param, _type, _min, _max, _flags)
#define NBC_ATTR_TEXT(_name, _mode, _flags, _help)			\
	[NBC_ATTR_##_name] = { .name = #_name, .type = NBC_TEXT,	\
			       .flags = _flags },
#define NBC_PARAM_FAULT(_param, _help)					\
	[NBC_ATTR_##_param] = { .param = #_param, .type = NBC_TEXT },
#include "attrs.h"
};

/* What modprobe set, or the table's defaults: every new device starts so. */
struct nbc_config nbc_defaults = {
#define NBC_ATTR(_name, _param, _type, _default, ...)	._name = _default,
#define NBC_ATTR_ONLY(_name, _type, _default, ...)	._name = _default,
#define NBC_PARAM_ONLY(_param, _type, _default, ...)	._param = _default,
#include "attrs.h"
};

static unsigned long nbc_attr_max(const struct nbc_attr *attr,
				  enum nbc_source source)
{
	unsigned long max = attr->max;

	if (attr->flags & NBC_A_CPUS)
		max = nr_cpu_ids;
	if ((attr->flags & NBC_A_PARAM_MAX) && source != NBC_FROM_PARAM)
		max = *nbc_attr_value(attr, &nbc_defaults);
	if ((attr->flags & NBC_A_PARAM_GIB) && source == NBC_FROM_PARAM)
		max /= 1024;
	return max;
}

static void nbc_range_print(const struct nbc_attr *attr,
			    enum nbc_source source, char *buf)
{
	unsigned long max = nbc_attr_max(attr, source);

	if (attr->type == NBC_BOOL)
		strscpy(buf, "0 or 1", NBC_RANGE_BYTES);
	else if (attr->type == NBC_NODE)
		strscpy(buf, "-1 or an online NUMA node", NBC_RANGE_BYTES);
	else
		snprintf(buf, NBC_RANGE_BYTES, "%s%s%lu to %lu",
			 attr->flags & NBC_A_ZERO ? "0, or " : "",
			 attr->flags & NBC_A_POW2 ? "a power of two, " : "",
			 attr->min, max);
}

static const char *nbc_attr_name(const struct nbc_attr *attr,
				 enum nbc_source source)
{
	return source == NBC_FROM_PARAM ? attr->param : attr->name;
}

static int nbc_parse_node(const char *text, unsigned long *value)
{
	unsigned int number;
	int node, ret;

	if (!kstrtoint(text, 0, &node) && node == NUMA_NO_NODE) {
		*value = NUMA_NO_NODE;
		return 0;
	}
	ret = kstrtouint(text, 0, &number);
	if (!ret)
		*value = (int)number;
	return ret;
}

/* From text to number, whatever the range. */
static int nbc_parse_number(const struct nbc_attr *attr, const char *text,
			    unsigned long *value)
{
	unsigned int number = 0;
	bool on = false;
	int ret;

	switch (attr->type) {
	case NBC_BOOL:
		/* As for any bool parameter: its name alone means yes. */
		ret = text ? kstrtobool(text, &on) : 0;
		*value = text ? on : true;
		return ret;
	case NBC_NODE:
		return text ? nbc_parse_node(text, value) : -EINVAL;
	case NBC_ULONG:
		return text ? kstrtoul(text, 0, value) : -EINVAL;
	case NBC_UINT:
		ret = text ? kstrtouint(text, 0, &number) : -EINVAL;
		*value = number;
		return ret;
	case NBC_TEXT:
		break;
	}
	return -EINVAL;
}

static bool nbc_value_valid(const struct nbc_attr *attr,
			    enum nbc_source source, unsigned long value)
{
	int node = value;

	switch (attr->type) {
	case NBC_BOOL:
		return true;
	case NBC_NODE:
		return node == NUMA_NO_NODE ||
		       (node >= 0 && node < MAX_NUMNODES && node_online(node));
	default:
		break;
	}
	if ((attr->flags & NBC_A_ZERO) && !value)
		return true;
	if ((attr->flags & NBC_A_POW2) && !is_power_of_2(value))
		return false;
	return value >= attr->min && value <= nbc_attr_max(attr, source);
}

/*
 * Replaces a value that is too much by what is taken instead, if this attribute
 * does so for this source, and says it.
 */
static bool nbc_value_clamp(const struct nbc_attr *attr,
			    enum nbc_source source, unsigned long *value)
{
	unsigned long max = nbc_attr_max(attr, source);
	bool clamps;

	clamps = (attr->flags & NBC_A_CLAMP && source != NBC_FROM_LIVE) ||
		 (attr->flags & NBC_A_CLAMP_PARAM && source == NBC_FROM_PARAM);
	if (!clamps)
		return false;
	if (attr->type == NBC_NODE) {
		pr_warn("%s: node %ld is not online, using any node\n",
			attr->param, (long)*value);
		*value = NUMA_NO_NODE;
		return true;
	}
	if (*value <= max)
		return false;
	pr_warn("%s: %lu is too much, using %lu\n",
		nbc_attr_name(attr, source), *value, max);
	*value = max;
	return true;
}

/**
 * nbc_attr_parse - turn what the user wrote into a value
 * @attr: row of the table
 * @text: what was written, may end in a newline; NULL for a bare parameter
 * @source: where it was written
 * @value: set on success only
 *
 * Context: May sleep. Refusal and clamping are logged in one line.
 * Return: 0, -EINVAL for bad text or a value out of range, -ERANGE for a number
 * too large for its type.
 */
int nbc_attr_parse(const struct nbc_attr *attr, const char *text,
		   enum nbc_source source, unsigned long *value)
{
	char range[NBC_RANGE_BYTES];
	unsigned long parsed;
	int ret;

	ret = nbc_parse_number(attr, text, &parsed);
	if (!ret && !nbc_value_valid(attr, source, parsed) &&
	    !nbc_value_clamp(attr, source, &parsed))
		ret = -EINVAL;
	if (ret) {
		text = text ?: "";
		nbc_range_print(attr, source, range);
		pr_err("%s: \"%*pE\" is not valid, use %s\n",
		       nbc_attr_name(attr, source),
		       (int)strcspn(text, "\n"), text, range);
		return ret;
	}
	if ((attr->flags & NBC_A_PARAM_GIB) && source == NBC_FROM_PARAM)
		parsed *= 1024;
	*value = parsed;
	return 0;
}

/**
 * nbc_attr_show - print the value of an attribute as configfs shows it
 * @attr: row of the table
 * @config: where the value is
 * @page: output, PAGE_SIZE bytes
 *
 * Return: number of bytes printed.
 */
int nbc_attr_show(const struct nbc_attr *attr, const struct nbc_config *config,
		  char *page)
{
	unsigned long value =
		*nbc_attr_value(attr, (struct nbc_config *)config);

	if (attr->type == NBC_NODE)
		return sysfs_emit(page, "%u\n", (unsigned int)value);
	return sysfs_emit(page, "%lu\n", value);
}

/**
 * nbc_features_show - print the names of all attributes, comma-separated
 * @page: output, PAGE_SIZE bytes
 *
 * With drop_in, only of those that null_blk has.
 *
 * Return: number of bytes printed.
 */
int nbc_features_show(char *page)
{
	const char *separator = "";
	int i, len = 0;

	for (i = 0; i < NBC_NR_ATTRS; i++) {
		if (!nbc_attrs[i].name ||
		    (nbc_defaults.drop_in && nbc_attrs[i].flags & NBC_A_OURS))
			continue;
		len += sysfs_emit_at(page, len, "%s%s", separator,
				     nbc_attrs[i].name);
		separator = ",";
	}
	return len + sysfs_emit_at(page, len, "\n");
}

static int nbc_param_set(const char *text, const struct kernel_param *kp)
{
	const struct nbc_attr *attr = kp->arg;

	return nbc_attr_parse(attr, text, NBC_FROM_PARAM,
			      nbc_attr_value(attr, &nbc_defaults));
}

static int nbc_param_get(char *page, const struct kernel_param *kp)
{
	const struct nbc_attr *attr = kp->arg;
	unsigned long value = *nbc_attr_value(attr, &nbc_defaults);

	if (attr->type == NBC_BOOL)
		return sysfs_emit(page, "%c\n", value ? 'Y' : 'N');
	if (attr->type == NBC_NODE)
		return sysfs_emit(page, "%d\n", (int)value);
	if (attr->flags & NBC_A_PARAM_GIB)
		value /= 1024;
	return sysfs_emit(page, "%lu\n", value);
}

static const struct kernel_param_ops nbc_param_ops = {
	.flags	= KERNEL_PARAM_OPS_FL_NOARG,
	.set	= nbc_param_set,
	.get	= nbc_param_get,
};

#define NBC_PARAM_BOOL	"bool"
#define NBC_PARAM_UINT	"uint"
#define NBC_PARAM_ULONG	"ulong"
#define NBC_PARAM_NODE	"int"

#define NBC_PARAM(_id, _param, _type, _help)				\
	__MODULE_PARM_TYPE(_param, NBC_PARAM_##_type);			\
	MODULE_PARM_DESC(_param, _help);				\
	module_param_cb(_param, &nbc_param_ops,				\
			(void *)&nbc_attrs[NBC_ATTR_##_id], 0444)

#define NBC_ATTR(_name, _param, _type, _default, _min, _max, _flags, _help) \
	NBC_PARAM(_name, _param, _type, _help);
#define NBC_PARAM_ONLY(_param, _type, _default, _min, _max, _flags, _help) \
	NBC_PARAM(_param, _param, _type, _help);
#include "attrs.h"
