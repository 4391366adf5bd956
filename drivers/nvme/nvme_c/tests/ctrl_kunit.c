// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of a controller's states, of what its registers say, and of the number of
 * its queues. The registers are memory of the test.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/pci.h>
#include <linux/string.h>

#include "../counts.h"
#include "../ctrl.h"
#include "../main.h"
#include "../queue.h"
#include "../regs.h"
#include "../state.h"
#include "bar_kunit.h"

/* How long a change that a test makes later comes later. */
#define SK_LATER_MS	50
/* A limit that no test reaches: the runner gives up before. */
#define SK_HOURS_MS	(3600 * MSEC_PER_SEC)

/**
 * struct sk_dev - a controller that is only what the tests need
 * @ctrl: the controller
 * @nr_works: how often its reset_work ran
 * @later: writes @csts, and sets @state, in a while
 * @csts: what CSTS becomes
 * @state: what the state becomes
 */
struct sk_dev {
	struct nvmec_ctrl	ctrl;
	unsigned int		nr_works;
	struct delayed_work	later;
	u32			csts;
	enum nvmec_state	state;
};

static void sk_reset_work(struct work_struct *work)
{
	container_of(work, struct sk_dev, ctrl.reset_work)->nr_works++;
}

static void sk_flush(void *data)
{
	struct sk_dev *dev = data;

	flush_work(&dev->ctrl.reset_work);
	flush_delayed_work(&dev->later);
}

static void sk_later_work(struct work_struct *work)
{
	struct sk_dev *dev = container_of(to_delayed_work(work), struct sk_dev,
					  later);

	writel(dev->csts, dev->ctrl.bar + NVME_REG_CSTS);
	nvmec_ctrl_set_state(&dev->ctrl, dev->state);
}

static struct sk_dev *sk_create(struct kunit *test)
{
	struct sk_dev *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev->ctrl.dev.init_name = "nvmec_kunit";
	dev->ctrl.bar = nvk_bar(test, NVME_REG_DBS);
	dev->ctrl.pdev = kunit_kzalloc(test, sizeof(*dev->ctrl.pdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, dev->ctrl.pdev);
	dev->ctrl.pdev->error_state = pci_channel_io_normal;
	spin_lock_init(&dev->ctrl.state_lock);
	INIT_WORK(&dev->ctrl.reset_work, sk_reset_work);
	INIT_DELAYED_WORK(&dev->later, sk_later_work);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, sk_flush,
							   dev));
	return dev;
}

static void sk_write(struct sk_dev *dev, unsigned int reg, u32 value)
{
	writel(value, dev->ctrl.bar + reg);
}

static u32 sk_read(struct sk_dev *dev, unsigned int reg)
{
	return readl(dev->ctrl.bar + reg);
}

/* --- states --------------------------------------------------------------- */

/**
 * struct sk_state - a state, and what may follow
 * @state: the state
 * @name: as users see it
 * @may: by the state that is wanted
 * @reset: nvmec_ctrl_reset() starts a reset
 * @kill: nvmec_ctrl_kill() kills it
 */
struct sk_state {
	enum nvmec_state	state;
	const char		*name;
	bool			may[NVMEC_DEAD + 1];
	bool			reset;
	bool			kill;
};

static const struct sk_state sk_states[] = {
	/*			      new, resetting, live, removing, dead */
	{ NVMEC_NEW, "new",		{ 0, 1, 0, 1, 1 }, true, true },
	{ NVMEC_RESETTING, "resetting",	{ 0, 0, 1, 1, 1 }, false, true },
	{ NVMEC_LIVE, "live",		{ 0, 1, 0, 1, 1 }, true, true },
	{ NVMEC_REMOVING, "deleting",	{ 0, 0, 0, 0, 1 }, false, true },
	{ NVMEC_DEAD, "dead",		{ 0, 0, 0, 0, 0 }, false, false },
};

KUNIT_ARRAY_PARAM_DESC(sk_state, sk_states, name);

static void sk_state_test(struct kunit *test)
{
	const struct sk_state *param = test->param_value;
	struct sk_dev *dev = sk_create(test);
	enum nvmec_state to;

	KUNIT_EXPECT_STREQ(test, nvmec_state_name(param->state), param->name);
	for (to = NVMEC_NEW; to <= NVMEC_DEAD; to++) {
		dev->ctrl.state = param->state;
		KUNIT_EXPECT_EQ_MSG(test, nvmec_ctrl_set_state(&dev->ctrl, to),
				    param->may[to], "to %s",
				    nvmec_state_name(to));
		KUNIT_EXPECT_EQ(test, nvmec_state(&dev->ctrl),
				param->may[to] ? to : param->state);
	}
}

