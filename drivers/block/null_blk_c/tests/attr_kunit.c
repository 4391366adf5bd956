// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the attribute table and of what reads and writes its values.
 *
 * Some go through all rows and ask for what the row itself says, others check
 * by name what a user sees. Every text that is refused is logged in one line.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/string.h>

#include "../attr.h"

/* Stands where a value must not change. No text here means it. */
#define NBC_UNTOUCHED	0x5a5a5a5aUL

/* What the table says, whatever modprobe was told. */
static const struct nbc_config nbc_table_defaults = {
#define NBC_ATTR(_name, _param, _type, _default, ...)	._name = _default,
#define NBC_ATTR_ONLY(_name, _type, _default, ...)	._name = _default,
#define NBC_PARAM_ONLY(_param, _type, _default, ...)	._param = _default,
#include "../attrs.h"
};

static const char * const nbc_source_names[] = {
	[NBC_FROM_PARAM]	= "parameter",
	[NBC_FROM_CONFIGFS]	= "configfs",
	[NBC_FROM_LIVE]		= "powered",
};

#define NBC_NR_SOURCES	ARRAY_SIZE(nbc_source_names)

static const char *nbc_row_name(const struct nbc_attr *attr)
{
	return attr->name ?: attr->param;
}

/* What has a value in struct nbc_config. */
static const void *nbc_row_next(const void *prev, char *desc)
{
	const struct nbc_attr *attr = prev;

	attr = attr ? attr + 1 : nbc_attrs;
	for (; attr < nbc_attrs + NBC_NR_ATTRS; attr++) {
		if (attr->type == NBC_TEXT)
			continue;
		strscpy(desc, nbc_row_name(attr), KUNIT_PARAM_DESC_SIZE);
		return attr;
	}
	return NULL;
}

/* In newer kernels there is the test as well. */
static __maybe_unused const void *nbc_row_next_of(struct kunit *test,
						  const void *prev, char *desc)
{
	return nbc_row_next(prev, desc);
}

#define nbc_row_gen_params						       \
	__builtin_choose_expr(__same_type(((struct kunit_case *)0)->generate_params, \
					  &nbc_row_next),			       \
			      nbc_row_next, nbc_row_next_of)

static const struct nbc_attr *nbc_find(struct kunit *test, const char *name)
{
	int i;

	for (i = 0; i < NBC_NR_ATTRS; i++)
		if (!strcmp(nbc_row_name(&nbc_attrs[i]), name))
			return &nbc_attrs[i];
	KUNIT_FAIL_AND_ABORT(test, "no row %s", name);
	return NULL;
}

/* Can this attribute be written there at all? */
static bool nbc_has_source(const struct nbc_attr *attr, enum nbc_source source)
{
	return source == NBC_FROM_PARAM ? attr->param : attr->name;
}

static unsigned long nbc_default(const struct nbc_attr *attr)
{
	struct nbc_config config = nbc_table_defaults;

	return *nbc_attr_value(attr, &config);
}

/* Parses @text; the result is @ret, and the value @value unless it fails. */
static void nbc_expect(struct kunit *test, const struct nbc_attr *attr,
		       const char *text, enum nbc_source source, int ret,
		       unsigned long value)
{
	unsigned long parsed = NBC_UNTOUCHED;

	KUNIT_EXPECT_EQ_MSG(test, ret,
			    nbc_attr_parse(attr, text, source, &parsed),
			    "%s by %s: \"%s\"", nbc_row_name(attr),
			    nbc_source_names[source], text ?: "(none)");
	KUNIT_EXPECT_EQ_MSG(test, ret ? NBC_UNTOUCHED : value, parsed,
			    "%s by %s: \"%s\"", nbc_row_name(attr),
			    nbc_source_names[source], text ?: "(none)");
}

static void nbc_expect_number(struct kunit *test, const struct nbc_attr *attr,
			      unsigned long number, enum nbc_source source,
			      int ret, unsigned long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu\n", number);
	nbc_expect(test, attr, text, source, ret, value);
}

