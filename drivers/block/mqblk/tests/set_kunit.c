// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of sets and disks: what is refused, queue maps, resizing, and a failure
 * at each step of construction.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/string.h>

#include "disk_kunit.h"

/* No operation under test makes as many allocations. */
#define SK_MAX_ALLOCS	2000
/* Failures of add_disk(), out of hundreds that are possible. */
#define SK_ADD_FAILURES	12

/* Queues by what they serve; here there are none for reads alone. */
struct sk_counts {
	unsigned int	nr_default;
	unsigned int	nr_poll;
};

static unsigned int sk_total(const struct mqblk_queue_counts *queues)
{
	return queues->nr_default + queues->nr_read + queues->nr_poll;
}

static const struct blk_mq_ops sk_no_map_ops = {
	.queue_rq	= mqk_queue_rq,
	.poll		= mqk_poll,
};

/* Parameters */

/**
 * struct sk_param_case - parameters of a set and what mqblk_set_init() says
 * @name: of the case
 * @nr_default: default queues
 * @nr_poll: poll queues
 * @default_cpus: as many default queues more as there are CPUs
 * @poll_cpus: same for poll queues
 * @depth: requests per queue
 * @no_poll_op: the driver has no ->poll
 * @no_map_op: the driver has ->poll, but no ->map_queues
 * @pdu_less: bytes by which the driver's data is smaller than mqblk's part
 * @ret: what is returned
 */
struct sk_param_case {
	const char	*name;
	unsigned int	nr_default;
	unsigned int	nr_poll;
	bool		default_cpus;
	bool		poll_cpus;
	unsigned int	depth;
	bool		no_poll_op;
	bool		no_map_op;
	unsigned int	pdu_less;
	int		ret;
};

