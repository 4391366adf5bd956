// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI function: configuration space, the BAR with registers, doorbells and the
 * table of MSI-X vectors, and interrupts.
 *
 * Only MSI-X: user-mode Linux gives a pin no interrupt that could be requested. A
 * vector's message data is the number of the interrupt, as um's MSI domain says it.
 */
#define pr_fmt(fmt) "nvme_model: " fmt

#include <linux/hardirq.h>
#include <linux/irq.h>
#include <linux/unaligned.h>

#include "nvme_model.h"

/* Nobody has these numbers, so no driver knows of them: class alone counts. */
#define NVMM_VENDOR	0xfffe
#define NVMM_DEVICE	0x0001
#define NVMM_SUBVENDOR	0xfffe
/* Where the capabilities are. */
#define NVMM_CAP_MSIX	0x40
#define NVMM_CAP_EXP	0x80

static struct nvmm_ctrl *nvmm_of(struct um_pci_device *um)
{
	return container_of(um, struct nvmm_ctrl, um);
}

/* --- configuration space ----------------------------------------------------------- */

/* Which bits of each byte the driver can change; the BAR's are those of its address. */
static const u8 nvmm_writable[PCI_CFG_SPACE_SIZE] = {
	[PCI_COMMAND]				= 0x07,
	[PCI_COMMAND + 1]			= 0x05,
	[PCI_CACHE_LINE_SIZE]			= 0xff,
	[PCI_LATENCY_TIMER]			= 0xff,
	[PCI_BASE_ADDRESS_0 + 1]		= 0xff & ~((NVMM_BAR_BYTES - 1) >> 8),
	[PCI_BASE_ADDRESS_0 + 2]		= 0xff,
	[PCI_BASE_ADDRESS_0 + 3]		= 0xff,
	[PCI_BASE_ADDRESS_1]			= 0xff,
	[PCI_BASE_ADDRESS_1 + 1]		= 0xff,
	[PCI_BASE_ADDRESS_1 + 2]		= 0xff,
	[PCI_BASE_ADDRESS_1 + 3]		= 0xff,
	[PCI_INTERRUPT_LINE]			= 0xff,
	[NVMM_CAP_MSIX + PCI_MSIX_FLAGS + 1]	= 0xc0,
	[NVMM_CAP_EXP + PCI_EXP_DEVCTL]		= 0xff,
	[NVMM_CAP_EXP + PCI_EXP_DEVCTL + 1]	= 0x7f,
};

static void nvmm_space_init(struct nvmm_ctrl *ctrl)
{
	u8 *space = ctrl->space;

	memset(space, 0, sizeof(ctrl->space));
	put_unaligned_le16(NVMM_VENDOR, space + PCI_VENDOR_ID);
	put_unaligned_le16(NVMM_DEVICE, space + PCI_DEVICE_ID);
	put_unaligned_le16(PCI_STATUS_CAP_LIST, space + PCI_STATUS);
	put_unaligned_le32(PCI_CLASS_STORAGE_EXPRESS << 8 | 1,
			   space + PCI_CLASS_REVISION);
	space[PCI_BASE_ADDRESS_0] = PCI_BASE_ADDRESS_MEM_TYPE_64;
	put_unaligned_le16(NVMM_SUBVENDOR, space + PCI_SUBSYSTEM_VENDOR_ID);
	put_unaligned_le16(ctrl->instance, space + PCI_SUBSYSTEM_ID);
	space[PCI_CAPABILITY_LIST] = NVMM_CAP_MSIX;

	space[NVMM_CAP_MSIX] = PCI_CAP_ID_MSIX;
	space[NVMM_CAP_MSIX + 1] = NVMM_CAP_EXP;
	put_unaligned_le16(ctrl->config.queues, space + NVMM_CAP_MSIX + PCI_MSIX_FLAGS);
	put_unaligned_le32(NVMM_MSIX_TABLE, space + NVMM_CAP_MSIX + PCI_MSIX_TABLE);
	put_unaligned_le32(NVMM_MSIX_PBA, space + NVMM_CAP_MSIX + PCI_MSIX_PBA);

	space[NVMM_CAP_EXP] = PCI_CAP_ID_EXP;
	put_unaligned_le16(2 | PCI_EXP_TYPE_RC_END << 4,
			   space + NVMM_CAP_EXP + PCI_EXP_FLAGS);
	put_unaligned_le32(PCI_EXP_DEVCAP_FLR | PCI_EXP_DEVCAP_RBER,
			   space + NVMM_CAP_EXP + PCI_EXP_DEVCAP);
}

