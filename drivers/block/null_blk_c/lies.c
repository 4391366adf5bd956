// SPDX-License-Identifier: GPL-2.0
/*
 * Lies: a rule may have the data of a command dealt with in another way than everybody
 * believes. Zones, limits, the timer and whoever gave the command take it as done.
 *
 * Each is recorded, so that a test can tell whether somebody noticed.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/errno.h>
#include <linux/highmem.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cmd.h"
#include "lies.h"
#include "pi.h"
#include "rules.h"
#include "store.h"

/* How many lies are remembered. */
#define NBC_LIES_MAX		8192
/* Longest line of the list. */
#define NBC_LIE_TEXT_BYTES	192
/* What configfs gives of an attribute. */
#define NBC_LIES_PAGE_BYTES	min(PAGE_SIZE, SZ_4K)
#define NBC_SECTOR_BITS		(SECTOR_SIZE * BITS_PER_BYTE)

const char * const nbc_lie_names[NBC_NR_LIES] = {
	[NBC_LIE_LOST]		= "lost",
	[NBC_LIE_SHORN]		= "shorn",
	[NBC_LIE_MISPLACED]	= "misplaced",
	[NBC_LIE_BITROT]	= "bitrot",
	[NBC_LIE_DECAY]		= "decay",
	[NBC_LIE_STALE]		= "stale",
};

/**
 * nbc_lies_create - make a record of lies, with no room yet
 * @lies: memory for it
 *
 * Context: Any.
 */
void nbc_lies_create(struct nbc_lies *lies)
{
	spin_lock_init(&lies->lock);
	lies->ring = NULL;
	lies->nr = 0;
	lies->forgotten = 0;
}

/**
 * nbc_lies_destroy - free a record
 * @lies: the record, which nobody uses any more
 *
 * Context: Process context, may sleep.
 */
void nbc_lies_destroy(struct nbc_lies *lies)
{
	kvfree(lies->ring);
}

/**
 * nbc_lies_prepare - make room for lies, before the first can be told
 * @lies: the record
 *
 * Context: Process context, may sleep; the caller serialises calls.
 * Return: 0 or -ENOMEM.
 */
int nbc_lies_prepare(struct nbc_lies *lies)
{
	if (!lies->ring)
		lies->ring = kvcalloc(NBC_LIES_MAX, sizeof(*lies->ring), GFP_KERNEL_ACCOUNT);
	return lies->ring ? 0 : -ENOMEM;
}

static void nbc_lies_add(struct nbc_lies *lies, struct nbc_lie_entry *entry)
{
	unsigned long flags;

	entry->time_ns = ktime_get_real_ns();
	spin_lock_irqsave(&lies->lock, flags);
	entry->id = ++lies->nr;
	lies->ring[(entry->id - 1) % NBC_LIES_MAX] = *entry;
	spin_unlock_irqrestore(&lies->lock, flags);
}

/**
 * nbc_lies_forget - do not show the first lies any more
 * @lies: the record
 * @text: "forget ID", with the number of the last one, or "forget all"
 *
 * Context: Process context.
 * Return: 0 or -EINVAL.
 */
int nbc_lies_forget(struct nbc_lies *lies, const char *text)
{
	u64 id = U64_MAX;

	if (strncmp(text, "forget ", 7))
		return -EINVAL;
	text += 7;
	if (!sysfs_streq(text, "all") && kstrtou64(text, 0, &id))
		return -EINVAL;
	spin_lock_irq(&lies->lock);
	lies->forgotten = max(lies->forgotten, min(id, lies->nr));
	spin_unlock_irq(&lies->lock);
	return 0;
}

