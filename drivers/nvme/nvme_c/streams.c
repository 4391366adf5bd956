// SPDX-License-Identifier: GPL-2.0
/*
 * Write streams: Flexible Data Placement (FDP) of the NVM Express specification. A stream of
 * the block layer is a placement handle of the namespace. What is written by the same
 * handle lies together, and can be given up together.
 *
 * FDP is on or off for an endurance group, by whoever set the device up. Where it is on, a
 * feature says by which configuration, a log page what that is, and I/O Management Receive
 * which handles a namespace has. None of it is believed. What makes no sense has a line that
 * names the field, and the namespace works without streams.
 *
 * It is read in each scan, so after each reset. A refusal that may pass says nothing: the
 * namespace keeps what it has, and another scan follows: see nvmec_scan_follow(). A disk
 * without streams has no part of this on its way to the ring: &nvmec_ns.extra says that
 * there is something to add.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/blkdev.h>
#include <linux/mqblk_compat.h>
#include <linux/slab.h>

#include "admin.h"
#include "ana.h"
#include "ask.h"
#include "cmd.h"
#include "ctrl.h"
#include "ident.h"
#include "ns.h"
#include "state.h"
#include "streams.h"

/* The feature, and its value: whether it is on, and by which configuration. */
#define NVMEC_FEAT_FDP		0x1d
#define NVMEC_FDPE		BIT(0)
#define NVMEC_FDPCIDX(value)	((value) >> 8 & 0xff)

/* The log page of configurations: it begins with 16 bytes. */
#define NVMEC_LOG_FDP		0x20
#define NVMEC_FDP_VALID		BIT(7)

struct nvmec_fdp_header {
	__le16	numfdpc;
	u8	version;
	u8	reserved3;
	__le32	sze;
	u8	reserved8[8];
};

static_assert(sizeof(struct nvmec_fdp_header) == 16);

/*
 * So many questions may have no answer in time. Each costs a reset, which has the next scan
 * follow, and that asks again: so without an end, a controller that never answers would be
 * given up, with the data that it has. One may have been lost by chance.
 */
#define NVMEC_MAX_SILENT	2

/* I/O Management Receive, and in its dword 10, the status of handles */
#define NVMEC_IO_MGMT_RECV	0x12
#define NVMEC_MO_HANDLES	1

/* --- what is said, checked ------------------------------------------------ */

static bool nvmec_fdp_nonsense(struct device *dev, u32 nsid, const char *field, u64 value,
			       u64 least, u64 most)
{
	dev_warn_ratelimited(dev, "namespace %u: FDP: %s: %llu, %llu to %llu can be used: goes without streams\n",
			     nsid, field, value, least, most);
	return false;
}

/**
 * nvmec_fdp_config - check and read what a configuration is
 * @dev: to be named in the log
 * @nsid: likewise
 * @config: its descriptor
 * @info: &nvmec_ns_info.fdp_handles and &nvmec_ns_info.stream_bytes are written
 *
 * With several reclaim groups, who writes would have to choose one of them, too: the block
 * layer has no word for that.
 *
 * Context: Any.
 * Return: true; or false with a line in the log, and nothing written.
 */
bool nvmec_fdp_config(struct device *dev, u32 nsid, const struct nvmec_fdp_config *config,
		      struct nvmec_ns_info *info)
{
	u32 nrg = le32_to_cpu(config->nrg);
	u16 nruh = le16_to_cpu(config->nruh);
	u64 runs = le64_to_cpu(config->runs);

	if (!(config->fdpa & NVMEC_FDP_VALID))
		return nvmec_fdp_nonsense(dev, nsid, "FDPA", config->fdpa, NVMEC_FDP_VALID,
					  U8_MAX);
	if (nrg != 1)
		return nvmec_fdp_nonsense(dev, nsid, "NRG", nrg, 1, 1);
	if (!nruh)
		return nvmec_fdp_nonsense(dev, nsid, "NRUH", nruh, 1, U16_MAX);
	if (!runs)
		return nvmec_fdp_nonsense(dev, nsid, "RUNS", runs, 1, U64_MAX);
	info->fdp_handles = nruh;
	/* The block layer has 32 bits for it, and 0 if it does not know. */
	info->stream_bytes = runs <= U32_MAX ? runs : 0;
	return true;
}

