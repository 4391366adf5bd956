// SPDX-License-Identifier: GPL-2.0
/*
 * Quirks: devices that do not do as they say or as the specification says.
 *
 * Each has a name, which a user can give to any device by the parameter "quirks", and
 * sees in the attribute of that name. The table lists devices of which it was reported
 * in public, with the report. It is short: what can be found out while a device is
 * used, such as an identity that another drive has, needs no entry.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/delay.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "ctrl.h"
#include "ident.h"
#include "quirks.h"

/* Devices that the parameter can name. */
#define NVMEC_MAX_RULES		32
/* What NVMEC_QUIRK_READY_DELAY waits: reports say that 2 s are enough. */
#define NVMEC_READY_DELAY_MS	2500

static const char * const nvmec_quirk_names[] = {
	[NVMEC_QUIRK_READY_DELAY]	= "ready_delay",
	[NVMEC_QUIRK_NO_NS_LIST]	= "no_ns_list",
	[NVMEC_QUIRK_NO_DESCS]		= "no_descs",
	[NVMEC_QUIRK_BOGUS_IDS]		= "bogus_ids",
	[NVMEC_QUIRK_NO_WRITE_ZEROES]	= "no_write_zeroes",
	[NVMEC_QUIRK_NO_DISCARD]	= "no_discard",
	[NVMEC_QUIRK_NO_SGL]		= "no_sgl",
	[NVMEC_QUIRK_NO_SHADOWS]	= "no_shadows",
	[NVMEC_QUIRK_NO_APST]		= "no_apst",
};

static_assert(ARRAY_SIZE(nvmec_quirk_names) == NVMEC_NR_QUIRKS);

/**
 * struct nvmec_known - devices with quirks
 * @vendor: PCI vendor
 * @device: PCI device
 * @subvendor: PCI subsystem vendor, or 0 for any
 * @quirks: bits of enum nvmec_quirk
 */
struct nvmec_known {
	u16		vendor;
	u16		device;
	u16		subvendor;
	unsigned long	quirks;
};

static const struct nvmec_known nvmec_known[] = {
	/* Memblaze: registers must rest after CC.EN (github.com/spdk/spdk/pull/56) */
	{ 0x1c5f, 0x0540, 0, BIT(NVMEC_QUIRK_READY_DELAY) },
	/* ADATA SX8200 Pro: one EUI-64 for many (github.com/pop-os/pop/issues/2646) */
	{ 0x1cc1, 0x8201, 0, BIT(NVMEC_QUIRK_BOGUS_IDS) },
	/*
	 * Intel P4608 by Oracle: both halves say the same
	 * (github.com/AlmaLinux/almalinux-deploy/issues/199)
	 */
	{ 0x8086, 0x0a54, 0x108e, BIT(NVMEC_QUIRK_BOGUS_IDS) },
	/* Samsung P173x by Oracle (github.com/torvalds/linux/pull/1234) */
	{ 0x144d, 0xa824, 0x108e, BIT(NVMEC_QUIRK_BOGUS_IDS) },
};

/* --- the parameter -------------------------------------------------------- */

static char *nvmec_quirks_text;
module_param_named(quirks, nvmec_quirks_text, charp, 0444);
MODULE_PARM_DESC(quirks,
		 "VENDOR:DEVICE:NAME,... in hex digits: quirks that devices have; ^NAME: have not");

/* Written once, before any device is bound. */
static struct nvmec_quirk_rule nvmec_rules[NVMEC_MAX_RULES];
static unsigned int nvmec_nr_rules;

/* The number of a quirk, or -EINVAL. */
static int nvmec_quirk_find(const char *name)
{
	return match_string(nvmec_quirk_names, NVMEC_NR_QUIRKS, name);
}

/* Four hex digits. */
static bool nvmec_rule_number(const char *word, u16 *number)
{
	return strspn(word, "0123456789abcdefABCDEF") == 4 && !word[4] &&
	       !kstrtou16(word, 16, number);
}

