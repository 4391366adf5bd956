// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces that several controllers reach: which namespaces are the same, and the life
 * of the one disk that they have.
 *
 * Two namespaces are the same if their controllers are of one subsystem, both say that
 * the namespace may be shared, and its id, its identity and its blocks are equal. The
 * first one that is found makes the disk, the others join. Each has a disk of its own
 * besides, hidden, by which multi_io.c sends what it is given; that one is a way. One that
 * is the same, but has other zones, is refused: whoever believed the wrong one would write
 * into the middle of a zone.
 *
 * The disk goes with the last way, or &nvmec_multi.removal_s later; and at once, with
 * what was not written, if a controller says that the namespace is another one by now.
 * Whoever sets NVMEC_MULTI_CLOSING removes it: it has one remover. Other ways that are
 * left then are looked for anew by scans of their controllers.
 *
 * Locks: &nvmec_ctrl.scan_lock of one controller, then &nvmec_multi.limits_lock, then the
 * limits of the disk's queue, then nvmec_multi_lock. No disk is added or removed under
 * the latter.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mqblk_compat.h>
#include <linux/percpu-refcount.h>
#include <linux/rculist.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "ctrl.h"
#include "head.h"
#include "main.h"
#include "multi.h"
#include "ns.h"
#include "state.h"
#include "sysfs.h"
#include "user.h"

/* More seconds than a day are a mistake. */
#define NVMEC_MAX_REMOVAL_S	86400
#define NVMEC_LINKS		"multipath"

/* Guards the list, and the lists of ways against other writers. */
static DEFINE_MUTEX(nvmec_multi_lock);
static LIST_HEAD(nvmec_multis);
/* Controllers with zones that were refused: another disk may be theirs. Under the lock. */
static LIST_HEAD(nvmec_refused);

/*
 * Who ends the wait of I/O for a way needs the lock: who allocates memory under it must not
 * wait for that I/O.
 */
static unsigned int nvmec_multi_lock_noio(void)
{
	unsigned int noio = memalloc_noio_save();

	mutex_lock(&nvmec_multi_lock);
	return noio;
}

static void nvmec_multi_unlock_noio(unsigned int noio)
{
	mutex_unlock(&nvmec_multi_lock);
	memalloc_noio_restore(noio);
}

/* --- attributes ----------------------------------------------------------- */

static struct nvmec_multi *nvmec_dev_multi(struct device *dev)
{
	return dev_to_disk(dev)->private_data;
}

static ssize_t delayed_removal_secs_show(struct device *dev,
					 struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(nvmec_dev_multi(dev)->removal_s));
}

/* I/O that waits already does so for the new time, from now. */
static ssize_t delayed_removal_secs_store(struct device *dev,
					  struct device_attribute *attr,
					  const char *text, size_t len)
{
	struct nvmec_multi *multi = nvmec_dev_multi(dev);
	unsigned int seconds;

	if (kstrtouint(text, 0, &seconds) || seconds > NVMEC_MAX_REMOVAL_S) {
		dev_err(dev, "delayed_removal_secs: \"%.*s\" is not valid, use 0 to %u\n",
			(int)strcspn(text, "\n"), text, NVMEC_MAX_REMOVAL_S);
		return -EINVAL;
	}
	WRITE_ONCE(multi->removal_s, seconds);
	nvmec_multi_hurry(multi);
	return len;
}
static DEVICE_ATTR_RW(delayed_removal_secs);

static struct attribute *nvmec_multi_attrs[] = {
	&dev_attr_delayed_removal_secs.attr,
	NULL
};

static const struct attribute_group nvmec_multi_group = {
	.attrs	= nvmec_multi_attrs,
};

/* A directory for links to the ways. */
static struct attribute *nvmec_no_attrs[] = { NULL };

static const struct attribute_group nvmec_links_group = {
	.name	= NVMEC_LINKS,
	.attrs	= nvmec_no_attrs,
};

static const struct attribute_group *nvmec_multi_groups[] = {
	&nvmec_ns_group,
	&nvmec_multi_group,
	&nvmec_links_group,
	NULL
};

/* --- life ----------------------------------------------------------------- */

static void nvmec_multi_free(struct nvmec_multi *multi)
{
	free_percpu(multi->turns);
	put_device(multi->subsys_dev);
	put_device(&multi->maker->dev);
	kfree(multi);
}

/*
 * No way is there, and none can come any more: what waits yet fails. The structure stays
 * as long as the disk, which somebody may have open.
 */
