/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Models of how long a device takes: the text that describes one, and what becomes of it.
 */
#ifndef _NULL_BLK_C_MODEL_H
#define _NULL_BLK_C_MODEL_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/types.h>

#include "dist.h"

/* Longest text, without its end: what configfs takes of an attribute. */
#define NBC_MODEL_TEXT_BYTES	4095
#define NBC_MODEL_MAX_CLASSES	64
#define NBC_MODEL_MAX_CHANNELS	1024
/* Costs of a byte have so many binary places. */
#define NBC_MODEL_UNIT_SHIFT	32

/**
 * struct nbc_class - operations that take the same times
 * @ops: which ones: a bit for each enum req_op
 * @max_bytes: the largest; larger ones that no class is for have the last class
 * @unit_ns: what a byte takes besides, with NBC_MODEL_UNIT_SHIFT binary places
 * @dist: how long one takes
 */
struct nbc_class {
	u32		ops;
	u32		max_bytes;
	u64		unit_ns;
	struct nbc_dist	dist;
};

/**
 * struct nbc_buffer - where writes are quick as long as there is room
 * @bytes: its size, 0 for none
 * @size_ns: how long it takes to be emptied
 * @unit_ns: what a byte of that takes, with NBC_MODEL_UNIT_SHIFT binary places
 * @flush: a flush waits until it is empty
 */
struct nbc_buffer {
	u64	bytes;
	u64	size_ns;
	u64	unit_ns;
	bool	flush;
};

/**
 * struct nbc_stall - when nothing is begun
 * @ns: how long, 0 for never
 * @every_ns: once in each period of this length, at a random place
 * @ops: which operations wait: a bit for each enum req_op
 */
struct nbc_stall {
	u64	ns;
	u64	every_ns;
	u32	ops;
};

/* A number that many write to, on a cache line of its own */
struct nbc_lone {
	atomic64_t	n;
} ____cacheline_aligned_in_smp;

/**
 * struct nbc_model - a model
 * @seed: of all that is left to chance
 * @nr_classes: how many classes there are, 1 and more
 * @nr_channels: how many operations are done at a time, 0 for any number
 * @stripe: with channels, so many bytes from 0 are the first one's, the next the second's;
 *	0: any channel does any operation
 * @buffer: where writes go
 * @stall: when nothing is begun
 * @epoch_ns: when it began to be used, for @stall, on CLOCK_MONOTONIC
 * @buffer_empty_ns: when the buffer will be empty
 * @nr_streams: how many generators there are
 * @drawn: by generator, how many numbers it has given
 * @channels: by channel, when it has done all that it was given
 * @classes: the classes, small ones before large ones
 * @text: what it was made from
 *
 * From @epoch_ns to @channels there is what requests change; the rest is fixed.
 */
struct nbc_model {
	u64			seed;
	unsigned int		nr_classes;
	unsigned int		nr_channels;
	unsigned int		nr_streams;
	u64			stripe;
	struct nbc_buffer	buffer;
	struct nbc_stall	stall;
	struct nbc_class	*classes;
	char			*text;

	s64			epoch_ns;
	struct nbc_lone		*drawn;
	struct nbc_lone		*channels;
	struct nbc_lone		buffer_empty_ns;
};

/**
 * struct nbc_model_fault - what is wrong with a text
 * @line: in which line, from 1 on
 * @at: which part of the text
 * @len: its length
 * @wants: what could be there
 */
struct nbc_model_fault {
	unsigned int	line;
	const char	*at;
	unsigned int	len;
	const char	*wants;
};

bool nbc_model_begins(const char *text);
bool nbc_model_ends(const char *text);
struct nbc_model *nbc_model_parse(const char *text, struct nbc_model_fault *fault);
void nbc_model_free(struct nbc_model *model);

#endif /* _NULL_BLK_C_MODEL_H */
