/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespaces and their disks.
 */
#ifndef _NVMEC_NS_H
#define _NVMEC_NS_H

#include <linux/atomic.h>
#include <linux/blkdev.h>
#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/mqblk.h>
#include <linux/percpu-refcount.h>
#include <linux/types.h>

#include "head.h"
#include "ident.h"
#include "inject.h"
#include "meta.h"
#include "streams.h"
#include "zns.h"

struct nvmec_ctrl;
struct nvmec_multi;
struct work_struct;

/**
 * struct nvmec_ns - a namespace and its disk
 * @head: identity as it is shown
 * @ctrl: its controller, with a reference
 * @nsid: its id there
 * @lba_shift: log2 of the logical block size in bytes
 * @meta: what a block has beside its data; fixed, as @lba_shift is: one with another is
 *	another disk
 * @extra: a read or write has more to say than where the data is: @meta or @streams
 * @id: identity as the namespace says it; one with another is another namespace
 * @described: as in &struct nvmec_ns_info
 * @deac: likewise
 * @said: &nvmec_ns_info.limits as the last scan found them; guarded by
 *	&nvmec_ctrl.scan_lock
 * @disk: the disk, whose last reference frees the structure
 * @entry: in &nvmec_ctrl.namespaces
 * @seen: found by the scan that runs; guarded by &nvmec_ctrl.scan_lock
 * @frozen: by nvmec_disks_freeze(); likewise
 * @has_generic: @generic is there
 * @generic: the character device, with a reference of the disk
 * @generic_cdev: what opens it
 * @multi: the disk that it has together with others, or NULL; then the following are
 *	valid; written under &nvmec_ctrl.scan_lock, while it has no bios
 * @path_entry: in &nvmec_multi.paths
 * @path_users: bios that are on this way, and who looks for one; a bio's end looks at
 *	@multi with it
 * @path_idle: there are none, and none come
 * @path_linked: there is a link to its disk; guarded by nvmec_multi_lock
 * @ana_state: enum nvme_ana_state, as its controller says; written under
 *	&nvmec_ctrl.ns_lock
 * @ana_until: if that cannot be used, how long to hope for another one, in jiffies; likewise
 * @path_cache: not 0: it has something to write. Bit 0: it has written since it was flushed
 *	last; beyond that, how many flushes are on their way
 * @path_flush_seq: &nvmec_multi.flush_seq when it was flushed last, by the same work
 * @path_gone: its controller does not have it any more; likewise
 * @zones: how its blocks are divided, if they are; written under &nvmec_ctrl.scan_lock
 * @diverted: nvmec_disks_divert() holds; written under &nvmec_ctrl.ns_lock
 * @streams: where writes in streams go; written under &nvmec_ctrl.scan_lock, each member
 *	for itself, while writes look at it
 * @streams_unknown: it did not say what they are, and has none: of several ways, it does
 *	not count; written under &nvmec_ctrl.ns_lock
 * @streams_unsaid: it did not say what they are when it was asked last; guarded by
 *	&nvmec_ctrl.ns_lock
 * @watch: who looks at its requests
 * @inject: faults on purpose of its requests
 */
struct nvmec_ns {
	struct nvmec_head	head;	/* first: see nvmec_dev_head() */
	struct nvmec_ctrl	*ctrl;
	u32			nsid;
	u8			lba_shift;
	struct nvmec_meta	meta;
	bool			extra;
	struct nvmec_ns_id	id;
	bool			described;
	bool			deac;
	struct queue_limits	said;
	struct gendisk		*disk;
	struct list_head	entry;
	bool			seen;
	bool			frozen;
	bool			has_generic;
	struct device		generic;
	struct cdev		generic_cdev;
	struct nvmec_multi	*multi;
	struct list_head	path_entry;
	struct percpu_ref	path_users;
	struct completion	path_idle;
	bool			path_linked;
	u8			ana_state;
	unsigned long		ana_until;
	atomic_t		path_cache;
	u32			path_flush_seq;
	bool			path_gone;
	struct nvmec_zones	zones;
	bool			diverted;
	struct nvmec_streams	streams;
	bool			streams_unknown;
	bool			streams_unsaid;
	struct mqblk_watch	watch;
	struct nvmec_inject	inject;
};

/* Before a scan for what namespaces did not say */
#define NVMEC_SCAN_PAUSE	HZ

DECLARE_STATIC_KEY_FALSE(nvmec_watched);
void nvmec_scan_work(struct work_struct *work);
void nvmec_scan_later(struct work_struct *work);
void nvmec_scan_again(struct nvmec_ctrl *ctrl, u32 nsid);
bool nvmec_scan_lock(struct nvmec_ctrl *ctrl, unsigned int limit_ms);
void nvmec_ns_remove_all(struct nvmec_ctrl *ctrl);

#if IS_ENABLED(CONFIG_KUNIT)
/* What only tests call from outside of its file. */
int nvmec_ns_identify(struct nvmec_ctrl *ctrl, u8 cns, u32 nsid, void *page);
int nvmec_scan(struct nvmec_ctrl *ctrl);
#endif

#endif /* _NVMEC_NS_H */