static void nvmec_multi_release(struct kref *refs)
{
	struct nvmec_multi *multi = container_of(refs, struct nvmec_multi, refs);

	nvmec_multi_stop(multi);
	nvmec_subsys_drop(multi->subsys);
	if (test_bit(NVMEC_MULTI_ADDED, &multi->flags)) {
		put_disk(multi->disk);
		return;
	}
	put_disk(multi->disk);
	nvmec_multi_free(multi);
}

static void nvmec_multi_put(struct nvmec_multi *multi)
{
	kref_put(&multi->refs, nvmec_multi_release);
}

static void nvmec_multi_free_disk(struct gendisk *disk)
{
	nvmec_multi_free(disk->private_data);
}

/*
 * An ioctl goes by a way, which is kept by its disk meanwhile: a command may take as long
 * as its user wants, and the way can be removed then.
 */
static int nvmec_multi_ioctl(struct block_device *bdev, blk_mode_t mode, unsigned int nr,
			     unsigned long arg)
{
	struct nvmec_ns *path = nvmec_multi_choose(bdev->bd_disk->private_data, NULL);
	struct gendisk *disk;
	int ret;

	if (!path)
		return -EIO;
	disk = path->disk;
	get_device(disk_to_dev(disk));
	percpu_ref_put(&path->path_users);
	ret = nvmec_ns_ioctl(path, bdev, mode, nr, arg);
	put_disk(disk);
	return ret;
}

static const struct block_device_operations nvmec_multi_fops = {
	.owner		= THIS_MODULE,
	.submit_bio	= nvmec_multi_submit_bio,
	.ioctl		= nvmec_multi_ioctl,
	.compat_ioctl	= blkdev_compat_ptr_ioctl,
	.free_disk	= nvmec_multi_free_disk,
};

static const struct block_device_operations nvmec_multi_zoned_fops = {
	.owner		= THIS_MODULE,
	.submit_bio	= nvmec_multi_submit_zoned,
	.ioctl		= nvmec_multi_ioctl,
	.compat_ioctl	= blkdev_compat_ptr_ioctl,
	.report_zones	= nvmec_multi_report_zones,
	.free_disk	= nvmec_multi_free_disk,
};

/* True for the one who is to call nvmec_multi_del_disk(). */
static bool nvmec_multi_close(struct nvmec_multi *multi)
{
	lockdep_assert_held(&nvmec_multi_lock);
	if (test_and_set_bit(NVMEC_MULTI_CLOSING, &multi->flags))
		return false;
	list_del_init(&multi->entry);
	return true;
}

/* There is room for another disk. */
static void nvmec_multi_scan_refused(void)
{
	struct nvmec_ctrl *ctrl, *next;

	mutex_lock(&nvmec_multi_lock);
	list_for_each_entry_safe(ctrl, next, &nvmec_refused, refused_entry) {
		list_del_init(&ctrl->refused_entry);
		queue_work(nvmec_wq, &ctrl->scan_work);
	}
	mutex_unlock(&nvmec_multi_lock);
}

/**
 * nvmec_multi_forget - a controller joins no more
 * @ctrl: the controller; no scan of it runs that finds anything
 *
 * Context: Process context, may sleep.
 */
void nvmec_multi_forget(struct nvmec_ctrl *ctrl)
{
	mutex_lock(&nvmec_multi_lock);
	list_del_init(&ctrl->refused_entry);
	mutex_unlock(&nvmec_multi_lock);
}

/*
 * What is dirty is written if a way works. Who is still open gets errors afterwards. The
 * reference that goes is that of the list.
 */
static void nvmec_multi_del_disk(struct nvmec_multi *multi)
{
	bool added;

	/* Whoever adds it is waited for. No other one will. */
	mutex_lock(&multi->publish_lock);
	added = test_bit(NVMEC_MULTI_ADDED, &multi->flags);
	mutex_unlock(&multi->publish_lock);
	if (added)
		del_gendisk(multi->disk);
	nvmec_multi_scan_refused();
	nvmec_multi_put(multi);
}

/* Is there a way that may be of use again? */
static bool nvmec_multi_alive(const struct nvmec_multi *multi)
{
	const struct nvmec_ns *path;

	lockdep_assert_held(&nvmec_multi_lock);
	list_for_each_entry(path, &multi->paths, path_entry) {
		if (nvmec_path_returns(path))
			return true;
	}
	return false;
}

/**
 * nvmec_multi_removal - &nvmec_multi.removal_work
 * @work: of it
 *
 * No way has come in time. If there is none at all, there is none to come back; one whose
 * controller is dead has to be removed by whoever has it.
 */