static void nbc_defaults_restore(void *saved)
{
	nbc_defaults = *(struct nbc_config *)saved;
}

/* The test may change nbc_defaults. */
static void nbc_defaults_save(struct kunit *test)
{
	struct nbc_config *saved = kunit_kzalloc(test, sizeof(*saved),
						 GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, saved);
	*saved = nbc_defaults;
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, nbc_defaults_restore,
						  saved));
}

static char *nbc_page(struct kunit *test)
{
	char *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

/* The table */

/* One name for a row each, in order; one place in struct nbc_config each. */
static void rows_are_distinct(struct kunit *test)
{
	int i, j;

	for (i = 0; i < NBC_NR_ATTRS; i++) {
		const struct nbc_attr *attr = &nbc_attrs[i];

		KUNIT_ASSERT_NOT_NULL_MSG(test, nbc_row_name(attr), "row %d", i);
		if (attr->type == NBC_TEXT)
			continue;
		KUNIT_EXPECT_LE(test, attr->offset + sizeof(unsigned long),
				sizeof(struct nbc_config));
		KUNIT_EXPECT_EQ(test, 0, attr->offset % sizeof(unsigned long));
		if (i)
			KUNIT_EXPECT_GT_MSG(test,
					    strcmp(nbc_row_name(attr),
						   nbc_row_name(attr - 1)),
					    0, "%s", nbc_row_name(attr));
		for (j = 0; j < i; j++) {
			if (nbc_attrs[j].type != NBC_TEXT)
				KUNIT_EXPECT_NE_MSG(test, attr->offset,
						    nbc_attrs[j].offset, "%s",
						    nbc_row_name(attr));
			if (attr->param && nbc_attrs[j].param)
				KUNIT_EXPECT_STRNEQ(test, attr->param,
						    nbc_attrs[j].param);
		}
	}
}

/* The default lies in the range that the row gives for any machine. */
static void default_is_in_range(struct kunit *test)
{
	const struct nbc_attr *attr = test->param_value;
	unsigned long value = nbc_default(attr);

	switch (attr->type) {
	case NBC_BOOL:
		KUNIT_EXPECT_LE(test, value, 1);
		return;
	case NBC_NODE:
		KUNIT_EXPECT_EQ(test, value, (unsigned long)NUMA_NO_NODE);
		return;
	default:
		break;
	}
	KUNIT_EXPECT_LE(test, attr->min, attr->max);
	if (value || !(attr->flags & NBC_A_ZERO))
		KUNIT_EXPECT_GE(test, value, attr->min);
	KUNIT_EXPECT_LE(test, value, attr->max);
	if (attr->type == NBC_UINT)
		KUNIT_EXPECT_LE(test, attr->max, UINT_MAX);
	if (value && attr->flags & NBC_A_POW2) {
		KUNIT_EXPECT_TRUE(test, is_power_of_2(value));
		KUNIT_EXPECT_TRUE(test, is_power_of_2(attr->min));
		KUNIT_EXPECT_TRUE(test, is_power_of_2(attr->max));
	}
	if (attr->flags & NBC_A_PARAM_GIB)
		KUNIT_EXPECT_EQ(test, 0, value % 1024);
}

/* What configfs shows can be written there. */
static void default_can_be_written(struct kunit *test)
{
	const struct nbc_attr *attr = test->param_value;
	unsigned long value = nbc_default(attr);
	char *page = nbc_page(test);
	int source, len;

	nbc_defaults_save(test);
	nbc_defaults = nbc_table_defaults;
	len = nbc_attr_show(attr, &nbc_table_defaults, page);
	KUNIT_EXPECT_EQ(test, len, strlen(page));
	KUNIT_EXPECT_EQ(test, '\n', page[len - 1]);
	for (source = NBC_FROM_CONFIGFS; source <= NBC_FROM_LIVE; source++)
		if (attr->name)
			nbc_expect(test, attr, page, source, 0, value);
	if (attr->param && !(attr->flags & NBC_A_PARAM_GIB))
		nbc_expect(test, attr, page, NBC_FROM_PARAM, 0, value);
}

/* Ranges */

static unsigned long nbc_expected_max(const struct nbc_attr *attr,
				      enum nbc_source source)
{
	if (attr->flags & NBC_A_PARAM_MAX && source != NBC_FROM_PARAM)
		return nbc_default(attr);
	if (attr->flags & NBC_A_CPUS)
		return nr_cpu_ids;
	if (attr->flags & NBC_A_PARAM_GIB && source == NBC_FROM_PARAM)
		return attr->max / 1024;
	return attr->max;
}

static bool nbc_expects_clamp(const struct nbc_attr *attr,
			      enum nbc_source source)
{
	if (attr->flags & NBC_A_CLAMP)
		return source != NBC_FROM_LIVE;
	return attr->flags & NBC_A_CLAMP_PARAM && source == NBC_FROM_PARAM;
}

static void nbc_check_max(struct kunit *test, const struct nbc_attr *attr,
			  enum nbc_source source)
{
	unsigned long type_max = attr->type == NBC_UINT ? UINT_MAX : ULONG_MAX;
	unsigned long max = nbc_expected_max(attr, source);
	unsigned long scale;

	scale = attr->flags & NBC_A_PARAM_GIB && source == NBC_FROM_PARAM ?
		1024 : 1;
	nbc_expect_number(test, attr, max, source, 0, max * scale);
	if (max == type_max)
		nbc_expect(test, attr, attr->type == NBC_UINT ?
			   "4294967296" : "18446744073709551616", source,
			   -ERANGE, 0);
	else if (nbc_expects_clamp(attr, source))
		nbc_expect_number(test, attr, max + 1, source, 0, max);
	else
		nbc_expect_number(test, attr, max + 1, source, -EINVAL, 0);
}

static void nbc_check_min(struct kunit *test, const struct nbc_attr *attr,
			  enum nbc_source source)
{
	bool zero = !attr->min || attr->flags & NBC_A_ZERO;

	nbc_expect_number(test, attr, attr->min, source, 0, attr->min);
	nbc_expect_number(test, attr, 0, source, zero ? 0 : -EINVAL, 0);
	if (attr->min > 1)
		nbc_expect_number(test, attr, attr->min - 1, source, -EINVAL,
				  0);
}

/* Both ends of the range, and one step beyond them */
static void range_ends(struct kunit *test)
{
	const struct nbc_attr *attr = test->param_value;
	int source;

	if (attr->type != NBC_UINT && attr->type != NBC_ULONG)
		kunit_skip(test, "no range");
	nbc_defaults_save(test);
	nbc_defaults = nbc_table_defaults;
	for (source = 0; source < NBC_NR_SOURCES; source++) {
		if (!nbc_has_source(attr, source))
			continue;
		nbc_check_min(test, attr, source);
		nbc_check_max(test, attr, source);
	}
}

/**
 * struct nbc_text - what the user may write
 * @text: it
 * @ret: what parsing returns
 * @value: what it means, if @ret is 0
 */
struct nbc_text {
	const char	*text;
	int		ret;
	unsigned long	value;
};

static void nbc_check_texts(struct kunit *test, const char *name,
			    enum nbc_source source,
			    const struct nbc_text *texts, size_t nr)
{
	const struct nbc_attr *attr = nbc_find(test, name);
	size_t i;

	for (i = 0; i < nr; i++)
		nbc_expect(test, attr, texts[i].text, source, texts[i].ret,
			   texts[i].value);
}

/* The rule of the unsigned ones is that of kstrtouint() with base 0. */
static const struct nbc_text nbc_numbers[] = {
	{ "64",			0, 64 },
	{ "64\n",		0, 64 },
	{ "+64",		0, 64 },
	{ "0x40",		0, 64 },
	{ "0X3f\n",		0, 63 },
	{ "0100",		0, 64 },
	{ NULL,			-EINVAL },
	{ "",			-EINVAL },
	{ "\n",			-EINVAL },
	{ " 64",		-EINVAL },
	{ "64 ",		-EINVAL },
	{ "64\x20\n",		-EINVAL },
	{ "64\n\n",		-EINVAL },
	{ "6 4",		-EINVAL },
	{ "-1",			-EINVAL },
	{ "-64",		-EINVAL },
	{ "64k",		-EINVAL },
	{ "6\x01\xff\t",	-EINVAL },
	{ "64.0",		-EINVAL },
	{ "0x",			-EINVAL },
	{ "089",		-EINVAL },
	{ "y",			-EINVAL },
	{ "18446744073709551616", -ERANGE },
	{ "99999999999999999999999999999999", -ERANGE },
};

static void number_texts(struct kunit *test)
{
	static const struct nbc_text too_long = { "0x100000000", -ERANGE };

	nbc_check_texts(test, "hw_queue_depth", NBC_FROM_CONFIGFS, nbc_numbers,
			ARRAY_SIZE(nbc_numbers));
	nbc_check_texts(test, "completion_nsec", NBC_FROM_PARAM, nbc_numbers,
			ARRAY_SIZE(nbc_numbers));
	/* 32 bits, even where too much is lowered */
	nbc_check_texts(test, "hw_queue_depth", NBC_FROM_PARAM, &too_long, 1);
	nbc_check_texts(test, "irqmode", NBC_FROM_LIVE, &too_long, 1);
}

static const struct nbc_text nbc_bools[] = {
	{ "1",		0, 1 },
	{ "1\n",	0, 1 },
	{ "y",		0, 1 },
	{ "Y",		0, 1 },
	{ "on\n",	0, 1 },
	{ "ON",		0, 1 },
	{ NULL,		0, 1 },
	{ "0",		0, 0 },
	{ "0\n",	0, 0 },
	{ "n",		0, 0 },
	{ "N",		0, 0 },
	{ "off\n",	0, 0 },
	{ "OFF",	0, 0 },
	{ "2",		-EINVAL },
	{ "",		-EINVAL },
	{ "\n",		-EINVAL },
	{ " 1",		-EINVAL },
	{ "-1",		-EINVAL },
	{ "o",		-EINVAL },
	{ "x",		-EINVAL },
};

static void bool_texts(struct kunit *test)
{
	nbc_check_texts(test, "memory_backed", NBC_FROM_PARAM, nbc_bools,
			ARRAY_SIZE(nbc_bools));
	nbc_check_texts(test, "power", NBC_FROM_CONFIGFS, nbc_bools,
			ARRAY_SIZE(nbc_bools));
}

#define NBC_NO_NODE	((unsigned long)NUMA_NO_NODE)

/* -1 as it is, and as it is shown. No machine has node INT_MAX. */
static const struct nbc_text nbc_nodes[] = {
	{ "-1",			0, NBC_NO_NODE },
	{ "-1\n",		0, NBC_NO_NODE },
	{ "4294967295\n",	0, NBC_NO_NODE },
	{ "0xffffffff",		0, NBC_NO_NODE },
	{ "-2",			-EINVAL },
	{ "-4294967295",	-EINVAL },
	{ "4294967296",		-ERANGE },
	{ "",			-EINVAL },
	{ NULL,			-EINVAL },
	{ "any",		-EINVAL },
	{ "0 1",		-EINVAL },
};

/* Numbers, but not of nodes that are there: a parameter says any node then. */
static const char * const nbc_no_nodes[] = {
	"2147483647", "2147483648", "4294967294", "0x80000000",
};

static void node_texts(struct kunit *test)
{
	const struct nbc_attr *attr = nbc_find(test, "home_node");
	int i, node, source;

	for (source = 0; source < NBC_NR_SOURCES; source++) {
		bool clamp = source == NBC_FROM_PARAM;

		nbc_check_texts(test, "home_node", source, nbc_nodes,
				ARRAY_SIZE(nbc_nodes));
		nbc_expect_number(test, attr, first_online_node, source, 0,
				  first_online_node);
		for (i = 0; i < ARRAY_SIZE(nbc_no_nodes); i++)
			nbc_expect(test, attr, nbc_no_nodes[i], source,
				   clamp ? 0 : -EINVAL, NBC_NO_NODE);
		/* Just outside, and the first that might be there but is not */
		nbc_expect_number(test, attr, MAX_NUMNODES, source,
				  clamp ? 0 : -EINVAL, NBC_NO_NODE);
		for (node = 0; node < MAX_NUMNODES && node_online(node); node++)
			;
		if (node < MAX_NUMNODES)
			nbc_expect_number(test, attr, node, source,
					  clamp ? 0 : -EINVAL, NBC_NO_NODE);
	}
}

/* Powers of two from 512 to what the block layer can, at least a page */
static void blocksize_range(struct kunit *test)
{
	static const struct nbc_text blocks[] = {
		{ "512",	0, 512 },
		{ "0x1000",	0, 4096 },
		{ "0",		-EINVAL },
		{ "256",	-EINVAL },
		{ "511",	-EINVAL },
		{ "513",	-EINVAL },
		{ "1536",	-EINVAL },
		{ "4095",	-EINVAL },
	};
	const struct nbc_attr *attr = nbc_find(test, "blocksize");
	int source;

	for (source = 0; source < NBC_NR_SOURCES; source++)
		nbc_check_texts(test, "blocksize", source, blocks,
				ARRAY_SIZE(blocks));
	nbc_expect(test, attr, "0x80000000", NBC_FROM_PARAM, 0,
		   MQBLK_MAX_BLOCK_BYTES);
	nbc_expect(test, attr, "0x80000000", NBC_FROM_CONFIGFS, -EINVAL, 0);
	nbc_expect(test, attr, "0xffffffff", NBC_FROM_PARAM, 0,
		   MQBLK_MAX_BLOCK_BYTES);
}

/* 0 or a page and more, without an upper end of its own */
static void max_sectors_range(struct kunit *test)
{
	const struct nbc_attr *attr = nbc_find(test, "max_sectors");
	unsigned long page = PAGE_SIZE / 512;

	nbc_expect(test, attr, "0", NBC_FROM_CONFIGFS, 0, 0);
	nbc_expect(test, attr, "1", NBC_FROM_CONFIGFS, -EINVAL, 0);
	nbc_expect_number(test, attr, page - 1, NBC_FROM_PARAM, -EINVAL, 0);
	nbc_expect_number(test, attr, page, NBC_FROM_PARAM, 0, page);
	nbc_expect_number(test, attr, page + 1, NBC_FROM_LIVE, 0, page + 1);
	nbc_expect(test, attr, "4294967295", NBC_FROM_CONFIGFS, 0, UINT_MAX);
}

/* gb=250 is 256000 MiB, which is the default; configfs counts MiB. */
static void size_units(struct kunit *test)
{
	const struct nbc_attr *attr = nbc_find(test, "size");

	KUNIT_EXPECT_EQ(test, 256000, nbc_default(attr));
	nbc_expect(test, attr, "250", NBC_FROM_PARAM, 0, 256000);
	nbc_expect(test, attr, "1", NBC_FROM_PARAM, 0, 1024);
	nbc_expect(test, attr, "0", NBC_FROM_PARAM, 0, 0);
	nbc_expect(test, attr, "250", NBC_FROM_CONFIGFS, 0, 250);
	nbc_expect(test, attr, "1\n", NBC_FROM_LIVE, 0, 1);
	if (LLONG_MAX >> 20 < NBC_MAX_SIZE_PAGES_MB) {
		/* 2^63 - 1 bytes: 2^43 - 1 MiB, 2^33 - 1 GiB */
		nbc_expect(test, attr, "8796093022207", NBC_FROM_CONFIGFS, 0,
			   (1UL << 43) - 1);
		nbc_expect(test, attr, "8796093022208", NBC_FROM_CONFIGFS,
			   -EINVAL, 0);
		nbc_expect(test, attr, "8589934591", NBC_FROM_PARAM, 0,
			   (1UL << 43) - 1024);
		nbc_expect(test, attr, "8589934592", NBC_FROM_PARAM, -EINVAL,
			   0);
	}
}

/* The number of CPUs; a powered device refuses what others lower. */
static void submit_queues_range(struct kunit *test)
{
	const struct nbc_attr *attr = nbc_find(test, "submit_queues");
	unsigned long cpus = nr_cpu_ids;

	nbc_expect_number(test, attr, cpus, NBC_FROM_LIVE, 0, cpus);
	nbc_expect_number(test, attr, cpus + 1, NBC_FROM_PARAM, 0, cpus);
	nbc_expect_number(test, attr, cpus + 1, NBC_FROM_CONFIGFS, 0, cpus);
	nbc_expect_number(test, attr, cpus + 1, NBC_FROM_LIVE, -EINVAL, 0);
	nbc_expect(test, attr, "4294967295", NBC_FROM_CONFIGFS, 0, cpus);
	nbc_expect(test, attr, "0", NBC_FROM_CONFIGFS, -EINVAL, 0);
}

/* The parameter is the most that devices can have; its own limit is CPUs. */
static void poll_queues_range(struct kunit *test)
{
	const struct nbc_attr *attr = nbc_find(test, "poll_queues");
	unsigned long cpus = nr_cpu_ids, max;

	nbc_defaults_save(test);
	for (max = 0; max <= 3; max += 3) {
		nbc_defaults.poll_queues = max;
		nbc_expect_number(test, attr, max, NBC_FROM_CONFIGFS, 0, max);
		nbc_expect_number(test, attr, max + 1, NBC_FROM_CONFIGFS, 0,
				  max);
		nbc_expect_number(test, attr, max, NBC_FROM_LIVE, 0, max);
		nbc_expect_number(test, attr, max + 1, NBC_FROM_LIVE, -EINVAL,
				  0);
		nbc_expect_number(test, attr, cpus, NBC_FROM_PARAM, 0, cpus);
		nbc_expect_number(test, attr, cpus + 1, NBC_FROM_PARAM, 0,
				  cpus);
	}
}

/* What is shown */

static void show(struct kunit *test)
{
	static const struct {
		const char	*name;
		unsigned long	value;
		const char	*text;
	} shows[] = {
		{ "blocking",		0,		"0\n" },
		{ "blocking",		1,		"1\n" },
		{ "blocksize",		4096,		"4096\n" },
		{ "completion_nsec",	LONG_MAX,	NULL },
		{ "home_node",		NBC_NO_NODE,	"4294967295\n" },
		{ "home_node",		1,		"1\n" },
		{ "max_sectors",	UINT_MAX,	"4294967295\n" },
		{ "size",		256000,		"256000\n" },
	};
	char *page = nbc_page(test), number[32];
	struct nbc_config config = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(shows); i++) {
		const struct nbc_attr *attr = nbc_find(test, shows[i].name);

		snprintf(number, sizeof(number), "%ld\n", LONG_MAX);
		*nbc_attr_value(attr, &config) = shows[i].value;
		KUNIT_EXPECT_EQ(test, strlen(shows[i].text ?: number),
				nbc_attr_show(attr, &config, page));
		KUNIT_EXPECT_STREQ(test, shows[i].text ?: number, page);
	}
}

