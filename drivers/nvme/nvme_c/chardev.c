// SPDX-License-Identifier: GPL-2.0
/*
 * Character devices: one for each controller, by which it is asked and managed, and one
 * for each namespace beside its disk, which takes commands and nothing else.
 *
 * An open file has the structure that it needs, and outlives the device: the controller
 * by a reference of its device, the namespace by one of its disk. Requests for a device
 * that is gone are refused with -ENODEV by its queue.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/cdev.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/io_uring/cmd.h>
#include <linux/module.h>
#include <linux/nvme_ioctl.h>

#include "ctrl.h"
#include "main.h"
#include "ns.h"
#include "state.h"
#include "user.h"

static dev_t nvmec_ctrl_devt, nvmec_generic_devt;
static DEFINE_IDA(nvmec_generic_minors);

static struct class nvmec_generic_class = {
	.name = "nvme_c-generic",
};

/* --- controllers ---------------------------------------------------------- */

/*
 * Commands for a namespace may come by the device of its controller, if it is the only
 * one. Returns its disk with a reference, or NULL.
 */
static struct gendisk *nvmec_only_disk(struct nvmec_ctrl *ctrl)
{
	struct gendisk *disk = NULL;

	mutex_lock(&ctrl->ns_lock);
	if (list_is_singular(&ctrl->namespaces)) {
		disk = list_first_entry(&ctrl->namespaces, struct nvmec_ns,
					entry)->disk;
		/* Before that its last reference does not free the namespace. */
		if (test_bit(GD_ADDED, &disk->state))
			get_device(disk_to_dev(disk));
		else
			disk = NULL;
	}
	mutex_unlock(&ctrl->ns_lock);
	return disk;
}

static int nvmec_ctrl_open(struct inode *inode, struct file *file)
{
	struct nvmec_ctrl *ctrl =
		container_of(inode->i_cdev, struct nvmec_ctrl, cdev);

	if (nvmec_state(ctrl) == NVMEC_DEAD)
		return -ENODEV;
	file->private_data = ctrl;
	return 0;
}

static long nvmec_ctrl_ioctl(struct file *file, unsigned int nr,
			     unsigned long arg)
{
	struct nvmec_user user = {
		.ctrl		= file->private_data,
		.may_write	= file->f_mode & FMODE_WRITE,
	};
	struct gendisk *disk;
	long ret;

	if (nr != NVME_IOCTL_IO_CMD)
		return nvmec_user_ioctl(&user, nr, arg);
	disk = nvmec_only_disk(user.ctrl);
	if (!disk)
		return -ENOTTY;
	user.ns = disk->private_data;
	ret = nvmec_user_ioctl(&user, nr, arg);
	put_disk(disk);
	return ret;
}

static int nvmec_ctrl_uring_cmd(struct io_uring_cmd *ioucmd,
				unsigned int issue_flags)
{
	const struct nvmec_user user = {
		.ctrl		= ioucmd->file->private_data,
		.may_write	= ioucmd->file->f_mode & FMODE_WRITE,
	};

	return nvmec_uring_cmd(&user, ioucmd, issue_flags);
}

static const struct file_operations nvmec_ctrl_fops = {
	.owner			= THIS_MODULE,
	.open			= nvmec_ctrl_open,
	.unlocked_ioctl		= nvmec_ctrl_ioctl,
	.compat_ioctl		= compat_ptr_ioctl,
	.uring_cmd		= nvmec_ctrl_uring_cmd,
	.uring_cmd_iopoll	= nvmec_uring_iopoll,
};

/**
 * nvmec_chardev_add - add the device of a controller
 * @ctrl: the controller; its device is initialised
 *
 * Context: Process context, may sleep.
 * Return: 0 or an errno.
 */
int nvmec_chardev_add(struct nvmec_ctrl *ctrl)
{
	ctrl->dev.devt = MKDEV(MAJOR(nvmec_ctrl_devt), ctrl->index);
	cdev_init(&ctrl->cdev, &nvmec_ctrl_fops);
	ctrl->cdev.owner = THIS_MODULE;
	return cdev_device_add(&ctrl->cdev, &ctrl->dev);
}

/**
 * nvmec_chardev_del - remove the device of a controller
 * @ctrl: the controller; nvmec_chardev_add() said 0
 *
 * Context: Process context, may sleep. Files that are open stay open.
 */
void nvmec_chardev_del(struct nvmec_ctrl *ctrl)
{
	cdev_device_del(&ctrl->cdev, &ctrl->dev);
}

/* --- namespaces ----------------------------------------------------------- */

static int nvmec_generic_open(struct inode *inode, struct file *file)
{
	file->private_data = container_of(inode->i_cdev, struct nvmec_ns,
					  generic_cdev);
	return 0;
}

static long nvmec_generic_ioctl(struct file *file, unsigned int nr,
				unsigned long arg)
{
	struct nvmec_ns *ns = file->private_data;
	const struct nvmec_user user = {
		.ctrl		= ns->ctrl,
		.ns		= ns,
		.may_write	= file->f_mode & FMODE_WRITE,
	};

	return nvmec_user_ioctl(&user, nr, arg);
}

static int nvmec_generic_uring_cmd(struct io_uring_cmd *ioucmd,
				   unsigned int issue_flags)
{
	struct nvmec_ns *ns = ioucmd->file->private_data;
	const struct nvmec_user user = {
		.ctrl		= ns->ctrl,
		.ns		= ns,
		.may_write	= ioucmd->file->f_mode & FMODE_WRITE,
	};

	return nvmec_uring_cmd(&user, ioucmd, issue_flags);
}

