/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the controller model share. main.c says how it works; the
 * prototypes are grouped by the file that has the function.
 */
#ifndef _NVME_MODEL_H
#define _NVME_MODEL_H

#include <linux/configfs.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/nvme.h>
#include <linux/pci.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/uuid.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "virt-pci.h"

/* The memory page of the controller, CC.MPS 0. */
#define NVMM_PAGE		4096U
/* The admin queue and at most so many pairs for I/O, a vector for each. */
#define NVMM_MAX_IO_QUEUES	16
#define NVMM_MAX_QUEUES		(1 + NVMM_MAX_IO_QUEUES)
#define NVMM_MAX_VECTORS	NVMM_MAX_QUEUES
/* Extents of the largest transfer: 32 MiB at any offset. */
#define NVMM_MAX_PIECES		(SZ_32M / NVMM_PAGE + 1)
/* Async event requests that wait at a time (AERL + 1), and events that wait for one. */
#define NVMM_MAX_AERS		4
#define NVMM_MAX_EVENTS		64
/* Changed namespaces that the log page can name, and one for "too many". */
#define NVMM_MAX_CHANGED	NVME_MAX_CHANGED_NAMESPACES
/* Most namespaces, the largest id, and the bytes for all that commands make. */
#define NVMM_NN			1024
/* Groups of namespaces that the log page of access can name, and the largest id of one */
#define NVMM_ANA_GROUPS		64
#define NVMM_ANA_GROUP_MAX	NVMM_NN
#define NVMM_TOTAL_BYTES	((u64)SZ_1G << 10)
/* Bytes of the error log page. */
#define NVMM_ERROR_ENTRIES	16
/* What an entry of the fetch table can be patched with by a rule. */
#define NVMM_MAX_PATCHES	4
/* Thresholds: of the composite temperature, and of eight sensors */
#define NVMM_NR_TEMPS		9
#define NVMM_WARM_KELVIN	343
/* Most placement handles, and the one endurance group. */
#define NVMM_MAX_HANDLES	128
#define NVMM_ENDGID		1
/* Entries of the table of power states. */
#define NVMM_POWER_STATES	32
#define NVMM_PATCH_BYTES	16
/* The longest line that makes a rule, and how many rules a controller can have. */
#define NVMM_RULE_TEXT		160
#define NVMM_MAX_RULES		24
/* Not a status: there is no answer, now or ever. */
#define NVMM_NO_ANSWER		0xffff

#define NVMM_BAR_BYTES		SZ_16K
#define NVMM_MSIX_TABLE		0x2000
#define NVMM_MSIX_PBA		0x3000

struct nvmm_ctrl;

/* --- subsystems and namespaces ---------------------------------------------- */

/**
 * struct nvmm_subsys - controllers that may share namespaces
 * @name: by which controllers are put into it; "" if it is that of a single one
 * @number: for its qualified name
 * @nr_ctrls: how many it has; guarded by nvmm_subsys_lock, as are @entry and @ctrls
 * @entry: in the list of all that have a name
 * @ctrls: its controllers
 * @ns_lock: guards their namespaces and the data of these
 */
struct nvmm_subsys {
	char			name[32];
	u32			number;
	unsigned int		nr_ctrls;
	struct list_head	entry;
	struct list_head	ctrls;
	struct mutex		ns_lock;
};

/**
 * struct nvmm_store - the data of a namespace
 * @users: how many controllers have the namespace
 * @written: blocks that were written, by number of the zone
 * @pages: the data, by number of the page; what is not there is zero
 * @dirty: newer data that a cut of power loses, by number of the page
 * @meta: the metadata, by number of the page; it is safe at once
 *
 * Guard: nvmm_subsys.ns_lock, but for @users.
 */
struct nvmm_store {
	refcount_t		users;
	struct xarray		written;
	struct xarray		pages;
	struct xarray		dirty;
	struct xarray		meta;
};

