// SPDX-License-Identifier: GPL-2.0
/*
 * nvme_c: NVM Express over PCI
 *
 * Theory of operation
 * ===================
 *
 * Controllers and namespaces
 * --------------------------
 * Each PCI device that the driver is given is a struct nvmec_ctrl, the device
 * nvmecX of class nvme_c (nvmeX of class nvme with drop_in=1). A scan of its
 * active namespaces makes a struct nvmec_ns and a disk nvmecXnY for each, with Y
 * the namespace id. All disks of a controller share its I/O queues.
 *
 * States
 * ------
 * enum nvmec_state says what may be done with a controller, and
 * nvmec_ctrl_set_state() alone changes it. There is one way up and one way down,
 * nvmec_ctrl_start() and nvmec_ctrl_stop() in ctrl.c, and one work that uses
 * them: reset_work brings a controller that is RESETTING to LIVE, and buries one
 * that is DEAD. Probe, sysfs, timeouts, resume and PCI error recovery change the
 * state and queue that work.
 *
 * Layers
 * ------
 * Each file calls those below it, and none above:
 *
 *	main, pci
 *	ctrl: bring-up, reset
 *	ns, multi, hwmon, chardev, ioctl, passthru, sysfs: what user space sees
 *	multi_io: bios of disks with several ways
 *	hmb: memory that is lent to a controller; cmb: its own; apst: power states
 *	admin, io, timeout, complete: requests
 *	disks, link, regs, counts, state, inject, trace: parts of a controller
 *	queue, map, cmd, prp, ident, meta, recover: rings, memory, and pure functions
 *
 * Who is below asks for what only somebody above can do by a work that belongs to that
 * one: reset_work of ctrl.c, scan_work of ns.c. A completion queue hands back what it
 * collected and a verdict, and complete.c, which has the interrupt, acts on it. There is
 * one callback, &nvmec_ctrl.scan_again: passthru.c needs a scan while it holds all I/O.
 *
 * Data flow
 * ---------
 * io.c takes a request, map.c maps its data and writes the PRP list or SGL, queue.c
 * puts the command into the ring and rings the doorbell once for a batch, in memory
 * where the controller offers that. The interrupt, or who polls, collects
 * completions under the lock of the completion queue, and complete.c ends them outside
 * of it, in a batch if they were successful. The command id is mqblk_rq_id(): a tag and a
 * generation.
 *
 * Memory
 * ------
 * A request owns 256 bytes for its PRP list or SGL, and a
 * scatterlist for 33 pieces: that is enough for 128 KiB wherever it lies, so no I/O
 * up to that size allocates anything. Larger ones and discards allocate, without
 * waiting; two of them that fit any transfer are kept back, see big.c. This costs
 * 1.7 KiB for each request that a queue can hold.
 *
 * Recovery
 * --------
 * A request whose time runs out is looked for in the completion queue first.
 * Then an abort is sent for it, and a quarter of its time later the controller is
 * reset; if that fails twice, it is dead. So is one that reads as all ones, unless the
 * bus is frozen by an error, or turns out to be within a second. A reset takes back all
 * requests that are in flight. They are sent again, five times at most if their own time
 * ran out; but if no I/O came back since the reset before, they all fail. recover.c
 * decides that, and how many resets a controller may cost that make nothing better.
 *
 * Bring-up is a table of steps in ctrl.c, with one rule for what fails. Whoever brings a
 * controller up or down sends commands of its own and waits for them; if one has no
 * answer, nvmec_timeout() disables the controller and ends it.
 *
 * Commands of user space
 * ----------------------
 * chardev.c has the devices, ioctl.c reads what comes by them, permit.c says who may send
 * which command, and passthru.c sends it as a request of the admin queue or of a disk.
 * uring.c does so without waiting for its end.
 * Whatever is open holds a reference of the controller or of the disk. A device that
 * went refuses requests by its queue, which is there as long as the structure.
 *
 * Trust
 * -----
 * Nothing that a controller says is believed. A completion is matched against
 * the requests in flight before it touches one. Identify data is checked field by
 * field; what has no sane reading makes the namespace or the controller unusable,
 * with a line in the log that names the field. Every wait has a limit.
 *
 * Locks
 * -----
 * nvmec_ctrl.hmb_lock, for who switches host memory; then scan_lock, for scans, which
 * suspend holds off; then run_lock: up and down; then ns_lock. Submission takes
 * nvmec_queue.sq_lock, completion cq_lock, which interrupts take; who needs both, to stop a
 * queue or to ask for an event, takes sq_lock first. No request is completed under a lock.
 *
 * Several ways to a namespace
 * ---------------------------
 * With multipath=1, namespaces that controllers of a subsystem share have one disk
 * together. It takes bios; multi_io.c sends each by a way, the hidden disk of one of the
 * namespaces, and by another one if the first fails. multi.c says which namespaces are the
 * same, and multi_zone.c what is different with zones. Nothing below knows, but for
 * complete.c: a request of a way that a reset took back goes back to the disk, instead of
 * waiting for its controller.
 *
 * What is left out
 * ----------------
 * SGLs longer than 16 pieces, SGLs for metadata, metadata of zones, queues in the memory of
 * a controller, and blocks larger than a page.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "inject.h"
#include "main.h"
#include "map.h"
#include "multi.h"
#include "pci.h"
#include "quirks.h"
#include "subsys.h"
#include "user.h"

unsigned int nvmec_io_timeout_ms = 30 * MSEC_PER_SEC;

/* Guides for clouds tell people to write the largest number that there is. */
static int nvmec_io_timeout_set(const char *text,
				const struct kernel_param *param)
{
	unsigned int seconds;

	if (kstrtouint(text, 0, &seconds) || !seconds) {
		pr_err("io_timeout: %.*s is not valid, use 1 to %u\n",
		       (int)strcspn(text, "\n"), text, UINT_MAX);
		return -EINVAL;
	}
	if (seconds > NVMEC_MAX_IO_TIMEOUT_S) {
		pr_info("io_timeout: %u is more than a day, a day is used\n",
			seconds);
		seconds = NVMEC_MAX_IO_TIMEOUT_S;
	}
	WRITE_ONCE(nvmec_io_timeout_ms, seconds * MSEC_PER_SEC);
	return 0;
}

