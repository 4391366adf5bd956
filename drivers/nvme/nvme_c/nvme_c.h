/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nvme_c's parts and what they offer each other, by owning file.
 */
#ifndef _NVME_C_H
#define _NVME_C_H

#include <linux/bitfield.h>
#include <linux/blk-mq.h>
#include <linux/bvec.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/io.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/mqblk.h>
#include <linux/mqblk_compat.h>
#include <linux/mutex.h>
#include <linux/nvme.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/semaphore.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "cmd.h"
#include "prp.h"
#include "recover.h"

/* Admin queue: few commands are ever in flight at once. */
#define NVMEC_ADMIN_DEPTH	32
#define NVMEC_ADMIN_TAGS	30
/* Of these, what commands of user space may have. */
#define NVMEC_USER_TAGS		20
/* Command id of the asynchronous event request: beyond the tags. */
#define NVMEC_EVENT_ID		NVMEC_ADMIN_TAGS

/* Requests of all I/O queues together, as far as each has so many. */
#define NVMEC_MAX_REQUESTS	16384U
#define NVMEC_MIN_BOUND		64U

/* Largest transfer, whatever the controller allows. */
#define NVMEC_MAX_BYTES		SZ_4M
/* How often a user who waits for a controller looks again. */
#define NVMEC_LOOK_MS		5

/* Most pieces of memory in one transfer. */
#define NVMEC_MAX_SEGS		256
/* Ids in a page of the list of active namespaces. */
#define NVMEC_NSIDS_PER_PAGE	(NVME_IDENTIFY_DATA_SIZE / sizeof(__le32))

/* Name of a subsystem: the field, and a NUL. */
#define NVMEC_NQN_BYTES		257

/* As many pieces as 128 KiB can have need no allocation. */
#define NVMEC_SMALL_SEGS	33
#define NVMEC_SMALL_LIST_BYTES	256
#define NVMEC_SMALL_PRPS	(NVMEC_SMALL_LIST_BYTES / sizeof(__le64))
#define NVMEC_SMALL_SGES \
	(NVMEC_SMALL_LIST_BYTES / sizeof(struct nvme_sgl_desc))

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
 * enum nvmec_quirk - what a device does otherwise; bits of &nvmec_ctrl.quirks
 * @NVMEC_QUIRK_READY_DELAY: its registers must rest after CC.EN was written
 * @NVMEC_QUIRK_NO_NS_LIST: it must not be asked for the list of active namespaces
 * @NVMEC_QUIRK_NO_DESCS: nor for descriptors of a namespace
 * @NVMEC_QUIRK_BOGUS_IDS: UUID, NGUID and EUI64 mean nothing
 * @NVMEC_QUIRK_NO_WRITE_ZEROES: write zeroes is broken
 * @NVMEC_QUIRK_NO_DISCARD: so is dataset management
 * @NVMEC_QUIRK_NO_SGL: so are SGLs
 * @NVMEC_QUIRK_NO_SHADOWS: so are shadow doorbells
 * @NVMEC_NR_QUIRKS: number of them
 */
enum nvmec_quirk {
	NVMEC_QUIRK_READY_DELAY,
	NVMEC_QUIRK_NO_NS_LIST,
	NVMEC_QUIRK_NO_DESCS,
	NVMEC_QUIRK_BOGUS_IDS,
	NVMEC_QUIRK_NO_WRITE_ZEROES,
	NVMEC_QUIRK_NO_DISCARD,
	NVMEC_QUIRK_NO_SGL,
	NVMEC_QUIRK_NO_SHADOWS,
	NVMEC_NR_QUIRKS
};

/**
 * struct nvmec_quirk_rule - what the user says about a device
 * @vendor: PCI vendor
 * @device: PCI device
 * @quirk: enum nvmec_quirk
 * @off: it has not got it, whatever the table says
 */
struct nvmec_quirk_rule {
	u16	vendor;
	u16	device;
	u8	quirk;
	bool	off;
};

/**
 * struct nvmec_cqe - a completion queue entry, in words that are read once
 * @result: of the command
 * @sq_head: how far the controller has read; not trusted and not used
 * @sq_id: not trusted and not used
 * @id_status: command id, above it phase (bit 16) and status
 */
struct nvmec_cqe {
	__le64	result;
	__le16	sq_head;
	__le16	sq_id;
	__le32	id_status;
};