/**
 * nvmec_fdp_handles - check and read which handles a namespace has
 * @dev: to be named in the log
 * @nsid: likewise
 * @status: from the controller
 * @info: from nvmec_streams_ident(), with FDP
 * @streams: written
 *
 * With one reclaim group, a placement id is the number of a handle: each is there once.
 *
 * Context: Any.
 * Return: true; or false with a line in the log, then there are no streams.
 */
bool nvmec_fdp_handles(struct device *dev, u32 nsid, const struct nvmec_fdp_status *status,
		       const struct nvmec_ns_info *info, struct nvmec_streams *streams)
{
	DECLARE_BITMAP(seen, NVMEC_MAX_STREAMS) = {};
	unsigned int nr = le16_to_cpu(status->nruhsd), i;
	u16 pid, ruhid;

	streams->nr = 0;
	if (!nr || nr > NVMEC_MAX_STREAMS)
		return nvmec_fdp_nonsense(dev, nsid, "NRUHSD", nr, 1, NVMEC_MAX_STREAMS);
	for (i = 0; i < nr; i++) {
		pid = le16_to_cpu(status->handles[i].pid);
		ruhid = le16_to_cpu(status->handles[i].ruhid);
		if (pid >= nr)
			return nvmec_fdp_nonsense(dev, nsid, "PID", pid, 0, nr - 1);
		if (ruhid >= info->fdp_handles)
			return nvmec_fdp_nonsense(dev, nsid, "RUHID", ruhid, 0,
						  info->fdp_handles - 1);
		if (__test_and_set_bit(pid, seen)) {
			dev_warn(dev, "namespace %u: FDP: PID: %u is there twice: goes without streams\n",
				 nsid, pid);
			return false;
		}
		streams->ids[i] = pid;
	}
	streams->nr = nr;
	return true;
}

/* --- asking the controller ------------------------------------------------ */

static bool nvmec_streams_forsaken(const struct nvmec_ctrl *ctrl)
{
	lockdep_assert_held(&ctrl->scan_lock);
	return ctrl->nr_silent >= NVMEC_MAX_SILENT;
}

/* No answer in time: is that the last time? */
static bool nvmec_streams_silent(struct nvmec_ctrl *ctrl, u32 nsid)
{
	lockdep_assert_held(&ctrl->scan_lock);
	if (++ctrl->nr_silent < NVMEC_MAX_SILENT)
		return false;
	dev_warn(&ctrl->dev, "namespace %u: FDP: no answer in time, %u times: not asked any more\n",
		 nsid, ctrl->nr_silent);
	return true;
}

static int nvmec_fdp_log(struct nvmec_ctrl *ctrl, u16 endgid, u64 offset, void *data,
			 unsigned int bytes)
{
	struct nvme_command cmd;

	nvmec_cmd_get_log(&cmd, NVMEC_LOG_FDP, bytes);
	/* The specific identifier, which not all kernels have a name for */
	cmd.common.cdw11 |= cpu_to_le32((u32)endgid << 16);
	cmd.get_log_page.lpo = cpu_to_le64(offset);
	memset(data, 0, bytes);
	return nvmec_admin(ctrl, &cmd, data, bytes, NULL);
}

/*
 * Finds configuration @idx of the log page. Returns 0 with it in @page; an errno if the
 * controller did not answer; or its status. What makes no sense has a line, and is -ENODATA.
 */
static int nvmec_fdp_find(struct nvmec_ctrl *ctrl, u32 nsid, u16 endgid, unsigned int idx,
			  void *page)
{
	const struct nvmec_fdp_header *header = page;
	const struct nvmec_fdp_config *config = page;
	u32 at = sizeof(*header), sze, dsze;
	unsigned int last, i;
	int ret;

	ret = nvmec_fdp_log(ctrl, endgid, 0, page, sizeof(*header));
	if (ret)
		return ret;
	last = le16_to_cpu(header->numfdpc);
	sze = le32_to_cpu(header->sze);
	if (idx > last) {
		nvmec_fdp_nonsense(&ctrl->dev, nsid, "FDPCIDX", idx, 0, last);
		return -ENODATA;
	}
	for (i = 0;; i++, at += dsze) {
		if (sze < sizeof(*config) || at > sze - sizeof(*config)) {
			nvmec_fdp_nonsense(&ctrl->dev, nsid, "SZE", sze,
					   (u64)at + sizeof(*config), U32_MAX);
			return -ENODATA;
		}
		if (nvmec_state(ctrl) != NVMEC_LIVE)
			return -ECANCELED;
		/* Each may take its time: see nvmec_scan_lock(). */
		if (READ_ONCE(ctrl->scan_unwanted))
			return -EAGAIN;
		ret = nvmec_fdp_log(ctrl, endgid, at, page, sizeof(*config));
		if (ret || i == idx)
			return ret;
		dsze = le16_to_cpu(config->dsze);
		if (dsze < sizeof(*config) || dsze % sizeof(u32)) {
			nvmec_fdp_nonsense(&ctrl->dev, nsid, "DSZE", dsze, sizeof(*config),
					   U16_MAX);
			return -ENODATA;
		}
	}
}

