// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI driver: probe and removal, power, and errors that the bus reports.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-mapping.h>
#include <linux/idr.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/pm_qos.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "admin.h"
#include "ana.h"
#include "apst.h"
#include "big.h"
#include "cmb.h"
#include "ctrl.h"
#include "disks.h"
#include "hmb.h"
#include "hwmon.h"
#include "inject.h"
#include "link.h"
#include "main.h"
#include "multi.h"
#include "ns.h"
#include "pci.h"
#include "prp.h"
#include "queue.h"
#include "quirks.h"
#include "recover.h"
#include "regs.h"
#include "rq.h"
#include "state.h"
#include "subsys.h"
#include "sysfs.h"
#include "user.h"

/*
 * How long those wait for a bring-up who hold the lock of the PCI device, without
 * which nobody can let go of it. Most controllers are ready in a few seconds.
 */
#define NVMEC_PATIENCE_US	(30 * USEC_PER_SEC)
/* How long a machine that is switched off waits for I/O, at most. */
#define NVMEC_DRAIN_MS		30000

static DEFINE_IDA(nvmec_indexes);

/* --- resources ------------------------------------------------------------ */

static int nvmec_make_pools(struct nvmec_ctrl *ctrl)
{
	struct device *dev = &ctrl->pdev->dev;

	ctrl->small_pool = dma_pool_create("nvmec small", dev,
					   NVMEC_SMALL_LIST_BYTES,
					   NVMEC_SMALL_LIST_BYTES, 0);
	ctrl->page_pool = dma_pool_create("nvmec page", dev, NVMEC_PAGE_SIZE,
					  NVMEC_PAGE_SIZE, 0);
	if (!ctrl->small_pool || !ctrl->page_pool)
		return -ENOMEM;
	return nvmec_big_init(ctrl);
}

static int nvmec_set_dma(struct pci_dev *pdev)
{
	int ret;

	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));
	/* A bounce buffer must not change where in a page data begins. */
	dma_set_min_align_mask(&pdev->dev, NVMEC_PAGE_SIZE - 1);
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	return ret;
}

static int nvmec_pci_enable(struct nvmec_ctrl *ctrl)
{
	struct pci_dev *pdev = ctrl->pdev;
	int ret;

	ret = pci_enable_device_mem(pdev);
	if (ret)
		return ret;
	ret = pci_request_mem_regions(pdev, KBUILD_MODNAME);
	if (ret)
		goto disable;
	ret = nvmec_set_dma(pdev);
	if (ret)
		goto release;
	ret = nvmec_regs_map(ctrl, NVMEC_MIN_BAR_BYTES);
	if (ret)
		goto release;
	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES);
	if (ret < 0)
		goto unmap;
	pci_save_state(pdev);
	return 0;
unmap:
	iounmap(ctrl->bar);
release:
	pci_release_mem_regions(pdev);
disable:
	pci_disable_device(pdev);
	return ret;
}

static void nvmec_pci_disable(struct nvmec_ctrl *ctrl)
{
	struct pci_dev *pdev = ctrl->pdev;

	pci_clear_master(pdev);
	pci_free_irq_vectors(pdev);
	iounmap(ctrl->bar);
	pci_release_mem_regions(pdev);
	pci_disable_device(pdev);
}

/* --- life ----------------------------------------------------------------- */

static void nvmec_ctrl_release(struct device *dev)
{
	struct nvmec_ctrl *ctrl = container_of(dev, struct nvmec_ctrl, dev);

	if (ctrl->admin_q)
		blk_put_queue(ctrl->admin_q);
	nvmec_effects_free(ctrl);
	nvmec_ana_free(ctrl->ana);
	pci_dev_put(ctrl->pdev);
	ida_free(&nvmec_indexes, ctrl->index);
	kfree(ctrl);
}

static struct nvmec_ctrl *nvmec_ctrl_alloc(struct pci_dev *pdev)
{
	struct nvmec_ctrl *ctrl;
	int ret;

