// SPDX-License-Identifier: GPL-2.0
/*
 * Commands: what a disk with features does with an operation, be it from a request or
 * from a bio. It passes these stages, of which each has a file:
 *
 *	rules	badblocks.c	what fails, and how much of it is done before
 *	zone	zoned.c		what zones permit, and where their write pointers are
 *	data	data.c		copies
 *	timing	timing.h	when it may complete
 *
 * In a zone, the rules come after the zone was opened, as they do on a real disk. Timing is
 * the caller's to ask for, who has the request or bio that is to wait.
 */
#include "data.h"
#include "null_blk_c.h"
#include "zoned.h"

/**
 * nbc_cmd_run - do a command on a disk with features
 * @ndisk: the disk
 * @cmd: what to do; @len is set to how much was done, and a zone append sets @pos
 *
 * Context: As nbc_data_run().
 * Return: the command's outcome.
 */
blk_status_t nbc_cmd_run(struct nbc_disk *ndisk, struct nbc_cmd *cmd)
{
	blk_status_t bad, status;

	if (ndisk->zones)
		return nbc_zoned_run(ndisk, cmd);
	bad = nbc_badblocks_check(ndisk, cmd->pos, &cmd->len);
	status = nbc_data_run(ndisk, cmd);
	return bad ?: status;
}
