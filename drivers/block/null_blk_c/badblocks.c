// SPDX-License-Identifier: GPL-2.0
/*
 * Bad blocks: ranges of sectors on which every command but a flush fails.
 *
 * The list is the kernel's struct badblocks: up to MAX_BADBLOCKS entries of up to
 * BB_MAX_LEN sectors. It belongs to the device and may be written while the disk
 * runs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/badblocks.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "null_blk_c.h"

/* Sectors that the list can name. */
#define NBC_BAD_MAX_SECTOR	((u64)BB_OFFSET_MASK >> 9)
/* What one call of the list's functions takes. */
#define NBC_BAD_STEP_SECTS	BIT(30)

/* Longest text: a sign and two numbers. */
#define NBC_BAD_TEXT_BYTES	64

struct nbc_bad_range {
	bool	bad;
	u64	first;
	u64	last;
};

/* "+first-last" or "-first-last" */
static int nbc_bad_parse(const char *text, struct nbc_bad_range *range)
{
	char copy[NBC_BAD_TEXT_BYTES];
	char *first, *last;
	int ret;

	if (strscpy(copy, text, sizeof(copy)) < 0)
		return -EINVAL;
	if (copy[0] != '+' && copy[0] != '-')
		return -EINVAL;
	range->bad = copy[0] == '+';
	last = strstrip(copy + 1);
	first = strsep(&last, "-");
	if (!last)
		return -EINVAL;
	ret = kstrtou64(first, 0, &range->first);
	if (!ret)
		ret = kstrtou64(last, 0, &range->last);
	if (!ret && (range->first > range->last ||
		     range->last > NBC_BAD_MAX_SECTOR))
		ret = -EINVAL;
	return ret;
}

static int nbc_bad_add(struct badblocks *list, const struct nbc_bad_range *range)
{
	u64 len = range->last - range->first + 1;

	if (len > MAX_BADBLOCKS * BB_MAX_LEN)
		return -ENOSPC;
	return mqblk_badblocks_set(list, range->first, len) ? 0 : -ENOSPC;
}

static int nbc_bad_clear(struct badblocks *list,
			 const struct nbc_bad_range *range)
{
	u64 first, last, step;

	if (!list->count)
		return 0;
	last = min(range->last, (u64)BB_END(list->page[list->count - 1]) - 1);
	for (first = range->first; first <= last; first += step) {
		step = min(last - first + 1, (u64)NBC_BAD_STEP_SECTS);
		if (!mqblk_badblocks_clear(list, first, step))
			return -ENOSPC;
	}
	return 0;
}

static void nbc_bad_copy(u64 *page, int *count, struct badblocks *list)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&list->lock);
		memcpy(page, list->page, PAGE_SIZE);
		*count = list->count;
	} while (read_seqretry(&list->lock, seq));
}

/* Puts @draft in place of the list, if that is what it was: @page and @count. */
static bool nbc_bad_replace(struct badblocks *list, const u64 *page, int count,
			    const struct badblocks *draft)
{
	bool same;

	write_seqlock_irq(&list->lock);
	same = list->count == count && !memcmp(list->page, page, PAGE_SIZE);
	if (same) {
		memcpy(list->page, draft->page, PAGE_SIZE);
		list->count = draft->count;
	}
	write_sequnlock_irq(&list->lock);
	return same;
}

/*
 * Changes the list, which stays as it is if there is no room for the change. The change
 * is made to a draft, for a command may take ranges off the list meanwhile, with
 * badblocks_once, and these must not come back: then it is made anew.
 */
static int nbc_bad_draft(struct badblocks *list, struct badblocks *draft,
			 u64 *page, const struct nbc_bad_range *range)
{
	int count, ret;

	do {
		nbc_bad_copy(page, &count, list);
		memcpy(draft->page, page, PAGE_SIZE);
		draft->count = count;
		ret = range->bad ? nbc_bad_add(draft, range) :
				   nbc_bad_clear(draft, range);
		if (ret)
			return ret;
	} while (!nbc_bad_replace(list, page, count, draft));
	return 0;
}