/* The phase bit in &nvmec_cqe.id_status. */
#define NVMEC_CQE_PHASE		BIT(16)

static_assert(sizeof(struct nvmec_cqe) == sizeof(struct nvme_completion));
static_assert(offsetof(struct nvmec_cqe, id_status) ==
	      offsetof(struct nvme_completion, command_id));

/**
 * struct nvmec_doorbell - where the controller is told of a ring index
 * @reg: the register
 * @shadow: the same in memory, or NULL
 * @event: in memory too: the index that the controller was content with
 * @told: what @reg was given last; kept with @shadow only
 */
struct nvmec_doorbell {
	void __iomem	*reg;
	__le32		*shadow;
	__le32		*event;
	u16		told;
};

/**
 * struct nvmec_queue - a submission queue and its completion queue
 * @ctrl: their controller
 * @tags: whose requests it carries; NULL until there are any, and if no CPU has it
 * @id: 0: admin; n: I/O queue n, of hardware queue n - 1
 * @depth: entries in each
 * @vector: interrupt vector, unless @polled
 * @polled: completes only when somebody looks
 * @has_irq: the interrupt is requested; changed under &nvmec_ctrl.run_lock
 * @live: the controller knows it; changed under both locks, and from true to false
 *	only while the block layer submits nothing
 * @created: an I/O queue that the controller was told to make; guarded by
 *	&nvmec_ctrl.run_lock
 * @sq_lock: guards @sq_tail, @sq_told and what is written to @sqes; taken before
 *	@cq_lock, if both are
 * @sqes: submission entries
 * @gens: generation of the last command of each tag, guarded by @sq_lock. Of the tag
 *	and not of the request: with a scheduler, or for a flush, a tag goes from one
 *	request to another, and a late completion must not fit that
 * @sq_doorbell: for @sq_tail
 * @sq_tail: next entry to write
 * @sq_told: what @sq_doorbell was given
 * @cq_lock: guards the following; taken in interrupt context
 * @cqes: completion entries
 * @cq_doorbell: for @cq_head
 * @cq_head: next entry to read
 * @cq_phase: phase bit of entries that are new
 * @nr_bogus: entries that named no command in flight
 * @progress: a command came back since the queue was started
 * @more: reaps on after an interrupt that had too much to do
 * @sq_dma: bus address of @sqes
 * @cq_dma: bus address of @cqes
 */
struct nvmec_queue {
	struct nvmec_ctrl	*ctrl;
	struct blk_mq_tags	*tags;
	u16			id;
	u16			depth;
	u16			vector;
	bool			polled;
	bool			has_irq;
	bool			live;
	bool			created;

	spinlock_t		sq_lock ____cacheline_aligned_in_smp;
	struct nvme_command	*sqes;
	u8			*gens;
	struct nvmec_doorbell	sq_doorbell;
	u16			sq_tail;
	u16			sq_told;

	spinlock_t		cq_lock ____cacheline_aligned_in_smp;
	struct nvmec_cqe	*cqes;
	struct nvmec_doorbell	cq_doorbell;
	u16			cq_head;
	u8			cq_phase;
	unsigned int		nr_bogus;
	bool			progress;

	struct work_struct	more;
	dma_addr_t		sq_dma;
	dma_addr_t		cq_dma;
};

/**
 * struct nvmec_ident - what a controller says about itself, checked
 * @serial: without blanks around it, as are @model and @firmware
 * @model: see @serial
 * @firmware: see @serial
 * @subnqn: name of its subsystem, or ""
 * @multi: the subsystem may have other controllers
 * @vid: PCI vendor
 * @ssvid: PCI vendor of the board
 * @cntlid: controller id in its subsystem
 * @max_bytes: largest transfer, a multiple of NVMEC_PAGE_SIZE
 * @max_zeroes_bytes: largest write zeroes, or 0
 * @max_ranges: of one dataset management command; 0: it is not offered
 * @max_discard_blocks: logical blocks of all its ranges together
 * @oacs: optional admin commands
 * @lpa: what its log pages offer
 * @oaes: optional asynchronous events
 * @nn: largest namespace id
 * @sgls: SGLs for data are offered, with byte granularity or dwords
 * @vwc: there is a volatile write cache
 * @awupf: logical blocks beyond the first that a write keeps together if the power
 *	fails, unless a namespace says otherwise
 * @retry_ms: delays by the CRD field of a status, [0] being none
 * @shutdown_ms: how long a shutdown may take
 */
