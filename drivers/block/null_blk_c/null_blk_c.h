/* SPDX-License-Identifier: GPL-2.0 */
/*
 * null_blk_c's parts and what they offer each other, by owning file.
 */
#ifndef _NULL_BLK_C_H
#define _NULL_BLK_C_H

#include <linux/badblocks.h>
#include <linux/configfs.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mqblk.h>
#include <linux/mqblk_compat.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "attr.h"
#include "cache.h"
#include "cmd.h"
#include "cut.h"
#include "hold.h"
#include "kept.h"
#include "latency.h"
#include "memory.h"
#include "pi.h"
#include "record.h"
#include "rules.h"
#include "snapshot.h"
#include "store.h"
#include "throttle.h"
#include "zone.h"

/* What differs with drop_in. */
#define NBC_DISK_PREFIX	(nbc_defaults.drop_in ? "nullb" : "nullbc")
#define NBC_ROOT_NAME	(nbc_defaults.drop_in ? "nullb" : KBUILD_MODNAME)

/* attrs.h: values of irqmode, part of the user interface */
enum nbc_irqmode {
	NBC_IRQ_INLINE,
	NBC_IRQ_SOFTIRQ,
	NBC_IRQ_TIMER,
};

/**
 * enum nbc_path - how a disk deals with requests
 * @NBC_PATH_SOFTIRQ: nothing but its data, if it keeps any, and irqmode softirq
 * @NBC_PATH_INLINE: the same with irqmode inline
 * @NBC_PATH_FULL: everything else: the timer, and whatever feature is on
 */
enum nbc_path {
	NBC_PATH_SOFTIRQ,
	NBC_PATH_INLINE,
	NBC_PATH_FULL,
};

/**
 * enum nbc_on - what is on for the requests of a disk: bits of &nbc_disk.on
 * @NBC_ON_ZONES: it has zones
 * @NBC_ON_BADBLOCKS: there are bad blocks
 * @NBC_ON_FAULTS: a fault may hit
 * @NBC_ON_WATCH: somebody looks at its requests
 * @NBC_ON_TIMER: the timer ends them
 * @NBC_ON_LIMITS: there are limits
 * @NBC_ON_CACHE: it has a cache
 * @NBC_ON_RULES: there are rules
 * @NBC_ON_LATENCY: there is a latency model
 * @NBC_ON_FAIL_READS: reads fail, as it keeps no data
 * @NBC_ON_ATOMIC: writes may be atomic
 * @NBC_ON_RECORD: what is done is recorded
 * @NBC_ON_PI: its blocks have protection information
 * @NBC_ON_CHARGE: memory is charged to who writes
 */
enum nbc_on {
	NBC_ON_ZONES,
	NBC_ON_BADBLOCKS,
	NBC_ON_FAULTS,
	NBC_ON_WATCH,
	NBC_ON_TIMER,
	NBC_ON_LIMITS,
	NBC_ON_CACHE,
	NBC_ON_RULES,
	NBC_ON_LATENCY,
	NBC_ON_FAIL_READS,
	NBC_ON_ATOMIC,
	NBC_ON_RECORD,
	NBC_ON_PI,
	NBC_ON_CHARGE,
};

/* What makes a request wait. */
#define NBC_ON_TIMING	(BIT(NBC_ON_TIMER) | BIT(NBC_ON_LIMITS) | \
			 BIT(NBC_ON_LATENCY))

/* Beside the data: rules and a record, see nbc_cmd_run_special() */
#define NBC_ON_SPECIAL	(BIT(NBC_ON_RULES) | BIT(NBC_ON_RECORD))

/* Around the data: what few disks have, see nbc_cmd_run() */
#define NBC_ON_RARE	(BIT(NBC_ON_ZONES) | BIT(NBC_ON_ATOMIC) | BIT(NBC_ON_PI) | \
			 BIT(NBC_ON_CHARGE))

