// SPDX-License-Identifier: GPL-2.0
/*
 * What a power cut leaves of the writes that were not flushed.
 *
 * Nothing is drawn in turn: what happens to a block of a write is a hash of the seed
 * and of their numbers. So it does not matter who asks in which order, and the same
 * writes and the same seed leave the same.
 */
#include <linux/errno.h>
#include <linux/kstrtox.h>
#include <linux/math64.h>
#include <linux/siphash.h>
#include <linux/string.h>

#include "cut.h"

/* Longest text: a policy and a number. */
#define NBC_CUT_TEXT_BYTES	64

const char * const nbc_cut_names[NBC_NR_CUT_POLICIES] = {
	[NBC_CUT_LOST]		= "lost",
	[NBC_CUT_KEPT]		= "kept",
	[NBC_CUT_PREFIX]	= "prefix",
	[NBC_CUT_TORN]		= "torn",
	[NBC_CUT_SUBSET]	= "subset",
	[NBC_CUT_BLOCKS]	= "blocks",
};

/**
 * nbc_cut_parse - read a policy and a seed
 * @text: one of nbc_cut_names[], and a number, or nothing for 0
 * @cut: output; unchanged on error
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int nbc_cut_parse(const char *text, struct nbc_cut *cut)
{
	char copy[NBC_CUT_TEXT_BYTES];
	char *seed, *name;
	int policy;
	u64 value = 0;

	if (strscpy(copy, text, sizeof(copy)) < 0)
		return -EINVAL;
	seed = strim(copy);
	name = strsep(&seed, " ");
	policy = match_string(nbc_cut_names, NBC_NR_CUT_POLICIES, name);
	if (policy < 0)
		return -EINVAL;
	if (seed && kstrtou64(skip_spaces(seed), 0, &value))
		return -EINVAL;
	cut->policy = policy;
	cut->seed = value;
	return 0;
}

static u64 nbc_cut_draw(const struct nbc_cut *cut, u64 a, u64 b)
{
	siphash_key_t key = { .key = { cut->seed, cut->policy } };

	return siphash_2u64(a, b, &key);
}

/* How many of @nr_writes the first ones are: 0 to all, each as likely. */
static u64 nbc_cut_prefix(const struct nbc_cut *cut, u64 nr_writes)
{
	u64 draw = nbc_cut_draw(cut, U64_MAX, nr_writes);
	u64 nr;

	div64_u64_rem(draw, nr_writes + 1, &nr);
	return nr;
}

/**
 * nbc_cut_spares - does a block of a write survive?
 * @cut: the power cut
 * @nr_writes: how many writes there are that may be lost
 * @write: number of the write among them, in order of completion, from 0 on
 * @block: number of the logical block in the write, from 0 on; a block is never torn
 *
 * Context: Any.
 * Return: whether it does.
 */
bool nbc_cut_spares(const struct nbc_cut *cut, u64 nr_writes, u64 write,
		    u64 block)
{
	u64 prefix;

	switch (cut->policy) {
	case NBC_CUT_KEPT:
		return true;
	case NBC_CUT_PREFIX:
		return write < nbc_cut_prefix(cut, nr_writes);
	case NBC_CUT_TORN:
		prefix = nbc_cut_prefix(cut, nr_writes);
		return write < prefix ||
		       (write == prefix && nbc_cut_draw(cut, write, block) & 1);
	case NBC_CUT_SUBSET:
		return nbc_cut_draw(cut, write, 0) & 1;
	case NBC_CUT_BLOCKS:
		return nbc_cut_draw(cut, write, block) & 1;
	default:
		return false;
	}
}
