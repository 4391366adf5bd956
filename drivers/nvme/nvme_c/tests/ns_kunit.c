// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of scans for namespaces, and of what becomes of their disks. The test answers
 * in the controller's place. Where it has no page for namespaces none of them can be
 * used, so that no disk is made; else the disks are real, and read as zeros.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/highmem.h>
#include <linux/string.h>

#include "../ctrl.h"
#include "../ident.h"
#include "../ns.h"
#include "../queue.h"
#include "../quirks.h"
#include "../state.h"

/* No list of active namespaces: Invalid Field, Do Not Retry */
#define NK_NO_LIST	(NVME_SC_INVALID_FIELD | NVME_STATUS_DNR)

/**
 * struct nk_dev - a controller that is only what scans need
 * @ctrl: the controller
 * @nr_active: ids in its list: 1, 2, ...
 * @bad_at: the id in whose place the list repeats the one before; 0: none
 * @list_status: [n]: what the (n + 1)th page of the list is answered with
 * @nr_lists: pages of the list that were asked for
 * @nr_ns: namespaces that were asked for
 * @last: the last of them
 * @stop_at: the number of @nr_ns that makes @state
 * @state: likewise
 * @id: what each namespace says; all zeros without a disk
 * @descs: likewise, its descriptors
 * @descs_status: with which status
 * @released: nobody has a reference of @ctrl any more
 */
struct nk_dev {
	struct nvmec_ctrl	ctrl;
	unsigned int		nr_active;
	u32			bad_at;
	int			list_status[5];
	unsigned int		nr_lists;
	unsigned int		nr_ns;
	u32			last;
	unsigned int		stop_at;
	enum nvmec_state	state;
	struct nvme_id_ns	id;
	u8			descs[64];
	int			descs_status;
	struct completion	released;
};

static int nk_list(struct nk_dev *dev, u32 after, __le32 *page)
{
	u32 nsid = after + 1, i;

	for (i = 0; i < 1024 && nsid <= dev->nr_active; i++, nsid++)
		page[i] = cpu_to_le32(nsid == dev->bad_at ? nsid - 1 : nsid);
	return dev->list_status[dev->nr_lists++];
}

static int nk_namespace(struct nk_dev *dev, u32 nsid, void *page)
{
	memcpy(page, &dev->id, sizeof(dev->id));
	dev->last = nsid;
	if (++dev->nr_ns == dev->stop_at)
		nvmec_ctrl_set_state(&dev->ctrl, dev->state);
	return 0;
}

static int nk_identify(struct nvmec_ctrl *ctrl, u8 cns, u32 nsid, void *page)
{
	struct nk_dev *dev = container_of(ctrl, struct nk_dev, ctrl);

	memset(page, 0, NVME_IDENTIFY_DATA_SIZE);
	if (cns == NVME_ID_CNS_NS_ACTIVE_LIST)
		return nk_list(dev, nsid, page);
	if (cns == NVME_ID_CNS_NS_DESC_LIST) {
		memcpy(page, dev->descs, sizeof(dev->descs));
		return dev->descs_status;
	}
	return nk_namespace(dev, nsid, page);
}

static struct nk_dev *nk_create(struct kunit *test, unsigned int nr_active)
{
	struct nk_dev *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);
	struct pci_dev *pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_ASSERT_NOT_NULL(test, pdev);
	/* Newer kernels map nothing for a device without a mask. */
	pdev->dma_mask = DMA_BIT_MASK(64);
	pdev->dev.dma_mask = &pdev->dma_mask;
	dev->ctrl.pdev = pdev;
	dev->ctrl.dev.init_name = "nk";
	spin_lock_init(&dev->ctrl.state_lock);
	mutex_init(&dev->ctrl.ns_lock);
	mutex_init(&dev->ctrl.scan_lock);
	/* It has no admin queue: hwmon, which would ask, finds none of the requests free. */
	sema_init(&dev->ctrl.user_admin, 1);
	KUNIT_ASSERT_EQ(test, down_trylock(&dev->ctrl.user_admin), 0);
	INIT_LIST_HEAD(&dev->ctrl.namespaces);
	dev->ctrl.state = NVMEC_LIVE;
	dev->ctrl.ident.nn = 8192;
	dev->ctrl.vs = NVME_VS(1, 4, 0);
	dev->nr_active = nr_active;
	kunit_activate_static_stub(test, nvmec_ns_identify, nk_identify);
	return dev;
}