static const struct sk_param_case sk_param_cases[] = {
	{ "least", .nr_default = 1, .depth = 1, .no_poll_op = true },
	{ "with poll", .nr_default = 1, .nr_poll = 1, .depth = 1 },
	{ "poll op without poll queue", .nr_default = 1, .depth = 1 },
	{ "a queue per CPU", .default_cpus = true, .depth = 1,
	  .no_poll_op = true },
	{ "two queues per CPU", .default_cpus = true, .poll_cpus = true,
	  .depth = 1 },
	{ "deepest", .nr_default = 1, .depth = BLK_MQ_MAX_DEPTH,
	  .no_poll_op = true },
	{ "no default queue", .nr_default = 0, .depth = 1, .no_poll_op = true,
	  .ret = -EINVAL },
	{ "poll queue alone", .nr_default = 0, .nr_poll = 1, .depth = 1,
	  .ret = -EINVAL },
	{ "too many default queues", .nr_default = 1, .default_cpus = true,
	  .depth = 1, .no_poll_op = true, .ret = -EINVAL },
	{ "too many poll queues", .nr_default = 1, .nr_poll = 1,
	  .poll_cpus = true, .depth = 1, .ret = -EINVAL },
	{ "sum of queues overflows", .nr_default = 1, .nr_poll = UINT_MAX,
	  .depth = 1, .ret = -EINVAL },
	{ "poll queue without op", .nr_default = 1, .nr_poll = 1, .depth = 1,
	  .no_poll_op = true, .ret = -EINVAL },
	{ "poll without map", .nr_default = 1, .nr_poll = 1, .depth = 1,
	  .no_map_op = true, .ret = -EINVAL },
	{ "no depth", .nr_default = 1, .depth = 0, .no_poll_op = true,
	  .ret = -EINVAL },
	{ "too deep", .nr_default = 1, .depth = BLK_MQ_MAX_DEPTH + 1,
	  .no_poll_op = true, .ret = -EINVAL },
	{ "no room for struct mqblk_rq", .nr_default = 1, .depth = 1,
	  .no_poll_op = true, .pdu_less = 1, .ret = -EINVAL },
	{ "no data of the driver", .nr_default = 1, .depth = 1,
	  .no_poll_op = true, .pdu_less = sizeof(struct mqblk_rq),
	  .ret = -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(sk_param, sk_param_cases, name);

static struct mqblk_set_params sk_params(const struct sk_param_case *param)
{
	struct mqblk_set_params params = {
		.ops		= param->no_poll_op ? &mqk_ops :
				  param->no_map_op ? &sk_no_map_ops :
				  &mqk_poll_ops,
		.pdu_bytes	= sizeof(struct mqblk_rq) - param->pdu_less,
		.depth		= param->depth,
		.nr_default	= param->nr_default,
		.nr_poll	= param->nr_poll,
		.node		= NUMA_NO_NODE,
	};

	if (param->default_cpus)
		params.nr_default += nr_cpu_ids;
	if (param->poll_cpus)
		params.nr_poll += nr_cpu_ids;
	return params;
}

static void sk_param_test(struct kunit *test)
{
	const struct sk_param_case *param = test->param_value;
	const struct mqblk_set_params params = sk_params(param);
	struct mqblk_set *set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, set);
	ret = mqblk_set_init(set, &params);
	KUNIT_EXPECT_EQ(test, ret, param->ret);
	if (ret)
		return;
	KUNIT_EXPECT_EQ(test, set->queues.nr_default, params.nr_default);
	KUNIT_EXPECT_EQ(test, set->queues.nr_poll, params.nr_poll);
	KUNIT_EXPECT_EQ(test, set->tags.nr_hw_queues, sk_total(&set->queues));
	KUNIT_EXPECT_EQ(test, set->tags.queue_depth, params.depth);
	KUNIT_EXPECT_GE(test, set->tags.cmd_size, sizeof(struct mqblk_rq));
	mqblk_set_exit(set);
}

static void sk_timeout_param_test(struct kunit *test)
{
	struct mqblk_set_params params = mqk_set_params(&mqk_ops, 1, 0);
	struct mqk_dev *dev;

	params.timeout_ms = 5000;
	dev = mqk_queue_create(test, &params);
	KUNIT_EXPECT_EQ(test, dev->queue->rq_timeout, 5 * HZ);
}

/* Maps */

/* Every CPU has a queue of @map. */
static void sk_expect_map(struct kunit *test,
			  const struct blk_mq_queue_map *map,
			  unsigned int nr, unsigned int offset)
{
	unsigned int cpu;

	KUNIT_EXPECT_EQ(test, map->nr_queues, nr);
	KUNIT_EXPECT_EQ(test, map->queue_offset, offset);
	for_each_possible_cpu(cpu) {
		KUNIT_EXPECT_GE(test, map->mq_map[cpu], offset);
		KUNIT_EXPECT_LT(test, map->mq_map[cpu], offset + nr);
	}
}

/*
 * Every queue of @map has a CPU. The block layer does without if it finds no
 * memory to share them out.
 */
static void sk_expect_used(struct kunit *test,
			   const struct blk_mq_queue_map *map)
{
	unsigned int end = map->queue_offset + map->nr_queues;
	unsigned int cpu, queue, nr_used = 0;

	for (queue = map->queue_offset; queue < end; queue++)
		for_each_possible_cpu(cpu)
			if (map->mq_map[cpu] == queue) {
				nr_used++;
				break;
			}
	KUNIT_EXPECT_EQ(test, nr_used, map->nr_queues);
}

static void sk_expect_maps(struct kunit *test, const struct mqblk_set *set,
			   unsigned int nr_default, unsigned int nr_poll)
{
	const struct blk_mq_queue_map *map = set->tags.map;

	sk_expect_map(test, &map[HCTX_TYPE_DEFAULT], nr_default, 0);
	if (set->tags.nr_maps <= HCTX_TYPE_POLL)
		return;
	KUNIT_EXPECT_EQ(test, map[HCTX_TYPE_READ].nr_queues, 0);
	if (nr_poll)
		sk_expect_map(test, &map[HCTX_TYPE_POLL], nr_poll, nr_default);
	else
		KUNIT_EXPECT_EQ(test, map[HCTX_TYPE_POLL].nr_queues, 0);
}

static void sk_map_test(struct kunit *test)
{
	unsigned int nr_default, nr_poll;
	struct mqblk_set_params params;
	struct mqblk_set *set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, set);
	for (nr_default = 1; nr_default <= nr_cpu_ids; nr_default++)
		for (nr_poll = 0; nr_poll <= nr_cpu_ids; nr_poll++) {
			params = mqk_set_params(&mqk_poll_ops, nr_default,
						nr_poll);
			params.depth = 1;
			KUNIT_ASSERT_EQ(test, mqblk_set_init(set, &params), 0);
			sk_expect_maps(test, set, nr_default, nr_poll);
			sk_expect_used(test, &set->tags.map[HCTX_TYPE_DEFAULT]);
			sk_expect_used(test, &set->tags.map[HCTX_TYPE_POLL]);
			mqblk_set_exit(set);
		}
}