struct nvmec_ident {
	char	serial[21];
	char	model[41];
	char	firmware[9];
	char	subnqn[NVMEC_NQN_BYTES];
	bool	multi;
	u16	vid;
	u16	ssvid;
	u16	cntlid;
	u32	max_bytes;
	u32	max_zeroes_bytes;
	u16	max_ranges;
	u32	max_discard_blocks;
	u16	oacs;
	u8	lpa;
	u32	oaes;
	u32	nn;
	bool	sgls;
	bool	vwc;
	u16	awupf;
	u32	retry_ms[4];
	u32	shutdown_ms;
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
 * @small_pool: lists of NVMEC_SMALL_LIST_BYTES
 * @page_pool: lists of NVMEC_PAGE_SIZE
 * @big_lock: guards @big_kept; taken in interrupt context
 * @big_kept: struct nvmec_big for when there is no memory
 * @ns_lock: guards @namespaces, @io_quiesced; may sleep
 * @namespaces: all disks, ordered by id
 * @io_quiesced: the I/O queues are
 * @admin_quiesced: the admin queue is; guarded by @run_lock
 * @scan_lock: one scan at a time; taken before @run_lock and @ns_lock
 * @user_admin: admin commands of user space that may yet be sent: the others are for
 *	the driver, which must not wait for a user
 * @subsys: how tools find it, or NULL; written in bring-up and at the end
 * @effects: what commands do, by the controller; NULL until somebody asks
 * @scan_unwanted: somebody waits for @scan_lock; a scan ends early for it
 * @ns_listed: it once gave a list of its namespaces, so that it has one; guarded
 *	by @scan_lock
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
	struct dma_pool			*small_pool;
	struct dma_pool			*page_pool;
	spinlock_t			big_lock;
	struct list_head		big_kept;

	struct mutex			ns_lock;
	struct list_head		namespaces;
	bool				io_quiesced;
	bool				admin_quiesced;
	struct mutex			scan_lock;
	bool				scan_unwanted;
	bool				ns_listed;

	struct semaphore		user_admin;
	struct nvmec_subsys		*subsys;
	struct nvme_effects_log		*effects;

	atomic_t			nr_timeouts;
	atomic_t			nr_aborts;
	atomic_t			nr_retries;
	atomic_t			nr_resets;
};

/**
 * struct nvmec_ns_id - what tells a namespace from all others
 * @nguid: zero if it has none, as are @eui64 and @uuid
 * @eui64: see @nguid
 * @uuid: see @nguid
 * @csi: its command set, NVME_CSI_NVM if it does not say
 */
struct nvmec_ns_id {
	u8	nguid[16];
	u8	eui64[8];
	u8	uuid[16];
	u8	csi;
};

/**
 * struct nvmec_ns_info - what a namespace is, checked
 * @id: identity
 * @described: there is a list of descriptors, which @id has
 * @shared: other controllers may have it, too
 * @lba_shift: log2 of the logical block size in bytes
 * @capacity_sects: size in units of 512 bytes
 * @read_only: it cannot be written
 * @deac: write zeroes may deallocate: zeros are read then
 * @limits: for the block layer
 */
struct nvmec_ns_info {
	struct nvmec_ns_id	id;
	bool			described;
	bool			shared;
	u8			lba_shift;
	sector_t		capacity_sects;
	bool			read_only;
	bool			deac;
	struct queue_limits	limits;
};

/**
 * struct nvmec_head - what a disk is known by, over all controllers
 * @entry: in the list of all, guarded by nvmec_heads_lock
 * @id: the identities that it is shown with, zero if another disk has one
 * @name: of the disk
 * @nsid: its namespace id
 * @cntlid: its controller
 * @shared: other controllers of the subsystem may have the namespace, too
 * @subnqn: the subsystem
 */
struct nvmec_head {
	struct list_head	entry;
	struct nvmec_ns_id	id;
	char			name[DISK_NAME_LEN];
	u32			nsid;
	u16			cntlid;
	bool			shared;
	char			subnqn[NVMEC_NQN_BYTES];
};