/* What can fail on purpose: rows of NBC_PARAM_FAULT in attrs.h. */
enum nbc_fault_id {
	NBC_FAULT_timeout,
	NBC_FAULT_requeue,
	NBC_FAULT_init_hctx,
	NBC_NR_FAULTS,
};

/* Longest text of a module parameter for a fault, with its end. */
#define NBC_FAULT_TEXT_BYTES	80

/**
 * struct nbc_fault - a fault of a device
 * @group: its directory in the device's
 * @dev: the device
 * @fault: when it hits; written under dev->config_lock, read by requests at any
 *	time
 */
struct nbc_fault {
	struct config_group	group;
	struct nbc_device	*dev;
	struct mqblk_fault	fault;
};

/**
 * struct nbc_bios - bios that wait for their time
 * @lock: guards @waiting and @hurry; taken with interrupts off
 * @waiting: struct nbc_waiter
 * @hurry: none waits any more
 * @hurry_status: what ends meanwhile ends with it; BLK_STS_OK for a status of its own
 * @idle: to be woken when @waiting has become empty
 */
struct nbc_bios {
	spinlock_t		lock;
	struct list_head	waiting;
	bool			hurry;
	blk_status_t		hurry_status;
	wait_queue_head_t	idle;
};

/**
 * struct nbc_disk - run state: a device that is powered
 * @path: enum nbc_path; changes while requests run, by nbc_disk_choose_path(),
 *	under @path_lock
 * @on: enum nbc_on, what there is on the full path; changes as @path does
 * @store: where its data is, NULL if it keeps none
 * @cache: the volatile part of it, NULL without a cache
 * @irqmode: enum nbc_irqmode
 * @history: what was written to the cache since the last flush, NULL if it is not kept
 * @cut: what its end leaves of that
 * @loses_power: its end is a power cut that the user asked for
 * @delay: time from taking a request to its completion, with NBC_IRQ_TIMER
 * @badblocks: of the device
 * @badblocks_once: a range that was met is good afterwards
 * @badblocks_partial_io: what comes before a bad block is done
 * @fail_reads: reads fail, as there is no @store
 * @atomic_bytes: the largest atomic write, or 0
 * @faults: of the device
 * @rules: of the device
 * @latency: of the device
 * @record: of the device
 * @zones: of the device, NULL if the disk is not zoned
 * @throttle: limits on bandwidth and operations
 * @atomic_lock: an atomic write has it for itself, other commands share it; not taken if
 *	there are none. Taken in process context, before the locks of history, cache and
 *	store
 * @requeues: counts requests that the fault sent back
 * @kept: what its zones keep, NULL if they keep nothing
 * @bios: bios that wait for their time, with queue_mode 0
 * @hold: operations that wait until the user lets them go
 * @watch: who looks at the requests, unused with queue_mode 0
 * @path_lock: guards @path, @on and @armed, innermost
 * @armed: the timer, limits and faults act on requests; changes by nbc_disk_arm() and
 *	nbc_disk_disarm()
 * @set: its hardware queues, NULL with queue_mode 0
 * @own_set: they are here, unless it shares those of others
 * @disk: its gendisk
 * @pi: how its blocks are protected
 *
 * What the plain paths need comes first, and what features read next; it does not
 * change while powered, but for @path, @on and @delay. What requests write begins on another cache
 * line, with @throttle.
 */
struct nbc_disk {
	enum nbc_path		path;
	unsigned int		on;
	unsigned int		irqmode;
	struct nbc_store	*store;

	struct nbc_cache	*cache;
	struct nbc_history	*history;
	ktime_t			delay;
	struct badblocks	*badblocks;
	bool			badblocks_once;
	bool			badblocks_partial_io;
	bool			fail_reads;
	unsigned int		atomic_bytes;
	struct nbc_fault	*faults;
	struct nbc_rules	*rules;
	struct nbc_latency	*latency;
	struct nbc_record	*record;
	struct nbc_zones	*zones;

	struct nbc_throttle	throttle;
	struct rw_semaphore	atomic_lock;
	atomic_t		requeues;
	struct nbc_kept		*kept;
	struct nbc_bios		bios;
	struct nbc_hold		hold;
	struct mqblk_watch	watch;
	spinlock_t		path_lock;
	bool			armed;