/* While the block layer falls back, the old counts are mapped. */
static void sk_map_fallback_test(struct kunit *test)
{
	const struct mqblk_set_params params =
		mqk_set_params(&mqk_poll_ops, 1, 1);
	struct mqk_dev *dev = mqk_set_create(test, &params);
	struct mqblk_set *set = &dev->set;

	set->queues.nr_default = 2;
	set->queues.nr_poll = 2;
	mqblk_map_queues(&set->tags);
	sk_expect_maps(test, set, 1, 1);
}

/* A driver without ->poll may use mqblk_map_queues() as well. */
static void sk_map_one_type_test(struct kunit *test)
{
	struct blk_mq_ops ops = mqk_ops;
	struct mqblk_set_params params = mqk_set_params(&ops, nr_cpu_ids, 0);
	struct mqblk_set *set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, set);
	ops.map_queues = mqblk_map_queues;
	KUNIT_ASSERT_EQ(test, mqblk_set_init(set, &params), 0);
	KUNIT_EXPECT_EQ(test, set->tags.nr_maps, 1);
	sk_expect_maps(test, set, nr_cpu_ids, 0);
	mqblk_set_exit(set);
}

/* Resizing */

/* A request from this CPU takes the queue that the map says, and comes back. */
static void sk_expect_io(struct kunit *test, struct mqk_dev *dev,
			 unsigned int cpu, blk_opf_t flags)
{
	enum hctx_type type = HCTX_TYPE_DEFAULT;
	struct request *rq;

	if (flags & REQ_POLLED && dev->set.queues.nr_poll)
		type = HCTX_TYPE_POLL;
	rq = blk_mq_alloc_request(dev->queue, REQ_OP_DRV_IN | flags, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	KUNIT_EXPECT_EQ(test, rq->mq_hctx->type, type);
	KUNIT_EXPECT_EQ(test, rq->mq_hctx->queue_num,
			dev->set.tags.map[type].mq_map[cpu]);
	KUNIT_EXPECT_EQ(test, 0, (__force u8)blk_execute_rq(rq, false));
	blk_mq_free_request(rq);
}

static void sk_expect_all_io(struct kunit *test, struct mqk_dev *dev)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		if (set_cpus_allowed_ptr(current, cpumask_of(cpu)))
			continue;
		sk_expect_io(test, dev, cpu, 0);
		sk_expect_io(test, dev, cpu, REQ_POLLED);
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

/* The counts are in force: in the set, the maps, and the queue's ways. */
static void sk_expect_counts(struct kunit *test, struct mqk_dev *dev,
			     unsigned int nr_default, unsigned int nr_poll)
{
	struct mqblk_set *set = &dev->set;
	unsigned int nr = nr_default + nr_poll;

	KUNIT_EXPECT_EQ(test, set->queues.nr_default, nr_default);
	KUNIT_EXPECT_EQ(test, set->queues.nr_poll, nr_poll);
	KUNIT_EXPECT_EQ(test, set->tags.nr_hw_queues, nr);
	KUNIT_EXPECT_EQ(test, dev->queue->nr_hw_queues, nr);
	KUNIT_EXPECT_EQ(test, dev->nr_init - dev->nr_exit, nr);
	sk_expect_maps(test, set, nr_default, nr_poll);
	sk_expect_all_io(test, dev);
}

static void sk_resize_test(struct kunit *test)
{
	static const struct sk_counts steps[] = {
		{ 2, 0 }, { 2, 2 }, { 1, 2 }, { 2, 1 }, { 1, 1 }, { 1, 1 },
		{ 1, 0 }, { 2, 2 }, { 1, 0 },
	};
	const struct mqblk_set_params params =
		mqk_set_params(&mqk_poll_ops, 1, 0);
	struct mqk_dev *dev = mqk_dev_create(test, &params);
	unsigned int i;

	if (nr_cpu_ids < 2)
		kunit_skip(test, "needs two CPUs");
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		KUNIT_EXPECT_EQ(test, 0,
				mqblk_set_resize(&dev->set,
						 steps[i].nr_default,
						 steps[i].nr_poll));
		sk_expect_counts(test, dev, steps[i].nr_default,
				 steps[i].nr_poll);
		sk_expect_used(test, &dev->set.tags.map[HCTX_TYPE_DEFAULT]);
		sk_expect_used(test, &dev->set.tags.map[HCTX_TYPE_POLL]);
	}
}