static void nvmec_multi_removal(struct work_struct *work)
{
	struct nvmec_multi *multi =
		container_of(work, struct nvmec_multi, removal_work.work);
	bool closer = false;

	mutex_lock(&nvmec_multi_lock);
	if (!nvmec_multi_alive(multi))
		set_bit(NVMEC_MULTI_EXPIRED, &multi->flags);
	if (list_empty(&multi->paths))
		closer = nvmec_multi_close(multi);
	mutex_unlock(&nvmec_multi_lock);
	nvmec_multi_kick(multi);
	if (!closer)
		return;
	pr_warn("%s: no controller of it came back: removed\n", multi->head.name);
	blk_mark_disk_dead(multi->disk);
	nvmec_multi_del_disk(multi);
}

/* --- limits --------------------------------------------------------------- */

/* The fewest of @nr and those of a way, if it is known how many that has. */
static unsigned int nvmec_multi_streams(const struct nvmec_ns *ns, unsigned int nr)
{
	if (READ_ONCE(ns->streams_unknown))
		return nr;
	return min(nr, mqblk_write_streams(&ns->disk->queue->limits));
}

/* A limit of one way together with that of others; 0 is none, and so is one of all zones. */
static unsigned int nvmec_multi_zone_limit(const struct nvmec_multi *multi,
					   unsigned int limit, unsigned int other)
{
	limit = min_not_zero(limit, other);
	return limit < multi->zones.sects >> ilog2(multi->zones.zone_sects) ? limit : 0;
}

/* What nobody makes one limit of. Appends are made writes: see multi_zone.c. */
static void nvmec_multi_stack_zones(const struct nvmec_multi *multi,
				    const struct nvmec_ns *ns, struct queue_limits *lim)
{
	const struct queue_limits *own = &ns->disk->queue->limits;

	if (!multi->zones.zone_sects)
		return;
	/* Whatever else does not go with them: the block layer believes in its zones. */
	lim->chunk_sectors = multi->zones.zone_sects;
	lim->max_open_zones = nvmec_multi_zone_limit(multi, lim->max_open_zones,
						     own->max_open_zones);
	lim->max_active_zones = nvmec_multi_zone_limit(multi, lim->max_active_zones,
						       own->max_active_zones);
	mqblk_limit_zone_append(lim, 0);
}

/* Those of all ways together, and of one that is not listed yet. */
static void nvmec_multi_stack(struct nvmec_multi *multi, const struct nvmec_ns *ns,
			      struct queue_limits *lim)
{
	unsigned int nr_streams = nvmec_multi_streams(ns, UINT_MAX);
	unsigned int stream_bytes = mqblk_stream_bytes(&ns->disk->queue->limits);
	struct nvmec_ns *path;

	lockdep_assert_held(&nvmec_multi_lock);
	blk_set_stacking_limits(lim);
	list_for_each_entry(path, &multi->paths, path_entry) {
		blk_stack_limits(lim, &path->disk->queue->limits, 0);
		nr_streams = nvmec_multi_streams(path, nr_streams);
		stream_bytes = max(stream_bytes,
				   mqblk_stream_bytes(&path->disk->queue->limits));
		nvmec_multi_stack_zones(multi, path, lim);
	}
	blk_stack_limits(lim, &ns->disk->queue->limits, 0);
	nvmec_multi_stack_zones(multi, ns, lim);
	if (nr_streams == UINT_MAX)
		nr_streams = 0;
	mqblk_limit_streams(lim, nr_streams, nr_streams ? stream_bytes : 0);
	lim->features |= BLK_FEAT_NOWAIT | BLK_FEAT_IO_STAT;
	lim->features &= ~BLK_FEAT_POLL;
}

/*
 * The disk follows its ways, of which @ns is one, or is about to be. Under a lock until
 * the list has it: two that join at a time would each set limits without the other's.
 */
static void nvmec_multi_limit(struct nvmec_multi *multi, const struct nvmec_ns *ns)
{
	struct request_queue *q = multi->disk->queue;
	struct queue_limits lim, old;

	lockdep_assert_held(&multi->limits_lock);
	old = queue_limits_start_update(q);
	mutex_lock(&nvmec_multi_lock);
	nvmec_multi_stack(multi, ns, &lim);
	mutex_unlock(&nvmec_multi_lock);
	/* What a user has chosen stays, unless a way would make several writes of one. */
	lim.max_user_sectors = multi->zones.zone_sects ?
			       min_not_zero(lim.max_user_sectors, old.max_user_sectors) :
			       old.max_user_sectors;
	/* Likewise what the block layer has chosen where no way has a limit. */
	if (!lim.max_open_zones && !lim.max_active_zones)
		lim.max_open_zones = old.max_open_zones;
	lim.max_user_discard_sectors = old.max_user_discard_sectors;
	lim.flags |= old.flags & BLK_FLAG_WRITE_CACHE_DISABLED;
	/*
	 * Not frozen: bios are split by the ways' disks, which have limits of their own. And
	 * to freeze it would wait for bios that wait for a way, which may be this one.
	 */
	if (queue_limits_commit_update(q, &lim))
		pr_err("%s: its limits cannot change\n", multi->head.name);
}

