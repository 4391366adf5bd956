// SPDX-License-Identifier: GPL-2.0
/*
 * The attributes: a file of each in debugfs, and one table that describes them.
 *
 * What is written is taken whole or not at all: a value out of range, or one
 * that comes while the load runs, is refused with an errno and a line in the log.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "load.h"

/* The defaults make what null devices are usually measured with. */
struct mql_config mql_config = {
	.engine		= MQL_DISK,
	.pattern	= MQL_RANDOM,
	.block_bytes	= 4096,
	.span_bytes	= 512 << 20,
	.batch		= 16,
	.depth		= 32,
	.jobs		= 1,
	.ios		= 100000,
	.seed		= 1,
};

static const char *const mql_engine_names[] = {
	[MQL_DISK]	= "disk",
	[MQL_MEMCPY]	= "memcpy",
	[MQL_MOVSB]	= "movsb",
};

static const char *const mql_pattern_names[] = {
	[MQL_RANDOM]	 = "random",
	[MQL_SEQUENTIAL] = "sequential",
	[MQL_ZONES]	 = "zones",
};

/**
 * struct mql_attr - an attribute
 * @name: of its file
 * @offset: of its value in &struct mql_config
 * @min: least value of a number
 * @max: greatest value of a number
 * @unit: what a number has to be a multiple of, or 0
 * @names: of the values, if it is no number but one of these
 * @text: a text of at most MQL_TEXT_BYTES, which this function checks
 */
struct mql_attr {
	const char		*name;
	size_t			offset;
	u64			min;
	u64			max;
	u64			unit;
	const char *const	*names;
	int			(*text)(const struct mql_attr *attr, const char *text);
};

static int mql_check_cpus(const struct mql_attr *attr, const char *text);
static int mql_check_disks(const struct mql_attr *attr, const char *text);

#define MQL_NUMBER(_name, _min, _max, _unit)				\
	{ .name = #_name, .offset = offsetof(struct mql_config, _name),	\
	  .min = _min, .max = _max, .unit = _unit }
#define MQL_CHOICE(_name, _names, _nr)					\
	{ .name = #_name, .offset = offsetof(struct mql_config, _name),	\
	  .max = (_nr) - 1, .names = _names }
#define MQL_TEXT(_name, _check)						\
	{ .name = #_name, .offset = offsetof(struct mql_config, _name),	\
	  .text = _check }

static const struct mql_attr mql_attrs[] = {
	MQL_CHOICE(engine, mql_engine_names, MQL_NR_ENGINES),
	MQL_CHOICE(pattern, mql_pattern_names, MQL_NR_PATTERNS),
	MQL_NUMBER(block_bytes, SECTOR_SIZE, MQL_MAX_BLOCK_BYTES, SECTOR_SIZE),
	MQL_NUMBER(span_bytes, SECTOR_SIZE, S64_MAX & ~(SECTOR_SIZE - 1ULL), SECTOR_SIZE),
	MQL_NUMBER(write_percent, 0, 100, 0),
	MQL_NUMBER(flush_percent, 0, 100, 0),
	MQL_NUMBER(fua_percent, 0, 100, 0),
	MQL_NUMBER(batch, 1, MQL_MAX_DEPTH, 0),
	MQL_NUMBER(depth, 1, MQL_MAX_DEPTH, 0),
	MQL_NUMBER(jobs, 1, MQL_MAX_JOBS, 0),
	MQL_NUMBER(ios, 0, S64_MAX, 0),
	MQL_NUMBER(time_ms, 0, U32_MAX / HZ, 0),
	MQL_NUMBER(seed, 0, U64_MAX, 0),
	MQL_NUMBER(polled, 0, 1, 0),
	MQL_NUMBER(append, 0, 1, 0),
	MQL_NUMBER(verify, 0, 1, 0),
	MQL_NUMBER(latency, 0, 1, 0),
	MQL_TEXT(cpus, mql_check_cpus),
	MQL_TEXT(disks, mql_check_disks),
};

const char *mql_engine_name(enum mql_engine engine)
{
	return mql_engine_names[engine];
}

/* --- values --------------------------------------------------------------- */

static void *mql_attr_value(const struct mql_attr *attr)
{
	return (void *)&mql_config + attr->offset;
}

