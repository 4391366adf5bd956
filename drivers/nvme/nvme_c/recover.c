// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery: see recover.h for what is decided here.
 */
#include "recover.h"

/**
 * nvmec_again - what becomes of a request that did not succeed
 * @loss: what is known about it; a command of the driver is none of them
 *
 * A reset that somebody wanted is nobody's fault: requests wait for its end, those in
 * haste, too.
 *
 * Context: Any.
 * Return: enum nvmec_again; with NVMEC_AGAIN_COUNTED, the caller counts.
 */
enum nvmec_again nvmec_again(const struct nvmec_loss *loss)
{
	if (loss->cancelled && !loss->fault)
		return NVMEC_AGAIN_FREE;
	if (loss->haste)
		return NVMEC_AGAIN_NO;
	if (loss->cancelled && loss->stuck)
		return NVMEC_AGAIN_NO;
	if (loss->cancelled && !loss->timed_out)
		return NVMEC_AGAIN_FREE;
	if (loss->final || loss->retries >= NVMEC_MAX_RETRIES)
		return NVMEC_AGAIN_NO;
	return NVMEC_AGAIN_COUNTED;
}

/**
 * nvmec_budget_spend - may a controller be reset for a fault
 * @budget: what it has left
 * @fault: the fault
 * @progress: I/O came back since the last reset
 * @now_ms: the time
 * @calm_ms: a time without fault after which all is forgiven; longer than it takes
 *	a controller to show a fault again
 *
 * I/O that has no answer while other I/O has is a matter of that I/O, which is not
 * sent for ever. All other faults count, whatever the I/O does: it cannot help them.
 *
 * Context: Any; the caller serialises.
 * Return: false if the budget was spent already: it is to be given up.
 */
bool nvmec_budget_spend(struct nvmec_budget *budget, enum nvmec_fault fault,
			bool progress, u64 now_ms, u64 calm_ms)
{
	if (fault == NVMEC_FAULT_NONE)
		return true;
	if (now_ms - budget->last_ms >= calm_ms)
		budget->spent = 0;
	budget->last_ms = now_ms;
	if (fault == NVMEC_FAULT_IO && progress)
		return true;
	if (budget->spent >= NVMEC_MAX_FAULTS)
		return false;
	budget->spent++;
	return true;
}