/*
 * The size is what all ways have: another one may not have heard of a change yet, and what
 * lies beyond its end would fail there. With @news, it is asked; not always, as two that
 * never agree would ask each other for ever. A dead one has no size.
 */
static void nvmec_multi_size(struct nvmec_multi *multi, const struct nvmec_ns *ns,
			     bool news)
{
	sector_t own_sects = get_capacity(ns->disk), sects = own_sects, other_sects;
	struct nvmec_ns *path;

	if (test_bit(GD_DEAD, &ns->disk->state))
		return;
	mutex_lock(&nvmec_multi_lock);
	list_for_each_entry(path, &multi->paths, path_entry) {
		other_sects = get_capacity(path->disk);
		if (other_sects == own_sects || test_bit(GD_DEAD, &path->disk->state))
			continue;
		sects = min(sects, other_sects);
		if (news)
			queue_work(nvmec_wq, &path->ctrl->scan_work);
	}
	mutex_unlock(&nvmec_multi_lock);
	set_disk_ro(multi->disk, get_disk_ro(ns->disk));
	set_capacity_and_notify(multi->disk, sects);
}

/* --- joining -------------------------------------------------------------- */

/* Who has no identity is not known to be the same. */
static bool nvmec_multi_wanted(const struct nvmec_ns *ns, const struct nvmec_ns_info *info)
{
	const struct nvmec_ns_id *id = &ns->head.id;

	return nvmec_multipath && info->shared && ns->ctrl->ident.multi &&
	       ns->ctrl->subsys && *ns->ctrl->ident.subnqn &&
	       (id->csi == NVME_CSI_NVM || id->csi == NVME_CSI_ZNS) &&
	       (memchr_inv(id->uuid, 0, sizeof(id->uuid)) ||
		memchr_inv(id->nguid, 0, sizeof(id->nguid)) ||
		memchr_inv(id->eui64, 0, sizeof(id->eui64)));
}

static bool nvmec_multi_has_ctrl(const struct nvmec_multi *multi,
				 const struct nvmec_ctrl *ctrl)
{
	const struct nvmec_ns *path;

	list_for_each_entry(path, &multi->paths, path_entry) {
		if (path->ctrl == ctrl || path->ctrl->ident.cntlid == ctrl->ident.cntlid)
			return true;
	}
	return false;
}

static struct nvmec_multi *nvmec_multi_find(const struct nvmec_ns *ns)
{
	struct nvmec_multi *multi;

	lockdep_assert_held(&nvmec_multi_lock);
	list_for_each_entry(multi, &nvmec_multis, entry) {
		if (multi->subsys == ns->ctrl->subsys && multi->head.nsid == ns->nsid &&
		    !memcmp(&multi->id, &ns->id, sizeof(multi->id)) &&
		    multi->lba_shift == ns->lba_shift &&
		    !memcmp(&multi->meta, &ns->meta, sizeof(multi->meta)) &&
		    !nvmec_multi_has_ctrl(multi, ns->ctrl))
			return multi;
	}
	return NULL;
}

static int nvmec_multi_alloc_disk(struct nvmec_multi *multi, const struct nvmec_ns *ns)
{
	struct queue_limits lim;
	const struct mqblk_disk_params params = {
		.name		= multi->head.name,
		.fops		= multi->zones.zone_sects ? &nvmec_multi_zoned_fops :
							    &nvmec_multi_fops,
		.limits		= &lim,
		.capacity_sects	= get_capacity(ns->disk),
		.private	= multi,
		.node		= dev_to_node(&ns->ctrl->pdev->dev),
	};

	nvmec_multi_stack(multi, ns, &lim);
	multi->disk = mqblk_disk_alloc(NULL, &params);
	return PTR_ERR_OR_ZERO(multi->disk);
}

/* The number of the disk is its maker's, and nobody else's as long as it is there. */
static struct nvmec_multi *nvmec_multi_make(struct nvmec_ns *ns)
{
	struct nvmec_multi *multi = kzalloc(sizeof(*multi), GFP_KERNEL);