/* Takes VENDOR:DEVICE: from the front of @word. Returns false if they are not there. */
static bool nvmec_rule_device(struct nvmec_quirk_rule *rule, char **word)
{
	char *vendor = strsep(word, ":"), *device = strsep(word, ":");

	return *word && nvmec_rule_number(vendor, &rule->vendor) &&
	       nvmec_rule_number(device, &rule->device);
}

/* One word of the parameter; without a device it is about that of @before. */
static bool nvmec_rule_parse(struct nvmec_quirk_rule *rule, char *word,
			     const struct nvmec_quirk_rule *before)
{
	int quirk;

	memset(rule, 0, sizeof(*rule));
	if (strchr(word, ':')) {
		if (!nvmec_rule_device(rule, &word))
			return false;
	} else if (before) {
		rule->vendor = before->vendor;
		rule->device = before->device;
	} else {
		return false;
	}
	rule->off = *word == '^';
	quirk = nvmec_quirk_find(word + rule->off);
	if (quirk < 0)
		return false;
	rule->quirk = quirk;
	return true;
}

/* Names with blanks between them and a newline, as sysfs has it. */
static ssize_t nvmec_quirks_emit(char *page, unsigned long quirks)
{
	unsigned int i;
	int at = 0;

	for_each_set_bit(i, &quirks, NVMEC_NR_QUIRKS)
		at += sysfs_emit_at(page, at, "%s%s", at ? " " : "",
				    nvmec_quirk_names[i]);
	return at + sysfs_emit_at(page, at, "\n");
}

static void nvmec_rule_refuse(const char *word)
{
	char *page = (char *)get_zeroed_page(GFP_KERNEL);

	if (page)
		nvmec_quirks_emit(page, BIT(NVMEC_NR_QUIRKS) - 1);
	pr_err("quirks: %s is not valid, use up to %u times VENDOR:DEVICE:NAME, four hex digits each, with a name of: %s\n",
	       word, NVMEC_MAX_RULES, page ? strim(page) : "?");
	free_page((unsigned long)page);
}

/**
 * nvmec_quirks_parse - read the text of the parameter
 * @text: VENDOR:DEVICE:NAME, and so on; a NAME alone is about the device before it
 * @rules: room for @max, written
 * @max: the most there may be
 *
 * Context: Process context, may sleep.
 * Return: how many rules there are; -ENOMEM; or -EINVAL, with a line in the log.
 */
VISIBLE_IF_KUNIT int nvmec_quirks_parse(const char *text,
					struct nvmec_quirk_rule *rules,
					unsigned int max)
{
	char *copy = kstrdup(text, GFP_KERNEL), *rest = copy, *word;
	int nr = 0;

	if (!copy)
		return -ENOMEM;
	while ((word = strsep(&rest, ","))) {
		/* Parsing cuts the word up; the line shows it whole. */
		const char *shown = text + (word - copy);

		if (nr < max && nvmec_rule_parse(&rules[nr], word,
						 nr ? &rules[nr - 1] : NULL)) {
			nr++;
			continue;
		}
		nvmec_rule_refuse(shown);
		nr = -EINVAL;
		break;
	}
	kfree(copy);
	return nr;
}

/**
 * nvmec_quirks_init - read the parameter
 *
 * Context: Process context, once, before devices are bound.
 * Return: 0, or an errno after a line in the log.
 */
int __init nvmec_quirks_init(void)
{
	int nr = 0;

	if (nvmec_quirks_text && *nvmec_quirks_text)
		nr = nvmec_quirks_parse(nvmec_quirks_text, nvmec_rules,
					NVMEC_MAX_RULES);
	if (nr < 0)
		return nr;
	nvmec_nr_rules = nr;
	return 0;
}

/* --- devices -------------------------------------------------------------- */

/* What the table says; later rules of the user go over it, and over earlier ones. */
VISIBLE_IF_KUNIT unsigned long
nvmec_quirks_of(u16 vendor, u16 device, u16 subvendor,
		const struct nvmec_quirk_rule *rules, unsigned int nr)
{
	const struct nvmec_known *known;
	unsigned long quirks = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nvmec_known); i++) {
		known = &nvmec_known[i];
		if (known->vendor == vendor && known->device == device &&
		    (!known->subvendor || known->subvendor == subvendor))
			quirks |= known->quirks;
	}
	for (i = 0; i < nr; i++) {
		if (rules[i].vendor == vendor && rules[i].device == device)
			__assign_bit(rules[i].quirk, &quirks, !rules[i].off);
	}
	return quirks;
}