/* Without ->poll and ->map_queues the block layer does the map. */
static void sk_resize_one_type_test(struct kunit *test)
{
	const struct mqblk_set_params params = mqk_set_params(&mqk_ops, 1, 0);
	struct mqk_dev *dev = mqk_dev_create(test, &params);
	struct mqblk_set *set = &dev->set;

	KUNIT_EXPECT_EQ(test, mqblk_set_resize(set, nr_cpu_ids, 0), 0);
	sk_expect_counts(test, dev, nr_cpu_ids, 0);
	KUNIT_EXPECT_EQ(test, mqblk_set_resize(set, 1, 0), 0);
	sk_expect_counts(test, dev, 1, 0);
	KUNIT_EXPECT_EQ(test, mqblk_set_resize(set, 1, 1), -EINVAL);
	sk_expect_counts(test, dev, 1, 0);
}

static void sk_resize_invalid_test(struct kunit *test)
{
	const struct sk_counts refused[] = {
		{ 0, 0 }, { 0, 1 }, { nr_cpu_ids + 1, 0 },
		{ 1, nr_cpu_ids + 1 }, { UINT_MAX, 2 }, { 2, UINT_MAX },
	};
	const struct mqblk_set_params params =
		mqk_set_params(&mqk_poll_ops, 1, 1);
	struct mqk_dev *dev = mqk_queue_create(test, &params);
	unsigned int i, nr_init = dev->nr_init;

	for (i = 0; i < ARRAY_SIZE(refused); i++)
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
				    mqblk_set_resize(&dev->set,
						     refused[i].nr_default,
						     refused[i].nr_poll),
				    "%u and %u", refused[i].nr_default,
				    refused[i].nr_poll);
	KUNIT_EXPECT_EQ(test, dev->nr_init, nr_init);
	sk_expect_counts(test, dev, 1, 1);
}

/* Requests in flight are waited for. */
static void sk_resize_busy_test(struct kunit *test)
{
	const struct mqblk_set_params params =
		mqk_set_params(&mqk_poll_ops, 1, 0);
	struct mqk_dev *dev = mqk_dev_create(test, &params);
	struct mqk_io *io = mqk_io_start(test, dev, 0);

	mqk_timer_park(io->rq, BLK_STS_OK,
		       ktime_add_ms(ktime_get(), 50));
	KUNIT_EXPECT_EQ(test, mqblk_set_resize(&dev->set, 1, 1), 0);
	KUNIT_EXPECT_TRUE(test, completion_done(&io->ended));
	mqk_expect_ended(test, io, BLK_STS_OK);
	sk_expect_counts(test, dev, 1, 1);
}

struct sk_resize_case {
	const char		*name;
	struct sk_counts	from;
	struct sk_counts	to;
	/* It cannot be done without so many allocations. */
	unsigned int		min_errors;
};