static int nk_scan(struct nk_dev *dev)
{
	int ret;

	mutex_lock(&dev->ctrl.scan_lock);
	ret = nvmec_scan(&dev->ctrl);
	mutex_unlock(&dev->ctrl.scan_lock);
	return ret;
}

/* Pages of 1024 ids; one that is full is followed by another. */
static void nk_list_test(struct kunit *test)
{
	static const struct {
		unsigned int	nr_active;
		unsigned int	nr_lists;
		unsigned int	nr_ns;
	} cases[] = {
		{ 0, 1, 0 },
		{ 1, 1, 1 },
		{ 1023, 1, 1023 },
		{ 1024, 2, 1024 },
		{ 1025, 2, 1025 },
		/* No more than 4096 get a disk. */
		{ 4096, 4, 4096 },
		{ 4097, 4, 4096 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nk_dev *dev = nk_create(test, cases[i].nr_active);

		KUNIT_EXPECT_EQ(test, nk_scan(dev), 0);
		KUNIT_EXPECT_EQ(test, dev->nr_lists, cases[i].nr_lists);
		KUNIT_EXPECT_EQ(test, dev->nr_ns, cases[i].nr_ns);
		KUNIT_EXPECT_EQ(test, dev->last, cases[i].nr_ns);
	}
}

/* Nonsense, on whatever page, is an error, and no namespace is looked at. */
static void nk_nonsense_test(struct kunit *test)
{
	static const u32 bad_at[] = { 2, 1024, 1026, 2000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_at); i++) {
		struct nk_dev *dev = nk_create(test, 2000);

		dev->bad_at = bad_at[i];
		KUNIT_EXPECT_EQ(test, nk_scan(dev), -EBADMSG);
		KUNIT_EXPECT_EQ(test, dev->nr_ns, 0);
	}
}

/* Without a list the ids are tried, but for more than 1024. */
static void nk_sequential_test(struct kunit *test)
{
	struct nk_dev *dev = nk_create(test, 0);

	dev->list_status[0] = NK_NO_LIST;
	KUNIT_EXPECT_EQ(test, nk_scan(dev), 0);
	KUNIT_EXPECT_EQ(test, dev->nr_ns, 1024);

	dev = nk_create(test, 0);
	dev->list_status[0] = NK_NO_LIST;
	dev->ctrl.ident.nn = 3;
	KUNIT_EXPECT_EQ(test, nk_scan(dev), 0);
	KUNIT_EXPECT_EQ(test, dev->nr_ns, 3);
}

/* Who has answered with a page has a list: an error is none of its absence. */
static void nk_later_page_test(struct kunit *test)
{
	struct nk_dev *dev = nk_create(test, 2000);

	dev->list_status[1] = NK_NO_LIST;
	KUNIT_EXPECT_EQ(test, nk_scan(dev), -EIO);
	KUNIT_EXPECT_EQ(test, dev->nr_ns, 0);

	dev = nk_create(test, 2);
	KUNIT_EXPECT_EQ(test, nk_scan(dev), 0);
	KUNIT_EXPECT_EQ(test, dev->nr_ns, 2);
	dev->list_status[1] = NK_NO_LIST;
	KUNIT_EXPECT_EQ(test, nk_scan(dev), -EIO);
	KUNIT_EXPECT_EQ(test, dev->nr_ns, 2);
}