/**
 * struct nvmec_ns - a namespace and its disk
 * @ctrl: its controller, with a reference
 * @nsid: its id there
 * @lba_shift: log2 of the logical block size in bytes
 * @id: identity as the namespace says it; one with another is another namespace
 * @head: identity as it is shown
 * @described: as in &struct nvmec_ns_info
 * @deac: likewise
 * @said: &nvmec_ns_info.limits as the last scan found them; guarded by
 *	&nvmec_ctrl.scan_lock
 * @disk: the disk, whose last reference frees the structure
 * @entry: in &nvmec_ctrl.namespaces
 * @seen: found by the scan that runs; guarded by &nvmec_ctrl.scan_lock
 * @frozen: by nvmec_ns_freeze(); likewise
 * @has_generic: @generic is there
 * @generic: the character device, with a reference of the disk
 * @generic_cdev: what opens it
 * @watch: who looks at its requests
 */
struct nvmec_ns {
	struct nvmec_ctrl	*ctrl;
	u32			nsid;
	u8			lba_shift;
	struct nvmec_ns_id	id;
	struct nvmec_head	head;
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
	struct mqblk_watch	watch;
};

/**
 * enum nvmec_map - how the data of a request was made reachable
 * @NVMEC_MAP_NONE: it has none
 * @NVMEC_MAP_ONE: one piece, at &nvmec_rq.one_addr
 * @NVMEC_MAP_SMALL: pieces by &nvmec_rq.sgl, list in &nvmec_rq.list
 * @NVMEC_MAP_BIG: both in &nvmec_rq.big
 * @NVMEC_MAP_RANGES: a page of ranges in &nvmec_rq.big
 */
enum nvmec_map {
	NVMEC_MAP_NONE,
	NVMEC_MAP_ONE,
	NVMEC_MAP_SMALL,
	NVMEC_MAP_BIG,
	NVMEC_MAP_RANGES,
};

/**
 * struct nvmec_big - what a transfer needs that does not fit in its request
 * @sgl: for the pieces, or NULL
 * @lists: pages of the PRP list, or the ranges of a discard
 * @nr_lists: number of them
 * @kept: it is one of those that are kept back
 * @entry: in &nvmec_ctrl.big_kept, unless it is in use
 */
struct nvmec_big {
	struct scatterlist	*sgl;
	struct nvmec_prp_page	lists[NVMEC_PRP_MAX_PAGES];
	unsigned int		nr_lists;
	bool			kept;
	struct list_head	entry;
};

/**
 * struct nvmec_rq - the driver's part of a request
 * @mrq: mqblk's part
 * @map: what nvmec_unmap() shall undo
 * @cmd_flags: of the command: whether @dptr is an SGL
 * @status: of the completion, without the phase bit
 * @retries: how often it was sent again
 * @user: @cmd is a user's
 * @flags: bits NVMEC_RQ_*
 * @one_bytes: length of the data with NVMEC_MAP_ONE
 * @one_addr: bus address of it
 * @result: of the completion
 * @dptr: data pointer of the command
 * @cmd: the whole command, if it is not made from the request
 * @big: valid with NVMEC_MAP_BIG and NVMEC_MAP_RANGES
 * @list: memory of NVMEC_SMALL_LIST_BYTES for the controller to read
 * @list_dma: its bus address
 * @segs: the pieces, with NVMEC_MAP_SMALL and NVMEC_MAP_BIG
 * @sgl: memory for @segs of short transfers
 */
struct nvmec_rq {
	struct mqblk_rq			mrq;
	u8				map;
	u8				cmd_flags;
	u16				status;
	u8				retries;
	bool				user;
	unsigned long			flags;
	unsigned int			one_bytes;
	dma_addr_t			one_addr;
	u64				result;
	union nvme_data_ptr		dptr;
	struct nvme_command		cmd;
	struct nvmec_big		*big;
	void				*list;
	dma_addr_t			list_dma;
	struct sg_table			segs;
	struct scatterlist		sgl[NVMEC_SMALL_SEGS];
};

/* Bits of &nvmec_rq.flags. */
enum {
	NVMEC_RQ_WANTS_ABORT,	/* abort_work shall send one */
	NVMEC_RQ_TIMED_OUT,	/* its time ran out, once at least */
	NVMEC_RQ_CANCELLED,	/* taken back from the controller by a reset */
	NVMEC_RQ_FAULT,		/* which was made for a fault */
	NVMEC_RQ_STUCK,		/* and no I/O came back since the one before */
};

static inline struct nvmec_rq *nvmec_rq(struct request *rq)
{
	return blk_mq_rq_to_pdu(rq);
}

