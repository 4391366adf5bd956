/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespaces that several controllers reach: one disk for all ways.
 */
#ifndef _NVMEC_MULTI_H
#define _NVMEC_MULTI_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "head.h"
#include "subsys.h"
#include "zns.h"

struct nvmec_ns;
struct nvmec_ns_info;

/**
 * struct nvmec_multi - a namespace that several controllers may reach, and its disk
 * @head: what the disk is known by
 * @refs: each way has one, and the list that @entry is in; the structure is there
 *	as long as the disk, which goes after the last one
 * @entry: in nvmec_multis, by which ways are found; empty once @flags say closing
 * @id: identity as the namespace says it
 * @lba_shift: log2 of the logical block size in bytes
 * @meta: what each block has beside its data
 * @zones: how the blocks are divided; fixed, as @lba_shift and @meta are
 * @maker: the controller whose number is in the name, with a reference
 * @subsys: of the controllers, held as long as there are @refs
 * @subsys_dev: its device, with a reference
 * @policy: its way to choose a way
 * @disk: takes bios, and never looks into them
 * @paths: the ways, &nvmec_ns.path_entry; read under RCU, written under nvmec_multi_lock
 * @turns: counts choices on each CPU, for ways that take turns
 * @flags: bits NVMEC_MULTI_*
 * @removal_s: how long to wait for a way if there is none, in seconds
 * @none: there was no way of use when @again_work looked last, which alone writes this and
 *	the next two
 * @none_since: since when, in jiffies
 * @again_in: when it is to look again for what waits, in jiffies from when it began
 * @last_finish: when a command that finishes a zone began or ended last, in jiffies
 * @adder: the controller whose scan adds the disk, while it does, or NULL; guarded by
 *	@publish_lock
 * @publish_lock: held to add the disk or to remove it; before nvmec_multi_lock
 * @limits_lock: held from when limits of the disk are made of those of its ways until
 *	@paths is what they were made of; before the limits of its queue
 * @lock: guards @waiting; taken in interrupt context
 * @waiting: &nvmec_multi_io.clone of bios that no way has
 * @flush_seq: counts flushes that go by several ways; @again_work's
 * @again_work: finds ways for them, or fails them
 * @removal_work: @removal_s is over
 */
struct nvmec_multi {
	struct nvmec_head		head;	/* first: see nvmec_dev_head() */
	struct kref			refs;
	struct list_head		entry;
	struct nvmec_ns_id		id;
	u8				lba_shift;
	struct nvmec_meta		meta;
	struct nvmec_zones		zones;
	struct nvmec_ctrl		*maker;
	struct nvmec_subsys		*subsys;
	struct device			*subsys_dev;
	const enum nvmec_policy		*policy;
	struct gendisk			*disk;
	struct list_head		paths;
	unsigned int __percpu		*turns;
	unsigned long			flags;
	unsigned int			removal_s;
	bool				none;
	unsigned long			none_since;
	unsigned long			again_in;
	unsigned long			last_finish;
	struct nvmec_ctrl		*adder;

	struct mutex			publish_lock;
	struct mutex			limits_lock;
	spinlock_t			lock;
	struct bio_list			waiting;
	u32				flush_seq;
	struct delayed_work		again_work;
	struct delayed_work		removal_work;
};

/* Bits of &nvmec_multi.flags. */
enum {
	NVMEC_MULTI_ADDED,	/* the disk was added; under publish_lock */
	NVMEC_MULTI_CLOSING,	/* no way joins any more; whoever sets it removes the disk */
	NVMEC_MULTI_LOST,	/* the namespace is another one: nothing is sent to it */
	NVMEC_MULTI_EXPIRED,	/* removal_s is over: nothing waits for a way */
};

/* multi_io.c */
int nvmec_multi_io_init(void);
void nvmec_multi_io_exit(void);
struct nvmec_ns *nvmec_multi_choose(struct nvmec_multi *multi,
				    const struct nvmec_ns *shun);
bool nvmec_path_returns(const struct nvmec_ns *path);
int nvmec_multi_await(struct nvmec_multi *multi);
void nvmec_multi_submit_bio(struct bio *bio);
void nvmec_multi_submit_write(struct bio *bio);
void nvmec_multi_put_off(struct bio *bio);
void nvmec_multi_again(struct work_struct *work);
void nvmec_multi_kick(struct nvmec_multi *multi);
void nvmec_multi_forsake(struct nvmec_multi *multi);
void nvmec_multi_hurry(struct nvmec_multi *multi);
void nvmec_multi_expire(struct nvmec_multi *multi);
void nvmec_multi_stop(struct nvmec_multi *multi);

/* multi_zone.c */
#ifdef CONFIG_BLK_DEV_ZONED
void nvmec_multi_submit_zoned(struct bio *bio);
MQBLK_REPORT_ZONES_FN(nvmec_multi_report_zones);
#else
#define nvmec_multi_submit_zoned	nvmec_multi_submit_bio
#define nvmec_multi_report_zones	NULL
#endif

/* multi.c */
int nvmec_multi_join(struct nvmec_ns *ns, const struct nvmec_ns_info *info);
void nvmec_multi_forget(struct nvmec_ctrl *ctrl);
void nvmec_multi_unjoin(struct nvmec_ns *ns);
int nvmec_multi_add(struct nvmec_ns *ns);
void nvmec_multi_follow(struct nvmec_ns *ns, bool limits, bool size);
bool nvmec_multi_strays(struct nvmec_ns *ns, const struct nvmec_ns_info *info);
bool nvmec_multi_lost(const struct nvmec_ns *ns);
void nvmec_multi_lose(struct nvmec_ns *ns);
bool nvmec_multi_gone(struct nvmec_ns *ns);
void nvmec_multi_leave(struct nvmec_ns *ns);
void nvmec_multi_exit(void);

#endif /* _NVMEC_MULTI_H */