static const struct file_operations nvmec_generic_fops = {
	.owner			= THIS_MODULE,
	.open			= nvmec_generic_open,
	.unlocked_ioctl		= nvmec_generic_ioctl,
	.compat_ioctl		= compat_ptr_ioctl,
	.uring_cmd		= nvmec_generic_uring_cmd,
	.uring_cmd_iopoll	= nvmec_uring_iopoll,
};

/* The last reference of the disk may be this one, and frees the structure. */
static void nvmec_generic_release(struct device *dev)
{
	struct nvmec_ns *ns = container_of(dev, struct nvmec_ns, generic);

	ida_free(&nvmec_generic_minors, MINOR(dev->devt));
	put_disk(ns->disk);
}

static int nvmec_generic_make(struct nvmec_ns *ns)
{
	struct nvmec_ctrl *ctrl = ns->ctrl;
	int minor, ret;

	minor = ida_alloc_max(&nvmec_generic_minors, MINORMASK, GFP_KERNEL);
	if (minor < 0)
		return minor;
	ns->generic.class = &nvmec_generic_class;
	ns->generic.parent = &ctrl->dev;
	ns->generic.release = nvmec_generic_release;
	ns->generic.devt = MKDEV(MAJOR(nvmec_generic_devt), minor);
	device_initialize(&ns->generic);
	get_device(disk_to_dev(ns->disk));
	ret = dev_set_name(&ns->generic, "%s%dn%u", nvmec_drop_in ? "ng" : "ngc",
			   ctrl->index, ns->nsid);
	if (ret)
		goto put;
	cdev_init(&ns->generic_cdev, &nvmec_generic_fops);
	ns->generic_cdev.owner = THIS_MODULE;
	ret = cdev_device_add(&ns->generic_cdev, &ns->generic);
	if (ret)
		goto put;
	return 0;
put:
	put_device(&ns->generic);
	return ret;
}

/**
 * nvmec_generic_add - add the character device of a namespace
 * @ns: the namespace, which has a disk
 *
 * Without it the namespace works as well, so a failure is told and no more.
 *
 * Context: Process context, may sleep.
 */
void nvmec_generic_add(struct nvmec_ns *ns)
{
	int ret = nvmec_generic_make(ns);

	ns->has_generic = !ret;
	if (ret)
		dev_warn(&ns->ctrl->dev,
			 "namespace %u: no character device: error %d\n",
			 ns->nsid, ret);
}

/**
 * nvmec_generic_del - remove the character device of a namespace
 * @ns: the namespace
 *
 * Context: Process context, may sleep. Files that are open stay open.
 */
void nvmec_generic_del(struct nvmec_ns *ns)
{
	if (!ns->has_generic)
		return;
	ns->has_generic = false;
	cdev_device_del(&ns->generic_cdev, &ns->generic);
	put_device(&ns->generic);
}

/**
 * nvmec_ns_ioctl - an ioctl for a namespace that came by a disk
 * @ns: the namespace, which the caller keeps
 * @bdev: the disk or a partition of it
 * @mode: how it was opened
 * @nr: which ioctl
 * @arg: its argument
 *
 * Context: Process context of the user, may sleep.
 * Return: as nvmec_user_ioctl().
 */
int nvmec_ns_ioctl(struct nvmec_ns *ns, struct block_device *bdev, blk_mode_t mode,
		   unsigned int nr, unsigned long arg)
{
	const struct nvmec_user user = {
		.ctrl		= ns->ctrl,
		.ns		= ns,
		.may_write	= mode & BLK_OPEN_WRITE,
		.part		= bdev_is_partition(bdev),
	};

	return nvmec_user_ioctl(&user, nr, arg);
}

/**
 * nvmec_bdev_ioctl - an ioctl of a disk; for ->ioctl
 * @bdev: the disk or a partition of it
 * @mode: how it was opened
 * @nr: which ioctl
 * @arg: its argument
 *
 * Context: Process context of the user, may sleep.
 * Return: as nvmec_user_ioctl().
 */
int nvmec_bdev_ioctl(struct block_device *bdev, blk_mode_t mode, unsigned int nr,
		     unsigned long arg)
{
	return nvmec_ns_ioctl(bdev->bd_disk->private_data, bdev, mode, nr, arg);
}

/* --- the module ----------------------------------------------------------- */

/**
 * nvmec_chardev_init - have numbers and a class for character devices
 *
 * Context: Process context, may sleep, before the first controller.
 * Return: 0 or an errno.
 */
int nvmec_chardev_init(void)
{
	int ret;

	if (nvmec_drop_in)
		nvmec_generic_class.name = "nvme-generic";
	ret = alloc_chrdev_region(&nvmec_ctrl_devt, 0, MINORMASK + 1, "nvme_c");
	if (ret)
		return ret;
	ret = alloc_chrdev_region(&nvmec_generic_devt, 0, MINORMASK + 1,
				  "nvme_c-generic");
	if (ret)
		goto unregister_ctrl;
	ret = class_register(&nvmec_generic_class);
	if (ret)
		goto unregister_generic;
	return 0;
unregister_generic:
	unregister_chrdev_region(nvmec_generic_devt, MINORMASK + 1);
unregister_ctrl:
	unregister_chrdev_region(nvmec_ctrl_devt, MINORMASK + 1);
	return ret;
}

/**
 * nvmec_chardev_exit - undo nvmec_chardev_init()
 *
 * Context: Process context, may sleep, after the last controller.
 */
void nvmec_chardev_exit(void)
{
	class_unregister(&nvmec_generic_class);
	unregister_chrdev_region(nvmec_generic_devt, MINORMASK + 1);
	unregister_chrdev_region(nvmec_ctrl_devt, MINORMASK + 1);
	ida_destroy(&nvmec_generic_minors);
}