/* What the user wrote goes to the log escaped, so that it makes no lines there. */
static int mql_refuse(const struct mql_attr *attr, const char *text)
{
	if (attr->unit)
		pr_err("%s: \"%*pE\" is not valid, use %llu to %llu, a multiple of %llu\n",
		       attr->name, (int)strlen(text), text, attr->min,
		       attr->max, attr->unit);
	else
		pr_err("%s: \"%*pE\" is not valid, use %llu to %llu\n",
		       attr->name, (int)strlen(text), text, attr->min, attr->max);
	return -EINVAL;
}

static int mql_set_number(const struct mql_attr *attr, const char *text)
{
	u64 value, *place = mql_attr_value(attr);

	if (kstrtou64(text, 0, &value) || value < attr->min || value > attr->max ||
	    (attr->unit && value & (attr->unit - 1)))
		return mql_refuse(attr, text);
	*place = value;
	return 0;
}

static int mql_set_choice(const struct mql_attr *attr, const char *text)
{
	int found = __sysfs_match_string(attr->names, attr->max + 1, text);
	u64 *place = mql_attr_value(attr);

	if (found < 0) {
		pr_err("%s: \"%*pE\" is not valid, use %s, %s or %s\n", attr->name,
		       (int)strlen(text), text, attr->names[0], attr->names[1], attr->names[2]);
		return -EINVAL;
	}
	*place = found;
	return 0;
}

static int mql_check_cpus(const struct mql_attr *attr, const char *text)
{
	cpumask_var_t cpus;
	int ret;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	ret = cpulist_parse(text, cpus);
	if (ret != -ENOMEM &&
	    (ret || (*text && !cpumask_intersects(cpus, cpu_online_mask))))
		ret = -EINVAL;
	if (ret == -EINVAL)
		pr_err("%s: \"%*pE\" is not valid, use a list as in 0-1,3 of CPUs that are online (%*pbl), or nothing for all\n",
		       attr->name, (int)strlen(text), text,
		       cpumask_pr_args(cpu_online_mask));
	free_cpumask_var(cpus);
	return ret;
}

/* Whether there are such disks is found out when they are opened. */
static int mql_check_disks(const struct mql_attr *attr, const char *text)
{
	unsigned int nr = 0;

	for (; *text; nr++) {
		text = skip_spaces(text);
		text += strcspn(text, " \t\n");
	}
	if (nr <= MQL_MAX_DISKS)
		return 0;
	pr_err("%s: %u paths are too many, use 0 to %d with blanks between\n",
	       attr->name, nr, MQL_MAX_DISKS);
	return -EINVAL;
}

static int mql_set_text(const struct mql_attr *attr, const char *text)
{
	int ret;

	if (strlen(text) >= MQL_TEXT_BYTES) {
		pr_err("%s: %zu characters are too many, use 0 to %d\n",
		       attr->name, strlen(text), MQL_TEXT_BYTES - 1);
		return -EINVAL;
	}
	ret = attr->text(attr, text);
	if (!ret)
		strscpy(mql_attr_value(attr), text, MQL_TEXT_BYTES);
	return ret;
}

static int mql_set(const struct mql_attr *attr, const char *text)
{
	guard(mutex)(&mql_lock);
	if (mql_busy()) {
		pr_err("%s: \"%*pE\" is not taken while the load runs\n",
		       attr->name, (int)strlen(text), text);
		return -EBUSY;
	}
	if (attr->text)
		return mql_set_text(attr, text);
	if (attr->names)
		return mql_set_choice(attr, text);
	return mql_set_number(attr, text);
}

/* --- files ---------------------------------------------------------------- */

static int mql_attr_show(struct seq_file *seq, void *unused)
{
	const struct mql_attr *attr = seq->private;
	const u64 *value = mql_attr_value(attr);

	guard(mutex)(&mql_lock);
	if (attr->text)
		seq_printf(seq, "%s\n", (const char *)mql_attr_value(attr));
	else if (attr->names)
		seq_printf(seq, "%s\n", attr->names[*value]);
	else
		seq_printf(seq, "%llu\n", *value);
	return 0;
}

