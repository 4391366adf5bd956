/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attributes as data: what the table in attrs.h becomes in C.
 */
#ifndef _NULL_BLK_C_ATTR_H
#define _NULL_BLK_C_ATTR_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/limits.h>
#include <linux/mqblk_compat.h>
#include <linux/sizes.h>
#include <linux/time64.h>
#include <linux/types.h>

/* What the block layer can promise to take in one piece, however it lies in memory, is less */
#define NBC_MAX_ATOMIC_BYTES	SZ_1M
/* The block layer wants every device to take at least a page. */
#define NBC_MIN_MAX_SECTORS	PAGE_SECTORS
/* Minor numbers have 20 bits. */
#define NBC_MAX_DEVICES		BIT(MINORBITS)
/* Some 40 GiB a second; what is more is as good as no limit. */
#define NBC_MAX_MBPS		40960
/* One operation a nanosecond. */
#define NBC_MAX_IOPS		NSEC_PER_SEC
/* The block layer counts the sectors of a zone in 32 bits. */
#define NBC_MAX_ZONE_MB		BIT(20)
/* A loff_t must hold the size in bytes, an unsigned long that in pages. */
#define NBC_MAX_SIZE_PAGES_MB	(ULONG_MAX >> (20 - PAGE_SHIFT))
#define NBC_MAX_SIZE_MB		(LLONG_MAX >> 20 < NBC_MAX_SIZE_PAGES_MB ? \
				 LLONG_MAX >> 20 : NBC_MAX_SIZE_PAGES_MB)
/* A u64 must hold it in bytes; that of an unsigned long is enough for memory. */
#define NBC_MAX_CACHE_MB	(ULONG_MAX >> 20)

/* As much as a ring of vmalloc() may reasonably have; an unsigned long must hold it in bytes. */
#define NBC_MAX_RECORD_MB	(ULONG_MAX >> 20 < SZ_64K ? ULONG_MAX >> 20 : SZ_64K)

/* A bio says its stream in a byte, and 0 for none. */
#define NBC_MAX_STREAMS		U8_MAX

/* Values of queue_mode; 1 was the block layer's old request path. */
#define NBC_Q_BIO		0
#define NBC_Q_RQ		2

/**
 * enum nbc_type - how an attribute is written and read
 * @NBC_BOOL: what kstrtobool() takes; shown as 0 or 1 (parameters: N or Y)
 * @NBC_UINT: decimal, 0x hexadecimal or 0 octal, up to 32 bits
 * @NBC_ULONG: the same, of long's size
 * @NBC_NODE: an online NUMA node, or -1, which is shown as 4294967295
 * @NBC_TEXT: as functions of its own say; there is no value in struct nbc_config
 */
enum nbc_type { NBC_BOOL, NBC_UINT, NBC_ULONG, NBC_NODE, NBC_TEXT };

#define NBC_A_POW2		BIT(0)	/* powers of two only */
#define NBC_A_ZERO		BIT(1)	/* zero is taken, whatever the minimum */
#define NBC_A_CPUS		BIT(2)	/* the maximum is the number of CPUs */
#define NBC_A_CLAMP		BIT(3)	/* too much is lowered, and said so */
#define NBC_A_CLAMP_PARAM	BIT(4)	/* the same, as module parameter only */
#define NBC_A_LIVE		BIT(5)	/* may change while powered, unclamped */
#define NBC_A_PARAM_GIB		BIT(6)	/* MiB, but GiB as module parameter */
#define NBC_A_PARAM_MAX		BIT(7)	/* the parameter is the maximum */
#define NBC_A_OURS		BIT(8)	/* null_blk has no such attribute */
#define NBC_A_LIVE_OURS		BIT(9)	/* as NBC_A_LIVE, but not with drop_in */

/**
 * struct nbc_config - what the user asked for; one value per row of the table,
 * but for rows with text
 *
 * Values are stored as unsigned long whatever their type, so that one pair of
 * functions parses and shows them all.
 */
struct nbc_config {
#define NBC_ATTR(_name, ...)		unsigned long _name;
#define NBC_ATTR_ONLY(_name, ...)	unsigned long _name;
#define NBC_PARAM_ONLY(_param, ...)	unsigned long _param;
#include "attrs.h"
};

/* Index of each row in nbc_attrs[]. */
enum nbc_attr_id {
#define NBC_ATTR(_name, ...)		NBC_ATTR_##_name,
#define NBC_ATTR_ONLY(_name, ...)	NBC_ATTR_##_name,
#define NBC_ATTR_TEXT(_name, ...)	NBC_ATTR_##_name,
#define NBC_PARAM_ONLY(_param, ...)	NBC_ATTR_##_param,
#define NBC_PARAM_FAULT(_param, ...)	NBC_ATTR_##_param,
#include "attrs.h"
	NBC_NR_ATTRS,
};

/**
 * enum nbc_source - who sets a value, since ranges differ a little
 * @NBC_FROM_PARAM: modprobe
 * @NBC_FROM_CONFIGFS: a write to a device that is off
 * @NBC_FROM_LIVE: a write to a device that is powered
 */
enum nbc_source { NBC_FROM_PARAM, NBC_FROM_CONFIGFS, NBC_FROM_LIVE };

/**
 * struct nbc_attr - a row of the table
 * @name: configfs attribute, NULL if there is only the parameter
 * @param: module parameter, NULL if there is only the attribute
 * @type: how it is written
 * @offset: place of its value in struct nbc_config
 * @min: least value
 * @max: greatest value
 * @flags: NBC_A_*
 */
struct nbc_attr {
	const char	*name;
	const char	*param;
	enum nbc_type	type;
	size_t		offset;
	unsigned long	min;
	unsigned long	max;
	unsigned int	flags;
};

extern const struct nbc_attr nbc_attrs[NBC_NR_ATTRS];
extern struct nbc_config nbc_defaults;

int nbc_attr_parse(const struct nbc_attr *attr, const char *text,
		   enum nbc_source source, unsigned long *value);
int nbc_attr_show(const struct nbc_attr *attr, const struct nbc_config *config,
		  char *page);
int nbc_features_show(char *page);

static inline unsigned long *nbc_attr_value(const struct nbc_attr *attr,
					    struct nbc_config *config)
{
	return (void *)config + attr->offset;
}

#endif /* _NULL_BLK_C_ATTR_H */
