// SPDX-License-Identifier: GPL-2.0
/*
 * Records: commands that a disk has done go to a ring, which is read as a file.
 *
 * An entry is made when the disk has done with a command, before whoever gave it hears of
 * that. So the order of entries is that of their ends, and what a command that ended before
 * another began has written is in front of that. An entry also says which was the last one
 * when its own command began: a flush protects what comes up to there, and may or may not
 * have met what came between.
 *
 * Room in the ring is taken under its lock; it is filled in without, as that may be
 * megabytes. Nobody waits for room: what finds none is counted, and as soon as there is some,
 * an entry says how many were lost. What was not read is never overwritten: so what a record
 * has is whole up to there.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/errno.h>
#include <linux/highmem.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>

#include "cmd.h"
#include "record.h"

/* Longest text of a mark, with its end. */
#define NBC_MARK_BYTES	128

static const char * const nbc_record_modes[] = {
	[NBC_RECORDS_NOTHING]	= "off",
	[NBC_RECORDS_COMMANDS]	= "on",
	[NBC_RECORDS_DATA]	= "data",
};

/* Room in the ring that belongs to who fills it in. */
struct nbc_room {
	struct nbc_chunk	*chunk;
	u64			at;
};

/**
 * nbc_record_create - make a record that has no room yet, and records nothing
 *
 * Context: Process context, may sleep.
 * Return: the record, to be dropped by nbc_record_put(); NULL without memory.
 */
struct nbc_record *nbc_record_create(void)
{
	struct nbc_record *record = kzalloc(sizeof(*record), GFP_KERNEL_ACCOUNT);

	if (!record)
		return NULL;
	kref_init(&record->ref);
	mutex_init(&record->order);
	spin_lock_init(&record->lock);
	init_waitqueue_head(&record->wait);
	return record;
}

static void nbc_record_free(struct kref *ref)
{
	struct nbc_record *record = container_of(ref, struct nbc_record, ref);

	mutex_destroy(&record->order);
	vfree(record->ring);
	kfree(record);
}

/**
 * nbc_record_get - keep a record
 * @record: the record, which the caller has a reference on
 *
 * Context: Any.
 */
void nbc_record_get(struct nbc_record *record)
{
	kref_get(&record->ref);
}

/**
 * nbc_record_put - drop a reference on a record
 * @record: the record, or NULL
 *
 * Context: Process context, may sleep.
 */
void nbc_record_put(struct nbc_record *record)
{
	if (record)
		kref_put(&record->ref, nbc_record_free);
}

/* Where byte @at of all that were is in the ring. */
static size_t nbc_ring_offset(const struct nbc_record *record, u64 at)
{
	u64 offset;

	div64_u64_rem(at, record->size, &offset);
	return offset;
}

/**
 * nbc_ring_chunk - what is in the ring at a place where a chunk begins
 * @record: the record
 * @at: the place, in bytes from the beginning of all that were
 *
 * Context: Any.
 * Return: the chunk.
 */
struct nbc_chunk *nbc_ring_chunk(const struct nbc_record *record, u64 at)
{
	return (struct nbc_chunk *)(record->ring + nbc_ring_offset(record, at));
}

static void nbc_ring_put(struct nbc_record *record, u64 at, const void *from, size_t len)
{
	size_t offset = nbc_ring_offset(record, at);
	size_t first = min(len, record->size - offset);

	memcpy(record->ring + offset, from, first);
	memcpy(record->ring, from + first, len - first);
}

/**
 * nbc_ring_get - copy from the ring
 * @record: the record
 * @at: from where, as for nbc_ring_chunk()
 * @to: memory
 * @len: how many bytes, which somebody has put there
 *
 * Context: Any.
 */
void nbc_ring_get(const struct nbc_record *record, u64 at, void *to, size_t len)
{
	size_t offset = nbc_ring_offset(record, at);
	size_t first = min(len, record->size - offset);

	memcpy(to, record->ring + offset, first);
	memcpy(to + first, record->ring, len - first);
}

static u64 nbc_chunk_bytes(u32 data_len)
{
	return round_up(sizeof(struct nbc_chunk) + sizeof(struct nbc_record_entry) +
			(u64)data_len, sizeof(struct nbc_chunk));
}

static bool nbc_ring_has_room(const struct nbc_record *record, u64 bytes)
{
	return record->head - record->tail + bytes <= record->size;
}

