// SPDX-License-Identifier: GPL-2.0
/*
 * Commands: what a disk with features does with an operation, be it from a request or
 * from a bio. It passes these stages, of which each has a file, and is not there on a disk
 * where it is off (&nbc_disk.on):
 *
 *	rules	rules.c		what fails or takes longer because the user said so
 *		badblocks.c	what fails, and how much of it is done before
 *	zone	zoned.c		what zones permit, and where their write pointers are
 *	data	data.c		copies
 *	timing	timing.h	when it may complete
 *	record	record.c	what was asked for, and what became of it
 *
 * In a zone, bad blocks come after the zone was opened, as they do on a real disk: so
 * zoned.c calls them. Faults are asked before there is a command, as what they do is done to
 * a request.
 */
#include <linux/cleanup.h>
#include <linux/rwsem.h>

#include "charge.h"
#include "data.h"
#include "null_blk_c.h"
#include "timing.h"
#include "zoned.h"

static void nbc_cmd_run_data(struct nbc_disk *ndisk, struct nbc_cmd *cmd,
			     unsigned int on)
{
	if (on & BIT(NBC_ON_BADBLOCKS))
		nbc_badblocks_check(ndisk, cmd);
	nbc_data_run(ndisk, cmd);
}

static void nbc_cmd_run_protected(struct nbc_disk *ndisk, struct nbc_cmd *cmd,
				  unsigned int on)
{
	if (on & BIT(NBC_ON_BADBLOCKS))
		nbc_badblocks_check(ndisk, cmd);
	if (on & BIT(NBC_ON_PI))
		nbc_data_run_protected(ndisk, cmd);
	else
		nbc_data_run(ndisk, cmd);
}

/*
 * A store may show one unit of a write before the next, so an atomic write has the disk for
 * itself.
 */
static void nbc_cmd_run_atomic(struct nbc_disk *ndisk, struct nbc_cmd *cmd,
			       unsigned int on)
{
	if (cmd->op == REQ_OP_WRITE && cmd->flags & REQ_ATOMIC) {
		guard(rwsem_write)(&ndisk->atomic_lock);
		nbc_cmd_run_protected(ndisk, cmd, on);
	} else {
		guard(rwsem_read)(&ndisk->atomic_lock);
		nbc_cmd_run_protected(ndisk, cmd, on);
	}
}

/* No disk has zones and may have atomic writes, or protection information. */
static void nbc_cmd_run_paid(struct nbc_disk *ndisk, struct nbc_cmd *cmd, unsigned int on)
{
	if (on & BIT(NBC_ON_ZONES))
		nbc_zoned_run(ndisk, cmd);
	else if (on & BIT(NBC_ON_ATOMIC))
		nbc_cmd_run_atomic(ndisk, cmd, on);
	else
		nbc_cmd_run_protected(ndisk, cmd, on);
}

static noinline void nbc_cmd_run_rare(struct nbc_disk *ndisk, struct nbc_cmd *cmd,
				      unsigned int on)
{
	struct nbc_charge charge;

	if (!(on & BIT(NBC_ON_CHARGE))) {
		nbc_cmd_run_paid(ndisk, cmd, on);
		return;
	}
	nbc_charge_begin(&charge, cmd->bio);
	nbc_cmd_run_paid(ndisk, cmd, on);
	nbc_charge_end(&charge);
}

/**
 * nbc_cmd_run - do a command on a disk with features
 * @ndisk: the disk
 * @cmd: what to do; says afterwards what became of it, and when it may complete
 * @on: of the disk, as it was when the command came
 *
 * Context: As nbc_data_run().
 */
void nbc_cmd_run(struct nbc_disk *ndisk, struct nbc_cmd *cmd, unsigned int on)
{
	cmd->done = cmd->len;
	nbc_timing_begin(cmd, on);
	if (on & NBC_ON_RARE)
		nbc_cmd_run_rare(ndisk, cmd, on);
	else
		nbc_cmd_run_data(ndisk, cmd, on);
	if (on & NBC_ON_TIMING)
		nbc_timing_set_due(ndisk, cmd, on);
}

static void nbc_cmd_run_lying(struct nbc_disk *ndisk, struct nbc_cmd *cmd,
			      const struct nbc_verdict *verdict, unsigned int on)
{
	struct nbc_lying_cmd lying = { .cmd = *cmd, .verdict = verdict };

	lying.cmd.lies = true;
	nbc_cmd_run(ndisk, &lying.cmd, on);
	*cmd = lying.cmd;
}

/* One that fails by a rule has done nothing, but takes its time. */
static void nbc_cmd_run_judged(struct nbc_disk *ndisk, struct nbc_cmd *cmd,
			       const struct nbc_verdict *verdict, unsigned int on)
{
	bool keeps = nbc_rules_keep_past(ndisk->rules, cmd->op);

	cmd->status = verdict->status;
	if ((verdict->lies || keeps) && !cmd->status && ndisk->store) {
		nbc_cmd_run_lying(ndisk, cmd, verdict, on);
	} else if (!cmd->status) {
		nbc_cmd_run(ndisk, cmd, on);
	} else {
		cmd->done = 0;
		nbc_timing_begin(cmd, on);
		if (on & NBC_ON_TIMING)
			nbc_timing_set_due(ndisk, cmd, on);
	}
	/* Whoever lets go of the disk waits for no rule. */
	if (verdict->delay_nsec && READ_ONCE(ndisk->armed))
		cmd->due = ktime_add_safe(cmd->due ?: ktime_get(),
					  ns_to_ktime(verdict->delay_nsec));
}

/**
 * nbc_cmd_run_special - do a command that rules act on, or that is recorded
 * @ndisk: the disk
 * @cmd: as for nbc_cmd_run()
 * @verdict: what the rules say, or NULL
 * @on: as for nbc_cmd_run()
 *
 * What is recorded is what whoever gave the command believes, whatever a rule lies about.
 *
 * Context: As nbc_data_run().
 */
void nbc_cmd_run_special(struct nbc_disk *ndisk, struct nbc_cmd *cmd,
			 const struct nbc_verdict *verdict, unsigned int on)
{
	bool recorded = on & BIT(NBC_ON_RECORD);
	struct nbc_recording recording;

	if (recorded)
		nbc_record_begin(ndisk->record, cmd, ndisk->store, &recording);
	if (verdict)
		nbc_cmd_run_judged(ndisk, cmd, verdict, on);
	else
		nbc_cmd_run(ndisk, cmd, on);
	if (recorded)
		nbc_record_end(ndisk->record, cmd, &recording);
}
