// SPDX-License-Identifier: GPL-2.0
/*
 * Records as files: null_blk_c/DEVICE/record in debugfs, which one at a time has open.
 *
 * What was read to its end is gone from the ring. Who reads waits for more while the disk is
 * recorded, and then comes to the end, which says that nothing is missing behind it.
 *
 * A file may be open when its device goes, and is to be read to its end then, too. So it has a
 * reference on the record, does without the device, and debugfs does not guard it: that would
 * let nobody read what is left.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/crc32.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "record.h"

static struct dentry *nbc_record_root;

/**
 * struct nbc_reader - who reads a record
 * @record: the record
 * @lock: guards all below. Not held by who waits, so that others may read, too
 * @text: head of the file, or an entry, that is being read
 * @len: its size; written under the lock, and read by nbc_reader_ready() without
 * @pos: how much of it was read; likewise
 * @data_at: where the data behind it is, what was not read
 * @data_len: how much that is
 * @chunk_bytes: what becomes free when all of it was read
 * @ended: the last entry is in @text, or was read; as @len
 */
struct nbc_reader {
	struct nbc_record	*record;
	struct mutex		lock;
	u8			text[sizeof(struct nbc_record_entry)];
	size_t			len;
	size_t			pos;
	u64			data_at;
	u32			data_len;
	u32			chunk_bytes;
	bool			ended;
};

static_assert(sizeof(struct nbc_record_head) <= sizeof(struct nbc_record_entry));

/* As the CRC of zip. */
static u32 nbc_crc(u32 crc, const void *from, size_t len)
{
	return ~crc32_le(~crc, from, len);
}

static u32 nbc_ring_crc(const struct nbc_record *record, u64 at, u32 len)
{
	u64 offset;
	size_t first;
	u32 crc;

	div64_u64_rem(at, record->size, &offset);
	first = min_t(u64, len, record->size - offset);
	crc = nbc_crc(0, record->ring + offset, first);
	return nbc_crc(crc, record->ring, len - first);
}

static void nbc_reader_seal(struct nbc_reader *reader, size_t len)
{
	__le32 crc = cpu_to_le32(nbc_crc(0, reader->text, len - sizeof(crc)));

	memcpy(reader->text + len - sizeof(crc), &crc, sizeof(crc));
	WRITE_ONCE(reader->len, len);
	WRITE_ONCE(reader->pos, 0);
}

static void nbc_reader_head(struct nbc_reader *reader)
{
	struct nbc_record *record = reader->record;
	struct nbc_record_head head = {
		.version	= cpu_to_le32(NBC_RECORD_VERSION),
		.entry_bytes	= cpu_to_le32(sizeof(struct nbc_record_entry)),
		.real_ns	= cpu_to_le64(ktime_get_real_ns() - ktime_get_ns()),
	};
	u32 flags = 0;

	memcpy(head.magic, NBC_RECORD_MAGIC, sizeof(head.magic));
	spin_lock_irq(&record->lock);
	head.nr_sects = cpu_to_le64(record->nr_sects);
	head.block_bytes = cpu_to_le32(record->block_bytes);
	if (record->cache)
		flags |= NBC_RECORD_F_CACHE;
	if (record->mode == NBC_RECORDS_DATA)
		flags |= NBC_RECORD_F_DATA;
	spin_unlock_irq(&record->lock);
	head.flags = cpu_to_le32(flags);
	memcpy(reader->text, &head, sizeof(head));
	nbc_reader_seal(reader, sizeof(head));
}

/* Nothing comes any more. */
static bool nbc_record_stopped(const struct nbc_record *record)
{
	lockdep_assert_held(&record->lock);
	return (!record->mode || !record->powered) && !record->nr_busy;
}

/* Is there an entry to read? If not, is that the end, and after which entry, *@seq? */
static bool nbc_record_look(struct nbc_record *record, bool *end, u64 *seq)
{
	bool has = false;

	*end = false;
	spin_lock_irq(&record->lock);
	if (record->head == record->tail && record->ring)
		nbc_record_tell_lost(record);
	if (record->head != record->tail)
		has = nbc_ring_chunk(record, record->tail)->ready;
	else
		*end = nbc_record_stopped(record);
	*seq = record->seq;
	spin_unlock_irq(&record->lock);
	return has;
}