/* Takes room that there is. */
static struct nbc_room nbc_ring_take(struct nbc_record *record, u32 data_len)
{
	struct nbc_room room = {
		.chunk	= nbc_ring_chunk(record, record->head),
		.at	= record->head + sizeof(struct nbc_chunk),
	};

	lockdep_assert_held(&record->lock);
	room.chunk->bytes = nbc_chunk_bytes(data_len);
	room.chunk->ready = false;
	record->head += room.chunk->bytes;
	return room;
}

/* An entry that is no operation is filled in at once. */
static void nbc_record_say(struct nbc_record *record, struct nbc_record_entry *entry)
{
	struct nbc_room room = nbc_ring_take(record, 0);
	u64 now = ktime_get_ns();

	entry->came_ns = cpu_to_le64(now);
	entry->ends_ns = entry->came_ns;
	entry->seq = cpu_to_le64(record->seq);
	entry->began = cpu_to_le64(record->seq - 1);
	nbc_ring_put(record, room.at, entry, sizeof(*entry));
	room.chunk->ready = true;
}

static void nbc_record_say_lost(struct nbc_record *record)
{
	struct nbc_record_entry entry = {
		.op	= NBC_RECORD_LOST,
		.first	= cpu_to_le64(record->lost),
	};

	nbc_record_say(record, &entry);
	record->lost = 0;
}

/**
 * nbc_record_tell_lost - let the record say that its last entries are missing
 * @record: the record, of which all was read; its lock is held
 *
 * Context: Under the lock.
 * Return: whether that is so.
 */
bool nbc_record_tell_lost(struct nbc_record *record)
{
	lockdep_assert_held(&record->lock);
	if (!record->lost)
		return false;
	nbc_record_say_lost(record);
	return true;
}

/* Takes a number and room for an entry; without room it is lost. */
static bool nbc_record_take(struct nbc_record *record, u32 data_len, struct nbc_room *room)
{
	u64 bytes = nbc_chunk_bytes(data_len);

	lockdep_assert_held(&record->lock);
	if (record->lost)
		bytes += nbc_chunk_bytes(0);
	if (!nbc_ring_has_room(record, bytes)) {
		record->seq++;
		record->lost++;
		return false;
	}
	if (record->lost)
		nbc_record_say_lost(record);
	record->seq++;
	*room = nbc_ring_take(record, data_len);
	record->nr_busy++;
	return true;
}

static void nbc_record_ready(struct nbc_record *record, struct nbc_room *room)
{
	unsigned long flags;

	spin_lock_irqsave(&record->lock, flags);
	room->chunk->ready = true;
	record->nr_busy--;
	/* Under the lock: see nbc_ring_resize(). */
	wake_up(&record->wait);
	spin_unlock_irqrestore(&record->lock, flags);
}

/* An entry of what happens to the disk or its record, with a text, which may be empty. */
static void nbc_record_note(struct nbc_record *record, struct nbc_record_entry *entry,
			    const char *text)
{
	size_t len = strlen(text);
	struct nbc_room room;

	lockdep_assert_held(&record->lock);
	if (record->mode && record->powered && nbc_record_take(record, len, &room)) {
		record->nr_busy--;
		entry->seq = cpu_to_le64(record->seq);
		entry->began = cpu_to_le64(record->seq - 1);
		entry->came_ns = cpu_to_le64(ktime_get_ns());
		entry->ends_ns = entry->came_ns;
		entry->data_len = cpu_to_le32(len);
		nbc_ring_put(record, room.at, entry, sizeof(*entry));
		nbc_ring_put(record, room.at + sizeof(*entry), text, len);
		room.chunk->ready = true;
	}
	wake_up(&record->wait);
}

static void nbc_record_note_disk(struct nbc_record *record, unsigned int flags)
{
	struct nbc_record_entry entry = { .op = NBC_RECORD_DISK };

	if (record->cache)
		flags |= NBC_RECORD_F_CACHE;
	if (record->mode == NBC_RECORDS_DATA)
		flags |= NBC_RECORD_F_DATA;
	entry.first = cpu_to_le64(record->nr_sects);
	entry.len = cpu_to_le32(record->block_bytes);
	entry.flags = cpu_to_le16(flags);
	nbc_record_note(record, &entry, "");
}

static void nbc_record_note_stop(struct nbc_record *record, unsigned int flags)
{
	struct nbc_record_entry entry = {
		.op	= NBC_RECORD_STOP,
		.flags	= cpu_to_le16(flags),
	};

	nbc_record_note(record, &entry, "");
}