/* Every attribute of configfs, and no mere parameter. */
static void features(struct kunit *test)
{
	static const char * const names[] = {
		"atomic_write", "badblocks", "badblocks_once", "badblocks_partial_io",
		"blocking", "blocksize", "cache_history", "cache_size", "charge_writer",
		"completion_nsec", "crash_state", "crash_states",
		"discard", "fail_reads", "fua", "held", "home_node", "hw_queue_depth", "index",
		"iops", "iops_read", "iops_write", "irqmode", "latency", "lies", "max_sectors",
		"mbps", "mbps_read", "mbps_write", "memory_backed", "no_sched",
		"origin", "pi_guard", "pi_type", "poll_queues", "power", "power_cut",
		"queue_mode", "record", "record_mb", "rotational", "rules",
		"secure_erase", "shared_tag_bitmap", "shared_tags", "size", "snapshot",
		"snapshot_drop", "submit_queues", "use_per_node_hctx", "virt_boundary",
		"write_streams", "zone_append_max_sectors",
		"zone_capacity", "zone_full", "zone_max_active",
		"zone_max_open", "zone_nr_conv", "zone_offline",
		"zone_readonly", "zone_size", "zoned",
	};
	char *page = nbc_page(test), *rest = page, *name;
	int i = 0;

	KUNIT_EXPECT_EQ(test, nbc_features_show(page), strlen(page));
	KUNIT_EXPECT_EQ(test, '\n', page[strlen(page) - 1]);
	page[strlen(page) - 1] = '\0';
	while ((name = strsep(&rest, ",")) && i < ARRAY_SIZE(names))
		KUNIT_EXPECT_STREQ(test, names[i++], name);
	KUNIT_EXPECT_NULL(test, name);
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(names), i);
}