/**
 * struct nvmm_ns - a namespace, as one controller has it
 * @group: its directory
 * @ctrl: the controller
 * @nsid: its id, the directory's name if it has one
 * @has_directory: a directory made it, not a command; fixed
 * @bytes: its size
 * @zone_bytes: size of its zones, if it has some
 * @shift: binary logarithm of the size of a block
 * @format: which of nvmm_formats it has
 * @dps: protection information, as identify data has it
 * @extended: metadata follows the data of each block, instead of being apart
 * @attached: the controller shows it
 * @readonly: it is write protected
 * @csi: the command set that its descriptors name; of NVME_CSI_ZNS it is zoned
 * @shared: other controllers of the subsystem that say so, too, have the same one
 * @ana_state: enum nvme_ana_state of its group, whose id is @nsid
 * @uuid: its UUID; none if it is null
 * @nguid: the same, NGUID
 * @eui64: the same, EUI64
 * @store: its data
 *
 * Guard: nvmm_subsys.ns_lock, all of it.
 */
struct nvmm_ns {
	struct config_group	group;
	struct nvmm_ctrl	*ctrl;
	u32			nsid;
	bool			has_directory;
	u64			bytes;
	u32			zone_bytes;
	u8			shift;
	u8			format;
	u8			dps;
	bool			extended;
	bool			attached;
	bool			readonly;
	u8			csi;
	bool			shared;
	u8			ana_state;
	uuid_t			uuid;
	u8			nguid[16];
	u8			eui64[8];
	struct nvmm_store	*store;
};

/**
 * struct nvmm_format - what the blocks of a namespace can be
 * @shift: binary logarithm of the size of a block
 * @ms: bytes of metadata, a part of a page
 * @guard: type of the guard in protection information: 0 has 16 bits, 2 has 64
 */
struct nvmm_format {
	u8	shift;
	u16	ms;
	u8	guard;
};

#define NVMM_NR_FORMATS	16
/* Bytes of the largest of their blocks, and of its metadata */
#define NVMM_MAX_BLOCK		(SZ_128K + 64)

/* --- rules ------------------------------------------------------------------ */

/* When a rule is looked at. */
enum nvmm_point {
	NVMM_AT_COMMAND,	/* a command was fetched */
	NVMM_AT_DOORBELL,	/* commands are announced, none was fetched */
	NVMM_AT_ENABLE,		/* CC.EN became one */
	NVMM_AT_DISABLE,	/* CC.EN became zero */
	NVMM_AT_SHUTDOWN,	/* CC.SHN became something */
	NVMM_AT_READ,		/* a register is read */
	NVMM_AT_NOW,		/* at once, once */
	NVMM_NR_POINTS,
};

/* What a rule does. rules.c has a table of them with their names. */
enum nvmm_action {
	NVMM_DELAY,
	NVMM_HOLD,
	NVMM_DROP,
	NVMM_TWICE,
	NVMM_WRONGID,
	NVMM_GHOST,
	NVMM_PHASE,
	NVMM_STATUS,
	NVMM_DATA,
	NVMM_NODATA,
	NVMM_MUTE,
	NVMM_RESULT,
	NVMM_SQHEAD,
	NVMM_SQID,
	NVMM_NOIRQ,
	NVMM_IRQSTORM,
	NVMM_EVENT,
	NVMM_CFS,
	NVMM_NSSRO,
	NVMM_CLEARREADY,
	NVMM_GONE,
	NVMM_FREEZE,
	NVMM_CUT,
	NVMM_EARLY,
	NVMM_SHADOW,
	NVMM_READY,
	NVMM_UNREADY,
	NVMM_STUCK,
	NVMM_NOSHUTDOWN,
	NVMM_REGISTER,
	NVMM_RELEASE,
	NVMM_BACK,
	NVMM_NR_ACTIONS,
};

/* Which wrong id a completion gets. */
enum nvmm_id_kind {
	NVMM_ID_STALE,		/* of the command that this queue completed last */
	NVMM_ID_FREE,		/* of no command in flight on this queue */
	NVMM_ID_FOREIGN,	/* of a command that is in flight on another queue */
	NVMM_ID_ABSURD,		/* all ones */
	NVMM_NR_IDS,
};

struct nvmm_patch {
	u32	offset;
	u8	len;
	u8	bytes[NVMM_PATCH_BYTES];
};