	ctrl = kzalloc_node(sizeof(*ctrl), GFP_KERNEL, dev_to_node(&pdev->dev));
	if (!ctrl)
		return ERR_PTR(-ENOMEM);
	ret = ida_alloc(&nvmec_indexes, GFP_KERNEL);
	if (ret < 0) {
		kfree(ctrl);
		return ERR_PTR(ret);
	}
	ctrl->index = ret;
	ctrl->pdev = pci_dev_get(pdev);
	nvmec_quirks_find(ctrl);
	spin_lock_init(&ctrl->state_lock);
	spin_lock_init(&ctrl->big_lock);
	INIT_LIST_HEAD(&ctrl->big_kept);
	mutex_init(&ctrl->run_lock);
	mutex_init(&ctrl->ns_lock);
	mutex_init(&ctrl->scan_lock);
	mutex_init(&ctrl->ana_lock);
	mutex_init(&ctrl->hmb_lock);
	ctrl->io_timeout_ms = READ_ONCE(nvmec_io_timeout_ms);
	ctrl->hmb_wanted = true;
	ctrl->apst_most_us = READ_ONCE(nvmec_ps_max_latency_us);
	ctrl->latency_borne_us = PM_QOS_LATENCY_TOLERANCE_NO_CONSTRAINT;
	ctrl->admin_timeout_ms = nvmec_admin_timeout_ms;
	ctrl->scan_again = nvmec_scan_again;
	ctrl->ana_asked = jiffies;
	sema_init(&ctrl->user_admin, NVMEC_USER_TAGS);
	INIT_LIST_HEAD(&ctrl->namespaces);
	INIT_LIST_HEAD(&ctrl->refused_entry);
	INIT_WORK(&ctrl->reset_work, nvmec_reset_work);
	INIT_WORK(&ctrl->scan_work, nvmec_scan_work);
	INIT_DELAYED_WORK(&ctrl->scan_later, nvmec_scan_later);
	INIT_DELAYED_WORK(&ctrl->event_work, nvmec_event_work);
	INIT_WORK(&ctrl->abort_work, nvmec_abort_work);
	INIT_DELAYED_WORK(&ctrl->ana_work, nvmec_ana_work);
	INIT_DELAYED_WORK(&ctrl->apst_work, nvmec_apst_work);
	INIT_DELAYED_WORK(&ctrl->frozen_work, nvmec_frozen_work);
	INIT_DELAYED_WORK(&ctrl->lost_work, nvmec_lost_work);

	ctrl->dev.class = &nvmec_class;
	ctrl->dev.parent = &pdev->dev;
	ctrl->dev.groups = nvmec_ctrl_groups;
	ctrl->dev.release = nvmec_ctrl_release;
	device_initialize(&ctrl->dev);
	ret = dev_set_name(&ctrl->dev, "%s%d", nvmec_drop_in ? "nvme" : "nvmec",
			   ctrl->index);
	if (ret) {
		put_device(&ctrl->dev);
		return ERR_PTR(ret);
	}
	return ctrl;
}

/* Frees what bring-up and probe made; the controller is stopped. */
static void nvmec_ctrl_free_resources(struct nvmec_ctrl *ctrl)
{
	unsigned int i;

	if (ctrl->io_set_made)
		mqblk_set_exit(&ctrl->io_set);
	for (i = 1; i < ctrl->nr_queues; i++)
		nvmec_queue_free(&ctrl->queues[i]);
	nvmec_admin_shadows_free(ctrl);
	nvmec_hmb_free(ctrl);
	if (ctrl->admin_q)
		nvmec_admin_exit(ctrl);
	kfree(ctrl->queues);
	ctrl->queues = NULL;
	ctrl->nr_queues = 0;
	nvmec_big_exit(ctrl);
	dma_pool_destroy(ctrl->page_pool);
	dma_pool_destroy(ctrl->small_pool);
}

/*
 * The end, whatever the state: of works first, as they may add disks; then of
 * disks, whose dirty data is written while the controller still works; then of
 * the controller.
 */
