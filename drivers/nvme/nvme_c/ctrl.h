/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Controllers.
 */
#ifndef _NVMEC_CTRL_H
#define _NVMEC_CTRL_H

#include <linux/atomic.h>
#include <linux/cdev.h>
#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/dmapool.h>
#include <linux/list.h>
#include <linux/mqblk.h>
#include <linux/mutex.h>
#include <linux/nvme.h>
#include <linux/pci.h>
#include <linux/semaphore.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "ident.h"
#include "inject.h"
#include "recover.h"

struct nvmec_ana;
struct nvmec_hmb;
struct nvmec_hwmon;
struct nvmec_queue;
struct nvmec_subsys;

/**
 * enum nvmec_state - what may be done with a controller
 * @NVMEC_NEW: not touched yet
 * @NVMEC_RESETTING: being brought up, or between suspend and resume; requests
 *	wait
 * @NVMEC_LIVE: all works
 * @NVMEC_REMOVING: the driver lets go; requests work, but nothing new begins
 * @NVMEC_DEAD: given up, or gone; requests fail. There is no way back
 */
enum nvmec_state {
	NVMEC_NEW,
	NVMEC_RESETTING,
	NVMEC_LIVE,
	NVMEC_REMOVING,
	NVMEC_DEAD,
};

/**
 * struct nvmec_ctrl - a controller
 * @dev: its device nvmecX, whose last reference frees the structure
 * @cdev: what opens @dev; an open file has a reference of @dev
 * @pdev: the PCI device, with a reference
 * @index: X
 * @bar: registers and doorbells
 * @bar_bytes: how much of them
 * @cap: capabilities register
 * @vs: version register
 * @quirks: bits of enum nvmec_quirk; fixed
 * @ready_ms: how long enabling may take
 * @stop_ms: how long disabling may take
 * @ident: what it is; written in bring-up
 * @formats_extended: it lets blocks have other guards than of old; likewise
 * @state_lock: guards @state
 * @state: changed by nvmec_ctrl_set_state() only
 * @run_lock: held to start or stop the controller, may sleep; outermost
 * @running: started and not stopped since, guarded by @run_lock
 * @starting: who brings it up or down waits for commands of its own, which only
 *	nvmec_timeout() can end; written under @run_lock
 * @no_answer: a command of those had none, and the controller is disabled
 * @steps_left_out: optional steps of bring-up whose commands had no answer, by bit;
 *	guarded by @run_lock
 * @fault: why @reset_work was asked for; written by who made it RESETTING, before
 * @suspect: it was reset for a fault the last time; written under @run_lock
 * @stuck: no I/O came back since that, and now this is the fault; guarded by @run_lock
 * @budget: of resets for faults; guarded by @run_lock
 * @reset_work: brings it from RESETTING to LIVE, or buries it
 * @scan_work: looks for namespaces
 * @scan_later: queues that, for what a namespace did not say
 * @event_work: handles an asynchronous event
 * @abort_work: sends abort commands for requests that want one
 * @frozen_work: gives it up if the bus stays frozen
 * @lost_work: gives it up if it still reads as all ones
 * @event: completion dword 0 of the event that @event_work shall handle
 * @event_armed: an event request is with the controller; guarded by the admin queue's
 *	&nvmec_queue.cq_lock, as are @nr_events and @events_since
 * @nr_events: events since @events_since
 * @events_since: when events began to be counted, in jiffies
 * @queues: [0] is the admin queue; NULL before the first bring-up
 * @nr_queues: of them, fixed once there are more than one
 * @counts: I/O queues by what they serve, likewise
 * @admin_set: tags of the admin queue
 * @admin_q: requests to it; once made it is there as long as the structure, and
 *	refuses them with -ENODEV after nvmec_admin_exit()
 * @io_set: tags of the I/O queues, valid if @io_set_made
 * @io_set_made: likewise
 * @shadows: a page of shadow doorbells and one of their event indices, or NULL
 * @shadows_dma: bus address of @shadows
 * @shadows_on: the controller looks into them; guarded by @run_lock
 * @hmb: memory for the controller, or NULL; guarded by @run_lock
 * @hmb_on: it has that now; written under @run_lock
 * @hmb_wanted: it is to have some, as of the next bring-up; written under @hmb_lock
 * @hmb_lock: who switches that, one at a time; outermost
 * @cmbloc: register CMBLOC; written in probe, as are @cmbsz and @cmb_bus
 * @cmbsz: register CMBSZ; 0 if the controller has no memory, or nobody asked it
 * @cmb_bus: bus address of its memory, or 0 if others do not have that
 * @apst_work: gives the controller another table of power states
 * @apst_on: it goes to power states by itself
 * @apst_mute: it did not answer when it got a table, and is not asked again
 * @apst_most_us: how long one may take that it goes to, by the user
 * @latency_borne_us: the same, by PM QoS; negative is no limit
 * @small_pool: lists of NVMEC_SMALL_LIST_BYTES
 * @page_pool: lists of NVMEC_PAGE_SIZE
 * @big_lock: guards @big_kept; taken in interrupt context
 * @big_kept: struct nvmec_big for when there is no memory
 * @io_timeout_ms: how long a request may take; read anywhere, written under @ns_lock
 * @admin_timeout_ms: how long an admin command may take, likewise
 * @ns_lock: guards @namespaces, @io_quiesced; may sleep
 * @namespaces: all disks, ordered by id
 * @io_quiesced: the I/O queues are
 * @admin_quiesced: the admin queue is; guarded by @run_lock
 * @scan_lock: one scan at a time; taken before @run_lock and @ns_lock
 * @user_admin: admin commands of user space that may yet be sent: the others are for
 *	the driver, which must not wait for a user
 * @leaving: the driver is to let go of it: no command of a user is sent any more that may
 *	take longer than others; set once
 * @ana_lock: held to read what it says of access to its namespaces; before @ns_lock
 * @ana: what that was last, or NULL; written under @ana_lock and @ns_lock
 * @ana_work: reads that
 * @ana_asked: when that began last, in jiffies; written by @ana_work
 * @subsys: how tools find it, or NULL; written in bring-up and at the end
 * @effects: what commands do, by the controller; written once, in bring-up, and NULL
 *	before, and if it does not say
 * @scan_again: nvmec_scan_again(), which is of a file above those who need it; for who
 *	has @scan_lock; fixed
 * @scan_unwanted: somebody waits for @scan_lock; a scan ends early for it
 * @unsaid: in the scan that runs, or ran last, a namespace did not say all, and may if it is
 *	asked again; guarded by @scan_lock
 * @nr_unsaid: such scans in a row that had another one follow; likewise
 * @zones_unseen: in that scan, zones could not be looked at for want of access: another one
 *	follows when that changes; written under @scan_lock
 * @refused_entry: in a list of multi.c's, of those whose zones others do not have
 * @nr_silent: questions for streams that had no answer in time; likewise
 * @ns_listed: it once gave a list of its namespaces, so that it has one; guarded
 *	by @scan_lock
 * @inject: faults on purpose of admin commands
 * @hwmon: its temperatures, or NULL; written by @scan_work, and at the end
 * @no_hwmon: it does not know them; written by @scan_work
 * @nr_timeouts: requests whose time ran out, each time that it did
 * @nr_aborts: abort commands that were sent
 * @nr_retries: requests that were sent again
 * @nr_resets: resets that began, without the first bring-up
 */
