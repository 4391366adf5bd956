// SPDX-License-Identifier: GPL-2.0
/*
 * Heads: the identities that disks are shown with, over all controllers.
 *
 * User space finds a disk again by its identity, and has one link for each. There
 * are drives that leave the factory with one identity for all: of two disks with the
 * same one, the later is shown without it. Only a namespace that two controllers of
 * a subsystem share has the same identity with right.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "head.h"
#include "ident.h"

/* Guards the list and &nvmec_head.entry; innermost, but for the log. */
static DEFINE_MUTEX(nvmec_heads_lock);
static LIST_HEAD(nvmec_heads);

/* Two ways to one namespace, and not two namespaces that say the same. */
static bool nvmec_head_shared(const struct nvmec_head *a,
			      const struct nvmec_head *b)
{
	return a->shared && b->shared && a->nsid == b->nsid &&
	       a->cntlid != b->cntlid && *a->subnqn &&
	       !strcmp(a->subnqn, b->subnqn);
}

/* Who has an identity already, which stands at @offset in &nvmec_head.id. */
static const struct nvmec_head *nvmec_head_owner(const struct nvmec_head *head,
						 size_t offset, size_t bytes)
{
	const void *value = (const void *)&head->id + offset;
	const struct nvmec_head *other;

	lockdep_assert_held(&nvmec_heads_lock);
	if (!memchr_inv(value, 0, bytes))
		return NULL;
	list_for_each_entry(other, &nvmec_heads, entry) {
		if (!memcmp((const void *)&other->id + offset, value, bytes) &&
		    !nvmec_head_shared(head, other))
			return other;
	}
	return NULL;
}

/**
 * nvmec_head_add - decide which identities a disk is shown with
 * @head: filled in; those of its identities that another disk has are cleared, and
 *	stay so when that one goes
 * @dev: to be named in the log, in one line if one was cleared
 *
 * Context: Process context, may sleep. nvmec_head_remove() is due.
 */
void nvmec_head_add(struct nvmec_head *head, struct device *dev)
{
	static const struct {
		const char	*name;
		size_t		offset;
		size_t		bytes;
	} kinds[] = {
		{ "UUID", offsetof(struct nvmec_ns_id, uuid),
		  sizeof_field(struct nvmec_ns_id, uuid) },
		{ "NGUID", offsetof(struct nvmec_ns_id, nguid),
		  sizeof_field(struct nvmec_ns_id, nguid) },
		{ "EUI64", offsetof(struct nvmec_ns_id, eui64),
		  sizeof_field(struct nvmec_ns_id, eui64) },
	};
	const struct nvmec_head *owner;
	bool warned = false;
	unsigned int i;

	mutex_lock(&nvmec_heads_lock);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		owner = nvmec_head_owner(head, kinds[i].offset, kinds[i].bytes);
		if (!owner)
			continue;
		memset((void *)&head->id + kinds[i].offset, 0, kinds[i].bytes);
		if (!warned)
			dev_warn(dev, "namespace %u: %s is that of another disk, %s: shown without\n",
				 head->nsid, kinds[i].name, owner->name);
		warned = true;
	}
	list_add_tail(&head->entry, &nvmec_heads);
	mutex_unlock(&nvmec_heads_lock);
}

/**
 * nvmec_head_rename - say by which name a disk is shown
 * @head: given to nvmec_head_add()
 * @name: the name
 *
 * Context: Process context, may sleep.
 */
void nvmec_head_rename(struct nvmec_head *head, const char *name)
{
	mutex_lock(&nvmec_heads_lock);
	strscpy(head->name, name, sizeof(head->name));
	mutex_unlock(&nvmec_heads_lock);
}

/**
 * nvmec_head_remove - undo nvmec_head_add()
 * @head: of a disk that is not shown any more
 *
 * Context: Process context, may sleep.
 */
void nvmec_head_remove(struct nvmec_head *head)
{
	mutex_lock(&nvmec_heads_lock);
	list_del(&head->entry);
	mutex_unlock(&nvmec_heads_lock);
}