static unsigned long nvmm_space_read(struct um_pci_device *um, unsigned int offset,
				     int size)
{
	struct nvmm_ctrl *ctrl = nvmm_of(um);
	unsigned long value = 0;

	if (READ_ONCE(ctrl->gone))
		return ULONG_MAX;
	if (offset + size <= sizeof(ctrl->space))
		memcpy(&value, ctrl->space + offset, size);
	return value;
}

static void nvmm_space_write(struct um_pci_device *um, unsigned int offset, int size,
			     unsigned long value)
{
	struct nvmm_ctrl *ctrl = nvmm_of(um);
	int i;

	if (READ_ONCE(ctrl->gone) || offset + size > sizeof(ctrl->space))
		return;
	for (i = 0; i < size; i++, offset++, value >>= 8) {
		u8 mask = nvmm_writable[offset];

		ctrl->space[offset] = (ctrl->space[offset] & ~mask) | (value & mask);
		if (offset == NVMM_CAP_EXP + PCI_EXP_DEVCTL + 1 &&
		    value & (PCI_EXP_DEVCTL_BCR_FLR >> 8))
			nvmm_regs_reset(ctrl);
	}
	/* Masked interrupts may have become possible. */
	if (READ_ONCE(ctrl->msix_pending))
		nvmm_kick(ctrl);
}

static u16 nvmm_command(struct nvmm_ctrl *ctrl)
{
	return get_unaligned_le16(ctrl->space + PCI_COMMAND);
}

/** nvmm_pci_may_master - does the driver let it use memory and raise interrupts */
bool nvmm_pci_may_master(struct nvmm_ctrl *ctrl)
{
	return nvmm_command(ctrl) & PCI_COMMAND_MASTER;
}

/* --- interrupts ---------------------------------------------------------------------- */

/* The vector's entry: address low, high, data, control */
static bool nvmm_is_masked(struct nvmm_ctrl *ctrl, unsigned int vector)
{
	u16 flags = get_unaligned_le16(ctrl->space + NVMM_CAP_MSIX + PCI_MSIX_FLAGS);

	return flags & PCI_MSIX_FLAGS_MASKALL ||
	       ctrl->msix[vector * 4 + 3] & PCI_MSIX_ENTRY_CTRL_MASKBIT;
}

static bool nvmm_has_msix(struct nvmm_ctrl *ctrl)
{
	return get_unaligned_le16(ctrl->space + NVMM_CAP_MSIX + PCI_MSIX_FLAGS) &
	       PCI_MSIX_FLAGS_ENABLE;
}

/**
 * nvmm_pci_interrupt - send the message of a vector
 * @ctrl: the controller
 * @vector: its number
 *
 * Context: the thread of the controller, no lock held: the driver's handler runs.
 */
void nvmm_pci_interrupt(struct nvmm_ctrl *ctrl, unsigned int vector)
{
	unsigned long flags;

	if (vector >= NVMM_MAX_VECTORS)
		return;
	local_irq_save(flags);
	if (nvmm_has_msix(ctrl) && nvmm_pci_may_master(ctrl)) {
		if (nvmm_is_masked(ctrl, vector)) {
			set_bit(vector, &ctrl->msix_pending);
		} else {
			ctrl->counts[NVMM_INTERRUPTS]++;
			irq_enter();
			generic_handle_irq(ctrl->msix[vector * 4 + 2]);
			irq_exit();
		}
	}
	local_irq_restore(flags);
}

/** nvmm_pci_retry_interrupts - send those that were masked and are not any more */
void nvmm_pci_retry_interrupts(struct nvmm_ctrl *ctrl)
{
	unsigned int vector;

	if (likely(!READ_ONCE(ctrl->msix_pending)))
		return;
	for (vector = 0; vector < NVMM_MAX_VECTORS; vector++)
		if (!nvmm_is_masked(ctrl, vector) &&
		    test_and_clear_bit(vector, &ctrl->msix_pending))
			nvmm_pci_interrupt(ctrl, vector);
}

static bool nvmm_in_table(unsigned int offset, int size)
{
	return offset >= NVMM_MSIX_TABLE && size == 4 && !(offset % 4) &&
	       offset < NVMM_MSIX_TABLE + sizeof_field(struct nvmm_ctrl, msix);
}

/* --- the BAR -------------------------------------------------------------------------- */

static bool nvmm_bar_is_on(struct nvmm_ctrl *ctrl, unsigned int offset)
{
	if (nvmm_command(ctrl) & PCI_COMMAND_MEMORY)
		return true;
	nvmm_breach(ctrl, NVMM_MEMORY_OFF, "access to %#x of the BAR", offset);
	return false;
}