static const struct sk_resize_case sk_resize_cases[] = {
	/* Two sets of tags: the struct, two arrays and a page each. */
	{ "grow", { 1, 1 }, { 2, 2 }, 8 },
	{ "first poll queue", { 1, 0 }, { 1, 1 }, 4 },
	/* Nothing new is needed but what to note the scheduler in. */
	{ "shrink", { 2, 2 }, { 1, 1 }, 1 },
	{ "turn round", { 2, 1 }, { 1, 2 }, 1 },
};

KUNIT_ARRAY_PARAM_DESC(sk_resize, sk_resize_cases, name);

/*
 * One resize with a failure at allocation @nth. Either it is done or nothing
 * has changed. Return: true if there was such an allocation; *@nr_errors
 * counts those that made it fail.
 */
static bool sk_resize_fail(struct kunit *test, struct mqk_dev *dev,
			   unsigned int nth, unsigned int *nr_errors)
{
	const struct sk_resize_case *param = test->param_value;
	const struct sk_counts *now = &param->to;
	bool failed;
	int ret;

	mqk_fail_nth(nth);
	ret = mqblk_set_resize(&dev->set, param->to.nr_default,
			       param->to.nr_poll);
	failed = mqk_fail_end();
	if (ret) {
		KUNIT_EXPECT_TRUE(test, failed);
		KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
		now = &param->from;
		(*nr_errors)++;
	}
	sk_expect_counts(test, dev, now->nr_default, now->nr_poll);
	if (!ret)
		KUNIT_EXPECT_EQ(test, 0,
				mqblk_set_resize(&dev->set,
						 param->from.nr_default,
						 param->from.nr_poll));
	return failed;
}

static void sk_resize_fail_test(struct kunit *test)
{
	const struct sk_resize_case *param = test->param_value;
	struct mqblk_set_params params =
		mqk_set_params(&mqk_poll_ops, param->from.nr_default,
			       param->from.nr_poll);
	unsigned int nth, nr_errors = 0;
	struct mqk_dev *dev;

	if (nr_cpu_ids < 2)
		kunit_skip(test, "needs two CPUs");
	mqk_need_failures(test);
	params.depth = 1;
	dev = mqk_queue_create(test, &params);
	for (nth = 1; nth < SK_MAX_ALLOCS; nth++)
		if (!sk_resize_fail(test, dev, nth, &nr_errors))
			break;
	KUNIT_EXPECT_LT(test, nth, SK_MAX_ALLOCS);
	KUNIT_EXPECT_GE(test, nr_errors, param->min_errors);
	kunit_info(test, "%u allocations, %u errors", nth - 1, nr_errors);
	sk_expect_counts(test, dev, param->from.nr_default,
			 param->from.nr_poll);
}

/* The driver cannot set up the new hardware queue. */
static void sk_resize_init_hctx_test(struct kunit *test)
{
	const struct mqblk_set_params params =
		mqk_set_params(&mqk_poll_ops, 1, 0);
	struct mqk_dev *dev = mqk_dev_create(test, &params);

	dev->fail_init = 2;
	KUNIT_EXPECT_EQ(test, mqblk_set_resize(&dev->set, 1, 1), -ENOMEM);
	KUNIT_EXPECT_EQ(test, dev->fail_init, 0);
	sk_expect_counts(test, dev, 1, 0);
	KUNIT_EXPECT_EQ(test, mqblk_set_resize(&dev->set, 1, 1), 0);
	sk_expect_counts(test, dev, 1, 1);
}

/* Construction of a set */