/* An error that may pass is one, on any page. */
static void nk_transient_test(struct kunit *test)
{
	struct nk_dev *dev = nk_create(test, 2000);

	dev->list_status[0] = NVME_SC_INTERNAL;
	KUNIT_EXPECT_EQ(test, nk_scan(dev), -EIO);
	dev->list_status[2] = -EINTR;
	KUNIT_EXPECT_EQ(test, nk_scan(dev), -EINTR);
	KUNIT_EXPECT_EQ(test, dev->nr_ns, 0);
}

/* Who lets go of the controller waits for one answer, not for all of them. */
static void nk_state_test(struct kunit *test)
{
	static const enum nvmec_state states[] = {
		NVMEC_RESETTING, NVMEC_REMOVING, NVMEC_DEAD,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		struct nk_dev *dev = nk_create(test, 4096);

		dev->stop_at = 3;
		dev->state = states[i];
		KUNIT_EXPECT_EQ(test, nk_scan(dev), -ECANCELED);
		KUNIT_EXPECT_EQ(test, dev->nr_ns, 3);
	}
}

/* Nor does who wants the lock that a scan holds. */
static void nk_unwanted_test(struct kunit *test)
{
	struct nk_dev *dev = nk_create(test, 4096);

	dev->ctrl.scan_unwanted = true;
	KUNIT_EXPECT_EQ(test, nk_scan(dev), -EAGAIN);
	KUNIT_EXPECT_EQ(test, dev->nr_ns, 0);
	KUNIT_ASSERT_TRUE(test, nvmec_scan_lock(&dev->ctrl, MSEC_PER_SEC));
	mutex_unlock(&dev->ctrl.scan_lock);
	KUNIT_EXPECT_EQ(test, nk_scan(dev), 0);
}

/* --- with disks ----------------------------------------------------------- */

static blk_status_t nk_queue_rq(struct blk_mq_hw_ctx *hctx,
				const struct blk_mq_queue_data *bd)
{
	struct req_iterator iter;
	struct bio_vec bv;

	blk_mq_start_request(bd->rq);
	if (req_op(bd->rq) == REQ_OP_READ)
		rq_for_each_segment(bv, bd->rq, iter)
			memzero_bvec(&bv);
	blk_mq_end_request(bd->rq, BLK_STS_OK);
	return BLK_STS_OK;
}

static const struct blk_mq_ops nk_ops = {
	.queue_rq	= nk_queue_rq,
	.map_queues	= mqblk_map_queues,
};

/* The memory is the test's, which must not end before. */
static void nk_release(struct device *dev)
{
	struct nvmec_ctrl *ctrl = container_of(dev, struct nvmec_ctrl, dev);

	complete(&container_of(ctrl, struct nk_dev, ctrl)->released);
}

static void nk_remove(void *data)
{
	struct nk_dev *dev = data;

	nvmec_ns_remove_all(&dev->ctrl);
	device_unregister(&dev->ctrl.dev);
	/* A disk that was read for partitions is closed by a work. */
	WARN_ON(!wait_for_completion_timeout(&dev->released, 20 * HZ));
	mqblk_set_exit(&dev->ctrl.io_set);
}

/* Controller nkN, N a digit, with a namespace of 1 MiB, which has a UUID. */
static struct nk_dev *nk_create_disk(struct kunit *test, const char *name)
{
	const struct mqblk_set_params params = {
		.ops		= &nk_ops,
		.pdu_bytes	= sizeof(struct mqblk_rq),
		.depth		= 4,
		.nr_default	= 1,
	};
	struct nk_dev *dev = nk_create(test, 1);

