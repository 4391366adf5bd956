// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver did that the specification does not allow: it is counted by kind, and
 * the first of each kind and then some are told in the kernel's log.
 */
#define pr_fmt(fmt) "nvme_model: " fmt

#include <linux/ratelimit.h>

#include "nvme_model.h"

static const char * const nvmm_breach_names[] = {
	[NVMM_BAD_DOORBELL]		= "bad-doorbell",
	[NVMM_DOORBELL_VALUE]		= "doorbell-value",
	[NVMM_DOORBELL_REPEATED]	= "doorbell-repeated",
	[NVMM_QUEUE_OVERRUN]		= "queue-overrun",
	[NVMM_QUEUE_UNDERRUN]		= "queue-underrun",
	[NVMM_DOORBELL_DISABLED]	= "doorbell-while-disabled",
	[NVMM_AFTER_SHUTDOWN]		= "doorbell-after-shutdown",
	[NVMM_ENTRY_OVERWRITTEN]	= "entry-overwritten",
	[NVMM_ID_IN_USE]		= "id-in-use",
	[NVMM_PRP_OFFSET]		= "prp-offset",
	[NVMM_PRP_LIST]			= "prp-list",
	[NVMM_PRP2_RESERVED]		= "prp2-reserved",
	[NVMM_SGL]			= "sgl",
	[NVMM_ADDRESS]			= "address",
	[NVMM_CC_CHANGED]		= "cc-changed",
	[NVMM_ENABLED_TWICE]		= "enabled-while-ready",
	[NVMM_DISABLED_EARLY]		= "disabled-while-unready",
	[NVMM_ADMIN_QUEUE]		= "admin-queue",
	[NVMM_ADMIN_QUEUE_CHANGED]	= "admin-queue-changed",
	[NVMM_ACCESS_SIZE]		= "access-size",
	[NVMM_MEMORY_OFF]		= "memory-off",
	[NVMM_MASTER_OFF]		= "master-off",
	[NVMM_CREATE]			= "create-queue",
	[NVMM_DELETE_ORDER]		= "delete-order",
	[NVMM_VECTOR]			= "vector",
	[NVMM_TOO_LARGE]		= "too-large",
	[NVMM_RANGE]			= "range",
	[NVMM_UNKNOWN_COMMAND]		= "unknown-command",
	[NVMM_TOO_MANY_ABORTS]		= "too-many-aborts",
	[NVMM_TOO_MANY_AERS]		= "too-many-event-requests",
	[NVMM_UNSAFE_SHUTDOWN]		= "unsafe-shutdown",
	[NVMM_METADATA]			= "metadata",
	[NVMM_PROTECTION]		= "protection",
	[NVMM_HMB]			= "host-memory",
	[NVMM_APST]			= "power-states",
	[NVMM_DIRECTIVE]		= "directive",
};

static_assert(ARRAY_SIZE(nvmm_breach_names) == NVMM_NR_BREACHES);

static const char * const nvmm_count_names[] = {
	[NVMM_ADMIN_COMMANDS]	= "admin_commands",
	[NVMM_IO_COMMANDS]	= "io_commands",
	[NVMM_COMPLETIONS]	= "completions",
	[NVMM_INTERRUPTS]	= "interrupts",
	[NVMM_ENABLES]		= "enables",
	[NVMM_SHUTDOWNS]	= "shutdowns",
	[NVMM_ABORTS]		= "aborts",
	[NVMM_EVENTS]		= "events",
	[NVMM_FLUSHES]		= "flushes",
	[NVMM_FUA_WRITES]	= "fua_writes",
	[NVMM_BUSY_NS]		= "busy_ns",
	[NVMM_SUBSYS_RESETS]	= "subsystem_resets",
	[NVMM_HELD]		= "held",
	[NVMM_STRIPPED]		= "stripped",
	[NVMM_CHECKED]		= "checked",
	[NVMM_HMB_ON]		= "hmb_on",
	[NVMM_HMB_OFF]		= "hmb_off",
	[NVMM_HMB_RETURNED]	= "hmb_returned",
	[NVMM_HMB_PAGES]	= "hmb_pages",
	[NVMM_HMB_CHUNKS]	= "hmb_chunks",
	[NVMM_APST_TABLES]	= "apst_tables",
};

static_assert(ARRAY_SIZE(nvmm_count_names) == NVMM_NR_COUNTS);

/* A broken driver may break something a million times a second. */
#define NVMM_TOLD	8

/**
 * nvmm_breach - the driver broke the protocol
 * @ctrl: the controller that noticed
 * @breach: what it broke
 * @fmt: the particulars, without a line's end
 *
 * Context: Any; with nvmm_ctrl.lock held or not.
 */
void nvmm_breach(struct nvmm_ctrl *ctrl, enum nvmm_breach breach, const char *fmt, ...)
{
	struct va_format text = { .fmt = fmt };
	va_list args;

	if (atomic64_inc_return(&ctrl->breaches[breach]) > NVMM_TOLD)
		return;
	va_start(args, fmt);
	text.va = &args;
	pr_warn("%s: breach %s: %pV\n", ctrl->name, nvmm_breach_names[breach], &text);
	va_end(args);
}

/**
 * nvmm_breaches_show - those that were seen, a line each
 * @ctrl: the controller
 * @page: where to print
 *
 * Return: the length of the text, 0 if there was none.
 */
ssize_t nvmm_breaches_show(struct nvmm_ctrl *ctrl, char *page)
{
	ssize_t len = 0;
	unsigned int i;

	for (i = 0; i < NVMM_NR_BREACHES; i++) {
		s64 n = atomic64_read(&ctrl->breaches[i]);

		if (n)
			len += sysfs_emit_at(page, len, "%s %lld\n",
					     nvmm_breach_names[i], n);
	}
	return len;
}

/** nvmm_breaches_clear - begin to count anew */
void nvmm_breaches_clear(struct nvmm_ctrl *ctrl)
{
	unsigned int i;

	for (i = 0; i < NVMM_NR_BREACHES; i++)
		atomic64_set(&ctrl->breaches[i], 0);
}

/**
 * nvmm_counts_show - what happened so far, a line for each kind
 * @ctrl: the controller
 * @page: where to print
 *
 * Return: the length of the text.
 */
ssize_t nvmm_counts_show(struct nvmm_ctrl *ctrl, char *page)
{
	ssize_t len = 0;
	unsigned int i;

	for (i = 0; i < NVMM_NR_COUNTS; i++)
		len += sysfs_emit_at(page, len, "%s %llu\n", nvmm_count_names[i],
				     READ_ONCE(ctrl->counts[i]));
	return len;
}
