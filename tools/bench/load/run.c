// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a run: from the attributes to threads, and to results.
 *
 * mql_run is made by mql_start(), ends by mql_end_work() when its last job has
 * ended, and stays for its results until the next one is made.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/cleanup.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/lockdep.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "load.h"

static const char *const mql_state_names[] = {
	[MQL_IDLE]	= "idle",
	[MQL_RUNNING]	= "running",
	[MQL_STOPPING]	= "stopping",
	[MQL_DONE]	= "done",
};

/* Changed under mql_lock; waiters look without it. */
static enum mql_state mql_state;
static DECLARE_WAIT_QUEUE_HEAD(mql_ended);

/* Guarded by mql_lock */
static struct mql_run *mql_run;

static void mql_set_state(enum mql_state state)
{
	lockdep_assert_held(&mql_lock);
	WRITE_ONCE(mql_state, state);
	if (state == MQL_DONE)
		wake_up_all(&mql_ended);
}

/**
 * mql_busy - is there a run with threads
 *
 * Context: Any; under mql_lock it stays so.
 *
 * Return: true if there is.
 */
bool mql_busy(void)
{
	enum mql_state state = READ_ONCE(mql_state);

	return state == MQL_RUNNING || state == MQL_STOPPING;
}

/**
 * mql_state_name - the state in a word
 *
 * Return: the word.
 */
const char *mql_state_name(void)
{
	return mql_state_names[READ_ONCE(mql_state)];
}

/**
 * mql_last_run - the run that is there, or was
 *
 * Context: Under mql_lock.
 *
 * Return: the run, or NULL before the first.
 */
const struct mql_run *mql_last_run(void)
{
	lockdep_assert_held(&mql_lock);
	return mql_run;
}

/* --- taking apart --------------------------------------------------------- */

/* Threads that never began end at once; those that run were told to. */
static void mql_jobs_join(struct mql_run *run)
{
	struct mql_job *job;

	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++) {
		if (job->task)
			kthread_stop(job->task);
	}
	/* The end of an I/O may still be at work on a job, or wake its thread. */
	synchronize_rcu();
	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++) {
		if (job->task)
			put_task_struct(job->task);
		job->task = NULL;
	}
}

/* Memory that is of no use for results */
static void mql_run_release(struct mql_run *run)
{
	struct mql_job *job;

	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++) {
		mql_buffers_free(job);
		job->pages = NULL;
		job->slots = NULL;
	}
	mql_area_free(run);
	mql_disks_close(run);
}

static void mql_run_free(struct mql_run *run)
{
	struct mql_job *job;

	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++)
		kfree(job->latency);
	kvfree(run->jobs);
	free_cpumask_var(run->cpus);
	kfree(run);
}

/* As long as it has not changed the state, nobody changes the pointer. */
static void mql_end_work(struct work_struct *work)
{
	mql_jobs_join(mql_run);
	mql_run_release(mql_run);
	guard(mutex)(&mql_lock);
	mql_set_state(MQL_DONE);
}

static DECLARE_WORK(mql_work, mql_end_work);

/**
 * mql_end - the last job has ended, or is about to return
 *
 * Context: Any.
 */
void mql_end(void)
{
	schedule_work(&mql_work);
}

/* Under mql_lock, while no run has threads */
static void mql_forget(void)
{
	if (mql_run)
		mql_run_free(mql_run);
	mql_run = NULL;
}

/* --- putting together ----------------------------------------------------- */

/* The CPUs of jobs in turn, of those that are there. */
static int mql_choose_cpus(struct mql_run *run)
{
	const char *list = run->config.cpus;
	struct mql_job *job;
	int cpu = -1;

	if (*list && cpulist_parse(list, run->cpus))
		return -EINVAL;
	if (!*list)
		cpumask_copy(run->cpus, cpu_online_mask);
	if (!cpumask_and(run->cpus, run->cpus, cpu_online_mask)) {
		pr_err("cpus: \"%s\" is not valid, use CPUs that are online: %*pbl\n",
		       list, cpumask_pr_args(cpu_online_mask));
		return -EINVAL;
	}
	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++) {
		cpu = cpumask_next(cpu, run->cpus);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(run->cpus);
		job->cpu = cpu;
	}
	return 0;
}

static void mql_give_disk(struct mql_run *run, struct mql_job *job)
{
	job->nr_peers = run->nr_jobs;
	if (!run->nr_disks)
		return;
	job->disk = &run->disks[job->index % run->nr_disks];
	job->peer = job->index / run->nr_disks;
	job->nr_peers = DIV_ROUND_UP(run->nr_jobs - job->index % run->nr_disks,
				     run->nr_disks);
}

