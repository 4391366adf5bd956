// SPDX-License-Identifier: GPL-2.0
/*
 * The floor driver: the four steps of linux/mqblk.h and nothing else.
 *
 * It completes every request at once, batched where the block layer gives it a
 * batch. A benchmark on /dev/mqfloor0 measures what the block layer costs; the
 * distance of another driver from it is what that driver costs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mqblk.h>

static unsigned int queues = 1;
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "hardware queues, 1 to the number of CPUs");

static unsigned int depth = 64;
module_param(depth, uint, 0444);
MODULE_PARM_DESC(depth, "requests per hardware queue, 1 to 10240");

static unsigned int gb = 250;
module_param(gb, uint, 0444);
MODULE_PARM_DESC(gb, "size of the disk in GiB");

static int floor_major;
static struct mqblk_set floor_set;
static struct gendisk *floor_disk;

static blk_status_t floor_queue_rq(struct blk_mq_hw_ctx *hctx,
				   const struct blk_mq_queue_data *bd)
{
	mqblk_rq_start(bd->rq);
	mqblk_rq_end(bd->rq, BLK_STS_OK, NULL);
	return BLK_STS_OK;
}

static void floor_queue_rqs(struct rq_list *rqs)
{
	DEFINE_IO_COMP_BATCH(iob);
	struct request *rq;

	while ((rq = rq_list_pop(rqs))) {
		mqblk_rq_start(rq);
		mqblk_rq_end(rq, BLK_STS_OK, &iob);
	}
	mqblk_batch_end(&iob);
}

static const struct blk_mq_ops floor_mq_ops = {
	.queue_rq	= floor_queue_rq,
	.queue_rqs	= floor_queue_rqs,
};

static const struct block_device_operations floor_fops = {
	.owner = THIS_MODULE,
};

static int __init floor_add(void)
{
	const struct queue_limits limits = {};
	const struct mqblk_disk_params params = {
		.name		= "mqfloor0",
		.fops		= &floor_fops,
		.limits		= &limits,
		.capacity_sects	= (sector_t)gb << (30 - SECTOR_SHIFT),
		.major		= floor_major,
		.minors		= 1,
	};

	floor_disk = mqblk_disk_add(&floor_set, &params);
	return PTR_ERR_OR_ZERO(floor_disk);
}

static int __init floor_init(void)
{
	const struct mqblk_set_params params = {
		.ops		= &floor_mq_ops,
		.pdu_bytes	= sizeof(struct mqblk_rq),
		.depth		= depth,
		.nr_default	= queues,
		.node		= NUMA_NO_NODE,
	};
	int ret;

	floor_major = register_blkdev(0, KBUILD_MODNAME);
	if (floor_major < 0)
		return floor_major;
	ret = mqblk_set_init(&floor_set, &params);
	if (ret)
		goto unregister;
	ret = floor_add();
	if (ret)
		goto exit_set;
	return 0;
exit_set:
	mqblk_set_exit(&floor_set);
unregister:
	unregister_blkdev(floor_major, KBUILD_MODNAME);
	pr_err("cannot make the disk: error %d\n", ret);
	return ret;
}

static void __exit floor_exit(void)
{
	mqblk_disk_remove(floor_disk);
	mqblk_set_exit(&floor_set);
	unregister_blkdev(floor_major, KBUILD_MODNAME);
}

module_init(floor_init);
module_exit(floor_exit);
MODULE_DESCRIPTION("The least blk-mq driver, as a lower bound for benchmarks");
MODULE_LICENSE("GPL");