/* Who changes the state queues the work; nobody else does. */
static void sk_reset_test(struct kunit *test)
{
	const struct sk_state *param = test->param_value;
	struct sk_dev *dev = sk_create(test);

	dev->ctrl.state = param->state;
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_reset(&dev->ctrl), param->reset);
	sk_flush(dev);
	KUNIT_EXPECT_EQ(test, dev->nr_works, param->reset);
	KUNIT_EXPECT_EQ(test, nvmec_state(&dev->ctrl),
			param->reset ? NVMEC_RESETTING : param->state);
	KUNIT_EXPECT_FALSE(test, nvmec_ctrl_reset(&dev->ctrl));
	sk_flush(dev);
	KUNIT_EXPECT_EQ(test, dev->nr_works, param->reset);
}

static void sk_kill_test(struct kunit *test)
{
	const struct sk_state *param = test->param_value;
	struct sk_dev *dev = sk_create(test);

	dev->ctrl.state = param->state;
	nvmec_ctrl_kill(&dev->ctrl);
	sk_flush(dev);
	KUNIT_EXPECT_EQ(test, dev->nr_works, param->kill);
	KUNIT_EXPECT_EQ(test, nvmec_state(&dev->ctrl), NVMEC_DEAD);
	nvmec_ctrl_kill(&dev->ctrl);
	sk_flush(dev);
	KUNIT_EXPECT_EQ(test, dev->nr_works, param->kill);
}

/**
 * struct sk_outcome - what becomes of a reset that somebody waits for
 * @name: of the case
 * @link: what the bus says about the way to the device
 * @later: what the state is SK_LATER_MS later, or 0 for no change
 * @ret: what he is told
 */
struct sk_outcome {
	const char		*name;
	pci_channel_state_t	link;
	enum nvmec_state	later;
	int			ret;
};

/* The work itself leaves the state as it was. */
static const struct sk_outcome sk_outcomes[] = {
	{ "live", pci_channel_io_normal, NVMEC_LIVE, 0 },
	{ "dead", pci_channel_io_normal, NVMEC_DEAD, -EIO },
	{ "live, then let go of", pci_channel_io_normal, NVMEC_REMOVING, 0 },
	{ "the bus is frozen", pci_channel_io_frozen, 0, -ENOLINK },
};

KUNIT_ARRAY_PARAM_DESC(sk_outcome, sk_outcomes, name);

static void sk_reset_wait_test(struct kunit *test)
{
	const struct sk_outcome *param = test->param_value;
	struct sk_dev *dev = sk_create(test);
	ktime_t begin = ktime_get();

	dev->ctrl.state = NVMEC_LIVE;
	dev->ctrl.pdev->error_state = param->link;
	dev->state = param->later;
	if (param->later)
		schedule_delayed_work(&dev->later, msecs_to_jiffies(SK_LATER_MS));
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_reset_wait(&dev->ctrl), param->ret);
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), begin),
			param->later ? SK_LATER_MS - 10 : 0);
	KUNIT_EXPECT_EQ(test, dev->nr_works, 1);
}

/* Whoever waits for another one's reset is told so, and does not wait. */
static void sk_reset_wait_busy_test(struct kunit *test)
{
	struct sk_dev *dev = sk_create(test);

	dev->ctrl.state = NVMEC_RESETTING;
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_reset_wait(&dev->ctrl), -EBUSY);
}

/* --- registers ------------------------------------------------------------ */

struct sk_csts {
	const char	*name;
	u32		csts;
	bool		gone;
	bool		failed;
};

/* Bit 0: ready; 1: fatal status; 2 and 3: shutdown; 4: subsystem reset. */
static const struct sk_csts sk_csts_cases[] = {
	{ "ready", 0x01, false, false },
	{ "ready, shut down", 0x09, false, false },
	{ "not ready", 0x00, false, true },
	{ "fatal", 0x03, false, true },
	{ "fatal, not ready", 0x02, false, true },
	{ "subsystem reset", 0x11, false, true },
	{ "all ones", 0xffffffff, true, true },
};

KUNIT_ARRAY_PARAM_DESC(sk_csts, sk_csts_cases, name);

static void sk_csts_test(struct kunit *test)
{
	const struct sk_csts *param = test->param_value;
	struct sk_dev *dev = sk_create(test);

	sk_write(dev, 0x1c, param->csts);
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_gone(&dev->ctrl), param->gone);
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_failed(&dev->ctrl), param->failed);
}