static void sk_set_fail_test(struct kunit *test)
{
	struct mqblk_set_params params = mqk_set_params(&mqk_poll_ops, 1, 1);
	struct mqblk_set *set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);
	unsigned int nth, nr_errors = 0;
	bool failed = true;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, set);
	mqk_need_failures(test);
	/* With more, the block layer tries again with half of them. */
	params.depth = 1;
	params.flags = BLK_MQ_F_BLOCKING;
	for (nth = 1; failed && nth < SK_MAX_ALLOCS; nth++) {
		mqk_fail_nth(nth);
		ret = mqblk_set_init(set, &params);
		failed = mqk_fail_end();
		if (!ret) {
			mqblk_set_exit(set);
			continue;
		}
		KUNIT_EXPECT_TRUE(test, failed);
		KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
		KUNIT_EXPECT_NULL(test, set->tags.tags);
		nr_errors++;
	}
	KUNIT_EXPECT_FALSE(test, failed);
	KUNIT_EXPECT_EQ(test, ret, 0);
	/* The array of tags, three maps; for two queues four as above. */
	KUNIT_EXPECT_GE(test, nr_errors, 4 + 2 * 4);
	kunit_info(test, "%u allocations, %u errors", nth - 2, nr_errors);
}

/* Construction of a disk */

/* A set with a major; no capacity, so that no partitions are read. */
static struct mqk_dev *sk_disk_prepare_queues(struct kunit *test,
					      unsigned int nr_default,
					      unsigned int nr_poll)
{
	const struct mqblk_set_params params =
		mqk_set_params(&mqk_poll_ops, nr_default, nr_poll);
	struct mqk_dev *dev = mqk_set_create(test, &params);

	mqk_major_create(test, dev);
	return dev;
}

static struct mqk_dev *sk_disk_prepare(struct kunit *test)
{
	return sk_disk_prepare_queues(test, 1, 1);
}

/* An error of mqblk_disk_add() leaves nothing behind. */
static void sk_expect_no_disk(struct kunit *test, struct mqk_dev *dev,
			      struct gendisk *disk, int error)
{
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(disk), error);
	KUNIT_EXPECT_EQ(test, dev->nr_exit, dev->nr_init);
	KUNIT_EXPECT_TRUE(test, list_empty(&dev->set.tags.tag_list));
	if (!IS_ERR(disk))
		mqblk_disk_remove(disk);
}

/*
 * One disk with a failure at allocation @nth. @error is what there is without
 * one. The block layer lives with many that fail, in debugfs for one. If it
 * cannot have the name of the device it says -EINVAL. Return: true if -ENOMEM.
 */
static bool sk_disk_fail(struct kunit *test, struct mqk_dev *dev,
			 const char *name, int error, unsigned int nth)
{
	const struct queue_limits limits = {};
	struct gendisk *disk;
	bool failed;
	int ret;

	mqk_fail_nth(nth);
	disk = mqk_disk_add(dev, name, &limits, 0);
	failed = mqk_fail_end();
	ret = PTR_ERR_OR_ZERO(disk);
	if (!ret)
		mqblk_disk_remove(disk);
	if (ret != error) {
		KUNIT_EXPECT_TRUE_MSG(test, failed, "allocation %u", nth);
		if (ret != -EINVAL)
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	}
	KUNIT_EXPECT_EQ(test, dev->nr_exit, dev->nr_init);
	KUNIT_EXPECT_TRUE(test, list_empty(&dev->set.tags.tag_list));
	return ret == -ENOMEM;
}

/* How many allocations it takes to make a disk of this name, or to fail. */
static unsigned int sk_disk_allocs(struct mqk_dev *dev, const char *name)
{
	const struct queue_limits limits = {};
	struct gendisk *disk;
	unsigned int nr;

	mqk_fail_nth(UINT_MAX);
	disk = mqk_disk_add(dev, name, &limits, 0);
	nr = UINT_MAX - mqk_fail_left();
	if (!IS_ERR(disk))
		mqblk_disk_remove(disk);
	return nr;
}

static const char sk_long_name[] = "a name that is too long for any disk";

/*
 * A name too long is found when the queue and the disk are made, and nothing is
 * added yet. Up to there each allocation fails once.
 */