/**
 * nbc_record_power_on - a disk comes
 * @record: of its device
 * @nr_sects: its size in sectors
 * @block_bytes: its logical block size
 * @cache: it has a volatile cache
 *
 * Context: Process context; the caller serialises calls that change a disk.
 */
void nbc_record_power_on(struct nbc_record *record, u64 nr_sects, u32 block_bytes, bool cache)
{
	spin_lock_irq(&record->lock);
	record->nr_sects = nr_sects;
	record->block_bytes = block_bytes;
	record->cache = cache;
	record->powered = true;
	nbc_record_note_disk(record, NBC_RECORD_F_POWER);
	spin_unlock_irq(&record->lock);
}

/**
 * nbc_record_power_off - a disk has gone
 * @record: of its device
 * @loses: it may lose what was not flushed
 *
 * Who reads the record comes to its end.
 *
 * Context: Process context; no command of the disk is in flight.
 */
void nbc_record_power_off(struct nbc_record *record, bool loses)
{
	spin_lock_irq(&record->lock);
	nbc_record_note_stop(record, NBC_RECORD_F_POWER | (loses ? NBC_RECORD_F_CACHE : 0));
	record->powered = false;
	spin_unlock_irq(&record->lock);
}

/**
 * nbc_record_grow - a disk gets more sectors
 * @record: of its device
 * @nr_sects: how many it will have
 *
 * Context: as nbc_record_power_on().
 */
void nbc_record_grow(struct nbc_record *record, u64 nr_sects)
{
	spin_lock_irq(&record->lock);
	record->nr_sects = nr_sects;
	nbc_record_note_disk(record, 0);
	spin_unlock_irq(&record->lock);
}

/**
 * nbc_record_on - look whether commands are recorded
 * @record: the record
 *
 * Context: Any.
 * Return: whether they are.
 */
bool nbc_record_on(const struct nbc_record *record)
{
	return READ_ONCE(record->mode) != NBC_RECORDS_NOTHING;
}

/* Empties the ring, unless somebody has the file open. Nothing is recorded at this time. */
static int nbc_ring_forget(struct nbc_record *record)
{
	int ret = 0;

	spin_lock_irq(&record->lock);
	wait_event_lock_irq(record->wait, !record->nr_busy, record->lock);
	if (record->opened) {
		ret = -EBUSY;
	} else {
		record->tail = record->head;
		record->lost = 0;
	}
	spin_unlock_irq(&record->lock);
	return ret;
}

/* Has the ring the size, or nothing that is to be read and nobody who does so? */
static int nbc_ring_resize(struct nbc_record *record, const char *name, size_t size)
{
	u8 *ring, *old;

	if (record->size == size)
		return 0;
	/* For want of memory this fails, rather than that somebody is killed. */
	ring = __vmalloc(size, GFP_NOIO | __GFP_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!ring)
		return -ENOMEM;
	spin_lock_irq(&record->lock);
	wait_event_lock_irq(record->wait, !record->nr_busy, record->lock);
	old = ring;
	if (!record->opened && record->head == record->tail) {
		old = record->ring;
		record->ring = ring;
		record->size = size;
		record->head = 0;
		record->tail = 0;
	}
	spin_unlock_irq(&record->lock);
	vfree(old);
	if (old != ring)
		return 0;
	pr_err("%s: record: record_mb has changed: read what there is to its end first, or write forget\n",
	       name);
	return -EBUSY;
}

/* The entry is the last that is recorded, or the first. */
static void nbc_record_set_mode(struct nbc_record *record, enum nbc_record_mode mode)
{
	spin_lock_irq(&record->lock);
	if (!mode)
		nbc_record_note_stop(record, 0);
	WRITE_ONCE(record->mode, mode);
	if (mode)
		nbc_record_note_disk(record, 0);
	spin_unlock_irq(&record->lock);
}

static int nbc_record_switch(struct nbc_record *record, const char *name,
			     enum nbc_record_mode mode, unsigned long size_mb)
{
	enum nbc_record_mode old = record->mode;
	int ret;

	if (mode == old)
		return 0;
	ret = old || !mode ? 0 : nbc_ring_resize(record, name, size_mb << 20);
	if (!ret)
		nbc_record_set_mode(record, mode);
	return ret;
}