/* Module parameters */

#ifdef MODULE
static const struct kernel_param *nbc_kernel_param(const char *name)
{
	unsigned int i;

	for (i = 0; i < THIS_MODULE->num_kp; i++)
		if (!strcmp(THIS_MODULE->kp[i].name, name))
			return &THIS_MODULE->kp[i];
	return NULL;
}
#else
static const struct kernel_param *nbc_kernel_param(const char *name)
{
	const size_t prefix = strlen(KBUILD_MODNAME ".");
	const struct kernel_param *kp;

	for (kp = __start___param; kp < __stop___param; kp++)
		if (!strncmp(kp->name, KBUILD_MODNAME ".", prefix) &&
		    !strcmp(kp->name + prefix, name))
			return kp;
	return NULL;
}
#endif

static int nbc_param_write(const struct kernel_param *kp, const char *text)
{
	int ret;

	kernel_param_lock(THIS_MODULE);
	ret = kp->ops->set(text, kp);
	kernel_param_unlock(THIS_MODULE);
	return ret;
}

static int nbc_param_read(const struct kernel_param *kp, char *page)
{
	int ret;

	kernel_param_lock(THIS_MODULE);
	ret = kp->ops->get(page, kp);
	kernel_param_unlock(THIS_MODULE);
	return ret;
}