static void sk_disk_alloc_fail_test(struct kunit *test)
{
	struct mqk_dev *dev = sk_disk_prepare(test);
	unsigned int nth, nr, nr_errors = 0;

	mqk_need_failures(test);
	nr = sk_disk_allocs(dev, sk_long_name);
	KUNIT_ASSERT_LT(test, nr, SK_MAX_ALLOCS);
	for (nth = 1; nth <= nr; nth++)
		nr_errors += sk_disk_fail(test, dev, sk_long_name, -EINVAL,
					  nth);
	kunit_info(test, "%u allocations, %u errors", nr, nr_errors);
	/* At the least the queue, two hardware queues with ours, the disk. */
	KUNIT_EXPECT_GE(test, nr_errors, 1 + 2 * 2 + 1);
}

/*
 * Of those behind, hundreds for sysfs and debugfs, a few fail. No poll queue: Linux
 * 6.12 leaks the queue beside one whose directory in sysfs it cannot make.
 */
static void sk_disk_add_fail_test(struct kunit *test)
{
	unsigned int nth, nr_made, nr, nr_errors = 0;
	struct mqk_dev *dev;

	mqk_need_failures(test);
	dev = sk_disk_prepare_queues(test, min(2U, nr_cpu_ids), 0);
	nr_made = sk_disk_allocs(dev, sk_long_name);
	nr = sk_disk_allocs(dev, MQK_NAME);
	KUNIT_ASSERT_LT(test, nr, SK_MAX_ALLOCS);
	KUNIT_ASSERT_GT(test, nr, nr_made + SK_ADD_FAILURES);
	for (nth = nr_made + 1; nth <= nr;
	     nth += (nr - nr_made) / SK_ADD_FAILURES)
		nr_errors += sk_disk_fail(test, dev, MQK_NAME, 0, nth);
	kunit_info(test, "%u allocations, %u errors", nr - nr_made, nr_errors);
	KUNIT_EXPECT_GE(test, nr_errors, 1);
}

static void sk_disk_init_hctx_test(struct kunit *test)
{
	const struct queue_limits limits = {};
	struct mqk_dev *dev = sk_disk_prepare(test);
	unsigned int nth;

	for (nth = 1; nth <= 2; nth++) {
		dev->fail_init = nth;
		sk_expect_no_disk(test, dev,
				  mqk_disk_add(dev, MQK_NAME, &limits, 0),
				  -ENOMEM);
		KUNIT_EXPECT_EQ(test, dev->fail_init, 0);
	}
}

struct sk_name_case {
	const char	*name;
	unsigned int	len;
	int		ret;
};

