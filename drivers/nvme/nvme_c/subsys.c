// SPDX-License-Identifier: GPL-2.0
/*
 * Subsystems: the devices by which tools find controllers that belong together. One is
 * there as long as it has a controller or a disk that several of them reach; its
 * attributes are those of the first.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "ctrl.h"
#include "ident.h"
#include "main.h"
#include "subsys.h"

/**
 * struct nvmec_subsys - a subsystem
 * @dev: its device, whose last reference frees the structure
 * @index: of its name
 * @nr_users: controllers that it has and disks that hold it, guarded by
 *	nvmec_subsys_lock
 * @entry: in nvmec_subsystems, likewise
 * @ident: what its first controller says
 * @policy: how disks choose one of several controllers; read and written anywhere
 */
struct nvmec_subsys {
	struct device		dev;
	int			index;
	unsigned int		nr_users;
	struct list_head	entry;
	struct nvmec_ident	ident;
	enum nvmec_policy	policy;
};

/* Guards the list, and who is in which; innermost but for sysfs. */
static DEFINE_MUTEX(nvmec_subsys_lock);
static LIST_HEAD(nvmec_subsystems);
static DEFINE_IDA(nvmec_subsys_indexes);

static struct class nvmec_subsys_class = {
	.name = "nvme_c-subsystem",
};

/**
 * nvmec_subsys_nqn - the name of a controller's subsystem
 * @ident: of the controller
 * @nqn: written, NVMEC_NQN_BYTES
 *
 * One that says none gets one of what it does say, in the form that the section on names
 * for older controllers has: vendor, serial and model, with blanks.
 *
 * Context: Any.
 */
void nvmec_subsys_nqn(const struct nvmec_ident *ident, char *nqn)
{
	if (*ident->subnqn)
		strscpy(nqn, ident->subnqn, NVMEC_NQN_BYTES);
	else
		snprintf(nqn, NVMEC_NQN_BYTES,
			 "nqn.2014.08.org.nvmexpress:%04x%04x%-20s%-40s",
			 ident->vid, ident->ssvid, ident->serial, ident->model);
}

#define NVMEC_SUBSYS_ATTR(name, format, value)				\
static ssize_t name##_show(struct device *dev,				\
			   struct device_attribute *attr, char *page)	\
{									\
	const struct nvmec_ident *ident =				\
		&container_of(dev, struct nvmec_subsys, dev)->ident;	\
									\
	return sysfs_emit(page, format "\n", value);			\
}									\
static DEVICE_ATTR_RO(name)

NVMEC_SUBSYS_ATTR(model, "%s", ident->model);
NVMEC_SUBSYS_ATTR(serial, "%s", ident->serial);
NVMEC_SUBSYS_ATTR(firmware_rev, "%s", ident->firmware);
NVMEC_SUBSYS_ATTR(subsysnqn, "%s", ident->subnqn);

static ssize_t subsystype_show(struct device *dev,
			       struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "nvm\n");
}
static DEVICE_ATTR_RO(subsystype);

/* As the kernel's driver names them */
static const char * const nvmec_policy_names[] = {
	[NVMEC_POLICY_NUMA]		= "numa",
	[NVMEC_POLICY_ROUND_ROBIN]	= "round-robin",
};

static ssize_t iopolicy_show(struct device *dev, struct device_attribute *attr,
			     char *page)
{
	struct nvmec_subsys *subsys = container_of(dev, struct nvmec_subsys, dev);

	return sysfs_emit(page, "%s\n", nvmec_policy_names[READ_ONCE(subsys->policy)]);
}

static ssize_t iopolicy_store(struct device *dev, struct device_attribute *attr,
			      const char *text, size_t len)
{
	struct nvmec_subsys *subsys = container_of(dev, struct nvmec_subsys, dev);
	int policy = sysfs_match_string(nvmec_policy_names, text);

	if (policy < 0) {
		dev_err(dev, "iopolicy: \"%.*s\" is not valid, use numa or round-robin\n",
			(int)strcspn(text, "\n"), text);
		return policy;
	}
	WRITE_ONCE(subsys->policy, policy);
	return len;
}
static DEVICE_ATTR_RW(iopolicy);

static struct attribute *nvmec_subsys_attrs[] = {
	&dev_attr_model.attr,
	&dev_attr_serial.attr,
	&dev_attr_firmware_rev.attr,
	&dev_attr_subsysnqn.attr,
	&dev_attr_subsystype.attr,
	&dev_attr_iopolicy.attr,
	NULL
};
ATTRIBUTE_GROUPS(nvmec_subsys);

static void nvmec_subsys_release(struct device *dev)
{
	struct nvmec_subsys *subsys =
		container_of(dev, struct nvmec_subsys, dev);

	ida_free(&nvmec_subsys_indexes, subsys->index);
	kfree(subsys);
}

/* Makes the subsystem of a controller. */
static struct nvmec_subsys *nvmec_subsys_create(const struct nvmec_ident *ident)
{
	struct nvmec_subsys *subsys = kzalloc(sizeof(*subsys), GFP_KERNEL);
	int ret;