static int nbc_record_forget(struct nbc_record *record, const char *name)
{
	int ret = -EBUSY;

	if (!record->mode)
		ret = nbc_ring_forget(record);
	if (ret)
		pr_err("%s: record: forget is for one that is off and that nobody reads\n", name);
	return ret;
}

/* "mark TEXT" */
static int nbc_record_mark(struct nbc_record *record, const char *name, const char *text)
{
	struct nbc_record_entry entry = { .op = NBC_RECORD_MARK };
	char copy[NBC_MARK_BYTES];

	if (strscpy(copy, text, sizeof(copy)) < 0 || !*strim(copy))
		return -EINVAL;
	if (!record->mode || !record->powered) {
		pr_err("%s: record: mark: nothing is recorded\n", name);
		return -ENODEV;
	}
	spin_lock_irq(&record->lock);
	nbc_record_note(record, &entry, strim(copy));
	spin_unlock_irq(&record->lock);
	return 0;
}

/**
 * nbc_record_change - say what is recorded
 * @record: the record
 * @name: of the device, for messages
 * @text: "off", "on", "data" for the data written as well, "forget" to empty what is
 *	recorded, or "mark TEXT" for an entry with a text
 * @size_mb: how much room there shall be when recording begins, in MiB
 *
 * Context: Process context, may sleep; the caller serialises calls.
 * Return: 0; -EINVAL for a text that is not valid; -EBUSY if it cannot be at this time;
 * -ENODEV for a mark that nobody records; -ENOMEM. After an error nothing has changed.
 */
int nbc_record_change(struct nbc_record *record, const char *name, const char *text,
		      unsigned long size_mb)
{
	int mode = sysfs_match_string(nbc_record_modes, text);
	int ret = -EINVAL;

	if (mode >= 0)
		return nbc_record_switch(record, name, mode, size_mb);
	if (sysfs_streq(text, "forget"))
		return nbc_record_forget(record, name);
	if (!strncmp(text, "mark ", 5))
		ret = nbc_record_mark(record, name, text + 5);
	if (ret == -EINVAL)
		pr_err_ratelimited("%s: record: \"%*pE\" is not valid, use off, on, data, forget or mark and up to %d characters\n",
				   name, (int)min(strcspn(text, "\n"), 256UL), text,
				   NBC_MARK_BYTES - 1);
	return ret;
}

/**
 * nbc_record_print - print what is recorded
 * @record: the record
 * @page: output, PAGE_SIZE bytes
 *
 * Context: Process context; the caller serialises it with nbc_record_change().
 * Return: number of bytes printed.
 */
ssize_t nbc_record_print(struct nbc_record *record, char *page)
{
	return sysfs_emit(page, "%s\n", nbc_record_modes[record->mode]);
}

static u8 nbc_record_op(enum req_op op)
{
	switch (op) {
	case REQ_OP_READ:
		return NBC_RECORD_READ;
	case REQ_OP_WRITE:
		return NBC_RECORD_WRITE;
	case REQ_OP_FLUSH:
		return NBC_RECORD_FLUSH;
	case REQ_OP_DISCARD:
		return NBC_RECORD_DISCARD;
	case REQ_OP_SECURE_ERASE:
		return NBC_RECORD_SECURE_ERASE;
	case REQ_OP_WRITE_ZEROES:
		return NBC_RECORD_WRITE_ZEROES;
	case REQ_OP_ZONE_APPEND:
		return NBC_RECORD_ZONE_APPEND;
	case REQ_OP_ZONE_OPEN:
		return NBC_RECORD_ZONE_OPEN;
	case REQ_OP_ZONE_CLOSE:
		return NBC_RECORD_ZONE_CLOSE;
	case REQ_OP_ZONE_FINISH:
		return NBC_RECORD_ZONE_FINISH;
	case REQ_OP_ZONE_RESET:
		return NBC_RECORD_ZONE_RESET;
	case REQ_OP_ZONE_RESET_ALL:
		return NBC_RECORD_ZONE_RESET_ALL;
	default:
		return NBC_RECORD_OTHER;
	}
}

static u16 nbc_record_flags(blk_opf_t opf)
{
	static const struct {
		blk_opf_t	opf;
		u16		flag;
	} flags[] = {
		{ REQ_FUA,	NBC_RECORD_F_FUA },
		{ REQ_PREFLUSH,	NBC_RECORD_F_PREFLUSH },
		{ REQ_SYNC,	NBC_RECORD_F_SYNC },
		{ REQ_META,	NBC_RECORD_F_META },
		{ REQ_PRIO,	NBC_RECORD_F_PRIO },
		{ REQ_RAHEAD,	NBC_RECORD_F_RAHEAD },
		{ REQ_ATOMIC,	NBC_RECORD_F_ATOMIC },
	};
	unsigned int i;
	u16 mask = 0;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (opf & flags[i].opf)
			mask |= flags[i].flag;
	return mask;
}