/* Readable by all, not to be changed; the value goes to the right place. */
static void param_of_row(struct kunit *test)
{
	const struct nbc_attr *attr = test->param_value;
	const struct kernel_param *kp;
	char *page = nbc_page(test);
	char least[32];

	if (!attr->param)
		kunit_skip(test, "no parameter");
	snprintf(least, sizeof(least), "%lu", max(attr->min, 1UL));
	kp = nbc_kernel_param(attr->param);
	KUNIT_ASSERT_NOT_NULL(test, kp);
	KUNIT_EXPECT_PTR_EQ(test, attr, (const struct nbc_attr *)kp->arg);
	KUNIT_EXPECT_EQ(test, 0444, kp->perm);

	nbc_defaults_save(test);
	memset(&nbc_defaults, 0, sizeof(nbc_defaults));
	if (attr->type == NBC_NODE)
		KUNIT_ASSERT_EQ(test, 0, nbc_param_write(kp, "-1"));
	else
		KUNIT_ASSERT_EQ(test, 0, nbc_param_write(kp, least));
	KUNIT_EXPECT_NE(test, 0, *nbc_attr_value(attr, &nbc_defaults));
	*nbc_attr_value(attr, &nbc_defaults) = 0;
	KUNIT_EXPECT_NULL(test, memchr_inv(&nbc_defaults, 0,
					   sizeof(nbc_defaults)));
	KUNIT_EXPECT_EQ(test, 2, nbc_param_read(kp, page));
	KUNIT_EXPECT_EQ(test, attr->type == NBC_BOOL ? 'N' : '0', page[0]);
	KUNIT_EXPECT_EQ(test, '\n', page[1]);
}