	struct nbc_cut		cut;
	bool			loses_power;
	struct mqblk_set	*set;
	struct mqblk_set	own_set;
	struct gendisk		*disk;
	struct nbc_pi		pi;
};

/**
 * struct nbc_device - what the user made, powered or not
 * @group: its directory in configfs; the last reference frees the device
 * @lock: serialises power, resizes and writes to attributes. Held for as long as a
 *	disk takes to come or go, so nothing that may be needed to let go of the disk
 *	takes it
 * @config_lock: guards what can be read and switched meanwhile: @config, @faults, @rules,
 *	@latency, @badblocks, @snapshots and what is recorded. Comes after @lock, and is never
 *	held while I/O is waited for
 * @config: what the user asked for; changes under both locks
 * @disk: run state, NULL while off; changes under both locks
 * @store: its data, which outlives @disk
 * @pi: how the blocks in @store are protected, as long as there are any; guarded by @lock
 * @badblocks: outlives @disk, too
 * @rules: likewise
 * @latency: likewise
 * @snapshots: likewise
 * @record: likewise; also of who has its file open
 * @orphans: looks now and then whether processes are gone that rules end with
 * @zones: those of the disk that it has or last had, or of the snapshot that its data is of,
 *	NULL for none; outlive @disk likewise; guarded by @lock, and changes only while off
 * @faults: by enum nbc_fault_id
 * @minor: number of the disk that it has or last had, -1 for none. Nobody else gets it
 *	meanwhile: who opens a disk by its name when it goes must not find another one;
 *	guarded by @lock
 * @entry: place in the list of devices made at load, guarded by being used in
 *	module init and exit only
 */
struct nbc_device {
	struct config_group	group;
	struct mutex		lock;
	struct mutex		config_lock;
	struct nbc_config	config;
	struct nbc_disk		*disk;
	struct nbc_store	store;
	struct nbc_pi		pi;
	struct badblocks	badblocks;
	struct nbc_rules	rules;
	struct nbc_latency	latency;
	struct nbc_snapshots	snapshots;
	struct nbc_record	*record;
	struct delayed_work	orphans;
	struct nbc_zones	*zones;
	struct nbc_fault	faults[NBC_NR_FAULTS];
	int			minor;
	struct list_head	entry;
};

/**
 * struct nbc_rq - what a request has for the driver
 * @mqblk: mqblk's part, first
 * @held: used while it waits until the user lets it go
 */
struct nbc_rq {
	struct mqblk_rq		mqblk;
	struct nbc_held		held;
};

/**
 * nbc_device_name - name of a device and its disk
 * @dev: the device
 *
 * Return: the name; it lives as long as the device.
 */
static inline const char *nbc_device_name(struct nbc_device *dev)
{
	return config_item_name(&dev->group.cg_item);
}

/* badblocks.c */
ssize_t nbc_badblocks_show(struct nbc_device *dev, char *page);
int nbc_badblocks_change(struct badblocks *list, const char *name,
			 const char *text);
void nbc_badblocks_check(struct nbc_disk *ndisk, struct nbc_cmd *cmd);

/* bio.c */
int nbc_bios_init(void);
void nbc_bios_exit(void);
void nbc_bios_create(struct nbc_bios *bios);
void nbc_bios_hurry(struct nbc_bios *bios, bool hurry, blk_status_t status);
void nbc_bios_expire(struct nbc_bios *bios);
void nbc_bios_drain(struct nbc_bios *bios);
void nbc_submit_bio(struct bio *bio);

/* cmd.c */
void nbc_cmd_run(struct nbc_disk *ndisk, struct nbc_cmd *cmd, unsigned int on);
void nbc_cmd_run_special(struct nbc_disk *ndisk, struct nbc_cmd *cmd,
			 const struct nbc_verdict *verdict, unsigned int on);

