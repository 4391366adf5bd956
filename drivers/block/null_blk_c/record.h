/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records: what a disk was asked for, in order, to be read as a file and replayed.
 * Documentation/record.rst describes the format for others.
 */
#ifndef _NULL_BLK_C_RECORD_H
#define _NULL_BLK_C_RECORD_H

#include <linux/blk_types.h>
#include <linux/build_bug.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

struct dentry;
struct nbc_cmd;

#define NBC_RECORD_MAGIC	"MQBLKREC"
#define NBC_RECORD_VERSION	1

/* What an entry is about: @op of struct nbc_record_entry. */
enum nbc_record_op {
	NBC_RECORD_READ			= 0,
	NBC_RECORD_WRITE		= 1,
	NBC_RECORD_FLUSH		= 2,
	NBC_RECORD_DISCARD		= 3,
	NBC_RECORD_SECURE_ERASE		= 4,
	NBC_RECORD_WRITE_ZEROES		= 5,
	NBC_RECORD_ZONE_APPEND		= 6,
	NBC_RECORD_ZONE_OPEN		= 7,
	NBC_RECORD_ZONE_CLOSE		= 8,
	NBC_RECORD_ZONE_FINISH		= 9,
	NBC_RECORD_ZONE_RESET		= 10,
	NBC_RECORD_ZONE_RESET_ALL	= 11,
	NBC_RECORD_OTHER		= 31,
	/* Not operations: */
	NBC_RECORD_DISK			= 32,	/* the disk, as it is from here on */
	NBC_RECORD_STOP			= 33,	/* no power, or not recorded any more */
	NBC_RECORD_LOST			= 34,	/* so many entries found no room */
	NBC_RECORD_MARK			= 35,	/* the user says something */
	NBC_RECORD_END			= 36,	/* of the file */
};

/* @flags of struct nbc_record_entry */
#define NBC_RECORD_F_FUA	BIT(0)
#define NBC_RECORD_F_PREFLUSH	BIT(1)
#define NBC_RECORD_F_SYNC	BIT(2)
#define NBC_RECORD_F_META	BIT(3)
#define NBC_RECORD_F_PRIO	BIT(4)
#define NBC_RECORD_F_RAHEAD	BIT(5)
#define NBC_RECORD_F_ATOMIC	BIT(6)
#define NBC_RECORD_F_CACHE	BIT(8)	/* the disk has a volatile cache; of a stop: loses it */
#define NBC_RECORD_F_DATA	BIT(9)	/* data is recorded */
#define NBC_RECORD_F_POWER	BIT(10)	/* the power went, or comes */

/**
 * struct nbc_record_head - what a file begins with
 * @magic: NBC_RECORD_MAGIC
 * @version: NBC_RECORD_VERSION
 * @entry_bytes: size of struct nbc_record_entry
 * @nr_sects: size of the disk when the file was opened, 0 if it never had power
 * @real_ns: CLOCK_REALTIME minus CLOCK_MONOTONIC, in ns
 * @block_bytes: logical block size of the disk, or 0
 * @flags: NBC_RECORD_F_CACHE and NBC_RECORD_F_DATA
 * @reserved: 0
 * @crc: CRC-32 of what comes before
 */
struct nbc_record_head {
	u8	magic[8];
	__le32	version;
	__le32	entry_bytes;
	__le64	nr_sects;
	__le64	real_ns;
	__le32	block_bytes;
	__le32	flags;
	u8	reserved[20];
	__le32	crc;
};

static_assert(sizeof(struct nbc_record_head) == 64);

/**
 * struct nbc_record_entry - an operation, in a file; its data comes behind it
 * @seq: its number: one more than that of the entry before
 * @began: number of the last entry that there was when the disk began with the operation
 * @came_ns: when that was, on CLOCK_MONOTONIC
 * @ends_ns: when it may complete, on the same clock
 * @first: its first sector; what else it is depends on @op
 * @len: its number of bytes
 * @done: how many of them were done
 * @data_len: number of bytes behind the entry
 * @op: enum nbc_record_op
 * @reserved: 0
 * @flags: NBC_RECORD_F_*
 * @status: 0 or a positive errno
 * @queue: number of the hardware queue
 * @data_crc: CRC-32 of the data, 0 without
 * @reserved2: 0
 * @crc: CRC-32 of what comes before
 */
