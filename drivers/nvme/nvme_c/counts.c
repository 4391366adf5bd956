// SPDX-License-Identifier: GPL-2.0
/*
 * How many I/O queues: by wishes, by doorbells, by interrupt vectors. The controller's own
 * limit comes in between, see ctrl.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/minmax.h>
#include <linux/nvme.h>
#include <linux/pci.h>

#include "counts.h"
#include "ctrl.h"
#include "main.h"

/**
 * nvmec_wish_counts - how many I/O queues one would like to have, by what they serve
 * @ctrl: the controller; its @counts are written
 *
 * Context: Any.
 */
void nvmec_wish_counts(struct nvmec_ctrl *ctrl)
{
	unsigned int cpus = num_possible_cpus();
	struct mqblk_queue_counts *counts = &ctrl->counts;

	counts->nr_poll = min(nvmec_poll_queues, cpus);
	counts->nr_default = cpus;
	counts->nr_read = 0;
	if (nvmec_write_queues) {
		counts->nr_default = min(nvmec_write_queues, cpus);
		counts->nr_read = cpus;
	}
}

/* As many for interrupts as there may be: half for reads, if not all fit. */
static void nvmec_limit_irq_queues(struct mqblk_queue_counts *counts,
				   unsigned int total)
{
	if (counts->nr_default + counts->nr_read <= total)
		return;
	counts->nr_default = min(counts->nr_default, total - total / 2);
	if (!counts->nr_read)
		counts->nr_default = total;
	counts->nr_read = min(counts->nr_read, total - counts->nr_default);
}

/**
 * nvmec_limit_counts - give up queues, but for one that has an interrupt
 * @counts: queues by what they serve; lowered
 * @total: how many there may be, at least 1
 *
 * Context: Any.
 */
void nvmec_limit_counts(struct mqblk_queue_counts *counts, unsigned int total)
{
	counts->nr_poll = min(counts->nr_poll, total - 1);
	nvmec_limit_irq_queues(counts, total - counts->nr_poll);
}

/**
 * nvmec_total - how many I/O queues there are
 * @counts: queues by what they serve
 *
 * Context: Any.
 * Return: their sum.
 */
unsigned int nvmec_total(const struct mqblk_queue_counts *counts)
{
	return counts->nr_default + counts->nr_read + counts->nr_poll;
}

/**
 * nvmec_limit_vectors - give up queues that have no interrupt
 * @counts: queues by what they serve; lowered
 * @vectors: all there are; if it is one, one queue shares it with the admin queue
 */
void nvmec_limit_vectors(struct mqblk_queue_counts *counts,
			 unsigned int vectors)
{
	nvmec_limit_irq_queues(counts, vectors > 1 ? vectors - 1 : 1);
}

/**
 * nvmec_max_queues - how many I/O queues the registers have doorbells for
 * @ctrl: the controller; its registers are mapped
 *
 * Context: Any.
 * Return: their number without the admin queue; it may be 0.
 */
unsigned int nvmec_max_queues(struct nvmec_ctrl *ctrl)
{
	size_t stride = sizeof(u32) << NVME_CAP_STRIDE(ctrl->cap);
	size_t pairs = (ctrl->bar_bytes - NVME_REG_DBS) / (2 * stride);

	return pairs ? pairs - 1 : 0;
}

/* The kernel asks how vectors are shared out between writes and reads. */
static void nvmec_calc_sets(struct irq_affinity *affd, unsigned int vectors)
{
	struct nvmec_ctrl *ctrl = affd->priv;
	struct mqblk_queue_counts counts = ctrl->counts;

	nvmec_limit_vectors(&counts, vectors + affd->pre_vectors);
	affd->set_size[0] = counts.nr_default;
	affd->set_size[1] = counts.nr_read;
	affd->nr_sets = counts.nr_read ? 2 : 1;
}

/**
 * nvmec_alloc_vectors - allocate interrupt vectors for @counts
 * @ctrl: the controller; no interrupt is in use
 *
 * Vector 0 is the admin queue's, and the only one if there are no more.
 *
 * Context: Process context, may sleep.
 * Return: how many there are, or an errno.
 */
int nvmec_alloc_vectors(struct nvmec_ctrl *ctrl)
{
	struct irq_affinity affd = {
		.pre_vectors	= 1,
		.calc_sets	= nvmec_calc_sets,
		.priv		= ctrl,
	};
	unsigned int wanted = 1 + ctrl->counts.nr_default +
			      ctrl->counts.nr_read;

	pci_free_irq_vectors(ctrl->pdev);
	return pci_alloc_irq_vectors_affinity(ctrl->pdev, 1, wanted,
					      PCI_IRQ_ALL_TYPES |
					      PCI_IRQ_AFFINITY, &affd);
}