static int nvmec_fdp_read(struct nvmec_ctrl *ctrl, u32 nsid, struct nvmec_ns_info *info,
			  void *page)
{
	struct nvme_command cmd;
	u32 value = 0;
	int ret;

	nvmec_cmd_get_feature(&cmd, NVMEC_FEAT_FDP, info->endgid);
	ret = nvmec_admin(ctrl, &cmd, NULL, 0, &value);
	if (ret || !(value & NVMEC_FDPE))
		return ret;
	ret = nvmec_fdp_find(ctrl, nsid, info->endgid, NVMEC_FDPCIDX(value), page);
	if (!ret)
		info->fdp = nvmec_fdp_config(&ctrl->dev, nsid, page, info);
	return ret;
}

/**
 * nvmec_streams_ident - find out whether a namespace has streams
 * @ctrl: the controller
 * @nsid: the namespace
 * @info: from nvmec_ident_ns(); &nvmec_ns_info.fdp_unknown, &nvmec_ns_info.fdp and what goes
 *	with that are written
 * @page: memory of NVMEC_PAGE_SIZE, for data of commands
 *
 * Context: Process context, may sleep.
 * Return: 0, with or without; or an errno if the controller did not answer.
 */
int nvmec_streams_ident(struct nvmec_ctrl *ctrl, u32 nsid, struct nvmec_ns_info *info,
			void *page)
{
	int nr_timeouts = atomic_read(&ctrl->nr_timeouts), ret;

	if (!MQBLK_WRITE_STREAMS || !ctrl->ident.fdp || !info->endgid ||
	    nvmec_streams_forsaken(ctrl))
		return 0;
	if (!(ctrl->ident.lpa & NVMEC_LPA_OFFSETS)) {
		nvmec_fdp_nonsense(&ctrl->dev, nsid, "LPA", ctrl->ident.lpa, NVMEC_LPA_OFFSETS,
				   U8_MAX);
		return 0;
	}
	if (info->endgid > ctrl->ident.endgidmax) {
		nvmec_fdp_nonsense(&ctrl->dev, nsid, "ENDGID", info->endgid, 1,
				   ctrl->ident.endgidmax);
		return 0;
	}
	ret = nvmec_fdp_read(ctrl, nsid, info, page);
	if (ret <= 0)
		return ret == -ENODATA ? 0 : ret;
	info->fdp_unknown = nvmec_status_passes(ret);
	/* A reset took it back, as nothing came; perhaps that was another command. */
	if (ret == NVME_SC_HOST_ABORTED_CMD && atomic_read(&ctrl->nr_timeouts) != nr_timeouts &&
	    nvmec_streams_silent(ctrl, nsid)) {
		info->fdp_unknown = false;
		return 0;
	}
	dev_warn(&ctrl->dev, "namespace %u: FDP: status %#x: %s\n", nsid, ret,
		 info->fdp_unknown ? "stays as it was" : "goes without streams");
	return 0;
}

/* --- what the disk has ---------------------------------------------------- */

static int nvmec_streams_read(struct nvmec_ns *ns, const struct nvmec_ns_info *info,
			      struct nvmec_streams *streams)
{
	struct nvmec_fdp_status *status;
	struct nvme_command cmd = {
		.common = {
			.opcode	= NVMEC_IO_MGMT_RECV,
			.nsid	= cpu_to_le32(ns->nsid),
			.cdw10	= cpu_to_le32(NVMEC_MO_HANDLES),
			.cdw11	= cpu_to_le32(sizeof(*status) / sizeof(u32) - 1),
		},
	};
	int ret;

	status = kmalloc(sizeof(*status), GFP_KERNEL);
	if (!status)
		return -ENOMEM;
	ret = nvmec_ask(ns, &cmd, status, sizeof(*status));
	if (!ret)
		nvmec_fdp_handles(&ns->ctrl->dev, ns->nsid, status, info, streams);
	kfree(status);
	return ret;
}