static void nvmec_ctrl_end(struct nvmec_ctrl *ctrl)
{
	/* What was to be answered later is answered now: nothing shall wait for it. */
	nvmec_inject_remove(&ctrl->inject);
	cancel_delayed_work_sync(&ctrl->frozen_work);
	flush_work(&ctrl->reset_work);
	/* Gone, or paused with nobody to bring it back: its disks must not wait. */
	if (READ_ONCE(ctrl->io_quiesced) ||
	    !pci_device_is_present(ctrl->pdev) || nvmec_ctrl_gone(ctrl)) {
		nvmec_ctrl_kill(ctrl);
		flush_work(&ctrl->reset_work);
	}
	cancel_work_sync(&ctrl->scan_work);
	cancel_work_sync(&ctrl->abort_work);
	nvmec_multi_forget(ctrl);
	nvmec_ns_remove_all(ctrl);
	nvmec_hwmon_remove(ctrl);
	nvmec_subsys_leave(ctrl);
	nvmec_apst_remove(ctrl);
	nvmec_chardev_del(ctrl);
	cancel_delayed_work_sync(&ctrl->apst_work);

	/* It may have died of that. */
	flush_work(&ctrl->reset_work);
	nvmec_ctrl_set_state(ctrl, NVMEC_DEAD);
	mutex_lock(&ctrl->run_lock);
	nvmec_ctrl_bury(ctrl, true);
	mutex_unlock(&ctrl->run_lock);
	/* Those who may queue others first; the timeout handler is one of them. */
	cancel_delayed_work_sync(&ctrl->event_work);
	if (ctrl->admin_q)
		blk_sync_queue(ctrl->admin_q);
	cancel_delayed_work_sync(&ctrl->ana_work);
	cancel_delayed_work_sync(&ctrl->lost_work);
	cancel_work_sync(&ctrl->reset_work);
	cancel_delayed_work_sync(&ctrl->frozen_work);
	cancel_work_sync(&ctrl->abort_work);
	/* Each of the two may queue the other: a scan that ends now begins no other one. */
	disable_delayed_work_sync(&ctrl->scan_later);
	cancel_work_sync(&ctrl->scan_work);
}

/* Waits for the outcome of a bring-up, but not for the hours that it may take. */
static void nvmec_await_reset(struct nvmec_ctrl *ctrl)
{
	unsigned int busy;

	if (read_poll_timeout(work_busy, busy, !busy, 5000, NVMEC_PATIENCE_US,
			      false, &ctrl->reset_work))
		dev_warn(&ctrl->dev, "not ready in %ld s, goes on\n",
			 NVMEC_PATIENCE_US / USEC_PER_SEC);
}

static bool nvmec_takes_longer(struct request *rq, void *data)
{
	bool *found = data;

	*found = blk_rq_is_passthrough(rq) && nvmec_rq(rq)->user &&
		 max(rq->timeout, nvmec_rq(rq)->patience) > rq->q->rq_timeout;
	return !*found;
}

/* Is a command under way for which a user has chosen more than the usual time? */
static bool nvmec_has_long_command(struct nvmec_ctrl *ctrl)
{
	bool found = false;

	if (nvmec_state(ctrl) != NVMEC_LIVE || nvmec_ctrl_gone(ctrl))
		return false;
	blk_mq_tagset_busy_iter(&ctrl->admin_set.tags, nvmec_takes_longer, &found);
	if (!found)
		blk_mq_tagset_busy_iter(&ctrl->io_set.tags, nvmec_takes_longer,
					&found);
	return found;
}

/*
 * A command of a user may hold all I/O, or that of its disk, for as long as he chose,
 * which the end would have to wait for. It has the time that an admin command of the
 * driver has, from now. Then a reset takes it back: the controller works afterwards, and
 * what is dirty can be written.
 */
