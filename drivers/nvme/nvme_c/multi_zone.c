// SPDX-License-Identifier: GPL-2.0
/*
 * Zones of a namespace that several controllers reach.
 *
 * Zones, and where they are written next, are the namespace's, whichever controller is
 * asked: so the disk is zoned, and its ways are ways to the same zones.
 *
 * Who keeps writes in order
 * -------------------------
 * The disk itself: the block layer's plug of a zone lets one write of the zone go on, and
 * the next one when that has ended, by whatever way. So the plug must see what is sent, no
 * more and no less: a bio is split by the limits of all ways before it is plugged, one that is
 * longer than what its way takes at once is sent in parts, one after the other, and the
 * ways' own disks have no plugs. Those would know the writes by one way alone, and refuse
 * the next one, as their idea of the write pointer is old. The block layer gives a disk
 * plugs when it looks at its zones, which is why it never looks at those of a way. Linux 7.3
 * takes it from there that such a disk has no zones that could be reset: what is done to
 * zones goes by a command of the driver's own.
 *
 * A write whose fate is not known
 * -------------------------------
 * A way goes, with a write on it. A plain write is sent again by another way, and if it was
 * done before, it is done twice, with the same data. In a zone that cannot be: a write that
 * was done is refused, as it is not at the write pointer any more. To say to its owner that
 * it failed would be wrong, as the data is there; and the block layer would fail whatever
 * waits behind it.
 *
 * So it is sent again. If it is refused then, its zone is asked for the write pointer, which
 * nobody else moves: one write of a zone is under way, see above. If that is at the end of
 * the write, this was done, and is a success. If it is within the write, the rest is sent.
 * If it is at the begin, or before that as a cache was lost, the refusal stands. The order
 * matters: asked first, a controller that is gone, but still at work, could do the write
 * after the answer. As it is, the zone takes one of the two. That is multi_io.c's.
 *
 * What was done by the way that went may be in its volatile cache. It has written, as far as
 * flushes know. A write with FUA goes on as one with a flush before it, if need be of no data.
 *
 * A full zone has no write pointer, and counts as written to its end: not if the controller
 * says that it has finished it, nor if a command of the disk that finishes zones was on its way
 * at the same time as the write, whichever zone that was for.
 *
 * Appends
 * -------
 * An append whose fate is not known cannot be asked for: several of a zone are under way,
 * and what is found there may be any of them. Sent again, it may be there twice. So there are
 * none: with no limit for them the block layer makes writes of appends, at the place that
 * its plug knows, and what was said of writes holds. They are as long as the longest write
 * that all ways take. The price is that those of a zone are done one after the other.
 *
 * Whoever writes to the namespace past the disk, by the character devices of its
 * controllers or from another host, breaks all this, as on any zoned disk.
 *
 * Reports
 * -------
 * Each command of a report goes by a way that is chosen for it. What one way cannot tell,
 * another one is asked for, from where the report is. With no way, who wants a report waits
 * as long as one is being reset or may become accessible, and not for one that is to come:
 * a scan may want it, and hold its lock, which who removes the controller waits for.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/percpu-refcount.h>
#include <linux/sched/signal.h>

#include "ctrl.h"
#include "multi.h"
#include "ns.h"
#include "recover.h"
#include "state.h"
#include "zns.h"

/**
 * nvmec_multi_submit_zoned - take a bio of a disk with zones; for ->submit_bio
 * @bio: for the disk of a struct nvmec_multi; one that was plugged comes again
 *
 * Context: that of ->submit_bio.
 */
void nvmec_multi_submit_zoned(struct bio *bio)
{
	if (bio_needs_zone_write_plugging(bio)) {
		bio = bio_split_to_limits(bio);
		if (!bio || blk_zone_plug_bio(bio, 0))
			return;
	}
	if (op_is_zone_mgmt(bio_op(bio)))
		nvmec_multi_put_off(bio);
	else if (unlikely(bio_op(bio) == REQ_OP_ZONE_APPEND))
		/* There are no plugs any more: see blk_revalidate_disk_zones(). */
		bio_io_error(bio);
	else if (bio_op(bio) == REQ_OP_WRITE)
		nvmec_multi_submit_write(bio);
	else
		nvmec_multi_submit_bio(bio);
}

/*
 * Some zones more, by one way. Returns 0, also if there is reason to try again, which is
 * counted; or an errno.
 *
 * The way is kept by its disk meanwhile, as for an ioctl: who is told of zones may sleep for
 * as long as he likes, and the way can be removed then.
 */
static int nvmec_multi_report_some(struct nvmec_multi *multi, struct nvmec_report *report,
				   const struct nvmec_ns **shun, unsigned int *tries)
{
	struct nvmec_ns *path = nvmec_multi_choose(multi, *shun);
	struct gendisk *disk;
	int ret;

	if (!path)
		return nvmec_multi_await(multi);
	disk = path->disk;
	get_device(disk_to_dev(disk));
	percpu_ref_put(&path->path_users);
	ret = nvmec_report_some(path, report);
	*shun = NULL;
	if (ret && nvmec_zns_other_may(path, ret)) {
		/* Only to be compared with: it may be gone when it is. */
		*shun = path;
		ret = *tries < NVMEC_MAX_RETRIES ? 0 : -EIO;
		++*tries;
	}
	put_disk(disk);
	return ret;
}

/* A user ends with his process; a scan that adds the disk, if its controller is let go of. */
static int nvmec_multi_report_may_go_on(const struct nvmec_multi *multi)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	if (multi->adder && nvmec_state(multi->adder) == NVMEC_REMOVING)
		return -ECANCELED;
	return 0;
}

/* For ->report_zones. May sleep for as long as resets take. */
MQBLK_REPORT_ZONES_FN(nvmec_multi_report_zones)
{
	struct nvmec_multi *multi = disk->private_data;
	const struct nvmec_ns *shun = NULL;
	struct nvmec_report report;
	unsigned int tries = 0;
	int ret;

	ret = nvmec_report_begin(&report, disk, sector, nr_zones, MQBLK_REPORT_ZONES_ARGS);
	while (!ret && report.sector < report.end) {
		ret = nvmec_multi_report_may_go_on(multi);
		if (!ret)
			ret = nvmec_multi_report_some(multi, &report, &shun, &tries);
	}
	nvmec_report_end(&report);
	return ret ?: report.nr;
}