/* The bit is cleared by writing it, and no other is written. */
static void sk_ack_test(struct kunit *test)
{
	struct sk_dev *dev = sk_create(test);

	sk_write(dev, 0x1c, 0x11);
	nvmec_ack_subsystem_reset(&dev->ctrl);
	KUNIT_EXPECT_EQ(test, sk_read(dev, 0x1c), 0x10);
	sk_write(dev, 0x1c, 0x01);
	nvmec_ack_subsystem_reset(&dev->ctrl);
	KUNIT_EXPECT_EQ(test, sk_read(dev, 0x1c), 0x01);
	sk_write(dev, 0x1c, 0xffffffff);
	nvmec_ack_subsystem_reset(&dev->ctrl);
	KUNIT_EXPECT_EQ(test, sk_read(dev, 0x1c), 0xffffffff);
}

struct sk_disable {
	const char	*name;
	u32		cc;
	u32		csts;
	int		ret;
	u32		cc_after;
};

/* CC: bit 0: enable; 14 and 15: shutdown. */
static const struct sk_disable sk_disables[] = {
	{ "enabled", 0x00460001, 0x00, 0, 0x00460000 },
	{ "shut down", 0x0046c001, 0x08, 0, 0x00460000 },
	{ "failed, then not ready", 0x00460001, 0x02, 0, 0x00460000 },
	{ "never not ready", 0x00460001, 0x01, -ETIMEDOUT, 0x00460000 },
	{ "failed, still ready", 0x00460001, 0x03, -ETIMEDOUT, 0x00460000 },
	{ "goes away", 0x00460001, 0xffffffff, -ENODEV, 0x00460000 },
	{ "is gone", 0xffffffff, 0xffffffff, -ENODEV, 0xffffffff },
};

KUNIT_ARRAY_PARAM_DESC(sk_disable, sk_disables, name);

static void sk_disable_test(struct kunit *test)
{
	const struct sk_disable *param = test->param_value;
	struct sk_dev *dev = sk_create(test);

	dev->ctrl.stop_ms = 20;
	/* That is for another wait. */
	dev->ctrl.ready_ms = SK_HOURS_MS;
	sk_write(dev, 0x14, param->cc);
	sk_write(dev, 0x1c, param->csts);
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_disable(&dev->ctrl), param->ret);
	KUNIT_EXPECT_EQ(test, sk_read(dev, 0x14), param->cc_after);
}

/**
 * struct sk_wait - a wait for the controller
 * @name: of the case
 * @cc: CC before: bit 0: enable; 14 and 15: shutdown
 * @csts: CSTS before
 * @later: and SK_LATER_MS later, or 0 for no change
 * @state: what the controller's state becomes then
 * @limit_ms: how long the wait may be
 * @ret: what comes out
 * @least_ms: how long it is at least
 * @cc_after: CC after it
 */
struct sk_wait {
	const char		*name;
	u32			cc;
	u32			csts;
	u32			later;
	enum nvmec_state	state;
	u32			limit_ms;
	int			ret;
	unsigned int		least_ms;
	u32			cc_after;
};

static struct sk_dev *sk_wait_create(struct kunit *test)
{
	const struct sk_wait *param = test->param_value;
	struct sk_dev *dev = sk_create(test);

	dev->ctrl.state = NVMEC_RESETTING;
	sk_write(dev, 0x14, param->cc);
	sk_write(dev, 0x1c, param->csts);
	dev->csts = param->later;
	dev->state = param->state;
	if (param->later || param->state)
		schedule_delayed_work(&dev->later,
				      msecs_to_jiffies(SK_LATER_MS));
	return dev;
}

/* Waits of hours that nobody wants any more end. */
static const struct sk_wait sk_enables[] = {
	{ "at once", 0, 0x01, 0, 0, SK_HOURS_MS, 0, 0, 0x00460001 },
	{ "later", 0, 0x00, 0x01, 0, SK_HOURS_MS, 0, 40, 0x00460001 },
	{ "never", 0, 0x00, 0, 0, 60, -ETIMEDOUT, 60, 0x00460001 },
	{ "fails", 0, 0x00, 0x02, 0, SK_HOURS_MS, -EIO, 40, 0x00460001 },
	{ "goes away", 0, 0x00, 0xffffffff, 0, SK_HOURS_MS, -ENODEV, 40,
	  0x00460001 },
	{ "is let go of", 0, 0x00, 0, NVMEC_REMOVING, SK_HOURS_MS, -ECANCELED,
	  40, 0x00460001 },
	{ "is given up", 0, 0x00, 0, NVMEC_DEAD, SK_HOURS_MS, -ECANCELED, 40,
	  0x00460001 },
};