	dev->ctrl.ident.max_bytes = SZ_1M;
	dev->id.nsze = cpu_to_le64(2048);
	dev->id.ncap = cpu_to_le64(2048);
	dev->id.lbaf[0].ds = 9;
	dev->descs[0] = 3;
	dev->descs[1] = 16;
	memset(dev->descs + 4, 0x33, 16);
	dev->ctrl.index = name[2] - '0';
	dev->ctrl.dev.init_name = name;
	dev->ctrl.dev.release = nk_release;
	init_completion(&dev->released);
	KUNIT_ASSERT_EQ(test, mqblk_set_init(&dev->ctrl.io_set, &params), 0);
	KUNIT_ASSERT_EQ(test, device_register(&dev->ctrl.dev), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, nk_remove, dev), 0);
	return dev;
}

/* A scan with all that follows from it. Returns the disk's namespace, or NULL. */
static struct nvmec_ns *nk_scan_disk(struct nk_dev *dev)
{
	dev->nr_lists = 0;
	nvmec_scan_work(&dev->ctrl.scan_work);
	return list_first_entry_or_null(&dev->ctrl.namespaces, struct nvmec_ns,
					entry);
}

static void nk_vanish_test(struct kunit *test)
{
	struct nk_dev *dev = nk_create_disk(test, "nk0");
	struct nvmec_ns *ns = nk_scan_disk(dev);

	KUNIT_ASSERT_NOT_NULL(test, ns);
	dev->nr_active = 3;
	dev->bad_at = 2;
	KUNIT_EXPECT_PTR_EQ(test, nk_scan_disk(dev), ns);
	dev->bad_at = 0;
	dev->nr_active = 0;
	dev->list_status[0] = NK_NO_LIST;
	dev->ctrl.ident.nn = 0;
	KUNIT_EXPECT_PTR_EQ(test, nk_scan_disk(dev), ns);
	dev->list_status[0] = 0;
	KUNIT_EXPECT_NULL(test, nk_scan_disk(dev));
}

/* What does not describe a namespace any more does not make another one of it. */
static void nk_undescribed_test(struct kunit *test)
{
	struct nk_dev *dev = nk_create_disk(test, "nk0");
	struct nvmec_ns *ns = nk_scan_disk(dev);

	KUNIT_ASSERT_NOT_NULL(test, ns);
	dev->descs_status = NK_NO_LIST;
	KUNIT_EXPECT_PTR_EQ(test, nk_scan_disk(dev), ns);
	dev->descs_status = NVME_SC_INTERNAL;
	KUNIT_EXPECT_PTR_EQ(test, nk_scan_disk(dev), ns);
	dev->descs_status = 0;
	dev->descs[1] = 15;
	KUNIT_EXPECT_PTR_EQ(test, nk_scan_disk(dev), ns);
	memset(dev->descs, 0, sizeof(dev->descs));
	KUNIT_EXPECT_PTR_EQ(test, nk_scan_disk(dev), ns);
	memset(dev->descs, 0xff, sizeof(dev->descs));
	KUNIT_EXPECT_PTR_EQ(test, nk_scan_disk(dev), ns);
	KUNIT_EXPECT_EQ(test, ns->id.uuid[0], 0x33);
}

