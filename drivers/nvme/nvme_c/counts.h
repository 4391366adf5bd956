/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many I/O queues there are, and how deep they are.
 */
#ifndef _NVMEC_COUNTS_H
#define _NVMEC_COUNTS_H

#include <linux/minmax.h>
#include <linux/mqblk.h>
#include <linux/types.h>

struct nvmec_ctrl;

/* Requests of all I/O queues together, as far as each has so many. */
#define NVMEC_MAX_REQUESTS	16384U
#define NVMEC_MIN_BOUND		64U

/*
 * Requests that an I/O queue holds when there are so many queues. A request takes
 * 1.7 KiB: the machine's largest share for them is 28 MiB up to 256 queues, which
 * is 1023 requests in each of 16, or 64 in each of 256.
 */
static inline unsigned int nvmec_bounded_depth(unsigned int wanted,
					       unsigned int queues)
{
	return min(wanted, max(NVMEC_MAX_REQUESTS / queues, NVMEC_MIN_BOUND));
}

void nvmec_wish_counts(struct nvmec_ctrl *ctrl);
void nvmec_limit_counts(struct mqblk_queue_counts *counts, unsigned int total);
void nvmec_limit_vectors(struct mqblk_queue_counts *counts,
			 unsigned int vectors);
unsigned int nvmec_total(const struct mqblk_queue_counts *counts);
unsigned int nvmec_max_queues(struct nvmec_ctrl *ctrl);
int nvmec_alloc_vectors(struct nvmec_ctrl *ctrl);

#endif /* _NVMEC_COUNTS_H */
