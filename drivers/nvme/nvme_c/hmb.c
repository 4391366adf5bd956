// SPDX-License-Identifier: GPL-2.0
/*
 * The host memory buffer: memory that a controller without any of its own may use. NVM
 * Express Base Specification, section on the host memory buffer.
 *
 * It is allocated in bring-up, in the largest chunks that there are, and lent to the
 * controller by a command. A reset ends the loan, as does a command before a shutdown. The
 * memory stays as it is meanwhile, and the next bring-up says so, so that the controller
 * goes on with what it has there. It is freed only while the controller is disabled.
 *
 * Guard: &nvmec_ctrl.run_lock, all of it but what the user wants.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-mapping.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/nvme.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "admin.h"
#include "cmd.h"
#include "ctrl.h"
#include "hmb.h"
#include "main.h"
#include "prp.h"

/* Chunks of a buffer: as many descriptors as a page has. */
#define NVMEC_HMB_MAX_CHUNKS	(NVMEC_PAGE_SIZE / sizeof(struct nvme_host_mem_buf_desc))
/* The largest chunk that is asked for. */
#define NVMEC_HMB_CHUNK_BYTES	((size_t)PAGE_SIZE << MAX_PAGE_ORDER)

/* A part of the buffer, in one piece for the controller. */
struct nvmec_hmb_chunk {
	void		*memory;
	dma_addr_t	dma;
	size_t		bytes;
};

/**
 * struct nvmec_hmb - a host memory buffer
 * @descs: a page of descriptors, which the controller reads
 * @descs_dma: its bus address
 * @chunks: where each chunk is, by number of its descriptor
 * @nr: how many
 * @chunk_bytes: length of each but the last
 * @bytes: of all of them
 * @used: the controller has had it, and it is as the controller left it
 */
struct nvmec_hmb {
	struct nvme_host_mem_buf_desc	*descs;
	dma_addr_t			descs_dma;
	struct nvmec_hmb_chunk		chunks[NVMEC_HMB_MAX_CHUNKS];
	unsigned int			nr;
	size_t				chunk_bytes;
	u64				bytes;
	bool				used;
};

/* --- memory --------------------------------------------------------------- */

/* The controller can write to the descriptors: what they say is not to be trusted. */
static void nvmec_hmb_free_chunks(struct device *dev, struct nvmec_hmb *hmb)
{
	while (hmb->nr) {
		const struct nvmec_hmb_chunk *chunk = &hmb->chunks[--hmb->nr];

		dma_free_attrs(dev, chunk->bytes, chunk->memory, chunk->dma,
			       DMA_ATTR_NO_WARN);
	}
	hmb->bytes = 0;
}

static bool nvmec_hmb_add_chunk(struct device *dev, struct nvmec_hmb *hmb, size_t bytes)
{
	struct nvmec_hmb_chunk *chunk = &hmb->chunks[hmb->nr];

	/* I/O waits for a reset, which is in a hurry. */
	chunk->memory = dma_alloc_attrs(dev, bytes, &chunk->dma,
					GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY,
					DMA_ATTR_NO_WARN);
	if (!chunk->memory)
		return false;
	chunk->bytes = bytes;
	hmb->descs[hmb->nr++] = (struct nvme_host_mem_buf_desc) {
		.addr	= cpu_to_le64(chunk->dma),
		.size	= cpu_to_le32(bytes / NVMEC_PAGE_SIZE),
	};
	hmb->bytes += bytes;
	return true;
}

/* As much of @bytes as there is, in chunks of one size; no chunk is shorter than @least. */
static void nvmec_hmb_fill(struct nvmec_ctrl *ctrl, struct nvmec_hmb *hmb, u64 bytes,
			   size_t least)
{
	unsigned int max = NVMEC_HMB_MAX_CHUNKS;
	size_t part;

	if (ctrl->ident.hmmaxd)
		max = min(max, ctrl->ident.hmmaxd);
	while (hmb->nr < max && hmb->bytes < bytes) {
		part = min_t(u64, bytes - hmb->bytes, hmb->chunk_bytes);
		if (part < least || !nvmec_hmb_add_chunk(&ctrl->pdev->dev, hmb, part))
			return;
	}
}