/* Nobody but who reads moves the tail, so what was found there stays. */
static void nbc_reader_entry(struct nbc_reader *reader)
{
	struct nbc_record *record = reader->record;
	struct nbc_record_entry entry;
	u64 at = record->tail;

	reader->chunk_bytes = nbc_ring_chunk(record, at)->bytes;
	at += sizeof(struct nbc_chunk);
	nbc_ring_get(record, at, &entry, sizeof(entry));
	reader->data_at = at + sizeof(entry);
	reader->data_len = le32_to_cpu(entry.data_len);
	if (reader->data_len)
		entry.data_crc = cpu_to_le32(nbc_ring_crc(record, reader->data_at,
							  reader->data_len));
	memcpy(reader->text, &entry, sizeof(entry));
	nbc_reader_seal(reader, sizeof(entry));
}

/* What is recorded after entry @seq, as the power comes again, is not of this file. */
static void nbc_reader_end(struct nbc_reader *reader, u64 seq)
{
	struct nbc_record_entry entry = {
		.seq		= cpu_to_le64(seq),
		.began		= cpu_to_le64(seq),
		.came_ns	= cpu_to_le64(ktime_get_ns()),
		.op		= NBC_RECORD_END,
	};

	entry.ends_ns = entry.came_ns;
	memcpy(reader->text, &entry, sizeof(entry));
	nbc_reader_seal(reader, sizeof(entry));
	WRITE_ONCE(reader->ended, true);
}

/* Gives back the room of what was read. */
static void nbc_reader_release(struct nbc_reader *reader)
{
	struct nbc_record *record = reader->record;

	spin_lock_irq(&record->lock);
	record->tail += reader->chunk_bytes;
	spin_unlock_irq(&record->lock);
	reader->chunk_bytes = 0;
}

/* Goes on to what is to be read now, if that is there. */
static bool nbc_reader_next(struct nbc_reader *reader)
{
	bool end;
	u64 seq;

	if (reader->pos < reader->len || reader->data_len)
		return true;
	if (reader->chunk_bytes)
		nbc_reader_release(reader);
	if (reader->ended)
		return false;
	if (nbc_record_look(reader->record, &end, &seq)) {
		nbc_reader_entry(reader);
		return true;
	}
	if (end)
		nbc_reader_end(reader, seq);
	return end;
}

/* Copies of what is to be read; returns how much, or 0 if the memory is not there. */
static size_t nbc_reader_copy(struct nbc_reader *reader, char __user *to, size_t len)
{
	struct nbc_record *record = reader->record;
	u64 offset;
	size_t nr;

	if (reader->pos < reader->len) {
		nr = min(len, reader->len - reader->pos);
		if (copy_to_user(to, reader->text + reader->pos, nr))
			return 0;
		WRITE_ONCE(reader->pos, reader->pos + nr);
		return nr;
	}
	div64_u64_rem(reader->data_at, record->size, &offset);
	nr = min3(len, (size_t)reader->data_len, (size_t)(record->size - offset));
	if (copy_to_user(to, record->ring + offset, nr))
		return 0;
	reader->data_at += nr;
	reader->data_len -= nr;
	return nr;
}

/*
 * Is there anything to read, or the end? Without the lock, as who has it may be reading: then
 * the answer may be yes where he leaves nothing. It is never no where he leaves something: an
 * entry is in the ring until all of it was read, and behind the end there is the end.
 */
static bool nbc_reader_ready(struct nbc_reader *reader)
{
	bool end;
	u64 seq;

	return READ_ONCE(reader->pos) < READ_ONCE(reader->len) || READ_ONCE(reader->ended) ||
	       nbc_record_look(reader->record, &end, &seq) || end;
}

static ssize_t nbc_reader_read(struct nbc_reader *reader, char __user *to, size_t len)
{
	size_t nr, done = 0;

	while (done < len && nbc_reader_next(reader)) {
		nr = nbc_reader_copy(reader, to + done, len - done);
		if (!nr)
			return done ?: -EFAULT;
		done += nr;
	}
	/* What was read to its end makes room at once. */
	if (done)
		nbc_reader_next(reader);
	return done;
}