/**
 * struct nvmm_rule - a fault and when it is due
 * @link: in nvmm_ctrl.rules
 * @number: by which it is deleted
 * @action: what it does
 * @point: when it is looked at
 * @queue: -1 any, -2 any I/O queue, else the number of the submission queue
 * @opcode: -1 any, else the command's
 * @sel: -1 any, else the low byte of command dword 10: CNS, feature or log page
 * @nsid: -1 any, else the command's
 * @lba_first: the command touches a block from here
 * @lba_last: to here
 * @after: matches that are let pass first
 * @hits: how often it happens; 0 without limit
 * @permille: how probable it is, of 1000
 * @random: state of the generator that decides
 * @matched: how often it matched
 * @hit: how often it happened
 * @value: the action's number: microseconds, a status, a count, a register's value
 * @kind: the action's enum nvmm_id_kind
 * @mask: which bits of a register are replaced
 * @patch: the action's bytes, and the offset of data or of a register
 * @type: of an event
 * @info: of an event
 * @log_page: of an event
 * @text: the line that made it
 *
 * Guard: nvmm_ctrl.rules_lock.
 */
struct nvmm_rule {
	struct list_head	link;
	unsigned int		number;
	enum nvmm_action	action;
	enum nvmm_point		point;
	int			queue;
	int			opcode;
	int			sel;
	s64			nsid;
	u64			lba_first;
	u64			lba_last;
	u64			after;
	u64			hits;
	unsigned int		permille;
	u64			random;
	u64			matched;
	u64			hit;
	u64			value;
	u64			mask;
	enum nvmm_id_kind	kind;
	struct nvmm_patch	patch;
	u8			type;
	u8			info;
	u8			log_page;
	char			text[NVMM_RULE_TEXT];
};

/* What rules do to a command, or to the controller at another point. */
struct nvmm_effect {
	unsigned long		actions;	/* bits of enum nvmm_action */
	u64			delay_us;
	u64			result;
	u64			shadow;
	u32			irqs;
	u32			events;
	u8			event_type;
	u8			event_info;
	u8			event_log;
	u32			blocks;
	u16			status;
	u16			sq_head;
	u16			sq_id;
	enum nvmm_id_kind	wrong;
	enum nvmm_id_kind	ghost;
	unsigned int		nr_patches;
	struct nvmm_patch	patches[NVMM_MAX_PATCHES];
};

/* --- commands and queues ------------------------------------------------------ */

/**
 * struct nvmm_cmd - a command that was fetched
 * @link: in nvmm_ctrl.waiting, if it is not answered at once
 * @sqe: the command
 * @sqid: the queue it came from
 * @result: dwords 0 and 1 of its completion
 * @due: when it is executed, if it is delayed
 * @held: it waits for "release", and no abort finds it
 * @fx: what rules do to it, or NULL
 * @own_fx: the place of that, if it is not answered at once
 */
struct nvmm_cmd {
	struct list_head	link;
	struct nvme_command	sqe;
	u16			sqid;
	u64			result;
	ktime_t			due;
	bool			held;
	struct nvmm_effect	*fx;
	struct nvmm_effect	own_fx;
};

/**
 * struct nvmm_sq - a submission queue
 * @live: it was created
 * @base: where its entries are
 * @size: how many
 * @cqid: where its completions go
 * @head: the next to be fetched
 * @tail: what the doorbell said last
 * @told: the head that the last completion told the driver
 * @last_id: of the last completion
 * @busy: a bit for each id in flight
 * @seen: the entries as they were when the doorbell was rung
 *
 * Guard: nvmm_ctrl.lock for what the doorbell looks at (all but busy); the thread
 * alone changes anything but @tail and @seen.
 */
struct nvmm_sq {
	bool			live;
	u64			base;
	u32			size;
	u16			cqid;
	u16			head;
	u16			tail;
	u16			told;
	u16			last_id;
	unsigned long		*busy;
	struct nvme_command	*seen;
};

/**
 * struct nvmm_cq - a completion queue
 * @live: it was created
 * @irq: it has an interrupt, @vector
 * @fresh: something was posted since the last interrupt
 * @phase: of the next entry
 * @base: where its entries are
 * @size: how many
 * @head: what the doorbell said last
 * @tail: the next to be posted
 * @vector: of its interrupt
 *
 * Guard: nvmm_ctrl.lock.
 */