static int nvmec_io_timeout_get(char *page, const struct kernel_param *param)
{
	return sysfs_emit(page, "%lu\n",
			  READ_ONCE(nvmec_io_timeout_ms) / MSEC_PER_SEC);
}

static const struct kernel_param_ops nvmec_io_timeout_ops = {
	.set	= nvmec_io_timeout_set,
	.get	= nvmec_io_timeout_get,
};
module_param_cb(io_timeout, &nvmec_io_timeout_ops, NULL, 0644);
MODULE_PARM_DESC(io_timeout,
		 "seconds until a request is aborted, at most a day; for controllers bound later");

static unsigned int admin_timeout = 60;
module_param(admin_timeout, uint, 0444);
MODULE_PARM_DESC(admin_timeout, "seconds for an admin command, 1 to 3600");

unsigned int nvmec_queue_depth = 1023;
module_param_named(queue_depth, nvmec_queue_depth, uint, 0444);
MODULE_PARM_DESC(queue_depth, "requests in each I/O queue, 1 to 4095");

unsigned int nvmec_write_queues;
module_param_named(write_queues, nvmec_write_queues, uint, 0444);
MODULE_PARM_DESC(write_queues,
		 "queues that are not for reads; 0: no queue is for reads only");

unsigned int nvmec_poll_queues;
module_param_named(poll_queues, nvmec_poll_queues, uint, 0444);
MODULE_PARM_DESC(poll_queues, "queues for polled requests");

unsigned int nvmec_sgl_threshold = SZ_32K;
module_param_named(sgl_threshold, nvmec_sgl_threshold, uint, 0644);
MODULE_PARM_DESC(sgl_threshold,
		 "bytes of an average piece of data from which it is described by an SGL; 0: never");

unsigned int nvmec_max_hmb_mib = 128;
module_param_named(max_host_mem_size_mb, nvmec_max_hmb_mib, uint, 0644);
MODULE_PARM_DESC(max_host_mem_size_mb,
		 "MiB of host memory that a controller may get at most; 0: none; at its next reset");

/* Off: some drives do not come back from a state, and which they are is not known here. */
unsigned int nvmec_ps_max_latency_us;
module_param_named(default_ps_max_latency_us, nvmec_ps_max_latency_us, uint, 0644);
MODULE_PARM_DESC(default_ps_max_latency_us,
		 "us that a power state may take to enter and leave to which controllers bound later go by themselves; 0: none");

bool nvmec_bind_class;
module_param_named(bind_class, nvmec_bind_class, bool, 0444);
MODULE_PARM_DESC(bind_class, "take every NVMe device that has no driver");

bool nvmec_drop_in;
module_param_named(drop_in, nvmec_drop_in, bool, 0444);
MODULE_PARM_DESC(drop_in,
		 "take the place of the kernel's nvme: its names, and every device");

bool nvmec_multipath;
module_param_named(multipath, nvmec_multipath, bool, 0444);
MODULE_PARM_DESC(multipath, "one disk for a namespace that several controllers share");