static ssize_t mql_attr_write(struct file *file, const char __user *from,
			      size_t len, loff_t *pos)
{
	const struct mql_attr *attr = file_inode(file)->i_private;
	char *text;
	int ret;

	if (len > PAGE_SIZE)
		return -E2BIG;
	text = memdup_user_nul(from, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	ret = mql_set(attr, strim(text));
	kfree(text);
	return ret ?: len;
}
DEFINE_SHOW_STORE_ATTRIBUTE(mql_attr);

/**
 * mql_config_add_files - make a file for each attribute
 * @dir: where
 *
 * Context: Process context, may sleep.
 */
void mql_config_add_files(struct dentry *dir)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mql_attrs); i++)
		debugfs_create_file(mql_attrs[i].name, 0600, dir,
				    (void *)&mql_attrs[i], &mql_attr_fops);
}

/* --- what fits together --------------------------------------------------- */

static int mql_check_disk_config(const struct mql_config *config)
{
	if (!*config->disks) {
		pr_err("disks: \"\" is not valid, use 1 to %d paths with engine disk\n",
		       MQL_MAX_DISKS);
		return -EINVAL;
	}
	if (config->pattern == MQL_ZONES && config->write_percent != 100) {
		pr_err("write_percent: %llu is not valid, use 100 with pattern zones\n",
		       config->write_percent);
		return -EINVAL;
	}
	/* An append is one bio, and nothing else. */
	if (config->append && (config->pattern != MQL_ZONES || config->flush_percent ||
			       config->fua_percent || config->block_bytes > MQL_BIO_BYTES)) {
		pr_err("append: 1 is not valid, use 0 with other patterns than zones, flush_percent, fua_percent, or block_bytes above %lu\n",
		       MQL_BIO_BYTES);
		return -EINVAL;
	}
	/* The block layer takes these apart or lets them wait, and polls for none. */
	if (config->polled && (config->flush_percent || config->fua_percent ||
			       config->pattern == MQL_ZONES)) {
		pr_err("polled: 1 is not valid, use 0 with flush_percent, fua_percent or pattern zones\n");
		return -EINVAL;
	}
	return 0;
}

/* A block is copied page by page: it lies in one, or consists of whole ones. */
static bool mql_copy_fits(u64 block_bytes)
{
	return !(block_bytes & (PAGE_SIZE - 1)) ||
	       (block_bytes < PAGE_SIZE && is_power_of_2(block_bytes));
}

static int mql_check_copy_config(const struct mql_config *config)
{
	if (!mql_copy_can(config->engine)) {
		pr_err("engine: %s is for x86-64 only\n",
		       mql_engine_name(config->engine));
		return -EOPNOTSUPP;
	}
	if (!mql_copy_fits(config->block_bytes)) {
		pr_err("block_bytes: %llu is not valid, use a power of two up to %lu, or a multiple of that, with engine %s\n",
		       config->block_bytes, PAGE_SIZE,
		       mql_engine_name(config->engine));
		return -EINVAL;
	}
	if (config->write_percent && config->write_percent != 100) {
		pr_err("write_percent: %llu is not valid, use 0 or 100 with engine %s\n",
		       config->write_percent, mql_engine_name(config->engine));
		return -EINVAL;
	}
	if (config->pattern != MQL_RANDOM || config->flush_percent ||
	    config->fua_percent || config->append || config->verify ||
	    config->polled || config->latency) {
		pr_err("engine: %s is not valid, use disk with other patterns than random, flush_percent, fua_percent, append, verify, polled or latency\n",
		       mql_engine_name(config->engine));
		return -EINVAL;
	}
	return 0;
}

/**
 * mql_config_check - is there a run with these attributes
 * @config: what they say
 *
 * Looks at what can be known without opening a disk.
 *
 * Return: 0, or an errno after a line in the log.
 */
int mql_config_check(const struct mql_config *config)
{
	if (config->batch > config->depth) {
		pr_err("batch: %llu is not valid, use 1 to %llu, which is depth\n",
		       config->batch, config->depth);
		return -EINVAL;
	}
	if (config->block_bytes > config->span_bytes) {
		pr_err("block_bytes: %llu is not valid, use %llu at most, which is span_bytes\n",
		       config->block_bytes, config->span_bytes);
		return -EINVAL;
	}
	if (config->engine == MQL_DISK)
		return mql_check_disk_config(config);
	return mql_check_copy_config(config);
}
