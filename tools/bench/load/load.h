/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of mqblk_load share; main.c has the theory.
 */
#ifndef _MQBLK_LOAD_H
#define _MQBLK_LOAD_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/blk_types.h>
#include <linux/cache.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/wait.h>

struct dentry;
struct file;
struct mql_job;
struct mql_run;
struct page;
struct seq_file;
struct task_struct;

#define MQL_MAX_DISKS		8
#define MQL_MAX_JOBS		256
#define MQL_MAX_DEPTH		4096

/* A block of more pages than a bio has room for is several bios. */
#define MQL_BIO_BYTES		(BIO_MAX_VECS * PAGE_SIZE)
#define MQL_MAX_BLOCK_BYTES	SZ_16M

/* Longest text of an attribute: so many paths of disks */
#define MQL_TEXT_BYTES		(MQL_MAX_DISKS * 64)

/* Values of blk_status_t that are told apart; the last stands for larger ones */
#define MQL_NR_STATUS		32

/*
 * Buckets of latency: eight for each power of two, so that one is at most an
 * eighth wide.
 */
#define MQL_BUCKET_BITS		3
#define MQL_NR_BUCKETS		((65 - MQL_BUCKET_BITS) << MQL_BUCKET_BITS)

/**
 * enum mql_engine - what an I/O is
 * @MQL_DISK: a bio
 * @MQL_MEMCPY: a copy between a buffer and memory, by the kernel's memcpy()
 * @MQL_MOVSB: the same by the instruction rep movsb
 * @MQL_NR_ENGINES: how many there are
 */
enum mql_engine {
	MQL_DISK,
	MQL_MEMCPY,
	MQL_MOVSB,
	MQL_NR_ENGINES,
};

/**
 * enum mql_pattern - where the next I/O goes
 * @MQL_RANDOM: to any block of the span
 * @MQL_SEQUENTIAL: to the next one in the job's own part of the span
 * @MQL_ZONES: to the next one of a zone, which was reset before; each job has
 *	zones of its own
 * @MQL_NR_PATTERNS: how many there are
 */
enum mql_pattern {
	MQL_RANDOM,
	MQL_SEQUENTIAL,
	MQL_ZONES,
	MQL_NR_PATTERNS,
};

/**
 * enum mql_state - of the load, changed by mql_set_state() only
 * @MQL_IDLE: nothing has run yet
 * @MQL_RUNNING: jobs submit
 * @MQL_STOPPING: jobs were told to end; what they submitted comes back
 * @MQL_DONE: no thread is left and the disks are closed; results are there
 */
enum mql_state {
	MQL_IDLE,
	MQL_RUNNING,
	MQL_STOPPING,
	MQL_DONE,
};

/**
 * struct mql_config - what the attributes say
 *
 * Numbers are all u64, so that one table describes them. Guarded by mql_lock;
 * a run has a copy, which nobody changes.
 *
 * @engine: an &enum mql_engine
 * @pattern: an &enum mql_pattern
 * @block_bytes: size of an I/O
 * @span_bytes: part of the disk that is used, from its beginning
 * @write_percent: share of writes
 * @flush_percent: share of I/Os that are a flush instead
 * @fua_percent: share of writes that are to be durable when they end
 * @batch: I/Os that are submitted under one plug
 * @depth: I/Os of a job that may be in flight
 * @jobs: threads
 * @ios: I/Os of each job, or 0 for no such end
 * @time_ms: time after which jobs end, or 0 for no such end
 * @seed: of the random numbers, and of the content of blocks
 * @polled: ask for completions instead of waiting for an interrupt
 * @append: writes are zone appends; with pattern zones only
 * @verify: write a content that depends on the place, and check what is read
 * @latency: measure latencies, which takes two readings of the clock an I/O
 * @cpus: list of the CPUs that jobs are bound to, in turn; empty: all
 * @disks: paths, which jobs use in turn
 */
struct mql_config {
	u64	engine;
	u64	pattern;
	u64	block_bytes;
	u64	span_bytes;
	u64	write_percent;
	u64	flush_percent;
	u64	fua_percent;
	u64	batch;
	u64	depth;
	u64	jobs;
	u64	ios;
	u64	time_ms;
	u64	seed;
	u64	polled;
	u64	append;
	u64	verify;
	u64	latency;
	char	cpus[MQL_TEXT_BYTES];
	char	disks[MQL_TEXT_BYTES];
};