static inline enum nvmec_state nvmec_state(struct nvmec_ctrl *ctrl)
{
	return READ_ONCE(ctrl->state);
}

static inline bool nvmec_has_quirk(const struct nvmec_ctrl *ctrl,
				   enum nvmec_quirk quirk)
{
	return ctrl->quirks & BIT(quirk);
}

/* Of the kernel's nvme_core: to find out whether it is there. */
struct nvme_ctrl;
void nvme_uninit_ctrl(struct nvme_ctrl *ctrl);

/* main.c */
extern struct workqueue_struct *nvmec_wq;
extern struct workqueue_struct *nvmec_reset_wq;
extern struct class nvmec_class;
extern unsigned int nvmec_io_timeout_ms;
extern unsigned int nvmec_admin_timeout_ms;
extern unsigned int nvmec_queue_depth;
extern unsigned int nvmec_write_queues;
extern unsigned int nvmec_poll_queues;
extern unsigned int nvmec_sgl_threshold;
extern bool nvmec_bind_class;
extern bool nvmec_drop_in;

/**
 * enum nvmec_link - what the bus says about the way to a device
 * @NVMEC_LINK_UP: nothing
 * @NVMEC_LINK_FROZEN: an error was seen, and is being recovered
 * @NVMEC_LINK_LOST: there is none any more
 */