static void nvmec_outlast_users(struct nvmec_ctrl *ctrl)
{
	unsigned int limit_ms = READ_ONCE(ctrl->admin_timeout_ms);
	bool found;

	WRITE_ONCE(ctrl->leaving, true);
	/*
	 * Who did not see that has started its request afterwards: see
	 * litmus/leaving.litmus.
	 */
	synchronize_rcu();
	if (!read_poll_timeout(nvmec_has_long_command, found, !found, 5000,
			       (u64)limit_ms * USEC_PER_MSEC, false, ctrl))
		return;
	dev_warn(&ctrl->dev, "a user's command takes over %u ms, a reset takes it back\n",
		 limit_ms);
	if (nvmec_ctrl_reset(ctrl))
		nvmec_await_reset(ctrl);
}

static int nvmec_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct nvmec_ctrl *ctrl;
	int ret;

	/* driver_override asks no questions. */
	if (pdev->class != PCI_CLASS_STORAGE_EXPRESS) {
		pci_err(pdev, "class %#08x is not that of an NVMe device\n",
			pdev->class);
		return -ENODEV;
	}
	ctrl = nvmec_ctrl_alloc(pdev);
	if (IS_ERR(ctrl))
		return PTR_ERR(ctrl);
	pci_set_drvdata(pdev, ctrl);
	ret = nvmec_make_pools(ctrl);
	if (ret)
		goto free;
	ret = nvmec_pci_enable(ctrl);
	if (ret)
		goto free;
	nvmec_cmb_add(ctrl);
	ret = nvmec_chardev_add(ctrl);
	if (ret)
		goto disable;

	nvmec_apst_add(ctrl);
	nvmec_inject_add(&ctrl->inject, ctrl, dev_name(&ctrl->dev));
	nvmec_ctrl_reset(ctrl);
	nvmec_await_reset(ctrl);
	if (nvmec_state(ctrl) != NVMEC_DEAD)
		return 0;
	ret = -ENODEV;
	nvmec_ctrl_end(ctrl);
disable:
	nvmec_pci_disable(ctrl);
free:
	nvmec_ctrl_free_resources(ctrl);
	put_device(&ctrl->dev);
	return ret;
}

static void nvmec_remove(struct pci_dev *pdev)
{
	struct nvmec_ctrl *ctrl = pci_get_drvdata(pdev);

	/* Virtual functions live by this one. */
	pci_disable_sriov(pdev);
	nvmec_outlast_users(ctrl);
	/* Who brings it up looks at this, and ends. */
	nvmec_ctrl_set_state(ctrl, NVMEC_REMOVING);
	/* The end waits for I/O that may have waited for it. */
	nvmec_disks_kick(ctrl);
	nvmec_ctrl_end(ctrl);
	nvmec_pci_disable(ctrl);
	nvmec_ctrl_free_resources(ctrl);
	put_device(&ctrl->dev);
}

/* --- stopping for a while, or for good ------------------------------------ */

/*
 * Shuts a controller down until its reset_work is queued. Returns false if it is not
 * live, and there is nothing to stop.
 */
static bool nvmec_pause(struct nvmec_ctrl *ctrl)
{
	nvmec_await_reset(ctrl);
	if (!nvmec_ctrl_set_state(ctrl, NVMEC_RESETTING))
		return false;
	WRITE_ONCE(ctrl->fault, NVMEC_FAULT_NONE);
	mutex_lock(&ctrl->run_lock);
	nvmec_ctrl_stop(ctrl, true);
	mutex_unlock(&ctrl->run_lock);
	return true;
}

static void nvmec_unpause(struct nvmec_ctrl *ctrl)
{
	if (nvmec_state(ctrl) == NVMEC_RESETTING)
		queue_work(nvmec_reset_wq, &ctrl->reset_work);
}

/*
 * Lets no I/O begin, and waits for what is under way. A user's command that wants to be
 * alone may take hours: then false, as if I/O did.
 */
static bool nvmec_drain(struct nvmec_ctrl *ctrl, unsigned int limit_ms)
{
	bool done;

	if (!nvmec_scan_lock(ctrl, limit_ms))
		return false;
	done = nvmec_disks_freeze(ctrl, msecs_to_jiffies(limit_ms));
	mutex_unlock(&ctrl->scan_lock);
	return done;
}