KUNIT_ARRAY_PARAM_DESC(sk_enable, sk_enables, name);

static void sk_enable_test(struct kunit *test)
{
	const struct sk_wait *param = test->param_value;
	struct sk_dev *dev = sk_wait_create(test);
	ktime_t begin = ktime_get();

	dev->ctrl.ready_ms = param->limit_ms;
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_enable(&dev->ctrl), param->ret);
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), begin),
			param->least_ms);
	KUNIT_EXPECT_EQ(test, sk_read(dev, 0x14), param->cc_after);
}

/* CSTS: bits 2 and 3: shutdown occurs (1), is complete (2). */
static const struct sk_wait sk_shutdowns[] = {
	{ "at once", 0x00460001, 0x09, 0, 0, SK_HOURS_MS, 0, 0, 0x00464001 },
	{ "later", 0x00460001, 0x05, 0x09, 0, SK_HOURS_MS, 0, 40, 0x00464001 },
	{ "while it is let go of", 0x00460001, 0x05, 0x09, NVMEC_REMOVING,
	  SK_HOURS_MS, 0, 40, 0x00464001 },
	{ "never begins", 0x00460001, 0x01, 0, 0, 60, -ETIMEDOUT, 60, 0x00464001 },
	{ "never ends", 0x00460001, 0x05, 0, 0, 60, -ETIMEDOUT, 60,
	  0x00464001 },
	{ "fails", 0x00460001, 0x05, 0x07, 0, SK_HOURS_MS, -EIO, 40,
	  0x00464001 },
	{ "goes away", 0x00460001, 0x05, 0xffffffff, 0, SK_HOURS_MS, -ENODEV, 40,
	  0x00464001 },
	{ "is not abrupt", 0x00468001, 0x09, 0, 0, SK_HOURS_MS, 0, 0,
	  0x00464001 },
	{ "is not enabled", 0x00460000, 0x00, 0, 0, SK_HOURS_MS, -ENODEV, 0,
	  0x00460000 },
	{ "is not ready yet", 0x00460001, 0x00, 0, 0, SK_HOURS_MS, -ENODEV, 0,
	  0x00460001 },
	{ "is gone", 0xffffffff, 0xffffffff, 0, 0, SK_HOURS_MS, -ENODEV, 0,
	  0xffffffff },
};

KUNIT_ARRAY_PARAM_DESC(sk_shutdown, sk_shutdowns, name);

static void sk_shutdown_test(struct kunit *test)
{
	const struct sk_wait *param = test->param_value;
	struct sk_dev *dev = sk_wait_create(test);
	ktime_t begin = ktime_get();

	dev->ctrl.ident.shutdown_ms = param->limit_ms;
	/* Why it is not done is for the log alone. */
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_shut_down(&dev->ctrl), !param->ret);
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), begin),
			param->least_ms);
	KUNIT_EXPECT_EQ(test, sk_read(dev, 0x14), param->cc_after);
}

/**
 * struct sk_cap - a controller's capabilities
 * @name: of the case
 * @cap_low: lower half of CAP: MQES in bits 0 to 15, TO in 24 to 31
 * @cap_high: upper half: DSTRD in bits 0 to 3, CSS in 5 to 12, MPSMIN in 16 to 19,
 *	CRMS in 27 and 28
 * @crto: CRTO, CRWMT in bits 0 to 15
 * @ret: what becomes of it
 * @ready_ms: how long it may take to enable it, in units of 500 ms and one more
 * @stop_ms: to disable it, likewise
 */
struct sk_cap {
	const char	*name;
	u32		cap_low;
	u32		cap_high;
	u32		crto;
	int		ret;
	u32		ready_ms;
	u32		stop_ms;
};

static const struct sk_cap sk_caps[] = {
	{ "ordinary", 0x140103ff, 0x00000020, 0, 0, 10500, 10500 },
	{ "TO: 0", 0x000103ff, 0x00000020, 0, 0, 500, 500 },
	{ "TO: the most", 0xff0103ff, 0x00000020, 0, 0, 128000, 128000 },
	{ "CRTO is not there", 0x140103ff, 0x00000020, 0xffff, 0, 10500, 10500 },
	{ "CRTO is longer", 0x140103ff, 0x08000020, 0x0028, 0, 20500, 10500 },
	{ "CRTO: the most", 0xff0103ff, 0x08000020, 0xffff, 0, 32768000, 128000 },
	{ "CRTO is shorter", 0x140103ff, 0x10000020, 0x0001, 0, 10500, 10500 },
	{ "MQES: 2 entries", 0x14010001, 0x00000020, 0, 0, 10500, 10500 },
	{ "MQES: 0", 0x14010000, 0x00000020, 0, -ENODEV },
	{ "MPSMIN: 8 KiB", 0x140103ff, 0x00010020, 0, -ENODEV },
	{ "MPSMIN: the most", 0x140103ff, 0x000f0020, 0, -ENODEV },
	{ "CSS: no NVM command set", 0x140103ff, 0x00001000, 0, -ENODEV },
	{ "all ones", 0xffffffff, 0xffffffff, 0xffffffff, -ENODEV },
	{ "all zero", 0, 0, 0, -ENODEV },
};