enum nvmec_link {
	NVMEC_LINK_UP,
	NVMEC_LINK_FROZEN,
	NVMEC_LINK_LOST,
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

/* pci.c */
int nvmec_pci_init(void);
void nvmec_pci_exit(void);
int nvmec_pci_map(struct nvmec_ctrl *ctrl, size_t bytes);
int nvmec_pci_alloc_vectors(struct nvmec_ctrl *ctrl);
enum nvmec_link nvmec_pci_link(struct nvmec_ctrl *ctrl);
void nvmec_pci_lost(struct nvmec_ctrl *ctrl);
int nvmec_pci_await_link(struct nvmec_ctrl *ctrl);
void nvmec_lost_work(struct work_struct *work);

/* ctrl.c */
bool nvmec_ctrl_set_state(struct nvmec_ctrl *ctrl, enum nvmec_state state);
const char *nvmec_state_name(enum nvmec_state state);
bool nvmec_ctrl_gone(struct nvmec_ctrl *ctrl);
bool nvmec_ctrl_failed(struct nvmec_ctrl *ctrl);
int nvmec_ctrl_subsys_reset(struct nvmec_ctrl *ctrl);
int nvmec_ctrl_disable(struct nvmec_ctrl *ctrl);
void nvmec_ctrl_stop(struct nvmec_ctrl *ctrl, bool shutdown);
void nvmec_ctrl_retire(struct nvmec_ctrl *ctrl, bool shutdown);
void nvmec_ctrl_bury(struct nvmec_ctrl *ctrl, bool shutdown);
void nvmec_limit_vectors(struct mqblk_queue_counts *counts,
			 unsigned int vectors);
bool nvmec_ctrl_silent(struct nvmec_ctrl *ctrl);
bool nvmec_ctrl_reset(struct nvmec_ctrl *ctrl);
bool nvmec_ctrl_fault(struct nvmec_ctrl *ctrl, enum nvmec_fault fault);
void nvmec_ctrl_kill(struct nvmec_ctrl *ctrl);
void nvmec_reset_work(struct work_struct *work);

/* admin.c */
int nvmec_admin_init(struct nvmec_ctrl *ctrl);
void nvmec_admin_exit(struct nvmec_ctrl *ctrl);
int nvmec_admin(struct nvmec_ctrl *ctrl, struct nvme_command *cmd, void *data,
		unsigned int bytes, u32 *result);
int nvmec_identify(struct nvmec_ctrl *ctrl, u8 cns, u32 nsid, u8 csi,
		   void *page);
int nvmec_admin_identify(struct nvmec_ctrl *ctrl);
int nvmec_admin_identify_nvm(struct nvmec_ctrl *ctrl);
int nvmec_admin_set_queues(struct nvmec_ctrl *ctrl, unsigned int *count);
int nvmec_admin_create_queue(struct nvmec_queue *queue);
int nvmec_admin_delete_queue(struct nvmec_queue *queue);
int nvmec_admin_shadows_start(struct nvmec_ctrl *ctrl);
void nvmec_admin_shadows_free(struct nvmec_ctrl *ctrl);
int nvmec_admin_events_start(struct nvmec_ctrl *ctrl);
void nvmec_admin_event(struct nvmec_ctrl *ctrl, u32 event);
void nvmec_event_work(struct work_struct *work);
void nvmec_abort_work(struct work_struct *work);

/* ident.c */
int nvmec_ident_ctrl(struct device *dev, struct nvmec_ident *ident,
		     const struct nvme_id_ctrl *id);
void nvmec_ident_nvm(struct nvmec_ident *ident,
		     const struct nvme_id_ctrl_nvm *nvm);
int nvmec_ident_ns(struct device *dev, u32 nsid,
		   const struct nvmec_ident *ident, const struct nvme_id_ns *id,
		   struct nvmec_ns_info *info);
void nvmec_limits_renew(struct queue_limits *lim,
			const struct queue_limits *said);
bool nvmec_ident_ns_descs(struct nvmec_ns_id *id, const void *page);
int nvmec_ident_ns_list(struct device *dev, const __le32 *page, u32 after,
			u32 nn, u32 *nsids);
int nvmec_ident_ns_csi(struct device *dev, u32 nsid,
		       const struct nvmec_ns_id *id);

/* quirks.c */
int nvmec_quirks_init(void);
void nvmec_quirks_find(struct nvmec_ctrl *ctrl);
ssize_t nvmec_quirks_show(struct nvmec_ctrl *ctrl, char *page);
void nvmec_quirks_after_enable(struct nvmec_ctrl *ctrl);
bool nvmec_offers(const struct nvmec_ctrl *ctrl, u8 cns);
void nvmec_quirks_ident(struct nvmec_ctrl *ctrl);
void nvmec_quirks_ns_id(const struct nvmec_ctrl *ctrl, struct nvmec_ns_id *id);

/*
 * Requests that an I/O queue holds when there are so many queues. A request takes
 * 1.7 KiB: the machine's largest share for them is 28 MiB up to 256 queues, which
 * is 1023 requests in each of 16, or 64 in each of 256.
 */
static inline unsigned int nvmec_bounded_depth(unsigned int wanted,
					       unsigned int queues)
{
	return min(wanted, max(NVMEC_MAX_REQUESTS / queues, NVMEC_MIN_BOUND));
}

/* head.c */
void nvmec_head_add(struct nvmec_head *head, struct device *dev);
void nvmec_head_remove(struct nvmec_head *head);

/* queue.c */
int nvmec_queue_alloc(struct nvmec_ctrl *ctrl, struct nvmec_queue *queue,
		      unsigned int id, unsigned int depth);
void nvmec_queue_free(struct nvmec_queue *queue);
int nvmec_queue_irq_get(struct nvmec_queue *queue);
void nvmec_queue_irq_put(struct nvmec_queue *queue);
int nvmec_queue_start(struct nvmec_queue *queue);
void nvmec_queue_stop(struct nvmec_queue *queue);
void nvmec_queue_arm_event(struct nvmec_queue *queue);
void nvmec_sq_ring(struct nvmec_queue *queue);
void nvmec_queue_ring(struct nvmec_queue *queue);
void nvmec_queue_kick(struct nvmec_queue *queue);
int nvmec_queue_reap(struct nvmec_queue *queue, struct io_comp_batch *iob);

/**
 * nvmec_cq_pending - does it look as if there were new completions
 * @queue: the queue
 *
 * For pollers: to look costs less than to take the lock, and is more frequent.
 *
 * Context: Any; the answer may be old when the caller gets it.
 * Return: false if there was none.
 */
static inline bool nvmec_cq_pending(struct nvmec_queue *queue)
{
	struct nvmec_cqe *cqe = &queue->cqes[READ_ONCE(queue->cq_head)];

	return !!(le32_to_cpu(READ_ONCE(cqe->id_status)) & NVMEC_CQE_PHASE) ==
	       READ_ONCE(queue->cq_phase);
}

/**
 * nvmec_sq_slot - the next entry of a submission queue
 * @queue: the queue; it has fewer tags than entries, so that there is one
 *
 * Context: Under &nvmec_queue.sq_lock. The controller may be told of the entry
 * after it was written: nvmec_sq_ring().
 * Return: where to write the command.
 */
static inline struct nvme_command *nvmec_sq_slot(struct nvmec_queue *queue)
{
	struct nvme_command *slot;

	lockdep_assert_held(&queue->sq_lock);
	slot = &queue->sqes[queue->sq_tail];
	if (++queue->sq_tail == queue->depth)
		queue->sq_tail = 0;
	return slot;
}

/**
 * nvmec_sq_next_id - the command id of the next command of a tag
 * @queue: the queue
 * @tag: of the request
 *
 * Context: Under &nvmec_queue.sq_lock.
 * Return: an id that none of the last 15 commands of that tag had.
 */
static inline u16 nvmec_sq_next_id(struct nvmec_queue *queue, unsigned int tag)
{
	lockdep_assert_held(&queue->sq_lock);
	return FIELD_PREP(MQBLK_RQ_GEN_MASK, ++queue->gens[tag] & 0xf) | tag;
}

/* io.c */
extern const struct blk_mq_ops nvmec_io_ops;
extern const struct blk_mq_ops nvmec_admin_ops;
void nvmec_rq_complete(struct request *rq);
void nvmec_rq_complete_batch(struct io_comp_batch *iob);
bool nvmec_rq_cancel(struct request *rq, void *data);

/* big.c */
struct nvmec_big *nvmec_big_alloc(struct nvmec_ctrl *ctrl, unsigned int nr_segs,
				  unsigned int nr_lists);
void nvmec_big_free(struct nvmec_ctrl *ctrl, struct nvmec_big *big);
int nvmec_big_init(struct nvmec_ctrl *ctrl);
void nvmec_big_exit(struct nvmec_ctrl *ctrl);

/* map.c */
blk_status_t nvmec_map_lists(struct nvmec_ctrl *ctrl, struct request *rq);
blk_status_t nvmec_map_ranges(struct nvmec_ns *ns, struct request *rq);
void nvmec_unmap_lists(struct nvmec_ctrl *ctrl, struct request *rq);

static inline struct device *nvmec_dma_dev(struct nvmec_ctrl *ctrl)
{
	return &ctrl->pdev->dev;
}

/* The first bvec of a read or write. */
static inline struct bio_vec nvmec_rq_bvec(const struct request *rq)
{
	return mp_bvec_iter_bvec(rq->bio->bi_io_vec, rq->bio->bi_iter);
}

/* Maps data that is in one piece, @bv. Returns false if there is no room. */
static inline bool nvmec_map_one(struct nvmec_ctrl *ctrl, struct request *rq,
				 struct bio_vec bv)
{
	struct device *dev = nvmec_dma_dev(ctrl);
	struct nvmec_rq *nrq = nvmec_rq(rq);
	dma_addr_t addr = dma_map_bvec(dev, &bv, rq_dma_dir(rq), 0);