/*
 * Power-off: no disk is removed, nothing comes back. What is under way is waited for,
 * and what comes yet waits for ever where it is not counted: if it failed while other
 * disks still work, a RAID would take this one for broken and write that down there.
 * What does not end in time fails: it holds a tag, with which no CPU goes offline.
 */
static void nvmec_shutdown(struct pci_dev *pdev)
{
	struct nvmec_ctrl *ctrl = pci_get_drvdata(pdev);
	unsigned int limit_ms = min(READ_ONCE(ctrl->io_timeout_ms), NVMEC_DRAIN_MS);

	nvmec_ctrl_set_state(ctrl, NVMEC_REMOVING);
	flush_work(&ctrl->reset_work);
	if (!nvmec_drain(ctrl, limit_ms))
		dev_warn(&ctrl->dev, "shutdown: I/O takes over %u ms, it fails\n",
			 limit_ms);
	nvmec_ctrl_set_state(ctrl, NVMEC_DEAD);
	mutex_lock(&ctrl->run_lock);
	nvmec_ctrl_retire(ctrl, true);
	mutex_unlock(&ctrl->run_lock);
	cancel_work_sync(&ctrl->scan_work);
}

/*
 * Requests that waited in stopped queues would keep their tags, and then their CPUs
 * could not go offline: none may be under way. Two time-outs leave time to reset a
 * device that does not answer.
 */
static int nvmec_suspend(struct device *dev)
{
	struct nvmec_ctrl *ctrl = dev_get_drvdata(dev);
	unsigned int limit_ms = 2 * READ_ONCE(ctrl->io_timeout_ms);
	bool done;

	if (!nvmec_scan_lock(ctrl, limit_ms)) {
		dev_warn(&ctrl->dev, "not suspended, a user's command takes over %u ms\n",
			 limit_ms);
		return -EBUSY;
	}
	done = nvmec_disks_freeze(ctrl, msecs_to_jiffies(limit_ms));
	if (!done)
		dev_warn(&ctrl->dev, "not suspended, I/O takes over %u ms\n",
			 limit_ms);
	/* A dead one stays dead; one that is just being reset can wait. */
	if (done && !nvmec_pause(ctrl))
		done = nvmec_state(ctrl) == NVMEC_DEAD;
	if (!done)
		nvmec_disks_thaw(ctrl);
	mutex_unlock(&ctrl->scan_lock);
	return done ? 0 : -EBUSY;
}

static int nvmec_resume(struct device *dev)
{
	struct nvmec_ctrl *ctrl = dev_get_drvdata(dev);

	mutex_lock(&ctrl->scan_lock);
	nvmec_disks_thaw(ctrl);
	mutex_unlock(&ctrl->scan_lock);
	nvmec_unpause(ctrl);
	return 0;
}

/*
 * After a hibernation all memory is as it was when it was saved. The controller has run
 * since, to write that down, and has changed what it was lent.
 */
static int nvmec_restore(struct device *dev)
{
	struct nvmec_ctrl *ctrl = dev_get_drvdata(dev);

	mutex_lock(&ctrl->run_lock);
	nvmec_hmb_forget(ctrl);
	mutex_unlock(&ctrl->run_lock);
	return nvmec_resume(dev);
}

static const struct dev_pm_ops nvmec_pm_ops = {
	.suspend	= pm_sleep_ptr(nvmec_suspend),
	.resume		= pm_sleep_ptr(nvmec_resume),
	.freeze		= pm_sleep_ptr(nvmec_suspend),
	.thaw		= pm_sleep_ptr(nvmec_resume),
	.poweroff	= pm_sleep_ptr(nvmec_suspend),
	.restore	= pm_sleep_ptr(nvmec_restore),
};

