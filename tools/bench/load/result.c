// SPDX-License-Identifier: GPL-2.0
/*
 * Results: errors by status, latencies, and the two files that show them.
 */
#include <linux/blkdev.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "load.h"

/* Decimals of a time in ns */
#define MQL_NS_PARTS	100

static const char *const mql_status_names[MQL_NR_STATUS] = {
	[(__force u8)BLK_STS_NOTSUPP]		= "notsupp",
	[(__force u8)BLK_STS_TIMEOUT]		= "timeout",
	[(__force u8)BLK_STS_NOSPC]		= "nospc",
	[(__force u8)BLK_STS_TRANSPORT]		= "transport",
	[(__force u8)BLK_STS_TARGET]		= "target",
	[(__force u8)BLK_STS_RESV_CONFLICT]	= "resv_conflict",
	[(__force u8)BLK_STS_MEDIUM]		= "medium",
	[(__force u8)BLK_STS_PROTECTION]	= "protection",
	[(__force u8)BLK_STS_RESOURCE]		= "resource",
	[(__force u8)BLK_STS_IOERR]		= "ioerr",
	[(__force u8)BLK_STS_AGAIN]		= "again",
	[(__force u8)BLK_STS_DEV_RESOURCE]	= "dev_resource",
	[(__force u8)BLK_STS_ZONE_OPEN_RESOURCE]   = "zone_open_resource",
	[(__force u8)BLK_STS_ZONE_ACTIVE_RESOURCE] = "zone_active_resource",
	[(__force u8)BLK_STS_OFFLINE]		= "offline",
	[(__force u8)BLK_STS_DURATION_LIMIT]	= "duration_limit",
};

/* --- counting ------------------------------------------------------------- */

/**
 * mql_count_error - an I/O has failed
 * @job: whose
 * @status: with what
 *
 * Context: Any.
 */
void mql_count_error(struct mql_job *job, blk_status_t status)
{
	unsigned int place = min_t(unsigned int, (__force u8)status,
				   MQL_NR_STATUS - 1);

	atomic_inc(&job->errors[place]);
}

/**
 * mql_latency_alloc - make room for a job's latencies
 * @job: whose
 *
 * Context: Process context, may sleep.
 *
 * Return: 0, or -ENOMEM.
 */
int mql_latency_alloc(struct mql_job *job)
{
	job->latency = kzalloc(sizeof(*job->latency), GFP_KERNEL);
	if (!job->latency)
		return -ENOMEM;
	atomic64_set(&job->latency->min_ns, S64_MAX);
	return 0;
}

/* Short times have a bucket each; then come eight for each power of two. */
static unsigned int mql_bucket(u64 ns)
{
	unsigned int shift;

	if (ns < BIT(MQL_BUCKET_BITS))
		return ns;
	shift = ilog2(ns) - MQL_BUCKET_BITS;
	return (shift << MQL_BUCKET_BITS) + (ns >> shift);
}

static u64 mql_bucket_floor_ns(unsigned int bucket)
{
	unsigned int shift = bucket >> MQL_BUCKET_BITS;

	if (shift < 2)
		return bucket;
	return (u64)(bucket - ((shift - 1) << MQL_BUCKET_BITS)) << (shift - 1);
}

/**
 * mql_latency_add - an I/O has ended
 * @latency: of its job
 * @ns: how long it took
 *
 * Context: Any.
 */
void mql_latency_add(struct mql_latency *latency, u64 ns)
{
	s64 seen = atomic64_read(&latency->min_ns);

	atomic64_inc(&latency->buckets[mql_bucket(ns)]);
	atomic64_add(ns, &latency->sum_ns);
	while (ns < seen && !atomic64_try_cmpxchg(&latency->min_ns, &seen, ns))
		;
	seen = atomic64_read(&latency->max_ns);
	while (ns > seen && !atomic64_try_cmpxchg(&latency->max_ns, &seen, ns))
		;
}

/* --- sums ----------------------------------------------------------------- */

static void mql_counts_add(struct mql_counts *sum, const struct mql_counts *counts)
{
	sum->ios += READ_ONCE(counts->ios);
	sum->writes += READ_ONCE(counts->writes);
	sum->fuas += READ_ONCE(counts->fuas);
	sum->flushes += READ_ONCE(counts->flushes);
	sum->resets += READ_ONCE(counts->resets);
	sum->miscompares += READ_ONCE(counts->miscompares);
}

static u64 mql_errors_of(const struct mql_job *job)
{
	unsigned int status;
	u64 sum = 0;

	for (status = 0; status < MQL_NR_STATUS; status++)
		sum += atomic_read(&job->errors[status]);
	return sum;
}

static u64 mql_moved(const struct mql_run *run)
{
	const struct mql_job *job;
	u64 sum = 0;

	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++)
		sum += atomic_read(&job->moved);
	return sum;
}

/* How long a job has been submitting, without what it did between zones. */
static u64 mql_busy_ns(const struct mql_job *job)
{
	u64 begin = READ_ONCE(job->begin_ns), end = READ_ONCE(job->end_ns);

	if (!begin)
		return 0;
	return (end ?: ktime_get_ns()) - begin - READ_ONCE(job->reset_ns);
}

/*
 * Time between two I/Os of all jobs together, in hundredths of a ns: jobs have
 * rates, and rates add up.
 */
