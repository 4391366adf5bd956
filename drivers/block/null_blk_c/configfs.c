// SPDX-License-Identifier: GPL-2.0
/*
 * The directory null_blk_c in configfs: mkdir makes a device, its files are the
 * attributes of the table, rmdir removes it.
 *
 * Devices made at load are directories too. They have no reference on the
 * module, so that it can be unloaded, and rmdir refuses them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/string.h>

#include "null_blk_c.h"
#include "zoned.h"

static struct nbc_device *nbc_item_device(struct config_item *item)
{
	return container_of(to_config_group(item), struct nbc_device, group);
}

static int nbc_crash_state_store(struct nbc_device *dev, const char *text);
static int nbc_origin_store(struct nbc_device *dev, const char *text);

#define NBC_CONFIGFS_ATTR(_name)					\
static ssize_t nbc_##_name##_show(struct config_item *item, char *page)	\
{									\
	return nbc_device_show(nbc_item_device(item),			\
			       &nbc_attrs[NBC_ATTR_##_name], page);	\
}									\
static ssize_t nbc_##_name##_store(struct config_item *item,		\
				   const char *text, size_t len)	\
{									\
	return nbc_device_store(nbc_item_device(item),			\
				&nbc_attrs[NBC_ATTR_##_name], text, len); \
}									\
CONFIGFS_ATTR(nbc_, _name)

#define NBC_TEXT_SHOW_WO(_name)
#define NBC_TEXT_SHOW_RW(_name)						\
static ssize_t nbc_text_##_name##_show(struct config_item *item,	\
				       char *page)			\
{									\
	return nbc_##_name##_show(nbc_item_device(item), page);		\
}

#define NBC_TEXT_ATTR_WO(_name)	CONFIGFS_ATTR_WO(nbc_text_, _name)
#define NBC_TEXT_ATTR_RW(_name)	CONFIGFS_ATTR(nbc_text_, _name)

#define NBC_CONFIGFS_TEXT(_name, _mode)					\
NBC_TEXT_SHOW_##_mode(_name)						\
static ssize_t nbc_text_##_name##_store(struct config_item *item,	\
					const char *text, size_t len)	\
{									\
	return nbc_##_name##_store(nbc_item_device(item), text) ?: len;	\
}									\
NBC_TEXT_ATTR_##_mode(_name)

#define NBC_ATTR(_name, ...)		NBC_CONFIGFS_ATTR(_name);
#define NBC_ATTR_ONLY(_name, ...)	NBC_CONFIGFS_ATTR(_name);
#define NBC_ATTR_TEXT(_name, _mode, ...) NBC_CONFIGFS_TEXT(_name, _mode);
#include "attrs.h"

static struct configfs_attribute *nbc_device_attrs[] = {
#define NBC_ATTR(_name, ...)		&nbc_attr_##_name,
#define NBC_ATTR_ONLY(_name, ...)	&nbc_attr_##_name,
#define NBC_ATTR_TEXT(_name, ...)	&nbc_text_attr_##_name,
#include "attrs.h"
	NULL,
};

static void nbc_item_release(struct config_item *item)
{
	/* Names of default groups may be allocated, and go with their last one. */
	configfs_remove_default_groups(to_config_group(item));
	nbc_device_free(nbc_item_device(item));
}

static struct configfs_item_operations nbc_item_ops = {
	.release = nbc_item_release,
};

static const struct config_item_type nbc_device_type = {
	.ct_item_ops	= &nbc_item_ops,
	.ct_attrs	= nbc_device_attrs,
	.ct_owner	= THIS_MODULE,
};

/**
 * nbc_configfs_alloc - make a device with the defaults, off, and not in configfs yet
 * @name: of the device and its disk
 *
 * Context: Process context, may sleep.
 * Return: the device, to be dropped by putting its group; NULL without memory.
 */
struct nbc_device *nbc_configfs_alloc(const char *name)
{
	struct nbc_device *dev = nbc_device_alloc();

	if (!dev)
		return NULL;
	config_group_init_type_name(&dev->group, name, &nbc_device_type);
	/* A long one is allocated. */
	if (!nbc_device_name(dev)) {
		nbc_device_free(dev);
		return NULL;
	}
	nbc_faults_init(dev);
	return dev;
}