static int mql_job_create(struct mql_run *run, struct mql_job *job)
{
	int ret;

	job->run = run;
	job->index = job - run->jobs;
	mql_give_disk(run, job);
	mql_job_prepare(job);
	ret = mql_buffers_alloc(job);
	if (!ret && run->config.latency)
		ret = mql_latency_alloc(job);
	if (ret)
		return ret;
	job->task = kthread_create_on_node(mql_job_thread, job,
					   cpu_to_node(job->cpu),
					   "mqblk_load/%u", job->index);
	if (IS_ERR(job->task)) {
		ret = PTR_ERR(job->task);
		job->task = NULL;
		return ret;
	}
	get_task_struct(job->task);
	kthread_bind(job->task, job->cpu);
	return 0;
}

static int mql_jobs_create(struct mql_run *run)
{
	struct mql_job *job;
	int ret = 0;

	for (job = run->jobs; !ret && job < run->jobs + run->nr_jobs; job++)
		ret = mql_job_create(run, job);
	return ret;
}

static struct mql_run *mql_run_alloc(const struct mql_config *config)
{
	struct mql_run *run = kzalloc(sizeof(*run), GFP_KERNEL);

	if (!run)
		return NULL;
	if (!zalloc_cpumask_var(&run->cpus, GFP_KERNEL)) {
		kfree(run);
		return NULL;
	}
	run->config = *config;
	run->nr_jobs = config->jobs;
	init_completion(&run->go);
	atomic_set(&run->active, run->nr_jobs);
	run->jobs = kvcalloc(run->nr_jobs, sizeof(*run->jobs), GFP_KERNEL);
	if (run->jobs)
		return run;
	mql_run_free(run);
	return NULL;
}

static int mql_run_prepare(struct mql_run *run)
{
	int ret;

	if (!mql_memory_suffices(&run->config))
		ret = -ENOMEM;
	else if (run->config.engine == MQL_DISK)
		ret = mql_disks_open(run);
	else
		ret = mql_area_alloc(run);
	ret = ret ?: mql_choose_cpus(run) ?: mql_jobs_create(run) ?:
		      mql_check_pollers(run);
	if (ret == -ENOMEM && !fatal_signal_pending(current))
		mql_memory_refuse(&run->config);
	return ret;
}

static void mql_run_begin(struct mql_run *run)
{
	struct mql_job *job;

	for (job = run->jobs; job < run->jobs + run->nr_jobs; job++)
		wake_up_process(job->task);
	complete_all(&run->go);
}

/* --- what the user asks for ----------------------------------------------- */

/**
 * mql_start - begin a run with the attributes as they are
 *
 * Context: Process context, may sleep. Takes mql_lock.
 *
 * Return: 0, or an errno; nothing is changed then.
 */
int mql_start(void)
{
	struct mql_run *run;
	int ret;

	guard(mutex)(&mql_lock);
	if (mql_busy()) {
		pr_err("control: \"start\" is not taken while the load runs\n");
		return -EBUSY;
	}
	ret = mql_config_check(&mql_config);
	if (ret)
		return ret;
	run = mql_run_alloc(&mql_config);
	if (!run)
		return -ENOMEM;
	ret = mql_run_prepare(run);
	if (ret) {
		mql_jobs_join(run);
		mql_run_release(run);
		mql_run_free(run);
		return ret;
	}
	mql_forget();
	mql_run = run;
	mql_set_state(MQL_RUNNING);
	mql_run_begin(run);
	return 0;
}

/**
 * mql_stop - tell the jobs to end
 *
 * They do so when what they have submitted has come back. See mql_wait_done().
 *
 * Context: Process context, may sleep. Takes mql_lock.
 */
void mql_stop(void)
{
	guard(mutex)(&mql_lock);
	if (mql_state != MQL_RUNNING)
		return;
	WRITE_ONCE(mql_run->stop, true);
	mql_set_state(MQL_STOPPING);
}

/**
 * mql_wait_done - wait until no run has threads
 *
 * Context: Process context, may sleep, not under mql_lock.
 *
 * Return: 0, or -ERESTARTSYS after a signal.
 */
int mql_wait_done(void)
{
	return wait_event_interruptible(mql_ended, !mql_busy());
}

/**
 * mql_quit - end and forget a run, before the module goes
 *
 * Context: Process context, may sleep. Nobody can start another one.
 */
void mql_quit(void)
{
	mql_stop();
	wait_event(mql_ended, !mql_busy());
	/* The work may be on its way out. */
	flush_work(&mql_work);
	guard(mutex)(&mql_lock);
	mql_forget();
}