struct nvmec_ctrl {
	struct device			dev;
	struct cdev			cdev;
	struct pci_dev			*pdev;
	int				index;
	void __iomem			*bar;
	size_t				bar_bytes;
	u64				cap;
	u32				vs;
	unsigned long			quirks;
	u32				ready_ms;
	u32				stop_ms;
	struct nvmec_ident		ident;
	bool				formats_extended;

	spinlock_t			state_lock;
	enum nvmec_state		state;
	struct mutex			run_lock;
	bool				running;
	bool				starting;
	bool				no_answer;
	unsigned long			steps_left_out;
	enum nvmec_fault		fault;
	bool				suspect;
	bool				stuck;
	struct nvmec_budget		budget;

	struct work_struct		reset_work;
	struct work_struct		scan_work;
	struct delayed_work		scan_later;
	struct delayed_work		event_work;
	struct work_struct		abort_work;
	struct delayed_work		frozen_work;
	struct delayed_work		lost_work;
	u32				event;
	bool				event_armed;
	unsigned int			nr_events;
	unsigned long			events_since;

	struct nvmec_queue		*queues;
	unsigned int			nr_queues;
	struct mqblk_queue_counts	counts;
	struct mqblk_set		admin_set;
	struct request_queue		*admin_q;
	struct mqblk_set		io_set;
	bool				io_set_made;
	void				*shadows;
	dma_addr_t			shadows_dma;
	bool				shadows_on;
	struct nvmec_hmb		*hmb;
	bool				hmb_on;
	bool				hmb_wanted;
	struct mutex			hmb_lock;
	u32				cmbloc;
	u32				cmbsz;
	u64				cmb_bus;
	struct delayed_work		apst_work;
	bool				apst_on;
	bool				apst_mute;
	u32				apst_most_us;
	s32				latency_borne_us;
	struct dma_pool			*small_pool;
	struct dma_pool			*page_pool;
	spinlock_t			big_lock;
	struct list_head		big_kept;

	unsigned int			io_timeout_ms;
	unsigned int			admin_timeout_ms;
	struct mutex			ns_lock;
	struct list_head		namespaces;
	bool				io_quiesced;
	bool				admin_quiesced;
	struct mutex			scan_lock;
	void				(*scan_again)(struct nvmec_ctrl *ctrl,
						      u32 nsid);
	bool				scan_unwanted;
	bool				unsaid;
	unsigned int			nr_unsaid;
	bool				zones_unseen;
	struct list_head		refused_entry;
	unsigned int			nr_silent;
	bool				ns_listed;

	struct semaphore		user_admin;
	bool				leaving;
	struct mutex			ana_lock;
	struct nvmec_ana		*ana;
	struct delayed_work		ana_work;
	unsigned long			ana_asked;
	struct nvmec_subsys		*subsys;
	struct nvme_effects_log		*effects;
	struct nvmec_inject		inject;
	struct nvmec_hwmon		*hwmon;
	bool				no_hwmon;

	atomic_t			nr_timeouts;
	atomic_t			nr_aborts;
	atomic_t			nr_retries;
	atomic_t			nr_resets;
};

/**
 * struct nvmec_step - a step of bring-up
 * @name: for the log
 * @run: does it; returns 0 or an errno
 * @optional: the controller can be used without
 */
struct nvmec_step {
	const char	*name;
	int		(*run)(struct nvmec_ctrl *ctrl);
	bool		optional;
};

void nvmec_ctrl_stop(struct nvmec_ctrl *ctrl, bool shutdown);
void nvmec_ctrl_retire(struct nvmec_ctrl *ctrl, bool shutdown);
void nvmec_ctrl_bury(struct nvmec_ctrl *ctrl, bool shutdown);
void nvmec_reset_work(struct work_struct *work);

#if IS_ENABLED(CONFIG_KUNIT)
/* What only tests call from outside of its file. */
int nvmec_run_steps(struct nvmec_ctrl *ctrl, const struct nvmec_step *steps,
		    unsigned int nr);
#endif

#endif /* _NVMEC_CTRL_H */