	if (!multi)
		return NULL;
	kref_init(&multi->refs);
	INIT_LIST_HEAD(&multi->entry);
	INIT_LIST_HEAD(&multi->paths);
	mutex_init(&multi->publish_lock);
	mutex_init(&multi->limits_lock);
	spin_lock_init(&multi->lock);
	bio_list_init(&multi->waiting);
	INIT_DELAYED_WORK(&multi->again_work, nvmec_multi_again);
	INIT_DELAYED_WORK(&multi->removal_work, nvmec_multi_removal);
	get_device(&ns->ctrl->dev);
	multi->maker = ns->ctrl;
	multi->head = ns->head;
	multi->id = ns->id;
	multi->lba_shift = ns->lba_shift;
	multi->meta = ns->meta;
	multi->zones = ns->zones;
	multi->last_finish = jiffies - 1;
	snprintf(multi->head.name, sizeof(multi->head.name), "%sn%u",
		 dev_name(&ns->ctrl->dev), ns->nsid);
	multi->subsys = ns->ctrl->subsys;
	multi->subsys_dev = nvmec_subsys_hold(multi->subsys);
	multi->policy = nvmec_subsys_policy(multi->subsys);
	multi->turns = alloc_percpu(unsigned int);
	if (!multi->turns || nvmec_multi_alloc_disk(multi, ns)) {
		nvmec_subsys_drop(multi->subsys);
		nvmec_multi_free(multi);
		return NULL;
	}
	list_add_tail(&multi->entry, &nvmec_multis);
	return multi;
}

static void nvmec_path_idle(struct percpu_ref *users)
{
	struct nvmec_ns *ns = container_of(users, struct nvmec_ns, path_users);

	complete(&ns->path_idle);
}

/* The number of its maker is free for another namespace with the same id. */
static bool nvmec_multi_has_name(const char *name)
{
	const struct nvmec_multi *multi;

	lockdep_assert_held(&nvmec_multi_lock);
	list_for_each_entry(multi, &nvmec_multis, entry) {
		if (!strcmp(multi->head.name, name))
			return true;
	}
	return false;
}

/* Under the lock: finds the others, or makes what others find. */
static int nvmec_multi_join_locked(struct nvmec_ns *ns, bool wanted)
{
	struct nvmec_multi *multi = NULL;

	lockdep_assert_held(&nvmec_multi_lock);
	if (wanted)
		multi = nvmec_multi_find(ns);
	if (multi && !nvmec_zns_fits(&ns->ctrl->dev, ns->nsid, &multi->zones, &ns->zones)) {
		list_move(&ns->ctrl->refused_entry, &nvmec_refused);
		return -EINVAL;
	}
	/* No disk is made of zones that nobody has seen. */
	if (!multi && ns->zones.zone_sects && !ns->zones.cap_sects)
		return -EHOSTUNREACH;
	/* There is no room for two of the same name. */
	if (!multi && nvmec_multi_has_name(ns->head.name))
		return -EEXIST;
	if (wanted && !multi)
		multi = nvmec_multi_make(ns);
	if (!multi)
		return wanted ? -ENOMEM : 0;
	kref_get(&multi->refs);
	ns->multi = multi;
	return 0;
}

/*
 * Looks at the zones of a way, or of what is to be one. One that cannot tell now is asked
 * again: when its access changes, or soon.
 */
static int nvmec_multi_measure(struct nvmec_ns *ns)
{
	struct nvmec_ctrl *ctrl = ns->ctrl;
	bool unseen = ctrl->zones_unseen;
	int ret;

	/* Before: access may change as soon as it has answered. */
	WRITE_ONCE(ctrl->zones_unseen, true);
	ret = nvmec_zns_measure(ns);
	if (ret != -EHOSTUNREACH)
		WRITE_ONCE(ctrl->zones_unseen, unseen);
	ctrl->unsaid |= ret == -EBUSY;
	return ret;
}

/**
 * nvmec_multi_join - find whether a namespace has a disk together with others
 * @ns: has a disk that is not added, and its &nvmec_ns.head; if it is one of several,
 *	&nvmec_ns.multi is set on return, its disk is hidden and has another name
 * @info: what it says
 *
 * Context: Process context, may sleep, under &nvmec_ctrl.scan_lock. nvmec_multi_unjoin()
 * is due in the end.
 * Return: 0; -EEXIST if another disk has the name; -EINVAL if others have other zones, with
 * a line in the log; -EHOSTUNREACH if nobody can tell of zones now; -ENOMEM, or an errno if
 * they cannot be read.
 */