static int nbc_lie_print(const struct nbc_lie_entry *entry, char *buf)
{
	int size = NBC_LIE_TEXT_BYTES, len;
	u32 nsec;
	u64 sec = div_u64_rem(entry->time_ns, NSEC_PER_SEC, &nsec);

	len = scnprintf(buf, size,
			"id=%llu,time=%llu.%09u,rule=%u,op=%s,start=%llu,nr_sectors=%u,lie=%s",
			entry->id, sec, nsec, entry->rule, blk_op_str(entry->op), entry->first,
			entry->nr_sects, nbc_lie_names[entry->lie]);
	if (entry->lie == NBC_LIE_SHORN)
		len += scnprintf(buf + len, size - len, ",from=%llu", entry->where);
	else if (entry->lie == NBC_LIE_MISPLACED)
		len += scnprintf(buf + len, size - len, ",to=%llu", entry->where);
	else if (entry->lie == NBC_LIE_STALE)
		len += scnprintf(buf + len, size - len, ",at=%llu,sectors=%u", entry->where,
				 entry->bit);
	else if (entry->lie != NBC_LIE_LOST)
		len += scnprintf(buf + len, size - len, ",at=%llu,bit=%u", entry->where,
				 entry->bit);
	return len + scnprintf(buf + len, size - len, "\n");
}

/**
 * nbc_lies_print - print the lies that were told, the oldest first, a line each
 * @lies: the record
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Process context.
 * Return: number of bytes printed; the list is cut at a line.
 */
ssize_t nbc_lies_print(struct nbc_lies *lies, char *page)
{
	char text[NBC_LIE_TEXT_BYTES];
	ssize_t len = 0;
	int printed;
	u64 i;

	spin_lock_irq(&lies->lock);
	i = lies->nr > NBC_LIES_MAX ? lies->nr - NBC_LIES_MAX : 0;
	for (i = max(i, lies->forgotten); i < lies->nr; i++) {
		printed = nbc_lie_print(&lies->ring[i % NBC_LIES_MAX], text);
		if (len + printed >= NBC_LIES_PAGE_BYTES)
			break;
		memcpy(page + len, text, printed);
		len += printed;
	}
	spin_unlock_irq(&lies->lock);
	return len;
}

/* Turns a bit over of the data of bios, which begin at byte @pos of the disk. */
static void nbc_bios_flip(struct bio *bio, u64 pos, u64 byte, u8 mask)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	u8 *memory;

	for (; bio; bio = bio->bi_next) {
		bio_for_each_segment(bv, bio, iter) {
			if (byte >= pos && byte < pos + bv.bv_len) {
				memory = bvec_kmap_local(&bv);
				memory[byte - pos] ^= mask;
				kunmap_local(memory);
				flush_dcache_page(bv.bv_page);
				return;
			}
			pos += bv.bv_len;
		}
	}
}

static u64 nbc_lie_byte(const struct nbc_lie_entry *entry)
{
	return (entry->where << SECTOR_SHIFT) + entry->bit / BITS_PER_BYTE;
}

/* Is the bit of data that a command moves? Of zones, what was not written is not read. */
static bool nbc_lie_hits(const struct nbc_lie_entry *entry, const struct nbc_cmd *cmd)
{
	u64 byte = nbc_lie_byte(entry);

	return byte >= cmd->pos && byte - cmd->pos < cmd->done;
}

static u8 nbc_lie_mask(const struct nbc_lie_entry *entry)
{
	return BIT(entry->bit % BITS_PER_BYTE);
}

/* Where the data of a write goes instead: on the disk, at a whole block. */
static u64 nbc_lie_place(const struct nbc_lying *lying, unsigned int block_bytes,
			 u64 capacity)
{
	const struct nbc_cmd *cmd = lying->seems;
	u64 by = round_up(lying->verdict->by << SECTOR_SHIFT, block_bytes), place;

	div64_u64_rem(cmd->pos + by, capacity - cmd->done + block_bytes, &place);
	return place;
}