/* Largest chunks first: the controller has less to look up in few of them. */
static int nvmec_hmb_alloc_chunks(struct nvmec_ctrl *ctrl, struct nvmec_hmb *hmb,
				  u64 bytes)
{
	size_t least = max_t(size_t, ctrl->ident.hmminds_bytes, NVMEC_PAGE_SIZE);
	u64 min_bytes = max_t(u64, ctrl->ident.hmmin_bytes, least);

	hmb->chunk_bytes = min_t(u64, bytes, NVMEC_HMB_CHUNK_BYTES);
	for (; hmb->chunk_bytes >= least;
	     hmb->chunk_bytes = ALIGN_DOWN(hmb->chunk_bytes / 2, NVMEC_PAGE_SIZE)) {
		nvmec_hmb_fill(ctrl, hmb, bytes, least);
		if (hmb->bytes >= min_bytes)
			return 0;
		nvmec_hmb_free_chunks(&ctrl->pdev->dev, hmb);
	}
	return -ENOMEM;
}

/**
 * nvmec_hmb_free - free the buffer
 * @ctrl: a controller that does not reach it: it is disabled, or never was told of it
 *
 * Does nothing the second time.
 *
 * Context: Process context, may sleep.
 */
void nvmec_hmb_free(struct nvmec_ctrl *ctrl)
{
	struct device *dev = &ctrl->pdev->dev;
	struct nvmec_hmb *hmb = ctrl->hmb;

	if (!hmb)
		return;
	ctrl->hmb = NULL;
	nvmec_hmb_free_chunks(dev, hmb);
	if (hmb->descs)
		dma_free_coherent(dev, NVMEC_PAGE_SIZE, hmb->descs, hmb->descs_dma);
	kfree(hmb);
}

static int nvmec_hmb_alloc(struct nvmec_ctrl *ctrl, u64 bytes)
{
	struct nvmec_hmb *hmb = kzalloc(sizeof(*hmb), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!hmb)
		return -ENOMEM;
	ctrl->hmb = hmb;
	hmb->descs = dma_alloc_coherent(&ctrl->pdev->dev, NVMEC_PAGE_SIZE,
					&hmb->descs_dma, GFP_KERNEL);
	if (hmb->descs)
		ret = nvmec_hmb_alloc_chunks(ctrl, hmb, bytes);
	if (ret) {
		nvmec_hmb_free(ctrl);
		return ret;
	}
	dev_info(&ctrl->dev, "host memory buffer: %llu KiB in %u chunks\n", hmb->bytes >> 10,
		 hmb->nr);
	return 0;
}

/* --- on and off ----------------------------------------------------------- */

static int nvmec_hmb_enable(struct nvmec_ctrl *ctrl)
{
	struct nvmec_hmb *hmb = ctrl->hmb;
	struct nvme_command cmd;
	int ret;

	nvmec_cmd_set_feature(&cmd, NVME_FEAT_HOST_MEM_BUF,
			      NVME_HOST_MEM_ENABLE |
			      (hmb->used ? NVME_HOST_MEM_RETURN : 0));
	cmd.features.dword12 = cpu_to_le32(hmb->bytes / NVMEC_PAGE_SIZE);
	cmd.features.dword13 = cpu_to_le32(lower_32_bits(hmb->descs_dma));
	cmd.features.dword14 = cpu_to_le32(upper_32_bits(hmb->descs_dma));
	cmd.features.dword15 = cpu_to_le32(hmb->nr);
	ret = nvmec_admin(ctrl, &cmd, NULL, 0, NULL);
	if (ret)
		dev_warn(&ctrl->dev, "host memory buffer: not taken: error %#x\n", ret);
	WRITE_ONCE(ctrl->hmb_on, !ret);
	hmb->used = !ret;
	return ret > 0 ? -EIO : ret;
}