int nvmec_multi_join(struct nvmec_ns *ns, const struct nvmec_ns_info *info)
{
	bool wanted = nvmec_multi_wanted(ns, info);
	unsigned int noio;
	int ret;

	if (wanted && blk_queue_is_zoned(ns->disk->queue)) {
		ret = nvmec_multi_measure(ns);
		if (ret && ret != -EHOSTUNREACH && ret != -EBUSY)
			return ret;
	}
	if (wanted) {
		init_completion(&ns->path_idle);
		ret = percpu_ref_init(&ns->path_users, nvmec_path_idle, 0, GFP_KERNEL);
		if (ret)
			return ret;
	}
	noio = nvmec_multi_lock_noio();
	ret = nvmec_multi_join_locked(ns, wanted);
	nvmec_multi_unlock_noio(noio);
	if (!ns->multi) {
		if (wanted)
			percpu_ref_exit(&ns->path_users);
		return ret;
	}
	nvmec_head_rename(&ns->head, ns->multi->head.name);
	ns->disk->flags |= GENHD_FL_HIDDEN;
	snprintf(ns->disk->disk_name, DISK_NAME_LEN, "%sc%dn%u",
		 dev_name(&ns->multi->maker->dev), ns->ctrl->index, ns->nsid);
	return 0;
}

/**
 * nvmec_multi_unjoin - undo nvmec_multi_join(), at the end of a way
 * @ns: the way, which is not listed; or a namespace by itself: then nothing happens
 *
 * Context: Process context, may sleep.
 */
void nvmec_multi_unjoin(struct nvmec_ns *ns)
{
	struct nvmec_multi *multi = ns->multi;

	if (!multi)
		return;
	ns->multi = NULL;
	percpu_ref_exit(&ns->path_users);
	nvmec_multi_forsake(multi);
	nvmec_multi_put(multi);
}

/* --- ways ----------------------------------------------------------------- */

/*
 * The block layer looks at zones once, before there is I/O: it freezes the queue for that.
 * Zones do not change as long as there is the disk: see nvmec_multi_strays().
 */
static int nvmec_multi_show(struct nvmec_multi *multi, struct nvmec_ctrl *adder)
{
	int ret = 0;

	lockdep_assert_held(&multi->publish_lock);
	multi->adder = adder;
	if (IS_ENABLED(CONFIG_BLK_DEV_ZONED) && multi->zones.zone_sects)
		ret = blk_revalidate_disk_zones(multi->disk);
	multi->adder = NULL;
	return ret ?: mqblk_disk_publish(multi->disk, multi->subsys_dev,
					 nvmec_multi_groups);
}

/* The controllers of all ways but one look anew at what they have. */
static void nvmec_multi_scan_others(struct nvmec_multi *multi, const struct nvmec_ns *ns)
{
	struct nvmec_ns *path;

	mutex_lock(&nvmec_multi_lock);
	list_for_each_entry(path, &multi->paths, path_entry) {
		if (path != ns)
			queue_work(nvmec_wq, &path->ctrl->scan_work);
	}
	mutex_unlock(&nvmec_multi_lock);
}

/*
 * Once: a disk that could not be added is none any more, and scans make another one. That
 * reads partitions, which takes as long as their I/O. @ns is the way that makes it be added:
 * its scan ends if its controller is let go of.
 */
static int nvmec_multi_publish(struct nvmec_multi *multi, const struct nvmec_ns *ns)
{
	bool closer = false;
	int ret = 0;

	mutex_lock(&multi->publish_lock);
	if (test_bit(NVMEC_MULTI_CLOSING, &multi->flags))
		ret = -ENODEV;
	else if (!test_bit(NVMEC_MULTI_ADDED, &multi->flags))
		ret = nvmec_multi_show(multi, ns->ctrl);
	if (!ret) {
		set_bit(NVMEC_MULTI_ADDED, &multi->flags);
	} else {
		mutex_lock(&nvmec_multi_lock);
		closer = nvmec_multi_close(multi);
		mutex_unlock(&nvmec_multi_lock);
	}
	mutex_unlock(&multi->publish_lock);
	if (!closer)
		return ret;
	nvmec_multi_del_disk(multi);
	if (ret == -ECANCELED)
		nvmec_multi_scan_others(multi, ns);
	return ret;
}

/* Those that came before there was a disk have no link yet. Without one they work, too. */
static void nvmec_multi_link(struct nvmec_multi *multi)
{
	struct nvmec_ns *path;
	unsigned int noio;

	noio = nvmec_multi_lock_noio();
	list_for_each_entry(path, &multi->paths, path_entry) {
		if (path->path_linked || !test_bit(NVMEC_MULTI_ADDED, &multi->flags) ||
		    test_bit(NVMEC_MULTI_CLOSING, &multi->flags))
			continue;
		path->path_linked =
			!sysfs_add_link_to_group(&disk_to_dev(multi->disk)->kobj,
						 NVMEC_LINKS,
						 &disk_to_dev(path->disk)->kobj,
						 path->disk->disk_name);
	}
	nvmec_multi_unlock_noio(noio);
}

