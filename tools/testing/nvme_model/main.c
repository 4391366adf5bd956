// SPDX-License-Identifier: GPL-2.0
/*
 * nvme_model: NVMe controllers made of code
 *
 * Theory of operation
 * ===================
 *
 * User-mode Linux lets code in the kernel be a PCI device: functions that are called
 * when a driver reads or writes configuration space or a BAR. This is such code for
 * controllers as the NVM Express base specification describes them. They are made
 * through configfs, keep the data of their namespaces in memory, and are bound to the
 * kernel's nvme or to nvme_c as any device is.
 *
 * Flow
 * ----
 * pci.c has configuration space and BAR. What the driver writes to a register or a
 * doorbell is checked and noted (regs.c, queue.c), and wakes the controller's thread
 * (engine.c). The thread fetches commands, looks for rules (rules.c), executes them
 * (admin.c, identify.c, features.c, log.c, io.c, zns.c, with the driver's memory found
 * by data.c and the namespace's data in store.c, which controllers of one subsystem may
 * share: subsys.c), posts completions and raises interrupts.
 * Nothing is executed while the driver accesses the BAR, so no lock of the driver is
 * held when its handler runs.
 *
 * The controller uses the driver's memory between the moment that CSTS.RDY is set and
 * the one that it is cleared, and never at another time, unless a rule says so.
 *
 * Faults and findings
 * -------------------
 * Without rules a controller does what the specification says. A rule makes it do
 * something else, see Documentation/dev/nvme_model.rst. What the driver does wrong is a
 * breach (check.c): counted by kind, and told in the log.
 *
 * Locks
 * -----
 * power_lock, then nvmm_subsys_lock, then ns_lock of one subsystem: all are for process
 * context. nvmm_ctrl.lock guards registers and queues, and is taken in the driver's
 * context, so nothing but event_lock and rules_lock is taken under it. The thread holds
 * none of these when it raises an interrupt.
 *
 * What is left out
 * ----------------
 * Interrupts other than MSI-X, controller and host memory buffers, metadata, zones that
 * are open or have limits, a reset of several controllers at a time, and fused commands.
 */
#include <linux/init.h>

#include "nvme_model.h"

/* After user-mode Linux has made its PCI bus. */
static int __init nvmm_init(void)
{
	return nvmm_configfs_init();
}
late_initcall(nvmm_init);