/**
 * nbc_lie_begin - change how the data of a command is dealt with
 * @lying: the command, as it seems, and what the rules say; @entry is output
 * @store: where the data is
 * @pi: how its blocks are protected
 * @block_bytes: size of a block
 * @capacity: of the disk, in bytes
 * @cmd: copy of the command, to be changed to what shall be done
 *
 * Context: Process context, may sleep.
 * Return: whether anything shall be done with the data. If that is so, and fails, there is
 * no lie; otherwise nbc_lie_end() has to be called.
 */
bool nbc_lie_begin(struct nbc_lying *lying, struct nbc_store *store,
		   const struct nbc_pi *pi, unsigned int block_bytes,
		   u64 capacity, struct nbc_cmd *cmd)
{
	const struct nbc_verdict *verdict = lying->verdict;
	struct nbc_lie_entry *entry = &lying->entry;

	*entry = (struct nbc_lie_entry) {
		.first		= cmd->op == REQ_OP_FLUSH ? 0 : cmd->pos >> SECTOR_SHIFT,
		.where		= verdict->at,
		.bit		= verdict->draw % NBC_SECTOR_BITS,
		.nr_sects	= cmd->len >> SECTOR_SHIFT,
		.rule		= verdict->rule,
		.op		= cmd->op,
		.lie		= verdict->lie,
	};
	switch (verdict->lie) {
	case NBC_LIE_LOST:
		return false;
	case NBC_LIE_SHORN:
		cmd->done = (u32)verdict->draw % max(cmd->done / block_bytes, 1U) * block_bytes;
		entry->where = entry->first + (cmd->done >> SECTOR_SHIFT);
		return true;
	case NBC_LIE_MISPLACED:
		cmd->pos = nbc_lie_place(lying, block_bytes, capacity);
		entry->where = cmd->pos >> SECTOR_SHIFT;
		/* Once round the disk it is the right place. */
		if (cmd->pos == lying->seems->pos)
			lying->verdict = NULL;
		return true;
	case NBC_LIE_DECAY:
		/* Where nothing was written nothing goes bad. */
		if (!nbc_lie_hits(entry, cmd) ||
		    !nbc_store_flip(store, nbc_pi_place(pi, nbc_lie_byte(entry)),
				    nbc_lie_mask(entry)))
			lying->verdict = NULL;
		return true;
	case NBC_LIE_STALE:
		return true;
	default:
		if (!nbc_lie_hits(entry, cmd))
			lying->verdict = NULL;
		return true;
	}
}

/* Returns whether it is a lie: who reads what there is anyway is told the truth. */
static bool nbc_lie_be_stale(struct nbc_lying *lying, struct nbc_past *past,
			     unsigned int block_bytes)
{
	const struct nbc_verdict *verdict = lying->verdict;
	u64 start = verdict->at << SECTOR_SHIFT, first = 0;
	unsigned int bytes;

	bytes = nbc_past_show(past, block_bytes, lying->seems, start,
			      start + (verdict->by << SECTOR_SHIFT), &first);
	lying->entry.where = first >> SECTOR_SHIFT;
	lying->entry.bit = DIV_ROUND_UP(bytes, SECTOR_SIZE);
	return bytes;
}

/**
 * nbc_lie_end - tell the lie, after the data was dealt with
 * @lying: from nbc_lie_begin()
 * @rules: those of the disk, with the record and with older data
 * @block_bytes: size of a block
 *
 * Context: Process context, may sleep.
 */
void nbc_lie_end(struct nbc_lying *lying, struct nbc_rules *rules,
		 unsigned int block_bytes)
{
	const struct nbc_cmd *cmd = lying->seems;
	struct nbc_lie_entry *entry = &lying->entry;

	if (!lying->verdict)
		return;
	if (entry->lie == NBC_LIE_STALE && !nbc_lie_be_stale(lying, &rules->past, block_bytes))
		return;
	if (entry->lie == NBC_LIE_BITROT)
		nbc_bios_flip(cmd->bio, cmd->pos, nbc_lie_byte(entry), nbc_lie_mask(entry));
	nbc_lies_add(&rules->lies, entry);
}