/* Devices may be made: the module is loaded. */
static bool nbc_open;

/*
 * A name stands in uevents, in /proc and in /dev, where white space and control
 * characters end a word or a line, and '!' stands for a slash. Those that udev takes
 * as they are have no such meaning.
 */
static bool nbc_name_valid(const char *name)
{
	for (; *name; name++) {
		if (!isascii(*name) ||
		    (!isalnum(*name) && !strchr("#+-.:=@_", *name)))
			return false;
	}
	return true;
}

static int nbc_name_check(const char *name)
{
	if (strlen(name) >= DISK_NAME_LEN) {
		pr_err("mkdir: \"%*pE\" is not valid, use at most %d characters\n",
		       (int)strlen(name), name, DISK_NAME_LEN - 1);
		return -ENAMETOOLONG;
	}
	if (!nbc_name_valid(name)) {
		pr_err("mkdir: \"%*pE\" is not valid, use letters, digits and #+-.:=@_\n",
		       (int)strlen(name), name);
		return -EINVAL;
	}
	return 0;
}

/* With drop_in, devices made at load have no directories, but names. */
static bool nbc_name_taken(const char *name)
{
	size_t prefix = strlen(NBC_DISK_PREFIX);
	const char *number = name + prefix;
	unsigned long nr;

	/* Nothing stands before a number but its first digit. */
	return nbc_defaults.drop_in && !strncmp(name, NBC_DISK_PREFIX, prefix) &&
	       isdigit(*number) && (*number != '0' || !number[1]) &&
	       !kstrtoul(number, 10, &nr) && nr < nbc_defaults.nr_devices;
}

static struct config_group *nbc_make_group(struct config_group *root,
					   const char *name)
{
	struct nbc_device *dev;
	int ret;

	ret = nbc_name_check(name);
	if (ret)
		return ERR_PTR(ret);
	/* If loading fails yet, the device would outlive the module. */
	if (!READ_ONCE(nbc_open)) {
		pr_err("mkdir: \"%s\" is too early, the module is being loaded\n",
		       name);
		return ERR_PTR(-EBUSY);
	}
	if (nbc_name_taken(name)) {
		pr_err("mkdir: %s is a device made at load, use another name\n", name);
		return ERR_PTR(-EEXIST);
	}
	dev = nbc_configfs_alloc(name);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	return &dev->group;
}

static void nbc_drop_item(struct config_group *root, struct config_item *item)
{
	struct nbc_device *dev = nbc_item_device(item);

	nbc_device_set_power(dev, false);
	nbc_device_hide_record(dev);
	config_item_put(item);
}

static struct configfs_group_operations nbc_root_ops = {
	.make_group	= nbc_make_group,
	.drop_item	= nbc_drop_item,
};

static ssize_t nbc_root_features_show(struct config_item *item, char *page)
{
	return nbc_features_show(page);
}
CONFIGFS_ATTR_RO(nbc_root_, features);

static struct configfs_attribute *nbc_root_attrs[] = {
	&nbc_root_attr_features,
	NULL,
};

static const struct config_item_type nbc_root_type = {
	.ct_group_ops	= &nbc_root_ops,
	.ct_attrs	= nbc_root_attrs,
	.ct_owner	= THIS_MODULE,
};

static struct configfs_subsystem nbc_subsys = {
	.su_group = {
		.cg_item = {
			.ci_type	= &nbc_root_type,
		},
	},
};

/* "DEVICE POLICY [SEED]": returns where the policy begins, or NULL. */
static const char *nbc_crash_state_parse(const char *text, char *name, size_t size,
					 struct nbc_cut *cut)
{
	size_t len = strcspn(text, "\n ");

	if (len >= size || text[len] != ' ')
		return NULL;
	strscpy(name, text, len + 1);
	return nbc_cut_parse(text + len, cut) ? NULL : text + len;
}

/* A device of the name, to be put. */
static struct nbc_device *nbc_device_get(const char *name)
{
	struct config_item *item;

	mutex_lock(&nbc_subsys.su_mutex);
	item = config_group_find_item(&nbc_subsys.su_group, name);
	mutex_unlock(&nbc_subsys.su_mutex);
	return item ? nbc_item_device(item) : NULL;
}