KUNIT_ARRAY_PARAM_DESC(sk_cap, sk_caps, name);

static void sk_cap_test(struct kunit *test)
{
	const struct sk_cap *param = test->param_value;
	struct sk_dev *dev = sk_create(test);

	sk_write(dev, 0x00, param->cap_low);
	sk_write(dev, 0x04, param->cap_high);
	sk_write(dev, 0x68, param->crto);
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_read_caps(&dev->ctrl), param->ret);
	if (!param->ret) {
		KUNIT_EXPECT_EQ(test, dev->ctrl.ready_ms, param->ready_ms);
		KUNIT_EXPECT_EQ(test, dev->ctrl.stop_ms, param->stop_ms);
		KUNIT_EXPECT_EQ(test, dev->ctrl.cap,
				(u64)param->cap_high << 32 | param->cap_low);
	}
}

/* A device that is gone reads as all ones everywhere; CSTS tells. */
static void sk_cap_gone_test(struct kunit *test)
{
	struct sk_dev *dev = sk_create(test);

	sk_write(dev, 0x00, 0x140103ff);
	sk_write(dev, 0x04, 0x00000020);
	sk_write(dev, 0x1c, 0xffffffff);
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_read_caps(&dev->ctrl), -ENODEV);
}

/* The doorbells were mapped for the stride that it had at first. */
static void sk_cap_stride_test(struct kunit *test)
{
	struct sk_dev *dev = sk_create(test);
	struct nvmec_queue *queues = dev->ctrl.queues;
	struct nvmec_queue made;

	sk_write(dev, 0x00, 0x140103ff);
	sk_write(dev, 0x04, 0x00000020);
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_read_caps(&dev->ctrl), 0);
	sk_write(dev, 0x04, 0x00000021);
	dev->ctrl.queues = &made;
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_read_caps(&dev->ctrl), -ENODEV);
	KUNIT_EXPECT_EQ(test, NVME_CAP_STRIDE(dev->ctrl.cap), 0);
	sk_write(dev, 0x04, 0x00000020);
	KUNIT_EXPECT_EQ(test, nvmec_ctrl_read_caps(&dev->ctrl), 0);
	dev->ctrl.queues = queues;
}

/* --- steps of bring-up ---------------------------------------------------- */

/* What the steps of a test do, and how often they were asked to. */
static int sk_step_rets[3];
static bool sk_step_silent[3];
static unsigned int sk_step_runs[3];

static int sk_step(struct nvmec_ctrl *ctrl, unsigned int nr)
{
	sk_step_runs[nr]++;
	if (sk_step_silent[nr])
		ctrl->no_answer = true;
	return sk_step_rets[nr];
}

static int sk_step_first(struct nvmec_ctrl *ctrl)
{
	return sk_step(ctrl, 0);
}

static int sk_step_extra(struct nvmec_ctrl *ctrl)
{
	return sk_step(ctrl, 1);
}

static int sk_step_last(struct nvmec_ctrl *ctrl)
{
	return sk_step(ctrl, 2);
}

static const struct nvmec_step sk_steps[] = {
	{ "first", sk_step_first },
	{ "extra", sk_step_extra, .optional = true },
	{ "last", sk_step_last },
};

/**
 * struct sk_run - a bring-up in three steps, of which the second is optional
 * @name: of the case
 * @state: of the controller
 * @rets: what the steps return
 * @silent: whether a command of theirs had no answer
 * @ret: what comes out
 * @runs: how often each ran
 * @again: what comes out the second time
 * @runs_again: how often each ran then, both times together
 */
struct sk_run {
	const char		*name;
	enum nvmec_state	state;
	int			rets[3];
	bool			silent[3];
	int			ret;
	unsigned int		runs[3];
	int			again;
	unsigned int		runs_again[3];
};