/**
 * struct mql_disk - a disk that a run has opened
 * @file: keeps it open, for us alone
 * @bdev: the same as a block device
 * @blocks: blocks of the span
 * @zone_sects: size of a zone, or 0
 * @nr_zones: whole zones in the span
 */
struct mql_disk {
	struct file		*file;
	struct block_device	*bdev;
	u64			blocks;
	sector_t		zone_sects;
	unsigned int		nr_zones;
};

/**
 * struct mql_slot - a buffer of a job
 * @sector: what the last I/O on it was for; with verify only
 * @check: that was a read whose content has not been looked at yet
 * @good: that read ended without an error
 */
struct mql_slot {
	sector_t	sector;
	bool		check;
	bool		good;
};

/**
 * struct mql_latency - a job's latencies; any CPU adds to it
 * @buckets: how many there were, see mql_bucket()
 * @sum_ns: of all
 * @min_ns: the shortest
 * @max_ns: the longest
 */
struct mql_latency {
	atomic64_t	buckets[MQL_NR_BUCKETS];
	atomic64_t	sum_ns;
	atomic64_t	min_ns;
	atomic64_t	max_ns;
};

/**
 * struct mql_io - the head of a bio of ours
 * @start_ns: when its block began to be submitted, or 0; with latency only
 * @slot: its buffer; with verify only
 * @sector: where an append is expected to go
 * @bio: comes last, as its vectors follow
 */
struct mql_io {
	u64		start_ns;
	struct mql_slot	*slot;
	sector_t	sector;
	struct bio	bio;
};

/**
 * struct mql_counts - what a job has submitted
 *
 * Written by the job's thread only; others read it while it runs, and may see
 * it a little behind.
 *
 * @ios: I/Os of all kinds
 * @writes: writes among them
 * @fuas: writes that were to be durable
 * @flushes: flushes
 * @resets: zones that were reset; not in @ios
 * @miscompares: blocks whose content was not what it should have been
 */
struct mql_counts {
	u64	ios;
	u64	writes;
	u64	fuas;
	u64	flushes;
	u64	resets;
	u64	miscompares;
};

/**
 * struct mql_job - a thread with its disk and buffers
 * @run: it belongs to
 * @disk: it works on; unset if memory is copied
 * @submit: submits an I/O, or copies
 * @task: the thread; we hold a reference
 * @index: which of the jobs
 * @peer: which of those on the same disk
 * @nr_peers: how many are on that disk
 * @cpu: it is bound to
 * @slots: what its buffers were last used for; with verify only
 * @pages: of the buffers, one after the other
 * @nr_slots: buffers
 * @slot: the next one
 * @block_pages: pages of a buffer
 * @opf: operation and flags of most I/Os
 * @mixed: kinds of I/O are chosen one by one
 * @random: state of the random numbers
 * @next: next block, in sequence
 * @first: first block of the job's part of the disk, or of the zone
 * @end: block behind it
 * @zone: the next one
 * @zone_sector: where the one that is written begins
 * @poll: no I/O, but what bio_poll() is called with; with polled only
 * @counts: what it has submitted
 * @begin_ns: when it began
 * @end_ns: when its last I/O had ended, or 0
 * @reset_ns: time in between that resetting zones took
 * @latency: see there; with latency only
 * @in_flight: I/Os submitted and not ended
 * @wake_at: number in flight at which the thread wants to be woken, or -1
 * @moved: appends that went elsewhere than behind those before them
 * @errors: by status
 */
struct mql_job {
	struct mql_run		*run;
	struct mql_disk		*disk;
	void			(*submit)(struct mql_job *job);
	struct task_struct	*task;
	unsigned int		index;
	unsigned int		peer;
	unsigned int		nr_peers;
	unsigned int		cpu;
	struct mql_slot		*slots;
	struct page		**pages;
	unsigned int		nr_slots;
	unsigned int		slot;
	unsigned int		block_pages;
	blk_opf_t		opf;
	bool			mixed;
	u64			random;
	u64			next;
	u64			first;
	u64			end;
	unsigned int		zone;
	sector_t		zone_sector;
	struct bio		poll;
	struct mql_counts	counts;
	u64			begin_ns;
	u64			end_ns;
	u64			reset_ns;
	struct mql_latency	*latency;
	/* What the end of an I/O writes is apart from what its start writes. */
	atomic_t		in_flight ____cacheline_aligned_in_smp;
	int			wake_at;
	atomic_t		moved;
	atomic_t		errors[MQL_NR_STATUS];
} ____cacheline_aligned_in_smp;