static unsigned long nvmm_bar_read(struct um_pci_device *um, int bar,
				   unsigned int offset, int size)
{
	struct nvmm_ctrl *ctrl = nvmm_of(um);

	if (READ_ONCE(ctrl->gone) || !nvmm_bar_is_on(ctrl, offset))
		return ULONG_MAX;
	if (nvmm_in_table(offset, size))
		return ctrl->msix[(offset - NVMM_MSIX_TABLE) / 4];
	if (offset >= NVMM_MSIX_PBA)
		return offset == NVMM_MSIX_PBA ? ctrl->msix_pending : 0;
	return nvmm_reg_read(ctrl, offset, size);
}

static void nvmm_bar_write(struct um_pci_device *um, int bar, unsigned int offset,
			   int size, unsigned long value)
{
	struct nvmm_ctrl *ctrl = nvmm_of(um);

	if (READ_ONCE(ctrl->gone) || !nvmm_bar_is_on(ctrl, offset))
		return;
	if (nvmm_in_table(offset, size)) {
		WRITE_ONCE(ctrl->msix[(offset - NVMM_MSIX_TABLE) / 4], value);
		if (READ_ONCE(ctrl->msix_pending))
			nvmm_kick(ctrl);
	} else if (offset < NVMM_MSIX_TABLE) {
		nvmm_reg_write(ctrl, offset, size, value);
	}
}

/* Nothing in the BAR is memory that may be copied. */
static void nvmm_bar_copy_from(struct um_pci_device *um, int bar, void *buffer,
			       unsigned int offset, int size)
{
	nvmm_breach(nvmm_of(um), NVMM_ACCESS_SIZE, "copy of %d bytes from %#x", size,
		    offset);
	memset(buffer, 0xff, size);
}

static void nvmm_bar_copy_to(struct um_pci_device *um, int bar, unsigned int offset,
			     const void *buffer, int size)
{
	nvmm_breach(nvmm_of(um), NVMM_ACCESS_SIZE, "copy of %d bytes to %#x", size,
		    offset);
}

static void nvmm_bar_set(struct um_pci_device *um, int bar, unsigned int offset,
			 u8 value, int size)
{
	nvmm_breach(nvmm_of(um), NVMM_ACCESS_SIZE, "%d bytes set at %#x", size, offset);
}

static const struct um_pci_ops nvmm_um_ops = {
	.cfgspace_read	= nvmm_space_read,
	.cfgspace_write	= nvmm_space_write,
	.bar_read	= nvmm_bar_read,
	.bar_write	= nvmm_bar_write,
	.bar_copy_from	= nvmm_bar_copy_from,
	.bar_copy_to	= nvmm_bar_copy_to,
	.bar_set	= nvmm_bar_set,
};

/* --- life ------------------------------------------------------------------------------ */

/**
 * nvmm_pci_add - plug the controller in
 * @ctrl: its thread runs
 *
 * A driver that takes devices by class is probed meanwhile.
 *
 * Context: Process context, may sleep for as long as a probe takes.
 * Return: 0; -ENOSPC if the bus has no slot left, or another errno.
 */
int nvmm_pci_add(struct nvmm_ctrl *ctrl)
{
	int ret;

	nvmm_space_init(ctrl);
	memset(ctrl->msix, 0, sizeof(ctrl->msix));
	ctrl->msix_pending = 0;
	ctrl->um.ops = &nvmm_um_ops;
	ret = um_pci_device_register(&ctrl->um);
	if (ret)
		return ret;
	ctrl->pdev = pci_get_subsys(NVMM_VENDOR, NVMM_DEVICE, NVMM_SUBVENDOR,
				    ctrl->instance, NULL);
	if (ctrl->pdev)
		return 0;
	pr_err("%s: the bus did not find it\n", ctrl->name);
	um_pci_device_unregister(&ctrl->um);
	return -ENODEV;
}

/**
 * nvmm_pci_remove - pull the controller out
 * @ctrl: its thread runs, as the driver may want answers
 *
 * Context: Process context, may sleep for as long as a removal takes.
 */
void nvmm_pci_remove(struct nvmm_ctrl *ctrl)
{
	/* Unregistering finds the device in slot 0 only. */
	pci_stop_and_remove_bus_device_locked(ctrl->pdev);
	pci_dev_put(ctrl->pdev);
	ctrl->pdev = NULL;
	um_pci_device_unregister(&ctrl->um);
}