/* The disk stays, and follows what the controller and the namespace say. */
static void nk_follow_test(struct kunit *test)
{
	struct nk_dev *dev = nk_create_disk(test, "nk0");
	struct nvmec_ns *ns = nk_scan_disk(dev);
	struct queue_limits *lim;

	KUNIT_ASSERT_NOT_NULL(test, ns);
	lim = &ns->disk->queue->limits;
	KUNIT_EXPECT_EQ(test, lim->max_hw_sectors, 2048);
	KUNIT_EXPECT_FALSE(test, blk_queue_write_cache(ns->disk->queue));

	dev->ctrl.ident.max_bytes = SZ_64K;
	dev->ctrl.ident.vwc = true;
	dev->ctrl.ident.max_zeroes_bytes = SZ_64K;
	dev->ctrl.ident.awupf = 7;
	dev->id.nsattr = 1;
	dev->id.nsze = cpu_to_le64(1024);
	dev->id.dlfeat = 9;
	KUNIT_ASSERT_PTR_EQ(test, nk_scan_disk(dev), ns);
	KUNIT_EXPECT_EQ(test, lim->max_hw_sectors, 128);
	KUNIT_EXPECT_EQ(test, lim->max_sectors, 128);
	KUNIT_EXPECT_EQ(test, lim->max_write_zeroes_sectors, 128);
	KUNIT_EXPECT_EQ(test, lim->atomic_write_unit_max, 4096);
	KUNIT_EXPECT_TRUE(test, blk_queue_write_cache(ns->disk->queue));
	KUNIT_EXPECT_TRUE(test, get_disk_ro(ns->disk));
	KUNIT_EXPECT_EQ(test, get_capacity(ns->disk), 1024);
	KUNIT_EXPECT_TRUE(test, ns->deac);

	dev->ctrl.ident.max_bytes = SZ_1M;
	dev->ctrl.ident.vwc = false;
	dev->id.nsattr = 0;
	KUNIT_ASSERT_PTR_EQ(test, nk_scan_disk(dev), ns);
	KUNIT_EXPECT_EQ(test, lim->max_hw_sectors, 2048);
	KUNIT_EXPECT_FALSE(test, blk_queue_write_cache(ns->disk->queue));
	KUNIT_EXPECT_FALSE(test, get_disk_ro(ns->disk));
}

/* An identity that another disk has is not shown, and comes back with another disk. */
static void nk_duplicate_test(struct kunit *test)
{
	struct nk_dev *first = nk_create_disk(test, "nk0");
	struct nk_dev *second = nk_create_disk(test, "nk1");
	struct nvmec_ns *a, *b;

	memset(first->id.eui64, 0x11, sizeof(first->id.eui64));
	memset(second->id.eui64, 0x22, sizeof(second->id.eui64));
	a = nk_scan_disk(first);
	b = nk_scan_disk(second);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_EXPECT_EQ(test, a->head.id.uuid[0], 0x33);
	KUNIT_EXPECT_EQ(test, b->head.id.uuid[0], 0);
	KUNIT_EXPECT_EQ(test, b->head.id.eui64[0], 0x22);
	/* It still is the namespace that it was. */
	KUNIT_EXPECT_PTR_EQ(test, nk_scan_disk(second), b);

	first->nr_active = 0;
	second->nr_active = 0;
	KUNIT_EXPECT_NULL(test, nk_scan_disk(first));
	KUNIT_EXPECT_NULL(test, nk_scan_disk(second));
	second->nr_active = 1;
	b = nk_scan_disk(second);
	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_EXPECT_EQ(test, b->head.id.uuid[0], 0x33);
}

/**
 * struct nk_sharing - two controllers with a namespace of the same UUID
 * @name: of the case
 * @nqns: their subsystems
 * @cntlids: their ids there
 * @multi: they say that there may be others
 * @nmic: of the namespaces
 * @shown: both are shown with it
 */
struct nk_sharing {
	const char	*name;
	const char	*nqns[2];
	u16		cntlids[2];
	bool		multi;
	u8		nmic;
	bool		shown;
};

static const struct nk_sharing nk_sharings[] = {
	{ "shared", { "nqn.a", "nqn.a" }, { 1, 2 }, true, 1, true },
	{ "not of one subsystem", { "nqn.a", "nqn.b" }, { 1, 2 }, true, 1, false },
	{ "of none", { "", "" }, { 1, 2 }, true, 1, false },
	{ "the same controller", { "nqn.a", "nqn.a" }, { 1, 1 }, true, 1, false },
	{ "the only one", { "nqn.a", "nqn.a" }, { 1, 2 }, false, 1, false },
	{ "private", { "nqn.a", "nqn.a" }, { 1, 2 }, true, 0, false },
};

KUNIT_ARRAY_PARAM_DESC(nk_sharing, nk_sharings, name);