static u64 mql_ns_per_io(const struct mql_run *run)
{
	const struct mql_job *job;
	u64 busy, rate = 0; /* I/Os in 1000 seconds */

	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++) {
		busy = mql_busy_ns(job);
		if (busy)
			rate += mul_u64_u64_div_u64(READ_ONCE(job->counts.ios),
						    1000ULL * NSEC_PER_SEC, busy);
	}
	return rate ? div64_u64(1000ULL * NSEC_PER_SEC * MQL_NS_PARTS, rate) : 0;
}

static u64 mql_elapsed_ns(const struct mql_run *run)
{
	const struct mql_job *job;
	u64 begin = U64_MAX, end = 0, now = ktime_get_ns();

	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++) {
		begin = min(begin, READ_ONCE(job->begin_ns) ?: now);
		end = max(end, READ_ONCE(job->end_ns) ?: now);
	}
	return end - begin;
}

/* --- what the files show -------------------------------------------------- */

static void mql_show_errors(struct seq_file *seq, const struct mql_run *run)
{
	u64 sums[MQL_NR_STATUS] = {}, total = 0;
	const struct mql_job *job;
	unsigned int status;

	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++) {
		for (status = 0; status < MQL_NR_STATUS; status++)
			sums[status] += atomic_read(&job->errors[status]);
		total += mql_errors_of(job);
	}
	seq_printf(seq, "errors %llu\n", total);
	for (status = 0; status < MQL_NR_STATUS; status++) {
		if (!sums[status])
			continue;
		if (mql_status_names[status])
			seq_printf(seq, "errors_%s %llu\n",
				   mql_status_names[status], sums[status]);
		else
			seq_printf(seq, "errors_%u %llu\n", status, sums[status]);
	}
}

static void mql_show_latency(struct seq_file *seq, const struct mql_run *run)
{
	u64 sum = 0, low = S64_MAX, high = 0, nr = 0;
	const struct mql_job *job;
	unsigned int bucket;

	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++) {
		for (bucket = 0; bucket < MQL_NR_BUCKETS; bucket++)
			nr += atomic64_read(&job->latency->buckets[bucket]);
		sum += atomic64_read(&job->latency->sum_ns);
		low = min_t(u64, low, atomic64_read(&job->latency->min_ns));
		high = max_t(u64, high, atomic64_read(&job->latency->max_ns));
	}
	if (nr)
		seq_printf(seq, "latency_mean_ns %llu\nlatency_min_ns %llu\nlatency_max_ns %llu\n",
			   div64_u64(sum, nr), low, high);
}

static void mql_show_job(struct seq_file *seq, const struct mql_job *job)
{
	const unsigned int i = job->index;

	seq_printf(seq, "job%u_cpu %u\njob%u_ios %llu\njob%u_errors %llu\njob%u_busy_ns %llu\n",
		   i, job->cpu, i, READ_ONCE(job->counts.ios), i,
		   mql_errors_of(job), i, mql_busy_ns(job));
}

/**
 * mql_show_results - print what a run did, or has done so far
 * @seq: where to
 * @run: which
 *
 * Context: Process context, under mql_lock.
 */
void mql_show_results(struct seq_file *seq, const struct mql_run *run)
{
	struct mql_counts sum = {};
	const struct mql_job *job;
	u32 parts;
	u64 ns;

	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++)
		mql_counts_add(&sum, &job->counts);
	ns = div_u64_rem(mql_ns_per_io(run), MQL_NS_PARTS, &parts);
	seq_printf(seq, "engine %s\n", mql_engine_name(run->config.engine));
	seq_printf(seq, "ns_per_io %llu.%02u\n", ns, parts);
	seq_printf(seq, "elapsed_ns %llu\n", mql_elapsed_ns(run));
	seq_printf(seq, "ios %llu\n", sum.ios);
	seq_printf(seq, "bytes %llu\n",
		   (sum.ios - sum.flushes) * run->config.block_bytes);
	seq_printf(seq, "reads %llu\nwrites %llu\nfuas %llu\nflushes %llu\nzone_resets %llu\n",
		   sum.ios - sum.writes - sum.flushes, sum.writes, sum.fuas,
		   sum.flushes, sum.resets);
	mql_show_errors(seq, run);
	if (run->config.append)
		seq_printf(seq, "moved %llu\n", mql_moved(run));
	if (run->config.verify)
		seq_printf(seq, "miscompares %llu\n", sum.miscompares);
	if (run->config.latency)
		mql_show_latency(seq, run);
	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++)
		mql_show_job(seq, job);
}

/**
 * mql_show_histogram - print latencies: least time of a bucket in ns, and I/Os
 * @seq: where to
 * @run: whose
 *
 * Context: Process context, under mql_lock.
 */
void mql_show_histogram(struct seq_file *seq, const struct mql_run *run)
{
	const struct mql_job *job;
	unsigned int bucket;
	u64 nr;

	if (!run->config.latency)
		return;
	for (bucket = 0; bucket < MQL_NR_BUCKETS; bucket++) {
		nr = 0;
		for (job = run->jobs; job < run->jobs + run->nr_jobs; job++)
			nr += atomic64_read(&job->latency->buckets[bucket]);
		if (nr)
			seq_printf(seq, "%llu %llu\n",
				   mql_bucket_floor_ns(bucket), nr);
	}
}