static int nbc_crash_state_store(struct nbc_device *dev, const char *text)
{
	char name[DISK_NAME_LEN];
	struct nbc_device *from;
	struct nbc_cut cut;
	int ret;

	if (!nbc_crash_state_parse(text, name, sizeof(name), &cut)) {
		pr_err_ratelimited("%s: crash_state: \"%*pE\" is not valid, use a device, then lost, kept, prefix, torn, subset or blocks, and a seed\n",
				   nbc_device_name(dev),
				   (int)strcspn(text, "\n"), text);
		return -EINVAL;
	}
	from = nbc_device_get(name);
	if (!from) {
		pr_err("%s: crash_state: there is no device %s\n",
		       nbc_device_name(dev), name);
		return -ENODEV;
	}
	ret = nbc_device_copy_state(dev, from, &cut);
	config_item_put(&from->group.cg_item);
	return ret;
}

/* "DEVICE/NAME": a device has no slash in its name. */
static int nbc_origin_store(struct nbc_device *dev, const char *text)
{
	size_t len = strcspn(text, "/\n");
	char snapshot[NBC_SNAPSHOT_NAME_BYTES];
	char name[DISK_NAME_LEN];
	struct nbc_device *from;
	int ret;

	if (!len || len >= sizeof(name) || text[len] != '/' ||
	    nbc_snapshot_name_parse(text + len + 1, snapshot)) {
		pr_err_ratelimited("%s: origin: \"%*pE\" is not valid, use DEVICE/NAME, a device and one of its snapshots\n",
				   nbc_device_name(dev),
				   (int)strcspn(text, "\n"), text);
		return -EINVAL;
	}
	strscpy(name, text, len + 1);
	from = nbc_device_get(name);
	if (!from) {
		pr_err("%s: origin: there is no device %s\n",
		       nbc_device_name(dev), name);
		return -ENODEV;
	}
	ret = nbc_device_clone(dev, from, snapshot);
	config_item_put(&from->group.cg_item);
	return ret;
}

/**
 * nbc_configfs_add - show a device that the user did not make by mkdir
 * @dev: a device with a name
 *
 * Context: Process context, may sleep; not under dev->lock.
 * Return: 0, -EEXIST if there is a directory of its name, or -ENOMEM.
 */
int nbc_configfs_add(struct nbc_device *dev)
{
	return configfs_register_group(&nbc_subsys.su_group, &dev->group);
}

/**
 * nbc_configfs_remove - take back nbc_configfs_add()
 * @dev: the device
 *
 * Waits until nobody reads or writes its attributes.
 *
 * Context: Process context, may sleep; not under dev->lock.
 */
void nbc_configfs_remove(struct nbc_device *dev)
{
	configfs_unregister_group(&dev->group);
}

/**
 * nbc_configfs_open - let the user make devices
 *
 * Not before the module is sure to stay.
 *
 * Context: Any.
 */
void nbc_configfs_open(void)
{
	WRITE_ONCE(nbc_open, true);
}

/**
 * nbc_configfs_init - make the directory null_blk_c, or nullb with drop_in
 *
 * Context: Process context, may sleep.
 * Return: 0, -EBUSY if the name is taken, or another error of
 * configfs_register_subsystem().
 */
int nbc_configfs_init(void)
{
	struct config_group *root = &nbc_subsys.su_group;
	int ret;

	strscpy(root->cg_item.ci_namebuf, NBC_ROOT_NAME, CONFIGFS_ITEM_NAME_LEN);
	config_group_init(root);
	mutex_init(&nbc_subsys.su_mutex);
	ret = configfs_register_subsystem(&nbc_subsys);
	if (ret == -EEXIST) {
		pr_err("drop_in: the names of null_blk are taken, unload it first\n");
		ret = -EBUSY;
	}
	return ret;
}

/**
 * nbc_configfs_exit - remove the directory
 *
 * Context: Process context, may sleep.
 */
void nbc_configfs_exit(void)
{
	configfs_unregister_subsystem(&nbc_subsys);
	mutex_destroy(&nbc_subsys.su_mutex);
}