/* configfs.c */
int nbc_configfs_init(void);
void nbc_configfs_open(void);
void nbc_configfs_exit(void);
struct nbc_device *nbc_configfs_alloc(const char *name);
int nbc_configfs_add(struct nbc_device *dev);
void nbc_configfs_remove(struct nbc_device *dev);

/* data.c */
bool nbc_data_run(struct nbc_disk *ndisk, struct nbc_cmd *cmd);
void nbc_data_run_protected(struct nbc_disk *ndisk, struct nbc_cmd *cmd);

/* device.c */
struct nbc_device *nbc_device_alloc(void);
void nbc_device_free(struct nbc_device *dev);
int nbc_device_set_power(struct nbc_device *dev, bool on);
ssize_t nbc_device_show(struct nbc_device *dev, const struct nbc_attr *attr,
			char *page);
ssize_t nbc_device_store(struct nbc_device *dev, const struct nbc_attr *attr,
			 const char *text, size_t len);
int nbc_badblocks_store(struct nbc_device *dev, const char *text);
int nbc_rules_store(struct nbc_device *dev, const char *text);
ssize_t nbc_rules_show(struct nbc_device *dev, char *page);
int nbc_latency_store(struct nbc_device *dev, const char *text);
ssize_t nbc_latency_show(struct nbc_device *dev, char *page);
int nbc_held_store(struct nbc_device *dev, const char *text);
ssize_t nbc_held_show(struct nbc_device *dev, char *page);
int nbc_lies_store(struct nbc_device *dev, const char *text);
ssize_t nbc_lies_show(struct nbc_device *dev, char *page);
int nbc_record_store(struct nbc_device *dev, const char *text);
ssize_t nbc_record_show(struct nbc_device *dev, char *page);
void nbc_device_hide_record(struct nbc_device *dev);
int nbc_power_cut_store(struct nbc_device *dev, const char *text);
int nbc_snapshot_store(struct nbc_device *dev, const char *text);
ssize_t nbc_snapshot_show(struct nbc_device *dev, char *page);
int nbc_snapshot_drop_store(struct nbc_device *dev, const char *text);
int nbc_device_clone(struct nbc_device *dev, struct nbc_device *from,
		     const char *name);
int nbc_device_copy_state(struct nbc_device *dev, struct nbc_device *from,
			  const struct nbc_cut *cut);

/* disk.c */
extern int nbc_major;
struct nbc_disk *nbc_disk_create(struct nbc_device *dev,
				 const struct nbc_config *config);
void nbc_disk_destroy(struct nbc_disk *ndisk, const char *name);
void nbc_minor_put(struct nbc_device *dev);
void nbc_disk_set_pace(struct nbc_disk *ndisk, const struct nbc_config *config);
void nbc_disk_grow(struct nbc_disk *ndisk, const struct nbc_config *config);
void nbc_disk_choose_path(struct nbc_disk *ndisk);
void nbc_disk_arm(struct nbc_disk *ndisk);
void nbc_disk_disarm(struct nbc_disk *ndisk, blk_status_t status);

/* faults.c */
void nbc_faults_init(struct nbc_device *dev);

/* queues.c */
int nbc_set_get(struct nbc_disk *ndisk, const char *name,
		const struct nbc_config *config);
void nbc_set_put(struct nbc_disk *ndisk);
void nbc_set_hurry(struct nbc_disk *ndisk, bool hurry, blk_status_t status);
void nbc_set_pause(struct nbc_disk *ndisk);
void nbc_set_resume(struct nbc_disk *ndisk);
void nbc_set_expire(struct nbc_disk *ndisk);
int nbc_set_check_resize(struct nbc_disk *ndisk, const char *name);
int nbc_set_resize(struct nbc_disk *ndisk, const struct nbc_config *config);

/* request.c */
extern const struct blk_mq_ops nbc_null_ops;
extern const struct blk_mq_ops nbc_data_ops;
extern const struct blk_mq_ops nbc_any_ops;

/* states.c */
int nbc_crash_states_store(struct nbc_device *dev, const char *text);

#endif /* _NULL_BLK_C_H */