static const struct sk_run sk_runs[] = {
	{ "all well", NVMEC_RESETTING, { 0, 0, 0 }, { 0, 0, 0 },
	  0, { 1, 1, 1 }, 0, { 2, 2, 2 } },
	{ "the first fails", NVMEC_RESETTING, { -EIO, 0, 0 }, { 0, 0, 0 },
	  -EIO, { 1, 0, 0 }, -EIO, { 2, 0, 0 } },
	{ "the first has no answer", NVMEC_RESETTING, { -EIO, 0, 0 },
	  { 1, 0, 0 }, -ETIMEDOUT, { 1, 0, 0 }, -ETIMEDOUT, { 2, 0, 0 } },
	{ "another command has no answer", NVMEC_RESETTING, { 0, 0, 0 },
	  { 0, 0, 1 }, -ETIMEDOUT, { 1, 1, 1 }, -ETIMEDOUT, { 2, 2, 2 } },
	{ "the last fails", NVMEC_RESETTING, { 0, 0, -ENOMEM }, { 0, 0, 0 },
	  -ENOMEM, { 1, 1, 1 }, -ENOMEM, { 2, 2, 2 } },
	{ "the optional one fails", NVMEC_RESETTING, { 0, -EIO, 0 },
	  { 0, 0, 0 }, 0, { 1, 1, 1 }, 0, { 2, 2, 2 } },
	/* The controller is disabled: nothing may follow. */
	{ "the optional one has no answer", NVMEC_RESETTING, { 0, -EIO, 0 },
	  { 0, 1, 0 }, -EAGAIN, { 1, 1, 0 }, 0, { 2, 1, 1 } },
	{ "the optional one hides that", NVMEC_RESETTING, { 0, 0, 0 },
	  { 0, 1, 0 }, -EAGAIN, { 1, 1, 0 }, 0, { 2, 1, 1 } },
	{ "let go of", NVMEC_REMOVING, { 0, 0, 0 }, { 0, 0, 0 },
	  -ECANCELED, { 0, 0, 0 }, -ECANCELED, { 0, 0, 0 } },
	{ "given up", NVMEC_DEAD, { 0, 0, 0 }, { 0, 0, 0 },
	  -ECANCELED, { 0, 0, 0 }, -ECANCELED, { 0, 0, 0 } },
};

KUNIT_ARRAY_PARAM_DESC(sk_run, sk_runs, name);

static void sk_run_test(struct kunit *test)
{
	const struct sk_run *param = test->param_value;
	struct sk_dev *dev = sk_create(test);

	memcpy(sk_step_rets, param->rets, sizeof(sk_step_rets));
	memcpy(sk_step_silent, param->silent, sizeof(sk_step_silent));
	memset(sk_step_runs, 0, sizeof(sk_step_runs));
	dev->ctrl.state = param->state;
	KUNIT_EXPECT_EQ(test, nvmec_run_steps(&dev->ctrl, sk_steps, 3),
			param->ret);
	KUNIT_EXPECT_MEMEQ(test, sk_step_runs, param->runs,
			   sizeof(sk_step_runs));
	KUNIT_EXPECT_EQ(test, nvmec_run_steps(&dev->ctrl, sk_steps, 3),
			param->again);
	KUNIT_EXPECT_MEMEQ(test, sk_step_runs, param->runs_again,
			   sizeof(sk_step_runs));
}

/* --- how many queues ------------------------------------------------------ */

/**
 * struct sk_limit - queues by what they serve, and as many as there may be
 * @name: of the case
 * @before: default, read, poll
 * @total: the limit
 * @after: what is left
 */
struct sk_limit {
	const char			*name;
	struct mqblk_queue_counts	before;
	unsigned int			total;
	struct mqblk_queue_counts	after;
};

/* Poll queues first, but for one with an interrupt; then half for reads. */
static const struct sk_limit sk_limits[] = {
	{ "all fit", { 4, 0, 0 }, 4, { 4, 0, 0 } },
	{ "more than fit", { 8, 0, 0 }, 3, { 3, 0, 0 } },
	{ "one", { 8, 0, 0 }, 1, { 1, 0, 0 } },
	{ "reads: all fit", { 2, 8, 0 }, 10, { 2, 8, 0 } },
	{ "reads: half", { 8, 8, 0 }, 8, { 4, 4, 0 } },
	{ "reads: the smaller half", { 8, 8, 0 }, 7, { 4, 3, 0 } },
	{ "reads: few for writes", { 2, 8, 0 }, 7, { 2, 5, 0 } },
	{ "reads: one each", { 8, 8, 0 }, 2, { 1, 1, 0 } },
	{ "reads: none", { 8, 8, 0 }, 1, { 1, 0, 0 } },
	{ "polled: all fit", { 8, 0, 2 }, 10, { 8, 0, 2 } },
	{ "polled: the others give way", { 8, 0, 2 }, 6, { 4, 0, 2 } },
	{ "polled: but for one", { 8, 0, 8 }, 6, { 1, 0, 5 } },
	{ "polled: none", { 8, 0, 8 }, 1, { 1, 0, 0 } },
	{ "all three", { 8, 8, 2 }, 8, { 3, 3, 2 } },
	{ "all three, for two", { 8, 8, 8 }, 2, { 1, 0, 1 } },
};