static const struct sk_name_case sk_name_cases[] = {
	{ "longest", DISK_NAME_LEN - 1, 0 },
	{ "one too long", DISK_NAME_LEN, -EINVAL },
	{ "far too long", 2 * DISK_NAME_LEN, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(sk_name, sk_name_cases, name);

static void sk_disk_name_test(struct kunit *test)
{
	const struct sk_name_case *param = test->param_value;
	const struct queue_limits limits = {};
	struct mqk_dev *dev = sk_disk_prepare(test);
	char name[2 * DISK_NAME_LEN + 1] = {};
	struct gendisk *disk;

	memset(name, 'q', param->len);
	disk = mqk_disk_add(dev, name, &limits, 0);
	if (param->ret) {
		sk_expect_no_disk(test, dev, disk, param->ret);
		return;
	}
	KUNIT_ASSERT_FALSE(test, IS_ERR(disk));
	KUNIT_EXPECT_STREQ(test, disk->disk_name, name);
	mqblk_disk_remove(disk);
}

static void sk_disk_limits_test(struct kunit *test)
{
	/* Not a power of two. */
	const struct queue_limits limits = { .logical_block_size = 1000 };
	struct mqk_dev *dev = sk_disk_prepare(test);

	sk_expect_no_disk(test, dev, mqk_disk_add(dev, MQK_NAME, &limits, 0),
			  -EINVAL);
	KUNIT_EXPECT_EQ(test, limits.logical_block_size, 1000);
}

/* A name or a number that another disk has */

struct sk_taken_case {
	const char	*name;
	const char	*disk_name;
	int		first_minor;
};

static const struct sk_taken_case sk_taken_cases[] = {
	{ "name", MQK_NAME, 1 },
	{ "number", MQK_NAME "_", 0 },
};

KUNIT_ARRAY_PARAM_DESC(sk_taken, sk_taken_cases, name);

static void sk_disk_taken_test(struct kunit *test)
{
	const struct mqblk_set_params params =
		mqk_set_params(&mqk_poll_ops, 1, 1);
	const struct sk_taken_case *param = test->param_value;
	struct mqk_dev *taken = mqk_dev_create(test, &params);
	struct mqk_dev *dev = mqk_set_create(test, &params);
	const struct queue_limits limits = {};
	struct gendisk *disk;

	dev->major = taken->major;
	dev->first_minor = param->first_minor;
	/* sysfs tells of it with a stack trace. */
	mqk_expect_begin("Call Trace|lockdep_");
	disk = mqk_disk_add(dev, param->disk_name, &limits, 0);
	mqk_expect_end();
	sk_expect_no_disk(test, dev, disk, -EEXIST);
	sk_expect_counts(test, taken, 1, 1);
}

/* What the caller asked for is what the disk is. */
static void sk_disk_params_test(struct kunit *test)
{
	const struct queue_limits limits = {
		.logical_block_size	= 4096,
		.max_hw_sectors		= 256,
	};
	struct mqk_dev *dev = sk_disk_prepare(test);
	struct gendisk *disk = mqk_disk_add(dev, MQK_NAME, &limits, 64);

	KUNIT_ASSERT_FALSE(test, IS_ERR(disk));
	KUNIT_EXPECT_STREQ(test, disk->disk_name, MQK_NAME);
	KUNIT_EXPECT_PTR_EQ(test, disk->private_data, (void *)dev);
	KUNIT_EXPECT_PTR_EQ(test, disk->queue->queuedata, (void *)dev);
	KUNIT_EXPECT_PTR_EQ(test, disk->fops, &mqk_fops);
	KUNIT_EXPECT_EQ(test, get_capacity(disk), 64);
	KUNIT_EXPECT_EQ(test, disk_devt(disk), MKDEV(dev->major, 0));
	KUNIT_EXPECT_EQ(test, queue_logical_block_size(disk->queue), 4096);
	KUNIT_EXPECT_EQ(test, queue_max_hw_sectors(disk->queue), 256);
	mqblk_disk_remove(disk);
	KUNIT_EXPECT_EQ(test, dev->nr_exit, dev->nr_init);
}

static struct kunit_case sk_cases[] = {
	KUNIT_CASE_PARAM(sk_param_test, sk_param_gen_params),
	KUNIT_CASE(sk_timeout_param_test),
	KUNIT_CASE(sk_map_test),
	KUNIT_CASE(sk_map_fallback_test),
	KUNIT_CASE(sk_map_one_type_test),
	KUNIT_CASE_SLOW(sk_resize_test),
	KUNIT_CASE(sk_resize_one_type_test),
	KUNIT_CASE(sk_resize_invalid_test),
	KUNIT_CASE(sk_resize_busy_test),
	KUNIT_CASE_PARAM(sk_resize_fail_test, sk_resize_gen_params),
	KUNIT_CASE(sk_resize_init_hctx_test),
	KUNIT_CASE(sk_set_fail_test),
	KUNIT_CASE_SLOW(sk_disk_alloc_fail_test),
	KUNIT_CASE_SLOW(sk_disk_add_fail_test),
	KUNIT_CASE(sk_disk_init_hctx_test),
	KUNIT_CASE_PARAM(sk_disk_name_test, sk_name_gen_params),
	KUNIT_CASE(sk_disk_limits_test),
	KUNIT_CASE_PARAM(sk_disk_taken_test, sk_taken_gen_params),
	KUNIT_CASE(sk_disk_params_test),
	{}
};

static struct kunit_suite sk_suite = {
	.name		= "mqblk_set",
	.suite_init	= mqk_suite_init,
	.suite_exit	= mqk_suite_exit,
	.test_cases	= sk_cases,
};

kunit_test_suite(sk_suite);