struct nvmm_cq {
	bool			live;
	bool			irq;
	bool			fresh;
	u8			phase;
	u64			base;
	u32			size;
	u16			head;
	u16			tail;
	u16			vector;
};

/* --- checks ------------------------------------------------------------------- */

/* How a driver can break the protocol. check.c has their names. */
enum nvmm_breach {
	NVMM_BAD_DOORBELL,
	NVMM_DOORBELL_VALUE,
	NVMM_DOORBELL_REPEATED,
	NVMM_QUEUE_OVERRUN,
	NVMM_QUEUE_UNDERRUN,
	NVMM_DOORBELL_DISABLED,
	NVMM_AFTER_SHUTDOWN,
	NVMM_ENTRY_OVERWRITTEN,
	NVMM_ID_IN_USE,
	NVMM_PRP_OFFSET,
	NVMM_PRP_LIST,
	NVMM_PRP2_RESERVED,
	NVMM_SGL,
	NVMM_ADDRESS,
	NVMM_CC_CHANGED,
	NVMM_ENABLED_TWICE,
	NVMM_DISABLED_EARLY,
	NVMM_ADMIN_QUEUE,
	NVMM_ADMIN_QUEUE_CHANGED,
	NVMM_ACCESS_SIZE,
	NVMM_MEMORY_OFF,
	NVMM_MASTER_OFF,
	NVMM_CREATE,
	NVMM_DELETE_ORDER,
	NVMM_VECTOR,
	NVMM_TOO_LARGE,
	NVMM_RANGE,
	NVMM_UNKNOWN_COMMAND,
	NVMM_TOO_MANY_ABORTS,
	NVMM_TOO_MANY_AERS,
	NVMM_UNSAFE_SHUTDOWN,
	NVMM_METADATA,
	NVMM_PROTECTION,
	NVMM_HMB,
	NVMM_APST,
	NVMM_DIRECTIVE,
	NVMM_NR_BREACHES,
};

/* What the model counts apart from breaches. */
enum nvmm_count {
	NVMM_ADMIN_COMMANDS,
	NVMM_IO_COMMANDS,
	NVMM_COMPLETIONS,
	NVMM_INTERRUPTS,
	NVMM_ENABLES,
	NVMM_SHUTDOWNS,
	NVMM_ABORTS,
	NVMM_EVENTS,
	NVMM_FLUSHES,
	NVMM_FUA_WRITES,
	NVMM_BUSY_NS,
	NVMM_SUBSYS_RESETS,
	NVMM_HELD,		/* now, not so far */
	NVMM_STRIPPED,
	NVMM_CHECKED,
	NVMM_HMB_ON,
	NVMM_HMB_OFF,
	NVMM_HMB_RETURNED,
	NVMM_HMB_PAGES,
	NVMM_HMB_CHUNKS,
	NVMM_APST_TABLES,
	NVMM_NR_COUNTS,
};

/* --- the controller ------------------------------------------------------------ */

/* What user space chooses before power is switched on. */
struct nvmm_config {
	u32	queues;		/* I/O queue pairs */
	u32	depth;		/* entries of a queue, CAP.MQES + 1 */
	u32	mdts;		/* largest transfer, as a power of two of pages; 0 any */
	u32	dstrd;		/* doorbell stride, CAP.DSTRD */
	u32	timeout;	/* CAP.TO, in 500 ms */
	u32	ready_ms;	/* from CC.EN to CSTS.RDY */
	u32	shutdown_ms;	/* from CC.SHN to CSTS.SHST */
	u32	acl;		/* abort commands at a time, less one */
	u32	sgl;		/* SGLs are supported */
	u32	shadow;		/* doorbells in memory are supported */
	u32	vwc;		/* there is a volatile write cache */
	u32	lossy;		/* a cut of power loses what was not flushed */
	u32	check;		/* look for breaches that cost time to find */
	u32	time;		/* measure how long the model itself works */
	u32	version;	/* VS */
	u32	hmpre;		/* host memory that it prefers, in pages; 0: none */
	u32	hmmin;		/* how much it needs at least */
	u32	hmminds;	/* the smallest chunk of that */
	u32	hmmaxd;		/* most chunks; 0: as many as there are */
	u32	apst;		/* power states without commands that it goes to by itself */
	u32	fdp;		/* placement handles of a namespace; 0: none */
	u32	cmbloc;		/* where it says that it has memory of its own: CMBLOC */
	u32	cmbsz;		/* how much: CMBSZ; 0: none */
	u32	anatt;		/* seconds that a change of access takes; 0: no ANA */
};