KUNIT_ARRAY_PARAM_DESC(sk_limit, sk_limits, name);

static void sk_expect_counts(struct kunit *test,
			     const struct mqblk_queue_counts *counts,
			     const struct mqblk_queue_counts *expected)
{
	KUNIT_EXPECT_EQ(test, counts->nr_default, expected->nr_default);
	KUNIT_EXPECT_EQ(test, counts->nr_read, expected->nr_read);
	KUNIT_EXPECT_EQ(test, counts->nr_poll, expected->nr_poll);
}

static void sk_limit_test(struct kunit *test)
{
	const struct sk_limit *param = test->param_value;
	struct mqblk_queue_counts counts = param->before;

	nvmec_limit_counts(&counts, param->total);
	sk_expect_counts(test, &counts, &param->after);
	/* Asked again, it gives up no more. */
	nvmec_limit_counts(&counts, param->total);
	sk_expect_counts(test, &counts, &param->after);
}

/* One vector is the admin queue's, unless it is the only one. */
static const struct sk_limit sk_vectors[] = {
	{ "all there", { 4, 0, 0 }, 5, { 4, 0, 0 } },
	{ "one too few", { 4, 0, 0 }, 4, { 3, 0, 0 } },
	{ "two", { 4, 0, 0 }, 2, { 1, 0, 0 } },
	{ "one", { 4, 0, 0 }, 1, { 1, 0, 0 } },
	{ "reads: two", { 4, 4, 0 }, 2, { 1, 0, 0 } },
	{ "reads: three", { 4, 4, 0 }, 3, { 1, 1, 0 } },
	{ "reads: one", { 4, 4, 0 }, 1, { 1, 0, 0 } },
	{ "polled ones need none", { 4, 4, 3 }, 1, { 1, 0, 3 } },
};

KUNIT_ARRAY_PARAM_DESC(sk_vector, sk_vectors, name);

static void sk_vector_test(struct kunit *test)
{
	const struct sk_limit *param = test->param_value;
	struct mqblk_queue_counts counts = param->before;

	nvmec_limit_vectors(&counts, param->total);
	sk_expect_counts(test, &counts, &param->after);
}

static unsigned int sk_sum(const struct mqblk_queue_counts *counts)
{
	return counts->nr_default + counts->nr_read + counts->nr_poll;
}

#define SK_CPUS		6

/* As nvmec_wish_counts() does on so many CPUs. */
static struct mqblk_queue_counts sk_wished(unsigned int writes,
					   unsigned int polls)
{
	return (struct mqblk_queue_counts) {
		.nr_default	= writes ?: SK_CPUS,
		.nr_read	= writes ? SK_CPUS : 0,
		.nr_poll	= polls,
	};
}

static void sk_limit_all(struct kunit *test, unsigned int total)
{
	struct mqblk_queue_counts counts;
	unsigned int writes, polls, wish;

	for (writes = 0; writes <= SK_CPUS; writes++) {
		for (polls = 0; polls <= SK_CPUS; polls++) {
			counts = sk_wished(writes, polls);
			wish = sk_sum(&counts);
			nvmec_limit_counts(&counts, total);
			KUNIT_ASSERT_GE(test, counts.nr_default, 1);
			KUNIT_ASSERT_EQ_MSG(test, sk_sum(&counts),
					    min(wish, total),
					    "%u to write, %u to poll, %u in all",
					    writes, polls, total);
		}
	}
}

/* Whatever is wished for and granted: none is wasted, and one has an interrupt. */
static void sk_limit_all_test(struct kunit *test)
{
	unsigned int total;

	for (total = 1; total <= 3 * SK_CPUS + 1; total++)
		sk_limit_all(test, total);
}

struct sk_wish {
	const char	*name;
	unsigned int	write_queues;
	unsigned int	poll_queues;
	bool		reads;
};

static const struct sk_wish sk_wishes[] = {
	{ "no parameters", 0, 0, false },
	{ "one to write", 1, 0, true },
	{ "more to write than CPUs", UINT_MAX, 0, true },
	{ "one to poll", 0, 1, false },
	{ "more to poll than CPUs", 0, UINT_MAX, false },
	{ "all of them", UINT_MAX, UINT_MAX, true },
};