	if (unlikely(dma_mapping_error(dev, addr)))
		return false;
	nrq->one_addr = addr;
	nrq->one_bytes = bv.bv_len;
	nrq->map = NVMEC_MAP_ONE;
	return true;
}

/**
 * nvmec_map_data - make the data of a read or write reachable
 * @ctrl: the controller
 * @rq: the request; its data pointer is filled in
 *
 * After an error other than BLK_STS_RESOURCE, nvmec_unmap() is due. One piece in
 * one page or two is what nearly all short requests have: both PRP entries stand
 * in the command.
 *
 * Context: Any.
 * Return: BLK_STS_OK; BLK_STS_RESOURCE if there is no memory now, and nothing
 * is mapped; BLK_STS_IOERR if the block layer's limits did not hold.
 */
static inline blk_status_t nvmec_map_data(struct nvmec_ctrl *ctrl,
					  struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);
	struct bio_vec bv = nvmec_rq_bvec(rq);
	unsigned int end = (bv.bv_offset & NVMEC_PAGE_MASK) + blk_rq_bytes(rq);
	dma_addr_t page;

	nrq->cmd_flags = 0;
	if (unlikely(bv.bv_len != blk_rq_bytes(rq) || end > 2 * NVMEC_PAGE_SIZE))
		return nvmec_map_lists(ctrl, rq);
	if (unlikely(!nvmec_map_one(ctrl, rq, bv)))
		return BLK_STS_RESOURCE;
	page = nrq->one_addr & ~(dma_addr_t)NVMEC_PAGE_MASK;
	nrq->dptr.prp1 = cpu_to_le64(nrq->one_addr);
	nrq->dptr.prp2 = 0;
	if (end > NVMEC_PAGE_SIZE)
		nrq->dptr.prp2 = cpu_to_le64(page + NVMEC_PAGE_SIZE);
	return BLK_STS_OK;
}