/**
 * struct nvmm_hmb - memory of the host's
 * @on: the controller may use it
 * @nr: how many chunks it has
 * @next: the chunk that was used last
 * @descs: where they are
 * @marks: what it has written to the end of each
 *
 * Guard: the thread's.
 */
struct nvmm_hmb {
	bool				on;
	u32				nr;
	u32				next;
	struct nvme_host_mem_buf_desc	descs[256];
	u64				marks[256];
};

/**
 * struct nvmm_ctrl - a controller
 * @group: its directory
 * @ns_group: the directory of its namespaces
 * @name: the directory's name, for messages
 * @instance: number, also its PCI subsystem device id
 * @config: what user space chose; constant while it has power
 * @power_lock: guards @powered
 * @powered: there is a PCI device
 * @um: the PCI device, as user-mode Linux sees it
 * @pdev: the same, as everybody else does
 * @space: configuration space
 * @msix: the table of vectors
 * @msix_pending: a bit for each vector that was raised while it was masked
 * @thread: executes commands
 * @wait: where it waits
 * @work: there may be something to do
 * @lock: guards registers and queues; taken by whoever accesses the BAR, so it is the
 *	innermost of all locks and nothing is called under it but wake_up
 * @cc: register, as written
 * @csts: register
 * @aqa: register
 * @asq: register
 * @acq: register
 * @cmbmsc: register
 * @must_stop: CC.EN went to zero; the thread has not seen it
 * @shutting: CC.SHN was set; the thread has not finished that
 * @enabled: the thread has seen CC.EN
 * @enabled_at: when CC.EN was set
 * @unsafe: it was enabled, and not shut down since
 * @spoiled: a rule was hit since the driver enabled it; what the driver makes of that is
 *	no breach if it would be right with a controller that is dead
 * @release: commands that are held are to be executed; the thread does it
 * @ready_at: when CSTS.RDY is set; 0 if it is or never will be
 * @shutdown_at: when CSTS.SHST says complete; 0 if nothing is under way
 * @gone: reads are all ones, nothing else happens
 * @frozen: the thread executes nothing, registers stay as they are
 * @sqs: submission queues, 0 is the admin queue
 * @cqs: completion queues
 * @shadow_base: doorbells in memory, or 0
 * @event_base: what goes with them: when the driver has to write the register, or 0
 * @waiting: commands that are not answered yet; the thread's
 * @aer_ids: ids of the async event requests; the thread's
 * @nr_aers: how many
 * @aborts: abort commands that are in flight
 * @event_lock: guards the events that wait
 * @events: dword 0 of each
 * @nr_events: how many
 * @masked: bits of the event types that wait for their log page to be read; the thread's
 * @event_config: feature 0bh; the thread's
 * @wce: feature 06h; the thread's
 * @thresholds: feature 04h, by sensor, over and under; the thread's
 * @timestamp: feature 0eh; the thread's
 * @host_behavior: feature 16h, ACRE; the thread's
 * @formats_extended: the same, LBAFEE
 * @subsys: its subsystem; constant while it has power or namespaces
 * @in_subsys: in &nvmm_subsys.ctrls
 * @hmb: memory of the host's
 * @apst_on: feature 0ch; the thread's, and read by anyone
 * @apst: its table, likewise
 * @placed: what was written by each placement handle, and last, without; likewise
 * @namespaces: struct nvmm_ns by id
 * @changed: ids that changed since the log page was read; guarded by nvmm_subsys.ns_lock
 * @nr_changed: how many, more than NVMM_MAX_CHANGED: too many to be named
 * @unsafe_shutdowns: for the SMART log page
 * @rules_lock: guards the rules; innermost, beside lock
 * @rules: struct nvmm_rule, in the order in which they were added
 * @nr_rules: how many look at each point; read without the lock to skip looking
 * @next_rule: number of the next one
 * @breaches: how often each was seen
 * @counts: of enum nvmm_count
 * @pieces: where the data of the command that is executed lies; the thread's
 * @nr_pieces: how many
 * @page: for data of admin commands; the thread's
 * @block: for a block and its metadata; likewise
 */