/* How much it gets, in bytes; 0 if it wants none, or what makes no sense. */
static u64 nvmec_hmb_wish(struct nvmec_ctrl *ctrl)
{
	u64 most = (u64)READ_ONCE(nvmec_max_hmb_mib) * SZ_1M;
	const struct nvmec_ident *ident = &ctrl->ident;

	if (!ident->hmpre_bytes || !READ_ONCE(ctrl->hmb_wanted) || !most)
		return 0;
	if (ident->hmmin_bytes > ident->hmpre_bytes) {
		dev_warn(&ctrl->dev, "HMMIN: %llu KiB of host memory at least, but HMPRE: %llu: it gets none\n",
			 ident->hmmin_bytes >> 10, ident->hmpre_bytes >> 10);
		return 0;
	}
	if (ident->hmminds_bytes > ident->hmpre_bytes) {
		dev_warn(&ctrl->dev, "HMMINDS: chunks of %llu KiB at least, but HMPRE: %llu: it gets none\n",
			 ident->hmminds_bytes >> 10, ident->hmpre_bytes >> 10);
		return 0;
	}
	if (ident->hmmin_bytes > most) {
		dev_warn(&ctrl->dev, "HMMIN: %llu MiB of host memory, max_host_mem_size_mb is %llu: it gets none\n",
			 ident->hmmin_bytes >> 20, most >> 20);
		return 0;
	}
	return min(ident->hmpre_bytes, most);
}

/**
 * nvmec_hmb_start - lend the controller its buffer
 * @ctrl: the controller, in bring-up, identified
 *
 * One that wants none is no error.
 *
 * Context: as nvmec_admin(), under run_lock.
 * Return: 0, or an errno: it has none then.
 */
int nvmec_hmb_start(struct nvmec_ctrl *ctrl)
{
	u64 bytes = nvmec_hmb_wish(ctrl);
	int ret = 0;

	lockdep_assert_held(&ctrl->run_lock);
	WRITE_ONCE(ctrl->hmb_on, false);
	/* It was disabled since it had the buffer. */
	if (!bytes) {
		nvmec_hmb_free(ctrl);
		return 0;
	}
	if (!ctrl->hmb)
		ret = nvmec_hmb_alloc(ctrl, bytes);
	if (ret) {
		dev_warn(&ctrl->dev, "host memory buffer: no memory for it\n");
		return ret;
	}
	return nvmec_hmb_enable(ctrl);
}

/**
 * nvmec_hmb_stop - take the buffer back, before a shutdown
 * @ctrl: the controller; it may save what it has there first
 *
 * The memory is kept as it is. If there is no answer, the controller is disabled, and has
 * it no more.
 *
 * Context: as nvmec_admin(), under run_lock.
 */
void nvmec_hmb_stop(struct nvmec_ctrl *ctrl)
{
	struct nvme_command cmd;
	int ret;

	lockdep_assert_held(&ctrl->run_lock);
	if (!ctrl->hmb_on)
		return;
	WRITE_ONCE(ctrl->hmb_on, false);
	nvmec_cmd_set_feature(&cmd, NVME_FEAT_HOST_MEM_BUF, 0);
	ret = nvmec_admin(ctrl, &cmd, NULL, 0, NULL);
	if (ret)
		dev_warn(&ctrl->dev, "host memory buffer: not given back: error %#x\n", ret);
}

/**
 * nvmec_hmb_forget - know that the buffer is not as the controller left it
 * @ctrl: the controller, stopped
 *
 * What it is lent next has no content that it may rely on (Set Features, Host Memory Buffer:
 * Memory Return).
 *
 * Context: Process context, under run_lock.
 */
void nvmec_hmb_forget(struct nvmec_ctrl *ctrl)
{
	lockdep_assert_held(&ctrl->run_lock);
	if (ctrl->hmb)
		ctrl->hmb->used = false;
}