/**
 * struct nbc_param - a module parameter that is set, and read
 * @name: its name
 * @text: what it is set to
 * @ret: how that ends
 * @shown: what sysfs has then
 */
struct nbc_param {
	const char	*name;
	const char	*text;
	int		ret;
	const char	*shown;
};

/* One after the other: what is refused leaves what was there before. */
static const struct nbc_param nbc_params[] = {
	{ "blocking",	NULL,	0,	"Y\n" },
	{ "blocking",	"2",	-EINVAL, "Y\n" },
	{ "blocking",	"off",	0,	"N\n" },
	{ "bs",		"0x400", 0,	"1024\n" },
	{ "bs",		"1000",	-EINVAL, "1024\n" },
	{ "gb",		"7",	0,	"7\n" },
	{ "gb",		"7G",	-EINVAL, "7\n" },
	{ "home_node",	"-1",	0,	"-1\n" },
	{ "home_node",	"4294967294", 0, "-1\n" },
	{ "irqmode",	"2",	0,	"2\n" },
	{ "irqmode",	"3",	-EINVAL, "2\n" },
	{ "irqmode",	NULL,	-EINVAL, "2\n" },
	{ "irqmode",	"4294967296", -ERANGE, "2\n" },
	{ "nr_devices",	"0",	0,	"0\n" },
	{ "nr_devices",	"1048576", 0,	"1048576\n" },	/* 20 bits */
	{ "nr_devices",	"1048577", -EINVAL, "1048576\n" },
};