struct nvmm_ctrl {
	struct config_group	group;
	struct config_group	ns_group;
	char			name[32];
	int			instance;
	struct nvmm_config	config;
	struct mutex		power_lock;
	bool			powered;

	struct um_pci_device	um;
	struct pci_dev		*pdev;
	u8			space[PCI_CFG_SPACE_SIZE];
	u32			msix[NVMM_MAX_VECTORS * 4];
	unsigned long		msix_pending;

	struct task_struct	*thread;
	wait_queue_head_t	wait;
	bool			work;

	spinlock_t		lock;
	u32			cc;
	u32			csts;
	u32			aqa;
	u64			asq;
	u64			acq;
	u64			cmbmsc;
	bool			must_stop;
	bool			shutting;
	bool			enabled;
	ktime_t			enabled_at;
	bool			unsafe;
	bool			spoiled;
	bool			release;
	ktime_t			ready_at;
	ktime_t			shutdown_at;
	bool			gone;
	bool			frozen;
	struct nvmm_sq		sqs[NVMM_MAX_QUEUES];
	struct nvmm_cq		cqs[NVMM_MAX_QUEUES];
	u64			shadow_base;
	u64			event_base;

	struct list_head	waiting;
	u16			aer_ids[NVMM_MAX_AERS];
	unsigned int		nr_aers;
	unsigned int		aborts;
	spinlock_t		event_lock;
	u32			events[NVMM_MAX_EVENTS];
	unsigned int		nr_events;
	unsigned long		masked;
	u32			event_config;
	u32			wce;
	u16			thresholds[NVMM_NR_TEMPS][2];
	u64			timestamp;
	u8			host_behavior;
	bool			formats_extended;
	struct nvmm_hmb		hmb;
	bool			apst_on;
	u64			apst[NVMM_POWER_STATES];
	struct {
		u64		writes;
		u64		bytes;
	}			placed[NVMM_MAX_HANDLES + 1];

	struct nvmm_subsys	*subsys;
	struct list_head	in_subsys;
	struct xarray		namespaces;
	u32			changed[NVMM_MAX_CHANGED];
	unsigned int		nr_changed;
	u64			unsafe_shutdowns;

	spinlock_t		rules_lock;
	struct list_head	rules;
	unsigned int		nr_rules[NVMM_NR_POINTS];
	unsigned int		next_rule;

	atomic64_t		breaches[NVMM_NR_BREACHES];
	u64			counts[NVMM_NR_COUNTS];

	struct nvmm_piece {
		void		*at;
		u32		bytes;
	}			*pieces;
	unsigned int		nr_pieces;
	u8			*page;
	u8			*block;
};

static inline bool nvmm_has_rules(struct nvmm_ctrl *ctrl, enum nvmm_point point)
{
	return unlikely(READ_ONCE(ctrl->nr_rules[point]));
}

static inline bool nvmm_does(const struct nvmm_cmd *cmd, enum nvmm_action action)
{
	return unlikely(cmd->fx) && (cmd->fx->actions & BIT(action));
}

/* configfs.c */
int nvmm_configfs_init(void);

/* pci.c */
int nvmm_pci_add(struct nvmm_ctrl *ctrl);
void nvmm_pci_remove(struct nvmm_ctrl *ctrl);
bool nvmm_pci_may_master(struct nvmm_ctrl *ctrl);
void nvmm_pci_interrupt(struct nvmm_ctrl *ctrl, unsigned int vector);
void nvmm_pci_retry_interrupts(struct nvmm_ctrl *ctrl);

/* regs.c */
u64 nvmm_reg_read(struct nvmm_ctrl *ctrl, unsigned int offset, int size);
void nvmm_reg_write(struct nvmm_ctrl *ctrl, unsigned int offset, int size, u64 value);
void nvmm_regs_reset(struct nvmm_ctrl *ctrl);
void nvmm_regs_step(struct nvmm_ctrl *ctrl);
void nvmm_set_csts(struct nvmm_ctrl *ctrl, u32 clear, u32 set);