static void nk_sharing_test(struct kunit *test)
{
	const struct nk_sharing *param = test->param_value;
	struct nvmec_ns *ns[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct nk_dev *dev = nk_create_disk(test, i ? "nk1" : "nk0");

		strscpy(dev->ctrl.ident.subnqn, param->nqns[i], NVMEC_NQN_BYTES);
		dev->ctrl.ident.cntlid = param->cntlids[i];
		dev->ctrl.ident.multi = param->multi;
		dev->id.nmic = param->nmic;
		ns[i] = nk_scan_disk(dev);
		KUNIT_ASSERT_NOT_NULL(test, ns[i]);
	}
	KUNIT_EXPECT_EQ(test, ns[0]->head.id.uuid[0], 0x33);
	KUNIT_EXPECT_EQ(test, ns[1]->head.id.uuid[0], param->shown ? 0x33 : 0);
}

/* What a controller is too old for, or has a quirk for, it is not asked for. */
static void nk_version_test(struct kunit *test)
{
	struct nk_dev *dev = nk_create(test, 2);

	dev->ctrl.ident.nn = 5;
	dev->ctrl.vs = NVME_VS(1, 0, 0);
	KUNIT_EXPECT_EQ(test, nk_scan(dev), 0);
	KUNIT_EXPECT_EQ(test, dev->nr_lists, 0);
	KUNIT_EXPECT_EQ(test, dev->nr_ns, 5);

	dev = nk_create(test, 2);
	dev->ctrl.ident.nn = 5;
	dev->ctrl.quirks = BIT(NVMEC_QUIRK_NO_NS_LIST);
	KUNIT_EXPECT_EQ(test, nk_scan(dev), 0);
	KUNIT_EXPECT_EQ(test, dev->nr_lists, 0);

	dev = nk_create_disk(test, "nk0");
	dev->ctrl.vs = NVME_VS(1, 2, 1);
	KUNIT_ASSERT_NOT_NULL(test, nk_scan_disk(dev));
	KUNIT_EXPECT_EQ(test, nk_scan_disk(dev)->id.uuid[0], 0);
}

static void nk_bogus_ids_test(struct kunit *test)
{
	struct nk_dev *dev = nk_create_disk(test, "nk0");
	struct nvmec_ns *ns;

	dev->ctrl.quirks = BIT(NVMEC_QUIRK_BOGUS_IDS);
	memset(dev->id.eui64, 0x11, sizeof(dev->id.eui64));
	ns = nk_scan_disk(dev);
	KUNIT_ASSERT_NOT_NULL(test, ns);
	KUNIT_EXPECT_EQ(test, ns->id.uuid[0], 0);
	KUNIT_EXPECT_EQ(test, ns->id.eui64[0], 0);
	/* That they change means nothing, either. */
	memset(dev->id.eui64, 0x22, sizeof(dev->id.eui64));
	KUNIT_EXPECT_PTR_EQ(test, nk_scan_disk(dev), ns);
}

static struct kunit_case nk_cases[] = {
	KUNIT_CASE(nk_list_test),
	KUNIT_CASE(nk_nonsense_test),
	KUNIT_CASE(nk_sequential_test),
	KUNIT_CASE(nk_later_page_test),
	KUNIT_CASE(nk_transient_test),
	KUNIT_CASE(nk_state_test),
	KUNIT_CASE(nk_unwanted_test),
	KUNIT_CASE(nk_vanish_test),
	KUNIT_CASE(nk_undescribed_test),
	KUNIT_CASE(nk_follow_test),
	KUNIT_CASE(nk_version_test),
	KUNIT_CASE(nk_bogus_ids_test),
	KUNIT_CASE(nk_duplicate_test),
	KUNIT_CASE_PARAM(nk_sharing_test, nk_sharing_gen_params),
	{}
};

static struct kunit_suite nk_suite = {
	.name		= "nvme_c_ns",
	.test_cases	= nk_cases,
};

kunit_test_suite(nk_suite);