static void params(struct kunit *test)
{
	const struct nbc_param *param = nbc_params;
	char *page = nbc_page(test);

	nbc_defaults_save(test);
	for (; param < nbc_params + ARRAY_SIZE(nbc_params); param++) {
		const struct kernel_param *kp = nbc_kernel_param(param->name);

		KUNIT_ASSERT_NOT_NULL_MSG(test, kp, "%s", param->name);
		KUNIT_EXPECT_TRUE(test,
				  kp->ops->flags & KERNEL_PARAM_OPS_FL_NOARG);
		KUNIT_EXPECT_EQ(test, param->ret,
				nbc_param_write(kp, param->text));
		KUNIT_EXPECT_EQ(test, strlen(param->shown),
				nbc_param_read(kp, page));
		KUNIT_EXPECT_STREQ(test, param->shown, page);
	}
}

static struct kunit_case nbc_attr_cases[] = {
	KUNIT_CASE(rows_are_distinct),
	KUNIT_CASE_PARAM(default_is_in_range, nbc_row_gen_params),
	KUNIT_CASE_PARAM(default_can_be_written, nbc_row_gen_params),
	KUNIT_CASE_PARAM(range_ends, nbc_row_gen_params),
	KUNIT_CASE(number_texts),
	KUNIT_CASE(bool_texts),
	KUNIT_CASE(node_texts),
	KUNIT_CASE(blocksize_range),
	KUNIT_CASE(max_sectors_range),
	KUNIT_CASE(size_units),
	KUNIT_CASE(submit_queues_range),
	KUNIT_CASE(poll_queues_range),
	KUNIT_CASE(show),
	KUNIT_CASE(features),
	KUNIT_CASE_PARAM(param_of_row, nbc_row_gen_params),
	KUNIT_CASE(params),
	{}
};

static struct kunit_suite nbc_attr_suite = {
	.name = "null_blk_c_attr",
	.test_cases = nbc_attr_cases,
};

kunit_test_suite(nbc_attr_suite);