/* queue.c */
void nvmm_doorbell(struct nvmm_ctrl *ctrl, unsigned int index, u32 value);
void nvmm_queues_free(struct nvmm_ctrl *ctrl);
int nvmm_sq_create(struct nvmm_ctrl *ctrl, unsigned int qid, u64 base, u32 size,
		   u16 cqid);
void nvmm_cq_create(struct nvmm_ctrl *ctrl, unsigned int qid, u64 base, u32 size,
		    bool irq, u16 vector);
void nvmm_sq_delete(struct nvmm_ctrl *ctrl, unsigned int qid);
void nvmm_cq_delete(struct nvmm_ctrl *ctrl, unsigned int qid);
bool nvmm_cq_has_room(struct nvmm_ctrl *ctrl, unsigned int cqid);
bool nvmm_sq_fetch(struct nvmm_ctrl *ctrl, unsigned int qid, struct nvme_command *sqe);
void nvmm_post(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd, u16 status);
bool nvmm_shadows_read(struct nvmm_ctrl *ctrl);
void nvmm_interrupts(struct nvmm_ctrl *ctrl);

/* engine.c */
int nvmm_engine_start(struct nvmm_ctrl *ctrl);
void nvmm_engine_stop(struct nvmm_ctrl *ctrl);
void nvmm_kick(struct nvmm_ctrl *ctrl);
void nvmm_forget_all(struct nvmm_ctrl *ctrl);
void nvmm_forget_queue(struct nvmm_ctrl *ctrl, u16 sqid);
void nvmm_apply(struct nvmm_ctrl *ctrl, const struct nvmm_effect *fx);
bool nvmm_abort(struct nvmm_ctrl *ctrl, u16 sqid, u16 id);

/* data.c */
u16 nvmm_data_map(struct nvmm_ctrl *ctrl, const struct nvme_command *sqe, u64 bytes);
void nvmm_data_to_host(struct nvmm_ctrl *ctrl, const void *from, u32 bytes);
void nvmm_data_from_host(struct nvmm_ctrl *ctrl, void *to, u32 bytes);
void nvmm_data_patch(struct nvmm_ctrl *ctrl, const struct nvmm_effect *fx);
void *nvmm_memory(struct nvmm_ctrl *ctrl, u64 address, u64 bytes);

/* store.c */
void nvmm_store_read(struct nvmm_ns *ns, u64 offset, void *to, u32 bytes);
int nvmm_store_write(struct nvmm_ns *ns, u64 offset, const void *from, u32 bytes,
		     bool safe);
int nvmm_store_zero(struct nvmm_ns *ns, u64 offset, u64 bytes, bool safe);
void nvmm_store_flush(struct nvmm_ns *ns);
void nvmm_store_cut(struct nvmm_ns *ns);
void nvmm_flush_all(struct nvmm_ctrl *ctrl);
void nvmm_cut(struct nvmm_ctrl *ctrl);
bool nvmm_is_safe(struct nvmm_ctrl *ctrl, bool fua);
struct nvmm_store *nvmm_store_alloc(void);
void nvmm_store_put(struct nvmm_store *store);
void nvmm_free_pages(struct xarray *pages);

/* subsys.c */
int nvmm_subsys_join(struct nvmm_ctrl *ctrl, const char *name);
void nvmm_subsys_leave(struct nvmm_ctrl *ctrl);
int nvmm_ns_share(struct nvmm_ns *ns);

/* namespace.c */
struct nvmm_ns *nvmm_ns_alloc(struct nvmm_ctrl *ctrl, u32 nsid);
void nvmm_ns_free(struct nvmm_ns *ns);
void nvmm_ns_free_all(struct nvmm_ctrl *ctrl);
u64 nvmm_unallocated(struct nvmm_ctrl *ctrl);
bool nvmm_ns_delete(struct nvmm_ns *ns);
u16 nvmm_ns_create(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd);

/* admin.c */
u16 nvmm_admin(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd);

/* identify.c */
u16 nvmm_identify(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd);

/* features.c */
u16 nvmm_set_features(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd);
u16 nvmm_get_features(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd);
void nvmm_reset_thresholds(struct nvmm_ctrl *ctrl);

