// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memory: who waits for it waits together.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>

#include "../memory.h"
#include "wait_kunit.h"

#define NBC_WRITERS	4

/**
 * struct nbc_stuck - a giver that takes its time
 * @giver: it
 * @asked: how often it was asked
 * @busy: it is asked at this moment
 * @go_on: lets it go on
 */
struct nbc_stuck {
	struct nbc_giver	giver;
	atomic_t		asked;
	struct completion	busy;
	struct completion	go_on;
};

static void nbc_stuck_give(struct nbc_giver *giver)
{
	struct nbc_stuck *stuck = container_of(giver, struct nbc_stuck, giver);

	atomic_inc(&stuck->asked);
	complete(&stuck->busy);
	wait_for_completion_timeout(&stuck->go_on, NBC_PATIENCE);
}

/* Finds no memory, so that all of it is collected. */
static int nbc_need_memory(void *done)
{
	nbc_memory_covers(SZ_1G);
	complete(done);
	return 0;
}

/*
 * The first collects while the others arrive. One of them collects again, as the first
 * may have looked before something was freed, and the rest have that in common.
 */
static void collect_together(struct kunit *test)
{
	struct task_struct *writers[NBC_WRITERS];
	struct nbc_stuck stuck = { .giver.give = nbc_stuck_give };
	struct completion done;
	unsigned int i;

	init_completion(&done);
	init_completion(&stuck.busy);
	init_completion(&stuck.go_on);
	nbc_giver_add(&stuck.giver);
	for (i = 0; i < NBC_WRITERS; i++) {
		writers[i] = kthread_run(nbc_need_memory, &done, "nbc_writer%u", i);
		if (IS_ERR(writers[i]))
			break;
		get_task_struct(writers[i]);
		/* The first is in the giver, the others are behind it. */
		if (!i)
			wait_for_completion_timeout(&stuck.busy, NBC_PATIENCE);
		KUNIT_EXPECT_TRUE(test, nbc_is_blocked(writers[i]));
	}
	KUNIT_EXPECT_EQ(test, NBC_WRITERS, i);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&stuck.asked));
	complete_all(&stuck.go_on);
	while (i--) {
		KUNIT_EXPECT_NE(test, 0, wait_for_completion_timeout(&done, NBC_PATIENCE));
		put_task_struct(writers[i]);
	}
	nbc_giver_remove(&stuck.giver);
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&stuck.asked));
}

static struct kunit_case nbc_memory_cases[] = {
	KUNIT_CASE(collect_together),
	{}
};

static struct kunit_suite nbc_memory_suite = {
	.name		= "null_blk_c_memory",
	.test_cases	= nbc_memory_cases,
};

kunit_test_suite(nbc_memory_suite);
