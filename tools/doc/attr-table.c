// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the attribute table of null_blk_c as reStructuredText. A program of the
 * host: it includes the driver's attrs.h with macros of its own.
 */
#include <stdio.h>
#include <string.h>

/* Meaningful here only in being different; attr.h says what they mean. */
enum {
	NBC_A_POW2		= 1 << 0,
	NBC_A_ZERO		= 1 << 1,
	NBC_A_CPUS		= 1 << 2,
	NBC_A_CLAMP		= 1 << 3,
	NBC_A_CLAMP_PARAM	= 1 << 4,
	NBC_A_LIVE		= 1 << 5,
	NBC_A_PARAM_GIB		= 1 << 6,
	NBC_A_PARAM_MAX		= 1 << 7,
	NBC_A_OURS		= 1 << 8,
	NBC_A_LIVE_OURS		= 1 << 9,
};

struct row {
	const char	*name;
	const char	*param;
	const char	*type;
	const char	*deflt;
	const char	*min;
	const char	*max;
	unsigned int	flags;
	const char	*help;
};

static const struct row rows[] = {
#define NBC_ATTR(_name, _param, _type, _default, _min, _max, _flags, _help) \
	{ #_name, #_param, #_type, #_default, #_min, #_max, _flags, _help },
#define NBC_ATTR_ONLY(_name, _type, _default, _min, _max, _flags, _help) \
	{ #_name, NULL, #_type, #_default, #_min, #_max, _flags, _help },
#define NBC_PARAM_ONLY(_param, _type, _default, _min, _max, _flags, _help) \
	{ NULL, #_param, #_type, #_default, #_min, #_max, _flags, _help },
#define NBC_ATTR_TEXT(_name, _mode, _flags, _help) \
	{ #_name, NULL, #_mode, "none", "", "", (_flags) | NBC_A_LIVE, _help },
#define NBC_PARAM_FAULT(_param, _help) \
	{ NULL, #_param, "FAULT", "none", "", "", 0, _help },
#include "../../drivers/block/null_blk_c/attrs.h"
};

/* What the kernel's constants mean to a reader. */
static const char *const words[][2] = {
	{ "BLK_MQ_MAX_DEPTH",		"10240" },
	{ "INT_MAX",			"2^31 - 1" },
	{ "LONG_MAX",			"2^63 - 1" },
	{ "MINORMASK",			"1048575" },
	{ "MQBLK_MAX_BLOCK_BYTES",	"the page size (64 KiB where the kernel allows it)" },
	{ "NBC_MAX_ATOMIC_BYTES",	"1048576" },
	{ "NBC_MAX_CACHE_MB",		"2^44 - 1" },
	{ "NBC_MAX_DEVICES",		"1048576" },
	{ "NBC_MAX_IOPS",		"10^9" },
	{ "NBC_MAX_MBPS",		"40960" },
	{ "NBC_MAX_SIZE_MB",		"2^43 - 1" },
	{ "NBC_MAX_STREAMS",		"255" },
	{ "NBC_MAX_ZONE_MB",		"1048576" },
	{ "NBC_MIN_MAX_SECTORS",	"a page (8)" },
	{ "NBC_Q_RQ",			"2" },
	{ "UINT_MAX",			"2^32 - 1" },
};

static const char *word(const char *text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i][0], text))
			return words[i][1];
	return text;
}

static void print_name(const char *name)
{
	if (name)
		printf("``%s``\n", name);
	else
		printf("--\n");
}

static void print_range(const struct row *row)
{
	const char *max = word(row->max);

	if (!strcmp(row->type, "BOOL")) {
		printf("0 or 1\n");
		return;
	}
	if (!strcmp(row->type, "RW") || !strcmp(row->type, "WO")) {
		printf("text%s\n", row->type[0] == 'W' ? ", write only" : "");
		return;
	}
	if (!strcmp(row->type, "FAULT")) {
		printf("four numbers\n");
		return;
	}
	if (!strcmp(row->type, "NODE")) {
		printf("-1 or an online node\n");
		return;
	}
	if (row->flags & NBC_A_PARAM_MAX)
		max = "the parameter; that, 0 to the number of CPUs";
	else if (row->flags & NBC_A_CPUS)
		max = "the number of CPUs";
	if (!strcmp(row->min, row->max)) {
		printf("0 or %s\n", max);
		return;
	}
	printf("%s%s%s to %s\n", row->flags & NBC_A_ZERO ? "0, or " : "",
	       row->flags & NBC_A_POW2 ? "a power of two, " : "",
	       word(row->min), max);
}

static const char *beyond(const struct row *row)
{
	if (row->flags & NBC_A_CLAMP)
		return "lowered";
	if (row->flags & NBC_A_CLAMP_PARAM)
		return "parameter: corrected";
	return "refused";
}

static void print_row(const struct row *row)
{
	printf("   * - ");
	print_name(row->name);
	printf("     - ");
	print_name(row->param);
	printf("     - %s\n     - ", word(row->deflt));
	print_range(row);
	printf("     - %s\n", beyond(row));
	printf("     - %s\n", row->flags & (NBC_A_LIVE | NBC_A_LIVE_OURS) ? "yes" : "no");
	printf("     - %s%s\n", row->help,
	       row->flags & NBC_A_OURS ? " (null_blk has no such attribute)" : "");
}

int main(void)
{
	printf(".. SPDX-License-Identifier: GPL-2.0\n"
	       ".. Made by tools/doc/attr-table.c from drivers/block/null_blk_c/attrs.h:\n"
	       "   make -C Documentation attributes\n\n"
	       ".. list-table::\n"
	       "   :header-rows: 1\n"
	       "   :widths: 14 14 8 18 10 6 30\n\n"
	       "   * - Attribute\n"
	       "     - Parameter\n"
	       "     - Default\n"
	       "     - Range\n"
	       "     - Above it\n"
	       "     - Live\n"
	       "     - What it does\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		print_row(&rows[i]);
	return 0;
}