/**
 * nvmec_quirks_find - find out which quirks a controller has
 * @ctrl: the controller, of which only its PCI device is known
 *
 * Context: Process context.
 */
void nvmec_quirks_find(struct nvmec_ctrl *ctrl)
{
	const struct pci_dev *pdev = ctrl->pdev;

	ctrl->quirks = nvmec_quirks_of(pdev->vendor, pdev->device,
				       pdev->subsystem_vendor, nvmec_rules,
				       nvmec_nr_rules);
}

/**
 * nvmec_quirks_show - the names of a controller's quirks
 * @ctrl: the controller
 * @page: of sysfs, written
 *
 * Context: Any.
 * Return: bytes written.
 */
ssize_t nvmec_quirks_show(struct nvmec_ctrl *ctrl, char *page)
{
	return nvmec_quirks_emit(page, ctrl->quirks);
}

/**
 * nvmec_offers - may a controller be asked for a page of identify data
 * @ctrl: the controller
 * @cns: which page
 *
 * By its version: one that is older than a page may do anything with the question.
 *
 * Context: Any.
 * Return: false if it has no such page.
 */
bool nvmec_offers(const struct nvmec_ctrl *ctrl, u8 cns)
{
	switch (cns) {
	case NVME_ID_CNS_NS_ACTIVE_LIST:
		return ctrl->vs >= NVME_VS(1, 1, 0) &&
		       !nvmec_has_quirk(ctrl, NVMEC_QUIRK_NO_NS_LIST);
	case NVME_ID_CNS_NS_DESC_LIST:
		return ctrl->vs >= NVME_VS(1, 3, 0) &&
		       !nvmec_has_quirk(ctrl, NVMEC_QUIRK_NO_DESCS);
	case NVME_ID_CNS_CS_CTRL:
		return ctrl->vs >= NVME_VS(2, 0, 0) ||
		       (NVME_CAP_CSS(ctrl->cap) & NVME_CAP_CSS_CSI);
	default:
		return true;
	}
}

/**
 * nvmec_quirks_after_enable - wait as long as registers need to rest
 * @ctrl: the controller; CC.EN was just written
 *
 * Context: Process context, may sleep.
 */
void nvmec_quirks_after_enable(struct nvmec_ctrl *ctrl)
{
	if (nvmec_has_quirk(ctrl, NVMEC_QUIRK_READY_DELAY))
		msleep(NVMEC_READY_DELAY_MS);
}

/**
 * nvmec_quirks_ident - leave out what a controller offers and cannot
 * @ctrl: the controller; its @ident is changed
 *
 * Context: Any.
 */
void nvmec_quirks_ident(struct nvmec_ctrl *ctrl)
{
	struct nvmec_ident *ident = &ctrl->ident;

	if (nvmec_has_quirk(ctrl, NVMEC_QUIRK_NO_WRITE_ZEROES))
		ident->max_zeroes_bytes = 0;
	if (nvmec_has_quirk(ctrl, NVMEC_QUIRK_NO_DISCARD))
		ident->max_ranges = 0;
	if (nvmec_has_quirk(ctrl, NVMEC_QUIRK_NO_SGL))
		ident->sgls = false;
	if (nvmec_has_quirk(ctrl, NVMEC_QUIRK_NO_SHADOWS))
		ident->oacs &= ~NVME_CTRL_OACS_DBBUF_SUPP;
}

/**
 * nvmec_quirks_ns_id - leave out identities that mean nothing
 * @ctrl: the controller
 * @id: changed; the command set stays
 *
 * Context: Any.
 */
void nvmec_quirks_ns_id(const struct nvmec_ctrl *ctrl, struct nvmec_ns_id *id)
{
	if (nvmec_has_quirk(ctrl, NVMEC_QUIRK_BOGUS_IDS))
		*id = (struct nvmec_ns_id) { .csi = id->csi };
}