/* Afterwards it is not chosen any more. What it has sent by then is still with it. */
static void nvmec_multi_unlist(struct nvmec_ns *ns)
{
	struct nvmec_multi *multi = ns->multi;

	lockdep_assert_held(&nvmec_multi_lock);
	list_del_rcu(&ns->path_entry);
	/* The disk takes its links with it. */
	if (ns->path_linked && !test_bit(NVMEC_MULTI_CLOSING, &multi->flags))
		sysfs_remove_link_from_group(&disk_to_dev(multi->disk)->kobj,
					     NVMEC_LINKS, ns->disk->disk_name);
	ns->path_linked = false;
}

/**
 * nvmec_multi_add - use a way
 * @ns: the way, whose disk was added
 *
 * The first one puts the disk into /dev. It can be used before this returns.
 *
 * Context: Process context, may sleep, under &nvmec_ctrl.scan_lock. nvmec_multi_leave()
 * is due, whatever this returns.
 * Return: 0, or an errno if the disk cannot be added.
 */
int nvmec_multi_add(struct nvmec_ns *ns)
{
	struct nvmec_multi *multi = ns->multi;
	bool closing;
	int ret;

	/* Before: what it cannot do must not be asked of it. */
	mutex_lock(&multi->limits_lock);
	nvmec_multi_limit(multi, ns);
	mutex_lock(&nvmec_multi_lock);
	list_add_tail_rcu(&ns->path_entry, &multi->paths);
	clear_bit(NVMEC_MULTI_EXPIRED, &multi->flags);
	closing = test_bit(NVMEC_MULTI_CLOSING, &multi->flags);
	mutex_unlock(&nvmec_multi_lock);
	mutex_unlock(&multi->limits_lock);
	/* Who closed it knew nothing of this way. The next scan makes another disk. */
	if (closing) {
		queue_work(nvmec_wq, &ns->ctrl->scan_work);
		return -ENODEV;
	}
	cancel_delayed_work(&multi->removal_work);
	nvmec_multi_size(multi, ns, true);
	nvmec_multi_kick(multi);
	ret = nvmec_multi_publish(multi, ns);
	if (ret)
		return ret;
	nvmec_multi_link(multi);
	dev_info(&ns->ctrl->dev, "namespace %u: a way to %s\n", ns->nsid,
		 multi->head.name);
	return 0;
}

/**
 * nvmec_multi_follow - have the disk be what one of its ways has become
 * @ns: the way, whose own disk is what was found
 * @limits: its limits are others than before
 * @size: and so is its size
 *
 * Context: Process context, may sleep, under &nvmec_ctrl.scan_lock.
 */
void nvmec_multi_follow(struct nvmec_ns *ns, bool limits, bool size)
{
	struct nvmec_multi *multi = ns->multi;

	if (nvmec_multi_publish(multi, ns)) {
		dev_err(&ns->ctrl->dev, "namespace %u: %s cannot be added\n", ns->nsid,
			multi->head.name);
		return;
	}
	nvmec_multi_link(multi);
	if (limits) {
		mutex_lock(&multi->limits_lock);
		nvmec_multi_limit(multi, ns);
		mutex_unlock(&multi->limits_lock);
	}
	nvmec_multi_size(multi, ns, size);
}

/**
 * nvmec_multi_strays - has a way other zones by now than the disk has
 * @ns: the namespace
 * @info: what it says
 *
 * Zones that cannot be looked at are what they were, with a line in the log.
 *
 * Context: Process context, may sleep, under &nvmec_ctrl.scan_lock.
 * Return: true if so; false also for what is no way, or has no zones.
 */
bool nvmec_multi_strays(struct nvmec_ns *ns, const struct nvmec_ns_info *info)
{
	const struct nvmec_multi *multi = ns->multi;
	int ret;

	if (!multi || !multi->zones.zone_sects)
		return false;
	if (info->limits.chunk_sectors != multi->zones.zone_sects ||
	    info->capacity_sects != multi->zones.sects)
		return true;
	/* While the disk is held for somebody, nothing can be asked; a scan follows. */
	if (ns->frozen)
		return false;
	ret = nvmec_multi_measure(ns);
	if (!ret)
		return ns->zones.cap_sects != multi->zones.cap_sects;
	if (ret != -EAGAIN && ret != -ECANCELED && ret != -EHOSTUNREACH)
		dev_warn(&ns->ctrl->dev, "namespace %u: its zones are not known anew: error %d\n",
			 ns->nsid, ret);
	return false;
}

/**
 * nvmec_multi_lost - is the disk of a way going, or gone
 * @ns: the way
 *
 * Context: Any.
 * Return: true if the way is of no use any more.
 */
bool nvmec_multi_lost(const struct nvmec_ns *ns)
{
	return ns->multi && test_bit(NVMEC_MULTI_CLOSING, &ns->multi->flags);
}