/* How much a command did: one that failed as a whole has done nothing that is known. */
static u32 nbc_record_done(const struct nbc_cmd *cmd)
{
	return cmd->status && cmd->done == cmd->len ? 0 : cmd->done;
}

static void nbc_record_fill(struct nbc_record_entry *entry, const struct nbc_cmd *cmd,
			    const struct nbc_recording *recording)
{
	*entry = (struct nbc_record_entry) {
		.began		= cpu_to_le64(recording->began),
		.came_ns	= cpu_to_le64(ktime_to_ns(recording->came)),
		.ends_ns	= cpu_to_le64(ktime_to_ns(max(cmd->due, ktime_get()))),
		.len		= cpu_to_le32(cmd->len),
		.done		= cpu_to_le32(nbc_record_done(cmd)),
		.op		= nbc_record_op(cmd->op),
		.flags		= cpu_to_le16(nbc_record_flags(cmd->flags)),
		.status		= cpu_to_le16(-blk_status_to_errno(cmd->status)),
		.queue		= cpu_to_le16(cmd->queue),
	};
	if (cmd->op != REQ_OP_FLUSH)
		entry->first = cpu_to_le64(cmd->pos >> SECTOR_SHIFT);
}

/* Copies the first @len bytes of the data of bios to the ring. */
static void nbc_record_copy(struct nbc_record *record, u64 at, struct bio *bio, u32 len)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	unsigned int nr;
	void *memory;

	/* A bio without data may have a size, and no segments that could be looked at. */
	for (; bio && len; bio = bio->bi_next) {
		bio_for_each_segment(bv, bio, iter) {
			if (!len)
				return;
			nr = min(bv.bv_len, len);
			memory = bvec_kmap_local(&bv);
			nbc_ring_put(record, at, memory, nr);
			kunmap_local(memory);
			at += nr;
			len -= nr;
		}
	}
}

/**
 * nbc_record_begin - begin to record a command
 * @record: the record
 * @cmd: the command, of which nothing is done yet
 * @keeps: the disk keeps data
 * @recording: to be given to nbc_record_end(), which has to be called
 *
 * Context: Any; process context and may sleep if @keeps.
 */
void nbc_record_begin(struct nbc_record *record, const struct nbc_cmd *cmd, bool keeps,
		      struct nbc_recording *recording)
{
	unsigned long flags;

	recording->came = ktime_get();
	spin_lock_irqsave(&record->lock, flags);
	recording->began = record->seq;
	recording->ordered = keeps && op_is_write(cmd->op) &&
			     record->mode == NBC_RECORDS_DATA;
	spin_unlock_irqrestore(&record->lock, flags);
	if (recording->ordered)
		mutex_lock(&record->order);
}

/**
 * nbc_record_end - record a command
 * @record: the record
 * @cmd: the command, which is done, and whose bios are still there
 * @recording: from nbc_record_begin()
 *
 * Context: As nbc_record_begin().
 */
void nbc_record_end(struct nbc_record *record, const struct nbc_cmd *cmd,
		    const struct nbc_recording *recording)
{
	bool writes = cmd->op == REQ_OP_WRITE || cmd->op == REQ_OP_ZONE_APPEND;
	struct nbc_record_entry entry;
	struct nbc_room room;
	unsigned long flags;
	u32 data_len = 0;
	bool has_room;

	nbc_record_fill(&entry, cmd, recording);
	spin_lock_irqsave(&record->lock, flags);
	if (writes && record->mode == NBC_RECORDS_DATA)
		data_len = le32_to_cpu(entry.done);
	has_room = record->mode && nbc_record_take(record, data_len, &room);
	entry.seq = cpu_to_le64(record->seq);
	spin_unlock_irqrestore(&record->lock, flags);
	if (recording->ordered)
		mutex_unlock(&record->order);
	if (!has_room)
		return;
	entry.data_len = cpu_to_le32(data_len);
	nbc_ring_put(record, room.at, &entry, sizeof(entry));
	nbc_record_copy(record, room.at + sizeof(entry), cmd->bio, data_len);
	nbc_record_ready(record, &room);
}