struct nbc_record_entry {
	__le64	seq;
	__le64	began;
	__le64	came_ns;
	__le64	ends_ns;
	__le64	first;
	__le32	len;
	__le32	done;
	__le32	data_len;
	u8	op;
	u8	reserved;
	__le16	flags;
	__le16	status;
	__le16	queue;
	__le32	data_crc;
	__le32	reserved2;
	__le32	crc;
};

static_assert(sizeof(struct nbc_record_entry) == 72);

enum nbc_record_mode { NBC_RECORDS_NOTHING, NBC_RECORDS_COMMANDS, NBC_RECORDS_DATA };

/**
 * struct nbc_record - the record of a device
 * @ref: of the device, and of who has the file open
 * @order: held while a command changes data that is recorded, so that the record has those
 *	in the order in which the disk did them. Comes before the locks of zones, cache and
 *	store; whoever has it waits neither for I/O nor for memory that I/O must free
 * @lock: guards all below; taken with interrupts off
 * @mode: what is recorded
 * @powered: there is a disk
 * @ring: memory for entries, each with a struct nbc_chunk before it. NULL if there was never
 *	anything to record. Replaced only if it is empty and not in use
 * @size: of @ring, in bytes
 * @head: where the next entry goes, in bytes from the beginning of all that were
 * @tail: likewise, the first one that was not read
 * @seq: number of the last entry
 * @lost: how many after that, the last ones, found no room and are not told yet; they
 *	have their numbers
 * @nr_busy: how many have room, and are being filled in
 * @opened: somebody has the file open
 * @nr_sects: of the disk, now or when it last was there
 * @block_bytes: likewise
 * @cache: likewise, whether it has a cache
 * @wait: for something to read, or for room to be filled in
 * @dir: directory of the file, NULL without; guarded by the device's config_lock
 */
struct nbc_record {
	struct kref		ref;
	struct mutex		order;
	spinlock_t		lock;
	enum nbc_record_mode	mode;
	bool			powered;
	u8			*ring;
	size_t			size;
	u64			head;
	u64			tail;
	u64			seq;
	u64			lost;
	unsigned int		nr_busy;
	bool			opened;
	u64			nr_sects;
	u32			block_bytes;
	bool			cache;
	wait_queue_head_t	wait;
	struct dentry		*dir;
};

/**
 * struct nbc_chunk - what comes before an entry and its data in the ring
 * @bytes: size of it all, rounded up to a multiple of its own size, so that no chunk is at
 *	the end and at the beginning of the ring at once
 * @ready: the entry is filled in, but for its checksums
 */
struct nbc_chunk {
	u32	bytes;
	u32	ready;
};

/**
 * struct nbc_recording - a command that is being recorded
 * @began: as in struct nbc_record_entry
 * @came: when the disk began with it
 * @ordered: &nbc_record.order is held for it
 */
struct nbc_recording {
	u64	began;
	ktime_t	came;
	bool	ordered;
};

/* record.c */
struct nbc_record *nbc_record_create(void);
void nbc_record_get(struct nbc_record *record);
void nbc_record_put(struct nbc_record *record);
int nbc_record_change(struct nbc_record *record, const char *name, const char *text,
		      unsigned long size_mb);
ssize_t nbc_record_print(struct nbc_record *record, char *page);
bool nbc_record_on(const struct nbc_record *record);
void nbc_record_power_on(struct nbc_record *record, u64 nr_sects, u32 block_bytes, bool cache);
void nbc_record_power_off(struct nbc_record *record, bool loses);
void nbc_record_grow(struct nbc_record *record, u64 nr_sects);
void nbc_record_begin(struct nbc_record *record, const struct nbc_cmd *cmd, bool keeps,
		      struct nbc_recording *recording);
void nbc_record_end(struct nbc_record *record, const struct nbc_cmd *cmd,
		    const struct nbc_recording *recording);
bool nbc_record_tell_lost(struct nbc_record *record);
struct nbc_chunk *nbc_ring_chunk(const struct nbc_record *record, u64 at);
void nbc_ring_get(const struct nbc_record *record, u64 at, void *to, size_t len);

/* record_file.c */
void nbc_record_show_file(struct nbc_record *record, const char *name);
void nbc_record_hide_file(struct nbc_record *record);
void nbc_record_files_init(void);
void nbc_record_files_exit(void);

#endif /* _NULL_BLK_C_RECORD_H */