bool nvmec_p2pdma = true;
module_param_named(p2pdma, nvmec_p2pdma, bool, 0444);
MODULE_PARM_DESC(p2pdma, "offer memory of controllers to other devices");

/*
 * Off: Linux 7.x lets RAID have such data as well, and then takes the error of a disk that
 * does not reach the memory for one of its medium. There is no status that says otherwise.
 */
static bool peer_data;
module_param(peer_data, bool, 0444);
MODULE_PARM_DESC(peer_data,
		 "let data of disks lie in memory of devices; not below RAID on Linux 7.x");

unsigned int nvmec_admin_timeout_ms;

/* For works that may wait for a controller's answer. */
struct workqueue_struct *nvmec_wq;
/* For what brings controllers up and down: I/O and those works may wait for it. */
struct workqueue_struct *nvmec_reset_wq;

struct class nvmec_class = {
	.name = "nvme_c",
};

/* What the kernel's drivers for NVMe share has the class nvme. */
static bool __init nvmec_names_taken(void)
{
	if (!symbol_get(nvme_uninit_ctrl))
		return false;
	symbol_put(nvme_uninit_ctrl);
	return true;
}

static int __init nvmec_take_names(void)
{
	if (!nvmec_drop_in)
		return 0;
	if (nvmec_names_taken()) {
		pr_err("drop_in: nvme_core is loaded and has the names, unload it first\n");
		return -EBUSY;
	}
	nvmec_class.name = "nvme";
	nvmec_bind_class = true;
	return 0;
}

static bool __init nvmec_in_range(const char *name, unsigned int value,
				  unsigned int least, unsigned int most)
{
	if (value >= least && value <= most)
		return true;
	pr_err("%s: %u is not valid, use %u to %u\n", name, value, least, most);
	return false;
}

static bool __init nvmec_params_valid(void)
{
	return nvmec_in_range("admin_timeout", admin_timeout, 1,
			      NVMEC_MAX_ADMIN_TIMEOUT_S) &&
	       nvmec_in_range("queue_depth", nvmec_queue_depth, 1,
			      MQBLK_ID_MAX_DEPTH - 1) &&
	       nvmec_in_range("write_queues", nvmec_write_queues, 0,
			      nr_cpu_ids) &&
	       nvmec_in_range("poll_queues", nvmec_poll_queues, 0, nr_cpu_ids);
}

static void nvmec_destroy_wqs(void)
{
	destroy_workqueue(nvmec_wq);
	destroy_workqueue(nvmec_reset_wq);
}

/* Two: each has a worker of its own if there is no memory for more. */
static int __init nvmec_make_wqs(void)
{
	nvmec_reset_wq = alloc_workqueue("nvme_c_reset",
					 WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!nvmec_reset_wq)
		return -ENOMEM;
	nvmec_wq = alloc_workqueue("nvme_c", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!nvmec_wq) {
		destroy_workqueue(nvmec_reset_wq);
		return -ENOMEM;
	}
	return 0;
}

static int __init nvmec_init(void)
{
	int ret;

	if (!nvmec_params_valid())
		return -EINVAL;
	ret = nvmec_quirks_init();
	if (ret)
		return ret;
	ret = nvmec_take_names();
	if (ret)
		return ret;
	nvmec_admin_timeout_ms = admin_timeout * MSEC_PER_SEC;
	if (peer_data)
		static_branch_enable(&nvmec_peers);

	ret = nvmec_make_wqs();
	if (ret)
		return ret;
	ret = class_register(&nvmec_class);
	if (ret)
		goto destroy_wqs;
	ret = nvmec_subsys_init();
	if (ret)
		goto unregister_class;
	ret = nvmec_multi_io_init();
	if (ret)
		goto exit_subsys;
	ret = nvmec_chardev_init();
	if (ret)
		goto exit_multi;
	nvmec_inject_init();
	ret = nvmec_pci_init();
	if (ret)
		goto exit_inject;
	return 0;
exit_inject:
	nvmec_inject_exit();
	nvmec_chardev_exit();
exit_multi:
	nvmec_multi_io_exit();
exit_subsys:
	nvmec_subsys_exit();
unregister_class:
	class_unregister(&nvmec_class);
destroy_wqs:
	nvmec_destroy_wqs();
	return ret;
}

static void __exit nvmec_exit(void)
{
	nvmec_pci_exit();
	nvmec_multi_exit();
	nvmec_inject_exit();
	nvmec_chardev_exit();
	nvmec_multi_io_exit();
	nvmec_subsys_exit();
	class_unregister(&nvmec_class);
	nvmec_destroy_wqs();
}

module_init(nvmec_init);
module_exit(nvmec_exit);
MODULE_DESCRIPTION("NVM Express over PCI");
MODULE_LICENSE("GPL");