/* Writes that are on their way see the old id of a stream, or the new one. */
static void nvmec_streams_take(struct nvmec_ns *ns, const struct nvmec_streams *streams)
{
	unsigned int i;

	for (i = 0; i < streams->nr; i++)
		WRITE_ONCE(ns->streams.ids[i], streams->ids[i]);
	WRITE_ONCE(ns->streams.nr, streams->nr);
	WRITE_ONCE(ns->extra, ns->meta.bytes || streams->nr);
}

/* Returns whether the limits of the disk are others now. */
static bool nvmec_streams_limit(struct nvmec_ns *ns, unsigned int nr, unsigned int bytes)
{
	struct request_queue *q = ns->disk->queue;
	struct queue_limits lim;
	int ret;

	if (mqblk_write_streams(&q->limits) == nr && mqblk_stream_bytes(&q->limits) == bytes)
		return false;
	lim = queue_limits_start_update(q);
	mqblk_limit_streams(&lim, nr, bytes);
	ret = queue_limits_commit_update_frozen(q, &lim);
	if (ret)
		dev_err(&ns->ctrl->dev, "namespace %u: its streams cannot change: error %d\n",
			ns->nsid, ret);
	return !ret;
}

/*
 * Notes whether a namespace said what its streams are. A way that is not accessible is asked
 * when it is: nvmec_ana_set() comes after this, and finds the note. If it came before, or
 * another reason kept the way from saying, the scan is followed by another one: the state
 * does not change any more that was not there yet for the question.
 */
static void nvmec_streams_note(struct nvmec_ns *ns, bool said, bool unknown)
{
	struct nvmec_ctrl *ctrl = ns->ctrl;

	mutex_lock(&ctrl->ns_lock);
	WRITE_ONCE(ns->streams_unknown, unknown);
	ns->streams_unsaid = !said;
	ctrl->unsaid |= !said && nvmec_ana_accessible(ns->ana_state);
	mutex_unlock(&ctrl->ns_lock);
}

/* Its controller is not asked any more: of several ways, one without streams does not count. */
static bool nvmec_streams_pass_over(struct nvmec_ns *ns)
{
	if (ns->streams.nr || ns->streams_unknown)
		return false;
	nvmec_streams_note(ns, true, true);
	return true;
}

/**
 * nvmec_streams_renew - bring the streams of a disk to what its namespace has
 * @ns: the namespace; its disk may be unpublished
 * @info: what it is
 *
 * While the disk is held for somebody, nothing can be asked, and a scan follows. So it does
 * after a reset that takes the question back. A namespace that said nothing keeps what it
 * has, and is asked again, but not for ever if there is no answer; a way that has nothing
 * does not count among others.
 *
 * Context: Process context, under scan_lock, may sleep.
 * Return: true if the limits of the disk are others now, or whether they count.
 */
bool nvmec_streams_renew(struct nvmec_ns *ns, const struct nvmec_ns_info *info)
{
	struct nvmec_streams *streams;
	bool said, unknown, changed, forsaken;
	int ret = info->fdp_unknown ? -EAGAIN : 0;

	if (!MQBLK_WRITE_STREAMS || ns->frozen)
		return false;
	if (nvmec_streams_forsaken(ns->ctrl))
		return nvmec_streams_pass_over(ns);
	if (!info->fdp && !info->fdp_unknown && !ns->streams.nr && !ns->streams_unknown)
		return false;
	streams = kzalloc(sizeof(*streams), GFP_KERNEL);
	if (!streams)
		ret = -ENOMEM;
	else if (info->fdp)
		ret = nvmec_streams_read(ns, info, streams);
	/* A dead one said nothing. */
	if (ret == -EIO && nvmec_state(ns->ctrl) == NVMEC_DEAD)
		ret = -EINTR;
	forsaken = ret == -ETIMEDOUT && nvmec_streams_silent(ns->ctrl, ns->nsid);
	if (ret && ret != -EAGAIN && ret != -EINTR && ret != -EHOSTUNREACH)
		dev_warn(&ns->ctrl->dev, "namespace %u: FDP: its handles cannot be read: error %d\n",
			 ns->nsid, ret);
	said = !ret || ret == -EIO;
	unknown = !said && !ns->streams.nr;
	changed = unknown != ns->streams_unknown;
	nvmec_streams_note(ns, said || forsaken, unknown);
	if (said) {
		nvmec_streams_take(ns, streams);
		changed |= nvmec_streams_limit(ns, streams->nr,
					       streams->nr ? info->stream_bytes : 0);
	}
	kfree(streams);
	return changed;
}