/*
 * Stops a controller until nvmec_unpause(), also if it is just being brought up: that
 * ended, or did not come to its end, and there is another. Returns false if it is not
 * to be brought up any more.
 */
static bool nvmec_interrupt(struct nvmec_ctrl *ctrl)
{
	bool up;

	nvmec_await_reset(ctrl);
	mutex_lock(&ctrl->run_lock);
	nvmec_ctrl_set_state(ctrl, NVMEC_RESETTING);
	up = nvmec_state(ctrl) == NVMEC_RESETTING;
	if (up) {
		WRITE_ONCE(ctrl->fault, NVMEC_FAULT_NONE);
		if (ctrl->admin_q)
			nvmec_ctrl_stop(ctrl, false);
	}
	mutex_unlock(&ctrl->run_lock);
	return up;
}

static pci_ers_result_t nvmec_error_detected(struct pci_dev *pdev,
					     pci_channel_state_t channel)
{
	struct nvmec_ctrl *ctrl = pci_get_drvdata(pdev);

	switch (channel) {
	case pci_channel_io_normal:
		return PCI_ERS_RESULT_CAN_RECOVER;
	case pci_channel_io_frozen:
		dev_warn(&ctrl->dev, "the bus is frozen\n");
		if (!nvmec_interrupt(ctrl))
			return PCI_ERS_RESULT_DISCONNECT;
		nvmec_link_frozen(ctrl);
		return PCI_ERS_RESULT_NEED_RESET;
	default:
		nvmec_ctrl_kill(ctrl);
		return PCI_ERS_RESULT_DISCONNECT;
	}
}

static pci_ers_result_t nvmec_slot_reset(struct pci_dev *pdev)
{
	pci_restore_state(pdev);
	pci_save_state(pdev);
	return PCI_ERS_RESULT_RECOVERED;
}

static void nvmec_error_resume(struct pci_dev *pdev)
{
	struct nvmec_ctrl *ctrl = pci_get_drvdata(pdev);

	cancel_delayed_work_sync(&ctrl->frozen_work);
	nvmec_unpause(ctrl);
}

static void nvmec_reset_prepare(struct pci_dev *pdev)
{
	nvmec_interrupt(pci_get_drvdata(pdev));
}

static void nvmec_reset_done(struct pci_dev *pdev)
{
	nvmec_unpause(pci_get_drvdata(pdev));
}

static const struct pci_error_handlers nvmec_error_handlers = {
	.error_detected	= nvmec_error_detected,
	.slot_reset	= nvmec_slot_reset,
	.resume		= nvmec_error_resume,
	.reset_prepare	= nvmec_reset_prepare,
	.reset_done	= nvmec_reset_done,
};

/* --- the driver ----------------------------------------------------------- */

static const struct pci_device_id nvmec_no_ids[] = { {} };

/* Not a MODULE_DEVICE_TABLE(): nothing shall load this module by itself. */
static const struct pci_device_id nvmec_class_ids[] = {
	{ PCI_DEVICE_CLASS(PCI_CLASS_STORAGE_EXPRESS, 0xffffff) },
	{}
};

static struct pci_driver nvmec_driver = {
	.name		= KBUILD_MODNAME,
	.id_table	= nvmec_no_ids,
	.probe		= nvmec_probe,
	.remove		= nvmec_remove,
	.shutdown	= nvmec_shutdown,
	.driver		= {
		.pm		= pm_sleep_ptr(&nvmec_pm_ops),
		/* A device may take seconds to become ready. */
		.probe_type	= PROBE_PREFER_ASYNCHRONOUS,
	},
	.sriov_configure = pci_sriov_configure_simple,
	.err_handler	= &nvmec_error_handlers,
};

int nvmec_pci_init(void)
{
	if (nvmec_drop_in)
		nvmec_driver.name = "nvme";
	if (nvmec_bind_class)
		nvmec_driver.id_table = nvmec_class_ids;
	return pci_register_driver(&nvmec_driver);
}

void nvmec_pci_exit(void)
{
	pci_unregister_driver(&nvmec_driver);
}
