/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recovery: which requests are sent again, and how many resets a controller may cost.
 * Values in, decisions out; no controller, no clock.
 *
 * A reset that a fault of the controller causes is a promise that things get better.
 * Two rules see to it that an empty promise ends:
 *
 * - If no I/O came back between two such resets, and the second was made because I/O
 *   had no answer, then nothing works there. Whatever is in flight fails, however
 *   many requests that are: none of them waits for its turn to be the culprit.
 * - A reset without progress costs a unit of a budget, which a long time without a
 *   fault fills again. Once it is spent, the controller is given up.
 */
#ifndef _NVMEC_RECOVER_H
#define _NVMEC_RECOVER_H

#include <linux/types.h>

/**
 * enum nvmec_fault - why a controller is reset
 * @NVMEC_FAULT_NONE: somebody wants it: a user, power management, the bus
 * @NVMEC_FAULT_IO: I/O had no answer
 * @NVMEC_FAULT_FATAL: a command had none, and the controller says that it has failed
 * @NVMEC_FAULT_ADMIN: an admin command had none
 * @NVMEC_FAULT_BOGUS: it completed what was not in flight
 * @NVMEC_FAULT_EVENT: it reported an internal error
 */
enum nvmec_fault {
	NVMEC_FAULT_NONE,
	NVMEC_FAULT_IO,
	NVMEC_FAULT_FATAL,
	NVMEC_FAULT_ADMIN,
	NVMEC_FAULT_BOGUS,
	NVMEC_FAULT_EVENT,
};

/**
 * struct nvmec_loss - a request that did not succeed
 * @haste: whoever sent it wants to know at once: no second try
 * @final: the controller says that to try again is of no use
 * @cancelled: a reset took it back; there was no answer
 * @fault: the reset was made for a fault
 * @stuck: no I/O came back since the fault before
 * @timed_out: its own time ran out
 * @retries: how often it was sent again already, where that counted
 */
struct nvmec_loss {
	bool		haste;
	bool		final;
	bool		cancelled;
	bool		fault;
	bool		stuck;
	bool		timed_out;
	unsigned int	retries;
};

/**
 * enum nvmec_again - what becomes of it
 * @NVMEC_AGAIN_NO: it fails
 * @NVMEC_AGAIN_FREE: it is sent again; it had no part in what happened
 * @NVMEC_AGAIN_COUNTED: it is sent again, and that counts
 */
enum nvmec_again {
	NVMEC_AGAIN_NO,
	NVMEC_AGAIN_FREE,
	NVMEC_AGAIN_COUNTED,
};

enum nvmec_again nvmec_again(const struct nvmec_loss *loss);

/* A request is sent at most so often again, where that counts. */
#define NVMEC_MAX_RETRIES	5
/* Resets without progress that a controller may cost. */
#define NVMEC_MAX_FAULTS	5

/**
 * struct nvmec_budget - resets without progress
 * @spent: how many there were
 * @last_ms: when the last fault was
 */
struct nvmec_budget {
	unsigned int	spent;
	u64		last_ms;
};

bool nvmec_budget_spend(struct nvmec_budget *budget, enum nvmec_fault fault,
			bool progress, u64 now_ms, u64 calm_ms);

#endif /* _NVMEC_RECOVER_H */