/* As read(), but does not wait for more: then it is -EAGAIN. */
static ssize_t nbc_reader_try(struct nbc_reader *reader, char __user *to, size_t len)
{
	ssize_t done = mutex_lock_interruptible(&reader->lock);

	if (done)
		return done;
	done = nbc_reader_read(reader, to, len);
	if (!done && len && !reader->ended)
		done = -EAGAIN;
	mutex_unlock(&reader->lock);
	return done;
}

static ssize_t nbc_record_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct nbc_reader *reader = file->private_data;
	ssize_t done;
	int ret;

	while ((done = nbc_reader_try(reader, to, len)) == -EAGAIN) {
		if (file->f_flags & O_NONBLOCK)
			break;
		ret = wait_event_interruptible(reader->record->wait, nbc_reader_ready(reader));
		if (ret)
			return ret;
	}
	return done;
}

static __poll_t nbc_record_poll(struct file *file, poll_table *table)
{
	struct nbc_reader *reader = file->private_data;

	poll_wait(file, &reader->record->wait, table);
	return nbc_reader_ready(reader) ? EPOLLIN | EPOLLRDNORM : 0;
}

/* Marks a record as open, or not; returns whether it was that. */
static bool nbc_record_set_opened(struct nbc_record *record, bool opened)
{
	bool was;

	spin_lock_irq(&record->lock);
	was = record->opened;
	record->opened = opened;
	spin_unlock_irq(&record->lock);
	return was;
}

static int nbc_record_open(struct inode *inode, struct file *file)
{
	struct nbc_record *record = inode->i_private;
	struct nbc_reader *reader;

	reader = kzalloc(sizeof(*reader), GFP_KERNEL_ACCOUNT);
	if (!reader)
		return -ENOMEM;
	if (nbc_record_set_opened(record, true)) {
		kfree(reader);
		return -EBUSY;
	}
	nbc_record_get(record);
	mutex_init(&reader->lock);
	reader->record = record;
	nbc_reader_head(reader);
	file->private_data = reader;
	return stream_open(inode, file);
}

/* An entry that was not read to its end stays for who comes next. */
static int nbc_record_release(struct inode *inode, struct file *file)
{
	struct nbc_reader *reader = file->private_data;

	nbc_record_set_opened(reader->record, false);
	nbc_record_put(reader->record);
	mutex_destroy(&reader->lock);
	kfree(reader);
	return 0;
}

static const struct file_operations nbc_record_fops = {
	.owner		= THIS_MODULE,
	.open		= nbc_record_open,
	.read		= nbc_record_read,
	.poll		= nbc_record_poll,
	.release	= nbc_record_release,
};

/**
 * nbc_record_show_file - make the file of a record, if it is not there
 * @record: the record
 * @name: of the device
 *
 * Context: Process context, may sleep; the caller serialises it with
 * nbc_record_hide_file().
 */
void nbc_record_show_file(struct nbc_record *record, const char *name)
{
	struct dentry *dir, *file;

	if (record->dir)
		return;
	dir = debugfs_create_dir(name, nbc_record_root);
	if (IS_ERR(dir))
		return;
	file = debugfs_create_file_unsafe("record", 0400, dir, record, &nbc_record_fops);
	/* Without a directory it is tried again. */
	if (IS_ERR(file))
		debugfs_remove(dir);
	else
		record->dir = dir;
}

/**
 * nbc_record_hide_file - remove the file of a record, if it is there
 * @record: the record, of a device that is off
 *
 * Who has it open goes on to read it.
 *
 * Context: Process context, may sleep.
 */
void nbc_record_hide_file(struct nbc_record *record)
{
	debugfs_remove(record->dir);
	record->dir = NULL;
}

/**
 * nbc_record_files_init - make the directory that files are in, at module load
 *
 * Whatever debugfs has to say about it, disks work.
 *
 * Context: Process context, may sleep.
 */
void __init nbc_record_files_init(void)
{
	nbc_record_root = debugfs_create_dir(KBUILD_MODNAME, NULL);
}

/**
 * nbc_record_files_exit - remove the directory, when no device is left
 *
 * Context: Process context, may sleep.
 */
void nbc_record_files_exit(void)
{
	debugfs_remove(nbc_record_root);
}