/**
 * nvmec_multi_lose - remove the disk of a namespace that is another one by now
 * @ns: a way to it, which said so
 *
 * What is dirty is not written, by no way. The other ways' controllers are scanned.
 *
 * Context: Process context, may sleep. nvmec_multi_leave() is still due.
 */
void nvmec_multi_lose(struct nvmec_ns *ns)
{
	struct nvmec_multi *multi = ns->multi;
	bool closer;

	mutex_lock(&nvmec_multi_lock);
	set_bit(NVMEC_MULTI_LOST, &multi->flags);
	closer = nvmec_multi_close(multi);
	mutex_unlock(&nvmec_multi_lock);
	/* Whoever waits for a way that is frozen may hold what the removal needs. */
	blk_mark_disk_dead(ns->disk);
	nvmec_multi_kick(multi);
	if (!closer)
		return;
	blk_mark_disk_dead(multi->disk);
	nvmec_multi_del_disk(multi);
	/* Not before: the name is free now. */
	nvmec_multi_scan_others(multi, ns);
}

/**
 * nvmec_multi_gone - the controller of a way does not have the namespace any more
 * @ns: the way
 *
 * Remembered, and decided under one lock: of two controllers that say so at the same time,
 * one is the last.
 *
 * Context: Process context, may sleep.
 * Return: true if no other way has it: it is to be lost, as what is dirty must not be
 * written to what may have its id by now.
 */
bool nvmec_multi_gone(struct nvmec_ns *ns)
{
	struct nvmec_ns *path;
	bool last = true;

	mutex_lock(&nvmec_multi_lock);
	ns->path_gone = true;
	list_for_each_entry(path, &ns->multi->paths, path_entry)
		last &= path->path_gone;
	mutex_unlock(&nvmec_multi_lock);
	return last;
}

/*
 * While it is listed, flushes know what it has to write. Afterwards it has nothing, unless
 * it does not take this one: then to be shut down is what is left.
 */
static void nvmec_multi_clean(struct nvmec_ns *ns)
{
	if (atomic_read(&ns->path_cache) && nvmec_state(ns->ctrl) != NVMEC_DEAD)
		blkdev_issue_flush(ns->disk->part0);
}

/**
 * nvmec_multi_leave - use a way no more
 * @ns: the way, listed by nvmec_multi_add()
 *
 * Its controller works, or is dead: then what it has comes back at once, and goes
 * another way. With the last way, the disk goes first, so that what is dirty is written
 * by it; unless ways are to be waited for.
 *
 * Context: Process context, may sleep, under &nvmec_ctrl.scan_lock.
 */
void nvmec_multi_leave(struct nvmec_ns *ns)
{
	struct nvmec_multi *multi = ns->multi;
	bool closer, lost;

	nvmec_multi_clean(ns);
	mutex_lock(&nvmec_multi_lock);
	closer = list_is_singular(&multi->paths) && !READ_ONCE(multi->removal_s) &&
		 nvmec_multi_close(multi);
	/* The others have left since it said that it is gone. */
	lost = closer && ns->path_gone;
	if (lost)
		set_bit(NVMEC_MULTI_LOST, &multi->flags);
	if (!closer)
		nvmec_multi_unlist(ns);
	mutex_unlock(&nvmec_multi_lock);
	if (lost) {
		blk_mark_disk_dead(ns->disk);
		blk_mark_disk_dead(multi->disk);
	}
	if (closer) {
		/* What waits for a way is waited for. */
		nvmec_multi_kick(multi);
		nvmec_multi_del_disk(multi);
		mutex_lock(&nvmec_multi_lock);
		nvmec_multi_unlist(ns);
		mutex_unlock(&nvmec_multi_lock);
	}
	percpu_ref_kill(&ns->path_users);
	wait_for_completion(&ns->path_idle);
	/*
	 * That includes a grace period: nobody looks at the way in the list any more.
	 * See litmus/multi_leave.litmus.
	 */
	nvmec_multi_kick(multi);
}

/**
 * nvmec_multi_exit - remove the disks that wait for ways
 *
 * Context: Process context, may sleep, after the last controller.
 */
void nvmec_multi_exit(void)
{
	struct nvmec_multi *multi;

	for (;;) {
		mutex_lock(&nvmec_multi_lock);
		multi = list_first_entry_or_null(&nvmec_multis, struct nvmec_multi,
						 entry);
		if (multi)
			kref_get(&multi->refs);
		mutex_unlock(&nvmec_multi_lock);
		if (!multi)
			return;
		nvmec_multi_expire(multi);
		nvmec_multi_put(multi);
	}
}