/**
 * nvmec_unmap - undo what nvmec_map_data() or nvmec_map_ranges() did
 * @ctrl: the controller
 * @rq: a request that the controller will not touch any more
 *
 * Does nothing the second time.
 *
 * Context: Any.
 */
static inline void nvmec_unmap(struct nvmec_ctrl *ctrl, struct request *rq)
{
	struct nvmec_rq *nrq = nvmec_rq(rq);

	if (nrq->map == NVMEC_MAP_ONE) {
		nrq->map = NVMEC_MAP_NONE;
		dma_unmap_page(nvmec_dma_dev(ctrl), nrq->one_addr,
			       nrq->one_bytes, rq_dma_dir(rq));
	} else if (nrq->map) {
		nvmec_unmap_lists(ctrl, rq);
	}
}

/* ns.c */
DECLARE_STATIC_KEY_FALSE(nvmec_watched);
void nvmec_scan_work(struct work_struct *work);
int nvmec_scan_all(struct nvmec_ctrl *ctrl);
bool nvmec_scan_lock(struct nvmec_ctrl *ctrl, unsigned int limit_ms);
void nvmec_ns_lose_id(struct nvmec_ctrl *ctrl, u32 nsid);
void nvmec_ns_remove_all(struct nvmec_ctrl *ctrl);
void nvmec_ns_mark_dead(struct nvmec_ctrl *ctrl);
bool nvmec_ns_freeze(struct nvmec_ctrl *ctrl, unsigned long left);
void nvmec_ns_thaw(struct nvmec_ctrl *ctrl);

/* subsys.c */
struct nvmec_subsys;
void nvmec_subsys_nqn(const struct nvmec_ident *ident, char *nqn);
int nvmec_subsys_join(struct nvmec_ctrl *ctrl);
void nvmec_subsys_leave(struct nvmec_ctrl *ctrl);
int nvmec_subsys_init(void);
void nvmec_subsys_exit(void);

/* sysfs.c */
extern const struct attribute_group *nvmec_ctrl_groups[];
extern const struct attribute_group *nvmec_ns_groups[];
int nvmec_ctrl_reset_wait(struct nvmec_ctrl *ctrl);
int nvmec_ctrl_rescan_wait(struct nvmec_ctrl *ctrl);

#if IS_ENABLED(CONFIG_KUNIT)
/* What only tests call from outside of its file: ctrl.c, queue.c, io.c, big.c, map.c, ns.c */
int nvmec_ctrl_read_caps(struct nvmec_ctrl *ctrl);
int nvmec_ctrl_enable(struct nvmec_ctrl *ctrl);
bool nvmec_ctrl_shut_down(struct nvmec_ctrl *ctrl);
void nvmec_ack_subsystem_reset(struct nvmec_ctrl *ctrl);
int nvmec_run_steps(struct nvmec_ctrl *ctrl, const struct nvmec_step *steps,
		    unsigned int nr);
void nvmec_wish_counts(struct nvmec_ctrl *ctrl);
void nvmec_limit_counts(struct mqblk_queue_counts *counts, unsigned int total);
unsigned int nvmec_max_queues(struct nvmec_ctrl *ctrl);
bool nvmec_event_passed(u16 event, u16 old, u16 new);
bool nvmec_should_retry(struct request *rq);
void nvmec_retry(struct nvmec_ctrl *ctrl, struct request *rq);
struct nvmec_big *nvmec_big_take(struct nvmec_ctrl *ctrl);
void nvmec_sgl_set(struct nvme_sgl_desc *desc, unsigned int type,
		   dma_addr_t addr, unsigned int bytes);
bool nvmec_wants_sgl(struct nvmec_ctrl *ctrl, unsigned int bytes,
		     unsigned int segs);
int nvmec_ns_identify(struct nvmec_ctrl *ctrl, u8 cns, u32 nsid, void *page);
int nvmec_scan(struct nvmec_ctrl *ctrl);
/* and quirks.c */
int nvmec_quirks_parse(const char *text, struct nvmec_quirk_rule *rules,
		       unsigned int max);
unsigned long nvmec_quirks_of(u16 vendor, u16 device, u16 subvendor,
			      const struct nvmec_quirk_rule *rules,
			      unsigned int nr);
#endif

#endif /* _NVME_C_H */