/**
 * struct mql_run - one run of the load
 * @config: what it does
 * @disks: it uses
 * @nr_disks: how many
 * @cpus: that jobs are bound to
 * @area: memory that is copied to and from instead of a disk
 * @area_pages: how many
 * @go: jobs wait for it, so that they begin together
 * @stop: jobs are to end
 * @active: jobs that have not ended
 * @nr_jobs: threads
 * @jobs: the same
 */
struct mql_run {
	struct mql_config	config;
	struct mql_disk		disks[MQL_MAX_DISKS];
	unsigned int		nr_disks;
	cpumask_var_t		cpus;
	struct page		**area;
	unsigned long		area_pages;
	struct completion	go;
	bool			stop;
	atomic_t		active;
	unsigned int		nr_jobs;
	struct mql_job		*jobs;
};

/* main.c */
extern struct mutex mql_lock;
extern struct bio_set mql_bios;

/* config.c */
extern struct mql_config mql_config;
void mql_config_add_files(struct dentry *dir);
int mql_config_check(const struct mql_config *config);
const char *mql_engine_name(enum mql_engine engine);

/* run.c */
int mql_start(void);
void mql_stop(void);
int mql_wait_done(void);
void mql_quit(void);
void mql_end(void);
bool mql_busy(void);
const char *mql_state_name(void);
const struct mql_run *mql_last_run(void);

/* job.c */
int mql_job_thread(void *data);
void mql_job_prepare(struct mql_job *job);

/* disk.c */
int mql_disks_open(struct mql_run *run);
int mql_check_pollers(const struct mql_run *run);
void mql_disks_close(struct mql_run *run);

/* buffer.c */
bool mql_memory_suffices(const struct mql_config *config);
void mql_memory_refuse(const struct mql_config *config);
struct page **mql_pages_alloc(unsigned long nr, int node, bool gaps);
void mql_pages_free(struct page **pages, unsigned long nr);
int mql_buffers_alloc(struct mql_job *job);
void mql_buffers_free(struct mql_job *job);
void mql_buffer_fill(const struct mql_job *job, unsigned int slot, sector_t sector);
bool mql_buffer_holds(const struct mql_job *job, unsigned int slot, sector_t sector);

/* copy.c */
int mql_area_alloc(struct mql_run *run);
void mql_area_free(struct mql_run *run);
bool mql_copy_can(enum mql_engine engine);
void mql_copy_by_memcpy(struct mql_job *job);
void mql_copy_by_movsb(struct mql_job *job);

/* result.c */
void mql_count_error(struct mql_job *job, blk_status_t status);
int mql_latency_alloc(struct mql_job *job);
void mql_latency_add(struct mql_latency *latency, u64 ns);
void mql_show_results(struct seq_file *seq, const struct mql_run *run);
void mql_show_histogram(struct seq_file *seq, const struct mql_run *run);

/* The next random number, of which the upper bits are the better ones */
static inline u64 mql_random(struct mql_job *job)
{
	job->random = job->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return job->random;
}

/* A random block of @blocks, without a division; not every one of more than 2^32 */
static inline u64 mql_random_block(struct mql_job *job, u64 blocks)
{
	return mul_u64_u32_shr(blocks, mql_random(job) >> 32, 32);
}

/* Buffers are used in turn. */
static inline unsigned int mql_next_slot(struct mql_job *job)
{
	unsigned int slot = job->slot;

	job->slot = slot + 1 < job->nr_slots ? slot + 1 : 0;
	return slot;
}

static inline bool mql_config_writes(const struct mql_config *config)
{
	return config->write_percent || config->pattern == MQL_ZONES;
}

#endif /* _MQBLK_LOAD_H */