/* log.c */
u16 nvmm_get_log_page(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd);
void nvmm_event(struct nvmm_ctrl *ctrl, u8 type, u8 info, u8 log_page);
void nvmm_events_send(struct nvmm_ctrl *ctrl);
u16 nvmm_event_request(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd);
void nvmm_ana_changed(struct nvmm_ctrl *ctrl);
void nvmm_ns_changed(struct nvmm_ctrl *ctrl, u32 nsid);

/* zns.c */
u16 nvmm_zns_id_ns(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns);
u16 nvmm_zns_write(struct nvmm_ns *ns, u64 lba, u32 blocks);
u16 nvmm_zns_append(struct nvmm_ns *ns, u64 *lba);
u16 nvmm_zns_send(struct nvmm_ns *ns, const struct nvme_zone_mgmt_send_cmd *cmd);
u16 nvmm_zns_receive(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns,
		     const struct nvme_command *sqe);

/* io.c */
u16 nvmm_io(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd);

/* hmb.c */
u16 nvmm_set_hmb(struct nvmm_ctrl *ctrl, const struct nvme_features *cmd);
void nvmm_hmb_use(struct nvmm_ctrl *ctrl);
void nvmm_hmb_forget(struct nvmm_ctrl *ctrl);

/* apst.c */
void nvmm_apst_id(struct nvmm_ctrl *ctrl, struct nvme_id_ctrl *id);
u16 nvmm_set_apst(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd);
void nvmm_apst_forget(struct nvmm_ctrl *ctrl);
ssize_t nvmm_apst_show(struct nvmm_ctrl *ctrl, char *page);

/* fdp.c */
void nvmm_fdp_id(struct nvmm_ctrl *ctrl, struct nvme_id_ctrl *id);
u16 nvmm_fdp_feature(struct nvmm_ctrl *ctrl, struct nvmm_cmd *cmd);
u32 nvmm_log_fdp(struct nvmm_ctrl *ctrl);
u16 nvmm_fdp_receive(struct nvmm_ctrl *ctrl, const struct nvme_command *sqe);
void nvmm_fdp_write(struct nvmm_ctrl *ctrl, const struct nvme_rw_command *rw, u64 bytes);
ssize_t nvmm_fdp_show(struct nvmm_ctrl *ctrl, char *page);
void nvmm_fdp_forget(struct nvmm_ctrl *ctrl);

/* protect.c */
extern const struct nvmm_format nvmm_formats[NVMM_NR_FORMATS];
bool nvmm_format_fits(u8 format, u8 dps);
void nvmm_ns_set_format(struct nvmm_ns *ns, u8 format, u8 dps, bool extended);
u16 nvmm_protected_rw(struct nvmm_ctrl *ctrl, struct nvmm_ns *ns,
		      const struct nvme_command *sqe);
u16 nvmm_meta_zero(struct nvmm_ns *ns, const struct nvme_rw_command *rw);
void nvmm_meta_discard(struct nvmm_ns *ns, u64 lba, u64 blocks);
int nvmm_corrupt(struct nvmm_ns *ns, const char *text);

static inline u16 nvmm_ms(const struct nvmm_ns *ns)
{
	return nvmm_formats[ns->format].ms;
}

/* rules.c */
int nvmm_rules_write(struct nvmm_ctrl *ctrl, const char *text);
ssize_t nvmm_rules_show(struct nvmm_ctrl *ctrl, char *page);
int nvmm_rules_now(struct nvmm_ctrl *ctrl, const char *text);
void nvmm_rules_free(struct nvmm_ctrl *ctrl);
bool nvmm_rules_match(struct nvmm_ctrl *ctrl, enum nvmm_point point, u16 sqid,
		      const struct nvme_command *sqe, struct nvmm_effect *fx);
u64 nvmm_rules_read(struct nvmm_ctrl *ctrl, unsigned int offset, int size, u64 value);

/* check.c */
__printf(3, 4)
void nvmm_breach(struct nvmm_ctrl *ctrl, enum nvmm_breach breach, const char *fmt, ...);
ssize_t nvmm_breaches_show(struct nvmm_ctrl *ctrl, char *page);
void nvmm_breaches_clear(struct nvmm_ctrl *ctrl);
ssize_t nvmm_counts_show(struct nvmm_ctrl *ctrl, char *page);

#endif /* _NVME_MODEL_H */