KUNIT_ARRAY_PARAM_DESC(sk_wish, sk_wishes, name);

static void sk_params_restore(void *saved)
{
	const struct sk_wish *params = saved;

	nvmec_write_queues = params->write_queues;
	nvmec_poll_queues = params->poll_queues;
}

/* The test may change the module parameters. */
static void sk_params_save(struct kunit *test)
{
	struct sk_wish *saved = kunit_kzalloc(test, sizeof(*saved), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, saved);
	saved->write_queues = nvmec_write_queues;
	saved->poll_queues = nvmec_poll_queues;
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, sk_params_restore,
						  saved));
}

static void sk_wish_test(struct kunit *test)
{
	const struct sk_wish *param = test->param_value;
	unsigned int cpus = num_possible_cpus();
	struct sk_dev *dev = sk_create(test);
	const struct mqblk_queue_counts expected = {
		.nr_default	= param->write_queues == 1 ? 1 : cpus,
		.nr_read	= param->reads ? cpus : 0,
		.nr_poll	= min(param->poll_queues, cpus),
	};

	sk_params_save(test);
	nvmec_write_queues = param->write_queues;
	nvmec_poll_queues = param->poll_queues;
	nvmec_wish_counts(&dev->ctrl);
	sk_expect_counts(test, &dev->ctrl.counts, &expected);
}

struct sk_room {
	const char	*name;
	size_t		bar_bytes;
	u8		stride;
	unsigned int	queues;
};

/* Doorbells begin at 0x1000; two for each queue, of 4 << stride bytes. */
static const struct sk_room sk_rooms[] = {
	{ "none", 0x1000, 0, 0 },
	{ "the admin queue's", 0x1008, 0, 0 },
	{ "one and a half", 0x100c, 0, 0 },
	{ "two pairs", 0x1010, 0, 1 },
	{ "a byte short of three", 0x1017, 0, 1 },
	{ "a page", 0x2000, 0, 511 },
	{ "a page, 16 bytes apart", 0x2000, 2, 127 },
	{ "a page, 128 KiB apart", 0x2000, 15, 0 },
	{ "two pairs, 128 KiB apart", 0x81000, 15, 1 },
};

KUNIT_ARRAY_PARAM_DESC(sk_room, sk_rooms, name);

static void sk_room_test(struct kunit *test)
{
	const struct sk_room *param = test->param_value;
	struct sk_dev *dev = sk_create(test);

	dev->ctrl.bar_bytes = param->bar_bytes;
	dev->ctrl.cap = (u64)param->stride << 32;
	KUNIT_EXPECT_EQ(test, nvmec_max_queues(&dev->ctrl), param->queues);
}

static struct kunit_case sk_cases[] = {
	KUNIT_CASE_PARAM(sk_state_test, sk_state_gen_params),
	KUNIT_CASE_PARAM(sk_reset_test, sk_state_gen_params),
	KUNIT_CASE_PARAM(sk_kill_test, sk_state_gen_params),
	KUNIT_CASE_PARAM(sk_reset_wait_test, sk_outcome_gen_params),
	KUNIT_CASE(sk_reset_wait_busy_test),
	KUNIT_CASE_PARAM(sk_csts_test, sk_csts_gen_params),
	KUNIT_CASE(sk_ack_test),
	KUNIT_CASE_PARAM(sk_disable_test, sk_disable_gen_params),
	KUNIT_CASE_PARAM(sk_enable_test, sk_enable_gen_params),
	KUNIT_CASE_PARAM(sk_shutdown_test, sk_shutdown_gen_params),
	KUNIT_CASE_PARAM(sk_cap_test, sk_cap_gen_params),
	KUNIT_CASE(sk_cap_gone_test),
	KUNIT_CASE(sk_cap_stride_test),
	KUNIT_CASE_PARAM(sk_run_test, sk_run_gen_params),
	KUNIT_CASE_PARAM(sk_limit_test, sk_limit_gen_params),
	KUNIT_CASE_PARAM(sk_vector_test, sk_vector_gen_params),
	KUNIT_CASE(sk_limit_all_test),
	KUNIT_CASE_PARAM(sk_wish_test, sk_wish_gen_params),
	KUNIT_CASE_PARAM(sk_room_test, sk_room_gen_params),
	{}
};

static struct kunit_suite sk_suite = {
	.name		= "nvme_c_ctrl",
	.test_cases	= sk_cases,
};

kunit_test_suite(sk_suite);