static int nbc_bad_change(struct badblocks *list,
			  const struct nbc_bad_range *range)
{
	/* Under a lock that letting go of the disk needs: no I/O is waited for. */
	unsigned int noio = memalloc_noio_save();
	struct badblocks draft;
	int ret = -ENOMEM;
	u64 *page;

	page = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (page && !badblocks_init(&draft, 1)) {
		ret = nbc_bad_draft(list, &draft, page, range);
		badblocks_exit(&draft);
	}
	memalloc_noio_restore(noio);
	kfree(page);
	return ret;
}

/**
 * nbc_badblocks_change - mark sectors good or bad
 * @list: the list
 * @name: of its device
 * @text: "+first-last" for bad, "-first-last" for good, sectors of 512 bytes, last
 *	included
 *
 * Context: Process context, may sleep; the caller serialises calls. Requests see it when
 * this returns.
 * Return: 0; -EINVAL for a text of another form or a list that is full, -ERANGE
 * for numbers of more than 64 bits, -ENOMEM. After an error nothing has changed.
 */
int nbc_badblocks_change(struct badblocks *list, const char *name,
			 const char *text)
{
	struct nbc_bad_range range;
	int ret;

	ret = nbc_bad_parse(text, &range);
	if (ret) {
		pr_err("%s: badblocks: \"%*pE\" is not valid, use +FIRST-LAST or -FIRST-LAST, sectors 0 to %llu\n",
		       name, (int)strcspn(text, "\n"), text,
		       NBC_BAD_MAX_SECTOR);
		return ret;
	}
	ret = nbc_bad_change(list, &range);
	if (ret == -ENOSPC) {
		pr_err("%s: badblocks: \"%*pE\" does not fit, use at most %lu ranges of up to %d sectors\n",
		       name, (int)strcspn(text, "\n"), text, MAX_BADBLOCKS,
		       BB_MAX_LEN);
		return -EINVAL;
	}
	return ret;
}

/**
 * nbc_badblocks_show - print the bad ranges, a line each: first and number
 * @dev: the device
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Any but hard interrupts.
 * Return: number of bytes printed; the list is cut where the page ends, or what
 * configfs takes.
 */
ssize_t nbc_badblocks_show(struct nbc_device *dev, char *page)
{
	/* It tells how long the list would be. */
	return min_t(ssize_t, badblocks_show(&dev->badblocks, page, 0),
		     min(PAGE_SIZE, SZ_4K) - 1);
}

/*
 * Is there a bad block in a range? Says which, and how many follow it. The list's own
 * function finds the range good where the list changes meanwhile: it looks again, but
 * not from the begin.
 */
static bool nbc_bad_find(struct badblocks *list, sector_t first, sector_t sects,
			 sector_t *first_bad, sector_t *nr_bad)
{
	unsigned int seq;
	bool found;

	do {
		seq = read_seqbegin(&list->lock);
		found = mqblk_badblocks_check(list, first, sects, first_bad,
					      nr_bad);
	} while (read_seqretry(&list->lock, seq));
	return found;
}

/**
 * nbc_badblocks_check - do bad blocks end a command
 * @ndisk: the disk
 * @cmd: the command; if there is an error, @done is set to what may still be done, a
 *	multiple of the block size, or 0 without badblocks_partial_io or if it is atomic
 *
 * With badblocks_once the range that was met is good afterwards.
 *
 * Context: Any but hard interrupts.
 */
void nbc_badblocks_check(struct nbc_disk *ndisk, struct nbc_cmd *cmd)
{
	sector_t first = cmd->pos >> SECTOR_SHIFT, first_bad, nr_bad;

	if (!cmd->done || !READ_ONCE(ndisk->badblocks->count))
		return;
	if (!nbc_bad_find(ndisk->badblocks, first, cmd->done >> SECTOR_SHIFT,
			  &first_bad, &nr_bad))
		return;
	if (ndisk->badblocks_once)
		mqblk_badblocks_clear(ndisk->badblocks, first_bad, nr_bad);
	cmd->done = 0;
	if (ndisk->badblocks_partial_io && first_bad > first &&
	    !(cmd->flags & REQ_ATOMIC))
		cmd->done = round_down((first_bad - first) << SECTOR_SHIFT,
				       queue_logical_block_size(ndisk->disk->queue));
	cmd->status = BLK_STS_IOERR;
}