	if (!subsys)
		return ERR_PTR(-ENOMEM);
	ret = ida_alloc(&nvmec_subsys_indexes, GFP_KERNEL);
	if (ret < 0) {
		kfree(subsys);
		return ERR_PTR(ret);
	}
	subsys->index = ret;
	subsys->ident = *ident;
	nvmec_subsys_nqn(ident, subsys->ident.subnqn);
	subsys->dev.class = &nvmec_subsys_class;
	subsys->dev.groups = nvmec_subsys_groups;
	subsys->dev.release = nvmec_subsys_release;
	device_initialize(&subsys->dev);
	ret = dev_set_name(&subsys->dev, "%s-subsys%d",
			   nvmec_drop_in ? "nvme" : "nvmec", subsys->index);
	if (!ret)
		ret = device_add(&subsys->dev);
	if (ret) {
		put_device(&subsys->dev);
		return ERR_PTR(ret);
	}
	list_add_tail(&subsys->entry, &nvmec_subsystems);
	return subsys;
}

/*
 * The subsystem of a controller, or an ERR_PTR(). One that says that it can have a single
 * controller has one, whatever names others have.
 */
static struct nvmec_subsys *nvmec_subsys_find(const struct nvmec_ident *ident)
{
	char nqn[NVMEC_NQN_BYTES];
	struct nvmec_subsys *subsys;

	lockdep_assert_held(&nvmec_subsys_lock);
	nvmec_subsys_nqn(ident, nqn);
	list_for_each_entry(subsys, &nvmec_subsystems, entry) {
		if (ident->multi && subsys->ident.multi &&
		    !strcmp(subsys->ident.subnqn, nqn))
			return subsys;
	}
	return nvmec_subsys_create(ident);
}

static void nvmec_subsys_put(struct nvmec_subsys *subsys)
{
	lockdep_assert_held(&nvmec_subsys_lock);
	if (subsys->nr_users)
		return;
	list_del(&subsys->entry);
	device_unregister(&subsys->dev);
}

/**
 * nvmec_subsys_join - show a controller as one of its subsystem
 * @ctrl: identified; after the first time nothing happens
 *
 * Context: Process context, may sleep. nvmec_subsys_leave() is due at the end.
 * Return: 0 or an errno: tools do not find the controller then.
 */
int nvmec_subsys_join(struct nvmec_ctrl *ctrl)
{
	struct nvmec_subsys *subsys;
	int ret;

	if (ctrl->subsys)
		return 0;
	mutex_lock(&nvmec_subsys_lock);
	subsys = nvmec_subsys_find(&ctrl->ident);
	ret = PTR_ERR_OR_ZERO(subsys);
	if (ret)
		goto unlock;
	ret = sysfs_create_link(&subsys->dev.kobj, &ctrl->dev.kobj,
				dev_name(&ctrl->dev));
	if (ret) {
		nvmec_subsys_put(subsys);
		goto unlock;
	}
	subsys->nr_users++;
	ctrl->subsys = subsys;
unlock:
	mutex_unlock(&nvmec_subsys_lock);
	return ret;
}

/**
 * nvmec_subsys_leave - undo nvmec_subsys_join()
 * @ctrl: the controller, which is not brought up any more
 *
 * Context: Process context, may sleep.
 */
void nvmec_subsys_leave(struct nvmec_ctrl *ctrl)
{
	struct nvmec_subsys *subsys = ctrl->subsys;
	unsigned int noio;

	if (!subsys)
		return;
	ctrl->subsys = NULL;
	/* Somebody who brings a disk back may wait for the lock. */
	noio = memalloc_noio_save();
	mutex_lock(&nvmec_subsys_lock);
	sysfs_remove_link(&subsys->dev.kobj, dev_name(&ctrl->dev));
	subsys->nr_users--;
	nvmec_subsys_put(subsys);
	mutex_unlock(&nvmec_subsys_lock);
	memalloc_noio_restore(noio);
}

/**
 * nvmec_subsys_hold - keep a subsystem for a disk
 * @subsys: of a controller that has not left it
 *
 * Context: Process context, may sleep. nvmec_subsys_drop() is due.
 * Return: its device, with a reference, for the disk to be below it.
 */
struct device *nvmec_subsys_hold(struct nvmec_subsys *subsys)
{
	get_device(&subsys->dev);
	mutex_lock(&nvmec_subsys_lock);
	subsys->nr_users++;
	mutex_unlock(&nvmec_subsys_lock);
	return &subsys->dev;
}

/**
 * nvmec_subsys_drop - undo nvmec_subsys_hold()
 * @subsys: the subsystem; the reference of its device is still the caller's
 *
 * Context: Process context, may sleep.
 */
void nvmec_subsys_drop(struct nvmec_subsys *subsys)
{
	unsigned int noio;

	noio = memalloc_noio_save();
	mutex_lock(&nvmec_subsys_lock);
	subsys->nr_users--;
	nvmec_subsys_put(subsys);
	mutex_unlock(&nvmec_subsys_lock);
	memalloc_noio_restore(noio);
}

/**
 * nvmec_subsys_policy - how disks choose one of several controllers
 * @subsys: the subsystem, which is held as long as that is read
 *
 * Context: Any.
 * Return: where it stands, to be read with READ_ONCE().
 */
const enum nvmec_policy *nvmec_subsys_policy(const struct nvmec_subsys *subsys)
{
	return &subsys->policy;
}

/**
 * nvmec_subsys_init - register the class of subsystems
 *
 * Context: Process context, may sleep, before the first controller.
 * Return: 0 or an errno.
 */
int nvmec_subsys_init(void)
{
	if (nvmec_drop_in)
		nvmec_subsys_class.name = "nvme-subsystem";
	return class_register(&nvmec_subsys_class);
}

/**
 * nvmec_subsys_exit - undo nvmec_subsys_init()
 *
 * Context: Process context, may sleep, after the last controller.
 */
void nvmec_subsys_exit(void)
{
	class_unregister(&nvmec_subsys_class);
	ida_destroy(&nvmec_subsys_indexes);
}
